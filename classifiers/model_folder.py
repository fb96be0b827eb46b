"""A model folder on disk: `model.onnx`, `tokenizer.json`, and `config.json`, which says what they are.

config.json: `labels` in column order, `taxonomy` (hash of those), `thresholds` {label: {decide, uncertain, announce}},
`max_tokens`, `embedding_dim`, `opset`, `files` {name: SHA-256}, `training` (facts for readers; nothing depends on it).
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from classifiers.decide import Thresholds
from classifiers.errors import ModelError
from classifiers.taxonomy import Taxonomy

ONNX, TOKENIZER, CONFIG = "model.onnx", "tokenizer.json", "config.json"
OPSET = 17
"""The ONNX operator set that models are exported with; the oldest onnxruntime that we allow reads it."""
SHIPPED = Path(__file__).parent / "model"

_RETRAIN = "retrain it (`make train`) or use the model that was trained on this taxonomy"
_RESTORE = "restore the folder from the release, or rebuild it with `make train`"


@dataclass(frozen=True)
class ModelFolder:
    """A checked model folder. `labels` are the k columns of its scores; lengths are tokens and dimensions."""

    path: Path
    labels: tuple[str, ...]
    thresholds: dict[str, Thresholds]
    max_tokens: int
    embedding_dim: int
    files: dict[str, str]

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) over what decides scores and embeddings: the files' hashes and the length limit."""
        facts = json.dumps([self.files, self.max_tokens], sort_keys=True)
        return hashlib.sha256(facts.encode()).hexdigest()


def open_model(path: Path, taxonomy: Taxonomy) -> ModelFolder:
    """Reads and checks a model folder: files, hashes, operator set, and labels against the taxonomy.

    Raises ModelError, saying what to do, on anything that does not match.
    """
    config = _config(path)
    try:
        labels = tuple(config["labels"])
        folder = ModelFolder(
            path=path,
            labels=labels,
            thresholds={label: Thresholds(**config["thresholds"][label]) for label in labels},
            max_tokens=int(config["max_tokens"]),
            embedding_dim=int(config["embedding_dim"]),
            files={name: str(config["files"][name]) for name in (ONNX, TOKENIZER)},
        )
        opset = int(config["opset"])
    except (KeyError, TypeError, ValueError) as problem:
        raise ModelError(path, f"{CONFIG} lacks or misstates {problem}", _RESTORE) from problem
    if opset != OPSET:
        raise ModelError(path, f"it uses ONNX operator set {opset}, this program {OPSET}", _RETRAIN)
    if labels != taxonomy.keys:
        raise ModelError(path, _difference(labels, taxonomy), _RETRAIN)
    for name, wanted in folder.files.items():
        if file_hash(path / name) != wanted:
            raise ModelError(path, f"{name} is not the file that {CONFIG} describes", _RESTORE)
    return folder


def write_config(
    path: Path,
    taxonomy: Taxonomy,
    thresholds: dict[str, Thresholds],
    max_tokens: int,
    embedding_dim: int,
    training: dict[str, Any],
) -> None:
    """Describes the files that stand in the folder by now; the last step of an export."""
    config = {
        "labels": list(taxonomy.keys),
        "taxonomy": taxonomy.hash,
        "max_tokens": max_tokens,
        "embedding_dim": embedding_dim,
        "opset": OPSET,
        "files": {name: file_hash(path / name) for name in (ONNX, TOKENIZER)},
        "thresholds": {label: asdict(thresholds[label]) for label in taxonomy.keys},
        "training": training,
    }
    (path / CONFIG).write_text(json.dumps(config, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def file_hash(path: Path) -> str:
    """SHA-256 (hex) of a file. Raises ModelError if it cannot be read."""
    try:
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as problem:
        raise ModelError(
            path.parent, f"{path.name} cannot be read ({problem.strerror})", _RESTORE
        ) from problem


def _config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads((path / CONFIG).read_text(encoding="utf-8"))
    except OSError as problem:
        raise ModelError(path, f"{CONFIG} cannot be read ({problem.strerror})", _RESTORE) from problem
    except ValueError as problem:
        raise ModelError(path, f"{CONFIG} is not JSON: {problem}", _RESTORE) from problem
    if not isinstance(config, dict):
        raise ModelError(path, f"{CONFIG} is not a table", _RESTORE)
    return config


def _difference(labels: tuple[str, ...], taxonomy: Taxonomy) -> str:
    missing = [key for key in taxonomy.keys if key not in labels]
    unknown = [label for label in labels if label not in taxonomy.columns]
    if missing or unknown:
        return f"its labels are not those of taxonomy {taxonomy.id}: lacks {missing}, has unknown {unknown}"
    return f"its labels stand in another order than those of taxonomy {taxonomy.id}"
