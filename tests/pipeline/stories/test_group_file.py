"""`ceasefire group`'s work: lines in, stories and copies out, whatever the order."""

import json
from collections.abc import Sequence

import numpy as np
import pytest

from classifiers.types import Tagged, Text
from pipeline.errors import InputError
from pipeline.group_file import GroupLine, group_lines, read_line

LINES = [
    {
        "id": "b",
        "title": "Brenitza quake: rescuers search on",
        "text": "Dozens died in the Lorvania earthquake.",
        "hour": 8,
    },
    {
        "id": "a",
        "title": "Strong earthquake hits Lorvania",
        "text": "Dozens were killed in Brenitza.",
        "hour": 6,
    },
    {"id": "c", "title": "Football: Veldania win the cup", "text": "The striker scored twice.", "hour": 7},
]


class StillTagger:
    """Gives every text the same vector and no label."""

    model_hash = "still"

    def tag(self, texts: Sequence[Text]) -> list[Tagged]:
        vector = np.ones(4, dtype=np.float32) / 2
        return [Tagged(text.id, (), (), (), "en", "still", vector) for text in texts]


def line(fields: dict[str, object]) -> GroupLine:
    return read_line(
        json.dumps(
            {
                **fields,
                "published": f"2025-03-18T0{fields['hour']}:00:00Z",
                "outlet": f"outlet {fields['id']}",
            }
        ),
        1,
    )


@pytest.mark.parametrize("tagger", [None, StillTagger()])
def test_answers_come_in_the_order_of_the_lines_and_name_the_earliest_article(
    tagger: StillTagger | None,
) -> None:
    lines = [line(fields) for fields in LINES]
    assert [one.as_json() for one in group_lines(lines, tagger)] == [
        {"id": "b", "story": "a", "copy_of": None},
        {"id": "a", "story": "a", "copy_of": None},
        {"id": "c", "story": "c", "copy_of": None},
    ]
    assert [one.story for one in group_lines(lines[::-1], tagger)] == ["c", "a", "a"]


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "{}",
        '{"id": " ", "title": "t", "text": "", "published": "2025-03-18T06:00:00Z", "outlet": "o"}',
        '{"id": "a", "title": "t", "text": "", "published": "yesterday", "outlet": "o"}',
        '{"id": "a", "title": 5, "text": "", "published": "2025-03-18T06:00:00Z", "outlet": "o"}',
    ],
)
def test_a_line_that_is_no_article_is_named(text: str) -> None:
    with pytest.raises(InputError, match="line 7"):
        read_line(text, 7)


def test_times_in_other_zones_are_compared_as_moments() -> None:
    fields = {"id": "a", "title": "t", "text": "", "outlet": "o"}
    moments = {
        read_line(json.dumps({**fields, "published": text}), 1).published
        for text in ("2025-03-18T08:00:00+02:00", "2025-03-18T06:00:00Z", "2025-03-18T06:00:00")
    }
    assert len(moments) == 1


def test_one_id_in_two_lines_is_refused() -> None:
    with pytest.raises(InputError, match="two lines"):
        group_lines([line(LINES[0]), line(LINES[0])], None)


def test_no_lines_give_no_answers() -> None:
    assert group_lines([], StillTagger()) == []
