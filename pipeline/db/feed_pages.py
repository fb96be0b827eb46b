"""How feeds have been of late: articles that each brought, by equal spans of time, and its latest polls."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from pipeline.db import schema


@dataclass(frozen=True, slots=True)
class PollRow:
    """One poll of a feed."""

    at: datetime
    result: str
    failure: str
    detail: str
    entries: int
    new: int
    elapsed_s: float


def volumes(connection: Connection, until: datetime, spans: int, span: timedelta) -> dict[str, list[int]]:
    """For each feed the new articles of its polls in the `spans` equal spans before `until`, the latest last. Feeds that
    brought nothing are absent."""
    table = schema.poll.c
    since = until - spans * span
    found: dict[str, list[int]] = {}
    rows = connection.execute(
        select(table.feed, table.at, table.new).where(table.at >= since, table.at < until, table.new > 0)
    )
    for row in rows:
        counts = found.setdefault(row.feed, [0] * spans)
        counts[min(int((row.at - since) / span), spans - 1)] += row.new
    return found


def latest_polls(connection: Connection, feed: str, limit: int) -> Sequence[PollRow]:
    """The last polls of a feed, the newest first."""
    table = schema.poll.c
    rows = connection.execute(
        select(schema.poll).where(table.feed == feed).order_by(table.at.desc(), table.id.desc()).limit(limit)
    )
    return [
        PollRow(row.at, row.result, row.failure or "", row.detail or "", row.entries, row.new, row.elapsed_s)
        for row in rows
    ]


def articles_of(connection: Connection, feed: str) -> int:
    """How many articles a feed has told first."""
    count: int = connection.execute(
        select(func.count()).select_from(schema.article).where(schema.article.c.feed == feed)
    ).scalar_one()
    return count


def unwell_outlets(connection: Connection, states: Collection[str]) -> dict[str, str]:
    """Outlets of listed feeds that were found in one of these states of health, each with what was found."""
    feed, health = schema.feed.c, schema.health.c
    rows = connection.execute(
        select(feed.outlet, health.detail)
        .join(schema.health, health.subject == feed.name)
        .where(feed.listed, health.state.in_(sorted(states)))
    )
    return {row.outlet: row.detail for row in rows}
