"""Trains and judges the model of positions (classifiers/positions/model.npz, model.json).

    python -m classifiers.training.positions train      fits on all coded texts and writes the two files
    python -m classifiers.training.positions validate   five-fold cross-validation over the coded texts
    python -m classifiers.training.positions evaluate   the shipped model on dev: gold and predicted developments

Training needs lightgbm and scikit-learn (`pip install 'ceasefire[training]'`); what it writes runs on numpy alone.
About two minutes on one core.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from classifiers.aliases import AliasMatcher
from classifiers.details import DETAILS
from classifiers.names import load_gazetteer
from classifiers.positions.contexts import BUCKETS, Contexts
from classifiers.positions.features import DEVELOPMENTS, Features, Question
from classifiers.positions.finder import MAX_TEXT_CHARACTERS, PositionFinder
from classifiers.positions.lexicon import load_lexicon
from classifiers.positions.model import (
    FAMILIES,
    SIDES,
    WITHOUT_AGAINST,
    Bounds,
    PositionModel,
    Priors,
    saved,
)
from classifiers.positions.reading import Clause, Reader
from classifiers.positions.trees import LEAF, Trees
from classifiers.positions.ways import WayFeatures, WayModel
from classifiers.sentences import joined, split
from classifiers.taxonomy import load_taxonomy
from classifiers.training.places import default_places
from classifiers.training.position_examples import FIELD_SOURCES, PositionExample, dev, training
from classifiers.training.position_metrics import PositionQuality, position_quality
from classifiers.types import Position, Text

FOLDER = Path(__file__).parents[1] / "positions"
FOREST = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 12, "min_data_in_leaf": 12, "feature_fraction": 0.35,
    "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 2.0, "max_bin": 63, "num_threads": 1, "verbose": -1,
    "seed": 1, "deterministic": True, "force_row_wise": True,
}  # fmt: skip
ROUNDS = 220
BOUNDS = {
    "talks": Bounds(0.5, 0.3, 0.3, 0.5),
    "war": Bounds(0.5, 0.35, 0.5, 0.4),
    "words": Bounds(0.5, 0.3, 0.5, 0.4),
    "gives": Bounds(0.5, 0.3, 0.5, 0.4),
}
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
FOLDS = 5


@dataclass(slots=True)
class Case:
    """One development of one text: n actors, their (n, f) features, and which of them are in `by` and `against`."""

    example: PositionExample
    development: str
    actors: list[str]
    rows: NDArray[np.float32]
    buckets: list[NDArray[np.int32]]
    truth: dict[str, NDArray[np.bool_]]

    @property
    def weight(self) -> float:
        return WEIGHTS.get(self.example.source, 1.0) * (LONG_WEIGHT if len(self.example.text.text) >= LONG else 1.0)


class Workshop:
    """What reads texts and makes features, built once."""

    def __init__(self) -> None:
        self.taxonomy = load_taxonomy()
        self.matcher = AliasMatcher(self.taxonomy)
        self.gazetteer = load_gazetteer()
        self.lexicon = load_lexicon()
        self.reader = Reader(self.lexicon, self.gazetteer)
        self.features = Features(self.lexicon)
        self.ways = WayFeatures(self.lexicon)

    def clauses(self, text: Text) -> list[Clause]:
        body = text.text[:MAX_TEXT_CHARACTERS]
        whole = joined(text.title, body)
        sentences = split(text.title, body)
        return self.reader.read(whole, sentences, self.matcher.hits(whole), self.gazetteer.hits(whole))

    def cases(self, example: PositionExample) -> Iterator[Case]:
        clauses = self.clauses(example.text)
        contexts = Contexts(clauses)
        actors = self.features.candidates(clauses, sorted(example.actors))
        for development in example.developments:
            question = Question(development, frozenset(example.developments), example.actors)
            own = [one for one in example.positions if one.development == development]
            by = {actor for one in own for actor in one.by}
            against = {actor for one in own for actor in one.against}
            truth = {
                "by": np.array([actor in by for actor in actors], bool),
                "against": np.array([actor in against for actor in actors], bool),
            }
            buckets = contexts.buckets(development, self.features.trigger(development), actors)
            rows = self.features.rows(clauses, question, actors)
            yield Case(example, development, actors, rows, buckets, truth)

    def finder(self, model: PositionModel) -> PositionFinder:
        return PositionFinder(self.taxonomy, self.matcher, self.gazetteer, self.lexicon, self.features, model)


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
                [np.hstack([cases[at].rows, shares[at], score]) for at, score in zip(own, scores, strict=True)]
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
    return model.coef_[0].astype(np.float16).astype(np.float32)


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
        clauses = workshop.clauses(case.example.text)
        for position in case.example.positions:
            if position.development == case.development and position.detail:
                rows[case.development].append(workshop.ways.row(clauses, case.development, position.by))
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


def cross_validated(
    workshop: Workshop, examples: Sequence[PositionExample], folds: int = FOLDS
) -> list[tuple[PositionExample, tuple[Position, ...], int]]:
    """Each field example with the positions that a model gives it which never saw it, and its fold."""
    cases = {example.text.id: list(workshop.cases(example)) for example in examples}
    field = [example for example in examples if example.source in FIELD_SOURCES]
    np.random.default_rng(0).shuffle(field)  # type: ignore[arg-type]
    fold_of = {example.text.id: at % folds for at, example in enumerate(field)}
    found = []
    for fold in range(folds):
        kept = [case for id, own in cases.items() if fold_of.get(id) != fold for case in own]
        finder = workshop.finder(fit(workshop, kept))
        for example in field:
            if fold_of[example.text.id] == fold:
                positions = finder.of(example.text, example.developments, example.actors)
                found.append((example, positions, fold))
    return found


def show(title: str, quality: PositionQuality, say: Callable[[str], None]) -> None:
    """One line a measure."""
    say(title)
    for field in fields(quality):
        say(f"  {field.name:<14} {getattr(quality, field.name)}")


@click.group(help=__doc__)
def main() -> None:
    pass


_shared = click.option(
    "--shared",
    type=click.Path(path_type=Path),
    default=None,
    help="The shared data. [CEASEFIRE_SHARED or ../shared]",
)


@main.command()
@_shared
@click.option("--into", type=click.Path(path_type=Path), default=FOLDER, help="Where the two files go.")
def train(shared: Path | None, into: Path) -> None:
    """Fits on all coded texts and writes model.npz and model.json."""
    workshop = Workshop()
    examples = training(shared or default_places().shared)
    cases = [case for example in examples for case in workshop.cases(example)]
    model = fit(workshop, cases)
    content, described = saved(
        model,
        {
            "features": list(workshop.features.names),
            "lexicon": workshop.lexicon.content_hash,
            "bounds": {
                name: {field.name: getattr(one, field.name) for field in fields(one)}
                for name, one in BOUNDS.items()
            },
            "shares": {name: dict(actors) for name, actors in model.priors.shares.items()},
            "trained_on": dict(Counter(example.source for example in examples)),
        },
    )
    (into / "model.npz").write_bytes(content)
    (into / "model.json").write_text(described, encoding="utf-8")
    click.echo(
        f"{len(examples)} texts, {len(cases)} developments; wrote {into}/model.npz ({len(content) / 1e3:.0f} kB)"
    )


@main.command()
@_shared
def validate(shared: Path | None) -> None:
    """Five-fold cross-validation over the coded texts, with gold developments and actors."""
    workshop = Workshop()
    examples = training(shared or default_places().shared)
    found = cross_validated(workshop, examples)
    show("all folds", _quality(found), click.echo)
    by_fold = [_quality([one for one in found if one[2] == fold]) for fold in range(FOLDS)]
    for field in fields(PositionQuality):
        values = [getattr(one, field.name).value for one in by_fold]
        click.echo(f"  {field.name:<14} mean {np.mean(values):.3f}, spread over folds {np.std(values):.3f}")
    for development in DEVELOPMENTS:
        show(development, _quality(found, development), click.echo)


def _quality(
    found: Sequence[tuple[PositionExample, tuple[Position, ...], int]], development: str = ""
) -> PositionQuality:
    def only(positions: Iterable[Position]) -> list[Position]:
        return [one for one in positions if not development or one.development == development]

    return position_quality(
        [only(said) for _, said, _ in found], [only(example.positions) for example, _, _ in found]
    )


@main.command()
@_shared
@click.option("--json", "as_json", is_flag=True, help="The figures as one JSON object.")
def evaluate(shared: Path | None, as_json: bool) -> None:
    """The shipped model on dev: with gold developments, and with those that the shipped tagger predicts."""
    from classifiers.positions.finder import load_position_finder
    from classifiers.tagger import load_tagger

    taxonomy = load_taxonomy()
    finder = load_position_finder(taxonomy)
    examples = dev(shared or default_places().shared)
    gold = [example.positions for example in examples]
    tagged = load_tagger("onnx", taxonomy=taxonomy, threads=1, position_reader=finder).tag(
        [example.text for example in examples]
    )
    actors = [
        [label.label.removeprefix("actor:") for label in one.labels if label.label.startswith("actor:")]
        for one in tagged
    ]
    tables = {
        "gold developments, gold actors": [
            finder.of(example.text, example.developments, example.actors) for example in examples
        ],
        "gold developments, predicted actors": [
            finder.of(example.text, example.developments, found)
            for example, found in zip(examples, actors, strict=True)
        ],
        "predicted developments and actors": [one.positions for one in tagged],
    }
    qualities = {name: position_quality(found, gold) for name, found in tables.items()}
    if as_json:
        json.dump(
            {
                name: {field.name: getattr(one, field.name).value for field in fields(one)}
                for name, one in qualities.items()
            },
            sys.stdout,
        )
        return
    for name, one in qualities.items():
        show(f"{name} ({len(examples)} texts)", one, click.echo)


if __name__ == "__main__":
    main()
