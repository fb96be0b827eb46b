"""The columns of the SQLite index: per chunk of articles, who has which value, as bits and small numbers.

FTS5 finds words. Everything else that a query, a facet or a histogram asks is answered from these columns with a few
numpy operations over packed bits, so that counting the labels of a million hits takes milliseconds and no rows are
read. A chunk is CHUNK consecutive document numbers; a new or changed article rewrites the columns of its chunk only.

A set of articles of one chunk is CHUNK bits: CHUNK_BYTES bytes, little bit order. Value numbers start at 1; 0 is "none".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

CHUNK = 16_384
CHUNK_BYTES = CHUNK // 8

Bits: TypeAlias = NDArray[np.uint8]
"""Shape (CHUNK_BYTES,): one bit an article."""


_FEW = 256
"""So many places are looked up one by one; for more, whole sets of bits are laid over each other."""


def no_bits() -> Bits:
    """The empty set of one chunk, writable."""
    return np.zeros(CHUNK_BYTES, dtype=np.uint8)


def bits_of(places: NDArray[np.int64] | Sequence[int]) -> Bits:
    """The set with these places (0 to CHUNK - 1)."""
    mask = np.zeros(CHUNK, dtype=bool)
    mask[np.asarray(places, dtype=np.int64)] = True
    return packed(mask)


def packed(mask: NDArray[np.bool_]) -> Bits:
    """The set of one boolean a place."""
    return np.packbits(mask, bitorder="little")


def places_in(bits: Bits) -> NDArray[np.int64]:
    """The places of a set, ascending."""
    held = np.flatnonzero(bits)
    inside = np.flatnonzero(np.unpackbits(bits[held], bitorder="little"))
    places: NDArray[np.int64] = (held[inside >> 3] << 3) | (inside & 7)
    return places


def size(bits: NDArray[np.uint8]) -> int:
    """How many are in a set, or in several together."""
    return int(np.bitwise_count(np.ascontiguousarray(bits).view(np.uint64)).sum())


class Tally:
    """How often each value number of a field was counted, over any number of chunks."""

    def __init__(self) -> None:
        self.counts: NDArray[np.int64] = np.zeros(64, dtype=np.int64)

    def add(self, numbers: NDArray[np.int32] | slice, counts: NDArray[np.int64]) -> None:
        """Add a chunk's counts of these numbers, of which none comes twice."""
        highest = numbers.stop if isinstance(numbers, slice) else int(numbers.max(initial=0)) + 1
        if highest > len(self.counts):
            self.counts = np.concatenate([self.counts, np.zeros(2 * highest, dtype=np.int64)])
        self.counts[numbers] += counts

    def most(self, limit: int) -> list[tuple[int, int]]:
        """(number, count) of the `limit` highest counts and of all that equal the last of them; no zeros, no order."""
        if limit <= 0:
            return []
        floor = np.partition(self.counts, -limit)[-limit] if limit < len(self.counts) else 0
        numbers = np.flatnonzero(self.counts >= max(int(floor), 1))
        return list(zip(numbers.tolist(), self.counts[numbers].tolist(), strict=True))


@dataclass(slots=True)
class TimeColumn:
    """Milliseconds since 1970 for each place; unused places hold 0."""

    moments: NDArray[np.int64] = field(default_factory=lambda: np.zeros(CHUNK, dtype=np.int64))

    def put(self, place: int, moment_ms: int) -> None:
        self.moments[place] = moment_ms

    def between(self, since_ms: int | None, until_ms: int | None) -> Bits:
        """Places whose moment lies in [since, until)."""
        mask = np.ones(CHUNK, dtype=bool)
        if since_ms is not None:
            mask &= self.moments >= since_ms
        if until_ms is not None:
            mask &= self.moments < until_ms
        return packed(mask)

    def dumped(self) -> bytes:
        return self.moments.tobytes()

    @classmethod
    def loaded(cls, data: bytes) -> "TimeColumn":
        return cls(np.frombuffer(data, dtype=np.int64))


@dataclass(slots=True)
class SingleColumn:
    """One value number for each place."""

    numbers: NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.uint32] = field(
        default_factory=lambda: np.zeros(CHUNK, dtype=np.uint8)
    )

    def put(self, place: int, values: Sequence[int]) -> None:
        number = values[0] if values else 0
        wanted = np.min_scalar_type(number)
        if wanted.itemsize > self.numbers.itemsize:
            self.numbers = self.numbers.astype(wanted)
        self.numbers[place] = number

    def holding(self, wanted: Iterable[int]) -> Bits:
        """Places that have one of these values."""
        mask = np.zeros(CHUNK, dtype=bool)
        for number in wanted:
            mask |= self.numbers == number
        return packed(mask)

    def count(self, within: Bits, places: NDArray[np.int64], tally: "Tally") -> None:
        """Add how many of a set have which value; `places` are those of the set."""
        found = np.bincount(self.numbers[places])
        found[0] = 0  # has none
        tally.add(slice(0, len(found)), found)

    def dumped(self) -> bytes:
        return bytes([self.numbers.itemsize]) + self.numbers.tobytes()

    @classmethod
    def loaded(cls, data: bytes) -> "SingleColumn":
        return cls(np.frombuffer(data, dtype=f"<u{data[0]}", offset=1))


@dataclass(slots=True)
class MultiColumn:
    """For each value number that occurs, the set of places that have it. Rows of `bits` belong to `numbers`."""

    numbers: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    bits: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, CHUNK_BYTES), dtype=np.uint8))
    rows: dict[int, int] = field(default_factory=dict)
    """Value number -> row, as far as writing has needed it."""

    def put(self, place: int, values: Sequence[int]) -> None:
        byte, bit = place >> 3, 1 << (place & 7)
        self.bits[:, byte] &= 0xFF ^ bit
        for number in values:
            row = self._row(number)  # first: it may put another array in the place of `bits`
            self.bits[row, byte] |= bit

    def holding(self, wanted: Iterable[int]) -> Bits:
        """Places that have one of these values."""
        rows = [row for number in wanted for row in np.flatnonzero(self.numbers == number)]
        found: Bits = self.bits[rows[0]] if len(rows) == 1 else np.bitwise_or.reduce(self.bits[rows], axis=0)
        return found

    def count(self, within: Bits, places: NDArray[np.int64], tally: "Tally") -> None:
        """Add how many of a set have which value; `places` are those of the set."""
        if len(places) <= _FEW:
            held = (self.bits[:, places >> 3] >> (places & 7).astype(np.uint8)) & 1
        else:
            held = np.bitwise_count(self.bits.view(np.uint64) & within.view(np.uint64))
        tally.add(self.numbers, held.sum(axis=1, dtype=np.int64))

    def dumped(self) -> bytes:
        return len(self.numbers).to_bytes(8, "little") + self.bits.tobytes() + self.numbers.tobytes()

    @classmethod
    def loaded(cls, data: bytes) -> "MultiColumn":
        rows = int.from_bytes(data[:8], "little")
        bits = np.frombuffer(data, dtype=np.uint8, count=rows * CHUNK_BYTES, offset=8).reshape(
            rows, CHUNK_BYTES
        )
        numbers = np.frombuffer(data, dtype=np.int32, offset=8 + rows * CHUNK_BYTES)
        return cls(numbers, bits)

    def _row(self, number: int) -> int:
        if len(self.rows) != len(self.numbers):
            self.rows = {number: row for row, number in enumerate(self.numbers.tolist())}
        if number not in self.rows:
            self.rows[number] = len(self.numbers)
            self.numbers = np.append(self.numbers, np.int32(number))
            self.bits = np.vstack([self.bits, np.zeros((1, CHUNK_BYTES), dtype=np.uint8)])
        return self.rows[number]


@dataclass(slots=True)
class LiveColumn:
    """The set of places that hold an article, rather than nothing or a tombstone."""

    bits: Bits = field(default_factory=no_bits)

    def put(self, place: int, live: bool) -> None:
        byte, bit = place >> 3, 1 << (place & 7)
        self.bits[byte] = (self.bits[byte] | bit) if live else (self.bits[byte] & (0xFF ^ bit))

    def dumped(self) -> bytes:
        return self.bits.tobytes()

    @classmethod
    def loaded(cls, data: bytes) -> "LiveColumn":
        return cls(np.frombuffer(data, dtype=np.uint8))


Column: TypeAlias = TimeColumn | SingleColumn | MultiColumn | LiveColumn


def writable(column: Column) -> Column:
    """A copy that can be changed; loaded columns are views of the bytes that they came from."""
    match column:
        case TimeColumn(moments):
            return TimeColumn(moments.copy())
        case SingleColumn(numbers):
            return SingleColumn(numbers.copy())
        case MultiColumn(numbers=numbers, bits=bits):
            return MultiColumn(numbers.copy(), bits.copy())
        case LiveColumn(bits):
            return LiveColumn(bits.copy())
