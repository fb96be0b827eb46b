"""Rebuilds the shipped model from ../shared/data, labels/, corpus/ and the kept out-of-fold scores.

    python -m classifiers.training.train [--runs 2] [--into classifiers/model]

Fits the network `runs` times side by side, with different seeds from the same start, and averages their weights;
maps its states to the plain encoder's vectors for the story embedding; takes the thresholds from the out-of-fold
scores (`python -m classifiers.training.cross_validate`); and exports. A run that is broken off goes on from its
last epoch when the command is given again. Needs torch, and Maven once for the base encoder.
"""

import platform
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from numpy.typing import NDArray

from classifiers.decide import Thresholds
from classifiers.model_folder import SHIPPED
from classifiers.taxonomy import load_taxonomy
from classifiers.training import encoder, examples, oof
from classifiers.training.embedding import plain_vectors, ridge
from classifiers.training.export import Shipped, export
from classifiers.training.fit import Lower, predict
from classifiers.training.fitting import STAGES, Job, average, fresh_network, run, seeded
from classifiers.training.materials import MAX_TOKENS, Materials, read, training_materials
from classifiers.training.network import Network
from classifiers.training.places import Places, default_places
from classifiers.training.progress import say
from classifiers.training.thresholds import from_scores

TRUST = 0.9
"""How far a label is believed against the out-of-fold score of its item: targets are softened by the rest."""
EMBEDDING_TEXTS = 3_000
"""Unlabelled headlines (and all unlabelled articles) that the story projection is fitted on."""


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
    labels = load_taxonomy(taxonomy)
    items = training_materials(places, labels)
    encoder_folder = encoder.fetch(places.encoder)
    scores = oof.load()
    say(f"{len(items.examples)} items")
    soft = softened(items, scores)
    jobs = [
        Job(f"run-{seed}", seeded(STAGES, seed), items.texts, soft, items.weights, [])
        for seed in range(1, runs + 1)
    ]
    fitted = run(jobs, encoder_folder, places.work)
    network = fresh_network(encoder_folder, len(labels.keys))
    network.load_state_dict(average([weights for weights, _ in fitted]))
    torch.save(network.state_dict(), places.work / "network.pt")
    say("fitting the story projection")
    projection, offset = story_projection(network, places, taxonomy)
    export(
        Shipped(network, projection, offset),
        into,
        encoder_folder,
        labels,
        thresholds_from(scores, items),
        MAX_TOKENS,
        facts(places, items, runs, time.monotonic() - started),
    )


def softened(items: Materials, scores: oof.OutOfFold) -> NDArray[np.float32]:
    """Targets moved towards what a network that did not see the item says: a doubtful label counts for less."""
    targets = items.targets.copy()
    kept, rows = scores.rows_of(items.ids)
    targets[rows] = TRUST * targets[rows] + (1 - TRUST) * scores.scores[kept]
    return targets


def thresholds_from(scores: oof.OutOfFold, items: Materials) -> dict[str, Thresholds]:
    """Thresholds by label from the kept scores and the items' present labels."""
    kept, rows = scores.rows_of(items.ids)
    return from_scores(scores.scores[kept], items.targets[rows] > 0.5, items.weights[rows], scores.labels)


def story_projection(
    network: Network, places: Places, taxonomy: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The linear map from the network's states to the plain encoder's vectors, from unlabelled texts."""
    headlines = examples.unlabelled(places.shared, "headlines")
    every = max(1, len(headlines) // EMBEDDING_TEXTS)
    texts = [one.text for one in headlines[::every] + examples.unlabelled(places.shared, "articles")]
    tokens = read(places, load_taxonomy(taxonomy), texts)
    wanted = plain_vectors(encoder.load(encoder.fetch(places.encoder)).eval(), tokens)
    return ridge(predict(network, Lower(network, tokens))[1], wanted)


def facts(places: Places, items: Materials, runs: int, seconds: float) -> dict[str, Any]:
    """What a reader of config.json wants to know about the training."""
    sources = [example.source for example in items.examples]
    return {
        "base": encoder.ARTIFACT,
        "items": {source: sources.count(source) for source in sorted(set(sources))},
        "stages": [asdict(stage) for stage in STAGES],
        "runs_averaged": runs,
        "data_sha256_16": examples.file_hashes(places.shared),
        "minutes": round(seconds / 60),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
