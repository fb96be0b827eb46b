"""Search for people and programs: parse the query, ask the index, and join what it found with the record."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from classifiers.types import LabelDecision, Position
from pipeline.app import App
from pipeline.db import documents as document_rows
from pipeline.query import language
from pipeline.query.words import in_words
from pipeline.types import Document

FACETS = ("actor", "issue", "development", "side", "owner", "outlet", "language")
"""What `--facets` counts: the fields that people narrow a search by."""

FACET_VALUES = 50


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to. `total` counts all hits, `documents` are the first of them, `words` echo the query."""

    documents: tuple[Document, ...]
    total: int
    words: str
    facets: Mapping[str, Sequence[tuple[str, int]]] = field(default_factory=dict)


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
) -> Found:
    """Articles that satisfy `query`, published last first. Raises QueryError with the place of what is wrong."""
    parsed = language.parse(query, labels=app.labels, now=now, zone=zone)
    page = app.index.search(parsed, since=since, until=until, limit=limit)
    total = app.index.count(parsed, since=since, until=until).value
    facets: dict[str, list[tuple[str, int]]] = {}
    if with_facets:
        counted = app.index.facets(parsed, FACETS, limit=FACET_VALUES, since=since, until=until)
        facets = {name: [(item.value, item.count) for item in values] for name, values in counted.items()}
    with app.database.read() as connection:
        found = document_rows.by_ids(connection, [hit.id for hit in page.hits])
    return Found(tuple(found), total, in_words(parsed), facets)


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
