"""How well a period was watched: gaps between cycles, feeds that fail, and what came in."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, distinct, func, select

from pipeline.db import schema
from pipeline.health import FAILING_AFTER

GAP = timedelta(hours=3)
"""A pause between two cycles that counts as being away: no feed's own interval is meant to explain it."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which nothing was watched, UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Failing:
    """A listed feed that fails: its outlet, the kind of failure, and when it last answered."""

    feed: str
    outlet: str
    failure: str
    last_success: datetime | None


def gaps(connection: Connection, since: datetime, until: datetime) -> list[Gap]:
    """The pauses of `GAP` or more between cycles in a period, cut to it; times before the first cycle ever count too."""
    table = schema.cycle.c
    rows = connection.execute(
        select(table.started, table.finished)
        .where(table.started < until)
        .where(func.coalesce(table.finished, table.started) >= since)
        .order_by(table.started)
    ).all()
    found: list[Gap] = []
    last = since
    for row in rows:
        if row.started - last >= GAP:
            found.append(Gap(last, row.started))
        last = max(last, row.finished or row.started)
    if until - last >= GAP:
        found.append(Gap(last, until))
    return found


def last_gap(connection: Connection, now: datetime, ended_within: timedelta) -> Gap | None:
    """The latest pause between two cycles that ended within that time, whole; None where there was none."""
    table = schema.cycle.c
    rows = connection.execute(
        select(table.started, table.finished).order_by(table.started.desc(), table.id.desc()).limit(1000)
    ).all()
    for later, earlier in pairwise(rows):
        if now - later.started > ended_within:
            return None
        end = earlier.finished or earlier.started
        if later.started - end >= GAP:
            return Gap(end, later.started)
    return None


def failing(connection: Connection, first: Collection[str] = ()) -> list[Failing]:
    """Listed feeds that have failed for a while; those whose outlet is in `first` come first."""
    table = schema.feed.c
    rows = connection.execute(
        select(table.name, table.outlet, table.failure, table.last_success)
        .where(table.listed, table.failures >= FAILING_AFTER)
        .order_by(table.outlet, table.name)
    )
    found = [Failing(row.name, row.outlet, row.failure or "failing", row.last_success) for row in rows]
    return sorted(found, key=lambda feed: feed.outlet not in first)


def taken_in(connection: Connection, since: datetime, until: datetime) -> tuple[int, int]:
    """How many articles, of how many outlets, were first seen in [since, until); an archive taken in does not count."""
    table = schema.article.c
    row = connection.execute(
        select(func.count(), func.count(distinct(table.outlet))).where(
            table.seen >= since, table.seen < until, table.reason.not_in(("import", "backfill"))
        )
    ).one()
    return row[0], row[1]
