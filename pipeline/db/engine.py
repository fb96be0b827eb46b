"""Open the record of truth and run its transactions: SQLite (default) or PostgreSQL, by URL.

SQLite runs in WAL mode; write transactions start with BEGIN IMMEDIATE, so that a writer waits its turn at the start
(10 s at most) and never fails in the middle with "database is locked". Reads have transactions of their own.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from pipeline.errors import DatabaseUnavailableError, SettingsError

SQLITE_MINIMUM = (3, 40, 0)
"""The oldest SQLite with everything we use well tested together: RETURNING, FTS5, STRICT, partial indexes."""

BUSY_TIMEOUT_MS = 10_000


class Database:
    """The record of truth. `read()` and `write()` give a connection inside one transaction each."""

    def __init__(self, engine: Engine, url: URL) -> None:
        self.engine = engine
        self.url = url
        self.is_sqlite = engine.dialect.name == "sqlite"

    @property
    def path(self) -> Path | None:
        """The SQLite file, or None for a server or a database in memory."""
        name = self.url.database
        return Path(name) if self.is_sqlite and name and name != ":memory:" else None

    def describe(self) -> str:
        """The URL without its password, for messages."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in a read transaction: one consistent snapshot on SQLite, READ COMMITTED on PostgreSQL."""
        with self._connection("BEGIN") as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection in a write transaction, committed at the end of the block and rolled back on any error.

        Keep it short (under 100 ms) and free of network, model and SMTP calls.
        """
        with self._connection("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _connection(self, begin: str) -> Iterator[Connection]:
        try:
            connection = self.engine.connect()
        except DBAPIError as error:
            raise DatabaseUnavailableError(
                f"cannot open the database {self.describe()}: {error.orig}. Check CEASEFIRE_DATABASE_URL or --db."
            ) from error
        with connection:
            if self.is_sqlite:
                try:
                    connection.exec_driver_sql(begin)
                except OperationalError as error:
                    raise DatabaseUnavailableError(
                        f"the database {self.describe()} did not let us begin within {BUSY_TIMEOUT_MS // 1000} s: "
                        f"{error.orig}. Another program holds it; look for a hanging process."
                    ) from error
            yield connection
            connection.commit()

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """`url` is sqlite:///PATH, sqlite:// (in memory) or postgresql://…. The schema is neither made nor checked here.

    Raises SettingsError for a URL that is neither, DatabaseUnavailableError where SQLite is too old.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SettingsError(
            f"{url!r} is not a database URL; write sqlite:///PATH or postgresql://user@host/name"
        ) from error
    if parsed.drivername == "sqlite":
        return Database(_sqlite_engine(parsed), parsed)
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        parsed = parsed.set(drivername="postgresql+psycopg")
        return Database(create_engine(parsed, pool_pre_ping=True), parsed)
    raise SettingsError(
        f"database {parsed.drivername!r} is not supported; use sqlite:///PATH or postgresql://…"
    )


def _sqlite_engine(url: URL) -> Engine:
    if sqlite3.sqlite_version_info < SQLITE_MINIMUM:
        raise DatabaseUnavailableError(
            f"SQLite {sqlite3.sqlite_version} is too old: {'.'.join(map(str, SQLITE_MINIMUM))} or newer is needed"
        )
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver's own would start deferred
        cursor = connection.cursor()
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "temp_store = MEMORY",
            "cache_size = -65536",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
