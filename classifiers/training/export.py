"""Makes a model folder from the last fitted network: story projection, thresholds, 8-bit ONNX, config.

    python -m classifiers.training.export [--into classifiers/model]

`train` ends with this step; alone it takes a few minutes, and serves when only thresholds or the export have changed.
"""

import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from numpy.typing import NDArray

from classifiers.decide import Thresholds
from classifiers.model_folder import SHIPPED
from classifiers.taxonomy import Taxonomy
from classifiers.tokens import Tokens
from classifiers.training import encoder, examples, oof
from classifiers.training.cross_validate import report
from classifiers.training.embedding import plain_vectors, ridge
from classifiers.training.fit import Lower, Recipe, predict
from classifiers.training.fitting import STAGES, fresh_network
from classifiers.training.materials import MAX_TOKENS, Materials, chosen_materials
from classifiers.training.metrics import facet_of
from classifiers.training.model_file import Shipped, smooth, write_model
from classifiers.training.network import Network
from classifiers.training.places import Places, default_places
from classifiers.training.progress import say
from classifiers.training.thresholds import from_scores

UNTUNED = Thresholds(decide=0.5, uncertain=0.35, announce=0.9)
"""Of every label of a taxonomy that has no out-of-fold scores."""
EMBEDDING_TEXTS = 3_000
"""Training texts that the story projection is fitted on (their labels play no part in it)."""

FULL_SCALE = {"actor": 0.8, "development": 0.8}
"""Networks of half the items are surer than the shipped one, which finds too few actors and developments at their
thresholds. At 0.8 of these F1 is as high as at any other factor, or within 0.003 of it, on dev, on the held-out prose and on 82 long texts
that the network had not seen (docs/tagger-experiments.md). Chosen there."""
CALIBRATION_TEXTS = 200
"""Training texts that show how large the states get, before weights are cut to 8 bits."""


@click.command(help=__doc__)
@click.option("--taxonomy", default="ukraine", show_default=True, help="A shipped taxonomy, or a path.")
@click.option(
    "--items",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The files that `train --items` learned from, if it did.",
)
@click.option("--into", type=click.Path(path_type=Path), default=SHIPPED, help="The model folder to write.")
@click.option(
    "--shared", type=click.Path(path_type=Path), help="The shared data. [CEASEFIRE_SHARED or ../shared]"
)
@click.option("--work", type=click.Path(path_type=Path), help="Scratch space for caches and checkpoints.")
@click.option("--note", default="", help="A sentence for the model card on how the network came about.")
def main(
    taxonomy: str, items: tuple[Path, ...], into: Path, shared: Path | None, work: Path | None, note: str
) -> None:
    known = default_places()
    places = Places(shared or known.shared, work or known.work)
    export(places, chosen_materials(places, taxonomy, items), into, STAGES, {"note": note} if note else {})
    say(f"wrote {into}; judge it with `python -m classifiers.training.evaluate --model {into}`")


def network_file(places: Places, taxonomy: Taxonomy) -> Path:
    """Where `train` leaves the fitted weights."""
    return places.work / f"network-{taxonomy.id}.pt"


def export(
    places: Places, items: Materials, into: Path, stages: Sequence[Recipe], more: dict[str, Any]
) -> None:
    """From the kept weights to a model folder; `stages` and `more` are further facts for its config."""
    labels = items.taxonomy
    encoder_folder = encoder.fetch(places.encoder)
    network = fresh_network(encoder_folder, len(labels.keys))
    network.load_state_dict(torch.load(network_file(places, labels), weights_only=True))
    say("fitting the story projection")
    projection, offset = story_projection(network, places, items.texts)
    facts = {**facts_of(places, items), "stages": [asdict(stage) for stage in stages], **more}
    scores = oof.load_for(labels, places.work)
    if scores is not None:
        facts["cross_validation"] = list(report(scores, items))
    network.eval()
    smooth(network, items.texts[:: max(1, len(items.texts) // CALIBRATION_TEXTS)])
    shipped = Shipped(network, projection, offset)
    limits = dict.fromkeys(labels.keys, UNTUNED) if scores is None else thresholds_from(scores, items)
    write_model(shipped, into, encoder_folder, labels, limits, MAX_TOKENS, facts)


def thresholds_from(scores: oof.OutOfFold, items: Materials) -> dict[str, Thresholds]:
    """Thresholds by label from the kept scores and the items' present labels, brought to the full network's scale."""
    kept, rows = scores.rows_of(items.ids)
    found = from_scores(scores.scores[kept], items.targets[rows] > 0.5, items.weights[rows], scores.labels)
    return {label: _scaled(limits, FULL_SCALE.get(facet_of(label), 1.0)) for label, limits in found.items()}


def _scaled(limits: Thresholds, factor: float) -> Thresholds:
    return Thresholds(round(limits.decide * factor, 3), round(limits.uncertain * factor, 3), limits.announce)


def story_projection(
    network: Network, places: Places, texts: Sequence[Sequence[Tokens]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The linear map from the network's states of first passages to the plain encoder's vectors of them."""
    first = [passages[:1] for passages in texts[:: max(1, len(texts) // EMBEDDING_TEXTS)]]
    wanted = plain_vectors(encoder.load(encoder.fetch(places.encoder)).eval(), first)
    return ridge(predict(network, Lower(network, first))[1], wanted)


def facts_of(places: Places, items: Materials) -> dict[str, Any]:
    """What a reader of config.json wants to know about the training."""
    sources = [example.source for example in items.examples]
    return {
        "base": encoder.ARTIFACT,
        "items": {source: sources.count(source) for source in sorted(set(sources))},
        "data_sha256_16": examples.hashes(items.files)
        if items.files
        else examples.file_hashes(places.shared),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
