"""How much two tellings have in common: rare shared terms, and for two English texts their vectors.

The encoder reads English. Its vectors of other languages tell the language rather than the event (two Polish articles
of any events are as near as two English ones of the same), so vectors count only between English texts; terms count
between all. Both parts are averages over pairs, so a story is compared as a whole and one odd member chains nothing.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
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
UNRELATED_SPREADS = 0.7
"""How far above the mean of unrelated pairs a cosine still says nothing, in their standard deviations: two articles of
one war and different events lie there."""
SPREAD_WORTH = 0.06
"""What one standard deviation of cosine is worth in likeness. It makes vectors and terms of one scale."""
UNRELATED_BELOW = 0.02
"""Share of terms below which two articles are surely of different events, and may measure the encoder."""
CALIBRATED_FROM = 40
"""Pairs that a measurement needs; with fewer, vectors are left out."""
MEASURED = 400
"""Articles that are measured at most, each with NEIGHBOURS others."""
NEIGHBOURS = 6

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


@dataclass(frozen=True, slots=True)
class VectorScale:
    """What this encoder's cosines are worth: `unrelated` says nothing, `worth` is the likeness of a cosine of 1 more."""

    unrelated: float
    worth: float


def measure(tellings: Iterable[Telling]) -> VectorScale | None:
    """The encoder's scale, from pairs of English articles that share no rare term; None where there are too few.

    Encoders differ: unrelated news has a cosine near 0 in one, 0.5 in the next and 0.8 in a third. Measured on the
    articles in hand, the rules need no number that belongs to a model. The same articles give the same scale.
    """
    english = sorted((one for one in tellings if one.vector is not None), key=lambda one: one.print.order)[
        :MEASURED
    ]
    cosines = [
        float(one.vector @ other.vector)
        for place, one in enumerate(english)
        for other in english[place + 1 : place + 1 + NEIGHBOURS]
        if one.vector is not None
        and other.vector is not None
        and _dot(one.terms, other.terms) < UNRELATED_BELOW
    ]
    if len(cosines) < CALIBRATED_FROM:
        return None
    spread = max(float(np.std(cosines)), 1e-3)
    return VectorScale(float(np.mean(cosines)) + UNRELATED_SPREADS * spread, SPREAD_WORTH / spread)


def likeness(left: Profile, right: Profile, scale: VectorScale | None) -> float:
    """Mean likeness over all pairs of a telling of `left` and one of `right`: 0 unrelated, about 0.1 one event."""
    pairs = left.size * right.size
    if not pairs:
        return 0.0
    total = _dot(left.terms, right.terms)
    if scale is not None and left.vector is not None and right.vector is not None:
        with_vectors = left.with_vector * right.with_vector
        total -= VECTOR_SHARE * _dot(left.terms_with_vector, right.terms_with_vector)
        above = float(left.vector @ right.vector) - scale.unrelated * with_vectors
        total += VECTOR_SHARE * scale.worth * above
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
