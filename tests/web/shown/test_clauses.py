"""Facets as parts of the query, whatever the query looks like."""

from datetime import UTC, date, datetime

import pytest

from pipeline.query.language import parse as parse_query
from pipeline.query.nodes import Query
from pipeline.web.shown.clauses import Zoom, added, clause, held, refused, removed, unzoomed, zoomed
from tests.pipeline.newsroom import LABELS

NOW = datetime(2025, 3, 18, tzinfo=UTC)


def parse(text: str) -> Query:
    return parse_query(text, labels=LABELS, now=NOW)


def test_a_value_with_spaces_or_quotes_is_quoted() -> None:
    assert clause("side", "third-party") == "side:third-party"
    assert clause("outlet", 'The "Wire"') == 'outlet:"The \\"Wire\\""'
    assert parse(clause("outlet", 'The "Wire"'))


@pytest.mark.parametrize(
    ("text", "longer"),
    [
        ("", "side:russia"),
        ("*", "side:russia"),
        ("truce", "truce AND side:russia"),
        ("truce OR peace", "(truce OR peace) AND side:russia"),
        ("truce actor:russia", "truce actor:russia AND side:russia"),
    ],
)
def test_a_clause_is_added_so_that_it_must_hold(text: str, longer: str) -> None:
    assert added(text, parse(text), "side:russia") == longer
    assert ("side", "russia") in held(parse(longer))


@pytest.mark.parametrize(
    ("text", "shorter"),
    [
        ("side:russia", ""),
        ("truce AND side:russia", "truce"),
        ("side:russia AND truce", "truce"),
        ("truce side:russia actor:ukraine", "truce AND actor:ukraine"),
        ("(truce OR peace) AND side:russia", "(truce OR peace)"),
        ('truce AND side:"russia"', "truce"),
        ("truce and side:russia", "truce"),
    ],
)
def test_a_clause_is_taken_out_with_the_and_that_joined_it(text: str, shorter: str) -> None:
    query = parse(text)
    assert removed(text, query, held(query)["side", "russia"], parse) == shorter


def test_what_is_left_out_can_be_let_in_again() -> None:
    text = "truce AND NOT side:russia"
    query = parse(text)
    assert removed(text, query, refused(query)["side", "russia"], parse) == "truce"


def test_what_cannot_be_cut_without_another_meaning_is_not_offered() -> None:
    text = "truce AND (side:russia AND (actor:russia))"
    query = parse(text)
    for node in held(query).values():
        shorter = removed(text, query, node, parse)
        assert shorter is None or node not in held(parse(shorter)).values()


def test_a_zoom_replaces_the_one_before_and_can_be_undone() -> None:
    span = Zoom(date(2025, 3, 1), date(2025, 3, 18))
    once = zoomed("truce", parse("truce"), span, parse)
    assert once == "truce AND published:[2025-03-01 TO 2025-03-18]"
    day = zoomed(once, parse(once), Zoom(date(2025, 3, 2), date(2025, 3, 2)), parse)
    assert day == "truce AND published:2025-03-02"
    assert unzoomed(day, parse(day), parse) == "truce"
    assert unzoomed("truce", parse("truce"), parse) is None
