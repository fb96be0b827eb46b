"""How good decisions are: precision, recall and F1, micro, macro and by label, with bootstrap intervals. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Quality:
    """`cases` is the number of true items; an interval is (low, high), 95 % over resampled items."""

    cases: int
    precision: float
    recall: float
    f1: float
    interval: tuple[float, float] = (0.0, 1.0)


def facet_of(label: str) -> str:
    """The facet of a "facet:id"."""
    return label.partition(":")[0]


def columns(labels: Sequence[str], facet: str) -> list[int]:
    """The columns of one facet's labels."""
    return [at for at, label in enumerate(labels) if facet_of(label) == facet]


def quality(decided: Matrix, true: Matrix, resamples: int = 0, seed: int = 0) -> Quality:
    """Micro precision, recall and F1 of two equally shaped arrays of booleans, (n,) or (n, k)."""
    decided, true = decided.reshape(len(decided), -1), true.reshape(len(true), -1)
    both, said, is_true = (decided & true).sum(1), decided.sum(1), true.sum(1)
    interval = (0.0, 1.0)
    if resamples:
        chosen = np.random.default_rng(seed).integers(0, len(decided), (resamples, len(decided)))
        spread = 2 * both[chosen].sum(1) / np.maximum(1, said[chosen].sum(1) + is_true[chosen].sum(1))
        interval = (float(np.quantile(spread, 0.025)), float(np.quantile(spread, 0.975)))
    hits, n_said, n_true = int(both.sum()), int(said.sum()), int(is_true.sum())
    return Quality(
        cases=n_true,
        precision=hits / n_said if n_said else 0.0,
        recall=hits / n_true if n_true else 0.0,
        f1=2 * hits / (n_said + n_true) if n_said + n_true else 0.0,
        interval=interval,
    )


def by_label(decided: Matrix, true: Matrix, labels: Sequence[str], resamples: int = 0) -> dict[str, Quality]:
    """Each label's quality, in the order given."""
    return {label: quality(decided[:, at], true[:, at], resamples) for at, label in enumerate(labels)}


def by_facet(decided: Matrix, true: Matrix, labels: Sequence[str], resamples: int = 0) -> dict[str, Quality]:
    """Each facet's micro quality, in order of appearance."""
    facets = dict.fromkeys(facet_of(label) for label in labels)
    return {
        facet: quality(decided[:, columns(labels, facet)], true[:, columns(labels, facet)], resamples)
        for facet in facets
    }


def macro_f1(decided: Matrix, true: Matrix, labels: Sequence[str], facet: str) -> float:
    """Mean F1 of the facet's labels that have a case."""
    kept = columns(labels, facet)
    found = by_label(decided[:, kept], true[:, kept], [labels[at] for at in kept])
    scores = [one.f1 for one in found.values() if one.cases]
    return float(np.mean(scores)) if scores else 0.0
