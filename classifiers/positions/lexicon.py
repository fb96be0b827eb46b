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
    """The groups of words and phrases. Holds a bounded memory of words seen; may be shared by threads.

    `document`: the parsed phrases.toml. Raises re.error on a broken expression.
    """

    def __init__(self, document: Mapping[str, Any], content_hash: str) -> None:
        self.content_hash = content_hash
        self.groups: tuple[str, ...] = tuple(group for group, _ in _leaves(document))
        self._words: list[tuple[int, re.Pattern[str]]] = []
        self._phrases: list[tuple[int, re.Pattern[str]]] = []
        for index, (_, expressions) in enumerate(_leaves(document)):
            single = [one for one in expressions if " " not in one]
            several = [one.replace(" ", r"\s+") for one in expressions if " " in one]
            if single:
                self._words.append((index, re.compile("|".join(single))))
            if several:
                self._phrases.append((index, re.compile(rf"(?<!\w)(?:{'|'.join(several)})(?!\w)")))
        self._bits_of = lru_cache(maxsize=_KNOWN_WORDS)(self._look_up)

    def mask(self, *groups: str) -> int:
        """One bit for each of the groups; ValueError for a group that the file does not have."""
        return sum(1 << self.groups.index(group) for group in groups)

    def bits(self, word: str) -> int:
        """The groups that a lower-case word belongs to, one bit each."""
        return self._bits_of(word)

    def phrases(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Start, end and bits of the runs of several words in a lower-case text."""
        for index, pattern in self._phrases:
            for found in pattern.finditer(text):
                yield found.start(), found.end(), 1 << index

    def _look_up(self, word: str) -> int:
        return sum(1 << index for index, pattern in self._words if pattern.fullmatch(word))


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
