"""How good positions are: by, against, way, whole positions, with bootstrap intervals over items. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.types import Position

Positions = Sequence[Position]
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Rate:
    """A share in 0 to 1 (accuracy, precision, recall or F1) with its 95 % interval; `cases` is what it is a share of."""

    value: float
    low: float
    high: float
    cases: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] n={self.cases}"


@dataclass(frozen=True, slots=True)
class PositionQuality:
    """`by_*` and `against_f1` count (development, actor) pairs; `position_f1` counts positions equal in development
    and by, `exact_f1` in all four fields. `detail` and `against` are accuracies over the gold positions, each beside
    the found position of its development that shares most of `by`; `by_set` is the share of them with that `by`."""

    by_precision: Rate
    by_recall: Rate
    by_f1: Rate
    by_set: Rate
    against_f1: Rate
    against: Rate
    detail: Rate
    position_f1: Rate
    exact_f1: Rate


def position_quality(found: Sequence[Positions], gold: Sequence[Positions], seed: int = 0) -> PositionQuality:
    """Compares the positions found in n items with the gold ones, item by item."""
    by = _counts(found, gold, _by_pairs)
    against = _counts(found, gold, _against_pairs)
    whole = _counts(found, gold, lambda one: {(one.development, frozenset(one.by))})
    exact = _counts(
        found, gold, lambda one: {(one.development, frozenset(one.by), frozenset(one.against), one.detail)}
    )
    pairs = [[(_nearest(one, said), one) for one in true] for said, true in zip(found, gold, strict=True)]

    def agreement(equal: Callable[[Position, Position], bool], counts: Callable[[Position], bool]) -> Rate:
        cells = [
            (sum(1 for said, true in item if counts(true) and said is not None and equal(said, true)),
             sum(1 for _, true in item if counts(true)))
            for item in pairs
        ]  # fmt: skip
        return _rate(
            np.array(cells, float).reshape(-1, 2),
            lambda sums: sums[..., 0] / np.maximum(sums[..., 1], 1),
            seed,
            1,
        )

    return PositionQuality(
        by_precision=_rate(by, lambda s: s[..., 0] / np.maximum(s[..., 1], 1), seed, 1),
        by_recall=_rate(by, lambda s: s[..., 0] / np.maximum(s[..., 2], 1), seed, 2),
        by_f1=_rate(by, _f1, seed, 2),
        by_set=agreement(lambda said, true: set(said.by) == set(true.by), lambda _: True),
        against_f1=_rate(against, _f1, seed, 2),
        against=agreement(lambda said, true: set(said.against) == set(true.against), lambda _: True),
        detail=agreement(lambda said, true: said.detail == true.detail, lambda true: true.detail is not None),
        position_f1=_rate(whole, _f1, seed, 2),
        exact_f1=_rate(exact, _f1, seed, 2),
    )


def _by_pairs(position: Position) -> set[tuple[object, ...]]:
    return {(position.development, actor) for actor in position.by}


def _against_pairs(position: Position) -> set[tuple[object, ...]]:
    return {(position.development, actor) for actor in position.against}


def _counts(
    found: Sequence[Positions], gold: Sequence[Positions], keys: Callable[[Position], set[tuple[object, ...]]]
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(n, 3): hits, found and gold keys of each item."""
    rows = []
    for said, true in zip(found, gold, strict=True):
        said_keys = set().union(*(keys(one) for one in said))
        true_keys = set().union(*(keys(one) for one in true))
        rows.append((len(said_keys & true_keys), len(said_keys), len(true_keys)))
    return np.array(rows, float).reshape(-1, 3)


def _f1(
    sums: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return 2 * sums[..., 0] / np.maximum(sums[..., 1] + sums[..., 2], 1)


def _rate(
    counts: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    share: Callable[
        [np.ndarray[tuple[int, ...], np.dtype[np.float64]]], np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    ],
    seed: int,
    cases: int,
) -> Rate:
    if not len(counts):
        return Rate(0.0, 0.0, 1.0, 0)
    chosen = np.random.default_rng(seed).integers(0, len(counts), (RESAMPLES, len(counts)))
    spread = share(counts[chosen].sum(axis=1))
    low, high = np.quantile(spread, [0.025, 0.975])
    total = counts.sum(axis=0)
    return Rate(float(share(total)), float(low), float(high), int(total[cases]))


def _nearest(true: Position, found: Positions) -> Position | None:
    """The found position of the same development that shares most actors; None if there is none."""
    same = [one for one in found if one.development == true.development]
    return max(same, key=lambda one: _overlap(one.by, true.by), default=None)


def _overlap(some: Sequence[str], others: Sequence[str]) -> float:
    both, either = set(some) & set(others), set(some) | set(others)
    return len(both) / len(either) if either else 1.0
