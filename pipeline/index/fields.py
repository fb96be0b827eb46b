"""What of a Document can be searched, once for every back end: words, values and times by field.

The back ends store what stands here and nothing else, so a rule about a field is made in one place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from classifiers.types import Position
from pipeline.query import fold
from pipeline.types import Document, Embedding

TEXT_FIELDS: tuple[str, ...] = ("title", "text", "name", "place")
SINGLE_FIELDS: tuple[str, ...] = (
    "outlet", "owner", "side", "control", "country", "kind", "form", "language", "feed",
)  # fmt: skip
"""Keyword fields of which an article has one value."""
MULTI_FIELDS: tuple[str, ...] = (
    "actor", "issue", "development", "detail", "by", "against", "tag", "is", "uncertain", "has",
)  # fmt: skip
"""Fields of which an article has any number of values. `uncertain` holds facet:id; `has` names the fields that hold
anything, so that `thread:*` is a value like any other."""
KEYED_FIELDS: tuple[str, ...] = (*SINGLE_FIELDS, "tag")
"""Fields whose values people write as they like; a query compares their folded keys."""

BOUNDARY = "\ue000"
"""A token between two names of one article, so that no phrase runs from one into the other (private use: in no text)."""

UNIT_WITHIN = 0.001
"""How far half floats may leave a vector's length from 1."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class PositionKey:
    """A position without its sentence and score: what a query can ask of it. Sets are in order of id."""

    development: str
    by: tuple[str, ...]
    against: tuple[str, ...]
    detail: str

    @classmethod
    def of(cls, position: Position) -> "PositionKey":
        return cls(
            position.development,
            tuple(sorted(set(position.by))),
            tuple(sorted(set(position.against))),
            position.detail or "",
        )


@dataclass(frozen=True, slots=True)
class Searchable:
    """A Document taken apart. `words`: unstemmed tokens by text field. `values`: as shown, by keyword field.
    Times in whole milliseconds since 1970 UTC."""

    id: str
    revision: int
    deleted: bool
    words: Mapping[str, tuple[str, ...]]
    values: Mapping[str, tuple[str, ...]]
    positions: tuple[PositionKey, ...]
    published_ms: int
    seen_ms: int
    story: str
    thread: str | None
    copy_of: str | None
    embedding: Embedding | None = None


def searchable(document: Document) -> Searchable:
    """Everything a query can ask of a document. Raises ValueError, in words, for one that no index can take."""
    for name, moment in (("published", document.published), ("seen", document.seen)):
        if moment.tzinfo is None:
            raise ValueError(f"{name} has no time zone")
    if not document.id:
        raise ValueError("it has no id")
    words = {
        "title": tuple(fold.tokens(document.title)),
        "text": tuple(fold.tokens(document.text)),
        "name": tuple(_separated(document.names)),
        "place": tuple(_separated(document.places)),
    }
    positions = tuple(dict.fromkeys(PositionKey.of(position) for position in document.positions))
    values: dict[str, tuple[str, ...]] = {
        name: (value,) for name in SINGLE_FIELDS if (value := str(getattr(document, name)))
    }
    values |= _label_values(document) | _position_values(positions)
    values |= {"tag": tuple(dict.fromkeys(document.tags)), "is": tuple(_flags(document))}
    values = {name: found for name, found in values.items() if found}
    held = [name for name, found in words.items() if found] + list(values)
    held += [name for name in ("story", "thread") if getattr(document, name)]
    values["has"] = (*held, "published", "seen")
    for text in (
        document.id,
        document.story,
        document.thread or "",
        document.copy_of or "",
        *chain(*values.values()),
    ):
        text.encode()  # a lone surrogate is no text, and no back end takes it
    return Searchable(
        id=document.id,
        revision=document.revision,
        deleted=document.deleted,
        words=words,
        values=values,
        positions=positions,
        published_ms=to_ms(document.published),
        seen_ms=to_ms(document.seen),
        story=document.story,
        thread=document.thread,
        copy_of=document.copy_of,
        embedding=document.embedding if comparable(document.embedding) else None,
    )


def value_key(field: str, value: str) -> str:
    """What a query's value of this field is compared with: the id itself for labels and flags, else its folded key."""
    return fold.key(value) if field in KEYED_FIELDS else value


def vector_of(embedding: Embedding) -> NDArray[np.float32]:
    """Its vector, (d,)."""
    return np.frombuffer(embedding.vector, dtype="<f2").astype(np.float32)


def comparable(embedding: Embedding | None) -> bool:
    """Has it unit length, as it must? A text without words has the zero vector, which has no cosine with anything."""
    if embedding is None:
        return False
    return abs(float(np.linalg.norm(vector_of(embedding))) - 1.0) < UNIT_WITHIN


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970 UTC, rounded down."""
    return (moment - _EPOCH) // _MS


def from_ms(moment_ms: int) -> datetime:
    """Aware UTC."""
    return _EPOCH + moment_ms * _MS


def _separated(names: tuple[str, ...]) -> Iterator[str]:
    for index, name in enumerate(dict.fromkeys(names)):
        if index:
            yield BOUNDARY
        yield from fold.tokens(name)


def _label_values(document: Document) -> dict[str, tuple[str, ...]]:
    by_facet: dict[str, dict[str, None]] = {"actor": {}, "issue": {}, "development": {}}
    for decision in document.labels:
        facet, _, label = decision.label.partition(":")
        by_facet.setdefault(facet, {})[label] = None
    known = {facet: tuple(labels) for facet, labels in by_facet.items() if facet in MULTI_FIELDS}
    return known | {"uncertain": tuple(dict.fromkeys(decision.label for decision in document.uncertain))}


def _position_values(positions: tuple[PositionKey, ...]) -> dict[str, tuple[str, ...]]:
    return {
        "by": tuple(dict.fromkeys(actor for position in positions for actor in position.by)),
        "against": tuple(dict.fromkeys(actor for position in positions for actor in position.against)),
        "detail": tuple(dict.fromkeys(position.detail for position in positions if position.detail)),
    }


def _flags(document: Document) -> Iterator[str]:
    if document.uncertain:
        yield "uncertain"
    if document.copy_of is not None:
        yield "copy"
    if document.corrected:
        yield "corrected"
    if document.disputed:
        yield "disputed"
