"""Copy a whole database into an empty one of either kind: every row with its id, proven before it is committed.

The source is read as one snapshot, and the target is written in one transaction: it holds everything or nothing.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from pipeline.db import migrate, schema
from pipeline.db.engine import Database
from pipeline.errors import DatabaseUnavailableError, SettingsError

BATCH = 1000

LEFT_OUT = frozenset({"lock"})
"""Rows that belong to running processes, not to the record."""


@dataclass(frozen=True, slots=True)
class TableSum:
    """One table's rows and a checksum over all its values in the order of its key (sha256, hex)."""

    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What was copied, table by table; equal in source and target, or nothing was written."""

    tables: Mapping[str, TableSum]

    @property
    def rows(self) -> int:
        """Rows in all tables."""
        return sum(table.rows for table in self.tables.values())


def copy_database(
    source: Database,
    target: Database,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> CopyReport:
    """Copy everything; `progress` is told rows done and rows in all, each counted when written and when proven.

    The target's schema is made by the migrations. Its articles wait to be indexed: an index is derived, and a new
    database has none. Raises SettingsError where the target is not empty or is the source itself, and
    DatabaseUnavailableError where a row cannot be written or the copy differs; the target is then as it was.
    """
    if _same(source, target):
        raise SettingsError("source and target are the same database")
    migrate.upgrade(target)
    tables = [table for table in schema.metadata.sorted_tables if table.name not in LEFT_OUT]
    with _snapshot(source) as reading, target.write() as writing:
        _refuse_unless_empty(writing, tables, target)
        total = 2 * sum(_count(reading, table) for table in tables)
        done = 0
        sums: dict[str, TableSum] = {}
        for table in tables:
            given = _Sum(table)
            for rows in _batches(reading, table):
                given.add(rows)
                _write(writing, table, rows)
                done += len(rows)
                progress(done, total)
            sums[table.name] = given.result()
        for table in tables:
            kept = _Sum(table)
            for rows in _batches(writing, table):
                kept.add(rows)
                done += len(rows)
                progress(done, total)
            if kept.result() != sums[table.name]:
                raise DatabaseUnavailableError(
                    f"table {table.name} reads differently in {target.describe()}: {kept.result()} instead of "
                    f"{sums[table.name]}; nothing was kept"
                )
        _go_on_counting(writing, tables)
        writing.execute(update(schema.article).values(indexed_revision=0))
    return CopyReport(sums)


def _same(source: Database, target: Database) -> bool:
    if source.path is not None and target.path is not None:
        return source.path.resolve() == target.path.resolve()
    return source.url == target.url


@contextmanager
def _snapshot(database: Database) -> Iterator[Connection]:
    """One state of the database, however long reading takes and whatever is written meanwhile."""
    if database.is_sqlite:
        with database.read() as connection:
            yield connection
        return
    with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        yield connection


def _refuse_unless_empty(connection: Connection, tables: Sequence[Table], target: Database) -> None:
    for table in tables:
        if connection.execute(select(table).limit(1)).first() is not None:
            raise SettingsError(
                f"{target.describe()} is not empty (table {table.name}): a copy needs a database of its own"
            )


def _batches(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """All rows in the order of the primary key, which both kinds of database are made to sort alike."""
    collated = connection.dialect.name == "postgresql"
    order = [
        column.collate("C") if collated and isinstance(column.type.python_type(), str) else column
        for column in table.primary_key.columns
    ]  # fmt: skip
    query = select(table).order_by(*order)
    result = connection.execute(query, execution_options={"yield_per": BATCH})
    for part in result.mappings().partitions(BATCH):
        yield [dict(row) for row in part]


def _write(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    try:
        connection.execute(insert(table), rows)
    except (DBAPIError, ValueError) as error:
        first = {column.name: rows[0][column.name] for column in table.primary_key.columns}
        raise DatabaseUnavailableError(
            f"rows of table {table.name} from {first} on cannot be written: {getattr(error, 'orig', error)}"
        ) from error


class _Sum:
    """A checksum that does not depend on how a database stores a value."""

    def __init__(self, table: Table) -> None:
        self._columns = [column.name for column in table.columns]
        self._digest = hashlib.sha256()
        self._rows = 0

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take in rows in order."""
        for row in rows:
            values = [row[name] for name in self._columns]
            self._digest.update(json.dumps(values, default=_plain, sort_keys=True).encode() + b"\n")
        self._rows += len(rows)

    def result(self) -> TableSum:
        """Rows and checksum so far."""
        return TableSum(self._rows, self._digest.hexdigest())


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    raise TypeError(f"{type(value).__name__} in a row")


def _go_on_counting(connection: Connection, tables: Sequence[Table]) -> None:
    """PostgreSQL: the next id of each table follows the highest copied one. SQLite finds it by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        key = list(table.primary_key.columns)
        if len(key) != 1 or key[0].type.python_type is not int or key[0].foreign_keys:
            continue
        highest = connection.execute(select(func.max(key[0]))).scalar_one()
        if highest is not None:
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"),
                {"table": f'"{table.name}"', "column": key[0].name, "highest": highest},
            )


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
