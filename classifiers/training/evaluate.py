"""Judges a model folder: decisions on dev and on the held-out prose, and the embeddings on a hand-coded day.

    python -m classifiers.training.evaluate [--model classifiers/model]

Prints micro, macro and by-label precision, recall and F1 with 95 % bootstrap intervals. Needs no torch but for
`--stories`, which compares with the plain encoder. What is judged is what the tagger decides, rules included.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from classifiers.decide import decide
from classifiers.model_folder import CONFIG, SHIPPED
from classifiers.onnx import OnnxScorer
from classifiers.positions import load_position_finder
from classifiers.tagger import looked_at_again
from classifiers.taxonomy import Taxonomy, load_taxonomy
from classifiers.training import examples, oof
from classifiers.training.card import card
from classifiers.training.examples import Example
from classifiers.training.metrics import Quality, by_facet, by_label, macro_f1
from classifiers.training.places import Places, default_places
from classifiers.training.positions import on_dev
from classifiers.training.positions import table as position_table
from classifiers.training.stories import best_f1, event_day

RESAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Judged:
    """Decisions and truth of n examples, both (n, k)."""

    decided: NDArray[np.bool_]
    true: NDArray[np.bool_]
    labels: tuple[str, ...]


@click.command(help=__doc__)
@click.option("--taxonomy", default="ukraine", show_default=True, help="A shipped taxonomy, or a path.")
@click.option("--model", type=click.Path(path_type=Path), default=SHIPPED, help="The model folder.")
@click.option(
    "--shared", type=click.Path(path_type=Path), help="The shared data. [CEASEFIRE_SHARED or ../shared]"
)
@click.option("--work", type=click.Path(path_type=Path), help="Where training keeps the base encoder.")
@click.option("--stories/--no-stories", default=True, show_default=True, help="Judge the embeddings too.")
@click.option("--card", "write_card", is_flag=True, help="Write the figures into the folder's model card.")
def main(
    taxonomy: str, model: Path, shared: Path | None, work: Path | None, stories: bool, write_card: bool
) -> None:
    known = default_places()
    places = Places(shared or known.shared, work or known.work)
    labels = load_taxonomy(taxonomy)
    scorer = OnnxScorer(labels, model)
    tables = {
        f"{name}: {len(chosen)} texts": table(judge(scorer, labels, chosen), RESAMPLES)
        for name, chosen in (
            ("On dev", examples.dev(places.shared)),
            ("On held-out prose", examples.held_out()),
        )
        if chosen
    }
    if labels.id == oof.DEFAULT:
        count, positions = on_dev(places.shared, places.work, model)
        if count:
            tables[f"Positions on dev: {count} texts"] = position_table(positions)
    for heading, lines in tables.items():
        click.echo("\n".join(["", f"## {heading}", "", *lines]))
    found = story_f1(scorer, places) if stories else None
    if found is not None:
        click.echo(f"\n## Stories\n\npairwise F1 {found[0]:.3f}; plain encoder {found[1]:.3f}")
    if write_card:
        config = json.loads((model / CONFIG).read_text(encoding="utf-8"))
        size = sum(file.stat().st_size for file in model.iterdir()) / 1e6
        text = card(labels.name, config, size, tables, found, scorer.folder.thresholds)
        (model / "README.md").write_text(text, encoding="utf-8")


def judge(scorer: OnnxScorer, taxonomy: Taxonomy, chosen: Sequence[Example]) -> Judged:
    """What the tagger decides about the examples, and what is true."""
    scored = scorer.score([example.text for example in chosen])
    limits = [scorer.folder.thresholds[key] for key in taxonomy.keys]
    looker = load_position_finder(taxonomy)
    nothing = [""] * len(taxonomy.keys)
    rows = [
        [
            one.decision == "yes"
            for one in decide(
                taxonomy, looked_at_again(looker, taxonomy, example.text, scores, limits), limits, nothing
            )
        ]
        for example, scores in zip(chosen, scored.probabilities, strict=True)
    ]
    true = examples.targets(chosen, taxonomy.keys) > 0.5
    return Judged(np.array(rows, bool).reshape(true.shape), true, taxonomy.keys)


def table(judged: Judged, resamples: int) -> list[str]:
    """A Markdown table: facets first, then the labels that have a case or a false alarm."""
    lines = ["| label | cases | precision | recall | F1 | 95 % |", "| --- | --- | --- | --- | --- | --- |"]
    for facet, found in by_facet(judged.decided, judged.true, judged.labels, resamples).items():
        macro = macro_f1(judged.decided, judged.true, judged.labels, facet)
        lines.append(_row(f"**{facet}, micro** (macro F1 {macro:.3f})", found))
    for label, found in by_label(judged.decided, judged.true, judged.labels, resamples).items():
        if found.cases or judged.decided[:, judged.labels.index(label)].any():
            lines.append(_row(label, found))
    return lines


def story_f1(scorer: OnnxScorer, places: Places) -> tuple[float, float]:
    """Best pairwise story F1 of the model's embeddings and of the plain encoder's own vectors."""
    from classifiers.training import encoder
    from classifiers.training.embedding import plain_vectors
    from classifiers.training.materials import reader

    day = event_day(places.shared)
    ours = scorer.score(day.texts).embeddings
    assert ours is not None
    tokens = reader(places, load_taxonomy()).read(day.texts)
    plain = plain_vectors(encoder.load(encoder.fetch(places.encoder)).eval(), tokens)
    return best_f1(ours, day.events)[0], best_f1(plain, day.events)[0]


def _row(name: str, found: Quality) -> str:
    low, high = found.interval
    return (
        f"| {name} | {found.cases} | {found.precision:.3f} | {found.recall:.3f} | {found.f1:.3f} "
        f"| {low:.2f}–{high:.2f} |"
    )


if __name__ == "__main__":
    main()
