"""More like this: the nearest articles by cosine, the same ones in every back end."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from pipeline.index import base
from pipeline.index.base import Index
from pipeline.index.evaluate import satisfies
from pipeline.index.fields import searchable, to_ms
from pipeline.query.nodes import Query, narrowed
from pipeline.types import Document, Embedding
from tests.pipeline.index.corpus import NOW, documents

Parse = Callable[[str], Query]

MODEL, OTHER_MODEL = "a1" * 32, "b2" * 32
DIMENSIONS = 48


def embedded(document: Document, model: str = MODEL, dimensions: int = DIMENSIONS) -> Document:
    """The article with a vector that follows from its title and id: equal titles are near each other."""
    about = np.random.default_rng(zlib.crc32(document.title.encode())).normal(size=dimensions)
    own = np.random.default_rng(zlib.crc32(document.id.encode())).normal(size=dimensions)
    vector = about + own / 2
    return replace(document, embedding=Embedding(model, halves(vector / np.linalg.norm(vector))))


def halves(vector: np.ndarray) -> bytes:
    return vector.astype("<f2").tobytes()


def mixed_corpus() -> list[Document]:
    """Most by one model; some by another one, of another length; some without a vector, or with one of no direction."""
    corpus = [embedded(document) for document in documents(400)]
    corpus[10:40] = [embedded(document, OTHER_MODEL, 24) for document in corpus[10:40]]
    corpus[40:60] = [replace(document, embedding=None) for document in corpus[40:60]]
    for at, no_direction in (
        (60, np.zeros(DIMENSIONS)),
        (61, np.full(DIMENSIONS, np.inf)),
        (62, np.ones(DIMENSIONS)),
    ):
        corpus[at] = replace(corpus[at], embedding=Embedding(MODEL, halves(no_direction)))
    return corpus


def cosine(one: Embedding, other: Embedding) -> float:
    left, right = (np.frombuffer(it.vector, dtype="<f2").astype(np.float64) for it in (one, other))
    return round(float(left @ right / np.linalg.norm(left) / np.linalg.norm(right)), 4)


def nearest(corpus: Sequence[Document], to: Document, query: Query, limit: int) -> list[tuple[str, float]]:
    """By definition: every article looked at."""
    assert to.embedding is not None
    found = []
    for document in corpus:
        taken_apart = searchable(document)
        held = taken_apart.embedding
        if (
            document.id != to.id
            and held is not None
            and held.model == to.embedding.model
            and satisfies(taken_apart, query.root)
        ):
            found.append((-cosine(to.embedding, held), -to_ms(document.published), document.id))
    return [(article, -negated) for negated, _, article in sorted(found)[:limit]]


@pytest.mark.parametrize(
    "text", ["*", "truce OR kyiv", "actor:russia -is:copy", "side:ukraine published:2025-02", "nowhere"]
)
def test_similar_articles_are_the_nearest_of_those_that_a_query_finds(
    index: Index, query: Parse, text: str
) -> None:
    corpus = mixed_corpus()
    index.put(corpus)
    for to in (corpus[0], corpus[12], corpus[399]):
        assert to.embedding is not None
        found = index.similar(to.embedding, query(text), limit=12, but=to.id)
        wanted = nearest(corpus, to, query(text), 12)
        assert [hit.score for hit in found] == pytest.approx([score for _, score in wanted], abs=2e-4)
        sure = [article for article, score in wanted if clear(score, wanted)]
        assert [hit.id for hit in found if hit.id in sure] == sure


def clear(score: float, wanted: Sequence[tuple[str, float]]) -> bool:
    """No other of the list is within what rounding can move."""
    return sum(abs(score - other) < 3e-4 for _, other in wanted) == 1


def test_articles_of_equal_text_stand_together_the_newest_first(index: Index, query: Parse) -> None:
    first, *others = (replace(document, title="One text", copy_of=None) for document in documents(4))
    same = embedded(first).embedding
    index.put([replace(document, embedding=same) for document in (first, *others)])
    assert same is not None
    found = index.similar(same, query("*"), but=first.id)
    newest_first = sorted(others, key=lambda document: (-document.published.timestamp(), document.id))
    assert [hit.id for hit in found] == [document.id for document in newest_first]
    assert {hit.score for hit in found} == {1.0}


def test_similar_articles_follow_edits_and_deletions(index: Index, query: Parse) -> None:
    corpus = [embedded(document) for document in documents(30)]
    index.put(corpus)
    to = corpus[3].embedding
    assert to is not None
    near = index.similar(to, query("*"), limit=5)
    assert near[0].id == corpus[3].id
    index.delete({near[1].id: 99})
    index.put([replace(corpus[3], revision=99, embedding=None)])
    later = [hit.id for hit in index.similar(to, query("*"), limit=5)]
    assert near[0].id not in later
    assert near[1].id not in later
    assert later[0] == near[2].id


def test_similar_articles_are_bounded_by_the_time_first_seen(index: Index, query: Parse) -> None:
    corpus = [embedded(document) for document in documents(120)]
    index.put(corpus)
    to, since = corpus[0].embedding, NOW - timedelta(days=20)
    assert to is not None
    found = index.similar(to, query("*"), since=since, limit=200)
    late = [document for document in corpus if document.seen >= since]
    assert {hit.id for hit in found} == {document.id for document in late}
    assert narrowed(query("*"), since, None).root != query("*").root


def test_text_that_no_model_has_read_is_near_nothing(index: Index, query: Parse) -> None:
    index.put(mixed_corpus())
    unknown = embedded(documents(1)[0], "c3" * 32, 16).embedding
    assert unknown is not None
    assert index.similar(unknown, query("*")) == ()


def test_search_among_more_than_are_compared_one_by_one_finds_nearly_all(
    index: Index, query: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = mixed_corpus()
    index.put(corpus)
    monkeypatch.setattr(base, "EXACT", 50)
    if index.info().kind == "elasticsearch":
        monkeypatch.setattr("pipeline.index.elasticsearch.EXACT", 50)
    to = corpus[5]
    assert to.embedding is not None
    found = index.similar(to.embedding, query("-is:copy"), limit=20, but=to.id)
    wanted = dict(nearest(corpus, to, query("-is:copy"), 20))
    assert len({hit.id for hit in found} & wanted.keys()) >= 18
    cosines = {document.id: document.embedding for document in corpus}
    for hit in found:
        held = cosines[hit.id]
        assert held is not None
        assert hit.score == pytest.approx(cosine(to.embedding, held), abs=2e-4)
    scores = [hit.score or 0.0 for hit in found]
    assert scores == sorted(scores, reverse=True)
