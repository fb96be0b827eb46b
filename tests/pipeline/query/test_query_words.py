"""Queries said in plain words, and their words marked in texts."""

from datetime import UTC, datetime

import pytest

from pipeline.query.highlight import marked, snippet
from pipeline.query.language import parse
from pipeline.query.nodes import Query
from pipeline.query.words import in_words
from tests.pipeline.index.corpus import LABELS

NOW = datetime(2025, 3, 18, 12, 0, tzinfo=UTC)


def query(text: str) -> Query:
    return parse(text, labels=LABELS, now=NOW, zone="Europe/Kyiv")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "every article"),
        ("actor:us", "articles where The US acts or is acted on"),
        ("(by:russia AND development:rejected)", "articles where one act in it is by Russia and rejected"),
        ('"power lines" -is:copy', "articles where title or text has “power lines” and it is not so that it is a copy of another article"),
        ("kiev* OR name:putin", "articles where title or text has a word like “kiev*” or a name in it has “putin”"),
        ("truce (title:war OR thread:*)", "articles where title or text has “truce” and (the title has “war” or it belongs to a thread)"),
        ("issue:prisoners development:rejected", "articles where the issue is prisoners and “rejected” is reported"),
        ("published:2025-03-18", "articles where it was published on 18 March 2025"),
        ("published:[2025-03-01 TO 2025-03-18]", "articles where it was published from 1 March 2025 to 18 March 2025"),
        ("seen:>=2025-03-18T10:30", "articles where it was first seen from 18 March 2025, 10:30 Europe/Kyiv on"),
        ("seen:<=2025-03-18", "articles where it was first seen until 18 March 2025"),
    ],
)  # fmt: skip
def test_query_is_said_in_plain_words(text: str, said: str) -> None:
    names = {"russia": "Russia", "united-states": "The US"}
    assert (
        in_words(query(text), names=lambda facet, label: names.get(label, label), zone="Europe/Kyiv") == said
    )


def test_every_kind_of_leaf_can_be_said() -> None:
    for text in (
        "outlet:bbc*",
        "by:*",
        "-detail:*",
        "place:kyiv",
        "is:disputed",
        "story:x",
        "* OR truce",
        "form:report",
    ):
        assert in_words(query(text)).startswith("articles where ")


def test_words_phrases_and_wildcards_are_marked_but_not_what_is_excluded() -> None:
    text = "Power lines near Kiev were cut; the U.S. envoy saw the power line, and war."
    found = marked(query('"power line" kiev* U.S. -war'), "text", text)
    assert [found.text[start:end] for start, end in found.spans] == [
        "Power lines",
        "Kiev",
        "U.S.",
        "power line",
    ]


def test_field_is_marked_only_where_the_query_looks() -> None:
    assert marked(query("title:truce"), "text", "A truce.").spans == ()
    assert marked(query("title:truce"), "title", "A truce.").spans == ((2, 7),)
    assert marked(query("title:truce"), None, "A truce.").spans == ((2, 7),)


def test_snippet_is_cut_around_the_hits_at_words() -> None:
    text = (
        "Padding words go on and on here. " * 20
        + "Then a truce is named, a truce again. "
        + "More padding. " * 30
    )
    found = snippet(query("truce"), "text", text, 120)
    assert len(found.text) < 150
    assert found.text.startswith("…")
    assert found.text.endswith("…")
    assert [found.text[start:end] for start, end in found.spans] == ["truce", "truce"]


def test_snippet_without_hits_is_the_beginning() -> None:
    found = snippet(query("actor:us"), "text", "word " * 100, 50)
    assert found.text.startswith("word word")
    assert found.spans == ()


def test_snippet_of_a_short_text_is_the_text() -> None:
    assert snippet(query("truce"), "text", "A truce.", 50).text == "A truce."
