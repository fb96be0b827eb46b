"""A second conflict is a taxonomy file and a training file: nothing in the code knows Ukraine."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

import classifiers.training
from classifiers.tagger import Tagger, load_tagger
from classifiers.taxonomy import Taxonomy, load_taxonomy
from classifiers.types import LabelDecision, Tagged, Text

CORPUS = Path(classifiers.training.__file__).parent / "corpus" / "gaza" / "train.jsonl"
ITEMS = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def gaza() -> Taxonomy:
    return load_taxonomy("gaza")


@pytest.fixture(scope="module")
def tagger(gaza: Taxonomy) -> Tagger:
    return load_tagger("aliases", taxonomy=gaza)


@pytest.fixture(scope="module")
def tagged(tagger: Tagger) -> list[Tagged]:
    return tagger.tag([Text(item["id"], item["title"], item["text"], item["lang"]) for item in ITEMS])


def test_training_items_use_the_taxonomy_s_labels_and_keep_its_rules(gaza: Taxonomy) -> None:
    assert len(ITEMS) >= 60 and len({item["id"] for item in ITEMS}) == len(ITEMS)
    for item in ITEMS:
        issues = {f"issue:{issue}" for issue in item["issues"]}
        developments = {f"development:{development}" for development in item["developments"]}
        assert {f"actor:{actor}" for actor in item["actors"]} | issues | developments <= set(gaza.keys), item[
            "id"
        ]
        assert "issue:war-other" not in issues or len(issues) == 1, item["id"]
        for development in developments:
            needed = set(gaza.label(development).needs) or issues
            assert needed & issues, item["id"]


def test_each_label_has_training_items(gaza: Taxonomy) -> None:
    seen = {
        f"{facet}:{label}"
        for item in ITEMS
        for facet, key in (("actor", "actors"), ("issue", "issues"), ("development", "developments"))
        for label in item[key]
    }
    assert seen == set(gaza.keys)


def actors(decisions: Iterable[LabelDecision]) -> set[str]:
    return {one.label.removeprefix("actor:") for one in decisions if one.label.startswith("actor:")}


def test_names_find_the_actors_of_the_other_conflict(tagged: list[Tagged]) -> None:
    """What is decided is mostly right; what is true is mostly at least in the uncertain band."""
    gold = [set(item["actors"]) for item in ITEMS]
    decided = [actors(one.labels) for one in tagged]
    seen = [actors([*one.labels, *one.uncertain]) for one in tagged]
    right = sum(len(one & true) for one, true in zip(decided, gold, strict=True))
    assert right / sum(map(len, decided)) >= 0.8
    assert sum(len(one & true) for one, true in zip(seen, gold, strict=True)) / sum(map(len, gold)) >= 0.8


def test_other_wars_get_no_issue_of_this_one(tagged: list[Tagged]) -> None:
    off_topic = [one for one, item in zip(tagged, ITEMS, strict=True) if not item["issues"]]
    assert len(off_topic) >= 6
    for one in off_topic:
        assert not [d.label for d in one.labels if not d.label.startswith("actor:")], one.id


def test_labels_of_the_other_conflict_come_in_other_languages_too(tagger: Tagger) -> None:
    (one,) = tagger.tag(
        [Text("ru", "ХАМАС и Израиль договорились о перемирии", "Заложников освободят.", "ru")]
    )
    assert {d.label for d in one.labels} >= {
        "actor:hamas",
        "actor:israel",
        "issue:ceasefire-terms",
        "issue:hostages",
    }
    assert "development:deal-reached" in {d.label for d in one.labels}
    assert one.backend == "aliases" and one.lang == "ru"
