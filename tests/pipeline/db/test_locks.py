"""One process at a time, on both databases, and a holder that slept too long notices before it commits."""

import threading
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from pipeline.db import locks
from pipeline.db.engine import Database
from pipeline.db.locks import LockLostError, exclusive


def test_a_second_process_waits_for_the_first(database: Database) -> None:
    order: list[str] = []
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with exclusive(database, "work", "first") as lock:
            inside.set()
            leave.wait(20)
            with database.write() as connection:
                lock.check(connection)
            order.append("first")

    def second() -> None:
        inside.wait(20)
        leave.set()
        with exclusive(database, "work", "second"):
            order.append("second")

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order == ["first", "second"]


def test_a_lock_that_stays_taken_is_given_up_on(database: Database) -> None:
    with exclusive(database, "work", "first"), pytest.raises(LockLostError, match="work"):
        enter(database, wait_s=0.1)


def enter(database: Database, **options: Any) -> None:
    """Take the lock `work` and let it go."""
    with exclusive(database, "work", "other", **options):
        pass


def test_different_locks_do_not_meet(database: Database) -> None:
    with exclusive(database, "work", "first"), exclusive(database, "play", "second", wait_s=0.1):
        pass


def test_a_lock_is_free_again_after_an_error(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), exclusive(database, "work", "first"):
        raise ZeroDivisionError
    with exclusive(database, "work", "second", wait_s=0.1):
        pass


def test_a_holder_that_slept_through_its_lease_cannot_commit(sqlite_database: Database) -> None:
    with exclusive(sqlite_database, "work", "sleeper") as slept:
        enter(sqlite_database, clock=lambda: locks.wall_clock() + locks.LEASE + timedelta(seconds=1))
        with pytest.raises(LockLostError), sqlite_database.write() as connection:
            slept.check(connection)


def test_checking_prolongs_the_lease(sqlite_database: Database) -> None:
    with exclusive(sqlite_database, "work", "busy") as held:
        soon = locks.wall_clock() + locks.LEASE - timedelta(seconds=1)
        with patch.object(locks, "wall_clock", return_value=soon), sqlite_database.write() as connection:
            held.check(connection)
        with pytest.raises(LockLostError):
            enter(sqlite_database, wait_s=0.0, clock=lambda: soon + timedelta(seconds=30))


def test_a_session_that_the_server_ended_has_lost_its_lock(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite's lease has no session")
    with exclusive(database, "work", "ended") as held:
        with database.write() as connection:
            # With a number of milliseconds the server waits till the session is gone.
            connection.exec_driver_sql(f"SELECT pg_terminate_backend({held.session}, 20000)")
        with pytest.raises(LockLostError), database.write() as connection:
            held.check(connection)
