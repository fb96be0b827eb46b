"""Several fittings side by side, one thread each: faster on two cores than one fitting with two threads."""

import hashlib
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classifiers.tokens import Tokens
from classifiers.training import encoder
from classifiers.training.fit import Lower, Recipe, fit, predict
from classifiers.training.network import Network
from classifiers.training.progress import say, steps

INITIAL_SEED = 20_220_224
"""Heads start alike in every fitting, so that their weights can be averaged afterwards."""


@dataclass(frozen=True, slots=True)
class Job:
    """One fitting: its name, what to learn, where its checkpoint and result go, and what to score at its end."""

    name: str
    recipe: Recipe
    tokens: list[Tokens]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]
    score: list[Tokens]

    @property
    def file_name(self) -> str:
        """Unlike for unlike jobs, so that a result is never taken for that of other data or another recipe."""
        content = hashlib.sha256(repr(self.recipe).encode() + self.targets.tobytes() + self.weights.tobytes())
        for tokens in (*self.tokens, *self.score):
            content.update(tokens.ids.tobytes() + tokens.mentions.tobytes())
        return f"{self.name}-{content.hexdigest()[:10]}"


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
    done = work / f"{job.file_name}.done.pt"
    if done.exists():
        return done
    torch.set_num_threads(1)
    network = fresh_network(encoder_folder, job.targets.shape[1])
    cache = work / "lower.pt"
    lower = Lower(network, job.tokens, cache)
    checkpoint = work / f"{job.file_name}.checkpoint.pt"
    with steps(job.name) as tell:
        fit(network, lower, job.targets, job.weights, job.recipe, tell, checkpoint)
    scores = (
        predict(network, Lower(network, job.score, cache))[0] if job.score else np.zeros((0, network.labels))
    )
    part = done.with_suffix(".part")
    torch.save({"network": network.state_dict(), "scores": torch.from_numpy(scores)}, part)
    part.replace(done)
    checkpoint.unlink(missing_ok=True)
    say(f"{job.name}: done")
    return done
