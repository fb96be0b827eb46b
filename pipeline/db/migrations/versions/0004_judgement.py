"""What judging needs: verdicts, notes and tags of stories, visits of readers, and corrections that follow another one.

`judgement` is the append-only log of what analysts say of stories; `visit` holds when each reader was here last;
`correction.follows` names the correction of another copy of the same text which this one goes along with.
"""

import sqlalchemy as sa
from alembic import op

from pipeline.db.times import UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "judgement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("old", sa.Text(), server_default="", nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("undone", UtcTime(), nullable=True),
        sa.Column("undone_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("kind IN ('verdict', 'note', 'tag')", name=op.f("ck_judgement_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgement")),
    )
    op.create_index(op.f("ix_judgement_story"), "judgement", ["story"], unique=False)
    op.create_table(
        "visit",
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("since", UtcTime(), nullable=True),
        sa.Column("last", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("reader", name=op.f("pk_visit")),
    )
    op.add_column("correction", sa.Column("follows", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_correction_follows"), "correction", ["follows"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_correction_follows"), "correction")
    op.drop_column("correction", "follows")
    op.drop_table("visit")
    op.drop_index(op.f("ix_judgement_story"), "judgement")
    op.drop_table("judgement")
