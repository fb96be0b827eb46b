"""Hits in order: the newest first, the newest ten thousand by relevance, or the nearest by cosine."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.index import columns
from pipeline.index.base import Hit, Page
from pipeline.index.columns import CHUNK, Bits
from pipeline.index.cursor import Cursor
from pipeline.index.fields import UNIT_WITHIN, from_ms, to_ms, vector_of
from pipeline.index.sqlite_read import Chunk, Reader
from pipeline.query import to_sql
from pipeline.query.nodes import Node, Or, Words, positive_leaves
from pipeline.types import Embedding

RANKED = 10_000
"""How many of the newest hits a search by relevance ranks."""

_FIRST_CHUNKS = 2

_FEW = CHUNK // 8
"""Vectors of fewer articles of a chunk are read one by one, of more all in a row."""

_SLACK = 2 * UNIT_WITHIN
"""Two products tell which of two cosines is the higher, if they are this far apart."""

_PLACES = 4
"""Decimals of a cosine: stored vectors are exact to that, and equal texts get equal numbers in every back end."""


def newest_first(reader: Reader, root: Node) -> Iterator[tuple[Chunk, Bits]]:
    """The chunks with what satisfies the tree in them, latest first, so that a caller who has enough can stop.

    Chunks are asked in groups that double: a broad query is answered from the first, a selective one needs few rounds.
    """
    ordered = sorted(reader.chunks, key=lambda chunk: chunk.newest_ms, reverse=True)
    start, step = 0, _FIRST_CHUNKS
    while start < len(ordered):
        group = sorted(ordered[start : start + step], key=lambda chunk: chunk.number)
        found = dict(zip(group, reader.found(root, group), strict=True))
        yield from ((chunk, found[chunk]) for chunk in ordered[start : start + step])
        start, step = start + step, step * 2


def newest(reader: Reader, root: Node, limit: int, cursor: Cursor | None) -> Page:
    """The next `limit` hits by time published, then id."""
    numbers, moments = _latest(reader, root, limit + 1, cursor)
    hits = sorted(_hits(reader, numbers, moments), key=_order)
    if cursor is not None:
        hits = [hit for hit in hits if _order(hit) > (-cursor.number, cursor.id)]
    more = len(hits) > limit
    hits = hits[:limit]
    after = str(Cursor(to_ms(hits[-1].published), hits[-1].id)) if more and hits else None
    return Page(tuple(hits), after)


def ranked(reader: Reader, root: Node, limit: int, cursor: Cursor | None) -> Page:
    """The newest RANKED hits by relevance (BM25 of the query's words), then as `newest` has them."""
    start = cursor.number if cursor else 0
    numbers, moments = _latest(reader, root, RANKED, None)
    kept = np.argsort(-moments, kind="stable")[:RANKED]
    numbers, moments = numbers[kept], moments[kept]
    scores = _scores(reader, root, numbers)
    by_score = sorted(
        range(len(numbers)), key=lambda at: (-scores.get(int(numbers[at]), 0.0), -int(moments[at]))
    )
    wanted = _with_ties(
        by_score,
        [(scores.get(int(n), 0.0), int(m)) for n, m in zip(numbers, moments, strict=True)],
        start + limit,
    )
    hits = [
        replace(hit, score=scores.get(number, 0.0))
        for number, hit in zip(
            numbers[wanted].tolist(), _hits(reader, numbers[wanted], moments[wanted]), strict=True
        )
    ]
    hits.sort(key=lambda hit: (-(hit.score or 0.0), *_order(hit)))
    page = hits[start : start + limit]
    return Page(tuple(page), str(Cursor(start + limit)) if start + limit < len(numbers) and page else None)


def nearest(reader: Reader, root: Node, embedding: Embedding, limit: int, but: str | None) -> tuple[Hit, ...]:
    """The hits whose vectors have the highest cosine with this one. Reads every vector among the hits, a chunk of them
    in memory at a time; only for those that come into question is the length measured too."""
    wanted = vector_of(embedding)
    wanted /= np.linalg.norm(wanted)
    left_out = None if but is None else reader.number_of(but)
    kept: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    products: list[NDArray[np.float32]] = [np.zeros(0, dtype=np.float32)]
    for chunk, found in zip(reader.chunks, reader.found(root, reader.chunks), strict=True):
        numbers, vectors = _vectors(reader, embedding.model, chunk, columns.places_in(found), len(wanted))
        kept.append(numbers)
        products.append(vectors @ wanted)
    numbers, near = np.concatenate(kept), np.concatenate(products)
    others = numbers != left_out if left_out is not None else np.ones(len(numbers), dtype=bool)
    numbers, near = numbers[others], near[others]
    if limit < len(near):
        least = np.partition(near, len(near) - limit)[len(near) - limit] if limit else np.inf
        numbers = numbers[near >= least - _SLACK]
    cosines = _cosines(reader, numbers, wanted)
    hits = [
        replace(hit, score=round(cosine, _PLACES))
        for hit, cosine in zip(_hits(reader, numbers, _moments(reader, numbers)), cosines, strict=True)
    ]
    hits.sort(key=lambda hit: (-(hit.score or 0.0), *_order(hit)))
    return tuple(hits[:limit])


def _vectors(
    reader: Reader, model: str, chunk: Chunk, places: NDArray[np.int64], length: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Numbers, and vectors (n, length) by this model, of those of a chunk's places that have one."""
    first = chunk.number * CHUNK
    if len(places) < _FEW:
        rows = reader.run(
            "SELECT document, vector FROM search_#_vector"
            " WHERE model = ? AND document IN (SELECT value FROM json_each(?))",
            model,
            json.dumps((places + first).tolist()),
        ).fetchall()
    else:
        rows = reader.run(
            "SELECT document, vector FROM search_#_vector WHERE model = ? AND document BETWEEN ? AND ?",
            model,
            first,
            first + CHUNK - 1,
        ).fetchall()
    numbers = np.array([number for number, _ in rows], dtype=np.int64)
    halves = np.frombuffer(b"".join(vector for _, vector in rows), dtype="<f2").reshape(len(rows), length)
    among = np.isin(numbers, places + first)
    if not among.all():
        numbers, halves = numbers[among], halves[among]
    return numbers, halves.astype(np.float32)


def _cosines(reader: Reader, numbers: NDArray[np.int64], wanted: NDArray[np.float32]) -> list[float]:
    """The cosines of these articles' vectors with one of length 1, in the order of `numbers`."""
    rows = reader.run(
        "SELECT document, vector FROM search_#_vector WHERE document IN (SELECT value FROM json_each(?))",
        json.dumps(numbers.tolist()),
    )
    found: dict[int, float] = {}
    for number, stored in rows:
        vector = np.frombuffer(stored, dtype="<f2").astype(np.float64)
        found[number] = float(vector @ wanted / np.linalg.norm(vector))
    return [found[number] for number in numbers.tolist()]


def _moments(reader: Reader, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.array(
        [
            reader.moments(reader.chunk(number // CHUNK), "published")[number % CHUNK]
            for number in numbers.tolist()
        ],
        dtype=np.int64,
    )


def _with_ties(order: Sequence[int], keys: Sequence[tuple[float, int]], end: int) -> list[int]:
    """The first `end` of an order and those that are equal to the last of them, whose ids decide."""
    if end >= len(order):
        return list(order)
    while end < len(order) and keys[order[end]] == keys[order[end - 1]]:
        end += 1
    return list(order[:end])


def _latest(
    reader: Reader, root: Node, wanted: int, cursor: Cursor | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Document numbers and moments of at least the first `wanted` hits behind the cursor, in no order: all ties of the
    last moment, and of the cursor's moment (of which some may lie before it), are among them."""
    numbers, moments = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    enough_at: int | None = None
    for chunk, found in newest_first(reader, root):
        if enough_at is not None and chunk.newest_ms < enough_at:
            break
        places = columns.places_in(found)
        published = reader.moments(chunk, "published")[places]
        if cursor is not None:
            kept = published <= cursor.number
            places, published = places[kept], published[kept]
        numbers = np.concatenate([numbers, places + chunk.number * CHUNK])
        moments = np.concatenate([moments, published])
        at_cursor = 0 if cursor is None else int(np.count_nonzero(moments == cursor.number))
        if len(moments) > wanted + at_cursor:
            last = len(moments) - wanted - at_cursor
            enough_at = int(np.partition(moments, last)[last])
            kept = moments >= enough_at
            numbers, moments = numbers[kept], moments[kept]
    return numbers, moments


def _scores(reader: Reader, root: Node, numbers: NDArray[np.int64]) -> dict[int, float]:
    words = [leaf for leaf in positive_leaves(root) if isinstance(leaf, Words)]
    if not words or not len(numbers):
        return {}
    wanted = set(numbers.tolist())
    expression = to_sql.match_expression(Or(tuple(words)) if len(words) > 1 else words[0])
    rows = reader.run(
        "SELECT rowid, -bm25(search_#_stems, 4.0, 1.0, 2.0, 2.0) FROM search_#_stems"
        " WHERE search_#_stems MATCH ? AND rowid BETWEEN ? AND ?",
        expression,
        int(numbers.min()),
        int(numbers.max()),
    )
    return {number: score for number, score in rows if number in wanted}


def _hits(reader: Reader, numbers: NDArray[np.int64], moments: NDArray[np.int64]) -> list[Hit]:
    """Hits in the order of `numbers`."""
    rows = reader.run(
        "SELECT number, id, revision, story, copy_of FROM search_#_document"
        " WHERE number IN (SELECT value FROM json_each(?))",
        json.dumps(numbers.tolist()),
    )
    found = {number: row for number, *row in rows}
    hits = []
    for number, moment in zip(numbers.tolist(), moments.tolist(), strict=True):
        article, revision, story, copy_of = found[number]
        chunk, place = divmod(number, CHUNK)
        seen = reader.moments(reader.chunk(chunk), "seen")[place]
        hits.append(Hit(article, revision, from_ms(moment), from_ms(int(seen)), story, copy_of))
    return hits


def _order(hit: Hit) -> tuple[int, str]:
    return -to_ms(hit.published), hit.id
