"""The index under test: each back end in turn, always behind the same protocol."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pipeline.index.base import Index
from pipeline.index.fields import Searchable, searchable
from pipeline.index.sqlite import SqliteIndex
from pipeline.query.language import parse
from pipeline.query.nodes import Query
from tests.pipeline.index.corpus import LABELS, NOW, documents

CORPUS_SIZE = 5_000


@pytest.fixture(params=["sqlite"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    """An empty index."""
    opened = SqliteIndex(tmp_path / "index.db")
    yield opened
    opened.close()


@pytest.fixture(scope="session", params=["sqlite"])
def full_index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """An index of the whole corpus, for reading only."""
    opened = SqliteIndex(tmp_path_factory.mktemp("corpus") / "index.db")
    opened.put(documents(CORPUS_SIZE))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def corpus() -> Sequence[Searchable]:
    """The articles of `full_index`, taken apart."""
    return [searchable(document) for document in documents(CORPUS_SIZE)]


@pytest.fixture(scope="session")
def query() -> Callable[[str], Query]:
    """Parses with the corpus's labels at its fixed moment."""
    return lambda text: parse(text, labels=LABELS, now=NOW)
