"""How much two tellings have in common: rare shared terms, and for two English texts their vectors.

The encoder reads English. Its vectors of other languages tell the language rather than the event (two Polish articles
of any events are as near as two English ones of the same), so vectors count only between English texts; terms count
between all. Both parts are averages over pairs, so a story is compared as a whole and one odd member chains nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.background import weight
from pipeline.stories.copies import Print, print_of
from pipeline.stories.terms import read

VECTOR_SHARE = 0.5
"""Part of the vectors in the likeness of two English texts; terms have the rest. 0.3 serves large stories as well; with
0.5 fewer small ones of a merely common topic arise."""
VECTOR_UNRELATED = 0.6
"""Cosine of two English articles about the same war and different events (median 0.57, 0.73 at most one in a hundred)."""


@dataclass(frozen=True, slots=True)
class Telling:
    """An article as grouping sees it. `terms` has unit length; `vector` is there for English texts only."""

    id: str
    outlet: str
    published: datetime
    title: str
    terms: Mapping[str, float]
    vector: NDArray[np.float32] | None
    print: Print


def telling(
    article: str,
    outlet: str,
    published: datetime,
    title: str,
    text: str,
    embedding: NDArray[np.float32] | None,
) -> Telling:
    """Read an article for grouping. `published`: aware UTC. `embedding`: (d,) of unit length, or None."""
    found = read(title, text)
    weights = {term: share * weight(term) for term, share in found.terms.items()}
    length = math.sqrt(sum(value * value for value in weights.values()))
    terms = {term: value / length for term, value in weights.items() if value} if length else {}
    return Telling(
        article,
        outlet,
        published,
        title,
        terms,
        embedding if found.language == "en" else None,
        print_of(article, outlet, published, title, text),
    )


@dataclass(slots=True)
class Profile:
    """What a set of tellings adds up to; everything that averages over pairs need."""

    size: int = 0
    with_vector: int = 0
    terms: dict[str, float] = field(default_factory=dict)
    terms_with_vector: dict[str, float] = field(default_factory=dict)
    vector: NDArray[np.float32] | None = None

    def add(self, one: Telling, sign: int = 1) -> None:
        """Take a telling in, or with sign -1 out again."""
        self.size += sign
        _add(self.terms, one.terms, sign)
        if one.vector is not None:
            self.with_vector += sign
            _add(self.terms_with_vector, one.terms, sign)
            self.vector = sign * one.vector if self.vector is None else self.vector + sign * one.vector

    def join(self, other: "Profile") -> None:
        """Take a whole other set in."""
        self.size += other.size
        self.with_vector += other.with_vector
        _add(self.terms, other.terms, 1)
        _add(self.terms_with_vector, other.terms_with_vector, 1)
        if other.vector is not None:
            self.vector = other.vector if self.vector is None else self.vector + other.vector


def profile_of(one: Telling) -> Profile:
    """The profile of a telling on its own."""
    profile = Profile()
    profile.add(one)
    return profile


def likeness(left: Profile, right: Profile) -> float:
    """Mean likeness over all pairs of a telling of `left` and one of `right`: 0 unrelated, about 0.1 one event."""
    pairs = left.size * right.size
    if not pairs:
        return 0.0
    total = _dot(left.terms, right.terms)
    if left.vector is not None and right.vector is not None and left.with_vector and right.with_vector:
        total -= VECTOR_SHARE * _dot(left.terms_with_vector, right.terms_with_vector)
        cosines = float(left.vector @ right.vector)
        total += VECTOR_SHARE * (cosines - VECTOR_UNRELATED * left.with_vector * right.with_vector)
    return total / pairs


def leading(left: Profile, right: Profile) -> float:
    """The part of `likeness` that the one most shared term brings."""
    smaller, larger = sorted((left.terms, right.terms), key=len)
    most = max((value * larger[term] for term, value in smaller.items() if term in larger), default=0.0)
    return most / (left.size * right.size)


def _add(target: dict[str, float], terms: Mapping[str, float], sign: int) -> None:
    for term, value in terms.items():
        target[term] = target.get(term, 0.0) + sign * value


def _dot(left: Mapping[str, float], right: Mapping[str, float]) -> float:
    if len(left) > len(right):
        left, right = right, left
    return sum(value * right[term] for term, value in left.items() if term in right)
