"""From coded texts to a model of positions: features, forests, word weights, shares and ways.

Needs lightgbm and scikit-learn, imported where they are used; what comes out runs on numpy alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.aliases import AliasMatcher
from classifiers.details import DETAILS
from classifiers.names import load_gazetteer
from classifiers.positions.assemble import resting_on
from classifiers.positions.contexts import BUCKETS, Contexts
from classifiers.positions.features import Features, Question
from classifiers.positions.finder import PositionFinder
from classifiers.positions.lexicon import load_lexicon
from classifiers.positions.model import FAMILIES, SIDES, WITHOUT_AGAINST, Bounds, PositionModel, Priors
from classifiers.positions.reading import Reader
from classifiers.positions.trees import LEAF, Trees
from classifiers.positions.ways import WayFeatures, WayModel
from classifiers.taxonomy import load_taxonomy
from classifiers.training.position_examples import PositionExample

FOREST = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 12, "min_data_in_leaf": 12, "feature_fraction": 0.35,
    "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 2.0, "max_bin": 63, "num_threads": 1, "verbose": -1,
    "seed": 1, "deterministic": True, "force_row_wise": True,
}  # fmt: skip
ROUNDS = 220
BOUNDS = {
    "talks": Bounds(sure=0.65, best=0.4, second=0.35, against=0.5),
    "war": Bounds(sure=0.5, best=0.5, second=0.5, against=0.3),
    "words": Bounds(sure=0.65, best=0.35, second=0.65, against=0.3),
    "gives": Bounds(sure=0.6, best=0.3, second=0.6, against=0.5),
}
"""Chosen on cross-validated scores: the best F1 of `by`, and of nearly equal ones the most precise."""
WEIGHTS = {"template": 0.3, "prose": 0.7}
"""How much a case counts, by its source; 1 where none is given."""
LONG, LONG_WEIGHT = 600, 1.5
"""Texts of that many characters are like the articles to be tagged; most coded ones are summaries."""
WORD_PENALTY = 0.1
"""Inverse strength of the penalty on word weights (scikit-learn's C)."""
PARTS = 5
"""Parts of the data whose word scores and shares come from the other parts, for the trees to learn from."""
PRIOR_WEIGHT = 4.0
"""How many cases of its development stand behind the share of an actor that was never seen."""


@dataclass(slots=True)
class Case:
    """One development of one text: n actors, their (n, f) features, and which of them are in `by` and `against`.

    `evidence` is the sentence that the tagger takes it from ("": not known).
    """

    example: PositionExample
    development: str
    evidence: str
    actors: list[str]
    rows: NDArray[np.float32]
    buckets: list[NDArray[np.int32]]
    truth: dict[str, NDArray[np.bool_]]

    @property
    def weight(self) -> float:
        return WEIGHTS.get(self.example.source, 1.0) * (
            LONG_WEIGHT if len(self.example.text.text) >= LONG else 1.0
        )


class Workshop:
    """What reads texts and makes features, built once."""

    def __init__(self) -> None:
        self.lexicon = load_lexicon()
        self.reader = Reader(AliasMatcher(load_taxonomy()), load_gazetteer(), self.lexicon)
        self.features = Features(self.lexicon)
        self.ways = WayFeatures(self.lexicon)

    def cases(self, example: PositionExample, evidence: Mapping[str, str] | None = None) -> Iterator[Case]:
        """One for each development. `evidence`: the sentence that the tagger takes each from, where it is known."""
        clauses = self.reader.read(example.text)
        contexts = Contexts(clauses)
        actors = self.features.candidates(clauses, sorted(example.actors))
        for development in example.developments:
            sentence = (evidence or {}).get(development, "")
            question = Question(development, frozenset(example.developments), example.actors, sentence)
            own = [one for one in example.positions if one.development == development]
            by = {actor for one in own for actor in one.by}
            against = {actor for one in own for actor in one.against}
            truth = {
                "by": np.array([actor in by for actor in actors], bool),
                "against": np.array([actor in against for actor in actors], bool),
            }
            buckets = contexts.buckets(development, self.features.trigger(development), actors)
            rows = self.features.rows(clauses, question, actors)
            yield Case(example, development, sentence, actors, rows, buckets, truth)

    def finder(self, model: PositionModel) -> PositionFinder:
        """A finder with a model that is not shipped."""
        return PositionFinder(self.reader, self.lexicon, model, model.content_hash)


def fit(workshop: Workshop, cases: Sequence[Case]) -> PositionModel:
    """A model of all given cases."""
    import lightgbm

    forests, words = {}, {}
    parts = [hash_of(case.example.text.id) % PARTS for case in cases]
    shares = _shares_of_others(cases, parts)
    for family, developments in FAMILIES.items():
        for side in SIDES:
            own = [
                at for at, case in enumerate(cases)
                if case.development in developments and not (side == "against" and case.development in WITHOUT_AGAINST)
            ]  # fmt: skip
            if not own:
                continue
            chosen = [cases[at] for at in own]
            words[family, side] = fit_words(chosen, side)
            scores = _scores_of_others(chosen, [parts[at] for at in own], side)
            rows = np.concatenate(
                [
                    np.hstack([cases[at].rows, shares[at], score])
                    for at, score in zip(own, scores, strict=True)
                ]
            )
            data = lightgbm.Dataset(rows, _truth(chosen, side).astype(int), weight=_weights(chosen))
            forests[family, side] = _trees(lightgbm.train(FOREST, data, ROUNDS).dump_model())
    return PositionModel(forests, words, priors(cases), BOUNDS, fit_ways(workshop, cases), "")


def fit_words(cases: Sequence[Case], side: str) -> NDArray[np.float32]:
    """(BUCKETS,) weights of the words around names, by penalised logistic regression."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    buckets = [own for case in cases for own in case.buckets]
    columns = np.concatenate(buckets)
    ends = np.cumsum([0, *map(len, buckets)]).astype(np.int32)
    matrix = csr_matrix((np.ones(len(columns), np.float64), columns, ends), (len(buckets), BUCKETS))
    model = LogisticRegression(C=WORD_PENALTY, max_iter=300, solver="liblinear", fit_intercept=False)
    model.fit(matrix, _truth(cases, side), sample_weight=_weights(cases))
    weights: NDArray[np.float32] = model.coef_[0].astype(np.float16).astype(np.float32)
    return weights


def _scores_of_others(cases: Sequence[Case], parts: Sequence[int], side: str) -> list[NDArray[np.float32]]:
    """Each case's word scores (n, 1), from weights that its part of the data had no say in."""
    tables = [
        fit_words([case for case, part in zip(cases, parts, strict=True) if part != left_out], side)
        for left_out in range(PARTS)
    ]
    return [
        np.array([tables[part][own].sum() for own in case.buckets], np.float32).reshape(-1, 1)
        for case, part in zip(cases, parts, strict=True)
    ]


def _shares_of_others(cases: Sequence[Case], parts: Sequence[int]) -> list[NDArray[np.float32]]:
    """Each case's actors' shares (n, 2) in the other parts of the data: never with its own outcome."""
    tables = [
        priors(case for case, part in zip(cases, parts, strict=True) if part != left_out)
        for left_out in range(PARTS)
    ]
    return [
        tables[part].columns(case.development, case.actors) for case, part in zip(cases, parts, strict=True)
    ]


def _truth(cases: Iterable[Case], side: str) -> NDArray[np.bool_]:
    return np.concatenate([case.truth[side] for case in cases])


def _weights(cases: Iterable[Case]) -> NDArray[np.float64]:
    return np.concatenate([np.full(len(case.actors), case.weight) for case in cases])


def priors(cases: Iterable[Case]) -> Priors:
    """The shares of each development's actors."""
    seen: Counter[tuple[str, str]] = Counter()
    inside: dict[str, Counter[tuple[str, str]]] = {side: Counter() for side in SIDES}
    for case in cases:
        if case.example.source == "template":
            continue  # drawn, not met
        for at, actor in enumerate(case.actors):
            for key in ((case.development, actor), (case.development, "")):
                seen[key] += 1
                for side in SIDES:
                    inside[side][key] += bool(case.truth[side][at])
    shares: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    for development, actor in sorted(seen):
        whole = development, ""
        base = [inside[side][whole] / seen[whole] for side in SIDES]
        by, against = (
            base[at] if not actor
            else (inside[side][development, actor] + PRIOR_WEIGHT * base[at]) / (seen[development, actor] + PRIOR_WEIGHT)
            for at, side in enumerate(SIDES)
        )  # fmt: skip
        shares[development][actor] = (round(by, 4), round(against, 4))
    return Priors(shares)


def hash_of(id: str) -> int:
    """16 bits that depend on the id alone, the same in every run."""
    total = 0
    for character in id:
        total = (total * 31 + ord(character)) & 0xFFFF
    return total


def fit_ways(workshop: Workshop, cases: Iterable[Case]) -> WayModel:
    """One linear model for each development that has ways, over the gold positions."""
    from sklearn.linear_model import LogisticRegression

    rows: dict[str, list[NDArray[np.float32]]] = {one: [] for one in DETAILS}
    said: dict[str, list[str]] = {one: [] for one in DETAILS}
    weight: dict[str, list[float]] = {one: [] for one in DETAILS}
    for case in cases:
        if case.development not in DETAILS:
            continue
        clauses = workshop.reader.read(case.example.text)
        triggers = workshop.features.trigger_sentences(clauses, case.development)
        for position in case.example.positions:
            if position.development == case.development and position.detail:
                own = resting_on(clauses, triggers, position.by, case.evidence)
                rows[case.development].append(workshop.ways.row(clauses, case.development, position.by, own))
                said[case.development].append(position.detail)
                weight[case.development].append(case.weight)
    weights, bias = {}, {}
    for development, details in DETAILS.items():
        width = len(workshop.ways.names(development))
        weights[development] = np.zeros((len(details), width), np.float32)
        bias[development] = np.full(len(details), -9.0, np.float32)
        model = LogisticRegression(C=0.5, max_iter=2000, class_weight=None)
        model.fit(np.array(rows[development]), said[development], sample_weight=weight[development])
        found = list(model.classes_)
        coefficients, intercepts = model.coef_, model.intercept_
        if len(found) == 2:
            coefficients, intercepts = (
                np.vstack([-coefficients, coefficients]) / 2,
                np.array([-1, 1]) * intercepts / 2,
            )
        for at, detail in enumerate(found):
            weights[development][details.index(detail)] = coefficients[at]
            bias[development][details.index(detail)] = intercepts[at]
    return WayModel(weights, bias)


def _trees(dump: Mapping[str, Any]) -> Trees:
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
