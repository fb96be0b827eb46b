"""The tables of the record of truth, one set for SQLite and PostgreSQL. Migrations create them; nothing else does.

What a later step has finished stands beside the article it finished (`indexed_revision`, `matched_revision`,
`tagged_text_hash` …), each compared with what is now: that difference is the step's queue. There is no watermark by
time, id or sequence (DESIGN.md, "Identity").
"""

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import JSON, BigInteger, TypeEngine

from pipeline.db.times import UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BigId: TypeEngine[Any] = BigInteger().with_variant(Integer, "sqlite")
"""SQLite gives out row ids only for a column declared INTEGER."""

# --- feeds -----------------------------------------------------------------------------------------------------------

feed = Table(
    "feed",
    metadata,
    Column("name", String, primary_key=True),
    Column("url", Text, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("listed", Boolean, nullable=False, server_default=text("true")),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", String),
    Column("first_success", UtcTime),
    Column("last_poll", UtcTime),
    Column("last_success", UtcTime),
    Column("last_new", UtcTime),
    Column("next_due", UtcTime, index=True),
    Column("interval_s", Integer),
    Column("ttl_min", Integer),
    Column("polls", Integer, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failure", String),
    Column("failure_detail", Text),
    Column("gone", Boolean, nullable=False, server_default=text("false")),
    Column("moved_to", Text),
    Column("moved_since", UtcTime),
    Column("problems", JSON),
    Column("leased_until", UtcTime),
    Column("leased_by", String),
    Column("domain", String, index=True),
    Column("entries", Integer),
    Column("known_entries", LargeBinary),
    Column("hours", JSON),
    Column("covered_by", String),
    Column("covered_checks", Integer, nullable=False, server_default="0"),
)
"""`domain`: the registered domain that is asked for it. `entries` and `known_entries`: how many entries the last
document had, and the marks (`pipeline.marks`) of those that are recorded. `hours`: how many new entries came in each
hour of the day (UTC, 24 counts). `covered_by`: the feed that carries everything this one does."""

poll = Table(
    "poll",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("feed", String, ForeignKey("feed.name", ondelete="CASCADE"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("result", String, nullable=False),
    Column("failure", String),
    Column("detail", Text),
    Column("entries", Integer, nullable=False, server_default="0"),
    Column("new", Integer, nullable=False, server_default="0"),
    Column("elapsed_s", Float, nullable=False, server_default="0"),
    Index("ix_poll_feed_at", "feed", "at"),
)

domain = Table(
    "domain",
    metadata,
    Column("name", String, primary_key=True),
    Column("not_before", UtcTime, nullable=False),
    Column("why", Text),
)
"""Registered domains that asked to be left alone until `not_before` (Retry-After)."""

domain_lease = Table(
    "domain_lease",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String),
    Column("until", UtcTime),
    Column("next_start", UtcTime),
)
"""Which process asks a registered domain at the moment, and from when on the next one may: the limits of `per_domain`
and `domain_gap_s` hold across processes."""

robots = Table(
    "robots",
    metadata,
    Column("origin", String, primary_key=True),
    Column("text", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("expires", UtcTime, nullable=False),
)
"""robots.txt of the origins whose article pages we read. `status`: 200 as it stands in `text`, 404 all allowed, 503
nothing allowed (RFC 9309 section 2.3.1)."""

# --- articles --------------------------------------------------------------------------------------------------------

article = Table(
    "article",
    metadata,
    Column("id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("url", Text, nullable=False),
    Column("feed", String, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("side", String, nullable=False),
    Column("control", String, nullable=False),
    Column("country", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("text_hash", String, nullable=False),
    Column("author", Text, nullable=False, server_default=""),
    Column("categories", JSON, nullable=False, server_default="[]"),
    Column("language", String, nullable=False),
    Column("language_reason", String, nullable=False),
    Column("form", String, nullable=False),
    Column("form_reasons", JSON, nullable=False, server_default="[]"),
    Column("published", UtcTime, nullable=False),
    Column("published_flag", String, nullable=False),
    Column("seen", UtcTime, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("version_seen", UtcTime, nullable=False),
    Column("reason", String, nullable=False),
    Column("corrected", Boolean, nullable=False, server_default=text("false")),
    # what the steps have finished, each only for what it read
    Column("tagged_text_hash", String),
    Column("tagged_model_hash", String),
    Column("tag_count", Integer, nullable=False, server_default="0"),
    Column("grouped_tag_count", Integer, nullable=False, server_default="0"),
    Column("indexed_revision", Integer, nullable=False, server_default="0"),
    Column("matched_revision", Integer, nullable=False, server_default="0"),
    # what the tagger and the grouping said
    Column("tagged_language", String),
    Column("backend", String),
    Column("embedding", LargeBinary),
    Column("names", JSON, nullable=False, server_default="[]"),
    Column("places", JSON, nullable=False, server_default="[]"),
    Column("story", String, index=True),
    Column("copy_of", String),
    Index("ix_article_seen", "seen"),
    Index("ix_article_published", "published"),
    Index(
        "ix_article_copy_of",
        "copy_of",
        sqlite_where=text("copy_of IS NOT NULL"),
        postgresql_where=text("copy_of IS NOT NULL"),
    ),
    Index(
        "ix_article_to_tag",
        "seen",
        sqlite_where=text("tagged_text_hash IS NULL"),
        postgresql_where=text("tagged_text_hash IS NULL"),
    ),
    Index(
        "ix_article_to_group",
        "seen",
        sqlite_where=text("grouped_tag_count < tag_count"),
        postgresql_where=text("grouped_tag_count < tag_count"),
    ),
    Index(
        "ix_article_to_index",
        "seen",
        sqlite_where=text("indexed_revision < revision"),
        postgresql_where=text("indexed_revision < revision"),
    ),
    Index(
        "ix_article_to_match",
        "seen",
        sqlite_where=text("matched_revision < revision"),
        postgresql_where=text("matched_revision < revision"),
    ),
)
"""`tagged_text_hash` is set to NULL by whatever changes the text, so that the tag queue has a small index; the step
itself writes it only where `text_hash` is still the one that it read."""

article_key = Table(
    "article_key",
    metadata,
    Column("key", String, primary_key=True),
    Column("article", String, nullable=False, index=True),
    Column("first_seen", UtcTime, nullable=False),
)
"""Every URL and guid that an article was ever known by. Rows outlive their article (retention leaves them as a stub)."""

article_source = Table(
    "article_source",
    metadata,
    Column("article", String, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("feed", String, primary_key=True),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("text_source", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("published", UtcTime, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_changed", UtcTime, nullable=False),
    Column("updated", UtcTime),
)
"""What each feed says of an article now. Hashes are kept per (article, feed): two feeds that tell one URL differently
do not flip it between versions."""

version = Table(
    "version",
    metadata,
    Column("article", String, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("feed", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("text_hash", String, nullable=False),
    Column("seen", UtcTime, nullable=False),
    Column("reason", String, nullable=False),
    Column("mark", String),
    Index("ix_version_seen", "seen"),
)
"""`mark`: "headline" where the title changed, "silent-headline" where it did and the feed states no new date."""

page = Table(
    "page",
    metadata,
    Column("article", String, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("url", Text, nullable=False),
    Column("domain", String, nullable=False),
    Column("state", String, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("next_try", UtcTime),
    Column("seen", UtcTime, nullable=False),
    Column("fetched", UtcTime),
    Column("canonical", Text),
    Column("published", UtcTime),
    Column("language", String),
    Column("title", Text),
    Column("text", Text),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", String),
    Column("checks", Integer, nullable=False, server_default="0"),
    Column("next_check", UtcTime),
    CheckConstraint(
        "state IN ('waiting', 'read', 'paywall', 'consent', 'no-text', 'robots', 'failed')", name="state"
    ),
    Index(
        "ix_page_waiting",
        "next_try",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_page_to_check",
        "next_check",
        sqlite_where=text("next_check IS NOT NULL"),
        postgresql_where=text("next_check IS NOT NULL"),
    ),
)
"""The article's own page: whether it is to be read, and what came of that. Only `read` has a text; in every other
state the article keeps what its feed said, and `detail` says why. `next_check`: when it is looked at again, to see
whether it was edited (`checks`: how often it was), with the validators that its server gave."""

label = Table(
    "label",
    metadata,
    Column("article", String, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("label", String, primary_key=True),
    Column("decision", String, nullable=False),
    Column("score", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("announce", Boolean, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("reason", String, nullable=False, server_default=""),
    CheckConstraint("decision IN ('yes', 'uncertain')", name="decision"),
    Index("ix_label_label", "label"),
)

position = Table(
    "position",
    metadata,
    Column("article", String, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("development", String, nullable=False),
    Column("by", JSON, nullable=False),
    Column("against", JSON, nullable=False),
    Column("detail", String),
    Column("score", Float, nullable=False),
    Column("sentence", Text, nullable=False),
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("article", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("seen", UtcTime, nullable=False),
    Column("merged_into", String),
    Column("at", UtcTime, nullable=False),
    Column("indexed", Boolean, nullable=False, server_default=text("false")),
)
"""What is left of a removed or merged article: enough to take it out of the index and to know it if it returns."""

set_aside = Table(
    "set_aside",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("step", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("revision", Integer),
    UniqueConstraint("step", "subject"),
)
"""What can never work, with its reason; it blocks nothing and is shown by `ceasefire status`."""

# --- stories ---------------------------------------------------------------------------------------------------------

story = Table(
    "story",
    metadata,
    Column("id", String, primary_key=True),
    Column("title", Text, nullable=False),
    Column("first_article", String, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False, index=True),
    Column("thread", String, index=True),
    Column("merged_into", String),
    Column("status", String),
    Column("status_since", UtcTime),
    Column("terms", JSON, nullable=False, server_default="{}"),
    Column("by_hand", Boolean, nullable=False, server_default=text("false")),
)
"""`merged_into` redirects an old id; its row stays for ever so that links and announced keys keep their meaning.
`first_seen` and `last_seen` are when we were told, or would have been: what was no live news counts by its own date."""

thread = Table(
    "thread",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, unique=True),
    Column("title", Text, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("followed", Boolean, nullable=False, server_default=text("false")),
)

story_term = Table(
    "story_term",
    metadata,
    Column("term", String, primary_key=True),
    Column("story", String, primary_key=True, index=True),
)
"""The few terms by which a later step of a matter finds the stories before it."""

telling = Table(
    "telling",
    metadata,
    Column("article", String, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("reader", String, nullable=False),
    Column("terms", JSON, nullable=False),
    Column("steps", JSON, nullable=False),
    Column("runs", LargeBinary, nullable=False),
    Column("english", Boolean, nullable=False),
)
"""What grouping read in an article's text, so that the window of open stories loads fast; `reader` names the version
of the reading rules, and rows of another one are read anew."""

story_link = Table(
    "story_link",
    metadata,
    Column("left", String, primary_key=True),
    Column("right", String, primary_key=True),
    Column("relation", String, nullable=False),
    Column("author", Text, nullable=False, server_default=""),
    Column("at", UtcTime, nullable=False),
    CheckConstraint("relation IN ('together', 'apart')", name="relation"),
    CheckConstraint('"left" < "right"', name="order"),
    Index("ix_story_link_right", "right"),
)
"""What analysts decided about two articles (merge and split by hand); it outlives every regrouping."""

# --- alerts ----------------------------------------------------------------------------------------------------------

alert = Table(
    "alert",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("query", Text, nullable=False),
    Column("recipients", JSON, nullable=False),
    Column("cadence", String, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("options", JSON, nullable=False, server_default="{}"),
)
"""`options` holds the rest of `types.Alert`, field for field; unknown keys are errors on reading."""

announced = Table(
    "announced",
    metadata,
    Column("alert", BigInteger, ForeignKey("alert.id", ondelete="CASCADE"), primary_key=True),
    Column("story", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("notification", BigInteger),
    CheckConstraint("kind IN ('first', 'development', 'status', 'withdrawn')", name="kind"),
)
"""What an alert has said, or holds as already known (`notification` is NULL where it was inserted silently, 0 where
the message that told it was deleted by retention)."""

matched = Table(
    "matched",
    metadata,
    Column("alert", BigInteger, ForeignKey("alert.id", ondelete="CASCADE"), primary_key=True),
    Column("article", String, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("reason", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("due", String),
    Column("not_before", UtcTime),
    CheckConstraint("due IN ('digest', 'quiet', 'cap', 'away')", name="due"),
    Index("ix_matched_article", "article"),
    Index(
        "ix_matched_due",
        "alert",
        "due",
        sqlite_where=text("due IS NOT NULL"),
        postgresql_where=text("due IS NOT NULL"),
    ),
)
"""Which articles an alert's query found, each at the revision that was matched. `due`: which kind of digest still has
to tell of it, from `not_before` on; NULL once it is told or where nothing is to be told."""

notification = Table(
    "notification",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("alert", BigInteger, ForeignKey("alert.id", ondelete="CASCADE"), index=True),
    Column("story", String),
    Column("kind", String, nullable=False),
    Column("subject", Text, nullable=False),
    Column("content", JSON, nullable=False),
    Column("created", UtcTime, nullable=False),
)
"""`content` is everything that rendering needs, so that a mail can be shown and sent again without looking anything up.
`alert` is NULL for what the monitor tells its operator."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("notification", BigInteger, ForeignKey("notification.id", ondelete="CASCADE"), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("channel", String, nullable=False),
    Column("state", String, nullable=False),
    Column("message_id", String, nullable=False, unique=True),
    Column("in_reply_to", String),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try", UtcTime, nullable=False),
    Column("leased_until", UtcTime),
    Column("leased_by", String),
    Column("doubtful", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("sent", UtcTime),
    CheckConstraint("state IN ('waiting', 'sending', 'sent', 'held', 'set-aside')", name="state"),
    UniqueConstraint("notification", "recipient", "channel"),
    Index("ix_outbox_state_next_try", "state", "next_try"),
)

digest = Table(
    "digest",
    metadata,
    Column("alert", BigInteger, ForeignKey("alert.id", ondelete="CASCADE"), primary_key=True),
    Column("slot", String, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("notification", BigInteger),
)
"""One row for each digest given out, keyed by (alert, local date or hour), so that none goes out twice."""

mute = Table(
    "mute",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", String, nullable=False),
    Column("value", Text, nullable=False),
    Column("alert", BigInteger, ForeignKey("alert.id", ondelete="CASCADE")),
    Column("recipient", Text),
    Column("until", UtcTime),
    Column("created", UtcTime, nullable=False),
    CheckConstraint("kind IN ('story', 'thread', 'outlet', 'phrase')", name="kind"),
)

correction = Table(
    "correction",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("article", String, nullable=False, index=True),
    Column("target", Text, nullable=False),
    Column("verdict", String, nullable=False),
    Column("old", JSON),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("sentence", Text, nullable=False, server_default=""),
    Column("at", UtcTime, nullable=False),
    Column("undone", UtcTime),
    Column("follows", BigInteger, index=True),
    CheckConstraint("verdict IN ('wrong', 'missing', 'right')", name="verdict"),
)
"""Append-only: an undo marks the row and never removes it. `follows`: the correction of another copy of the same text
that this one was made along with."""

judgement = Table(
    "judgement",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", String, nullable=False),
    Column("story", String, nullable=False, index=True),
    Column("value", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("old", Text, nullable=False, server_default=""),
    Column("author", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("undone", UtcTime),
    Column("undone_by", Text, nullable=False, server_default=""),
    CheckConstraint("kind IN ('verdict', 'note', 'tag')", name="kind"),
)
"""What analysts say of stories. Append-only; `story` is the one that was living then, read through its redirect."""

visit = Table(
    "visit",
    metadata,
    Column("reader", String, primary_key=True),
    Column("since", UtcTime),
    Column("last", UtcTime, nullable=False),
)
"""When each reader of the page was here last, and (`since`) when their visit before this one ended."""

# --- running ---------------------------------------------------------------------------------------------------------

lock = Table(
    "lock",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String),
    Column("expires", UtcTime),
    Column("fence", Integer, nullable=False, server_default="0"),
)
"""One leased row for each thing that one process at a time may do; `fence` is checked again at commit."""

cycle = Table(
    "cycle",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("started", UtcTime, nullable=False, index=True),
    Column("finished", UtcTime),
    Column("report", JSON, nullable=False, server_default="{}"),
)

health = Table(
    "health",
    metadata,
    Column("subject", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("told", String, nullable=False, server_default="well"),
    CheckConstraint("state IN ('well', 'failing', 'gone', 'silent', 'volume', 'idle')", name="state"),
)
"""How each feed (or the monitor itself) was found at the last look; `told`: the state that the operator knows of."""
