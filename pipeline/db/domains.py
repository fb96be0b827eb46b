"""Registered domains: which of them asked to be left alone, and which process asks each at the moment.

A process holds a domain while it has something to ask there, and keeps the limits (few at once, a gap) within itself;
the row says from when on the next holder may ask, so that the gap is kept between processes too. A lease runs out by
itself where its holder died.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, or_, select, update

from pipeline.db import schema
from pipeline.db.dialect import chunks, insert


def gates(connection: Connection, now: datetime) -> dict[str, datetime]:
    """Domains that must not be asked before a time (Retry-After), those still in force."""
    rows = connection.execute(
        select(schema.domain.c.name, schema.domain.c.not_before).where(schema.domain.c.not_before > now)
    )
    return {row.name: row.not_before for row in rows}


def close(connection: Connection, name: str, not_before: datetime, why: str) -> None:
    """Ask nothing of this domain before `not_before`; a later gate already set stays."""
    statement = insert(connection, schema.domain).values(name=name, not_before=not_before, why=why)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"not_before": statement.excluded.not_before, "why": why},
            where=schema.domain.c.not_before < statement.excluded.not_before,
        )
    )


def closed(now: datetime) -> Select[tuple[str]]:
    """The names of domains that are to be left alone, for use within a statement."""
    return select(schema.domain.c.name).where(schema.domain.c.not_before > now)


def held_by_others(now: datetime, holder: str) -> Select[tuple[str]]:
    """The names of domains that another process asks at the moment, for use within a statement."""
    table = schema.domain_lease.c
    return select(table.name).where(table.holder.is_not(None), table.holder != holder, table.until > now)


def take(
    connection: Connection, names: Iterable[str], holder: str, now: datetime, lease: timedelta
) -> dict[str, float]:
    """Lease those of `names` that nobody else holds; returns, for each, in how many seconds the first request may start."""
    table = schema.domain_lease
    taken: dict[str, float] = {}
    for part in chunks(sorted(set(names))):
        if not part:
            continue
        statement = insert(connection, table).values(
            [{"name": name, "holder": holder, "until": now + lease, "next_start": None} for name in part]
        )
        rows = connection.execute(
            statement.on_conflict_do_update(
                index_elements=["name"],
                set_={"holder": holder, "until": now + lease},
                where=or_(table.c.holder.is_(None), table.c.holder == holder, table.c.until <= now),
            ).returning(table.c.name, table.c.next_start)
        )
        for row in rows:
            wait_s = (row.next_start - now).total_seconds() if row.next_start else 0.0
            taken[row.name] = max(0.0, wait_s)
    return taken


def renew(connection: Connection, holder: str, now: datetime, lease: timedelta) -> None:
    """Prolong every lease that `holder` has."""
    table = schema.domain_lease
    connection.execute(update(table).where(table.c.holder == holder).values(until=now + lease))


def release(connection: Connection, rests_s: Mapping[str, float], holder: str, now: datetime) -> None:
    """Give domains back; nobody asks them before the rest (seconds) that the last request left has passed."""
    table = schema.domain_lease
    for name, rest_s in rests_s.items():
        connection.execute(
            update(table)
            .where(table.c.name == name, table.c.holder == holder)
            .values(holder=None, until=None, next_start=now + timedelta(seconds=rest_s))
        )
