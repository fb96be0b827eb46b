"""What positions are learned from: own prose and templates keep to the taxonomy's ids and lists."""

import json
from pathlib import Path

import pytest

from classifiers.details import DETAILS
from classifiers.positions.features import DEVELOPMENTS
from classifiers.taxonomy import load_taxonomy
from classifiers.training.examples import HERE
from classifiers.training.position_templates import filled, load_templates
from classifiers.types import Position

ACTORS = {label.id for label in load_taxonomy().facet("actor")}
FILES = sorted((HERE / "corpus" / "positions").glob("*.jsonl"))


def assert_coded(position: Position) -> None:
    assert position.development in DEVELOPMENTS
    assert set(position.by) | set(position.against) <= {*ACTORS, "other"}
    if position.development in DETAILS:
        assert position.detail in DETAILS[position.development]
    else:
        assert position.detail is None


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_own_prose_is_coded_by_the_lists(file: Path) -> None:
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len({row["id"] for row in rows}) == len(rows)
    for row in rows:
        assert row["title"] and row["text"] and row["positions"]
        assert set(row["actors"]) <= ACTORS
        for one in row["positions"]:
            position = Position(
                one["development"], tuple(one["by"]), tuple(one["against"]), one["detail"], 1.0, ""
            )
            assert_coded(position)
            assert (set(position.by) | set(position.against)) - {"other"} <= set(row["actors"])


def test_templates_are_filled_with_names_of_their_casts() -> None:
    for text, positions in filled(load_templates(), repeats=2):
        assert "{" not in text.title + text.text
        for position in positions:
            assert_coded(position)
