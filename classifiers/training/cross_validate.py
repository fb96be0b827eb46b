"""Fits networks that each leave a part of the training items out, and keeps what they say of that part.

    python -m classifiers.training.cross_validate [--folds 2]

The scores go to classifiers/training/oof/ (numbers, no texts). Thresholds come from them, and so do the
figures for how good the tagger is on items that it did not see.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from classifiers.training import oof
from classifiers.training.encoder import fetch
from classifiers.training.fit import Recipe
from classifiers.training.fitting import STAGES, TRIAL, Job, run
from classifiers.training.materials import Materials, chosen_materials
from classifiers.training.metrics import by_facet
from classifiers.training.places import Places, default_places
from classifiers.training.progress import say
from classifiers.training.thresholds import decided, from_scores


@click.command(help=__doc__)
@click.option("--taxonomy", default="ukraine", show_default=True, help="A shipped taxonomy, or a path.")
@click.option(
    "--items",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Learn from this file of coded items instead (JSON lines; may be given again).",
)
@click.option("--folds", default=2, show_default=True, help="Parts of the training items.")
@click.option("--limit", default=0, help="Take so many items only, for one short epoch, and keep no scores.")
@click.option(
    "--shared", type=click.Path(path_type=Path), help="The shared data. [CEASEFIRE_SHARED or ../shared]"
)
@click.option("--work", type=click.Path(path_type=Path), help="Scratch space for caches and checkpoints.")
def main(
    taxonomy: str, items: tuple[Path, ...], folds: int, limit: int, shared: Path | None, work: Path | None
) -> None:
    known = default_places()
    places = Places(shared or known.shared, work or known.work)
    chosen = chosen_materials(places, taxonomy, items, limit)
    found = cross_validate(places, chosen, folds, TRIAL if limit else STAGES)
    if not limit:
        path = oof.place_of(chosen.taxonomy, places.work)
        oof.save(found, path)
        say(f"kept {len(found.ids)} items' scores in {path}")
    for line in report(found, chosen):
        click.echo(line)


def cross_validate(
    places: Places, items: Materials, folds: int, stages: tuple[Recipe, ...] = STAGES
) -> oof.OutOfFold:
    """Scores of every real item by the network that did not see it. Own prose is only trained on."""
    encoder_folder = fetch(places.encoder)
    say(f"{len(items.examples)} items")
    fold_of = folds_of(items, folds)
    jobs = []
    for fold in range(folds):
        kept, left_out = (
            items.only(np.flatnonzero(fold_of != fold)),
            items.only(np.flatnonzero(fold_of == fold)),
        )
        jobs.append(Job(f"fold-{fold}", stages, kept.texts, kept.targets, kept.weights, left_out.texts))
    results = run(jobs, encoder_folder, places.work)
    rows = np.concatenate([np.flatnonzero(fold_of == fold) for fold in range(folds)])
    return oof.OutOfFold(
        list(items.taxonomy.keys),
        [items.examples[at].text.id for at in rows],
        [int(fold_of[at]) for at in rows],
        np.concatenate([scores for _, scores in results]).astype(np.float32),
    )


def folds_of(items: Materials, folds: int) -> NDArray[np.int64]:
    """Each item's fold by a hash of its title, so that copies of one text stay together; own prose has -1."""
    return np.array(
        [
            -1
            if example.source == "prose"
            else int(hashlib.sha256(" ".join(example.text.title.lower().split()).encode()).hexdigest(), 16)
            % folds
            for example in items.examples
        ],
        np.int64,
    )


def report(found: oof.OutOfFold, items: Materials) -> Sequence[str]:
    """Micro F1 a facet: each fold with thresholds from the others, their mean and spread; all and those like the field."""
    at, rows = found.rows_of(items.ids)
    scores, true = found.scores[at], items.targets[rows] > 0.5
    weights, fold_of = items.weights[rows], np.array(found.folds)[at]
    like_field = np.array([items.examples[row].like_the_field for row in rows])
    lines = []
    for name, chosen in (("all items", np.ones_like(like_field)), ("2024 or later, long", like_field)):
        by_fold = []
        for fold in np.unique(fold_of):
            inside = fold_of == fold
            limits = from_scores(scores[~inside], true[~inside], weights[~inside], found.labels)
            part = inside & chosen
            if not part.any():
                continue  # a trial on a few items
            by_fold.append(by_facet(decided(scores[part], limits, found.labels), true[part], found.labels))
        for facet in by_fold[0] if by_fold else ():
            f1 = [one[facet].f1 for one in by_fold]
            lines.append(f"{name}: {facet} micro-F1 {np.mean(f1):.3f}, spread over folds {np.std(f1):.3f}")
    return lines


if __name__ == "__main__":
    main()
