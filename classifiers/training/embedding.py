"""Keeps the embedding as good for stories as the plain encoder's: a linear map from the fitted network's states.

Fitting for labels bends the upper layers, but what the plain encoder says of a text can still be read from the states
below and above by ridge regression, in closed form.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from classifiers.tokens import Tokens, by_size, padded
from classifiers.training.encoder import HIDDEN, LAYERS, Encoder
from classifiers.training.fit import as_tensors

Vectors = NDArray[np.float32]


def plain_vectors(encoder: Encoder, texts: Sequence[Sequence[Tokens]], batch_tokens: int = 6_000) -> Vectors:
    """The published encoder's own vectors (n, 384) of the texts' first passages: first token, unit length."""
    first = [text[:1] for text in texts]
    out: Vectors = np.zeros((len(texts), HIDDEN), np.float32)
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        for indices in by_size(first, batch_tokens):
            ids, types, _, mask = as_tensors(padded([first[at][0] for at in indices]))
            last = encoder.upper(encoder.lower(ids, torch.zeros_like(types), mask), mask)[LAYERS]
            out[indices] = functional.normalize(last[:, 0].float(), dim=-1).numpy()
    return out


def ridge(pooled: Vectors, wanted: Vectors, penalty: float = 3.0) -> tuple[Vectors, Vectors]:
    """Projection (p, d) and offset (d,) that map `pooled` (n, p) closest to `wanted` (n, d)."""
    mean_in, mean_out = pooled.mean(0, dtype=np.float64), wanted.mean(0, dtype=np.float64)
    centred = pooled - mean_in
    gram = centred.T @ centred + penalty * np.eye(pooled.shape[1])
    projection = np.linalg.solve(gram, centred.T @ (wanted - mean_out))
    offset = mean_out - mean_in @ projection
    return projection.astype(np.float32), offset.astype(np.float32)
