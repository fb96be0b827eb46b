"""Which positions a query counts, judged one by one."""

from dataclasses import replace

import pytest

from pipeline.alerts.facts import MatchedArticle
from pipeline.alerts.scope import scope_of
from pipeline.query.language import parse
from tests.pipeline.newsroom import LABELS, START, label, position

ARTICLE = MatchedArticle(
    "a", 1, "s", "", "Title", "Text", "Wire", "Wire", "third-party", "private", "GB", "news", "en", "report", START, START,
    START, "live", labels=(label("issue:prisoners"), label("actor:russia")),
)  # fmt: skip

RUSSIA_NO = position("rejected", "russia", against=("ukraine",))
UKRAINE_NO = position("rejected", "ukraine")
RUSSIA_YES = position("accepted", "russia")
STRIKE = position("attack-reported")


def counted(query: str, *positions: object, **facts: object) -> list[object]:
    scope = scope_of(parse(query, labels=LABELS, now=START))
    article = replace(ARTICLE, positions=positions, **facts)  # type: ignore[arg-type]
    return [item for item in positions if scope.counts(item, article)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("truce", [RUSSIA_NO, UKRAINE_NO, RUSSIA_YES, STRIKE]),
        ("issue:prisoners", [RUSSIA_NO, UKRAINE_NO, RUSSIA_YES, STRIKE]),
        ("development:rejected", [RUSSIA_NO, UKRAINE_NO]),
        ("development:rejected AND truce", [RUSSIA_NO, UKRAINE_NO]),
        ("(by:russia AND development:rejected)", [RUSSIA_NO]),
        ("by:russia AND development:rejected", [RUSSIA_NO]),
        ("by:russia", [RUSSIA_NO, RUSSIA_YES]),
        ("against:ukraine", [RUSSIA_NO]),
        ("by:*", [RUSSIA_NO, UKRAINE_NO, RUSSIA_YES]),
        ("issue:prisoners AND NOT development:attack-reported", [RUSSIA_NO, UKRAINE_NO, RUSSIA_YES]),
        ("issue:peace-talks OR development:rejected", [RUSSIA_NO, UKRAINE_NO]),
        ("issue:prisoners OR development:rejected", [RUSSIA_NO, UKRAINE_NO, RUSSIA_YES, STRIKE]),
        ("development:accepted AND development:rejected", [RUSSIA_NO, UKRAINE_NO, RUSSIA_YES]),
        (
            "((by:russia AND development:accepted) AND (by:ukraine AND development:rejected))",
            [UKRAINE_NO, RUSSIA_YES],
        ),
    ],
)
def test_which_positions_count(query: str, expected: list[object]) -> None:
    assert counted(query, RUSSIA_NO, UKRAINE_NO, RUSSIA_YES, STRIKE) == expected


def test_the_labels_that_a_query_asks_for() -> None:
    query = (
        "actor:russia AND (issue:prisoners OR (by:ukraine AND development:rejected)) AND NOT issue:territory"
    )
    scope = scope_of(parse(query, labels=LABELS, now=START))
    assert scope.labels == {"actor:russia", "issue:prisoners", "development:rejected"}
