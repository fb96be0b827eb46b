"""What operating needs: how each feed was found, earlier texts by age, and messages to the operator.

`health` holds each feed's state between two looks. `notification.alert` may be NULL: what the monitor tells its
operator belongs to no alert, and goes out by the same outbox.

SQLite cannot make a column nullable, and dropping a table there deletes what refers to its rows. So both tables are
made anew under other names, the old ones go in the order of their references, and renaming carries the new reference
along (https://sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes").
"""

import sqlalchemy as sa
from alembic import op

from pipeline.db.times import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "health",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("told", sa.String(), server_default="well", nullable=False),
        sa.CheckConstraint(
            "state IN ('well', 'failing', 'gone', 'silent', 'volume', 'idle')", name=op.f("ck_health_state")
        ),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_health")),
    )
    op.create_index("ix_version_seen", "version", ["seen"], unique=False)
    _let_alert_be(nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM notification WHERE alert IS NULL")
    _let_alert_be(nullable=False)
    op.drop_index("ix_version_seen", "version")
    op.drop_table("health")


def _let_alert_be(*, nullable: bool) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("notification", "alert", nullable=nullable)
        return
    _make_anew(nullable)
    op.execute("INSERT INTO notification_anew SELECT * FROM notification")
    op.execute("INSERT INTO outbox_anew SELECT * FROM outbox")
    for table in ("outbox", "notification"):
        op.drop_table(table)
    for table in ("notification", "outbox"):
        op.rename_table(f"{table}_anew", table)
    op.create_index(op.f("ix_notification_alert"), "notification", ["alert"], unique=False)
    op.create_index("ix_outbox_state_next_try", "outbox", ["state", "next_try"], unique=False)


def _make_anew(nullable: bool) -> None:
    op.create_table(
        "notification_anew",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("alert", sa.BigInteger(), nullable=nullable),
        sa.Column("story", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert"], ["alert.id"], name=op.f("fk_notification_alert"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
    )
    op.create_table(
        "outbox_anew",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("notification", sa.BigInteger(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("in_reply_to", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try", UtcTime(), nullable=False),
        sa.Column("leased_until", UtcTime(), nullable=True),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("doubtful", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sent", UtcTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'held', 'set-aside')", name=op.f("ck_outbox_state")
        ),
        sa.ForeignKeyConstraint(
            ["notification"],
            ["notification_anew.id"],
            name=op.f("fk_outbox_notification"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
        sa.UniqueConstraint(
            "notification", "recipient", "channel", name=op.f("uq_outbox_notification_recipient_channel")
        ),
    )
