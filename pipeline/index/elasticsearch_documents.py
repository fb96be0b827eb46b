"""Articles as Elasticsearch holds them: what queries ask, what Kibana shows, and which physical index each goes to. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from pipeline.index.fields import (
    KEYED_FIELDS,
    SINGLE_FIELDS,
    PositionKey,
    Searchable,
    from_ms,
    value_key,
    vector_of,
)
from pipeline.query import fold
from pipeline.types import Document, Embedding

ALIAS = "ceasefire-articles"
"""What every reader searches; leaves tombstones out."""

TOMBSTONES = "tombstones"
"""Stands for the month in the index of deletions of articles that the index had not seen."""


def physical(month: str, generation: int) -> str:
    """The index of a month and a generation."""
    return f"{ALIAS}-{month}-g{generation}"


def all_of(generation: int) -> str:
    """A pattern of all indices of a generation, tombstones and all."""
    return f"{ALIAS}-*-g{generation}"


def month_of(seen: datetime) -> str:
    """The month, in UTC, in which an article was first seen: it never changes, so a second write lands on the first."""
    return f"{seen:%Y.%m}"


def body(document: Document, article: Searchable) -> dict[str, Any]:
    """The fields of one document, as the template maps them."""
    if article.deleted:
        return tombstone(article.id, article.revision)
    held: dict[str, Any] = {
        "id": article.id,
        "revision": article.revision,
        "deleted": False,
        "title": document.title,
        "text": document.text,
        "url": document.url,
        "published": _instant(article.published_ms),
        "seen": _instant(article.seen_ms),
        "reason": document.reason,
        "story": article.story,
        "name": list(document.names),
        "place": list(document.places),
        "positions": [_position(position) for position in article.positions],
        "position": _flat_positions(article.positions),
        "direction": [f"{one.development}:{one.detail}" for one in article.positions if one.detail],
        "acts": _acts(article.positions),
        "scores": _scores(document),
        "evidence": _evidence(document),
        "keys": {
            field: _keys(field, article.values[field]) for field in KEYED_FIELDS if field in article.values
        },
        "words": {field: " ".join(words) for field, words in article.words.items()},
        "stems": {field: " ".join(map(fold.stem, words)) for field, words in article.words.items()},
    }
    held |= {name: value for name in ("thread", "copy_of") if (value := getattr(article, name)) is not None}
    if article.embedding is not None:
        held["vectors"] = {model_key(article.embedding): components(article.embedding)}
    for field, values in article.values.items():
        held[field] = values[0] if field in SINGLE_FIELDS else list(values)
    return held


def model_key(embedding: Embedding) -> str:
    """The part of `vectors` that holds vectors of this model, so that no other model's are compared with them."""
    return f"m{embedding.model[:16]}"


def components(embedding: Embedding) -> list[float]:
    """The vector as JSON takes it: six decimals leave cosines exact to five. Its length is made 1 anew, which half floats
    miss by a ten-thousandth: Elasticsearch takes what is so near to 1 for 1, and its cosines would be off by that."""
    vector = vector_of(embedding).astype(float)
    numbers: list[float] = (vector / np.linalg.norm(vector)).round(6).tolist()
    return numbers


def tombstone(article: str, revision: int) -> dict[str, Any]:
    """What is left of a deleted article, so that an older write of it is recognised for ever."""
    return {"id": article, "revision": revision, "deleted": True}


def _keys(field: str, values: Sequence[str]) -> str | list[str]:
    keys = [value_key(field, value) for value in values]
    return keys[0] if field in SINGLE_FIELDS else keys


def _instant(moment_ms: int) -> str:
    return from_ms(moment_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _position(position: PositionKey) -> dict[str, Any]:
    whole = {
        "development": position.development,
        "by": list(position.by),
        "against": list(position.against),
        "detail": position.detail,
    }
    return {part: value for part, value in whole.items() if value}


def _flat_positions(positions: Sequence[PositionKey]) -> list[str]:
    """For Kibana, whose panels do not aggregate nested fields: rejected:russia; rejected:unclear where nobody is named."""
    return list(
        dict.fromkeys(f"{one.development}:{actor}" for one in positions for actor in one.by or ("unclear",))
    )


def _acts(positions: Sequence[PositionKey]) -> dict[str, list[str]]:
    """Who did what, and to whom, a field for each development: acts.rejected_by, acts.rejected_against. `by` is unclear
    where nobody is named, `against` is left out."""
    acts: dict[str, dict[str, None]] = {}
    for position in positions:
        acts.setdefault(f"{position.development}_by", {}).update(dict.fromkeys(position.by or ("unclear",)))
        if position.against:
            acts.setdefault(f"{position.development}_against", {}).update(dict.fromkeys(position.against))
    return {act: list(actors) for act, actors in acts.items()}


def _scores(document: Document) -> Mapping[str, Mapping[str, float]]:
    scores: dict[str, dict[str, float]] = {}
    for decision in (*document.labels, *document.uncertain):
        facet, _, label = decision.label.partition(":")
        scores.setdefault(facet, {})[label] = round(float(decision.score), 4)
    return scores


def _evidence(document: Document) -> list[str]:
    sentences = [decision.sentence for decision in document.labels]
    sentences += [position.sentence for position in document.positions]
    return list(dict.fromkeys(sentence for sentence in sentences if sentence))
