"""What a typed query means, and what is said where it means nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import QueryError
from pipeline.query import language, syntax
from pipeline.query.labels import LabelTable
from pipeline.query.language import parse
from pipeline.query.nodes import (
    All,
    And,
    Between,
    Exists,
    Node,
    Not,
    Or,
    Position,
    PositionTerm,
    Value,
    ValuePattern,
    Wildcard,
    Words,
    positive_leaves,
)

NOW = datetime(2025, 3, 18, 12, 30, tzinfo=UTC)
LABELS = LabelTable(
    {
        "actor": {
            "russia": ["Moscow", "the Kremlin"],
            "ukraine": [],
            "united-states": ["us", "U.S.", "United States"],
        },
        "issue": {"zaporizhzhia-plant": ["znpp"], "us-military-aid": [], "prisoners": ["POWs"]},
        "development": {"rejected": [], "accepted": [], "deal-reached": ["deal"]},
        "detail": {"ended": [], "planned": []},
    }
)


def root(text: str, zone: str = "UTC") -> Node:
    return parse(text, labels=LABELS, now=NOW, zone=zone).root


def words(*stems: str, fields: tuple[str, ...] = ("title", "text")) -> Words:
    return Words(fields, stems)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def refusal(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        root(text)
    return caught.value


A, B, C = words("aa"), words("bb"), words("cc")
BY, DEV, DEAL, ENDED = (
    PositionTerm("by", "russia"),
    PositionTerm("development", "rejected"),
    PositionTerm("development", "deal-reached"),
    PositionTerm("detail", "ended"),
)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", All()),
        ("   ", All()),
        ("*", All()),
        ("*:*", All()),
        ("aa bb", And((A, B))),
        ("aa AND bb", And((A, B))),
        ("aa and bb Or cc", Or((And((A, B)), C))),
        ("aa OR bb cc", Or((A, And((B, C))))),
        ("aa bb OR cc", Or((And((A, B)), C))),
        ("aa && bb || !cc", Or((And((A, B)), Not(C)))),
        ("NOT aa bb", And((Not(A), B))),
        ("not aa or bb", Or((Not(A), B))),
        ("aa NOT bb", And((A, Not(B)))),
        ("aa -bb +cc", And((A, Not(B), C))),
        ("aa (bb OR cc)", And((A, Or((B, C))))),
        ("NOT (aa OR bb)", Not(Or((A, B)))),
        ("aa - bb", And((A, B))),
        ("aa – bb", And((A, B))),
        ("'aa bb'", And((A, B))),
        ("aa to bb", And((A, words("to"), B))),
    ],
)
def test_not_binds_over_and_over_or_and_bare_words_mean_and(text: str, tree: Node) -> None:
    assert root(text) == tree


@pytest.mark.parametrize(
    "text", ['"power lines"', "“power lines”", "„power lines“", "«power lines»", "power-lines"]
)
def test_phrase_in_any_quotes_is_a_row_of_stems(text: str) -> None:
    assert root(text) == words("power", "line")


def test_escaped_quote_and_star_are_text() -> None:
    assert root(r'"say \"no\" now"') == words("say", "no", "now")
    assert root(r"truce\*") == words("truce")


def test_field_takes_a_word_a_phrase_or_a_group_in_parentheses() -> None:
    assert root("title:aa") == words("aa", fields=("title",))
    assert root('TEXT:"aa bb"') == words("aa", "bb", fields=("text",))
    assert root("name:(aa OR bb)") == Or((words("aa", fields=("name",)), words("bb", fields=("name",))))


@pytest.mark.parametrize("typed", ["russia", "RUSSIA", "moscow", '"the Kremlin"', "kremlin"])
def test_label_is_found_by_id_name_or_alias(typed: str) -> None:
    assert root(f"actor:{typed}") == Value("actor", "russia")


def test_alias_with_points_or_blanks_is_resolved() -> None:
    assert root('actor:(U.S. OR "United States")') == Or((Value("actor", "united-states"),) * 2)


def test_wildcard_in_a_label_field_means_the_ids_that_fit() -> None:
    assert root("actor:united-*") == Value("actor", "united-states")
    assert root("development:*") == Exists("development")


def test_keyword_is_compared_by_its_key() -> None:
    assert root('outlet:"The Kyiv Independent"') == Value("outlet", "kyiv independent")
    assert root("outlet:Kyiv-In*") == ValuePattern("outlet", "kyiv in*")
    assert root("side:Third-Party") == Value("side", "third party")
    assert root("is:Copy") == Value("is", "copy")
    assert root("story:A1") == Value("story", "A1")


def test_wildcard_runs_over_unstemmed_words_and_other_spellings() -> None:
    assert root("Kiev*") == Wildcard(("title", "text"), "kiev*", ("kyiv",))
    assert root("title:rej?cted") == Wildcard(("title",), "rej?cted")


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2025-03-18", utc(2025, 3, 18), utc(2025, 3, 19)),
        ("2025-02", utc(2025, 2, 1), utc(2025, 3, 1)),
        ("2024", utc(2024, 1, 1), utc(2025, 1, 1)),
        ("[2025-03-01 TO 2025-03-18]", utc(2025, 3, 1), utc(2025, 3, 19)),
        ("{2025-03-01 TO 2025-03-18}", utc(2025, 3, 2), utc(2025, 3, 18)),
        ("[* TO 2025-03-18]", None, utc(2025, 3, 19)),
        ("[2025-03-18 to *]", utc(2025, 3, 18), None),
        (">=2025-03-18", utc(2025, 3, 18), None),
        (">2025-03-18", utc(2025, 3, 19), None),
        ("<2025-03-18", None, utc(2025, 3, 18)),
        ("<=2025-03-18", None, utc(2025, 3, 19)),
        ("[2025-03-18T10:00 TO 2025-03-18T11:00}", utc(2025, 3, 18, 10), utc(2025, 3, 18, 11)),
        ('>="2025-03-18T10:00+02:00"', utc(2025, 3, 18, 8), None),
        ("7d", utc(2025, 3, 11, 12, 30), NOW + timedelta(milliseconds=1)),
        (">=now-90min", utc(2025, 3, 18, 11), None),
        ("yesterday", utc(2025, 3, 17), utc(2025, 3, 18)),
        ("[today-1w TO today]", utc(2025, 3, 11), utc(2025, 3, 19)),
    ],
)
def test_time_is_whole_days_with_both_ends_in(
    text: str, since: datetime | None, until: datetime | None
) -> None:
    assert root(f"published:{text}") == Between("published", since, until)


def test_days_are_those_of_the_zone_also_when_clocks_change() -> None:
    assert root("seen:2025-03-30", zone="Europe/Kyiv") == Between(
        "seen", datetime(2025, 3, 29, 22, tzinfo=UTC), datetime(2025, 3, 30, 21, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("(by:russia AND development:rejected)", Position(And((BY, DEV)))),
        (
            "by:russia AND development:rejected",
            And((Value("by", "russia"), Value("development", "rejected"))),
        ),
        (
            "(by:russia OR development:rejected)",
            Or((Value("by", "russia"), Value("development", "rejected"))),
        ),
        ("(by:russia aa development:rejected)", And((Position(And((BY, DEV))), A))),
        ("(by:russia AND NOT development:rejected)", Position(And((BY, Not(DEV))))),
        ("NOT (by:russia AND development:rejected)", Not(Position(And((BY, DEV))))),
        ("by:(russia AND ukraine)", Position(And((BY, PositionTerm("by", "ukraine"))))),
        ("(by:* AND development:rejected)", Position(And((PositionTerm("by", "*"), DEV)))),
        (
            "(by:russia AND (development:rejected OR (development:deal AND detail:ended)))",
            Position(And((BY, Or((DEV, And((DEAL, ENDED))))))),
        ),
        (
            "((by:russia AND development:rejected) AND (by:russia AND development:deal))",
            And((Position(And((BY, DEV))), Position(And((BY, DEAL))))),
        ),
        (
            "(development:rejected AND development:deal)",
            And((Value("development", "rejected"), Value("development", "deal-reached"))),
        ),
        (
            "(NOT by:russia AND NOT detail:ended)",
            And((Not(Value("by", "russia")), Not(Value("detail", "ended")))),
        ),
    ],
)
def test_position_fields_joined_in_parentheses_hold_within_one_position(text: str, tree: Node) -> None:
    assert root(text) == tree


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("actors:russia", 0, "did you mean actor?"),
        ("truce http://example.org", 6, "put it in quotes"),
        ("actor:rusia", 6, "did you mean russia?"),
        ("issue:zzz", 6, "it takes zaporizhzhia-plant"),
        ("truce AND", 9, "must follow"),
        ("AND truce", 0, "both sides"),
        ("(truce", 0, "not closed"),
        ("truce)", 5, "could close"),
        ('say "truce', 4, "closing quote"),
        ('tru"ce', 3, "put a blank before it"),
        ("truce ()", 7, "nothing between"),
        ("*ruce", 0, "At least 2 letters"),
        ("cease-f*", 0, "inside one word"),
        ("aa truce~2", 3, "Fuzzy"),
        ('aa "x y"~2', 3, "near each other"),
        ("aa truce^2", 3, "Weights"),
        ("/x/", 0, "Regular expressions"),
        ("published:soon", 10, "like 2025-03-18"),
        ("published:[2025-03-18 TO 2025-03-01]", 10, "ends before it begins"),
        ("published:[2025-03-18 2025-03-19]", 22, "A range looks like"),
        ("title:[a TO b]", 6, "takes no ranges"),
        ("language:english", 9, "like en, uk, ru"),
        ("is:odd", 3, "takes uncertain, copy"),
        ("title:x:y", 6, "inside the parentheses"),
        ("–", 0, "no word or number"),
    ],
)
def test_error_says_where_and_what_to_do(text: str, position: int, said: str) -> None:
    error = refusal(text)
    assert said in error.message
    assert error.position == position
    assert str(error).splitlines()[-1].index("^") == position + 2


def test_endless_deep_and_crowded_queries_are_refused() -> None:
    assert "longer than" in refusal("x" * (syntax.MAX_LENGTH + 1)).message
    assert "nested deeper" in refusal("(" * 60 + "aa" + ")" * 60).message
    assert "nested deeper" in refusal("NOT " * 60 + "aa").message
    assert "nested deeper" in refusal("title:" * 60 + "aa").message
    assert "more than" in refusal("aa " * (syntax.MAX_TERMS + 1)).message
    phrase = "word " * (language.MAX_PHRASE + 1)
    refused = refusal(f'truce "{phrase}"')
    assert (refused.message, refused.position) == (
        "A phrase has at most 100 words, this one 101; search for a part of it",
        6,
    )
    assert isinstance(root('"' + "word " * language.MAX_PHRASE + '"'), Words)
    assert isinstance(root("aa " * syntax.MAX_TERMS), And)


def test_unknown_zone_is_an_error() -> None:
    with pytest.raises(QueryError, match="Europe/Kyiv"):
        parse("truce", labels=LABELS, now=NOW, zone="Mars/Olympus")


def test_positive_leaves_are_what_a_hit_can_satisfy() -> None:
    assert list(positive_leaves(root("aa -bb NOT (NOT cc)"))) == [A, C]


@pytest.mark.parametrize("text", ["5~.", "truce^..", '"peace talks"~1.2.3', '"peace talks"~1.5'])
def test_a_mark_with_no_number_behind_it_is_shown_at_its_place(text: str) -> None:
    with pytest.raises(QueryError, match="whole number follows") as refused:
        root(text)
    assert refused.value.position == max(text.find("~"), text.find("^"))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab ()[]{}\":*?~^/\\-+!&|AND ORNOT.,'’“”5T"), max_size=40))
def test_any_string_is_a_query_or_a_query_error(text: str) -> None:
    try:
        root(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
