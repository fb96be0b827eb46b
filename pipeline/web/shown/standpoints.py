"""The table party x issue of a thread: the latest act of each, and the older ones behind it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pipeline.notify import clean
from pipeline.notify.words import Phrases, headline
from pipeline.stories.chronology import Word


@dataclass(frozen=True, slots=True)
class Standpoint:
    """One act of a party on an issue, in words, with its source."""

    headline: str
    sentence: str
    article: str
    outlet: str
    published: datetime


@dataclass(frozen=True, slots=True)
class Standpoints:
    """`cells[party][issue]`: its acts there, the latest first. Parties and issues with most acts come first."""

    parties: tuple[str, ...]
    issues: tuple[str, ...]
    cells: dict[str, dict[str, tuple[Standpoint, ...]]]


def standpoints(
    words: Iterable[Word], phrases: Phrases, most_parties: int = 12, most_issues: int = 8
) -> Standpoints:
    """Every act of the parties by these articles; one that is told again in the same words counts by its latest report."""
    found: dict[str, dict[str, dict[str, Standpoint]]] = {}
    for word in sorted(words, key=lambda item: (item.published, item.article), reverse=True):
        for position in word.positions:
            text = clean.line(headline(position, phrases), 160)
            act = Standpoint(
                text, clean.line(position.sentence, 400), word.article, word.outlet, word.published
            )
            for party in position.by:
                for issue in word.issues:
                    found.setdefault(party, {}).setdefault(issue, {}).setdefault(text, act)
    parties = sorted(found, key=lambda party: (-sum(map(len, found[party].values())), party))[:most_parties]
    counts: dict[str, int] = {}
    for party in parties:
        for issue, acts in found[party].items():
            counts[issue] = counts.get(issue, 0) + len(acts)
    issues = sorted(counts, key=lambda issue: (-counts[issue], issue))[:most_issues]
    cells = {
        party: {issue: tuple(found[party][issue].values()) for issue in issues if issue in found[party]}
        for party in parties
    }
    return Standpoints(tuple(parties), tuple(issues), cells)
