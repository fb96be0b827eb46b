"""Trains and judges the model of positions (classifiers/positions/model.npz, model.json).

    python -m classifiers.training.positions train      fits on all coded texts and writes the three files
    python -m classifiers.training.positions validate   five-fold cross-validation over the coded texts
    python -m classifiers.training.positions evaluate   the shipped model on dev: gold and predicted developments

Training needs lightgbm and scikit-learn (the extra "torch"); what it writes runs on numpy alone. Five minutes on one
free core to train, ten to validate, most of it once to read all texts.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import click
import numpy as np

from classifiers.model_folder import SHIPPED
from classifiers.positions import load_position_finder
from classifiers.positions.features import DEVELOPMENTS
from classifiers.positions.model import saved
from classifiers.positions.second_look import FILE as SECOND_LOOK
from classifiers.taxonomy import load_taxonomy
from classifiers.training.places import default_places
from classifiers.training.position_evidence import Evidence, evidence_of
from classifiers.training.position_examples import (
    FIELD_SOURCES,
    Labelled,
    PositionExample,
    dev,
    labelled,
    training,
)
from classifiers.training.position_fit import BOUNDS, Case, Workshop, fit
from classifiers.training.position_metrics import PositionQuality, position_quality
from classifiers.training.position_sayings import (
    PARTS,
    FittedSayings,
    SayingCase,
    fit_sayings,
    hash_of,
    part_of,
)
from classifiers.training.second_look import compared, described_second_look, fit_second_look, looks
from classifiers.types import Position

FOLDER = Path(__file__).parents[1] / "positions"


SILENT_TEXTS = 5
"""Of the texts without a position one in so many shows how sentences look that tell nothing: enough, and quicker."""


@dataclass(frozen=True, slots=True)
class Coded:
    """Coded texts as models see them: the `cases` of each text by its id; sentences with the words of developments that
    their texts do not report, to learn from (`unsaid`) and others (`beside`); all `texts` whose developments are known.
    """

    cases: Mapping[str, list[Case]]
    unsaid: list[SayingCase]
    beside: list[SayingCase]
    texts: list[Labelled]

    def fit_sayings(self) -> FittedSayings:
        """What single sentences say, by models of these texts."""
        return fit_sayings([*(case.said for own in self.cases.values() for case in own), *self.unsaid])


def coded(workshop: Workshop, examples: Sequence[PositionExample], evidence: Evidence, shared: Path) -> Coded:
    """Every fourth text is learned without its evidence, as some are asked about; of every fourth template the unsaid."""
    cases = {
        one.text.id: list(workshop.cases(one, evidence[one.text.id] if hash_of(one.text.id) % 4 else None))
        for one in examples
    }
    texts = labelled(shared, examples)
    templates = {one.text.id for one in examples if one.source == "template"}
    unsaid: list[SayingCase] = []
    beside: list[SayingCase] = []
    for one in texts:
        id = one.text.id
        if id not in templates or hash_of(id) % 4 == 0:
            learned = id in cases or hash_of(f"{id}x") % SILENT_TEXTS == 0
            (unsaid if learned else beside).extend(workshop.unsaid(one))
    return Coded(cases, unsaid, beside, texts)


def cross_validated(
    workshop: Workshop,
    examples: Sequence[PositionExample],
    evidence: Evidence,
    known: Coded,
    sayings: FittedSayings,
) -> list[tuple[PositionExample, tuple[Position, ...], int]]:
    """Each field example with the positions that a model gives it which never saw it, and its fold."""
    found = []
    for fold in range(PARTS):
        kept = [case for id, own in known.cases.items() if part_of(id) != fold for case in own]
        finder = workshop.finder(fit(workshop, kept, sayings.without[fold], sayings.likely))
        for example in examples:
            if example.source in FIELD_SOURCES and part_of(example.text.id) == fold:
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
@click.option("--into", type=click.Path(path_type=Path), default=FOLDER, help="Where the three files go.")
def train(shared: Path | None, into: Path) -> None:
    """Fits on all coded texts and writes model.npz, model.json and second_look.json."""
    workshop = Workshop()
    shared = shared or default_places().shared
    examples = training(shared)
    known = coded(workshop, examples, _evidence(examples), shared)
    write(workshop, examples, known, known.fit_sayings(), into)


def write(
    workshop: Workshop,
    examples: Sequence[PositionExample],
    known: Coded,
    sayings: FittedSayings,
    into: Path,
) -> None:
    """Fits the rest of the model and the second look, and writes the three files."""
    cases = [case for own in known.cases.values() for case in own]
    model = fit(workshop, cases, sayings.all, sayings.likely)
    content, described = saved(
        model,
        {
            "features": list(workshop.names),
            "lexicon": workshop.lexicon.content_hash,
            "bounds": {
                name: {field.name: getattr(one, field.name) for field in fields(one)}
                for name, one in BOUNDS.items()
            },
            "shares": {name: dict(actors) for name, actors in model.priors.shares.items()},
            "trained_on": dict(Counter(example.source for example in examples)),
        },
    )
    second = fit_second_look(looks(known.texts, sayings.judged(known.beside)))
    (into / "model.npz").write_bytes(content)
    (into / "model.json").write_text(described, encoding="utf-8")
    (into / SECOND_LOOK).write_text(described_second_look(second, described), encoding="utf-8")
    click.echo(
        f"{len(examples)} texts, {len(cases)} developments; wrote {into}/model.npz ({len(content) / 1e3:.0f} kB)"
    )


@main.command()
@_shared
def validate(shared: Path | None) -> None:
    """Five-fold cross-validation over the coded texts: positions of gold developments, and the second look."""
    workshop = Workshop()
    shared = shared or default_places().shared
    examples = training(shared)
    evidence = _evidence(examples)
    known = coded(workshop, examples, evidence, shared)
    sayings = known.fit_sayings()
    found = cross_validated(workshop, examples, evidence, known, sayings)
    show("all folds", _quality(found), click.echo)
    by_fold = [_quality([one for one in found if one[2] == fold]) for fold in range(PARTS)]
    for field in fields(PositionQuality):
        values = [getattr(one, field.name).value for one in by_fold]
        click.echo(f"  {field.name:<14} mean {np.mean(values):.3f}, spread over folds {np.std(values):.3f}")
    for development in DEVELOPMENTS:
        show(development, _quality(found, development), click.echo)
    click.echo("developments, micro-F1 at the one best threshold")
    for line in compared(looks(known.texts, sayings.judged(known.beside))):
        click.echo(f"  {line}")


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


def on_dev(shared: Path, work: Path, model: Path = SHIPPED) -> tuple[int, dict[str, PositionQuality]]:
    """How many texts dev has, and how good the shipped positions are on them beside the tagger of a folder: with gold
    developments, and with those that the tagger decides."""
    from classifiers.tagger import load_tagger  # needs the language guard, which training does without

    taxonomy = load_taxonomy()
    finder = load_position_finder(taxonomy)
    examples = dev(shared)
    gold = [example.positions for example in examples]
    tagged = load_tagger("onnx", taxonomy=taxonomy, model=model, threads=1).tag(
        [example.text for example in examples]
    )
    actors = [
        [label.label.removeprefix("actor:") for label in one.labels if label.label.startswith("actor:")]
        for one in tagged
    ]
    evidence = evidence_of(examples, taxonomy, work / "positions", model)
    found = {
        "gold developments, gold actors": [
            finder.of(example.text, example.developments, example.actors, evidence[example.text.id])
            for example in examples
        ],
        "gold developments, predicted actors": [
            finder.of(example.text, example.developments, own, evidence[example.text.id])
            for example, own in zip(examples, actors, strict=True)
        ],
        "predicted developments and actors": [one.positions for one in tagged],
    }
    return len(examples), {name: position_quality(said, gold) for name, said in found.items()}


def table(qualities: Mapping[str, PositionQuality]) -> list[str]:
    """A Markdown table: a row for each measure, a column for each way of asking."""
    lines = [f"| positions | {' | '.join(qualities)} |", "| --- " * (len(qualities) + 1) + "|"]
    for field in fields(PositionQuality):
        rates = [getattr(one, field.name) for one in qualities.values()]
        cells = [f"{rate.value:.3f} ({rate.low:.2f}–{rate.high:.2f})" for rate in rates]
        lines.append(f"| {_MEASURES[field.name]} | {' | '.join(cells)} |")
    return lines


_MEASURES = {
    "by_precision": "`by`, precision",
    "by_recall": "`by`, recall",
    "by_f1": "`by`, F1",
    "by_set": "the whole of `by`, accuracy",
    "against_f1": "`against`, F1",
    "against": "the whole of `against`, accuracy",
    "detail": "`detail`, accuracy",
    "position_f1": "development and the whole of `by`, F1",
    "exact_f1": "all four fields, F1",
}


@main.command()
@_shared
@click.option("--json", "as_json", is_flag=True, help="The figures as one JSON object.")
def evaluate(shared: Path | None, as_json: bool) -> None:
    """The shipped model on dev: with gold developments, and with those that the shipped tagger predicts."""
    places = default_places()
    count, qualities = on_dev(shared or places.shared, places.work)
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
        show(f"{name} ({count} texts)", one, click.echo)


if __name__ == "__main__":
    main()
