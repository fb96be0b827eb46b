"""A query as Elasticsearch's query DSL. Pure; values go in as JSON values, never into a string that is parsed again.

Elasticsearch is given the same tokens as SQLite: fields `stems.*` hold stems and `words.*` unstemmed words, parted by
blanks, under an analyser that only parts blanks. So the two cannot disagree about what a word is.
"""

from datetime import datetime, timedelta
from typing import Any, TypeAlias

from pipeline.query.nodes import (
    ANY,
    All,
    And,
    Between,
    Exists,
    Node,
    Not,
    Or,
    Position,
    PositionTerm,
    Value,
    ValuePattern,
    Wildcard,
    Words,
    positive_leaves,
)

Dsl: TypeAlias = dict[str, Any]

LABEL_FIELDS = frozenset(
    {"actor", "issue", "development", "detail", "by", "against", "is", "uncertain", "story", "thread"}
)
"""Fields compared as they are; the other keyword fields are compared by their key, under `keys`."""

_CANDIDATES = 400
"""Looked at in each shard by an approximate search: with 400, of the twenty nearest hardly one is missed."""

TEXT_WEIGHTS = {"title": 4.0, "text": 1.0, "name": 2.0, "place": 2.0}


def to_dsl(node: Node) -> Dsl:
    """The filter that exactly the articles satisfying `node` pass; scores are left out of it."""
    match node:
        case All():
            return {"match_all": {}}
        case And(children):
            return {"bool": {"filter": [to_dsl(child) for child in children]}}
        case Or(children):
            return _any_of([to_dsl(child) for child in children])
        case Not(child):
            return {"bool": {"must_not": [to_dsl(child)]}}
        case Words(fields, stems):
            return _any_of([_words(field, stems) for field in fields])
        case Wildcard(fields, pattern, spellings):
            return _any_of([part for field in fields for part in _wildcard(field, pattern, spellings)])
        case Value(field, value):
            return {"term": {field if field in LABEL_FIELDS else f"keys.{field}": value}}
        case ValuePattern(field, pattern):
            return {"wildcard": {f"keys.{field}": {"value": pattern}}}
        case Exists(field):
            return {"term": {"has": field}}
        case Between(field, since, until):
            bounds = {} if since is None else {"gte": _milliseconds(since)}
            bounds |= {} if until is None else {"lt": _milliseconds(until)}
            return {"range": {field: bounds | {"format": "epoch_millis"}}}
        case Position(term):
            return {"nested": {"path": "positions", "query": to_dsl(term)}}
        case PositionTerm(part, value):
            field = f"positions.{part}"
            return {"exists": {"field": field}} if value == ANY else {"term": {field: value}}


def scored(node: Node) -> Dsl:
    """The filter of `node`, ranked by BM25 over the words that it asks for."""
    ranked: list[Dsl] = []
    for leaf in positive_leaves(node):
        if isinstance(leaf, Words):
            for field in leaf.fields:
                words = _words(field, leaf.stems)
                ranked.append({"bool": {"must": [words], "boost": TEXT_WEIGHTS[field]}})
    return {"bool": {"filter": [to_dsl(node)], "should": ranked}}


def with_cosine(field: str, vector: list[float], among: Dsl) -> Dsl:
    """Search arguments: all of `among`, each of which has that vector field, scored by 1 + cosine, exactly."""
    source = "cosineSimilarity(params.vector, params.field) + 1.0"
    script = {"source": source, "params": {"vector": vector, "field": field}}
    return {"query": {"script_score": {"query": among, "script": script}}}


def nearest(field: str, vector: list[float], among: Dsl, size: int) -> Dsl:
    """Search arguments: some `size` of `among` that are nearest, found in the graph of short vectors and scored by
    (1 + cosine) / 2 of the whole ones."""
    candidates = min(10_000, max(_CANDIDATES, size * 2))
    return {
        "knn": {
            "field": field, "query_vector": vector, "filter": among, "k": size, "num_candidates": candidates,
            "rescore_vector": {"oversample": 2.0},
        }
    }  # fmt: skip


def _any_of(parts: list[Dsl]) -> Dsl:
    return parts[0] if len(parts) == 1 else {"bool": {"should": parts, "minimum_should_match": 1}}


def _words(field: str, stems: tuple[str, ...]) -> Dsl:
    if len(stems) == 1:
        return {"term": {f"stems.{field}": stems[0]}}
    return {"match_phrase": {f"stems.{field}": " ".join(stems)}}


def _wildcard(field: str, pattern: str, spellings: tuple[str, ...]) -> list[Dsl]:
    parts: list[Dsl] = [{"wildcard": {f"words.{field}": {"value": pattern}}}]
    if spellings:
        parts.append({"terms": {f"words.{field}": list(spellings)}})
    return parts


def _milliseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=moment.tzinfo)) // timedelta(milliseconds=1)
