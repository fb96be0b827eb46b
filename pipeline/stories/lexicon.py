"""The shipped list of news words: which word of which language stands for which concept.

The encoder reads English; for a Polish or Ukrainian text its vector says little. What such texts share with English
ones is names, numbers and the few hundred words that carry events (dam, earthquake, verdict …): these.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pipeline.query import fold

LANGUAGES = ("en", "pl", "cyrillic", "de")
"""Columns of the file, in order. Ukrainian and Russian share one: a word of either is understood in both."""

LONGEST_ENDING = 6


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words to concepts. `stems` match with any inflection ending of their language, `whole` only as they stand."""

    stems: Mapping[str, Mapping[str, tuple[str, ...]]]
    whole: Mapping[str, Mapping[str, tuple[str, ...]]]
    endings: Mapping[str, frozenset[str]]
    little_words: Mapping[str, frozenset[str]]

    def concepts(self, token: str, language: str) -> tuple[str, ...]:
        """The concepts that a folded token stands for in a language of LANGUAGES; () for a word that is not listed."""
        whole = self.whole[language].get(token)
        if whole is not None:
            return whole
        if language == "en":
            return self.stems["en"].get(fold.stem(token), ())
        stems, endings = self.stems[language], self.endings[language]
        for cut in range(min(LONGEST_ENDING, len(token) - 2) + 1):
            end = len(token) - cut
            if (not cut or token[end:] in endings) and token[:end] in stems:
                return stems[token[:end]]
        return ()


@cache
def shipped() -> Lexicon:
    """The list that comes with the program."""
    return parse(files("pipeline.stories").joinpath("lexicon.txt").read_text(encoding="utf-8").splitlines())


def parse(lines: Iterable[str]) -> Lexicon:
    """Read the list; the file's own head says how it is written."""
    stems: dict[str, dict[str, tuple[str, ...]]] = {language: {} for language in LANGUAGES}
    whole: dict[str, dict[str, tuple[str, ...]]] = {language: {} for language in LANGUAGES}
    endings: dict[str, set[str]] = {language: set() for language in LANGUAGES}
    little_words: dict[str, set[str]] = {language: set() for language in LANGUAGES}
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("@"):
            kind, language, *words = line.removeprefix("@").split()
            (endings if kind == "endings" else little_words)[language].update(words)
            continue
        columns = [column.split() for column in line.split("|")]
        concept = columns[0][0]
        if "-" in concept:  # a made-up name for the concept, not an English word of it
            del columns[0][0]
        for language, words in zip(LANGUAGES, columns, strict=False):
            for word in (variant for written in words for variant in _variants(written)):
                target = whole if word.endswith("!") else stems
                for token in fold.tokens(word.removesuffix("!")):
                    key = fold.stem(token) if language == "en" and target is stems else token
                    known = target[language].get(key, ())
                    if concept not in known:
                        target[language][key] = (*known, concept)
    return Lexicon(stems, whole, _frozen(endings), _frozen(little_words))


def _frozen(words: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {language: frozenset(found) for language, found in words.items()}


def _variants(word: str) -> list[str]:
    """`tam[ay]` is tama and tamy."""
    found = re.fullmatch(r"([^\[]*)\[([^\]]+)\](.*)", word)
    return [f"{found[1]}{letter}{found[3]}" for letter in found[2]] if found else [word]
