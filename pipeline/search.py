"""Search for people and programs: parse the query, ask the index, and join what it found with the record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from classifiers.types import LabelDecision, Position
from pipeline.app import App
from pipeline.db import article_pages
from pipeline.db import documents as document_rows
from pipeline.errors import NotFoundError
from pipeline.index.base import Hit
from pipeline.query import language
from pipeline.query.nodes import Query
from pipeline.query.words import in_words
from pipeline.types import Document

FACETS = ("actor", "issue", "development", "side", "owner", "outlet", "language")
"""What `--facets` counts: the fields that people narrow a search by."""

FACET_VALUES = 50

_PAGE = 1_000
"""Up to so many hits are asked for at once; more come as a stream."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to. `total` counts all hits, `documents` are the first of them, `words` echo the query.
    `cosines`: how near each document is to the one that others were to be like; else empty."""

    documents: tuple[Document, ...]
    total: int
    words: str
    facets: Mapping[str, Sequence[tuple[str, int]]] = field(default_factory=dict)
    cosines: Mapping[str, float] = field(default_factory=dict)


def search(
    app: App,
    query: str,
    *,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 20,
    zone: str = "UTC",
    with_facets: bool = False,
    like: str | None = None,
) -> Found:
    """Articles that satisfy `query`: published last first, or with `like` the nearest to that article by its embedding.

    `like` may be the id of an article that was merged into another. Raises QueryError with the place of what is wrong;
    NotFoundError where it is no article, or one without an embedding.
    """
    parsed = language.parse(query, labels=app.labels, now=now, zone=zone)
    hits: Sequence[Hit]
    if like is not None:
        hits = _like(app, like, parsed, since, until, limit)
    elif limit <= _PAGE:
        hits = app.index.search(parsed, since=since, until=until, limit=limit).hits
    else:
        hits = tuple(islice(app.index.stream(parsed, since=since, until=until), limit))
    total = app.index.count(parsed, since=since, until=until).value
    facets: dict[str, list[tuple[str, int]]] = {}
    if with_facets:
        counted = app.index.facets(parsed, FACETS, limit=FACET_VALUES, since=since, until=until)
        facets = {name: [(item.value, item.count) for item in values] for name, values in counted.items()}
    cosines = {hit.id: hit.score for hit in hits if hit.score is not None}
    with app.database.read() as connection:
        documents = document_rows.by_ids(connection, [hit.id for hit in hits])
    return Found(tuple(documents), total, in_words(parsed), facets, cosines)


def ids_found(app: App, query: str, *, now: datetime, zone: str = "UTC") -> Iterator[str]:
    """The ids of every article that satisfies `query`, however many, published last first. Raises QueryError at once."""
    hits = app.index.stream(language.parse(query, labels=app.labels, now=now, zone=zone))
    return (hit.id for hit in hits)


def _like(
    app: App, article: str, query: Query, since: datetime | None, until: datetime | None, limit: int
) -> Sequence[Hit]:
    with app.database.read() as connection:
        article = article_pages.living(connection, article)
        (found,) = document_rows.by_ids(connection, [article])
    embedding = found.embedding
    if embedding is None:
        raise NotFoundError(
            f"Nothing can be found like article {article!r}: the tagger's backend made no embedding of it"
            " (docs/taggers.md says which ones do)"
        )
    return app.index.similar(embedding, query, since=since, until=until, limit=limit, but=article)


def document_json(document: Document) -> dict[str, Any]:
    """An article as `search --json` prints it; the keys are public API (DESIGN.md, "Commands")."""
    return {
        "id": document.id,
        "title": document.title,
        "url": document.url,
        "outlet": document.outlet,
        "published": document.published,
        "seen": document.seen,
        "language": document.language,
        "story": document.story,
        "labels": [label_json(label) for label in document.labels],
        "positions": [position_json(position) for position in document.positions],
    }


def label_json(label: LabelDecision) -> dict[str, Any]:
    """A decided label: {"label", "score", "sentence"}."""
    return {"label": label.label, "score": round(label.score, 4), "sentence": label.sentence}


def position_json(position: Position) -> dict[str, Any]:
    """A position: {"development", "by", "against", "detail", "score", "sentence"}."""
    return {**asdict(position), "score": round(position.score, 4)}
