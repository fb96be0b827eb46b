"""The values that travel between the parts of the pipeline. A type's name carries its state.

    Feed ─ fetch ─► RawFeed ─ parse ─► ParsedFeed(Entry…) ─ extract ─► Article ─ record ─► database
                                                                                      │
    Document ◄─ one row joined for the index ─────────────────────────────────────────┘

All times are aware and UTC. All values are immutable. Nothing here opens a file, a socket or a clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from classifiers.types import LabelDecision, Position

Side = Literal["ukraine", "russia", "third-party"]
Control = Literal["state", "public", "private", "exile"]
Kind = Literal["news", "wire", "government", "official-channel", "opinion"]
Form = Literal["report", "live-blog", "round-up", "explainer", "opinion", "transcript"]

Reason = Literal["live", "first-fetch", "old", "undated", "import", "backfill"]
"""Why an (article, version) may or may not alert; decided once, when it is recorded. Only `live` fires at once."""

ID_SHOWN = 10
"""Letters of an id in lists: in a million articles hardly two begin with the same ten."""

FailureKind = Literal[
    "dns", "connect", "tls", "timeout", "http-4xx", "http-5xx", "gone", "throttled", "redirect", "too-large",
    "forbidden-address", "not-a-feed", "bad-response", "file",
]  # fmt: skip
"""What kind of failure a poll ended in; the back-off and the operator's words follow from it."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A source that we poll, as feeds.toml gives it. `name` identifies it for ever; `url` may change."""

    name: str
    url: str
    outlet: str
    owner: str
    country: str
    side: Side
    language: str
    kind: Kind
    control: Control = "private"
    time_zone: str = "UTC"
    full_text: bool = False


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server told us last time, so that the next poll can be conditional. `body_hash` is sha256, hex."""

    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


@dataclass(frozen=True, slots=True)
class RawFeed:
    """A feed document as it came over the wire, after decompression."""

    feed: str
    url: str
    body: bytes
    content_type: str
    headers: Mapping[str, str]
    fetched: datetime
    validators: Validators


@dataclass(frozen=True, slots=True)
class FetchOutcome:
    """What one poll of one feed came to. `raw` is there exactly when `result` is "fetched".

    `retry_after_s`: what the server asked for, already made relative. `permanent_url`: target of a chain of
    permanent redirects only. `max_age_s`: from Cache-Control or Expires. "skipped": not asked at all, `detail` says why.
    """

    feed: str
    result: Literal["fetched", "unchanged", "failed", "skipped"]
    finished: datetime
    raw: RawFeed | None = None
    validators: Validators = Validators()
    failure: FailureKind | None = None
    detail: str = ""
    status: int | None = None
    retry_after_s: float | None = None
    permanent_url: str | None = None
    max_age_s: float | None = None
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One item exactly as the feed gave it: markup kept, strings unclean, dates as text and as feedparser read them."""

    guid: str | None
    link: str | None
    title: str
    summary: str
    content: str
    published: datetime | None
    updated: datetime | None
    date_text: str
    date_has_zone: bool
    language: str | None
    author: str = ""
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed document read. `problems` are remarks for the operator (broken markup, odd encoding …).

    `marks` name the bytes of each entry of the document (`pipeline.marks`); `left_out` of them were known, and are not
    among `entries`. `older`: where earlier entries are, if the document says so.
    """

    title: str
    language: str | None
    ttl_min: int | None
    entries: tuple[Entry, ...]
    problems: tuple[str, ...] = ()
    marks: tuple[bytes, ...] = ()
    left_out: int = 0
    older: str | None = None


TimeFlag = Literal["stated", "assumed-zone", "future", "undated", "absurd"]
"""How `published` came about: as stated; zone assumed from the feed; else it is the time first seen."""


@dataclass(frozen=True, slots=True)
class Article:
    """One entry made clean: what a feed says about one article, not yet joined with what others say of it.

    `keys` are all identities known for it (canonical URL, guid in its feed), strongest first.
    `content_hash` is over normalised title and text. `text_source` says which part of the entry `text` came from.
    `updated`: when the feed says that it was last changed, as stated.
    """

    id: str
    keys: tuple[str, ...]
    url: str
    title: str
    text: str
    text_source: Literal["summary", "content", "page", "title"]
    language: str
    language_reason: str
    published: datetime
    published_flag: TimeFlag
    seen: datetime
    form: Form
    form_reasons: tuple[str, ...]
    content_hash: str
    author: str = ""
    categories: tuple[str, ...] = ()
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class Embedding:
    """Where a text lies among others, by one model; only vectors of the same model can be compared.

    `model`: the model's hash (hex). `vector`: unit length, little-endian half floats, two bytes a dimension.
    """

    model: str
    vector: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """One article as the index holds it: everything a query can ask for, at one revision. `tags` are the analysts' own,
    of its story."""

    id: str
    revision: int
    title: str
    text: str
    url: str
    feed: str
    outlet: str
    owner: str
    side: str
    control: str
    country: str
    kind: str
    form: str
    language: str
    published: datetime
    seen: datetime
    reason: str
    story: str
    thread: str | None = None
    copy_of: str | None = None
    labels: tuple[LabelDecision, ...] = ()
    uncertain: tuple[LabelDecision, ...] = ()
    positions: tuple[Position, ...] = ()
    names: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    corrected: bool = False
    disputed: bool = False
    embedding: Embedding | None = None
    deleted: bool = False


Cadence = Literal["instant", "hourly", "daily"]


@dataclass(frozen=True, slots=True)
class Alert:
    """A saved query with recipients and a cadence.

    `since`: arrivals before it never fire (moved by every resume, and every edit of what it asks for). `daily_at` is HH:MM in `zone`
    (IANA). `quiet` is (from, to) as HH:MM in `zone`, or None. `recipients` are mail addresses or https:// webhooks.
    """

    id: int
    name: str
    query: str
    recipients: tuple[str, ...]
    cadence: Cadence
    since: datetime
    created: datetime
    paused: bool = False
    daily_at: str = "07:00"
    zone: str = "UTC"
    quiet: tuple[str, str] | None = None
    daily_cap: int | None = None
    expires: datetime | None = None
    min_score: float = 0.0
    include_uncertain: bool = False
    all_forms: bool = False
    say_nothing_new: bool = True
    thread: str | None = None
    starter: bool = False


@dataclass(frozen=True, slots=True)
class CycleReport:
    """What one cycle did, for people and for `status`. Every outcome is counted.

    `outages` are those of the `problems` that pass by themselves: a service was out of reach, and its queue waits.
    """

    started: datetime
    finished: datetime
    feeds: tuple["FeedReport", ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    outages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedReport:
    """What one cycle did with one feed."""

    feed: str
    outlet: str
    result: Literal["fetched", "unchanged", "failed", "skipped"]
    detail: str = ""
    entries: int = 0
    new: int = 0
    changed: int = 0
    known: int = 0
    set_aside: int = 0
    elapsed_s: float = 0.0
    failure: FailureKind | None = None


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """One listed feed and how it has been doing, as people see it beside the articles (Kibana's dashboard).

    `state`: as `pipeline.health` judges it, or "new" where it was never polled; `state_words`: why it is not well.
    `polls_7d` and the like count over the last seven days; `entries_per_day` are new ones over the days watched, seven
    at most; `elapsed_s` is the mean time of an answer. `failure_words`: the last error, what it means and what to do.
    Times are UTC; None: never, or not at all.
    """

    feed: Feed
    checked: datetime
    state: str
    state_words: str = ""
    first_success: datetime | None = None
    last_poll: datetime | None = None
    last_success: datetime | None = None
    last_new: datetime | None = None
    next_poll: datetime | None = None
    silent_since: datetime | None = None
    failures: int = 0
    failure: FailureKind | None = None
    failure_words: str = ""
    problems: tuple[str, ...] = ()
    moved_to: str | None = None
    interval_s: int | None = None
    polls: int = 0
    polls_7d: int = 0
    failed_7d: int = 0
    new_24h: int = 0
    new_7d: int = 0
    entries_per_day: float = 0.0
    elapsed_s: float | None = None
