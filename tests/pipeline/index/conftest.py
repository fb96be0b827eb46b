"""The index under test: each back end in turn, always behind the same protocol."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pipeline.index.base import Index
from pipeline.index.fields import Searchable, searchable
from pipeline.index.sqlite import SqliteIndex
from pipeline.query.language import parse
from pipeline.query.nodes import Query
from tests.conftest import absent
from tests.elasticsearch_node import node
from tests.pipeline.index.corpus import LABELS, NOW, documents

CORPUS_SIZE = 5_000
BACK_ENDS = ["sqlite", "elasticsearch"]


@pytest.fixture(scope="session")
def elasticsearch_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Elasticsearch: the one that CEASEFIRE_TEST_ELASTICSEARCH_URL names, else a node of our own."""
    pytest.importorskip("elasticsearch")
    if url := os.environ.get("CEASEFIRE_TEST_ELASTICSEARCH_URL"):
        yield url
        return
    required = "elasticsearch" in os.environ.get("CEASEFIRE_TEST_REQUIRE", "").split(",")
    if reason := node.why_absent(may_download=required):
        absent("elasticsearch", reason)
    with node.running(tmp_path_factory.mktemp("elasticsearch")) as running:
        yield running.url


def empty_index(request: pytest.FixtureRequest, folder: Path) -> Index:
    """An empty index of the kind that the fixture's parameter names."""
    if request.param == "sqlite":
        return SqliteIndex(folder / "index.db")
    url = request.getfixturevalue("elasticsearch_url")
    from pipeline.index.elasticsearch import ElasticsearchIndex

    index = ElasticsearchIndex(url, refresh=True)
    index.clear()
    return index


@pytest.fixture(params=BACK_ENDS)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    """An empty index."""
    opened = empty_index(request, tmp_path)
    yield opened
    opened.close()


@pytest.fixture(scope="module", params=BACK_ENDS)
def full_index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """An index of the whole corpus, for reading only."""
    opened = empty_index(request, tmp_path_factory.mktemp("corpus"))
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
