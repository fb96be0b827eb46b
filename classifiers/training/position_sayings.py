"""From coded texts to what single sentences say: forests that see one sentence and one actor.

A text of a title and one more sentence shows which sentence tells what. Of a longer one only the text is coded, so the
forests are fitted twice: first without the longer texts' doers, then with the sentences that seem to tell of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.positions.contexts import BUCKETS
from classifiers.positions.model import FAMILIES, SayingModel
from classifiers.positions.sayings import Sayings
from classifiers.positions.trees import LEAF, Trees

FOREST = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 20, "feature_fraction": 0.4,
    "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 2.0, "max_bin": 63, "num_threads": 1, "verbose": -1,
    "seed": 1, "deterministic": True, "force_row_wise": True,
}  # fmt: skip
ROUNDS = (80, 120)
"""Of the first and the second fitting."""
PARTS = 5
"""Parts of the data of which each is judged by a model of the others, for the next model to learn from."""
SHORT = 2
"""Sentences of a text that shows which of them tells what."""
WORD_PENALTY = 0.1
"""Inverse strength of the penalty on word weights (scikit-learn's C)."""

Likely = Mapping[tuple[str, str], NDArray[np.float64]]
"""(text id, development) -> (m,): how likely each of its pairs says that the actor did it."""


@dataclass(slots=True)
class SayingCase:
    """One development of one text: its m pairs of a sentence and an actor, and whether the actor did it by the text
    (m,). `sentences` is how many the text has, `weight` how much it counts."""

    id: str
    development: str
    sayings: Sayings
    truth: NDArray[np.bool_]
    sentences: int
    weight: float


def part_of(id: str) -> int:
    """The part of the data that a text belongs to, by its id alone."""
    return hash_of(id) % PARTS


def hash_of(id: str) -> int:
    """16 bits that depend on the id alone, the same in every run."""
    total = 0
    for character in id:
        total = (total * 31 + ord(character)) & 0xFFFF
    return total


@dataclass(frozen=True, slots=True)
class FittedSayings:
    """Models by family: of `all` parts of the data, and for each part those of all other parts (`without`), whose
    answers are `likely`."""

    all: Mapping[str, SayingModel]
    without: Sequence[Mapping[str, SayingModel]]
    likely: Likely

    def judged(self, others: Sequence[SayingCase]) -> Likely:
        """`likely`, and what the models say of other cases that have no part of them."""
        families = {one: family for family, developments in FAMILIES.items() for one in developments}
        found = {
            (case.id, case.development): self.without[part_of(case.id)][families[case.development]].likely(
                case.sayings
            )
            for case in others
        }
        return {**self.likely, **found}


def fit_sayings(cases: Sequence[SayingCase]) -> FittedSayings:
    """Models of all given cases."""
    whole: dict[str, SayingModel] = {}
    without: list[dict[str, SayingModel]] = [{} for _ in range(PARTS)]
    likely: dict[tuple[str, str], NDArray[np.float64]] = {}
    for family, developments in FAMILIES.items():
        own = [case for case in cases if case.development in developments]
        table = _table(own)
        _, found = _fitted(table, ~table.truth | table.short, ROUNDS[0])
        telling = _telling(own, found, table.truth)
        models, found = _fitted(table, ~table.truth | table.short | telling, ROUNDS[1])
        whole[family] = models.pop()
        for part, model in zip(without, models, strict=True):
            part[family] = model
        ends = np.cumsum([len(case.truth) for case in own])
        for case, of_case in zip(own, np.split(found, ends[:-1]), strict=True):
            likely[case.id, case.development] = of_case
    return FittedSayings(whole, without, likely)


@dataclass(frozen=True, slots=True)
class _Table:
    """All pairs of all cases: m rows of features and of word buckets (a sparse matrix), truth, weight, part of the
    data, and whether the text is short enough to show which sentence tells what."""

    rows: NDArray[np.float32]
    words: Any
    truth: NDArray[np.bool_]
    weight: NDArray[np.float64]
    part: NDArray[np.int64]
    short: NDArray[np.bool_]


def _table(cases: Sequence[SayingCase]) -> _Table:
    def spread(values: Sequence[float]) -> NDArray[Any]:
        return np.repeat(np.array(values), [len(case.truth) for case in cases])

    return _Table(
        np.concatenate([case.sayings.rows for case in cases]),
        _matrix([own for case in cases for own in case.sayings.buckets]),
        np.concatenate([case.truth for case in cases]),
        spread([case.weight for case in cases]),
        spread([part_of(case.id) for case in cases]),
        spread([case.sentences for case in cases]) <= SHORT,
    )


def _fitted(
    table: _Table, shown: NDArray[np.bool_], rounds: int
) -> tuple[list[SayingModel], NDArray[np.float64]]:
    """Models of the `shown` pairs of all parts but one each, then of all parts; and what the former say of their part."""
    groups = [table.part != left_out for left_out in range(PARTS)]
    groups.append(np.ones(len(table.truth), bool))
    weights = [
        _word_weights(table.words[shown & kept], table.truth[shown & kept], table.weight[shown & kept])
        for kept in groups
    ]
    scores = np.zeros((len(table.truth), 1), np.float32)
    for part in range(PARTS):
        own = table.part == part
        scores[own, 0] = table.words[own] @ weights[part]
    seen = np.hstack([table.rows, scores])
    models = [
        SayingModel(
            _forest(seen[shown & kept], table.truth[shown & kept], table.weight[shown & kept], rounds), words
        )
        for kept, words in zip(groups, weights, strict=True)
    ]
    found = np.zeros(len(table.truth))
    for part in range(PARTS):
        own = table.part == part
        found[own] = models[part].forest.probabilities(seen[own])
    return models, found


def _telling(
    cases: Sequence[SayingCase], found: NDArray[np.float64], truth: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Of each doer of a longer text the sentence that seems to tell it most clearly, and others that likely do."""
    telling = truth & (found > 0.5)
    start = 0
    for case in cases:
        for actor in set(case.sayings.actor[case.truth].tolist()):
            own = start + np.flatnonzero(case.sayings.actor == actor)
            telling[own[np.argmax(found[own])]] = True
        start += len(case.truth)
    return telling


def _matrix(buckets: Sequence[NDArray[np.int32]]) -> Any:
    from scipy.sparse import csr_matrix

    columns = np.concatenate(buckets)
    ends = np.cumsum([0, *map(len, buckets)]).astype(np.int32)
    return csr_matrix((np.ones(len(columns), np.float64), columns, ends), (len(buckets), BUCKETS))


def _word_weights(words: Any, truth: NDArray[np.bool_], weight: NDArray[np.float64]) -> NDArray[np.float32]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=WORD_PENALTY, max_iter=300, solver="liblinear", fit_intercept=False)
    model.fit(words, truth, sample_weight=weight)
    weights: NDArray[np.float32] = model.coef_[0].astype(np.float16).astype(np.float32)
    return weights


def _forest(
    rows: NDArray[np.float32], truth: NDArray[np.bool_], weight: NDArray[np.float64], rounds: int
) -> Trees:
    import lightgbm

    data = lightgbm.Dataset(rows, truth.astype(int), weight=weight)
    return trees_of(lightgbm.train(FOREST, data, rounds).dump_model())


def trees_of(dump: Mapping[str, Any]) -> Trees:
    """A lightgbm model as arrays."""
    feature: list[int] = []
    value: list[float] = []
    left: list[int] = []
    right: list[int] = []

    def add(node: Mapping[str, Any]) -> tuple[int, int]:
        at = len(value)
        feature.append(node.get("split_feature", 0))
        value.append(node["threshold"] if "split_feature" in node else node["leaf_value"])
        left.append(LEAF)
        right.append(LEAF)
        if "split_feature" not in node:
            return at, 0
        left[at], one = add(node["left_child"])
        right[at], other = add(node["right_child"])
        return at, 1 + max(one, other)

    roots = [add(tree["tree_structure"]) for tree in dump["tree_info"]]
    return Trees(
        np.array([at for at, _ in roots], np.int32), np.array(feature, np.int16), np.array(value, np.float32),
        np.array(left, np.int32), np.array(right, np.int32), max(depth for _, depth in roots),
    )  # fmt: skip
