"""A story's card: what happened in words, by whom, and who reports it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from classifiers.types import LabelDecision, Position
from pipeline.alerts.facts import MatchedArticle, StoryFacts
from pipeline.notify.words import phrases
from pipeline.stories.chronology import Word
from pipeline.web.shown.accounts import parties, timeline
from pipeline.web.shown.standpoints import standpoints
from pipeline.web.shown.stories import card, developments
from tests.pipeline.newsroom import NAMES, label, position

NOON = datetime(2025, 3, 18, 12, 0, tzinfo=UTC)
WORDS = phrases(NAMES)
REFUSAL = "Moscow rejected the 30-day truce."


def article(name: str, *positions: Position, hours: float = 0, **facts: Any) -> MatchedArticle:
    values: dict[str, Any] = {
        "outlet": "Harbour Wire", "owner": facts.get("outlet", "Harbour Media"), "side": "third-party",
        "control": "private", "country": "GB", "kind": "news", "language": "en", "form": "report", "reason": "live",
        "url": "", "title": f"Report {name}", "text": f"What {name} says.", "story": "s", "revision": 1, **facts,
    }  # fmt: skip
    moment = NOON + timedelta(hours=hours)
    labels: tuple[LabelDecision, ...] = tuple(label(f"development:{item.development}") for item in positions)
    return MatchedArticle(
        id=name, published=moment, seen=moment, version_seen=moment,
        labels=values.pop("labels", labels), positions=positions, **values,
    )  # fmt: skip


STORY = StoryFacts("s", "Call of the presidents", NOON, "disputed")


def test_what_happened_leads_and_its_sentence_follows() -> None:
    shown = card(STORY, [article("a", position("rejected", "russia", sentence=REFUSAL))], WORDS)
    assert shown.headline == "Russia rejects 30-day truce"
    assert shown.told[0].sentence == REFUSAL
    assert (shown.status, shown.status_means) == ("Disputed", "the parties' accounts contradict each other")


def test_one_act_told_in_other_words_stands_once() -> None:
    told = developments(
        [
            article("a", position("rejected", "russia", sentence=REFUSAL)),
            article(
                "b", position("rejected", "russia", sentence="The Kremlin refused the plan."), outlet="Neva"
            ),
        ],
        WORDS,
    )
    assert len(told) == 1
    assert told[0].sources == 2


def test_what_two_owners_tell_comes_before_what_one_tells() -> None:
    told = developments(
        [
            article("a", position("accepted", "ukraine"), position("talks-held", "russia")),
            article("b", position("talks-held", "russia"), outlet="Neva"),
        ],
        WORDS,
    )
    assert [item.development for item in told] == ["talks-held", "accepted"]


def test_an_explainer_tells_no_news_where_reports_do() -> None:
    told = developments(
        [
            article("a", position("rejected", "russia")),
            article("b", position("aid-changed", "united-states", detail="reduced"), form="explainer"),
        ],
        WORDS,
    )
    assert [item.development for item in told] == ["rejected"]


def test_a_side_that_is_silent_is_shown_as_silent() -> None:
    shown = card(STORY, [article("a", side="russia", outlet="Neva")], WORDS)
    assert [(item.side, item.outlets) for item in shown.sides] == [
        ("ukraine", ()), ("russia", ("Neva",)), ("third-party", ()),
    ]  # fmt: skip


def test_only_what_came_since_the_last_visit_is_new() -> None:
    members = [article("a"), article("b", hours=2)]
    shown = card(STORY, members, WORDS, new_since=NOON + timedelta(hours=1))
    assert (shown.new, shown.new_articles) == (True, 1)
    assert not card(STORY, members, WORDS).new, "on a first visit nothing is marked"


def test_a_story_without_developments_shows_its_title() -> None:
    assert card(STORY, [article("a")], WORDS).headline == "Call of the presidents"


def test_where_nobody_is_named_the_title_leads_and_the_development_follows() -> None:
    shown = card(STORY, [article("a", position("rejected"), title="Offer turned down", language="uk")], WORDS)
    assert (shown.headline, shown.headline_language) == ("Offer turned down", "uk")
    assert shown.also == ("Offer rejected",)


def test_copies_are_folded_under_their_original() -> None:
    entries = timeline(
        [article("a"), article("b", hours=1, copy_of="a"), article("c", hours=2, copy_of="gone")], WORDS
    )
    assert [(entry.article.id, [copy.id for copy in entry.copies]) for entry in entries] == [
        ("c", []),
        ("a", ["b"]),
    ]


def test_a_party_is_shown_by_its_own_latest_acts() -> None:
    both = position("accepted", "russia", "ukraine", sentence="Both accepted the truce.")
    found = parties(
        [article("a", position("rejected", "russia", sentence=REFUSAL)), article("b", both, hours=1)], WORDS
    )
    assert [party.actor for party in found] == ["russia", "ukraine"]
    assert [saying.headlines for saying in found[0].said] == [
        ("Russia accepts truce",), ("Russia rejects 30-day truce",),
    ]  # fmt: skip


def test_the_table_of_a_thread_puts_older_positions_behind_the_latest() -> None:
    words = [
        Word("a", "Neva", NOON, ("ceasefire-terms",), (position("rejected", "russia", sentence=REFUSAL),)),
        Word("b", "Neva", NOON + timedelta(days=2), ("ceasefire-terms",), (position("accepted", "russia"),)),
    ]
    table = standpoints(words, WORDS)
    acts = table.cells["russia"]["ceasefire-terms"]
    assert [act.article for act in acts] == ["b", "a"]
