"""Writes in batches, to the generations that they must reach, and the making of a new generation beside the old."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TypeVar

from pipeline.errors import IndexUnavailableError
from pipeline.index import sqlite_schema
from pipeline.index.base import PutReport
from pipeline.index.fields import Searchable, searchable
from pipeline.index.sqlite_schema import Connections, Generations, statement
from pipeline.index.sqlite_write import write
from pipeline.types import Document

WRITE_BATCH = 100
"""Documents in one transaction: some 50 ms, so that other writers of the file wait little."""

REBUILD_BATCH = 400
"""The same where the whole archive is written: a fifth faster, and others still wait for a fraction of a second."""

_MERGE_PAGES = 500
_MERGES = (
    "INSERT INTO search_#_stems (search_#_stems, rank) VALUES ('merge', ?)",
    "INSERT INTO search_#_words (search_#_words, rank) VALUES ('merge', ?)",
)

T = TypeVar("T")

Reached = Callable[[Generations], tuple[int, ...]]
"""Which generations a write goes to."""


class SqliteRebuild:
    """The Rebuild protocol. Its state lies in the file, so that another process can take it up."""

    def __init__(self, connections: Connections, generation: int, resumed_after: str) -> None:
        self._connections = connections
        self._generation = generation
        self._resumed_after = resumed_after

    @classmethod
    def begun(cls, connections: Connections) -> "SqliteRebuild":
        """A fresh one, or the interrupted one if this program's schema began it."""
        with connections.writing() as connection:
            known = sqlite_schema.generations(connection)
            if known.building is not None and known.building_schema == sqlite_schema.fingerprint():
                return cls(connections, known.building, sqlite_schema.meta(connection, "resumed_after") or "")
            generation = sqlite_schema.create(connection)
            sqlite_schema.set_meta(connection, "building", str(generation))
            sqlite_schema.set_meta(connection, "resumed_after", None)
        tidy(connections)
        return cls(connections, generation, "")

    @property
    def generation(self) -> int:
        return self._generation

    @property
    def resumed_after(self) -> str:
        return self._resumed_after

    def put(self, documents: Iterable[Document]) -> PutReport:
        return put(self._connections, documents, self._only_mine, remember=True)

    def finish(self) -> None:
        self._merge_segments()
        with self._connections.writing() as connection:
            self._only_mine(sqlite_schema.generations(connection))
            sqlite_schema.set_live(connection, self._generation)
        tidy(self._connections)

    def abandon(self) -> None:
        with self._connections.writing() as connection:
            self._only_mine(sqlite_schema.generations(connection))
            sqlite_schema.set_meta(connection, "building", None)
            sqlite_schema.set_meta(connection, "resumed_after", None)
        tidy(self._connections)

    def _only_mine(self, known: Generations) -> tuple[int, ...]:
        if known.building != self._generation:
            raise IndexUnavailableError(
                f"Another process has ended this rebuild of the search index (generation {self._generation}); begin again"
            )
        return (self._generation,)

    def _merge_segments(self) -> None:
        """Join FTS5's segments in small steps, each a short transaction, so that writers get their turn."""
        for sql in _MERGES:
            pages = -_MERGE_PAGES
            while True:
                with self._connections.writing() as connection:
                    self._only_mine(sqlite_schema.generations(connection))
                    before = connection.total_changes
                    connection.execute(statement(self._generation, sql), (pages,))
                    if connection.total_changes - before < 2:
                        break
                pages = _MERGE_PAGES


def put(
    connections: Connections, documents: Iterable[Document], reached: Reached, *, remember: bool = False
) -> PutReport:
    """Write documents in short transactions. `remember`: note the last id of each batch, for a rebuild to resume at."""
    written: list[str] = []
    superseded: list[str] = []
    refused: dict[str, str] = {}
    for batch in _batches(documents, REBUILD_BATCH if remember else WRITE_BATCH):
        articles = []
        for document in batch:
            try:
                articles.append(searchable(document))
            except ValueError as error:
                refused[document.id] = str(error)
        done = _written(connections, articles, reached, batch[-1].id if remember else None)
        written.extend(article.id for article in articles if article.id in done)
        superseded.extend(article.id for article in articles if article.id not in done)
    return PutReport(tuple(written), tuple(superseded), refused)


def put_tombstones(connections: Connections, revisions: Mapping[str, int], reached: Reached) -> None:
    """Write a tombstone for each id at its revision."""
    for batch in _batches(revisions.items(), WRITE_BATCH):
        _written(connections, [_tombstone(article, revision) for article, revision in batch], reached, None)


def written_generations(known: Generations) -> tuple[int, ...]:
    """Those that an ordinary write must reach: the live one, and the one being built. Where the live one was made by
    another program, only its successor can take the write."""
    fitting = [known.live] if known.rebuild_needed is None else []
    if known.building is not None and known.building_schema == sqlite_schema.fingerprint():
        fitting.append(known.building)
    return tuple(fitting)


def tidy(connections: Connections) -> None:
    """Drop the tables of generations that nothing points to."""
    with connections.reading() as connection:
        left_over = sqlite_schema.left_over(connection)
    for generation in left_over:
        with connections.writing() as connection:
            sqlite_schema.drop(connection, generation)


def outdated(path: Path, reason: str) -> IndexUnavailableError:
    """What to say where the live generation does not fit this program."""
    return IndexUnavailableError(
        f"The search index in {path} must be rebuilt: {reason}. Run `ceasefire reindex`"
    )


def _written(
    connections: Connections, articles: list[Searchable], reached: Reached, remembered: str | None
) -> set[str]:
    done: set[str] = set()
    with connections.writing() as connection:
        known = sqlite_schema.generations(connection)
        targets = reached(known)
        if not targets:
            raise outdated(connections.path, known.rebuild_needed or "it cannot be written")
        for generation in targets:
            done.update(write(connection, generation, articles))
        if remembered is not None:
            sqlite_schema.set_meta(connection, "resumed_after", remembered)
    return done


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _tombstone(article: str, revision: int) -> Searchable:
    empty: dict[str, tuple[str, ...]] = {}
    return Searchable(article, revision, True, empty, empty, (), 0, 0, "", None, None)
