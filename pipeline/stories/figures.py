"""The figures that a story's sources give: how many were killed, exchanged or shot down, by whose account.

Read in any language of the lexicon: a number and a counted thing within a few words of each other in one sentence.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from classifiers.sentences import split
from pipeline.query import fold
from pipeline.stories.lexicon import shipped
from pipeline.stories.status import PARTIES, Report
from pipeline.stories.terms import language_of

COUNTED = {
    "kill": "killed",
    "injured": "wounded",
    "prisoner": "prisoners",
    "exchange": "exchanged",
    "drone": "drones",
    "missile": "missiles",
    "evacuation": "evacuated",
    "missing": "missing",
    "refugee": "refugees",
}
"""Concepts that are counted, and what the table calls them."""
WITHIN = 4
"""Words between a number and what it counts: "killed at least 12", "35 of the 40 attack drones"."""
NOT_COUNTED = re.compile(r"(?:19|20)\d\d|0\d+")
_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "dozen": 12, "twenty": 20, "dwie": 2, "dwoch": 2, "trzy": 3, "trzech": 3, "cztery": 4,
    "piec": 5, "szesc": 6, "siedem": 7, "osiem": 8, "dziewiec": 9, "dziesiec": 10,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that one article gives. `party`: the side whose account the sentence names, "" where it names none."""

    counted: str
    number: int
    outlet: str
    article: str
    party: str
    sentence: str


def figures(reports: Iterable[Report]) -> list[Figure]:
    """Every figure in the articles, in order of time; a number that one article repeats counts once."""
    found: dict[tuple[str, int, str], Figure] = {}
    for report in sorted(reports, key=lambda report: (report.published, report.id)):
        for sentence in split(report.title, report.text):
            for counted, number in counts(sentence.text):
                key = (counted, number, report.id)
                if key not in found:
                    found[key] = Figure(
                        counted, number, report.outlet, report.id, account_of(sentence.text), sentence.text
                    )
    return list(found.values())


def differing(found: Sequence[Figure]) -> dict[str, list[Figure]]:
    """By counted thing, the figures of a story where its sources do not agree."""
    by_counted: dict[str, list[Figure]] = {}
    for figure in found:
        by_counted.setdefault(figure.counted, []).append(figure)
    return {
        counted: rows for counted, rows in sorted(by_counted.items()) if len({row.number for row in rows}) > 1
    }


def counts(sentence: str) -> list[tuple[str, int]]:
    """The (counted thing, number) pairs of a sentence. A number counts the nearest thing, the following one first."""
    tokens = fold.tokens(sentence)
    language = language_of(sentence, tokens)
    things = {
        place: COUNTED[concept]
        for place, token in enumerate(tokens)
        for concept in shipped().concepts(token, language)
        if concept in COUNTED
    }
    pairs: list[tuple[str, int]] = []
    for place, token in enumerate(tokens):
        number = _number(token)
        if number is None:
            continue
        near = [
            (distance, before, other)
            for other in things
            for distance, before in [(abs(other - place), other < place)]
            if 0 < distance <= WITHIN
        ]
        if near:
            pairs.append((things[min(near)[2]], number))
    return pairs


def account_of(sentence: str) -> str:
    """The party whose account a sentence gives, where it names exactly one of the two as the speaker's side."""
    tokens = fold.tokens(sentence)
    language = language_of(sentence, tokens)
    named = {
        concept for token in tokens for concept in shipped().concepts(token, language) if concept in PARTIES
    }
    return named.pop() if len(named) == 1 else ""


def _number(token: str) -> int | None:
    if token.isascii() and token.isdigit():
        return None if NOT_COUNTED.fullmatch(token) or len(token) > 7 else int(token)
    return _WORDS.get(token)
