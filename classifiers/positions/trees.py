"""Boosted trees as plain arrays, and their sums: what training exports and numpy evaluates. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAF = -1


@dataclass(frozen=True, slots=True)
class Trees:
    """t trees of m nodes together.

    `roots` (t,) are node indices. A node with `left` == LEAF adds its `value`; any other one sends rows whose column
    `feature` is at most `value` to `left`, the rest to `right`. `depth` is the longest way from a root to a leaf.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int16]
    value: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    depth: int

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n,) from (n, f): the logistic function of the sum over the trees."""
        at = np.repeat(self.roots[None, :], len(rows), axis=0)
        line = np.arange(len(rows))[:, None]
        for _ in range(self.depth):
            left = self.left[at]
            inner = left != LEAF
            goes_left = rows[line, self.feature[at]] <= self.value[at]
            at = np.where(inner, np.where(goes_left, left, self.right[at]), at)
        total = self.value[at].astype(np.float64).sum(axis=1)
        probabilities: NDArray[np.float64] = 1 / (1 + np.exp(-total))
        return probabilities
