"""Positions of sentences of our own, one a case: cases.jsonl holds what each says.

`mistake` (of whom it was done to, `to_whom_mistake`) marks the cases that the model is known to get wrong; a better
model must shorten that list, so such a case may not pass unnoticed. `by` and `detail` are held to every case, `against` to those that `against_too` marks.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from classifiers.positions import PositionFinder, load_position_finder
from classifiers.taxonomy import load_taxonomy
from classifiers.types import Position, Text

CASES: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parent / "cases.jsonl").read_text(encoding="utf-8").splitlines()
]
SAID = frozenset[tuple[str, frozenset[str], str | None]]


@pytest.fixture(scope="module")
def finder() -> PositionFinder:
    return load_position_finder(load_taxonomy())


def found_in(finder: PositionFinder, case: dict[str, Any]) -> tuple[Position, ...]:
    developments = list(dict.fromkeys(one["development"] for one in case["positions"]))
    return finder.of(Text("case", case["text"], ""), developments)


def _parameters(cases: list[dict[str, Any]], mistake: str) -> list[Any]:
    return [
        pytest.param(
            case,
            id=f"{case['kind']}: {case['text']}",
            marks=[pytest.mark.xfail(strict=True, reason="a known mistake of the model")]
            if case.get(mistake)
            else [],
        )
        for case in cases
    ]


@pytest.mark.parametrize("case", _parameters(CASES, "mistake"))
def test_the_sentence_says_who_did_it_and_which_way(finder: PositionFinder, case: dict[str, Any]) -> None:
    said: SAID = frozenset((one.development, frozenset(one.by), one.detail) for one in found_in(finder, case))
    gold: SAID = frozenset(
        (one["development"], frozenset(one["by"]), one["detail"]) for one in case["positions"]
    )
    assert said == gold


@pytest.mark.parametrize(
    "case", _parameters([case for case in CASES if case["against_too"]], "to_whom_mistake")
)
def test_the_sentence_says_to_whom(finder: PositionFinder, case: dict[str, Any]) -> None:
    said = {(one.development, frozenset(one.by), frozenset(one.against)) for one in found_in(finder, case)}
    gold = {
        (one["development"], frozenset(one["by"]), frozenset(one["against"])) for one in case["positions"]
    }
    assert said == gold


def test_at_least_150_sentences_of_every_kind_are_held_to() -> None:
    kinds = {case["kind"] for case in CASES}
    assert len(CASES) >= 150
    assert kinds >= {
        "active", "passive", "quoted", "speaker", "denial", "conditional", "two parties", "headline", "mediator",
        "negation", "recap", "unclear",
    }  # fmt: skip
    assert sum(case["mistake"] for case in CASES) <= len(CASES) // 8
