"""Words that stand in many articles, as bits: which articles of a chunk have them in title or text.

FTS5 finds a rare word at once, but needs a third of a second for one that half of a million articles have, most of it
to hand over their numbers. So each chunk keeps the bits of the words that were common when it was begun, a row a
word, and FTS5 is asked for all other words. What is found is the same either way.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.index import columns
from pipeline.index.columns import CHUNK, Bits
from pipeline.index.sqlite_schema import statement
from pipeline.query import fold, to_sql
from pipeline.query.fields import DEFAULT_TEXT_FIELDS
from pipeline.query.nodes import Node, Words

COMMON = "common"
"""The field under which the stems have their numbers."""

BEGUN_AT = 1_024
"""Articles in a chunk from which on it keeps such bits: below, FTS5 is fast enough."""

SAMPLE = 256
SHARE = 0.05
"""A stem that this share of the last SAMPLE articles has is common."""

MOST = 256
"""Stems of a chunk: half a megabyte of bits."""


def stem_asked(node: Node) -> str | None:
    """The stem, if the node asks for one word in title or text."""
    if isinstance(node, Words) and len(node.stems) == 1 and node.fields == DEFAULT_TEXT_FIELDS:
        return node.stems[0]
    return None


def stems_of(stems: Mapping[str, Sequence[str]]) -> set[str]:
    """Those that an article has in title or text, of its stems by field."""
    return {stem for field in DEFAULT_TEXT_FIELDS for stem in stems.get(field, ())}


def chosen(texts: list[dict[str, list[str]]]) -> list[str]:
    """The stems that are common in these articles' words, the commonest first."""
    counts = Counter(
        stem
        for words in texts
        for stem in {fold.stem(word) for field in DEFAULT_TEXT_FIELDS for word in words[field]}
    )
    return [stem for stem, count in counts.most_common(MOST) if count >= SHARE * len(texts)]


def built(connection: sqlite3.Connection, generation: int, chunk: int, stem: str) -> Bits:
    """Which articles of a chunk have this stem, as FTS5 finds them; writable."""
    first = chunk * CHUNK
    sql = (
        "SELECT group_concat(rowid, ' ') FROM search_#_stems"
        " WHERE search_#_stems MATCH ? AND rowid BETWEEN ? AND ?"
    )
    expression = to_sql.match_expression(Words(DEFAULT_TEXT_FIELDS, (stem,)))
    (joined,) = connection.execute(
        statement(generation, sql), (expression, first, first + CHUNK - 1)
    ).fetchone()
    return columns.bits_of(np.fromstring(joined or "", dtype=np.int64, sep=" ") - first)
