"""Probabilities to positions: who is named, who stands with whom in one position, on which sentence it rests. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.positions.features import PRINCIPALS, TALKS, Told
from classifiers.positions.model import WITHOUT_AGAINST, Bounds
from classifiers.positions.sayings import Sayings

TOGETHER = frozenset(
    {
        "talks-announced",
        "talks-held",
        "deal-reached",
        "exchange-carried-out",
        "aid-changed",
        "sanctions-changed",
    }
)
"""Developments whose doers act together as a rule: one position. Of all others each doer has its own."""
_TAGGER_WEIGHT = 0.25
"""What the tagger's choice of a sentence counts, against the likelihood (0 to 1) that it tells who did it."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The n actors that a text offers for one development: `by` and `against` are (n,) probabilities. `of_three` says
    that the text speaks of three sides ("trilateral talks")."""

    development: str
    actors: Sequence[str]
    by: NDArray[np.float64]
    against: NDArray[np.float64]
    of_three: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A position before its way and sentence are known."""

    by: tuple[str, ...]
    against: tuple[str, ...]
    score: float


def drafts(candidates: Candidates, bounds: Bounds) -> list[Draft]:
    """The positions of one development, at least one; an empty `by` says that the text does not tell who."""
    doers = _doers(candidates, bounds)
    likely = dict(zip(candidates.actors, candidates.by.tolist(), strict=True))
    if not doers:
        unlikely = 1 - max(likely.values(), default=0.0)
        return [Draft((), _targets(candidates, (), bounds), unlikely)]
    groups = [tuple(doers)] if candidates.development in TOGETHER else [(doer,) for doer in doers]
    return [
        Draft(group, _targets(candidates, group, bounds), float(np.mean([likely[doer] for doer in group])))
        for group in groups
    ]


@dataclass(frozen=True, slots=True)
class Support:
    """Which sentences speak for the positions of one development.

    `told` are those that speak of the development, `likely` (m,) is how likely each of the m pairs of `sayings` tells
    that the actor (of `actors`) did it, `evidence` the index of the sentence that the tagger takes (-1: not known).
    """

    actors: Sequence[str]
    told: Sequence[Told]
    sayings: Sayings
    likely: NDArray[np.float64]
    evidence: int

    def resting_on(self, by: Sequence[str]) -> int:
        """The index of the sentence that a position of those doers rests on: the one that says most clearly that they
        did it; if none does, the tagger's, or the one that speaks most of the development."""
        doers = {at for at, actor in enumerate(self.actors) if actor in by}
        weight: defaultdict[int, float] = defaultdict(float)
        for sentence, actor, likely in zip(
            self.sayings.sentence.tolist(), self.sayings.actor.tolist(), self.likely.tolist(), strict=True
        ):
            if actor in doers:
                weight[sentence] += likely
        if weight:
            weight[self.evidence] += _TAGGER_WEIGHT * len(doers) * (self.evidence in weight)
            return max(weight, key=lambda at: (weight[at], -at))
        if self.evidence >= 0:
            return self.evidence
        return max(self.told, key=lambda one: (_strength(one), -one.at)).at if self.told else 0


def _strength(one: Told) -> float:
    return min(len(one.triggers), 3) + 0.5 * min(one.supports, 2) + 0.5 * one.clause.title


def _doers(candidates: Candidates, bounds: Bounds) -> list[str]:
    order = np.argsort(-candidates.by, kind="stable")
    found = [at for at in order if candidates.by[at] >= bounds.sure]
    if not found and len(order) and candidates.by[order[0]] >= bounds.best:
        found = [order[0]]
    if candidates.development in TALKS and len(found) == 1 and len(order) > 1:
        runner_up = next(at for at in order if at != found[0])
        if candidates.by[runner_up] >= bounds.second:
            found.append(runner_up)
    if candidates.development in TALKS and candidates.of_three:
        found += [
            at
            for at in order
            if candidates.actors[at] in PRINCIPALS and at not in found and candidates.by[at] >= bounds.second
        ]
    return [candidates.actors[at] for at in found]


def _targets(candidates: Candidates, group: Sequence[str], bounds: Bounds) -> tuple[str, ...]:
    if candidates.development in WITHOUT_AGAINST:
        return ()
    order = np.argsort(-candidates.against, kind="stable")
    return tuple(
        candidates.actors[at]
        for at in order
        if candidates.against[at] >= bounds.against and candidates.actors[at] not in group
    )
