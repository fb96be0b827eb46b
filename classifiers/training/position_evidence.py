"""The sentences that the shipped tagger takes developments from, for the texts that positions are learned on."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from classifiers.model_folder import SHIPPED
from classifiers.onnx import OnnxScorer
from classifiers.sentences import split
from classifiers.taxonomy import Taxonomy
from classifiers.tokens import bounded
from classifiers.training.position_examples import PositionExample

Evidence = Mapping[str, Mapping[str, str]]
"""Text id -> development -> sentence."""


def evidence_of(
    examples: Sequence[PositionExample], taxonomy: Taxonomy, cache: Path, model: Path = SHIPPED
) -> Evidence:
    """The sentence of each development that an example has, decided or not.

    Kept in the folder `cache` by the tagger's hash: a pass over all texts takes minutes. Filled templates are their
    own evidence. Raises ModelError if the tagger's model cannot be had.
    """
    scorer = OnnxScorer(taxonomy, model, threads=1)
    kept_in = cache / f"evidence-{scorer.model_hash[:16]}.json"
    known: dict[str, dict[str, str]] = (
        json.loads(kept_in.read_text(encoding="utf-8")) if kept_in.exists() else {}
    )
    missing = [one for one in examples if one.source != "template" and one.text.id not in known]
    scored = scorer.score([one.text for one in missing])
    for example, row in zip(missing, scored.evidence, strict=True):
        sentences = split(*bounded(example.text))
        known[example.text.id] = {
            development: sentences[int(row[taxonomy.columns[f"development:{development}"]])].text
            for development in example.developments
        }
    cache.mkdir(parents=True, exist_ok=True)
    kept_in.write_text(json.dumps(known, ensure_ascii=False), encoding="utf-8")
    for example in examples:
        if example.source == "template":
            sentence = example.text.text or example.text.title
            known[example.text.id] = dict.fromkeys(example.developments, sentence)
    return known
