"""The very words around each actor's names, hashed: what lists of words cannot foresee. Pure."""

from collections.abc import Iterator, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from classifiers.positions.reading import Clause, Mention

BUCKETS = 1 << 16
_BETWEEN = 8
"""Words between a name and its trigger that are looked at."""


class Contexts:
    """The words around the names of one text, looked up once for all of its developments."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self._clauses = clauses
        self._around: list[list[tuple[list[int], list[int]]]] = [
            [_around(clause, mention) for mention in clause.mentions] for clause in clauses
        ]

    def of_sentence(
        self, development: str, at: int, triggers: Sequence[int], actors: Sequence[str]
    ) -> list[NDArray[np.int32]]:
        """The same for the sentence `at` alone; `triggers` are the places of its words that speak of the development."""
        clause = self._clauses[at]
        found: dict[str, set[int]] = {
            actor: {_bucket(f"is {actor}"), _bucket(f"{development} {actor}")} for actor in actors
        }
        for mention, (always, beside) in zip(clause.mentions, self._around[at], strict=True):
            found[mention.actor].update(
                (*always, *beside, *map(_bucket, _towards(clause, mention, triggers)))
            )
        return [np.fromiter(found[actor], np.int32, len(found[actor])) for actor in actors]

    def buckets(self, development: str, trigger: int, actors: Sequence[str]) -> list[NDArray[np.int32]]:
        """For each actor the buckets (0 to BUCKETS - 1, each once) of the words around its names.

        `trigger`: the bits of the words that speak of the development.
        """
        found: dict[str, set[int]] = {
            actor: {_bucket(f"is {actor}"), _bucket(f"{development} {actor}")} for actor in actors
        }
        for clause, around in zip(self._clauses, self._around, strict=True):
            triggers = [at for at, bits in enumerate(clause.bits) if bits & trigger]
            for mention, (always, beside) in zip(clause.mentions, around, strict=True):
                own = found[mention.actor]
                own.update(always)
                if triggers:
                    own.update(beside)
                    own.update(map(_bucket, _towards(clause, mention, triggers)))
        return [np.fromiter(found[actor], np.int32, len(found[actor])) for actor in actors]


def _around(clause: Clause, mention: Mention) -> tuple[list[int], list[int]]:
    """Buckets of the words before and after a name: for any sentence, and for one with a trigger."""
    names = [
        f"1 {_word(clause, mention, mention.last + 1)}",
        f"2 {_word(clause, mention, mention.last + 2)}",
        f"-1 {_word(clause, mention, mention.first - 1)}",
        f"-2 {_word(clause, mention, mention.first - 2)}",
        f"12 {_word(clause, mention, mention.last + 1)} {_word(clause, mention, mention.last + 2)}",
        f"-21 {_word(clause, mention, mention.first - 2)} {_word(clause, mention, mention.first - 1)}",
    ]
    always = [*names, f"3 {_word(clause, mention, mention.last + 3)}"]
    return [_bucket(name) for name in always], [_bucket(f"t{name}") for name in names]


def _towards(clause: Clause, mention: Mention, triggers: Sequence[int]) -> Iterator[str]:
    """The nearest trigger, on which side it stands, and the words on the way to it."""
    nearest = min(triggers, key=lambda at: min(abs(at - mention.first), abs(at - mention.last)))
    ahead = nearest > mention.last
    side = "R" if ahead else "L"
    low, high = (mention.last + 1, nearest) if ahead else (nearest + 1, mention.first)
    word = clause.words[nearest]
    yield f"tr {word}"
    yield f"tr{side} {word}"
    yield f"tr{side}{'T' if clause.title else 'B'} {word}"
    yield f"far{side} {min(max(high - low, 0), 6)}"
    for at in range(low, min(high, low + _BETWEEN)):
        yield f"way{side} {_word(clause, mention, at)}"


def _word(clause: Clause, mention: Mention, at: int) -> str:
    if not 0 <= at < len(clause.words):
        return "<" if at < 0 else ">"
    for other in clause.mentions:
        if other.first <= at <= other.last:
            return "SELF" if other.actor == mention.actor else "ACTOR"
    return clause.words[at]


def _bucket(token: str) -> int:
    return crc32(token.encode()) % BUCKETS
