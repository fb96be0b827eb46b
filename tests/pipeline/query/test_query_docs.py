"""docs/query-language.md says what the language does: every example parses, every field and refusal stands there."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import QueryError
from pipeline.query.fields import CLOSED_VALUES, FIELDS
from pipeline.query.labels import LabelTable
from pipeline.query.language import parse

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "query-language.md").read_text(encoding="utf-8")
LABELS = LabelTable(
    {
        "actor": {"russia": [], "ukraine": [], "united-states": ["us", "U.S.", "United States"]},
        "issue": {"zaporizhzhia-plant": ["znpp"]},
        "development": {"accepted": [], "rejected": [], "conditions-set": [], "attack-reported": []},
        "detail": {"planned": []},
    }
)


def examples() -> list[str]:
    tables, refused = PAGE.split("## What is refused")[0], ""
    rows = [
        line.split(" | ")[0] for line in tables.splitlines() if line.startswith("| `") and "takes" not in line
    ]
    cells = [cell for row in rows for cell in re.findall(r"`([^`]+)`", row.replace("\\|", "|"))]
    block = PAGE.split("```")[1].strip().splitlines()
    return [
        cell for cell in [*cells, *block, refused] if cell and not re.fullmatch(r"[a-z]+|\W+|\d+\w", cell)
    ]


@pytest.mark.parametrize("example", examples())
def test_example_of_the_page_parses(example: str) -> None:
    parse(example, labels=LABELS, now=datetime(2025, 3, 18, tzinfo=UTC))


@pytest.mark.parametrize("example", ["truce~", '"a b"~3', "truce^2", "/tru.*/", "*fire"])
def test_what_the_page_calls_refused_is_refused(example: str) -> None:
    assert f"`{example}`" in PAGE
    with pytest.raises(QueryError):
        parse(example, labels=LABELS, now=datetime(2025, 3, 18, tzinfo=UTC))


def test_every_field_and_closed_value_is_documented() -> None:
    for field in FIELDS:
        assert f"`{field}`" in PAGE, field
    for values in CLOSED_VALUES.values():
        assert all(value in PAGE for value in values)
