"""The quality gate: a model, rule or alias that makes the shipped tagger worse does not pass.

Needs no torch. Dev lies in the shared data; the prose that is never trained on lies in the repository.
"""

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from classifiers.model_folder import CONFIG, SHIPPED
from classifiers.onnx import OnnxScorer
from classifiers.taxonomy import load_taxonomy
from classifiers.training import examples
from classifiers.training.evaluate import judge
from classifiers.training.examples import Example
from classifiers.training.metrics import by_facet

FLOORS = tomllib.loads((Path(__file__).parent / "gate.toml").read_text(encoding="utf-8"))

pytestmark = pytest.mark.skipif(not (SHIPPED / CONFIG).exists(), reason="no shipped model: run `make train`")


@pytest.fixture(scope="module")
def scorer() -> OnnxScorer:
    return OnnxScorer(load_taxonomy(), threads=2)


def check(scorer: OnnxScorer, chosen: list[Example], floors: dict[str, float]) -> None:
    judged = judge(scorer, load_taxonomy(), chosen)
    reached = by_facet(judged.decided, judged.true, judged.labels)
    below = {
        facet: (round(reached[facet].f1, 3), floor)
        for facet, floor in floors.items()
        if reached[facet].f1 < floor
    }
    assert not below, f"micro-F1 below the floor, as (reached, floor): {below}"


def test_shipped_model_keeps_its_floors_on_dev(scorer: OnnxScorer, shared: Path) -> None:
    check(scorer, examples.dev(shared), FLOORS["dev"])


def test_shipped_model_keeps_its_floors_on_own_prose(scorer: OnnxScorer) -> None:
    check(scorer, examples.held_out(), FLOORS["heldout"])


def test_no_held_out_prose_is_trained_on(shared: Path) -> None:
    trained = examples.training(shared)
    ids, titles = {one.text.id for one in trained}, {one.text.title.lower() for one in trained}
    for kept in (*examples.held_out(), *examples.dev(shared)):
        assert kept.text.id not in ids
        assert kept.text.title.lower() not in titles


def test_held_out_prose_has_labels_of_the_taxonomy_only() -> None:
    known = set(load_taxonomy().keys)
    used = Counter(label for one in examples.held_out() for label in one.labels)
    assert set(used) <= known
