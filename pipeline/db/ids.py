"""Ids as people type them: whole, or the first letters that a list shows, as long as they mean one thing. And new ones."""

from collections.abc import Collection

from sqlalchemy import Connection, Table, select

from pipeline.db import schema
from pipeline.errors import NotFoundError

LEAST = 4
"""Fewer letters are taken for a whole id: they are a slip rather than a beginning."""

NAMED = 3


def article(connection: Connection, typed: str) -> str:
    """The id of the article that `typed` begins, be it one that is kept no more; as typed where there is none.

    Raises NotFoundError with the whole ids where several begin so.
    """
    return _whole(connection, typed, "article", schema.article, schema.tombstone)


def story(connection: Connection, typed: str) -> str:
    """The same for a story; old ids count."""
    return _whole(connection, typed, "story", schema.story)


def thread(connection: Connection, typed: str) -> str:
    """The same for a thread; its name stays as it is."""
    return _whole(connection, typed, "thread", schema.thread)


def numbered(wanted: str, taken: Collection[str]) -> str:
    """`wanted`, or with the lowest -N, from 2, that is not among the `taken`."""
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def _whole(connection: Connection, typed: str, kind: str, *tables: Table) -> str:
    if len(typed) < LEAST:
        return typed
    found: set[str] = set()
    for table in tables:
        key = next(iter(table.primary_key.columns))
        beginning = select(key).where(key.startswith(typed, autoescape=True)).order_by(key).limit(NAMED + 1)
        found |= set(connection.execute(beginning).scalars())
    if typed in found or not found:
        return typed
    if len(found) > 1:
        named = ", ".join(sorted(found)[:NAMED]) + (" …" if len(found) > NAMED else "")
        raise NotFoundError(f"{typed!r} begins the id of more than one {kind}: {named}")
    return found.pop()
