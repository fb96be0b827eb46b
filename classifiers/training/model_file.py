"""The fitted network as a model folder: ONNX with 8-bit weights, tokenizer, config."""

import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from torch import Tensor, nn
from torch.nn import functional

from classifiers.decide import Thresholds
from classifiers.model_folder import ONNX, OPSET, TOKENIZER, write_config
from classifiers.taxonomy import Taxonomy
from classifiers.tokens import Tokens, by_size, padded
from classifiers.training.encoder import HEADS, HIDDEN, TOKENIZER_NAME
from classifiers.training.fit import as_tensors
from classifiers.training.network import Network

SMOOTHING = 0.75
"""How much of the inputs' unevenness goes into the weights (0 to 1): these have a scale for each output, inputs one for all."""
INPUTS = ("ids", "types", "mentions", "mask")
OUTPUTS = ("probabilities", "support", "embedding")


class Shipped(nn.Module):  # type: ignore[misc, unused-ignore]
    """What is exported: probabilities (B, k), support (B, T, k) and the embedding (B, 384) of unit length.

    `projection` (p, 384) and `offset` (384,) map the network's pooled states to the plain encoder's vectors.
    """

    def __init__(
        self, network: Network, projection: NDArray[np.float32], offset: NDArray[np.float32]
    ) -> None:
        super().__init__()
        self.network = network
        self.projection = nn.Parameter(torch.from_numpy(projection))
        self.offset = nn.Parameter(torch.from_numpy(offset))

    def forward(
        self, ids: Tensor, types: Tensor, mentions: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        output = self.network(ids, types, mentions, mask)
        embedding = functional.normalize(output.pooled @ self.projection + self.offset, dim=-1)
        return output.logits.sigmoid(), output.support, embedding


class Smoothed(nn.Module):  # type: ignore[misc, unused-ignore]
    """A linear layer that loses less to 8 bits: each input channel is divided by a number its weights are multiplied by.

    A few channels of the encoder's states are far larger than the rest, and 8 bits are shared by all channels of a
    text. `largest` (d,): the largest size seen in each. Source: SmoothQuant, https://arxiv.org/abs/2211.10438
    """

    def __init__(self, linear: nn.Linear, largest: Tensor) -> None:
        super().__init__()
        weights = linear.weight.detach()
        large, wide = largest.clamp(min=1e-4), weights.abs().amax(0).clamp(min=1e-4)
        scale = large**SMOOTHING / wide ** (1 - SMOOTHING)
        self.inverse = nn.Parameter(1 / scale)
        self.weight = nn.Parameter(weights * scale)
        self.bias = linear.bias

    def forward(self, inputs: Tensor) -> Tensor:
        return functional.linear(inputs * self.inverse, self.weight, self.bias)


def smooth(network: Network, texts: Sequence[Sequence[Tokens]], batch_tokens: int = 3_000) -> None:
    """Changes the encoder's linear layers into `Smoothed` ones, measured on some texts. Outputs stay the same."""
    largest: dict[nn.Module, Tensor] = {}

    def look(module: nn.Module, inputs: tuple[Tensor]) -> None:
        seen = inputs[0].abs().flatten(0, -2).amax(0)
        largest[module] = torch.maximum(largest[module], seen) if module in largest else seen

    linears = [part for part in network.encoder.modules() if isinstance(part, nn.Linear)]
    hooks = [linear.register_forward_pre_hook(look) for linear in linears]
    with torch.no_grad():
        for indices in by_size(texts, batch_tokens):
            network(*as_tensors(padded([passage for at in indices for passage in texts[at]])))
    for hook in hooks:
        hook.remove()
    for layer in network.encoder.layers:
        for name, part in list(layer.named_children()):
            if isinstance(part, nn.Linear):
                setattr(layer, name, Smoothed(part, largest[part]))


def write_model(
    shipped: Shipped,
    folder: Path,
    encoder_folder: Path,
    taxonomy: Taxonomy,
    thresholds: dict[str, Thresholds],
    max_tokens: int,
    training: dict[str, Any],
    quantised: bool = True,
) -> None:
    """Writes a model folder that `OnnxScorer` loads. `quantised=False` keeps 32-bit weights, to compare with."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        plain, fused = Path(scratch) / "plain.onnx", Path(scratch) / "fused.onnx"
        _to_onnx(shipped.eval(), plain)
        logging.getLogger("onnxruntime.transformers").setLevel(logging.WARNING)
        model = optimizer.optimize_model(
            str(plain), model_type="bert", num_heads=HEADS, hidden_size=HIDDEN, opt_level=0
        )
        model.save_model_to_file(str(fused))
        if quantised:
            quantize_dynamic(
                fused,
                folder / ONNX,
                per_channel=True,
                weight_type=QuantType.QInt8,
                nodes_to_exclude=_heads(fused),
                extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
            )
        else:
            shutil.copy(fused, folder / ONNX)
    tokenizer = json.loads((encoder_folder / TOKENIZER_NAME).read_text(encoding="utf-8"))
    tokenizer["truncation"] = tokenizer["padding"] = None
    (folder / TOKENIZER).write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    write_config(folder, taxonomy, thresholds, max_tokens, HIDDEN, training)


def _to_onnx(shipped: Shipped, path: Path) -> None:
    ids = torch.randint(1_000, 2_000, (2, 16))
    nothing = torch.zeros_like(ids)
    axes = {name: {0: "batch", 1: "tokens"} for name in (*INPUTS, "support")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter by tracing is kept by torch, but called legacy
        torch.onnx.export(
            shipped,
            (ids, nothing, nothing, nothing + 1),
            str(path),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            opset_version=OPSET,
            dynamic_axes=axes | {"probabilities": {0: "batch"}, "embedding": {0: "batch"}},
            dynamo=False,
        )


def _heads(path: Path) -> list[str]:
    """The nodes of the labels' own layers: small, and what they say is not spread over many channels."""
    nodes = onnx.load(str(path)).graph.node
    heads = ("/network/query/", "/network/say/", "/network/mean/", "/network/mention/")
    return [node.name for node in nodes if node.op_type in {"MatMul", "Gemm"} and node.name.startswith(heads)]
