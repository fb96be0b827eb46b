"""The learned part of positions: numbers in model.npz, what they mean in model.json, checked on load.

Five kinds of numbers: trees that say how likely a sentence alone tells that an actor did it; trees that say how likely
an actor is in `by` and in `against` of a development (both a forest for each family of developments); weights of the
words around its names and the shares of each actor in training (read by the trees); linear models for the ways.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.details import DETAILS
from classifiers.errors import ModelError
from classifiers.positions.sayings import Sayings
from classifiers.positions.trees import Trees
from classifiers.positions.ways import WayModel

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "talks": ("talks-announced", "talks-held"),
    "war": ("attack-reported", "territory-changed", "violation-reported"),
    "words": ("accepted", "rejected", "conditions-set", "proposal-made", "deal-reached"),
    "gives": ("aid-changed", "sanctions-changed", "exchange-carried-out"),
}
"""Developments that share a forest: alike in who does them to whom, and each too rare for its own."""

SIDES = ("by", "against")
WITHOUT_AGAINST = frozenset(
    {"talks-announced", "talks-held", "proposal-made", "deal-reached", "exchange-carried-out"}
)
_REMEDY = "run `python -m classifiers.training.positions train`, or reinstall the package"
_TREE_ARRAYS = ("roots", "feature", "value", "left", "right")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a probability must reach: `sure` to be in `by` at all, `best` for the likeliest actor alone, `second` for
    the likeliest two of a talk, `against` to be in `against`."""

    sure: float
    best: float
    second: float
    against: float


@dataclass(frozen=True, slots=True)
class Priors:
    """How often an actor that a text names is in `by`, and in `against`, of a development in training: shares by
    development, then by actor ("" stands for an actor never seen)."""

    shares: Mapping[str, Mapping[str, tuple[float, float]]]

    def columns(self, development: str, actors: Sequence[str]) -> NDArray[np.float32]:
        """(n, 2) for n actors."""
        known = self.shares[development]
        return np.array([known.get(actor, known[""]) for actor in actors], np.float32).reshape(-1, 2)


@dataclass(frozen=True, slots=True)
class SayingModel:
    """How likely a sentence alone tells that an actor did it; `words` (BUCKETS,) weights of contexts.py's buckets."""

    forest: Trees
    words: NDArray[np.float32]

    def likely(self, sayings: Sayings) -> NDArray[np.float64]:
        """(m,) for m pairs of a sentence and an actor."""
        words = np.array([self.words[own].sum() for own in sayings.buckets], np.float32).reshape(-1, 1)
        return self.forest.probabilities(np.hstack([sayings.rows, words]))


@dataclass(frozen=True, slots=True)
class PositionModel:
    """`forests` and `words` by (family, side), `sayings` and `bounds` by family; `content_hash` changes with any number.

    `words`: (BUCKETS,) weights of contexts.py's buckets.
    """

    forests: Mapping[tuple[str, str], Trees]
    words: Mapping[tuple[str, str], NDArray[np.float32]]
    sayings: Mapping[str, SayingModel]
    priors: Priors
    bounds: Mapping[str, Bounds]
    ways: WayModel
    content_hash: str

    def probabilities(
        self,
        development: str,
        actors: Sequence[str],
        rows: NDArray[np.float32],
        buckets: Sequence[NDArray[np.int32]],
        summaries: NDArray[np.float32],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How likely each of n actors is in `by` and in `against`: (n,) and (n,), from (n, f) features, n arrays of
        buckets and (n, SUMMARY) of what sentences alone say."""
        known = np.hstack([rows, self.priors.columns(development, actors), summaries])
        by = self._side(development, "by", known, buckets)
        if development in WITHOUT_AGAINST:
            return by, np.zeros(len(actors))
        return by, self._side(development, "against", known, buckets)

    def _side(
        self, development: str, side: str, known: NDArray[np.float32], buckets: Sequence[NDArray[np.int32]]
    ) -> NDArray[np.float64]:
        key = family_of(development), side
        words = np.array([self.words[key][own].sum() for own in buckets], np.float32).reshape(-1, 1)
        return self.forests[key].probabilities(np.hstack([known, words]))


def family_of(development: str) -> str:
    """The family of a development; KeyError for one that has none."""
    for family, developments in FAMILIES.items():
        if development in developments:
            return family
    raise KeyError(development)


def load_model(features: Sequence[str], lexicon_hash: str, folder: Path | None = None) -> PositionModel:
    """The model of a folder (the shipped one if None), for features of these names made with that lexicon.

    Raises ModelError if a file is missing or damaged, or if the model was trained on other features or words.
    """
    folder = folder or Path(str(resources.files("classifiers.positions")))
    try:
        described: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        content = (folder / "model.npz").read_bytes()
    except (OSError, ValueError) as error:
        raise ModelError(folder, f"cannot be read: {error}", _REMEDY) from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != described["sha256"]:
        raise ModelError(folder, "model.npz is not the file that model.json describes", _REMEDY)
    if list(features) != described["features"]:
        raise ModelError(folder, "was trained on other features than the code makes", _REMEDY)
    if lexicon_hash != described["lexicon"]:
        raise ModelError(folder, "was trained with another phrases.toml", _REMEDY)
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        forests = {
            (family, side): _trees(arrays, f"{family}.{side}")
            for family in FAMILIES
            for side in SIDES
            if f"{family}.{side}.roots" in arrays
        }
        words = {key: arrays[f"{key[0]}.{key[1]}.words"].astype(np.float32) for key in forests}
        sayings = {
            family: SayingModel(
                _trees(arrays, f"{family}.saying"), arrays[f"{family}.saying.words"].astype(np.float32)
            )
            for family in FAMILIES
        }
        ways = WayModel(
            {one: arrays[f"way.{one}.weights"] for one in DETAILS},
            {one: arrays[f"way.{one}.bias"] for one in DETAILS},
        )
    shares = {
        development: {actor: (by, against) for actor, (by, against) in actors.items()}
        for development, actors in described["shares"].items()
    }
    bounds = {family: Bounds(**values) for family, values in described["bounds"].items()}
    return PositionModel(forests, words, sayings, Priors(shares), bounds, ways, digest)


def saved(model: PositionModel, facts: Mapping[str, Any]) -> tuple[bytes, str]:
    """The two files, model.npz and model.json. `facts`: features, lexicon, shares, bounds and training facts."""
    arrays: dict[str, Any] = {}
    parts = [
        (f"{family}.{side}", trees, model.words[family, side])
        for (family, side), trees in model.forests.items()
    ]
    parts += [(f"{family}.saying", one.forest, one.words) for family, one in model.sayings.items()]
    for part, trees, words in parts:
        for name in _TREE_ARRAYS:
            arrays[f"{part}.{name}"] = getattr(trees, name)
        arrays[f"{part}.depth"] = np.int32(trees.depth)
        arrays[f"{part}.words"] = words.astype(np.float16)
    for development in model.ways.weights:
        arrays[f"way.{development}.weights"] = model.ways.weights[development]
        arrays[f"way.{development}.bias"] = model.ways.bias[development]
    into = BytesIO()
    np.savez_compressed(into, **arrays)
    content = into.getvalue()
    described = {"sha256": hashlib.sha256(content).hexdigest(), **facts}
    return content, json.dumps(described, indent=1, ensure_ascii=False) + "\n"


def _trees(arrays: Mapping[str, Any], name: str) -> Trees:
    parts = {part: arrays[f"{name}.{part}"] for part in _TREE_ARRAYS}
    return Trees(**parts, depth=int(arrays[f"{name}.depth"]))
