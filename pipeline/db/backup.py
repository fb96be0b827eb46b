"""A consistent copy of a database that is in use: SQLite by its own backup, PostgreSQL by pg_dump."""

import os
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy.engine import URL

from pipeline.db.engine import Database
from pipeline.errors import DatabaseUnavailableError, SettingsError

PAGES = 2000
"""Copied in one step: 8 MB."""


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What was written. `restore`: the command that brings it back."""

    file: Path
    kind: Literal["sqlite", "pg_dump"]
    size_bytes: int
    restore: str


def backup_database(
    database: Database,
    file: Path,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> BackupReport:
    """Write the database as it is at this moment to `file`, which must not be there yet; readers and writers go on.

    The file appears under its name only when it is whole. Raises SettingsError for a file that cannot be, or where
    pg_dump is missing (with what to run instead), DatabaseUnavailableError where the copy fails.
    """
    if file.exists():
        raise SettingsError(f"{file} is there already; name a new file")
    if not file.parent.is_dir():
        raise SettingsError(f"{file.parent} is no folder")
    partial = file.with_name(f"{file.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        if database.is_sqlite:
            _copy_sqlite(database, partial, progress)
        else:
            _dump(database, partial)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    kind: Literal["sqlite", "pg_dump"] = "sqlite" if database.is_sqlite else "pg_dump"
    return BackupReport(file, kind, file.stat().st_size, _restore(database, file))


def _copy_sqlite(database: Database, file: Path, progress: Callable[[int, int], None]) -> None:
    """Page by page out of one snapshot: a read transaction that is held keeps the writers' pages out of it, so that
    the copy neither blocks them nor starts over (https://sqlite.org/backup.html)."""
    if database.path is None:
        raise SettingsError("a database in memory cannot be backed up")
    try:
        with closing(sqlite3.connect(database.path, isolation_level=None)) as source:
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            with closing(sqlite3.connect(file)) as copy:
                source.backup(
                    copy, pages=PAGES, progress=lambda _status, left, all_: progress(all_ - left, all_)
                )
                copy.execute("PRAGMA journal_mode = DELETE")
                (verdict,) = copy.execute("PRAGMA quick_check").fetchone()
            source.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise DatabaseUnavailableError(f"the copy of {database.describe()} failed: {error}") from error
    if verdict != "ok":
        raise DatabaseUnavailableError(f"the copy of {database.describe()} is not sound: {verdict}")


def _dump(database: Database, file: Path) -> None:
    command = _pg_dump(database, file)
    program = shutil.which(command[0])
    if program is None:
        raise SettingsError(
            f"pg_dump is not installed here; on a machine that has PostgreSQL's client, run: {shlex.join(command)}"
        )
    done = subprocess.run(
        [program, *command[1:]], env=_environment(database), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DatabaseUnavailableError(
            f"pg_dump of {database.describe()} failed: {done.stderr.strip() or done.returncode}"
        )


def _pg_dump(database: Database, file: Path) -> list[str]:
    return ["pg_dump", "--format=custom", f"--file={file}", f"--dbname={_address(database)}"]


def _address(database: Database) -> str:
    """The URL as PostgreSQL's own programs take it, without the password: that goes by the environment, since anybody
    on the machine can read a command line."""
    url = database.url
    return URL.create(
        "postgresql",
        username=url.username,
        host=url.host,
        port=url.port,
        database=url.database,
        query=url.query,
    ).render_as_string(hide_password=False)


def _environment(database: Database) -> dict[str, str]:
    password = database.url.password
    return {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}


def _restore(database: Database, file: Path) -> str:
    if database.is_sqlite:
        path = str(database.path)
        logs = shlex.join([f"{path}-wal", f"{path}-shm"])  # of the database that is replaced
        return f"rm -f {logs} && cp {shlex.quote(str(file))} {shlex.quote(path)}"
    return (
        "pg_restore --clean --if-exists --no-owner --single-transaction "
        f"{shlex.quote(f'--dbname={_address(database)}')} {shlex.quote(str(file))}"
    )
