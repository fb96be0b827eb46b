"""A second look at developments: what single sentences say for or against what the tagger thinks.

The tagger scores a whole passage, and gives talks to an article that has no meeting in it. The sentences' forests know
which sentence tells that somebody did it. A score is moved on the tagger's own scale, so that its thresholds hold.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ModelError

Number = TypeVar("Number", float, NDArray[np.float64])

FILE = "second_look.json"
FLOOR = 0.05
"""Scores below are not looked at again: no threshold is so low, and most developments of most texts are."""
SUREST = 0.001
"""Log odds are those of probabilities no nearer to 0 or 1 than this."""
_REMEDY = "run `python -m classifiers.training.positions train`, or reinstall the package"


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one development, for log odds: those of the tagger's `score`, of the `best` sentence, of `any` sentence, and
    `told` if a sentence uses its words at all and names an actor; `offset` is added."""

    score: float
    best: float
    any: float
    told: float
    offset: float


@dataclass(frozen=True, slots=True)
class SecondLook:
    """`weights` by development; `content_hash` changes with any number."""

    weights: Mapping[str, Weights]

    @property
    def content_hash(self) -> str:
        return str([(one, astuple(weights)) for one, weights in sorted(self.weights.items())])

    def score(self, development: str, score: float, likely: NDArray[np.float64]) -> float:
        """The score (0 to 1) of a development after a second look; `likely` (m,) says how likely each sentence tells
        that an actor did it, for all actors that it names."""
        weights = self.weights.get(development)
        if weights is None or score < FLOOR:
            return score
        return 1 / (1 + math.exp(-moved(weights, _log_odds(score), *evidence(likely))))


def moved(weights: Weights, score: Number, best: Number, any_of: Number, told: Number) -> Number:
    """Log odds after a second look, from those of the tagger's score and what `evidence` gives; numbers or arrays of them."""
    return (
        weights.score * score
        + weights.best * best
        + weights.any * any_of
        + weights.told * told
        + weights.offset
    )


def evidence(likely: NDArray[np.float64]) -> tuple[float, float, float]:
    """Log odds of the best sentence and of any sentence, and whether there is one; zeros if there is none."""
    if not len(likely):
        return 0.0, 0.0, 0.0
    any_of = 1 - float(np.prod(1 - np.minimum(likely, 0.99)))
    return _log_odds(float(likely.max())), _log_odds(any_of), 1.0


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, SUREST), 1 - SUREST)
    return math.log(bounded / (1 - bounded))


def load_second_look(model_hash: str, taxonomy: str, folder: Path | None = None) -> SecondLook:
    """The shipped weights; none for a taxonomy (its id) that they were not fitted for.

    Raises ModelError if they are missing, or were fitted with another model of positions.
    """
    folder = folder or Path(str(resources.files("classifiers.positions")))
    try:
        described: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(folder, f"{FILE} cannot be read: {error}", _REMEDY) from error
    if described["model"] != model_hash:
        raise ModelError(folder, f"{FILE} was fitted with another model.npz", _REMEDY)
    if described["taxonomy"] != taxonomy:
        return SecondLook({})
    return SecondLook({one: Weights(**weights) for one, weights in described["weights"].items()})
