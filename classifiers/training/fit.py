"""One fitting of the network: batches of like length, two learning rates, averaged weights, a checkpoint an epoch."""

import hashlib
import math
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from classifiers.tokens import Batch, Tokens, by_size, padded
from classifiers.training.encoder import MARKED
from classifiers.training.network import POOLED, Network


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fit. The encoder's first `frozen` layers stay as they are. Rates are peak rates; `layer_decay` scales the rate of each layer below the one above it.

    `positive_power`: a label that is present in a share p of the items weighs ((1 - p) / p) ** positive_power
    where present, at most `positive_limit`. `average`: decay a step of the averaged weights that are kept.
    """

    epochs: int = 3
    frozen: int = MARKED
    batch_tokens: int = 3_000
    batch_texts: int = 32
    encoder_rate: float = 8e-5
    head_rate: float = 1.5e-3
    layer_decay: float = 0.9
    weight_decay: float = 0.01
    warm_up: float = 0.06
    positive_power: float = 0.35
    positive_limit: float = 4.0
    average: float = 0.98
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """Where a fitting is: `loss` is the mean over the epoch so far, `seconds` those since the epoch began."""

    epoch: int
    of_epochs: int
    number: int
    of_steps: int
    loss: float
    seconds: float


def fit(
    network: Network,
    lower: "Lower",
    targets: NDArray[np.float32],
    weights: NDArray[np.float32],
    recipe: Recipe,
    tell: Callable[[Step], None],
    checkpoint: Path | None = None,
    after_epoch: Callable[[int, Network], None] | None = None,
) -> Network:
    """Fits `network` in place to (n, k) `targets` (0 to 1) and leaves the averaged weights in it.

    `weights` (n,) scale each item's loss. With `checkpoint` the state is kept there after every epoch and a
    fitting that was broken off goes on from it.
    """
    torch.manual_seed(recipe.seed)
    shuffle = random.Random(recipe.seed)
    optimiser = torch.optim.AdamW(_groups(network, recipe), betas=(0.9, 0.98), fused=True)
    plan = [_batches(lower.texts, recipe, shuffle) for _ in range(recipe.epochs)]
    total = sum(len(batches) for batches in plan)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, _shape(total, recipe.warm_up))
    positive = _positive_weights(targets, recipe)
    averaged = {name: value.detach().clone() for name, value in network.state_dict().items()}
    first = _resume(checkpoint, network, optimiser, schedule, averaged)
    step = sum(len(batches) for batches in plan[:first])
    for epoch in range(first, recipe.epochs):
        network.train()
        started, losses = time.monotonic(), []
        for number, indices in enumerate(plan[epoch], 1):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                states, mentions, mask, owner = lower.batch(indices)
                logits = strongest(network.upper(states, mentions, mask).logits, owner, len(indices))
            each = functional.binary_cross_entropy_with_logits(
                logits,
                torch.from_numpy(targets[indices]),
                pos_weight=positive,
                reduction="none",
            )
            loss = (each.sum(1) * torch.from_numpy(weights[indices])).mean()
            loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad(set_to_none=True)
            step += 1
            _average(averaged, network, min(recipe.average, step / (step + 10)))
            losses.append(float(loss.detach()))
            tell(
                Step(
                    epoch + 1,
                    recipe.epochs,
                    number,
                    len(plan[epoch]),
                    sum(losses) / number,
                    time.monotonic() - started,
                )
            )
        if checkpoint is not None:
            _keep(checkpoint, epoch + 1, network, optimiser, schedule, averaged)
        if after_epoch is not None:
            after_epoch(epoch + 1, network)
    network.load_state_dict(averaged)
    network.eval()
    return network


class Lower:
    """The frozen layers' states of n texts' passages, computed once and kept in 16 bits (80 kB for 100 tokens).

    `cache` is a file that keeps them between runs; passages that it lacks are added to it.
    """

    def __init__(
        self,
        network: Network,
        texts: Sequence[Sequence[Tokens]],
        cache: Path | None = None,
        batch_tokens: int = 3_000,
    ) -> None:
        self.texts = texts
        network.eval()
        kept: dict[str, Tensor] = torch.load(cache) if cache is not None and cache.exists() else {}
        missing = [[one] for text in texts for one in text if _key(one) not in kept]
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            for batch in by_size(missing, batch_tokens):
                passages = [missing[at][0] for at in batch]
                ids, types, _, mask = as_tensors(padded(passages))
                for one, states in zip(passages, network.encoder.lower(ids, types, mask), strict=True):
                    kept[_key(one)] = states[: len(one.ids)].half().clone()
        if cache is not None and missing:
            part = cache.with_suffix(f".{os.getpid()}.part")
            torch.save(kept, part)
            part.replace(cache)
        self._states = [[kept[_key(one)] for one in text] for text in texts]

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """States (P, T, 384), mentions and mask (P, T) of all P passages of the texts at `indices`; and (P,): whose."""
        passages = [one for at in indices for one in self.texts[at]]
        _, _, mentions, mask = as_tensors(padded(passages))
        rows = [one for at in indices for one in self._states[at]]
        states = torch.zeros(*mask.shape, rows[0].shape[1])
        for into, row in zip(states, rows, strict=True):
            into[: len(row)] = row
        owner = torch.tensor([number for number, at in enumerate(indices) for _ in self.texts[at]])
        return states, mentions, mask, owner


def strongest(logits: Tensor, owner: Tensor, texts: int) -> Tensor:
    """The highest logit of any of a text's passages: (P, k) and the (P,) text numbers to (texts, k)."""
    out = torch.zeros(texts, logits.shape[1])
    where = owner[:, None].expand_as(logits)
    return out.scatter_reduce(0, where, logits.float(), "amax", include_self=False)


def predict(
    network: Network, lower: Lower, batch_tokens: int = 6_000
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Probabilities (n, k) of the texts, and the pooled states (n, p) of their first passages, in order."""
    network.eval()
    probabilities = np.zeros((len(lower.texts), network.labels), np.float32)
    pooled = np.zeros((len(lower.texts), POOLED), np.float32)
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        for indices in by_size(lower.texts, batch_tokens):
            states, mentions, mask, owner = lower.batch(indices)
            output = network.upper(states, mentions, mask)
            probabilities[indices] = strongest(output.logits, owner, len(indices)).sigmoid().numpy()
            first = np.searchsorted(owner.numpy(), np.arange(len(indices)))
            pooled[indices] = output.pooled.float().numpy()[first]
    return probabilities, pooled


def as_tensors(batch: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The network's four inputs."""
    ids, types, mentions, mask = (
        torch.from_numpy(array) for array in (batch.ids, batch.types, batch.mentions, batch.mask)
    )
    return ids, types, mentions, mask


def _groups(network: Network, recipe: Recipe) -> list[dict[str, object]]:
    """Parameters with their rates: heads fast, the encoder slow and slower downwards, its frozen layers fixed."""
    layers = len(network.encoder.layers)
    groups: dict[float, list[torch.nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        layer = int(name.split(".")[2]) if name.startswith("encoder.layers.") else -1
        if name.startswith("encoder.") and layer < network.encoder.frozen:
            parameter.requires_grad_(False)
            continue
        if layer >= 0:
            rate = recipe.encoder_rate * recipe.layer_decay ** (layers - 1 - layer)
        else:
            rate = recipe.head_rate
        groups.setdefault(rate, []).append(parameter)
    return [
        {"params": parameters, "lr": rate, "weight_decay": recipe.weight_decay}
        for rate, parameters in groups.items()
    ]


def _batches(texts: Sequence[Sequence[Tokens]], recipe: Recipe, shuffle: random.Random) -> list[list[int]]:
    """Batches of one epoch: lengths blurred so that batches differ from epoch to epoch, then in random order."""
    length = [max(len(one.ids) for one in text) for text in texts]
    order = sorted(range(len(texts)), key=lambda at: length[at] * shuffle.uniform(0.9, 1.1))
    batches: list[list[int]] = []
    longest = rows = 0
    for index in order:
        longest, rows = max(longest, length[index]), rows + len(texts[index])
        if batches and rows * longest <= recipe.batch_tokens and len(batches[-1]) < recipe.batch_texts:
            batches[-1].append(index)
        else:
            batches.append([index])
            longest, rows = length[index], len(texts[index])
    shuffle.shuffle(batches)
    return batches


def _key(tokens: Tokens) -> str:
    return hashlib.sha1(tokens.ids.tobytes() + tokens.types.tobytes()).hexdigest()  # noqa: S324


def _shape(total: int, warm_up: float) -> Callable[[int], float]:
    def factor(step: int) -> float:
        start = max(1, int(total * warm_up))
        if step < start:
            return (step + 1) / start
        return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, (step - start) / max(1, total - start))))

    return factor


def _positive_weights(targets: NDArray[np.float32], recipe: Recipe) -> Tensor:
    share = np.clip(targets.mean(0), 1e-4, 1 - 1e-4)
    weights = ((1 - share) / share) ** recipe.positive_power
    return torch.from_numpy(np.clip(weights, 1.0, recipe.positive_limit).astype(np.float32))


def _average(averaged: dict[str, Tensor], network: Network, decay: float) -> None:
    with torch.no_grad():
        for name, value in network.named_parameters():
            if value.requires_grad:
                averaged[name].lerp_(value, 1 - decay)


def _keep(
    path: Path,
    epoch: int,
    network: Network,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
    averaged: dict[str, Tensor],
) -> None:
    part = path.with_suffix(".part")
    torch.save(
        {
            "epoch": epoch,
            "network": network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(),
            "averaged": averaged,
            "random": torch.get_rng_state(),
        },
        part,
    )
    part.replace(path)


def _resume(
    path: Path | None,
    network: Network,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
    averaged: dict[str, Tensor],
) -> int:
    """Puts the kept state back; the number of epochs that are done."""
    if path is None or not path.exists():
        return 0
    kept = torch.load(path, weights_only=True)
    network.load_state_dict(kept["network"])
    optimiser.load_state_dict(kept["optimiser"])
    schedule.load_state_dict(kept["schedule"])
    averaged.update(kept["averaged"])
    torch.set_rng_state(kept["random"])
    return int(kept["epoch"])
