"""Words that stand in many articles are answered from bits, and no differently from what FTS5 finds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.index import sqlite_common, sqlite_read
from pipeline.index.evaluate import satisfies
from pipeline.index.fields import searchable
from pipeline.index.sqlite import SqliteIndex
from pipeline.query.nodes import Query
from pipeline.types import Document
from tests.pipeline.index.corpus import documents

Parse = Callable[[str], Query]

QUERIES = (
    "the", "kyiv", "truce", "the AND truce", "the OR armistice", "the truce -kyiv", "NOT the", "(the OR kyiv) AND reject",
    'the "power line"', "title:the", "the AND actor:russia", "the AND zelensk*", "armistice", "киева OR the",
)  # fmt: skip


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 128 articles that keep their common words from the fortieth on."""
    for module in ("sqlite_read", "sqlite_write", "sqlite_hits", "sqlite_common", "sqlite", "columns"):
        monkeypatch.setattr(f"pipeline.index.{module}.CHUNK", 128)
    monkeypatch.setattr("pipeline.index.columns.CHUNK_BYTES", 16)
    monkeypatch.setattr(sqlite_common, "BEGUN_AT", 40)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteIndex]:
    opened = SqliteIndex(tmp_path / "i.db")
    yield opened
    opened.close()


def assert_found_as_defined(index: SqliteIndex, corpus: Sequence[Document], query: Parse) -> None:
    articles = [searchable(document) for document in corpus]
    for text in QUERIES:
        parsed = query(text)
        wanted = {article.id for article in articles if satisfies(article, parsed.root)}
        assert {hit.id for hit in index.search(parsed, limit=1_000).hits} == wanted, text
        assert index.count(parsed).value == len(wanted), text


def test_common_words_are_found_as_defined_before_and_after_their_bits_are_kept(
    index: SqliteIndex, query: Parse
) -> None:
    corpus = documents(300)
    for end in (30, 45, 120, 135, 300):
        index.put(corpus[:end])
        assert_found_as_defined(index, corpus[:end], query)


def test_edits_and_deletions_reach_the_bits(index: SqliteIndex, query: Parse) -> None:
    corpus = documents(200)
    index.put(corpus)
    for number in range(0, 200, 7):
        corpus[number] = replace(corpus[number], revision=9, text=corpus[(number + 50) % 200].text)
    corpus[5] = replace(corpus[5], revision=9, title="Nothing", text="")
    index.put(corpus)
    index.delete({corpus[3].id: 99, corpus[150].id: 99})
    corpus = [replace(document, deleted=number in (3, 150)) for number, document in enumerate(corpus)]
    assert_found_as_defined(index, corpus, query)


def test_a_rebuilt_index_keeps_them_too(index: SqliteIndex, query: Parse) -> None:
    corpus = documents(200)
    index.put(corpus)
    rebuild = index.rebuild()
    rebuild.put(corpus)
    rebuild.finish()
    assert_found_as_defined(index, corpus, query)


def test_fts_is_not_asked_for_a_word_that_every_chunk_keeps(
    index: SqliteIndex, query: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.put(documents(300))
    asked: list[str] = []
    ask = sqlite_read.Reader.run

    def noted(reader: sqlite_read.Reader, sql: str, *parameters: object) -> object:
        asked.append(sql)
        return ask(reader, sql, *parameters)

    monkeypatch.setattr(sqlite_read.Reader, "run", noted)
    assert index.count(query("the OR kyiv")).value > 100
    assert not [sql for sql in asked if "MATCH" in sql]
    assert index.count(query("the armistice")).value == 0
    assert [sql for sql in asked if "MATCH" in sql]
