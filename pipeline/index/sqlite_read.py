"""Answering queries from one generation of the SQLite index, inside the caller's read transaction.

A query becomes, chunk by chunk, a set of bits. What FTS5 or a look-up had to find is kept in a LeafCache, by chunk and
the chunk's version: new articles change the newest chunk, and all the others answer again from memory.
"""

import json
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.index import columns
from pipeline.index.columns import CHUNK, Bits, Column, LiveColumn, MultiColumn, SingleColumn, TimeColumn
from pipeline.index.evaluate import position_satisfies
from pipeline.index.fields import PositionKey, to_ms
from pipeline.index.sqlite_common import COMMON, stem_asked
from pipeline.index.sqlite_schema import statement
from pipeline.index.sqlite_write import load_column, load_position, new_column
from pipeline.query import to_sql
from pipeline.query.nodes import (
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
)

LEAF_CACHE_BYTES = 48 << 20
COLUMN_CACHE_BYTES = 192 << 20
_TERMS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk as it stands; `version` changes with its content. Times: the extent of time published, milliseconds."""

    number: int
    version: int
    oldest_ms: int
    newest_ms: int


class Cache:
    """What was computed for a chunk at its version, least recently used out first. Shared by threads."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._held: OrderedDict[Hashable, tuple[int, object, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, version: int) -> object | None:
        """What is held under a key at just that version."""
        return self.get_many([(key, version)])[0]

    def get_many(self, wanted: Iterable[tuple[Hashable, int]]) -> list[object | None]:
        """The same of several keys."""
        found: list[object | None] = []
        with self._lock:
            for key, version in wanted:
                held = self._held.get(key)
                if held is None or held[0] != version:
                    found.append(None)
                else:
                    self._held.move_to_end(key)
                    found.append(held[1])
        return found

    def put(self, key: Hashable, version: int, value: object, size_bytes: int) -> None:
        with self._lock:
            replaced = self._held.pop(key, None)
            self._bytes += size_bytes - (replaced[2] if replaced else 0)
            self._held[key] = (version, value, size_bytes)
            while self._bytes > self._limit:
                _, (_, _, freed) = self._held.popitem(last=False)
                self._bytes -= freed


class Reader:
    """One read transaction's view of a generation."""

    def __init__(
        self, connection: sqlite3.Connection, generation: int, leaves: Cache, column_cache: Cache
    ) -> None:
        self._connection = connection
        self._generation = generation
        self._leaves = leaves
        self._columns = column_cache
        self._common: dict[str | None, int] | None = None
        self.chunks = [
            Chunk(*row)
            for row in self.run(
                "SELECT chunk, version, oldest_ms, newest_ms FROM search_#_chunk ORDER BY chunk"
            )
        ]

    def run(self, sql: str, *parameters: object) -> sqlite3.Cursor:
        return self._connection.execute(statement(self._generation, sql), parameters)

    def chunk(self, number: int) -> Chunk:
        """The chunk of that number; every number below the last one is there."""
        return self.chunks[number]

    def number_of(self, article: str) -> int | None:
        """The document number of an article, None if the index never saw it."""
        row = self.run("SELECT number FROM search_#_document WHERE id = ?", article).fetchone()
        return None if row is None else int(row[0])

    def found(self, root: Node, chunks: Sequence[Chunk]) -> list[Bits]:
        """For each of `chunks` the articles that satisfy the tree; tombstones never do."""
        missing, known = self._known((self._generation, "whole", root), chunks)
        if missing:
            self.fetch(missing, ["live"])
            live = [self.live(chunk) for chunk in missing]
            found = self._evaluated(root, missing, live)
            self._keep((self._generation, "whole", root), dict(zip(missing, found, strict=True)))
            known |= {chunk.number: bits for chunk, bits in zip(missing, found, strict=True)}
        return [known[chunk.number] for chunk in chunks]

    def live(self, chunk: Chunk) -> Bits:
        column = self.column(chunk, "live")
        assert isinstance(column, LiveColumn)
        return column.bits

    def moments(self, chunk: Chunk, field: str) -> NDArray[np.int64]:
        column = self.column(chunk, field)
        assert isinstance(column, TimeColumn)
        return column.moments

    def valued(self, chunk: Chunk, field: str) -> SingleColumn | MultiColumn:
        column = self.column(chunk, field)
        assert isinstance(column, SingleColumn | MultiColumn)
        return column

    def column(self, chunk: Chunk, field: str) -> Column:
        key = (self._generation, chunk.number, field)
        cached = self._columns.get(key, chunk.version)
        if cached is not None:
            return cached  # type: ignore[return-value]  # the cache of columns holds nothing else under such a key
        return self._loaded([chunk], [field])[chunk.number, field]

    def fetch(self, chunks: Sequence[Chunk], fields: Sequence[str]) -> None:
        """Bring these columns into the cache, those that are not there with one statement."""
        keys = [(chunk, field) for chunk in chunks for field in fields]
        cached = self._columns.get_many(
            ((self._generation, chunk.number, field), chunk.version) for chunk, field in keys
        )
        missing = [key for key, held in zip(keys, cached, strict=True) if held is None]
        if missing:
            wanted = {chunk.number: chunk for chunk, _ in missing}
            self._loaded(list(wanted.values()), sorted({field for _, field in missing}))

    def _loaded(self, chunks: Sequence[Chunk], fields: Sequence[str]) -> dict[tuple[int, str], Column]:
        rows = self.run(
            "SELECT chunk, field, data FROM search_#_column"
            " WHERE chunk IN (SELECT value FROM json_each(?)) AND field IN (SELECT value FROM json_each(?))",
            json.dumps([chunk.number for chunk in chunks]),
            json.dumps(list(fields)),
        )
        stored: dict[tuple[int, str], bytes] = {(chunk, field): data for chunk, field, data in rows}
        loaded: dict[tuple[int, str], Column] = {}
        for chunk in chunks:
            for field in fields:
                data = stored.get((chunk.number, field))
                column = new_column(field) if data is None else load_column(field, data)
                key = (self._generation, chunk.number, field)
                self._columns.put(key, chunk.version, column, CHUNK if data is None else len(data))
                loaded[chunk.number, field] = column
        return loaded

    def _evaluated(self, node: Node, chunks: Sequence[Chunk], within: list[Bits]) -> list[Bits]:
        """`node` restricted to `within`; chunks where that is empty are not looked at."""
        match node:
            case All():
                return within
            case And() | Or() if self._is_for_fts(node):
                return self._leaf(node, chunks, within)
            case And(children):
                return self._all_of(children, chunks, within)
            case Or(children):
                parts = [self._evaluated(child, chunks, within) for child in children]
                return [np.bitwise_or.reduce(part) for part in zip(*parts, strict=True)]
            case Not(child):
                return [
                    mine & ~theirs
                    for mine, theirs in zip(within, self._evaluated(child, chunks, within), strict=True)
                ]
            case _:
                return self._leaf(node, chunks, within)

    def _all_of(self, children: Sequence[Node], chunks: Sequence[Chunk], within: list[Bits]) -> list[Bits]:
        """The cheap ones first: what they leave empty, FTS5 is not asked about. Words that are not common go to FTS5
        together."""
        words = [child for child in children if self._is_for_fts(child)]
        others = [child for child in children if not self._is_for_fts(child)]
        together: list[Node] = [And(tuple(words))] if len(words) > 1 else words
        for child in sorted((*others, *together), key=self._cost):
            within = self._evaluated(child, chunks, within)
        return within

    def _is_for_fts(self, node: Node) -> bool:
        """Is FTS5 asked for the whole tree at once? Not where a common word is in it, whose bits are at hand."""
        match node:
            case And(children) | Or(children) if to_sql.is_text(node):
                return not any(self._has_common(child) for child in children)
        return to_sql.is_text(node) and not self._has_common(node)

    def _has_common(self, node: Node) -> bool:
        match node:
            case And(children) | Or(children):
                return any(map(self._has_common, children))
            case Not(child):
                return self._has_common(child)
        return stem_asked(node) in self._common_stems()

    def _common_stems(self) -> dict[str | None, int]:
        """Stem -> number, of those that are common in any chunk."""
        if self._common is None:
            rows = self.run("SELECT value, number FROM search_#_value WHERE field = ?", COMMON)
            self._common = dict(rows.fetchall())
        return self._common

    def _cost(self, node: Node) -> int:
        match node:
            case Between():
                return 0
            case Value(field="story" | "thread"):
                return 1
            case Value() | Exists() | ValuePattern():
                return 2
            case Position() | PositionTerm():
                return 3
        if stem_asked(node) in self._common_stems():
            return 2
        return 4 if to_sql.is_text(node) else 5

    def _leaf(self, node: Node, chunks: Sequence[Chunk], within: list[Bits]) -> list[Bits]:
        wanted = [chunk for chunk, mine in zip(chunks, within, strict=True) if mine.any()]
        found = self._leaf_bits(node, wanted)
        return [
            mine & found[chunk.number] if chunk.number in found else mine
            for chunk, mine in zip(chunks, within, strict=True)
        ]

    def _leaf_bits(self, node: Node, chunks: Sequence[Chunk]) -> dict[int, Bits]:
        match node:
            case Value(field="story" | "thread"):
                return self._looked_up(node, chunks, self._by_id)
            case Value() | ValuePattern() | Exists():
                return self._by_value(node, chunks)
            case Between(field, since, until):
                self.fetch(chunks, [field])
                bounds = (None if since is None else to_ms(since), None if until is None else to_ms(until))
                return {chunk.number: self._time(chunk, field).between(*bounds) for chunk in chunks}
            case Wildcard():
                return self._looked_up(node, chunks, self._by_wildcard)
            case Position() | PositionTerm():
                return self._looked_up(node, chunks, self._by_position)
            case _:
                return self._looked_up(node, chunks, self._by_words)

    def _by_common(self, node: Node, chunks: Sequence[Chunk]) -> dict[int, Bits]:
        """The bits of a word, of those chunks that keep it as a common one."""
        number = self._common_stems().get(stem_asked(node))
        if number is None:
            return {}
        rows = self.run(
            "SELECT chunk, bits FROM search_#_common WHERE stem = ? AND chunk IN (SELECT value FROM json_each(?))",
            number,
            json.dumps([chunk.number for chunk in chunks]),
        )
        return {chunk: np.frombuffer(bits, dtype=np.uint8) for chunk, bits in rows}

    def _time(self, chunk: Chunk, field: str) -> TimeColumn:
        column = self.column(chunk, field)
        assert isinstance(column, TimeColumn)
        return column

    def _by_value(self, node: Value | ValuePattern | Exists, chunks: Sequence[Chunk]) -> dict[int, Bits]:
        match node:
            case Value(field, value):
                sql, parameter = "SELECT number FROM search_#_value WHERE field = ? AND key = ?", value
            case ValuePattern(field, pattern):
                sql, parameter = "SELECT number FROM search_#_value WHERE field = ? AND key GLOB ?", pattern
            case Exists(held):
                field = "has"
                sql, parameter = "SELECT number FROM search_#_value WHERE field = ? AND key = ?", held
        numbers = [number for (number,) in self.run(sql, field, parameter)]
        self.fetch(chunks, [field])
        return {chunk.number: self.valued(chunk, field).holding(numbers) for chunk in chunks}

    def _looked_up(
        self,
        node: Node,
        chunks: Sequence[Chunk],
        look_up: Callable[[Node, int, int], NDArray[np.int64]],
    ) -> dict[int, Bits]:
        """From the cache, or by one look-up over the span of the chunks that the cache does not know."""
        key = (self._generation, node)
        missing, found = self._known(key, chunks)
        if not missing:
            return found
        if isinstance(
            node, Wildcard
        ):  # FTS5 gathers the words of a prefix over all articles, however few are asked for
            missing, found = self._known(key, self.chunks)
        common = self._by_common(node, missing)
        self._keep(key, {chunk: common[chunk.number] for chunk in missing if chunk.number in common})
        found |= common
        for run in _runs(chunk for chunk in missing if chunk.number not in common):
            first, last = run[0].number * CHUNK, (run[-1].number + 1) * CHUNK - 1
            documents = look_up(node, first, last)
            edges = np.searchsorted(documents, [chunk.number * CHUNK for chunk in run] + [last + 1])
            bits = {
                chunk: columns.bits_of(documents[start:end] - chunk.number * CHUNK)
                for chunk, start, end in zip(run, edges[:-1], edges[1:], strict=True)
            }
            self._keep(key, bits)
            found |= {chunk.number: held for chunk, held in bits.items()}
        return found

    def _known(self, key: Hashable, chunks: Sequence[Chunk]) -> tuple[list[Chunk], dict[int, Bits]]:
        """Which of the chunks the cache does not know under this key, and the bits of the others by number."""
        cached = self._leaves.get_many(((key, chunk.number), chunk.version) for chunk in chunks)
        missing: list[Chunk] = []
        found: dict[int, Bits] = {}
        for chunk, bits in zip(chunks, cached, strict=True):
            if isinstance(bits, np.ndarray):
                found[chunk.number] = bits
            else:
                missing.append(chunk)
        return missing, found

    def _keep(self, key: Hashable, bits: Mapping[Chunk, Bits]) -> None:
        for chunk, held in bits.items():
            self._leaves.put((key, chunk.number), chunk.version, held, held.nbytes + 200)

    def _by_words(self, node: Node, first: int, last: int) -> NDArray[np.int64]:
        return self._numbers(
            "SELECT group_concat(rowid, ' ') FROM search_#_stems WHERE search_#_stems MATCH ? AND rowid BETWEEN ? AND ?",
            to_sql.match_expression(node),
            first,
            last,
        )

    def _by_wildcard(self, node: Node, first: int, last: int) -> NDArray[np.int64]:
        assert isinstance(node, Wildcard)
        if to_sql.is_prefix(node.pattern):
            return self._with_words(to_sql.wildcard_expression(node), first, last)
        terms = [term for (term,) in self.run(to_sql.VOCABULARY, *to_sql.vocabulary_bounds(node.pattern))]
        batches = [
            terms[start : start + _TERMS_AT_ONCE] for start in range(0, len(terms), _TERMS_AT_ONCE)
        ] or [[]]
        found = [self._with_words(to_sql.wildcard_expression(node, batch), first, last) for batch in batches]
        return np.unique(np.concatenate(found))

    def _with_words(self, expression: str, first: int, last: int) -> NDArray[np.int64]:
        if not expression:
            return np.zeros(0, dtype=np.int64)
        return self._numbers(
            "SELECT group_concat(rowid, ' ') FROM search_#_words WHERE search_#_words MATCH ? AND rowid BETWEEN ? AND ?",
            expression,
            first,
            last,
        )

    def _by_position(self, node: Node, first: int, last: int) -> NDArray[np.int64]:
        """Distinct positions are few (who, what, to whom): the tree is tried on each, then its articles are taken."""
        term = node.term if isinstance(node, Position) else node
        fitting = [
            number for number, position in self._positions().items() if position_satisfies(position, term)
        ]
        return self._numbers(
            "SELECT group_concat(document, ' ') FROM search_#_position_of"
            " WHERE position IN (SELECT value FROM json_each(?)) AND document BETWEEN ? AND ?",
            json.dumps(fitting),
            first,
            last,
        )

    def _positions(self) -> Mapping[int, PositionKey]:
        """Every distinct position by number. They are only ever added to, so those known before need no second look."""
        (highest,) = self.run("SELECT coalesce(max(number), 0) FROM search_#_position").fetchone()
        key = (self._generation, "positions")
        held = self._columns.get(key, highest)
        if held is None:
            rows = self.run("SELECT number, position FROM search_#_position")
            held = {number: load_position(text) for number, text in rows}
            self._columns.put(key, highest, held, 500 * len(held))
        return held  # type: ignore[return-value]  # nothing else is held under this key

    def _by_id(self, node: Node, first: int, last: int) -> NDArray[np.int64]:
        assert isinstance(node, Value)
        sql = {
            "story": "SELECT group_concat(number, ' ') FROM search_#_document"
            " WHERE story = ? AND number BETWEEN ? AND ?",
            "thread": "SELECT group_concat(number, ' ') FROM search_#_document"
            " WHERE thread = ? AND number BETWEEN ? AND ?",
        }[node.field]
        return self._numbers(sql, node.value, first, last)

    def _numbers(self, sql: str, *parameters: object) -> NDArray[np.int64]:
        """Numbers that SQLite joined into one text: three times faster than a row for each."""
        (joined,) = self.run(sql, *parameters).fetchone()
        # FTS5 gives them in order: a stable sort notices, and costs a glance.
        return np.sort(np.fromstring(joined or "", dtype=np.int64, sep=" "), kind="stable")


def _runs(chunks: Iterable[Chunk]) -> list[list[Chunk]]:
    """Chunks in runs of consecutive numbers."""
    runs: list[list[Chunk]] = []
    for chunk in chunks:
        if runs and runs[-1][-1].number + 1 == chunk.number:
            runs[-1].append(chunk)
        else:
            runs.append([chunk])
    return runs
