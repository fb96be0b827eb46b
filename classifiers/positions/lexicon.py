"""Which kinds of words stand where: phrases.toml as one lookup from a word, or a run of words, to its groups. Pure.

A group is a dotted path of the file ("verbs.say", "triggers.rejected.core", "details.aid-changed.reduced").
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

_KNOWN_WORDS = 60_000
"""Words whose groups are remembered: more than a month of English news brings."""


class Lexicon:
    """The groups of words and of runs of words. Remembers a bounded number of words; may be shared by threads.

    `document`: the parsed phrases.toml. Raises re.error on a broken expression.
    """

    def __init__(self, document: Mapping[str, Any], content_hash: str) -> None:
        self.content_hash = content_hash
        leaves = list(_leaves(document))
        self.groups: tuple[str, ...] = tuple(group for group, _ in leaves)
        bit_of: dict[str, int] = {}
        self._patterns: list[tuple[int, re.Pattern[str]]] = []
        self._runs: list[tuple[int, tuple[int, ...]]] = []
        for index, (_, expressions) in enumerate(leaves):
            single = [one for one in expressions if " " not in one]
            if single:
                self._patterns.append((1 << index, re.compile("|".join(single))))
            for run in (one.split(" ") for one in expressions if " " in one):
                for word in run:
                    bit_of.setdefault(word, 1 << (len(leaves) + len(bit_of)))
                self._runs.append((1 << index, tuple(bit_of[word] for word in run)))
        self._patterns += [(bit, re.compile(word)) for word, bit in bit_of.items()]
        self._first = 0
        for _, run_bits in self._runs:
            self._first |= run_bits[0]
        self._bits_of = lru_cache(maxsize=_KNOWN_WORDS)(self._look_up)

    def mask(self, *groups: str) -> int:
        """One bit for each of the groups; ValueError for a group that the file does not have."""
        return sum(1 << self.groups.index(group) for group in groups)

    def bits(self, words: Sequence[str]) -> list[int]:
        """For each of a sentence's lower-case words the groups that it belongs to, one bit each; a run of words
        counts at its first one."""
        bits = [self._bits_of(word) for word in words]
        for _, first, _, group in self.runs(bits):
            bits[first] |= group
        return bits

    def runs(self, bits: Sequence[int]) -> list[tuple[int, int, int, int]]:
        """The runs of several words among words of those bits: (length, first, last, group bit)."""
        return [
            (len(run), at, at + len(run) - 1, group)
            for at, one in enumerate(bits)
            if one & self._first
            for group, run in self._runs
            if one & run[0]
            and at + len(run) <= len(bits)
            and all(bits[at + step] & bit for step, bit in enumerate(run))
        ]

    def _look_up(self, word: str) -> int:
        total = 0
        for bit, pattern in self._patterns:
            if pattern.fullmatch(word):
                total |= bit
        return total


def load_lexicon() -> Lexicon:
    """The shipped phrases.toml."""
    content = (resources.files("classifiers.positions") / "phrases.toml").read_bytes()
    return Lexicon(tomllib.loads(content.decode()), hashlib.sha256(content).hexdigest())


def _leaves(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Sequence[str]]]:
    """Dotted path and expressions of every leaf; a leaf is one expression with "|" between, or a list of them."""
    for key, value in table.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, Mapping):
            yield from _leaves(value, here)
        else:
            yield here, _alternatives(value) if isinstance(value, str) else value


def _alternatives(expression: str) -> list[str]:
    """The parts of "a|b(?:c|d)" at its top level."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(expression):
        depth += (character in "([") - (character in ")]")
        if character == "|" and not depth:
            parts.append(expression[start:at])
            start = at + 1
    return [*parts, expression[start:]]
