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


def latest(connection: Connection, limit: int) -> list[ThreadRow]:
    """The threads, followed ones first, then those that moved last."""
    table, story = schema.thread.c, schema.story.c
    rows = connection.execute(
        select(schema.thread).order_by(table.followed.desc(), table.last_seen.desc(), table.id).limit(limit)
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


def words_of(connection: Connection, thread: str) -> list[Word]:
    """What every article of a thread reports of the parties' acts."""
    found: list[Word] = []
    for part in chunks(threads.stories_of(connection, thread)):
        found += threads.words_of(connection, part)
    return found
