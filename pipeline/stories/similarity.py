"""How much two tellings have in common: rare shared terms, and for two English texts their vectors.

The encoder reads English. Its vectors of other languages tell the language rather than the event (two Polish articles
of any events are as near as two English ones of the same), so vectors count only between English texts; terms count
between all. Both parts are averages over pairs, so a story is compared as a whole and one odd member chains nothing.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.background import weight
from pipeline.stories.copies import Print, print_of
from pipeline.stories.terms import TITLE_WEIGHT, read

VECTOR_SHARE = 0.5
"""Part of the vectors in the likeness of two English texts; terms have the rest. 0.3 serves large stories as well; with
0.5 fewer small ones of a merely common topic arise."""
VECTOR_UNRELATED = 0.6
"""Cosine of two English articles about the same war and different events (median 0.57, 0.73 at most one in a hundred)."""


STEP_DEVELOPMENTS = frozenset(
    {
        "talks-announced", "talks-held", "proposal-made", "accepted", "rejected", "deal-reached",
        "exchange-carried-out",
    }
)  # fmt: skip
USUAL = 8
"""One telling in so many must name a step for it to be the story's."""
STEP_TERMS = frozenset({"arrest", "indictment", "trial", "sentence"})


@dataclass(frozen=True, slots=True)
class Telling:
    """An article as grouping sees it. `terms` has unit length; `vector` is there for English texts only.

    `steps` are the stages of a matter that it tells of: developments, and stages of a trial that its title names.
    """

    id: str
    outlet: str
    published: datetime
    title: str
    terms: Mapping[str, float]
    vector: NDArray[np.float32] | None
    print: Print
    steps: frozenset[str] = frozenset()
    english: bool = False


def telling(
    article: str,
    outlet: str,
    published: datetime,
    title: str,
    text: str,
    embedding: NDArray[np.float32] | None,
    developments: Collection[str] = (),
) -> Telling:
    """Read an article for grouping.

    `published`: aware UTC. `embedding`: (d,) of unit length, or None. `developments`: ids that the tagger decided.
    """
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
        frozenset(STEP_DEVELOPMENTS & set(developments))
        | frozenset(term for term in STEP_TERMS if found.terms.get(term) == TITLE_WEIGHT),
        found.language == "en",
    )


@dataclass(slots=True)
class Profile:
    """What a set of tellings adds up to; everything that averages over pairs need."""

    size: int = 0
    with_vector: int = 0
    terms: dict[str, float] = field(default_factory=dict)
    terms_with_vector: dict[str, float] = field(default_factory=dict)
    vector: NDArray[np.float32] | None = None
    steps: Counter[str] = field(default_factory=Counter)

    def add(self, one: Telling, sign: int = 1) -> None:
        """Take a telling in, or with sign -1 out again."""
        self.size += sign
        _add(self.terms, one.terms, sign)
        for step in one.steps:
            self.steps[step] += sign
        if one.vector is not None:
            self.with_vector += sign
            _add(self.terms_with_vector, one.terms, sign)
            self.vector = sign * one.vector if self.vector is None else self.vector + sign * one.vector


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


def other_step(left: Profile, right: Profile) -> bool:
    """Whether the two tell of different steps of a matter: each names some, and they share none."""
    ours, theirs = _usual_steps(left), _usual_steps(right)
    return bool(ours and theirs and not ours & theirs)


def _usual_steps(profile: Profile) -> set[str]:
    """Steps that a fair part of the tellings name; one that looks ahead or back does not count in many."""
    return {step for step, count in profile.steps.items() if count > 0 and count * USUAL >= profile.size}


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
