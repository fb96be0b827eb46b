"""The fitted network as a model folder: ONNX with 8-bit weights, tokenizer, config."""

import json
import logging
import shutil
import tempfile
import warnings
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
from classifiers.training.encoder import HEADS, HIDDEN, TOKENIZER_NAME
from classifiers.training.network import Network

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
