"""A backend for anybody's model: a classifier of the Hub or a local folder, by transformers and torch.

The model is a multi-label sequence classifier whose label names (`id2label` of its config) are the
taxonomy's keys, in any order. `thresholds` in its config, {label: {decide, uncertain, announce}}, are used
where present.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.decide import Thresholds
from classifiers.errors import BackendError, ModelError
from classifiers.sentences import joined, split
from classifiers.taxonomy import Taxonomy
from classifiers.types import Scored, Text

_BATCH = 16
_MAX_TOKENS = 512
_CHARACTERS = 4_000
_SENTENCES = 12
_EVIDENCE_FROM = 0.3
"""Only labels from this score on are looked for in single sentences: lower ones show the first sentence."""


class HuggingFaceScorer:
    """Implements `classifiers.types.Scorer` with a classifier; embeddings are its encoder's mean vectors.

    Raises BackendError if torch or transformers is missing, ModelError if the model cannot be loaded or its
    labels are not the taxonomy's.
    """

    def __init__(self, taxonomy: Taxonomy, model: str, threads: int) -> None:
        self._torch, self._tokenizer, self._model = load_classifier("huggingface", model, threads)
        config = self._model.config
        columns = {str(name): int(column) for column, name in config.id2label.items()}
        missing, unknown = (
            sorted(set(taxonomy.keys) - set(columns)),
            sorted(set(columns) - set(taxonomy.keys)),
        )
        if missing or unknown:
            problem = f"its labels are not those of taxonomy {taxonomy.id}: lacks {missing[:3]}, has unknown {unknown[:3]}"
            raise ModelError(
                model, problem, "fine-tune it with id2label = the taxonomy's keys (docs/taggers.md)"
            )
        self._columns = [columns[key] for key in taxonomy.keys]
        self._max_tokens = min(_MAX_TOKENS, getattr(config, "max_position_embeddings", _MAX_TOKENS))
        self.thresholds = _thresholds(model, getattr(config, "thresholds", None) or {})
        self.model_hash = _weights_hash(model, config)

    @property
    def name(self) -> str:
        return "huggingface"

    def score(self, texts: Sequence[Text]) -> Scored:
        """Scores of n texts from their first 4,000 characters; a text without a letter scores 0 everywhere."""
        wholes = [joined(text.title, text.text)[:_CHARACTERS] for text in texts]
        probabilities, embeddings = self._read(wholes)
        evidence = np.zeros(probabilities.shape, np.int32)
        for row, (text, whole) in enumerate(zip(texts, wholes, strict=True)):
            if any(map(str.isalpha, whole)):
                evidence[row] = self._evidence(text, probabilities[row])
            else:
                probabilities[row] = 0
        return Scored(probabilities, evidence, embeddings)

    def _evidence(self, text: Text, scores: NDArray[np.float32]) -> NDArray[np.int32]:
        """For each label the sentence that scores highest on its own."""
        sentences = split(text.title, text.text[:_CHARACTERS])[:_SENTENCES]
        found = np.zeros(len(scores), np.int32)
        likely = np.flatnonzero(scores >= _EVIDENCE_FROM)
        if len(sentences) > 1 and len(likely):
            alone, _ = self._read([sentence.text for sentence in sentences])
            found[likely] = alone[:, likely].argmax(0)
        return found

    def _read(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities (n, k) in taxonomy order and embeddings (n, d), in batches of like length."""
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        probabilities = np.zeros((len(texts), len(self._columns)), np.float32)
        embeddings = np.zeros((len(texts), self._model.config.hidden_size), np.float32)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            inputs = self._tokenizer(
                [texts[at] for at in batch],
                padding=True,
                truncation=True,
                max_length=self._max_tokens,
                return_tensors="pt",
            )
            with self._torch.inference_mode():
                output = self._model(**inputs, output_hidden_states=True)
                probabilities[batch] = output.logits.sigmoid().float().numpy()[:, self._columns]
                mask = inputs["attention_mask"].unsqueeze(-1)
                means = (output.hidden_states[-1] * mask).sum(1) / mask.sum(1).clamp(min=1)
                embeddings[batch] = self._torch.nn.functional.normalize(means.float(), dim=1).numpy()
        return probabilities, embeddings


def load_classifier(backend: str, model: str, threads: int) -> tuple[Any, Any, Any]:
    """torch, and the tokenizer and sequence classifier of a folder or Hub name, ready to run.

    Raises BackendError if a package is missing, ModelError if the model cannot be loaded.
    """
    try:
        import torch
        import transformers
    except ModuleNotFoundError as error:
        raise BackendError(
            backend, f"{error.name} is not installed", "pip install 'ceasefire-monitor[torch]'"
        ) from error
    torch.set_num_threads(threads)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(model)
        classifier = transformers.AutoModelForSequenceClassification.from_pretrained(model)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(
            model, f"it cannot be loaded: {reason}", "check the folder or the name on the Hub"
        ) from error
    return torch, tokenizer, classifier.eval()


def _thresholds(model: str, rows: Mapping[str, Mapping[str, float]]) -> dict[str, Thresholds]:
    try:
        return {label: Thresholds(**row) for label, row in rows.items()}
    except (TypeError, ValueError) as error:
        raise ModelError(
            model, f"'thresholds' in its config is wrong: {error}", "correct or remove them"
        ) from error


def _weights_hash(model: str, config: Any) -> str:
    """SHA-256 over the config and a local folder's weights, or the Hub's commit that stands for them."""
    digest = hashlib.sha256(
        f"{model} {config.to_json_string()} {getattr(config, '_commit_hash', '')}".encode()
    )
    folder = Path(model)
    for path in sorted(folder.glob("*.safetensors")) if folder.is_dir() else ():
        with path.open("rb") as weights:
            digest.update(hashlib.file_digest(weights, "sha256").digest())
    return digest.hexdigest()
