"""Several fittings side by side, one thread each: faster on two cores than one fitting with two threads."""

import hashlib
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classifiers.model_folder import ONNX, file_hash
from classifiers.tokens import Tokens
from classifiers.training import encoder
from classifiers.training.fit import Lower, Recipe, fit, predict
from classifiers.training.network import Network
from classifiers.training.progress import say, steps
from classifiers.training.restore import restore

INITIAL_SEED = 20_220_224
"""Heads start alike in every fitting, so that their weights can be averaged afterwards."""


STAGES = (
    Recipe(epochs=2, frozen=2),
    Recipe(epochs=3, frozen=6, encoder_rate=6e-5, head_rate=8e-4),
)
"""First nearly the whole encoder moves, then its upper half, at half the cost and a lower rate."""

CONTINUED = (Recipe(epochs=2, frozen=4, encoder_rate=4e-5, head_rate=5e-4, average=0.99),)
"""On from a fitted model, when there are more labels."""

TRIAL = (Recipe(epochs=1, frozen=6, batch_tokens=1_500, batch_texts=8),)
"""To see whether everything fits together."""


@dataclass(frozen=True, slots=True)
class Job:
    """One network to be fitted: a name, the recipes one after the other, what to learn, what to score at the end."""

    name: str
    stages: tuple[Recipe, ...]
    texts: list[list[Tokens]]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]
    score: list[list[Tokens]]
    start: Path | None = None
    """A model folder to go on from; None: the published encoder."""

    @property
    def file_name(self) -> str:
        """Unlike for unlike jobs, so that a result is never taken for that of other data or another recipe."""
        content = hashlib.sha256(repr(self.stages).encode() + self.targets.tobytes() + self.weights.tobytes())
        if self.start is not None:
            content.update(file_hash(self.start / ONNX).encode())
        for text in (*self.texts, *self.score):
            for tokens in text:
                content.update(tokens.ids.tobytes() + tokens.mentions.tobytes())
        return f"{self.name}-{content.hexdigest()[:10]}"


def seeded(stages: Sequence[Recipe], seed: int) -> tuple[Recipe, ...]:
    """The same recipes with another order of the items."""
    return tuple(replace(stage, seed=seed) for stage in stages)


def fresh_network(encoder_folder: Path, labels: int) -> Network:
    """A network with the published encoder and heads that are the same each time."""
    torch.manual_seed(INITIAL_SEED)
    return Network(encoder.load(encoder_folder), labels)


def run(
    jobs: Sequence[Job], encoder_folder: Path, work: Path, processes: int = 2
) -> list[tuple[dict[str, Tensor], NDArray[np.float32]]]:
    """The fitted weights of each job, and its probabilities for the texts in `score`, in the order of the jobs.

    A job that was broken off goes on from its last epoch, one that is done is not done again.
    """
    work.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        paths = list(pool.map(_one, jobs, [encoder_folder] * len(jobs), [work] * len(jobs)))
    results = []
    for path in paths:
        kept = torch.load(path, weights_only=True)
        results.append((kept["network"], kept["scores"].numpy()))
    return results


def average(weights: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of several networks' weights."""
    return {name: torch.stack([one[name] for one in weights]).mean(0) for name in weights[0]}


def _one(job: Job, encoder_folder: Path, work: Path) -> Path:
    """Fits one job, and says where the result lies. Each stage's result is kept, as is each epoch's."""
    done = work / f"{job.file_name}.done.pt"
    if done.exists():
        return done
    torch.set_num_threads(1)
    network = fresh_network(encoder_folder, job.targets.shape[1])
    if job.start is not None:
        restore(network, job.start)
    for number, recipe in enumerate(job.stages, 1):
        name = f"{job.name}, stage {number}/{len(job.stages)}"
        kept = work / f"{job.file_name}.stage-{number}.pt"
        if kept.exists():
            network.load_state_dict(torch.load(kept, weights_only=True))
            continue
        network.encoder.freeze(recipe.frozen)
        say(f"{name}: computing the states of the {recipe.frozen} frozen layers")
        lower = Lower(network, job.texts)
        checkpoint = work / f"{job.file_name}.checkpoint.pt"
        with steps(name) as tell:
            fit(network, lower, job.targets, job.weights, recipe, tell, checkpoint)
        _write({**network.state_dict()}, kept)
        checkpoint.unlink(missing_ok=True)
    scores = predict(network, Lower(network, job.score))[0]
    _write({"network": network.state_dict(), "scores": torch.from_numpy(scores)}, done)
    for kept in work.glob(f"{job.file_name}.stage-*.pt"):
        kept.unlink()
    say(f"{job.name}: done")
    return done


def _write(content: dict[str, object], path: Path) -> None:
    part = path.with_suffix(".part")
    torch.save(content, part)
    part.replace(path)
