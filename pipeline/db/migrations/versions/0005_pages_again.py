"""Article pages are looked at again: their validators, how often that was, and when it is due; copies are found by index."""

import sqlalchemy as sa
from alembic import op

from pipeline.db.times import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PAGE_COLUMNS = ("etag", "last_modified", "body_hash", "checks", "next_check")


def upgrade() -> None:
    op.add_column("page", sa.Column("etag", sa.Text(), nullable=True))
    op.add_column("page", sa.Column("last_modified", sa.Text(), nullable=True))
    op.add_column("page", sa.Column("body_hash", sa.String(), nullable=True))
    op.add_column("page", sa.Column("checks", sa.Integer(), server_default="0", nullable=False))
    op.add_column("page", sa.Column("next_check", UtcTime(), nullable=True))
    op.create_index(
        "ix_page_to_check",
        "page",
        ["next_check"],
        sqlite_where=sa.text("next_check IS NOT NULL"),
        postgresql_where=sa.text("next_check IS NOT NULL"),
    )
    op.create_index(
        "ix_article_copy_of",
        "article",
        ["copy_of"],
        sqlite_where=sa.text("copy_of IS NOT NULL"),
        postgresql_where=sa.text("copy_of IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_article_copy_of", "article")
    op.drop_index("ix_page_to_check", "page")
    for column in PAGE_COLUMNS:
        op.drop_column("page", column)
