"""Trains and judges the model of positions (classifiers/positions/model.npz, model.json).

    python -m classifiers.training.positions train      fits on all coded texts and writes the two files
    python -m classifiers.training.positions validate   five-fold cross-validation over the coded texts
    python -m classifiers.training.positions evaluate   the shipped model on dev: gold and predicted developments

Training needs lightgbm and scikit-learn (the extra "torch"); what it writes runs on numpy alone.
About two minutes on one core.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from pathlib import Path

import click
import numpy as np

from classifiers.positions import load_position_finder
from classifiers.positions.features import DEVELOPMENTS
from classifiers.positions.model import saved
from classifiers.taxonomy import load_taxonomy
from classifiers.training.places import default_places
from classifiers.training.position_evidence import Evidence, evidence_of
from classifiers.training.position_examples import FIELD_SOURCES, PositionExample, dev, training
from classifiers.training.position_fit import BOUNDS, Case, Workshop, fit, hash_of
from classifiers.training.position_metrics import PositionQuality, position_quality
from classifiers.types import Position

FOLDER = Path(__file__).parents[1] / "positions"
FOLDS = 5


def training_cases(
    workshop: Workshop, examples: Sequence[PositionExample], evidence: Evidence
) -> dict[str, list[Case]]:
    """The cases of each text, by its id; every fourth text is learned without its evidence, as some are asked about."""
    return {
        example.text.id: list(
            workshop.cases(example, evidence[example.text.id] if hash_of(example.text.id) % 4 else None)
        )
        for example in examples
    }


def cross_validated(
    workshop: Workshop, examples: Sequence[PositionExample], evidence: Evidence, folds: int = FOLDS
) -> list[tuple[PositionExample, tuple[Position, ...], int]]:
    """Each field example with the positions that a model gives it which never saw it, and its fold."""
    cases = training_cases(workshop, examples, evidence)
    field = [example for example in examples if example.source in FIELD_SOURCES]
    order = np.random.default_rng(0).permutation(len(field))
    fold_of = {field[item].text.id: at % folds for at, item in enumerate(order)}
    found = []
    for fold in range(folds):
        kept = [case for id, own in cases.items() if fold_of.get(id) != fold for case in own]
        finder = workshop.finder(fit(workshop, kept))
        for example in field:
            if fold_of[example.text.id] == fold:
                positions = finder.of(
                    example.text, example.developments, example.actors, evidence[example.text.id]
                )
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
    evidence = _evidence(examples)
    cases = [case for own in training_cases(workshop, examples, evidence).values() for case in own]
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
    found = cross_validated(workshop, examples, _evidence(examples))
    show("all folds", _quality(found), click.echo)
    by_fold = [_quality([one for one in found if one[2] == fold]) for fold in range(FOLDS)]
    for field in fields(PositionQuality):
        values = [getattr(one, field.name).value for one in by_fold]
        click.echo(f"  {field.name:<14} mean {np.mean(values):.3f}, spread over folds {np.std(values):.3f}")
    for development in DEVELOPMENTS:
        show(development, _quality(found, development), click.echo)


def _evidence(examples: Sequence[PositionExample]) -> Evidence:
    return evidence_of(examples, load_taxonomy(), default_places().work / "positions")


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
    from classifiers.tagger import load_tagger  # needs the language guard, which training does without

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
    evidence = evidence_of(examples, taxonomy, default_places().work / "positions")
    tables = {
        "gold developments, gold actors": [
            finder.of(example.text, example.developments, example.actors, evidence[example.text.id])
            for example in examples
        ],
        "gold developments, predicted actors": [
            finder.of(example.text, example.developments, found, evidence[example.text.id])
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
