"""Rebuilds the shipped model from ../shared/data, labels/, corpus/ and the kept out-of-fold scores.

    python -m classifiers.training.train [--runs 2] [--into classifiers/model]

Fits the network `runs` times side by side, with different seeds from the same start, averages their weights, and
exports the result (see `export`). Thresholds come from the out-of-fold scores (see `cross_validate`). A run that is
broken off goes on from its last epoch when the command is given again. Needs torch, and Maven once for the
base encoder.
"""

import time
from pathlib import Path

import click
import numpy as np
import torch
from numpy.typing import NDArray

from classifiers.model_folder import SHIPPED
from classifiers.taxonomy import load_taxonomy
from classifiers.training import encoder, oof
from classifiers.training.export import NETWORK, export
from classifiers.training.fitting import STAGES, Job, average, run, seeded
from classifiers.training.materials import Materials, training_materials
from classifiers.training.places import Places, default_places
from classifiers.training.progress import say

TRUST = 0.9
"""How far a label is believed against the out-of-fold score of its item: targets are softened by the rest."""


@click.command(help=__doc__)
@click.option("--taxonomy", default="ukraine", show_default=True, help="A shipped taxonomy, or a path.")
@click.option("--runs", default=2, show_default=True, help="Fittings whose weights are averaged.")
@click.option("--into", type=click.Path(path_type=Path), default=SHIPPED, help="The model folder to write.")
@click.option(
    "--shared", type=click.Path(path_type=Path), help="The shared data. [CEASEFIRE_SHARED or ../shared]"
)
@click.option("--work", type=click.Path(path_type=Path), help="Scratch space for caches and checkpoints.")
def main(taxonomy: str, runs: int, into: Path, shared: Path | None, work: Path | None) -> None:
    known = default_places()
    train(Places(shared or known.shared, work or known.work), taxonomy, runs, into)
    say(f"wrote {into}; judge it with `python -m classifiers.training.evaluate`")


def train(places: Places, taxonomy: str, runs: int, into: Path) -> None:
    """The whole way from data to a model folder; see the module's docstring."""
    started = time.monotonic()
    items = training_materials(places, load_taxonomy(taxonomy))
    say(f"{len(items.examples)} items")
    soft = softened(items, oof.load())
    jobs = [
        Job(f"run-{seed}", seeded(STAGES, seed), items.texts, soft, items.weights, [])
        for seed in range(1, runs + 1)
    ]
    fitted = run(jobs, encoder.fetch(places.encoder), places.work)
    torch.save(average([weights for weights, _ in fitted]), places.work / NETWORK)
    minutes = round((time.monotonic() - started) / 60)
    export(places, taxonomy, into, {"runs_averaged": runs, "minutes": minutes})


def softened(items: Materials, scores: oof.OutOfFold) -> NDArray[np.float32]:
    """Targets moved towards what a network that did not see the item says: a doubtful label counts for less."""
    targets = items.targets.copy()
    kept, rows = scores.rows_of(items.ids)
    targets[rows] = TRUST * targets[rows] + (1 - TRUST) * scores.scores[kept]
    return targets


if __name__ == "__main__":
    main()
