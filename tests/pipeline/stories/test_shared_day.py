"""The hand-coded day and the wire texts beside the project: floors that a change may not fall below.

Words alone are judged here, without the encoder, which makes it fast; docs/stories.md gives the figures with it.
"""

import gzip
import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.stories import copy_score
from pipeline.stories.grouping import group_all
from pipeline.stories.similarity import telling


@pytest.fixture(scope="module")
def stream(shared: Path) -> dict[str, dict[str, Any]]:
    with gzip.open(shared / "data" / "stream_2023-06-05_08.jsonl.gz", "rt", encoding="utf-8") as lines:
        return {entry["id"]: entry for entry in map(json.loads, lines)}


@pytest.fixture(scope="module")
def events(shared: Path) -> dict[str, str]:
    """Article -> event, each article without one on its own."""
    coded = json.loads((shared / "data" / "events_2023-06-06.json").read_text(encoding="utf-8"))["events"]
    coded.pop("several events at once")
    alone = coded.pop("none of these")
    return {article: event for event, articles in coded.items() for article in articles} | {
        name: name for name in alone
    }


def pairwise_f1(found: Mapping[str, str], coded: Mapping[str, str]) -> float:
    def pairs(groups: Counter[Any]) -> int:
        return sum(size * (size - 1) // 2 for size in groups.values())

    both = pairs(Counter((found[article], coded[article]) for article in coded))
    return 2 * both / (pairs(Counter(found[article] for article in coded)) + pairs(Counter(coded.values())))


@pytest.mark.parametrize(("languages", "floor"), [({"en"}, 0.97), ({"en", "pl"}, 0.97)])
def test_the_coded_day_is_grouped_as_people_did(
    stream: dict[str, dict[str, Any]], events: dict[str, str], languages: set[str], floor: float
) -> None:
    coded = {article: event for article, event in events.items() if stream[article]["lang"] in languages}
    placed = group_all(
        telling(
            article, stream[article]["outlet"], datetime.fromisoformat(stream[article]["published"]),
            stream[article]["title"], stream[article]["text"], None,
        )
        for article in coded
    )  # fmt: skip
    assert pairwise_f1({article: one.story for article, one in placed.items()}, coded) >= floor


def test_wire_texts_are_recognised_and_quotes_of_them_are_not_taken_for_them(shared: Path) -> None:
    score = copy_score(shared)
    assert score.precision >= 0.97, score
    assert score.recall >= 0.95, score
