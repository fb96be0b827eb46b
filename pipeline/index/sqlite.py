"""The embedded index: SQLite FTS5 and columns of bits, in the same file as the record or in one of its own.

Sizes: memory is bounded by the caches (a quarter of a gigabyte at most, reached only by a million articles under broad
queries); one write transaction takes at most WRITE_BATCH documents, well under 100 ms (a rebuild's four times as many). Measured by benchmarks/search.py.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.index import columns, sqlite_schema
from pipeline.index.base import (
    EXACT,
    Bucket,
    Count,
    FacetValue,
    Hit,
    IndexInfo,
    Interval,
    Matches,
    Page,
    PutReport,
    Sort,
    Stored,
)
from pipeline.index.buckets import GRAIN_MS, buckets
from pipeline.index.checks import check_facets, known_zone
from pipeline.index.columns import CHUNK, Bits, Tally
from pipeline.index.cursor import Cursor
from pipeline.index.sqlite_hits import nearest, newest, newest_first, ranked
from pipeline.index.sqlite_read import COLUMN_CACHE_BYTES, LEAF_CACHE_BYTES, Cache, Chunk, Reader
from pipeline.index.sqlite_rebuild import (
    SqliteRebuild,
    outdated,
    put,
    put_tombstones,
    tidy,
    written_generations,
)
from pipeline.index.sqlite_schema import Connections, statement
from pipeline.query.nodes import Node, Query, narrowed
from pipeline.types import Document, Embedding, FeedHealth

_IDS_AT_ONCE = 1_000
_STREAMED_AT_ONCE = 1_000


class SqliteIndex:
    """The Index protocol over one SQLite file. `path` may be the record's own file; its tables begin with `search_`."""

    def __init__(self, path: Path) -> None:
        self._connections = Connections(path)
        self._leaves = Cache(LEAF_CACHE_BYTES)
        self._columns = Cache(COLUMN_CACHE_BYTES)

    def put(self, documents: Iterable[Document]) -> PutReport:
        return put(self._connections, documents, written_generations)

    def delete(self, revisions: Mapping[str, int]) -> None:
        put_tombstones(self._connections, revisions, written_generations)

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
        cursor = None if after is None else Cursor.parsed(after, sort)
        root = narrowed(query, since, until).root
        with self._reader() as reader:
            if sort == "relevance":
                return ranked(reader, root, limit, cursor)
            return newest(reader, root, limit, cursor)

    def stream(
        self, query: Query, *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Hit]:
        after: str | None = None
        while True:
            # A transaction a page: a reader that takes its time must not keep the file's write-ahead log from shrinking.
            page = self.search(query, since=since, until=until, limit=_STREAMED_AT_ONCE, after=after)
            yield from page.hits
            after = page.after
            if after is None:
                return

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
        root = narrowed(query, since, until).root
        with self._reader() as reader:
            return nearest(reader, root, embedding, min(limit, EXACT), but)

    def count(
        self,
        query: Query,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        cap: int | None = None,
    ) -> Count:
        root = narrowed(query, since, until).root
        total = 0
        with self._reader() as reader:
            for _, found in newest_first(reader, root):
                total += columns.size(found)
                if cap is not None and total > cap:
                    return Count(cap, exact=False)
        return Count(total)

    def facets(
        self,
        query: Query,
        fields: Sequence[str],
        *,
        limit: int = 20,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> dict[str, tuple[FacetValue, ...]]:
        check_facets(fields, query)
        root = narrowed(query, since, until).root
        tallies = {field: Tally() for field in fields}
        with self._reader() as reader:
            having = _having(reader, root)
            reader.fetch([chunk for chunk, _ in having], fields)
            for chunk, found in having:
                places = columns.places_in(found)
                for field, tally in tallies.items():
                    reader.valued(chunk, field).count(found, places, tally)
            return {field: _named(reader, field, tally, limit) for field, tally in tallies.items()}

    def histogram(
        self,
        query: Query,
        interval: Interval,
        *,
        zone: str = "UTC",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Bucket, ...]:
        days = known_zone(zone, query)
        root = narrowed(query, since, until).root
        found_quarters: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
        with self._reader() as reader:
            having = _having(reader, root)
            reader.fetch([chunk for chunk, _ in having], ["published"])
            for chunk, found in having:
                moments = reader.moments(chunk, "published")[columns.places_in(found)]
                found_quarters.append(moments // GRAIN_MS)
        quarters = np.concatenate(found_quarters)
        first = int(quarters.min()) if len(quarters) else 0
        return buckets(first, np.bincount(quarters - first), interval, days, query.text)

    def match(self, queries: Sequence[Query], revisions: Mapping[str, int]) -> Matches:
        with self._reader() as reader:
            numbers = {
                article: number
                for article, number, revision, deleted in _rows_of(reader, revisions)
                if not deleted and revision == revisions[article]
            }
            touched = {number // CHUNK for number in numbers.values()}
            chunks = [chunk for chunk in reader.chunks if chunk.number in touched]
            matched = []
            for query in queries:
                found = dict(
                    zip((chunk.number for chunk in chunks), reader.found(query.root, chunks), strict=True)
                )
                matched.append(
                    frozenset(
                        article
                        for article, number in numbers.items()
                        if found[number // CHUNK][number % CHUNK >> 3] >> (number & 7) & 1
                    )
                )
        return Matches(frozenset(numbers), tuple(matched))

    def revisions(self, ids: Iterable[str]) -> dict[str, Stored]:
        with self._reader() as reader:
            return {
                article: Stored(article, revision, bool(deleted))
                for article, _, revision, deleted in _rows_of(reader, ids)
            }

    def scan(self, *, after: str = "", limit: int = 1000) -> tuple[Stored, ...]:
        with self._reader() as reader:
            rows = reader.run(
                "SELECT id, revision, deleted FROM search_#_document WHERE id > ? ORDER BY id LIMIT ?",
                after,
                limit,
            )
            return tuple(Stored(article, revision, bool(deleted)) for article, revision, deleted in rows)

    def show_feeds(self, feeds: Callable[[], Sequence[FeedHealth]]) -> None:
        """Nothing to do: whoever reads this index has the database beside it."""

    def rebuild(self) -> "SqliteRebuild":
        return SqliteRebuild.begun(self._connections)

    def clear(self) -> None:
        with self._connections.writing() as connection:
            sqlite_schema.set_live(connection, sqlite_schema.create(connection))
        tidy(self._connections)

    def drop_months(self, before: datetime) -> tuple[str, ...]:
        return ()  # one table holds all months; SQLite re-uses the room of what was deleted

    def info(self) -> IndexInfo:
        with self._connections.reading() as connection:
            known = sqlite_schema.generations(connection)
            live = deleted = 0
            if known.rebuild_needed is None:
                sql = "SELECT count(*) - coalesce(sum(deleted), 0), coalesce(sum(deleted), 0) FROM search_#_document"
                live, deleted = connection.execute(statement(known.live, sql)).fetchone()
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
        return IndexInfo(
            kind="sqlite",
            where=str(self._connections.path),
            documents=live,
            deleted=deleted,
            size_bytes=pages * page_bytes,
            generation=known.live,
            building=known.building,
            rebuild_needed=known.rebuild_needed,
        )

    def close(self) -> None:
        self._connections.close()

    @contextmanager
    def _reader(self) -> Iterator[Reader]:
        with self._connections.reading() as connection:
            known = sqlite_schema.generations(connection)
            if known.rebuild_needed is not None:
                raise outdated(self._connections.path, known.rebuild_needed)
            yield Reader(connection, known.live, self._leaves, self._columns)


def _having(reader: Reader, root: Node) -> list[tuple[Chunk, Bits]]:
    """The chunks in which anything satisfies the tree, with that."""
    found = zip(reader.chunks, reader.found(root, reader.chunks), strict=True)
    return [(chunk, bits) for chunk, bits in found if bits.any()]


def _rows_of(reader: Reader, ids: Iterable[str]) -> Iterator[tuple[str, int, int, int]]:
    """(id, number, revision, deleted) of those that are there."""
    wanted = list(dict.fromkeys(ids))
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        yield from reader.run(
            "SELECT id, number, revision, deleted FROM search_#_document"
            " WHERE id IN (SELECT value FROM json_each(?))",
            json.dumps(wanted[start : start + _IDS_AT_ONCE]),
        )


def _named(reader: Reader, field: str, tally: Tally, limit: int) -> tuple[FacetValue, ...]:
    """The commonest values by name. Ties go by name, so all with the last count kept are named before the cut."""
    most = tally.most(limit)
    rows = reader.run(
        "SELECT number, value FROM search_#_value"
        " WHERE field = ? AND number IN (SELECT value FROM json_each(?))",
        field,
        json.dumps([number for number, _ in most]),
    )
    names = dict(rows.fetchall())
    named = sorted((-count, names[number]) for number, count in most)
    return tuple(FacetValue(name, -negated) for negated, name in named[:limit])
