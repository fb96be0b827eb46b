"""Threads in a list, and every word of the parties in one: for people who follow a negotiation over weeks."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from pipeline.db import schema, threads
from pipeline.db.dialect import chunks
from pipeline.stories.chronology import Word


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """A thread in a list. Times are UTC."""

    id: str
    name: str | None
    title: str
    followed: bool
    first_seen: datetime
    last_seen: datetime
    stories: int


def latest(
    connection: Connection,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    followed_first: bool = True,
) -> list[ThreadRow]:
    """The threads, followed ones first, then those that moved last; of [since, until) those that lasted into it."""
    table, story = schema.thread.c, schema.story.c
    query = select(schema.thread)
    if since is not None:
        query = query.where(table.last_seen >= since)
    if until is not None:
        query = query.where(table.first_seen < until)
    order = (table.last_seen.desc(), table.id)
    rows = connection.execute(
        query.order_by(*((table.followed.desc(), *order) if followed_first else order)).limit(limit)
    ).all()
    sizes: dict[str, int] = {}
    for part in chunks([row.id for row in rows]):
        counted = select(story.thread, func.count()).where(
            story.thread.in_(part), story.merged_into.is_(None)
        )
        sizes |= {row[0]: row[1] for row in connection.execute(counted.group_by(story.thread))}
    return [
        ThreadRow(
            row.id, row.name, row.title, row.followed, row.first_seen, row.last_seen, sizes.get(row.id, 0)
        )
        for row in rows
    ]


def published_span(connection: Connection, thread: str) -> tuple[datetime, datetime] | None:
    """When the first and the last article of a thread were published; None where it has none."""
    article, story = schema.article.c, schema.story.c
    query = select(func.min(article.published), func.max(article.published)).where(
        article.story.in_(select(story.id).where(story.thread == thread))
    )
    first, last = connection.execute(query).one()
    return None if first is None else (first, last)


def words_of(connection: Connection, thread: str) -> list[Word]:
    """What every article of a thread reports of the parties' acts."""
    found: list[Word] = []
    for part in chunks(threads.stories_of(connection, thread)):
        found += threads.words_of(connection, part)
    return found
