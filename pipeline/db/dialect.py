"""The few statements that SQLAlchemy spells differently for SQLite and PostgreSQL."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Item = TypeVar("Item")

PARAMETERS_PER_STATEMENT = 500
"""IN lists are cut to this: far below SQLite's 32,766 and PostgreSQL's 65,535, and statements stay cacheable."""


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, in this connection's dialect."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def chunks(items: Sequence[Item], size: int = PARAMETERS_PER_STATEMENT) -> Iterator[Sequence[Item]]:
    """Consecutive slices of at most `size` items."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
