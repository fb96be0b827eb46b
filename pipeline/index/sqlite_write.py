"""Writing documents into one generation of the SQLite index, inside the caller's write transaction."""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from pipeline.index import sqlite_common
from pipeline.index.columns import (
    CHUNK,
    Bits,
    Column,
    LiveColumn,
    MultiColumn,
    SingleColumn,
    TimeColumn,
    writable,
)
from pipeline.index.fields import MULTI_FIELDS, SINGLE_FIELDS, TEXT_FIELDS, PositionKey, Searchable, value_key
from pipeline.index.sqlite_common import COMMON
from pipeline.index.sqlite_schema import statement
from pipeline.query import fold


def new_column(field: str) -> Column:
    """An empty column of the kind that the field has."""
    if field in ("published", "seen"):
        return TimeColumn()
    if field == "live":
        return LiveColumn()
    return SingleColumn() if field in SINGLE_FIELDS else MultiColumn()


def load_column(field: str, data: bytes) -> Column:
    """A column as `dumped` wrote it; not writable."""
    return type(new_column(field)).loaded(data)


def write(connection: sqlite3.Connection, generation: int, batch: Sequence[Searchable]) -> list[str]:
    """Put documents and tombstones; returns the ids that were written. The others are held at that revision or a newer
    one already."""
    writer = _Writer(connection, generation)
    written = [article.id for article in batch if writer.write(article)]
    writer.finish()
    return written


_WORDS = "INSERT INTO search_#_words (rowid, title, text, name, place) VALUES (?, ?, ?, ?, ?)"
_STEMS = "INSERT INTO search_#_stems (rowid, title, text, name, place) VALUES (?, ?, ?, ?, ?)"
_NO_WORDS = (
    "INSERT INTO search_#_words (search_#_words, rowid, title, text, name, place)"
    " VALUES ('delete', ?, ?, ?, ?, ?)"
)
_NO_STEMS = (
    "INSERT INTO search_#_stems (search_#_stems, rowid, title, text, name, place)"
    " VALUES ('delete', ?, ?, ?, ?, ?)"
)

Words: TypeAlias = Mapping[str, Sequence[str]]
"""Tokens or stems by text field."""


@dataclass(slots=True)
class _Common:
    """A common stem of a chunk: its number and which places have it."""

    number: int
    bits: Bits
    changed: bool = False

    def put(self, place: int, has: bool) -> None:
        byte, bit = place >> 3, 1 << (place & 7)
        before = int(self.bits[byte])
        after = before | bit if has else before & ~bit
        if after != before:
            self.bits[byte] = after
            self.changed = True


class _Writer:
    """One batch: documents row by row, then their words, then the columns of their chunks.

    FTS5 gathers words in memory and writes them as one segment, but must write what it has whenever SQLite opens a
    savepoint, as it does for every INSERT OR REPLACE: words that come between other rows make a segment an article,
    and joining all those later costs more than everything else.
    """

    def __init__(self, connection: sqlite3.Connection, generation: int) -> None:
        self._connection = connection
        self._generation = generation
        self._columns: dict[tuple[int, str], Column] = {}
        self._values: dict[tuple[str, str], int] = {}
        self._positions: dict[PositionKey, int] = {}
        self._common: dict[int, dict[str, _Common]] = {}
        self._texts: list[tuple[str, tuple[int | str, ...]]] = []

    def write(self, article: Searchable) -> bool:
        row = self._run(
            "SELECT number, revision, deleted, words FROM search_#_document WHERE id = ?", article.id
        ).fetchone()
        if row is not None and row[1] >= article.revision:
            return False
        if row is None:
            (number,) = self._run("SELECT coalesce(max(number) + 1, 0) FROM search_#_document").fetchone()
        else:
            number = row[0]
            if not row[2]:
                self._forget_words(number, row[3])
                self._run("DELETE FROM search_#_position_of WHERE document = ?", number)
                self._run("DELETE FROM search_#_vector WHERE document = ?", number)
        self._run(
            "INSERT OR REPLACE INTO search_#_document (number, id, revision, deleted, story, thread, copy_of, words)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            number,
            article.id,
            article.revision,
            article.deleted,
            article.story,
            article.thread,
            article.copy_of,
            b"" if article.deleted else _packed_words(article.words),
        )
        stems = _stems(article.words)
        self._put_columns(number, article, stems, is_new=row is None)
        if not article.deleted:
            self._texts += [(_STEMS, _row(number, stems)), (_WORDS, _row(number, article.words))]
            for position in article.positions:
                self._run("INSERT INTO search_#_position_of VALUES (?, ?)", self._position(position), number)
            if article.embedding is not None:
                held = article.embedding
                self._run("INSERT INTO search_#_vector VALUES (?, ?, ?)", number, held.model, held.vector)
        return True

    def finish(self) -> None:
        """Hand the words to FTS5, write the changed columns, and give their chunks a new version."""
        self._put_texts()
        chunks = {chunk for chunk, _ in self._columns}
        for chunk in chunks:
            self._begin_common(chunk)
        for (chunk, field), column in self._columns.items():
            self._run(
                "INSERT OR REPLACE INTO search_#_column VALUES (?, ?, ?)", chunk, field, column.dumped()
            )
        for chunk, stems in self._common.items():
            for held in stems.values():
                if held.changed:
                    self._run(
                        "INSERT OR REPLACE INTO search_#_common VALUES (?, ?, ?)",
                        chunk,
                        held.number,
                        held.bits.tobytes(),
                    )
        for chunk in chunks:
            (version,) = self._run("SELECT coalesce(max(version), 0) + 1 FROM search_#_chunk").fetchone()
            oldest, newest = self._extent(chunk)
            self._run(
                "INSERT OR REPLACE INTO search_#_chunk VALUES (?, ?, ?, ?)", chunk, version, oldest, newest
            )

    def _run(self, sql: str, *parameters: object) -> sqlite3.Cursor:
        return self._connection.execute(statement(self._generation, sql), parameters)

    def _put_texts(self) -> None:
        """In the order they came: words that an article no longer has go before those that it has now."""
        for sql, row in self._texts:
            self._run(sql, *row)
        self._texts.clear()

    def _forget_words(self, number: int, packed: bytes) -> None:
        """FTS5 keeps no text here, so it must be told again which words go."""
        words = _unpacked_words(packed)
        self._texts += [(_NO_STEMS, _row(number, _stems(words))), (_NO_WORDS, _row(number, words))]

    def _put_columns(self, number: int, article: Searchable, stems: Words, *, is_new: bool) -> None:
        chunk, place = divmod(number, CHUNK)
        for field in ("live", "published", "seen", *SINGLE_FIELDS, *MULTI_FIELDS):
            column = self._column(chunk, field)
            match column:
                case LiveColumn():
                    column.put(place, not article.deleted)
                case TimeColumn():
                    column.put(place, article.published_ms if field == "published" else article.seen_ms)
                case SingleColumn() | MultiColumn():
                    held = () if article.deleted else article.values.get(field, ())
                    column.put(place, [self._value(field, value) for value in held])
        self._put_common(chunk, place, sqlite_common.stems_of(stems), is_new)

    def _put_common(self, chunk: int, place: int, stems: set[str], is_new: bool) -> None:
        """Which of the chunk's common stems the article has, if the chunk keeps those yet."""
        if chunk not in self._common:
            rows = self._run(
                "SELECT value, stem, bits FROM search_#_common"
                " JOIN search_#_value ON field = ? AND number = stem WHERE chunk = ?",
                COMMON,
                chunk,
            )
            self._common[chunk] = {
                stem: _Common(number, np.frombuffer(bits, dtype=np.uint8).copy())
                for stem, number, bits in rows
            }
        known = self._common[chunk]
        for stem in known.keys() & stems if is_new else known:
            known[stem].put(place, stem in stems)

    def _begin_common(self, chunk: int) -> None:
        """Let a chunk that has grown large enough keep its common stems from now on."""
        if self._common.get(chunk):
            return
        first = chunk * CHUNK
        (last,) = self._run(
            "SELECT max(number) FROM search_#_document WHERE number < ?", first + CHUNK
        ).fetchone()
        if last - first < sqlite_common.BEGUN_AT:
            return
        sample = self._run(
            "SELECT words FROM search_#_document WHERE number BETWEEN ? AND ? AND NOT deleted"
            " ORDER BY number DESC LIMIT ?",
            first,
            last,
            sqlite_common.SAMPLE,
        )
        stems = sqlite_common.chosen([_unpacked_words(packed) for (packed,) in sample])
        self._common[chunk] = {
            stem: _Common(
                self._value(COMMON, stem),
                sqlite_common.built(self._connection, self._generation, chunk, stem),
                changed=True,
            )
            for stem in stems
        }

    def _column(self, chunk: int, field: str) -> Column:
        column = self._columns.get((chunk, field))
        if column is None:
            row = self._run(
                "SELECT data FROM search_#_column WHERE chunk = ? AND field = ?", chunk, field
            ).fetchone()
            column = new_column(field) if row is None else writable(load_column(field, row[0]))
            self._columns[chunk, field] = column
        return column

    def _value(self, field: str, value: str) -> int:
        """The number of a value in its field, given out in order of first sight from 1."""
        number = self._values.get((field, value))
        if number is None:
            known = "SELECT number FROM search_#_value WHERE field = ? AND value = ?"
            row = self._run(known, field, value).fetchone()
            if row is None:
                self._run(
                    "INSERT INTO search_#_value (field, number, value, key)"
                    " SELECT ?, coalesce(max(number), 0) + 1, ?, ? FROM search_#_value WHERE field = ?",
                    field,
                    value,
                    value_key(field, value),
                    field,
                )
                row = self._run(known, field, value).fetchone()
            number = int(row[0])
            self._values[field, value] = number
        return number

    def _position(self, position: PositionKey) -> int:
        number = self._positions.get(position)
        if number is None:
            text = dump_position(position)
            self._run("INSERT OR IGNORE INTO search_#_position (position) VALUES (?)", text)
            (number,) = self._run("SELECT number FROM search_#_position WHERE position = ?", text).fetchone()
            self._positions[position] = number
        return number

    def _extent(self, chunk: int) -> tuple[int, int]:
        """The earliest and latest time published of a chunk; tombstones may widen it, which does no harm."""
        column = self._columns[chunk, "published"]
        assert isinstance(column, TimeColumn)
        (last,) = self._run("SELECT max(number) FROM search_#_document").fetchone()
        used = column.moments[: min(CHUNK, last - chunk * CHUNK + 1)]
        return int(used.min()), int(used.max())


def dump_position(position: PositionKey) -> str:
    """One text for one position."""
    return json.dumps([position.development, position.by, position.against, position.detail])


def load_position(text: str) -> PositionKey:
    """The position that `dump_position` wrote."""
    development, by, against, detail = json.loads(text)
    return PositionKey(development, tuple(by), tuple(against), detail)


def _stems(words: Words) -> dict[str, list[str]]:
    return {field: list(map(fold.stem, words[field])) for field in TEXT_FIELDS if field in words}


def _row(number: int, words: Words) -> tuple[int | str, ...]:
    return (number, *(" ".join(words[field]) for field in TEXT_FIELDS))


def _packed_words(words: Mapping[str, Iterable[str]]) -> bytes:
    return zlib.compress("\n".join(" ".join(words[field]) for field in TEXT_FIELDS).encode())


def _unpacked_words(packed: bytes) -> dict[str, list[str]]:
    lines = zlib.decompress(packed).decode().split("\n")
    return {field: line.split(" ") if line else [] for field, line in zip(TEXT_FIELDS, lines, strict=True)}
