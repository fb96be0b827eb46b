"""Probabilities to positions: who is named, who stands with whom in one position, on which sentence it rests. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.positions.model import WITHOUT_AGAINST, Bounds
from classifiers.positions.reading import Clause

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
_TALKS = frozenset({"talks-announced", "talks-held"})


@dataclass(frozen=True, slots=True)
class Candidates:
    """The n actors that a text offers for one development: `by` and `against` are (n,) probabilities."""

    development: str
    actors: Sequence[str]
    by: NDArray[np.float64]
    against: NDArray[np.float64]


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


def resting_on(
    clauses: Sequence[Clause], triggers: Sequence[int], by: Sequence[str], evidence: str
) -> Clause:
    """The sentence that a position rests on.

    `triggers` are the indices of those that speak of the development, the strongest first; `evidence` is what the
    tagger takes for its sentence ("": not known). A sentence that names the doers goes first.
    """
    doers = set(by)

    def fitness(at: int) -> tuple[float, int]:
        named = {mention.actor for mention in clauses[at].mentions}
        return (len(doers & named) + 0.5 * (clauses[at].text == evidence), -triggers.index(at))

    if triggers:
        return clauses[max(triggers, key=fitness)]
    return next((clause for clause in clauses if clause.text == evidence), clauses[0])


def _doers(candidates: Candidates, bounds: Bounds) -> list[str]:
    order = np.argsort(-candidates.by, kind="stable")
    found = [at for at in order if candidates.by[at] >= bounds.sure]
    if not found and len(order) and candidates.by[order[0]] >= bounds.best:
        found = [order[0]]
    if candidates.development in _TALKS and len(found) == 1 and len(order) > 1:
        runner_up = next(at for at in order if at != found[0])
        if candidates.by[runner_up] >= bounds.second:
            found.append(runner_up)
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
