"""What polite fetching needs: leases on domains, marks of known entries, hours and overlap of feeds; article pages and
robots.txt; marks of changed headlines.
"""

import sqlalchemy as sa
from alembic import op

from pipeline.db.times import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FEED_COLUMNS = ("domain", "entries", "known_entries", "hours", "covered_by", "covered_checks")


def upgrade() -> None:
    op.add_column("feed", sa.Column("domain", sa.String(), nullable=True))
    op.add_column("feed", sa.Column("entries", sa.Integer(), nullable=True))
    op.add_column("feed", sa.Column("known_entries", sa.LargeBinary(), nullable=True))
    op.add_column("feed", sa.Column("hours", sa.JSON(), nullable=True))
    op.add_column("feed", sa.Column("covered_by", sa.String(), nullable=True))
    op.add_column("feed", sa.Column("covered_checks", sa.Integer(), server_default="0", nullable=False))
    op.create_index(op.f("ix_feed_domain"), "feed", ["domain"])
    op.create_table(
        "domain_lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("until", UtcTime(), nullable=True),
        sa.Column("next_start", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_domain_lease")),
    )
    op.create_table(
        "robots",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("expires", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("origin", name=op.f("pk_robots")),
    )
    op.add_column("article_source", sa.Column("updated", UtcTime(), nullable=True))
    op.add_column("version", sa.Column("mark", sa.String(), nullable=True))
    op.create_table(
        "page",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try", UtcTime(), nullable=True),
        sa.Column("seen", UtcTime(), nullable=False),
        sa.Column("fetched", UtcTime(), nullable=True),
        sa.Column("canonical", sa.Text(), nullable=True),
        sa.Column("published", UtcTime(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'read', 'paywall', 'consent', 'no-text', 'robots', 'failed')",
            name=op.f("ck_page_state"),
        ),
        sa.ForeignKeyConstraint(
            ["article"], ["article.id"], name=op.f("fk_page_article"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article", name=op.f("pk_page")),
    )
    op.create_index(
        "ix_page_waiting",
        "page",
        ["next_try"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def downgrade() -> None:
    op.drop_table("page")
    op.drop_column("version", "mark")
    op.drop_column("article_source", "updated")
    op.drop_table("robots")
    op.drop_table("domain_lease")
    op.drop_index(op.f("ix_feed_domain"), table_name="feed")
    for column in reversed(FEED_COLUMNS):
        op.drop_column("feed", column)
