"""One process at a time: grouping and deciding run under one lock of the database (DESIGN.md, "Nothing lost").

SQLite: a leased row with a fencing number. Whoever takes an expired lease raises the number, so that a holder that
slept through its lease finds another number when it comes to commit, and rolls back. PostgreSQL: a session's advisory
lock, which dies with its connection; before a commit we ask the server whether that session still holds it.
"""

import logging
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select, text, update
from sqlalchemy.exc import DBAPIError

from pipeline.db import schema
from pipeline.db.dialect import insert
from pipeline.db.engine import Database
from pipeline.errors import ServiceError

log = logging.getLogger(__name__)

DECIDE = "decide"
"""The one lock under which grouping and deciding run."""

LEASE = timedelta(minutes=2)
"""Longer than any single batch that runs under a lock; a crashed holder delays the next one by no more."""

RETRY_S = 0.05


class LockLostError(ServiceError):
    """The lock was lost or could not be had in time; nothing of what it protected was written."""


def wall_clock() -> datetime:
    """The machine's time: leases run on it even where the pipeline's own clock is simulated."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that this process holds. `check` belongs at the end of each write transaction under it."""

    name: str
    fence: int
    session: int | None

    def check(self, connection: Connection) -> None:
        """Raise LockLostError, and so roll back, unless the lock is still ours. Prolongs the lease on SQLite."""
        if self.session is None:
            kept = connection.execute(
                update(schema.lock)
                .where(schema.lock.c.name == self.name, schema.lock.c.fence == self.fence)
                .values(expires=wall_clock() + LEASE)
            ).rowcount
        else:
            kept = connection.execute(
                text(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = :pid "
                    "AND objid = CAST(:key AS bigint)::oid"
                ),
                {"pid": self.session, "key": _key(self.name)},
            ).scalar_one()
        if not kept:
            raise LockLostError(
                f"the lock {self.name!r} was taken over by another process; this batch is repeated"
            )


def _key(name: str) -> int:
    return zlib.crc32(f"ceasefire {name}".encode())


@contextmanager
def exclusive(
    database: Database,
    name: str,
    holder: str,
    wait_s: float = 30.0,
    clock: Callable[[], datetime] = wall_clock,
) -> Iterator[Held]:
    """Hold the lock `name` for the block. Waits `wait_s` for it, then raises LockLostError.

    `holder` names the process for the operator. Not re-entrant.
    """
    take = _lease if database.is_sqlite else _advise
    with take(database, name, holder, wait_s, clock) as held:
        yield held


@contextmanager
def _lease(
    database: Database, name: str, holder: str, wait_s: float, clock: Callable[[], datetime]
) -> Iterator[Held]:
    deadline = time.monotonic() + wait_s
    while (fence := _take_row(database, name, holder, clock())) is None:
        if time.monotonic() >= deadline:
            raise LockLostError(
                f"the lock {name!r} stayed taken for {wait_s:g} s; another process is at work"
            )
        time.sleep(RETRY_S)
    try:
        yield Held(name, fence, None)
    finally:
        with database.write() as connection:
            connection.execute(
                update(schema.lock)
                .where(schema.lock.c.name == name, schema.lock.c.fence == fence)
                .values(holder=None, expires=None)
            )


def _take_row(database: Database, name: str, holder: str, now: datetime) -> int | None:
    table = schema.lock
    with database.write() as connection:
        connection.execute(insert(connection, table).values(name=name, fence=0).on_conflict_do_nothing())
        row = connection.execute(select(table).where(table.c.name == name)).one()
        if row.expires is not None and row.expires > now:
            return None
        fence: int = row.fence + 1
        connection.execute(
            update(table).where(table.c.name == name).values(holder=holder, expires=now + LEASE, fence=fence)
        )
    return fence


@contextmanager
def _advise(
    database: Database, name: str, _holder: str, wait_s: float, _clock: Callable[[], datetime]
) -> Iterator[Held]:
    deadline = time.monotonic() + wait_s
    key = {"key": _key(name)}
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
        while not session.execute(text("SELECT pg_try_advisory_lock(:key)"), key).scalar_one():
            if time.monotonic() >= deadline:
                raise LockLostError(
                    f"the lock {name!r} stayed taken for {wait_s:g} s; another process is at work"
                )
            time.sleep(RETRY_S)
        try:
            yield Held(name, 0, session.execute(text("SELECT pg_backend_pid()")).scalar_one())
        finally:
            try:
                session.execute(text("SELECT pg_advisory_unlock(:key)"), key)
            except (
                DBAPIError
            ) as error:  # the session ended, and the lock with it; `check` has told whoever committed
                log.warning("the session that held the lock %r is gone: %s", name, error.orig)
