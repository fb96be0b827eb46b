"""What a search index promises, whichever back end stands behind it.

Invariants that every implementation keeps:

1. The index is derived. Everything in it can be made again from the database, and nothing is read from it that the
   database does not know.
2. One document an id. A write carries its revision; a write of a revision older than the one held changes nothing and
   is a success, and so is a write of the same one. Writes can therefore be repeated and come in any order.
3. A delete is a write at its revision: an older put that comes later does not bring the document back.
4. Readers see whole writes only: after `put` returns, every later call of any process sees the documents.
5. A query finds the same ids, counts, facets and histogram in every back end, or raises the same QueryError.
6. Times are aware UTC, kept in whole milliseconds. Hits come in order of (published descending, id ascending).
7. IndexUnavailableError is the only error for "cannot be reached, refuses, is read-only, must be rebuilt"; a document
   that can never be taken is returned in `PutReport.refused` with its reason and holds up nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from pipeline.query.nodes import Query
from pipeline.types import Document, Embedding, FeedHealth

Sort = Literal["published", "relevance"]
Interval = Literal["hour", "day", "week", "month"]

EXACT = 10_000
"""Over so many hits at least, `similar` compares every one; so many it returns at most."""


@dataclass(frozen=True, slots=True)
class PutReport:
    """What became of the documents of one `put`. `written` and `superseded` (the index holds that revision or a newer
    one) are both done; `refused` maps an id to why it can never be indexed as it stands."""

    written: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hit:
    """One article found. Title, text and labels come from the database. `score`: how relevant, with sort="relevance";
    the cosine, from `similar`; else None."""

    id: str
    revision: int
    published: datetime
    seen: datetime
    story: str
    copy_of: str | None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Hits in order; `after` continues behind the last one (opaque, safe in a URL), None when there are no more."""

    hits: tuple[Hit, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many articles satisfy a query; not `exact` means at least `value` (shown as "10,000+")."""

    value: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a field and the number of hits that carry it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """Hits published in [start, end); both are UTC instants of a local boundary in the histogram's zone."""

    start: datetime
    end: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Matches:
    """`current`: ids that the index holds at just the revision asked for; only these were judged, the others wait.
    `matched[i]`: those of `current` that satisfy the i-th query."""

    current: frozenset[str]
    matched: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """What the index holds of one id."""

    id: str
    revision: int
    deleted: bool


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """For `status` and `index check`. `rebuild_needed` says why in words, or is None."""

    kind: Literal["sqlite", "elasticsearch"]
    where: str
    documents: int
    deleted: int
    size_bytes: int | None
    generation: int
    building: int | None
    rebuild_needed: str | None = None


class Index(Protocol):
    """The searchable view of the database. Safe to use from several threads and several processes at once."""

    def put(self, documents: Iterable[Document]) -> PutReport:
        """Write documents (bounded memory, in batches). A document with `deleted` set is a tombstone.
        Also fills a generation that is being built. Raises IndexUnavailableError; what was written before stays."""
        ...

    def delete(self, revisions: Mapping[str, int]) -> None:
        """Leave a tombstone for each id at its revision, also for ids never seen."""
        ...

    def search(
        self,
        query: Query,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 20,
        after: str | None = None,
        sort: Sort = "published",
    ) -> Page:
        """The next `limit` hits behind `after`. `since` and `until` bound the time first seen, [since, until).
        "relevance" ranks the newest 10,000 hits at least. A broken `after` raises QueryError."""
        ...

    def stream(
        self, query: Query, *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Hit]:
        """Every hit in order, however many, in bounded memory. Each comes once, and none that was there all along is
        left out; what is written meanwhile may or may not be among them. Close it early to let go of it early."""
        ...

    def similar(
        self,
        embedding: Embedding,
        query: Query,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 20,
        but: str | None = None,
    ) -> tuple[Hit, ...]:
        """The `limit` hits whose embeddings by the same model are nearest, without the article `but`: by cosine (four
        decimals) descending, then as `search` has them; EXACT of them at most. Exact over EXACT hits at least; over
        more, a back end may miss a near one, but what it returns is in order and its cosines are exact."""
        ...

    def count(
        self,
        query: Query,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        cap: int | None = None,
    ) -> Count:
        """How many satisfy the query; with `cap` it may stop there and say so."""
        ...

    def facets(
        self,
        query: Query,
        fields: Sequence[str],
        *,
        limit: int = 20,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> dict[str, tuple[FacetValue, ...]]:
        """For each field the `limit` commonest values among the hits, by count descending, then value.
        Fields: those of `pipeline.query.fields.FACETS`; another one raises QueryError."""
        ...

    def histogram(
        self,
        query: Query,
        interval: Interval,
        *,
        zone: str = "UTC",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Bucket, ...]:
        """Hits by time published, from the first non-empty bucket to the last, empty ones between them included.
        Buckets begin at local hours, midnights, Mondays, first days of months in `zone` (IANA)."""
        ...

    def match(self, queries: Sequence[Query], revisions: Mapping[str, int]) -> Matches:
        """Which of these articles (id -> revision) satisfy which query; all queries judge one state of the index."""
        ...

    def revisions(self, ids: Iterable[str]) -> dict[str, Stored]:
        """What the index holds of these ids; ids that it never saw are absent."""
        ...

    def scan(self, *, after: str = "", limit: int = 1000) -> tuple[Stored, ...]:
        """Everything held, tombstones included, in order of id, `limit` at a time, behind `after`."""
        ...

    def show_feeds(self, feeds: Callable[[], Sequence[FeedHealth]]) -> None:
        """Keep this, and nothing else, of the listed feeds for readers that know no database; idempotent. A back end
        without such readers does not call `feeds`."""
        ...

    def rebuild(self) -> "Rebuild":
        """Begin a new generation beside the one that is read (or take up one that was interrupted)."""
        ...

    def clear(self) -> None:
        """Forget everything: every generation goes, an empty one takes their place."""
        ...

    def drop_months(self, before: datetime) -> tuple[str, ...]:
        """Give back the room of whole months of first-seen time before `before` in which nothing but tombstones is left;
        returns what went. An index that is not cut by months has none."""
        ...

    def info(self) -> IndexInfo:
        """State and size. Never raises for an index that needs a rebuild; it says so."""
        ...

    def close(self) -> None:
        """Let go of connections. The index can be opened again."""
        ...


class Rebuild(Protocol):
    """A generation being built. Readers keep the old one until `finish`; meanwhile every `put` of any process writes
    to both, so whoever reads all documents out of the database once and puts them here misses nothing."""

    @property
    def generation(self) -> int:
        """The number of the generation being built."""
        ...

    @property
    def resumed_after(self) -> str:
        """The id up to which an interrupted rebuild had come ("" for a fresh one), as told by `put`."""
        ...

    def put(self, documents: Iterable[Document]) -> PutReport:
        """Write documents, in order of id, to the new generation only; remembers the last id for resuming."""
        ...

    def finish(self) -> None:
        """Switch all readers at once and drop the old generation."""
        ...

    def abandon(self) -> None:
        """Drop what was built. The old generation stays as it is."""
        ...
