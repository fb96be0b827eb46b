"""From coded texts to a model of positions: features, forests, word weights, shares and ways.

Needs lightgbm and scikit-learn, imported where they are used; what comes out runs on numpy alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.aliases import AliasMatcher
from classifiers.details import DETAILS
from classifiers.names import load_gazetteer
from classifiers.positions.assemble import Support
from classifiers.positions.contexts import BUCKETS, Contexts
from classifiers.positions.features import DEVELOPMENTS, Features, Question, Told, evidence_at
from classifiers.positions.finder import PositionFinder
from classifiers.positions.lexicon import load_lexicon
from classifiers.positions.model import (
    FAMILIES,
    SIDES,
    WITHOUT_AGAINST,
    Bounds,
    PositionModel,
    Priors,
    SayingModel,
)
from classifiers.positions.reading import Reader
from classifiers.positions.sayings import SayingFeatures, summary
from classifiers.positions.second_look import SecondLook
from classifiers.positions.ways import WayFeatures, WayModel
from classifiers.taxonomy import load_taxonomy
from classifiers.training.position_examples import Labelled, PositionExample
from classifiers.training.position_sayings import PARTS, Likely, SayingCase, part_of, trees_of

FOREST = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 12, "min_data_in_leaf": 12, "feature_fraction": 0.35,
    "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 2.0, "max_bin": 63, "num_threads": 1, "verbose": -1,
    "seed": 1, "deterministic": True, "force_row_wise": True,
}  # fmt: skip
ROUNDS = 220
BOUNDS = {
    "talks": Bounds(sure=0.65, best=0.5, second=0.3, against=0.5),
    "war": Bounds(sure=0.65, best=0.55, second=0.5, against=0.4),
    "words": Bounds(sure=0.65, best=0.35, second=0.5, against=0.5),
    "gives": Bounds(sure=0.6, best=0.35, second=0.5, against=0.5),
}
"""Chosen on cross-validated scores, long and recent texts counting most: the best F1 of `by`, and of nearly equal ones
the most precise."""
WEIGHTS = {"template": 0.3, "prose": 0.7}
"""How much a case counts, by its source; 1 where none is given."""
LONG, LONG_WEIGHT = 600, 1.5
"""Texts of that many characters are like the articles to be tagged; most coded ones are summaries."""
SAYING_WEIGHTS = {"template": 0.3}
UNSAID_WEIGHT = 0.5
"""How much a sentence counts, by its source, and one with the words of a development that its text does not report."""
WORD_PENALTY = 0.1
"""Inverse strength of the penalty on word weights (scikit-learn's C)."""
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
    evidence_at: int
    actors: list[str]
    told: list[Told]
    rows: NDArray[np.float32]
    buckets: list[NDArray[np.int32]]
    said: SayingCase
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
        self.sayings = SayingFeatures(self.lexicon)
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
            told = self.features.told(clauses, development)
            sayings = self.sayings.sayings(development, told, contexts, actors, example.actors)
            weight = SAYING_WEIGHTS.get(example.source, 1.0)
            said = SayingCase(
                example.text.id, development, sayings, truth["by"][sayings.actor], len(clauses), weight
            )
            buckets = contexts.buckets(development, self.features.trigger(development), actors)
            rows = self.features.rows(clauses, question, actors, told)
            yield Case(
                example,
                development,
                sentence,
                evidence_at(clauses, sentence),
                actors,
                told,
                rows,
                buckets,
                said,
                truth,
            )

    def unsaid(self, labelled: Labelled) -> Iterator[SayingCase]:
        """Sentences with the words of developments that the text does not report: nobody did it."""
        clauses = self.reader.read(labelled.text)
        contexts = Contexts(clauses)
        actors = self.features.candidates(clauses)
        for development in DEVELOPMENTS:
            if development not in labelled.developments:
                told = self.features.told(clauses, development)
                sayings = self.sayings.sayings(development, told, contexts, actors, labelled.actors)
                if len(sayings.actor):
                    nobody = np.zeros(len(sayings.actor), bool)
                    yield SayingCase(
                        labelled.text.id, development, sayings, nobody, len(clauses), UNSAID_WEIGHT
                    )

    @property
    def names(self) -> tuple[str, ...]:
        """Of all features, in the order in which the finder checks them."""
        return (*self.features.names, *self.sayings.names)

    def finder(self, model: PositionModel) -> PositionFinder:
        """A finder with a model that is not shipped."""
        return PositionFinder(self.reader, self.lexicon, model, SecondLook({}), model.content_hash)


def fit(
    workshop: Workshop, cases: Sequence[Case], sayings: Mapping[str, SayingModel], likely: Likely
) -> PositionModel:
    """A model of all given cases. `sayings` go into it as they are; `likely` is what single sentences say of the cases,
    by models that saw other texts."""
    import lightgbm

    forests, words = {}, {}
    parts = [part_of(case.example.text.id) for case in cases]
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
                    np.hstack([cases[at].rows, shares[at], summary_of(cases[at], likely), score])
                    for at, score in zip(own, scores, strict=True)
                ]
            )
            data = lightgbm.Dataset(rows, _truth(chosen, side).astype(int), weight=_weights(chosen))
            forests[family, side] = trees_of(lightgbm.train(FOREST, data, ROUNDS).dump_model())
    ways = fit_ways(workshop, cases, likely)
    return PositionModel(forests, words, sayings, priors(cases), BOUNDS, ways, "")


def summary_of(case: Case, likely: Likely) -> NDArray[np.float32]:
    """(n, SUMMARY): what the sentences of a case say."""
    said = likely[case.example.text.id, case.development]
    return summary(case.said.sayings, said, len(case.actors), case.evidence_at)


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


def fit_ways(workshop: Workshop, cases: Iterable[Case], likely: Likely) -> WayModel:
    """One linear model for each development that has ways, over the gold positions."""
    from sklearn.linear_model import LogisticRegression

    rows: dict[str, list[NDArray[np.float32]]] = {one: [] for one in DETAILS}
    told: dict[str, list[str]] = {one: [] for one in DETAILS}
    weight: dict[str, list[float]] = {one: [] for one in DETAILS}
    for case in cases:
        if case.development not in DETAILS:
            continue
        clauses = workshop.reader.read(case.example.text)
        said = likely[case.example.text.id, case.development]
        support = Support(case.actors, case.told, case.said.sayings, said, case.evidence_at)
        for position in case.example.positions:
            if position.development == case.development and position.detail:
                own = clauses[support.resting_on(position.by)]
                rows[case.development].append(workshop.ways.row(clauses, case.development, position.by, own))
                told[case.development].append(position.detail)
                weight[case.development].append(case.weight)
    weights, bias = {}, {}
    for development, details in DETAILS.items():
        width = len(workshop.ways.names(development))
        weights[development] = np.zeros((len(details), width), np.float32)
        bias[development] = np.full(len(details), -9.0, np.float32)
        model = LogisticRegression(C=0.5, max_iter=2000, class_weight=None)
        model.fit(np.array(rows[development]), told[development], sample_weight=weight[development])
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
