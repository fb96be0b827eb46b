"""Every hit of a query, however many, one after the other."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import pytest

from pipeline.index.base import Index
from pipeline.query.nodes import Query
from pipeline.types import Document
from tests.pipeline.index.corpus import documents

Parse = Callable[[str], Query]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch, index: Index) -> Iterator[None]:
    """Pages of 50 hits, so that a few hundred articles make many."""
    monkeypatch.setattr(f"{type(index).__module__}._STREAMED_AT_ONCE", 50)
    yield


def in_order(corpus: list[Document]) -> list[str]:
    return [
        document.id
        for document in sorted(corpus, key=lambda document: (-document.published.timestamp(), document.id))
    ]


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("count", [0, 50, 100, 430])
def test_stream_has_every_hit_once_and_in_order(index: Index, query: Parse, count: int) -> None:
    corpus = documents(count)
    index.put(corpus)
    assert [hit.id for hit in index.stream(query("*"))] == in_order(corpus)


@pytest.mark.usefixtures("small_pages")
def test_stream_obeys_query_and_time(index: Index, query: Parse) -> None:
    corpus = documents(430)
    index.put(corpus)
    since = sorted(document.seen for document in corpus)[200]
    wanted = [document for document in corpus if document.side == "ukraine" and document.seen >= since]
    assert [hit.id for hit in index.stream(query("side:ukraine"), since=since)] == in_order(wanted)


@pytest.mark.usefixtures("small_pages")
def test_stream_leaves_out_and_repeats_nothing_that_was_there_all_along(index: Index, query: Parse) -> None:
    corpus = documents(430)
    early, late = corpus[:330], corpus[330:]
    index.put(early)
    stream = index.stream(query("*"))
    found = [hit.id for hit in islice(stream, 120)]
    index.put(late)
    index.put([replace(document, revision=9) for document in early[:40]])
    found += [hit.id for hit in stream]
    assert len(found) == len(set(found))
    untouched = {document.id for document in early[40:]}
    assert [article for article in found if article in untouched] == in_order(early[40:])


@pytest.mark.usefixtures("small_pages")
def test_stream_can_be_left_early(index: Index, query: Parse) -> None:
    index.put(documents(200))
    stream = index.stream(query("*"))
    assert len(list(islice(stream, 3))) == 3
    stream.close()  # type: ignore[attr-defined]
    assert index.count(query("*")).value == 200
