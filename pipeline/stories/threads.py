"""Which earlier story is this the next step of? Stories of one matter make a thread.

Stories close after three days of silence; matters do not. A new story is compared with the stories of the last month
by the terms that carried them: a thread needs several rare ones in common (names above all), where a story needs
likeness as a whole.
"""

import heapq
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.stories.background import weight
from pipeline.stories.similarity import Profile

KEPT_TERMS = 24
"""Terms by which a story is remembered."""
LOOKED_UP = 8
"""Terms by which an earlier story is found."""
REACH = timedelta(days=30)
"""How far back the story may have had its last article."""
ALIKE = 0.5
"""Cosine of two stories' terms from which they are of one matter."""
RARE_NATS = 3.0
RARE_SHARED = 2
"""So many terms must be shared that fewer than one article in twenty has: a country and a topic make no matter."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """An earlier story: its terms (unit length) and when it had its first and its last article (UTC)."""

    story: str
    terms: Mapping[str, float]
    first: datetime
    last: datetime


def key_terms(profile: Profile) -> dict[str, float]:
    """What a story is remembered by: its heaviest terms, the heaviest first, scaled to unit length."""
    heaviest = heapq.nlargest(KEPT_TERMS, profile.terms.items(), key=lambda item: (item[1], item[0]))
    length = math.sqrt(sum(value * value for _, value in heaviest))
    return {term: round(value / length, 4) for term, value in heaviest if value > 0} if length else {}


def lookup_terms(terms: Mapping[str, float]) -> list[str]:
    """The terms by which a story is found again: its heaviest rare ones."""
    rare = [term for term in terms if weight(term) >= RARE_NATS]
    return heapq.nlargest(LOOKED_UP, rare, key=lambda term: (terms[term], term))


def predecessor(terms: Mapping[str, float], first: datetime, earlier: Iterable[Remembered]) -> str | None:
    """The story whose next step one with these terms, begun at `first`, is; None where it begins a matter of its own."""
    best: tuple[float, datetime, str] | None = None
    for other in earlier:
        if first - other.last > REACH:
            continue
        shared = terms.keys() & other.terms.keys()
        if sum(weight(term) >= RARE_NATS for term in shared) < RARE_SHARED:
            continue
        alike = sum(terms[term] * other.terms[term] for term in shared)
        if alike >= ALIKE and (best is None or (alike, other.last, other.story) > best):
            best = (alike, other.last, other.story)
    return None if best is None else best[2]
