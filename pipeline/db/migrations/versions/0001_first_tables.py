"""The first tables."""

import sqlalchemy as sa
from alembic import op

from pipeline.db.times import UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("cadence", sa.String(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("created", UtcTime(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("options", sa.JSON(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("name", name=op.f("uq_alert_name")),
    )
    op.create_table(
        "article",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("control", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.String(), nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("categories", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("language_reason", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("form_reasons", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("published", UtcTime(), nullable=False),
        sa.Column("published_flag", sa.String(), nullable=False),
        sa.Column("seen", UtcTime(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("version_seen", UtcTime(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("corrected", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("tagged_text_hash", sa.String(), nullable=True),
        sa.Column("tagged_model_hash", sa.String(), nullable=True),
        sa.Column("tag_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("grouped_tag_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("indexed_revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("matched_revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tagged_language", sa.String(), nullable=True),
        sa.Column("backend", sa.String(), nullable=True),
        sa.Column("embedding", sa.LargeBinary(), nullable=True),
        sa.Column("names", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("places", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("story", sa.String(), nullable=True),
        sa.Column("copy_of", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
    )
    op.create_index("ix_article_published", "article", ["published"], unique=False)
    op.create_index("ix_article_seen", "article", ["seen"], unique=False)
    op.create_index(op.f("ix_article_story"), "article", ["story"], unique=False)
    op.create_index(
        "ix_article_to_group",
        "article",
        ["seen"],
        unique=False,
        sqlite_where=sa.text("grouped_tag_count < tag_count"),
        postgresql_where=sa.text("grouped_tag_count < tag_count"),
    )
    op.create_index(
        "ix_article_to_index",
        "article",
        ["seen"],
        unique=False,
        sqlite_where=sa.text("indexed_revision < revision"),
        postgresql_where=sa.text("indexed_revision < revision"),
    )
    op.create_index(
        "ix_article_to_match",
        "article",
        ["seen"],
        unique=False,
        sqlite_where=sa.text("matched_revision < revision"),
        postgresql_where=sa.text("matched_revision < revision"),
    )
    op.create_index(
        "ix_article_to_tag",
        "article",
        ["seen"],
        unique=False,
        sqlite_where=sa.text("tagged_text_hash IS NULL"),
        postgresql_where=sa.text("tagged_text_hash IS NULL"),
    )
    op.create_table(
        "article_key",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("first_seen", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_article_key")),
    )
    op.create_index(op.f("ix_article_key_article"), "article_key", ["article"], unique=False)
    op.create_table(
        "correction",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("old", sa.JSON(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("sentence", sa.Text(), server_default="", nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("undone", UtcTime(), nullable=True),
        sa.CheckConstraint("verdict IN ('wrong', 'missing', 'right')", name=op.f("ck_correction_verdict")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index(op.f("ix_correction_article"), "correction", ["article"], unique=False)
    op.create_table(
        "cycle",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("started", UtcTime(), nullable=False),
        sa.Column("finished", UtcTime(), nullable=True),
        sa.Column("report", sa.JSON(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cycle")),
    )
    op.create_index(op.f("ix_cycle_started"), "cycle", ["started"], unique=False)
    op.create_table(
        "domain",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("not_before", UtcTime(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_domain")),
    )
    op.create_table(
        "feed",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("listed", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.String(), nullable=True),
        sa.Column("first_success", UtcTime(), nullable=True),
        sa.Column("last_poll", UtcTime(), nullable=True),
        sa.Column("last_success", UtcTime(), nullable=True),
        sa.Column("last_new", UtcTime(), nullable=True),
        sa.Column("next_due", UtcTime(), nullable=True),
        sa.Column("interval_s", sa.Integer(), nullable=True),
        sa.Column("ttl_min", sa.Integer(), nullable=True),
        sa.Column("polls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("failure_detail", sa.Text(), nullable=True),
        sa.Column("gone", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("moved_to", sa.Text(), nullable=True),
        sa.Column("moved_since", UtcTime(), nullable=True),
        sa.Column("problems", sa.JSON(), nullable=True),
        sa.Column("leased_until", UtcTime(), nullable=True),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_feed")),
    )
    op.create_index(op.f("ix_feed_next_due"), "feed", ["next_due"], unique=False)
    op.create_table(
        "lock",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("expires", UtcTime(), nullable=True),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lock")),
    )
    op.create_table(
        "set_aside",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_aside")),
        sa.UniqueConstraint("step", "subject", name=op.f("uq_set_aside_step_subject")),
    )
    op.create_table(
        "story",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("first_article", sa.String(), nullable=False),
        sa.Column("first_seen", UtcTime(), nullable=False),
        sa.Column("last_seen", UtcTime(), nullable=False),
        sa.Column("thread", sa.String(), nullable=True),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("status_since", UtcTime(), nullable=True),
        sa.Column("terms", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("by_hand", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story")),
    )
    op.create_index(op.f("ix_story_last_seen"), "story", ["last_seen"], unique=False)
    op.create_index(op.f("ix_story_thread"), "story", ["thread"], unique=False)
    op.create_table(
        "story_link",
        sa.Column("left", sa.String(), nullable=False),
        sa.Column("right", sa.String(), nullable=False),
        sa.Column("relation", sa.String(), nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.CheckConstraint("relation IN ('together', 'apart')", name=op.f("ck_story_link_relation")),
        sa.CheckConstraint('"left" < "right"', name=op.f("ck_story_link_order")),
        sa.PrimaryKeyConstraint("left", "right", name=op.f("pk_story_link")),
    )
    op.create_index("ix_story_link_right", "story_link", ["right"], unique=False)
    op.create_table(
        "story_term",
        sa.Column("term", sa.String(), nullable=False),
        sa.Column("story", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("term", "story", name=op.f("pk_story_term")),
    )
    op.create_index(op.f("ix_story_term_story"), "story_term", ["story"], unique=False)
    op.create_table(
        "thread",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("first_seen", UtcTime(), nullable=False),
        sa.Column("last_seen", UtcTime(), nullable=False),
        sa.Column("followed", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread")),
        sa.UniqueConstraint("name", name=op.f("uq_thread_name")),
    )
    op.create_table(
        "tombstone",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("seen", UtcTime(), nullable=False),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("indexed", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.PrimaryKeyConstraint("article", name=op.f("pk_tombstone")),
    )
    op.create_table(
        "announced",
        sa.Column("alert", sa.BigInteger(), nullable=False),
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("notification", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('first', 'development', 'status', 'withdrawn')", name=op.f("ck_announced_kind")
        ),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name=op.f("fk_announced_alert"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("alert", "story", "kind", "value", name=op.f("pk_announced")),
    )
    op.create_table(
        "article_source",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_source", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("published", UtcTime(), nullable=False),
        sa.Column("first_seen", UtcTime(), nullable=False),
        sa.Column("last_changed", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article"], ["article.id"], name=op.f("fk_article_source_article"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article", "feed", name=op.f("pk_article_source")),
    )
    op.create_table(
        "digest",
        sa.Column("alert", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("notification", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name=op.f("fk_digest_alert"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("alert", "slot", name=op.f("pk_digest")),
    )
    op.create_table(
        "label",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("announce", sa.Boolean(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.CheckConstraint("decision IN ('yes', 'uncertain')", name=op.f("ck_label_decision")),
        sa.ForeignKeyConstraint(
            ["article"], ["article.id"], name=op.f("fk_label_article"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article", "label", name=op.f("pk_label")),
    )
    op.create_index("ix_label_label", "label", ["label"], unique=False)
    op.create_table(
        "matched",
        sa.Column("alert", sa.BigInteger(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("due", sa.String(), nullable=True),
        sa.Column("not_before", UtcTime(), nullable=True),
        sa.CheckConstraint("due IN ('digest', 'quiet', 'cap', 'away')", name=op.f("ck_matched_due")),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name=op.f("fk_matched_alert"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["article"], ["article.id"], name=op.f("fk_matched_article"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert", "article", name=op.f("pk_matched")),
    )
    op.create_index("ix_matched_article", "matched", ["article"], unique=False)
    op.create_index(
        "ix_matched_due",
        "matched",
        ["alert", "due"],
        unique=False,
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
    op.create_table(
        "mute",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("alert", sa.BigInteger(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=True),
        sa.Column("until", UtcTime(), nullable=True),
        sa.Column("created", UtcTime(), nullable=False),
        sa.CheckConstraint("kind IN ('story', 'thread', 'outlet', 'phrase')", name=op.f("ck_mute_kind")),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name=op.f("fk_mute_alert"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mute")),
    )
    op.create_table(
        "notification",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("alert", sa.BigInteger(), nullable=False),
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
    op.create_index(op.f("ix_notification_alert"), "notification", ["alert"], unique=False)
    op.create_table(
        "poll",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("entries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("new", sa.Integer(), server_default="0", nullable=False),
        sa.Column("elapsed_s", sa.Float(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feed.name"], name=op.f("fk_poll_feed"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll")),
    )
    op.create_index("ix_poll_feed_at", "poll", ["feed", "at"], unique=False)
    op.create_table(
        "position",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("development", sa.String(), nullable=False),
        sa.Column("by", sa.JSON(), nullable=False),
        sa.Column("against", sa.JSON(), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article"], ["article.id"], name=op.f("fk_position_article"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article", "number", name=op.f("pk_position")),
    )
    op.create_table(
        "telling",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("runs", sa.LargeBinary(), nullable=False),
        sa.Column("english", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article"], ["article.id"], name=op.f("fk_telling_article"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article", name=op.f("pk_telling")),
    )
    op.create_table(
        "version",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.String(), nullable=False),
        sa.Column("seen", UtcTime(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article"], ["article.id"], name=op.f("fk_version_article"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article", "number", name=op.f("pk_version")),
    )
    op.create_table(
        "outbox",
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
            ["notification"], ["notification.id"], name=op.f("fk_outbox_notification"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
        sa.UniqueConstraint(
            "notification", "recipient", "channel", name=op.f("uq_outbox_notification_recipient_channel")
        ),
    )
    op.create_index("ix_outbox_state_next_try", "outbox", ["state", "next_try"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_outbox_state_next_try", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("version")
    op.drop_table("telling")
    op.drop_table("position")
    op.drop_index("ix_poll_feed_at", table_name="poll")
    op.drop_table("poll")
    op.drop_index(op.f("ix_notification_alert"), table_name="notification")
    op.drop_table("notification")
    op.drop_table("mute")
    op.drop_index(
        "ix_matched_due",
        table_name="matched",
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
    op.drop_index("ix_matched_article", table_name="matched")
    op.drop_table("matched")
    op.drop_index("ix_label_label", table_name="label")
    op.drop_table("label")
    op.drop_table("digest")
    op.drop_table("article_source")
    op.drop_table("announced")
    op.drop_table("tombstone")
    op.drop_table("thread")
    op.drop_index(op.f("ix_story_term_story"), table_name="story_term")
    op.drop_table("story_term")
    op.drop_index("ix_story_link_right", table_name="story_link")
    op.drop_table("story_link")
    op.drop_index(op.f("ix_story_thread"), table_name="story")
    op.drop_index(op.f("ix_story_last_seen"), table_name="story")
    op.drop_table("story")
    op.drop_table("set_aside")
    op.drop_table("lock")
    op.drop_index(op.f("ix_feed_next_due"), table_name="feed")
    op.drop_table("feed")
    op.drop_table("domain")
    op.drop_index(op.f("ix_cycle_started"), table_name="cycle")
    op.drop_table("cycle")
    op.drop_index(op.f("ix_correction_article"), table_name="correction")
    op.drop_table("correction")
    op.drop_index(op.f("ix_article_key_article"), table_name="article_key")
    op.drop_table("article_key")
    op.drop_index(
        "ix_article_to_tag",
        table_name="article",
        sqlite_where=sa.text("tagged_text_hash IS NULL"),
        postgresql_where=sa.text("tagged_text_hash IS NULL"),
    )
    op.drop_index(
        "ix_article_to_match",
        table_name="article",
        sqlite_where=sa.text("matched_revision < revision"),
        postgresql_where=sa.text("matched_revision < revision"),
    )
    op.drop_index(
        "ix_article_to_index",
        table_name="article",
        sqlite_where=sa.text("indexed_revision < revision"),
        postgresql_where=sa.text("indexed_revision < revision"),
    )
    op.drop_index(
        "ix_article_to_group",
        table_name="article",
        sqlite_where=sa.text("grouped_tag_count < tag_count"),
        postgresql_where=sa.text("grouped_tag_count < tag_count"),
    )
    op.drop_index(op.f("ix_article_story"), table_name="article")
    op.drop_index("ix_article_seen", table_name="article")
    op.drop_index("ix_article_published", table_name="article")
    op.drop_table("article")
    op.drop_table("alert")
