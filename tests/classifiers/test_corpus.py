"""The own-prose corpus: every item is coded by the rules of the taxonomy, and held-out prose stays apart."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from classifiers.details import DETAILS
from classifiers.folding import folded
from classifiers.sentences import split
from classifiers.taxonomy import FACETS, load_taxonomy
from classifiers.training import examples

CORPUS = examples.HERE / "corpus"
PARTS = ("train", "heldout")
"""Of the default taxonomy; what else lies in the corpus belongs to other ones."""
FIELDS = {"id", "title", "text", "lang", "actors", "issues", "developments", "positions"}
POSITION_FIELDS = {"development", "by", "against", "detail"}
OTHER = "other"
HELD_OUT_ITEMS_A_LABEL = 15
LONG_SENTENCE_WORDS = 8
"""Shorter ones ("Neither side commented.") are anybody's."""


class Item(NamedTuple):
    """One line of a corpus file, with what the file says about it."""

    part: str
    stem: str
    number: int
    row: dict[str, Any]

    def __str__(self) -> str:
        return str(self.row.get("id", f"{self.part}/{self.stem}:{self.number}"))


def read(path: Path) -> Iterator[Item]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        yield Item(path.parent.name, path.stem, number, json.loads(line))


FILES = {
    f"{part}/{path.stem}": tuple(read(path))
    for part in PARTS
    for path in sorted((CORPUS / part).glob("*.jsonl"))
}
ITEMS = [item for items in FILES.values() for item in items]
TAXONOMY = load_taxonomy()
IDS = {facet: {label.id for label in TAXONOMY.facet(facet)} for facet in FACETS}
every_file = pytest.mark.parametrize("items", FILES.values(), ids=FILES.keys())


def sentences_of(title: str, text: str) -> set[str]:
    """Its sentences of LONG_SENTENCE_WORDS or more, folded."""
    found = {" ".join(folded(one.text).split()) for one in split(title, text)}
    return {one for one in found if one.count(" ") + 1 >= LONG_SENTENCE_WORDS}


def prose(part: str) -> set[str]:
    return {
        sentence
        for item in ITEMS
        if item.part == part
        for sentence in sentences_of(item.row["title"], item.row["text"])
    }


def test_ids_are_unique() -> None:
    counts = Counter(item.row["id"] for item in ITEMS)
    assert not [one for one, count in counts.items() if count > 1]


@every_file
def test_items_are_complete_and_named_after_their_file(items: tuple[Item, ...]) -> None:
    for item in items:
        assert set(item.row) == FIELDS, item
        assert item.row["id"] == f"own-{item.stem}-{item.number:04d}"
        assert item.row["lang"] == "en", item
        assert item.row["title"].strip(), item
        assert item.row["text"].strip(), item


@every_file
def test_labels_are_known_and_stand_once_in_order(items: tuple[Item, ...]) -> None:
    for item in items:
        for field, facet in examples.FACETS.items():
            labels = item.row[field]
            assert set(labels) <= IDS[facet], item
            assert labels == sorted(set(labels)), item


@every_file
def test_exclusive_issue_stands_alone_and_developments_have_their_issue(items: tuple[Item, ...]) -> None:
    for item in items:
        issues = set(item.row["issues"])
        for issue in issues:
            assert not TAXONOMY.label(f"issue:{issue}").exclusive or len(issues) == 1, item
        for development in item.row["developments"]:
            needs = TAXONOMY.label(f"development:{development}").needs
            assert issues & ({key.partition(":")[2] for key in needs} or issues), f"{item}: {development}"


@every_file
def test_positions_make_each_development_exact(items: tuple[Item, ...]) -> None:
    for item in items:
        positions = item.row["positions"]
        assert {one["development"] for one in positions} == set(item.row["developments"]), item
        for position in positions:
            assert set(position) == POSITION_FIELDS, item
            assert position["detail"] in DETAILS.get(position["development"], (None,)), item


@every_file
def test_positions_name_actors_of_their_item(items: tuple[Item, ...]) -> None:
    for item in items:
        for position in item.row["positions"]:
            for side in (position["by"], position["against"]):
                assert set(side) <= {*item.row["actors"], OTHER}, item
                assert len(set(side)) == len(side), item


@every_file
def test_one_deed_of_one_doer_is_one_position(items: tuple[Item, ...]) -> None:
    for item in items:
        deeds = Counter(
            (one["development"], one["detail"], *sorted(one["by"]))
            for one in item.row["positions"]
            if one["by"]
        )
        assert not [deed for deed, count in deeds.items() if count > 1], item


def test_every_label_has_enough_held_out_items() -> None:
    used = Counter(label for one in examples.held_out() for label in one.labels)
    short = {key: used[key] for key in TAXONOMY.keys if used[key] < HELD_OUT_ITEMS_A_LABEL}
    assert not short


def test_no_sentence_stands_in_both_sets() -> None:
    assert not prose("train") & prose("heldout")


def test_no_item_repeats_a_sentence_of_another() -> None:
    counts = Counter(
        sentence for item in ITEMS for sentence in sentences_of(item.row["title"], item.row["text"])
    )
    assert not [sentence for sentence, count in counts.items() if count > 1]


def test_no_sentence_is_taken_from_the_shared_data(shared: Path) -> None:
    own = prose("train") | prose("heldout")
    for name in ("train.jsonl", "dev.jsonl"):
        for line in (shared / "data" / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            assert not own & sentences_of(row["title"], row["text"] or "")
