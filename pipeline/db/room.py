"""Room in SQLite files: how much of a file is empty, and giving it back to the disk.

What is deleted leaves empty pages, which new rows fill before the file grows. Only VACUUM gives them back: it writes the
file anew (https://sqlite.org/lang_vacuum.html), keeps writers out meanwhile, and needs room for that; so it runs when
somebody says so, never by itself.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.db.engine import BUSY_TIMEOUT_MS
from pipeline.errors import DatabaseUnavailableError

WORTH_SHARE = 0.25
WORTH_BYTES = 64 * 2**20
"""Below a quarter of the file, or below this, the next weeks' articles fill the room anyway."""

COPIES = 2
"""Of what is in use, written by VACUUM in WAL mode: a temporary file, and the log."""


@dataclass(frozen=True, slots=True)
class Room:
    """Size of a SQLite file, and what of it is empty, in bytes."""

    size_bytes: int
    free_bytes: int

    @property
    def worth_giving_back(self) -> bool:
        """Whether so much is empty that writing the file anew pays."""
        return self.free_bytes >= max(WORTH_BYTES, self.size_bytes * WORTH_SHARE)


def room_of(file: Path) -> Room:
    """How full a SQLite file is. Raises DatabaseUnavailableError."""
    with _opened(file) as connection:
        return _room(connection)


def give_back(file: Path) -> tuple[Room, Room]:
    """Write a SQLite file anew without its empty pages; returns its room before and after. Readers go on meanwhile,
    writers wait.

    Raises DatabaseUnavailableError where the disk is too full, or another program writes all the time; the file is then
    as it was.
    """
    with _opened(file) as connection, _temporary_files_beside(file):
        before = _room(connection)
        needed = COPIES * (before.size_bytes - before.free_bytes)
        left = shutil.disk_usage(file.parent).free
        if left < needed:
            raise DatabaseUnavailableError(
                f"{file} cannot be written anew: that needs {_megabytes(needed)} in {file.parent}, where {_megabytes(left)} are left"
            )
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return before, _room(connection)


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection of its own: the pool's keeps temporary tables in memory, where a whole database has no room."""
    try:
        with closing(
            sqlite3.connect(file, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000)
        ) as connection:
            yield connection
    except sqlite3.Error as error:
        raise DatabaseUnavailableError(
            f"{file} could not be written anew: {error}. Stop `watch` or whatever else writes to it, and try again."
        ) from error


@contextmanager
def _temporary_files_beside(file: Path) -> Iterator[None]:
    """SQLite's temporary files go to the database's own disk, where the room was looked at: /tmp is often small."""
    before = os.environ.get("SQLITE_TMPDIR")
    os.environ["SQLITE_TMPDIR"] = str(file.parent.resolve())
    try:
        yield
    finally:
        if before is None:
            del os.environ["SQLITE_TMPDIR"]
        else:
            os.environ["SQLITE_TMPDIR"] = before


def _room(connection: sqlite3.Connection) -> Room:
    size, pages, free = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_size", "page_count", "freelist_count")
    )
    return Room(size * pages, size * free)


def _megabytes(count: int) -> str:
    return f"{count / 2**20:,.0f} MB"
