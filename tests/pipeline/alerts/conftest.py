"""A newsroom for each test: on SQLite for rules, on both databases for what touches tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.db.engine import Database
from tests.pipeline.newsroom import Newsroom


@pytest.fixture
def newsroom(sqlite_database: Database, tmp_path: Path) -> Iterator[Newsroom]:
    room = Newsroom.open(sqlite_database, tmp_path)
    yield room
    room.index.close()


@pytest.fixture
def any_newsroom(database: Database, tmp_path: Path) -> Iterator[Newsroom]:
    room = Newsroom.open(database, tmp_path)
    yield room
    room.index.close()
