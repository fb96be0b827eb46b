"""Fits the network and makes a model folder of it: from the published encoder, or on from a model that there is.

    python -m classifiers.training.train                        the shipped taxonomy, from the published encoder
    python -m classifiers.training.train --from classifiers/model     on from the shipped model, with today's labels
    python -m classifiers.training.train --taxonomy gaza --items FILE --into FOLDER       another conflict

Learns from ../shared/data, labels/ and corpus/, or from the files given by `--items`. Fits the network `--runs` times
side by side, with different seeds from the same start, averages their weights, and exports the result (see `export`).
Thresholds come from out-of-fold scores (see `cross_validate`); without any, each label needs a half. A run that is broken
off goes on from its last epoch when the command is given again. Needs torch, and Maven once for the base encoder.
"""

import time
from pathlib import Path

import click
import numpy as np
import torch
from numpy.typing import NDArray

from classifiers.model_folder import SHIPPED
from classifiers.training import encoder, oof
from classifiers.training.export import export, network_file
from classifiers.training.fitting import CONTINUED, STAGES, TRIAL, Job, average, run, seeded
from classifiers.training.materials import Materials, chosen_materials
from classifiers.training.places import Places, default_places
from classifiers.training.progress import say

TRUST = 0.9
"""How far a label is believed against the out-of-fold score of its item: targets are softened by the rest."""


@click.command(help=__doc__)
@click.option("--taxonomy", default="ukraine", show_default=True, help="A shipped taxonomy, or a path.")
@click.option(
    "--items",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Learn from this file of coded items instead (JSON lines; may be given again).",
)
@click.option("--runs", default=2, show_default=True, help="Fittings whose weights are averaged.")
@click.option(
    "--from",
    "start",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Go on from the network of this model folder. [the published encoder]",
)
@click.option(
    "--limit", default=0, help="Take so many items only, for one short epoch: tries the whole way out."
)
@click.option("--into", type=click.Path(path_type=Path), default=SHIPPED, help="The model folder to write.")
@click.option(
    "--shared", type=click.Path(path_type=Path), help="The shared data. [CEASEFIRE_SHARED or ../shared]"
)
@click.option("--work", type=click.Path(path_type=Path), help="Scratch space for caches and checkpoints.")
def main(
    taxonomy: str,
    items: tuple[Path, ...],
    runs: int,
    start: Path | None,
    limit: int,
    into: Path,
    shared: Path | None,
    work: Path | None,
) -> None:
    if into == SHIPPED and (items or limit):
        raise click.UsageError("name a folder with --into: this is not to replace the shipped model")
    known = default_places()
    places = Places(shared or known.shared, work or known.work)
    train(places, chosen_materials(places, taxonomy, items, limit), runs, into, start, trial=bool(limit))
    say(f"wrote {into}; judge it with `python -m classifiers.training.evaluate --model {into}`")


def train(
    places: Places, items: Materials, runs: int, into: Path, start: Path | None = None, trial: bool = False
) -> None:
    """The whole way from items to a model folder; see the module's docstring. `trial`: one short epoch."""
    began = time.monotonic()
    say(f"{len(items.examples)} items")
    scores = oof.load_for(items.taxonomy, places.work)
    soft = items.targets if scores is None else softened(items, scores)
    stages = TRIAL if trial else STAGES if start is None else CONTINUED
    jobs = [
        Job(f"run-{seed}", seeded(stages, seed), items.texts, soft, items.weights, [], start)
        for seed in range(1, runs + 1)
    ]
    fitted = run(jobs, encoder.fetch(places.encoder), places.work)
    torch.save(average([weights for weights, _ in fitted]), network_file(places, items.taxonomy))
    minutes = round((time.monotonic() - began) / 60)
    export(places, items, into, stages, {"runs_averaged": runs, "minutes": minutes, "from": _name(start)})


def softened(items: Materials, scores: oof.OutOfFold) -> NDArray[np.float32]:
    """Targets moved towards what a network that did not see the item says: a doubtful label counts for less."""
    targets = items.targets.copy()
    kept, rows = scores.rows_of(items.ids)
    targets[rows] = TRUST * targets[rows] + (1 - TRUST) * scores.scores[kept]
    return targets


def _name(start: Path | None) -> str:
    return "the published encoder" if start is None else f"the model in {start.name}"


if __name__ == "__main__":
    main()
