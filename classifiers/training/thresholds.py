"""Thresholds from out-of-fold scores: decide, uncertain and announce for each label. Pure.

A rare label has too few cases for a threshold of its own. Each label's counts at every candidate threshold
therefore get those of its whole facet added, scaled to PRIOR_CASES cases: with 3 cases the facet decides, with 300
the label does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.decide import Thresholds
from classifiers.training.metrics import columns, facet_of

GRID = np.round(np.arange(0.05, 0.991, 0.01), 2)
PRIOR_CASES = 25.0
ANNOUNCE_PRECISION = 0.95
BAND_RECALL = 0.97
"""The uncertain band starts where this share of the true cases is at or above it."""


@dataclass(frozen=True, slots=True)
class _Counts:
    """At each threshold of GRID: hits, and items said; `cases` in all."""

    hits: NDArray[np.float64]
    said: NDArray[np.float64]
    cases: float

    def plus(self, other: "_Counts", scale: float) -> "_Counts":
        return _Counts(
            self.hits + scale * other.hits, self.said + scale * other.said, self.cases + scale * other.cases
        )


def from_scores(
    scores: NDArray[np.float32], true: NDArray[np.bool_], weights: NDArray[np.float32], labels: Sequence[str]
) -> dict[str, Thresholds]:
    """`scores` and `true` (n, k) out of fold, `weights` (n,): how much each item is like those to be tagged."""
    each = {label: _count(scores[:, [at]], true[:, [at]], weights) for at, label in enumerate(labels)}
    pools = {
        facet: _count(scores[:, kept], true[:, kept], weights)
        for facet in dict.fromkeys(facet_of(label) for label in labels)
        if (kept := columns(labels, facet))
    }
    return {
        label: _choose(counts.plus(pool, PRIOR_CASES / max(pool.cases, 1.0)))
        for label, counts in each.items()
        if (pool := pools[facet_of(label)])
    }


def _count(scores: NDArray[np.float32], true: NDArray[np.bool_], weights: NDArray[np.float32]) -> _Counts:
    weight = np.broadcast_to(weights[:, None], scores.shape)
    said = [weight[scores >= threshold].sum(dtype=np.float64) for threshold in GRID]
    hits = [weight[(scores >= threshold) & true].sum(dtype=np.float64) for threshold in GRID]
    return _Counts(np.array(hits), np.array(said), float(weight[true].sum()))


def _choose(counts: _Counts) -> Thresholds:
    f1 = 2 * counts.hits / np.maximum(counts.said + counts.cases, 1e-9)
    near_best = np.flatnonzero(f1 >= f1.max() - 0.002)
    at = int(near_best[len(near_best) // 2])  # the middle of a flat top moves least with the sample
    decide = float(GRID[at])
    precise = np.flatnonzero(counts.hits[at:] >= ANNOUNCE_PRECISION * np.maximum(counts.said[at:], 1e-9))
    announce = float(GRID[at + int(precise[0])]) if len(precise) else float(GRID[-1])
    recalled = np.flatnonzero(counts.hits >= BAND_RECALL * counts.cases)
    floor = float(GRID[int(recalled[-1])]) if len(recalled) else float(GRID[0])
    return Thresholds(decide, round(min(max(floor, decide / 4), decide * 0.9), 3), announce)


def decided(
    scores: NDArray[np.float32], limits: Mapping[str, Thresholds], labels: Sequence[str]
) -> NDArray[np.bool_]:
    """What the decide thresholds alone say of (n, k) scores."""
    found: NDArray[np.bool_] = scores >= np.array([limits[label].decide for label in labels], np.float32)
    return found
