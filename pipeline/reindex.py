"""Make the index again from the database, and compare the two. The database is the record; the index is derived."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from pipeline.clock import Clock, utc_now
from pipeline.db import documents, schema, tags
from pipeline.db.dialect import chunks
from pipeline.db.engine import Database
from pipeline.index.base import Index

BATCH = 500


def rebuild(database: Database, index: Index, now: Clock = utc_now) -> Iterator[int]:
    """Build a new generation and switch to it. Yields the number of articles first, then how many are done.

    An article that the new generation can never take is set aside with its reason, as the cycle's index step does.
    Closing the iterator early leaves the old generation in use and the new one to be taken up by the next call.
    Raises IndexUnavailableError.
    """
    with database.read() as connection:
        yield connection.execute(select(func.count()).select_from(schema.article)).scalar_one()
    building = index.rebuild()
    last = building.resumed_after
    with database.read() as connection:
        done = connection.execute(
            select(func.count()).select_from(schema.article).where(schema.article.c.id <= last)
        ).scalar_one()
    while True:
        with database.read() as connection:
            batch = documents.after(connection, last, BATCH)
        if not batch:
            break
        refused = building.put(batch).refused
        if refused:
            with database.write() as connection:
                for article, reason in refused.items():
                    tags.set_aside(connection, "index", article, reason, now())
        last = batch[-1].id
        done += len(batch)
        yield done
    building.finish()


@dataclass(frozen=True, slots=True)
class Difference:
    """Ids by what is wrong with them in the index. `articles`: how many the database has."""

    articles: int
    missing: tuple[str, ...]
    behind: tuple[str, ...]
    stray: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.missing or self.behind or self.stray)


def check(database: Database, index: Index, *, repair: bool = False) -> Difference:
    """Compare what the database says is indexed with what the index holds; `repair` queues the differences.

    Articles that wait in the queue anyway are no difference.
    """
    with database.read() as connection:
        expected = _indexed_revisions(connection)
        removed = set(connection.execute(select(schema.tombstone.c.article)).scalars())
    missing: list[str] = []
    behind: list[str] = []
    for part in chunks(sorted(expected)):
        held = index.revisions(part)
        for article in part:
            stored = held.get(article)
            if stored is None or stored.deleted:
                missing.append(article)
            elif stored.revision < expected[article]:
                behind.append(article)
    stray = _strays(index, expected.keys() | _waiting(database), removed)
    if repair:
        with database.write() as connection:
            _queue(connection, missing + behind)
            connection.execute(
                update(schema.tombstone).where(schema.tombstone.c.article.in_(stray)).values(indexed=False)
            )
        unknown = [article for article in stray if article not in removed]
        index.delete({article: held.revision + 1 for article, held in index.revisions(unknown).items()})
    return Difference(len(expected), tuple(missing), tuple(behind), tuple(stray))


def _indexed_revisions(connection: Connection) -> dict[str, int]:
    table = schema.article.c
    rows = connection.execute(select(table.id, table.indexed_revision).where(table.indexed_revision > 0))
    return {row.id: row.indexed_revision for row in rows}


def _waiting(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.execute(select(schema.article.c.id)).scalars())


def _strays(index: Index, known: set[str], removed: set[str]) -> list[str]:
    found: list[str] = []
    last = ""
    while batch := index.scan(after=last):
        found += [
            held.id for held in batch if not held.deleted and (held.id not in known or held.id in removed)
        ]
        last = batch[-1].id
    return found


def _queue(connection: Connection, ids: list[str]) -> None:
    for part in chunks(ids):
        connection.execute(
            update(schema.article).where(schema.article.c.id.in_(part)).values(indexed_revision=0)
        )
