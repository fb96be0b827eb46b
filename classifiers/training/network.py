"""The tagger's network: the encoder, three ways to look at its tokens for each label, and a projection for stories.

A label's logit is the sum of
- label-wise attention: each label weighs the tokens by its own query, and what each token says for it is added up;
- a linear reading of the mean vector;
- for labels with aliases, a reading of the tokens that name the label, with weights shared by all labels: what
  it is to act is the same for Italy as for Russia, so rare actors learn from frequent ones.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from classifiers.training.encoder import HIDDEN, LAYERS, Encoder

EMBEDDING_LAYERS = (6, 9, 12)
"""Layers whose mean and first vectors the story projection reads: the lower ones move least in training."""


POOLED = 2 * len(EMBEDDING_LAYERS) * HIDDEN


@dataclass(frozen=True, slots=True)
class Output:
    """`logits` (B, k); `support` (B, T, k): what each token adds to each logit; `pooled` (B, p): see `pooled_states`."""

    logits: Tensor
    support: Tensor
    pooled: Tensor


class Network(nn.Module):  # type: ignore[misc, unused-ignore]  # torch may be absent where types are checked
    """`labels`: the number k of labels."""

    def __init__(self, encoder: Encoder, labels: int, inner: int = 128) -> None:
        super().__init__()
        self.encoder = encoder
        self.labels = labels
        self.named = nn.Embedding(labels + 1, HIDDEN)
        nn.init.zeros_(self.named.weight)
        self.query = nn.Linear(HIDDEN, labels)
        self.say = nn.Linear(HIDDEN, labels)
        self.mean = nn.Linear(HIDDEN, labels)
        self.mention = nn.Sequential(nn.Linear(HIDDEN, inner), nn.GELU(), nn.Linear(inner, 2))
        self.unnamed = nn.Parameter(torch.zeros(labels))
        self.dropout = nn.Dropout(0.1)
        for head in (self.query, self.say, self.mean):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def forward(self, ids: Tensor, types: Tensor, mentions: Tensor, mask: Tensor) -> Output:
        """Four (B, T) integer arrays, see `classifiers.tokens.Batch`."""
        return self.upper(self.encoder.lower(ids, types, mask), mentions, mask)

    def upper(self, lower: Tensor, mentions: Tensor, mask: Tensor) -> Output:
        """The same from the frozen layers' states (B, T, 384)."""
        states = self.encoder.upper(lower, mask, self.named(mentions))
        last = self.dropout(states[LAYERS])
        real = mask.to(last.dtype)
        closed = ((1.0 - real) * -1e4)[:, :, None]
        attention = (self.query(last) + closed).softmax(1)
        attended = attention * self.say(last)
        mean = (last * real[:, :, None]).sum(1) / real.sum(1, keepdim=True)
        by_mention, support = self._mentions(last, mentions)
        logits = attended.sum(1) + self.mean(mean) + by_mention
        return Output(logits, attended + support, pooled_states(states, real))

    def _mentions(self, last: Tensor, mentions: Tensor) -> tuple[Tensor, Tensor]:
        """What the tokens that name a label say for it: (B, k), and token by token (B, T, k)."""
        columns = torch.arange(1, self.labels + 1, device=mentions.device)
        marks = (mentions[:, :, None] == columns).to(last.dtype)
        weight, say = self.mention(last).chunk(2, dim=-1)
        weights = marks * weight.clamp(-8, 8).exp()
        total = weights.sum(1, keepdim=True)
        support = weights / (total + 1e-6) * say
        unnamed = (total[:, 0] == 0).to(last.dtype) * self.unnamed
        return support.sum(1) + unnamed, support


def pooled_states(states: dict[int, Tensor], real: Tensor) -> Tensor:
    """Mean and first vectors of EMBEDDING_LAYERS side by side, (B, POOLED)."""
    parts = []
    for layer in EMBEDDING_LAYERS:
        mean = (states[layer] * real[:, :, None]).sum(1) / real.sum(1, keepdim=True)
        parts += [functional.normalize(mean, dim=-1), functional.normalize(states[layer][:, 0], dim=-1)]
    return torch.cat(parts, dim=-1)
