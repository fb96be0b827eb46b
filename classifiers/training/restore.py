"""The network back from a model folder, to go on fitting from it: 8-bit weights become 32-bit ones again.

What 8 bits cut off is not had back, but a network that starts here starts where the shipped one stands.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor

from classifiers.errors import ModelError
from classifiers.model_folder import ONNX
from classifiers.training.network import Network

Weights = dict[str, NDArray[np.float32]]


def restore(network: Network, folder: Path) -> None:
    """Puts the folder's weights into the network; see `weights_from`."""
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    network.load_state_dict(weights_from(folder, shapes))


def weights_from(folder: Path, names: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The weights (name to shape, as in `Network.state_dict`) that the folder's ONNX file holds.

    Inputs that were divided channel by channel for the sake of 8 bits (see `model_file.Smoothed`) are
    multiplied again. Raises ModelError if a weight is not in the file or has another shape: a folder made for other labels
    or by another version of this program.
    """
    graph = onnx.load(str(folder / ONNX)).graph
    tensors: Weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = {name.removeprefix("network."): array for name, array in tensors.items()}
    for name in tensors:
        if name.endswith("_quantized"):
            plain = name.removesuffix("_quantized")
            found[plain.removeprefix("network.")] = _dequantised(tensors, plain)
    for node in graph.node:
        if node.op_type in {"MatMul", "MatMulInteger"} and node.input[1] in tensors:
            layer = _layer_of(node.name)
            product = found[node.input[1].removesuffix("_quantized").removeprefix("network.")]
            inverse = found.get(f"{layer}.inverse")
            found[f"{layer}.weight"] = (product if inverse is None else product * inverse[:, None]).T
    for name in list(found):
        if name.endswith("_Transposed"):
            found[name.removesuffix("_Transposed")] = found[name].T
    for name, shape in names.items():
        if name not in found or found[name].shape != shape:
            raise ModelError(
                folder, f"{ONNX} has no {name} of shape {shape}", "start from the published encoder"
            )
    return {name: torch.from_numpy(np.array(found[name], np.float32)) for name in names}


def _dequantised(tensors: Weights, name: str) -> NDArray[np.float32]:
    """One number a tensor, or one a column (the last axis)."""
    whole = tensors[f"{name}_quantized"].astype(np.float32)
    zero = tensors[f"{name}_zero_point"].astype(np.float32)
    return (whole - zero) * tensors[f"{name}_scale"]


def _layer_of(node: str) -> str:
    """`/network/layers.1/query/MatMul_quant` is the product of layer `encoder.layers.1.query`."""
    parts = node.strip("/").split("/")[1:-1]
    nested = [after for before, after in pairwise(parts) if after.startswith(f"{before}.")]
    layer = nested[0] if nested else ".".join(parts)
    return f"encoder.{layer}" if layer.startswith("layers.") else layer
