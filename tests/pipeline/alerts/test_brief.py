"""The briefing: what is new in a period, ranked, by issue, on two phone screens."""

from datetime import timedelta

from sqlalchemy import insert, update

from pipeline.db import schema
from pipeline.notify import render
from pipeline.notify.content import Brief
from pipeline.steps.briefing import make_brief
from tests.pipeline.newsroom import Newsroom, label, position

TALKS = position(
    "talks-announced",
    "united-states",
    "ukraine",
    detail="planned",
    sentence="They will meet in Jeddah on Sunday.",
)
RUSSIA_NO = position("rejected", "russia", sentence="Moscow rejected the 30-day truce.")
PEACE = (label("issue:peace-talks"), label("development:talks-announced"))


def brief(room: Newsroom, hours: float = 12, zone: str = "Europe/Kyiv") -> Brief:
    return make_brief(room.database, room.desk.words, room.now - timedelta(hours=hours), room.now, zone)


def headlines(content: Brief) -> list[str]:
    return [line for section in content.sections for item in section.items for line in item.headlines]


def test_developments_stand_under_their_issue_with_outlet_time_and_sentence(any_newsroom: Newsroom) -> None:
    room = any_newsroom
    room.article("a", RUSSIA_NO)
    room.article("b", TALKS, labels=PEACE)
    room.wait(hours=1)
    content = brief(room)
    assert {section.issue: len(section.items) for section in content.sections} == {
        "Ceasefire terms": 1,
        "Peace talks": 1,
    }
    text = render.brief(content, "txt")
    assert (
        "Russia rejects 30-day truce\n  “Moscow rejected the 30-day truce.”\n  Harbour Wire, 18 Mar 11:00 EET"
        in text
    )
    assert "Sun 23 Mar: US and Ukraine plan talks" in text


def test_dates_to_watch_are_days_that_have_not_passed(newsroom: Newsroom) -> None:
    for name, sentence in (
        ("a", "They will meet in Jeddah on Sunday."),
        ("b", "They will meet tomorrow."),
        ("c", "They were to meet on 11 March."),
        ("d", "They will meet in the coming days."),
    ):
        newsroom.article(
            name, position("talks-announced", "united-states", name, sentence=sentence), labels=PEACE
        )
    newsroom.wait(hours=1)
    assert [line.when for line in brief(newsroom).dates] == ["Wed 19 Mar", "Sun 23 Mar"]


def test_what_was_carried_before_the_period_is_not_news_again(newsroom: Newsroom) -> None:
    newsroom.article("a", RUSSIA_NO, story="s")
    newsroom.wait(hours=20)
    newsroom.article("b", RUSSIA_NO, story="s", outlet="Other")
    newsroom.article(
        "c", RUSSIA_NO, position("accepted", "ukraine", sentence="Kyiv agreed."), story="s", outlet="Third"
    )
    newsroom.wait(hours=1)
    assert headlines(brief(newsroom)) == ["Ukraine accepts offer"]


def test_more_sources_rank_higher(newsroom: Newsroom) -> None:
    newsroom.article("alone", position("rejected", "ukraine"), story="x")
    for number in range(3):
        newsroom.article(f"many-{number}", RUSSIA_NO, story="y", outlet=f"Outlet {number}")
    newsroom.wait(hours=1)
    assert headlines(brief(newsroom))[0] == "Russia rejects 30-day truce"


def test_ten_lead_and_the_rest_is_one_line_each(newsroom: Newsroom) -> None:
    for number in range(15):
        newsroom.article(f"a{number:02}", RUSSIA_NO)
    newsroom.wait(hours=1)
    content = brief(newsroom)
    assert len(headlines(content)) == 10
    assert len(content.more) == 5


def test_history_is_left_out(newsroom: Newsroom) -> None:
    for number, reason in enumerate(("import", "backfill", "retag")):
        newsroom.article(f"a{number}", RUSSIA_NO, reason=reason)
    newsroom.wait(hours=1)
    assert "Nothing new to report." in render.brief(brief(newsroom), "txt")


def test_disputed_stories_and_near_misses_have_their_place(newsroom: Newsroom) -> None:
    newsroom.article("a", RUSSIA_NO, story="s")
    unsure = label(
        "development:accepted", decision="uncertain", score=0.45, announce=False, sentence="Perhaps yes."
    )
    newsroom.article("b", labels=(label("issue:ceasefire-terms"), unsure))
    with newsroom.database.write() as connection:
        connection.execute(update(schema.story).where(schema.story.c.id == "s").values(status="disputed"))
    newsroom.wait(hours=1)
    content = brief(newsroom)
    assert [item.status for item in content.disputed] == ["Disputed"]
    assert [(line.headline, line.certainty) for line in content.near_misses] == [
        ("Accepted", "uncertain, 45%")
    ]


def test_coverage_tells_hours_gaps_and_failing_feeds(newsroom: Newsroom) -> None:
    start = newsroom.now - timedelta(hours=12)
    with newsroom.database.write() as connection:
        for hour in (0, 1, 2, 8, 9, 10, 11, 12):
            moment = start + timedelta(hours=hour)
            connection.execute(insert(schema.cycle).values(started=moment, finished=moment, report={}))
        feed = {"url": "https://f.example", "polls": 9, "last_success": start, "failure": "http-5xx"}
        connection.execute(insert(schema.feed).values(name="f", outlet="Lost Gazette", failures=4, **feed))
        connection.execute(insert(schema.feed).values(name="g", outlet="Hiccup", failures=1, **feed))
    coverage = brief(newsroom).coverage
    assert coverage is not None
    assert (coverage.hours, coverage.watched_h) == (12, 6)
    assert coverage.gaps == ("18 Mar 01:00 EET to 18 Mar 07:00 EET",)
    assert coverage.failing == ("Lost Gazette (its server is in trouble, last answered 17 Mar 23:00 EET)",)


def test_every_format_renders_the_same_lines(newsroom: Newsroom) -> None:
    newsroom.article("a", RUSSIA_NO, title="A <b>bold</b> [title](https://evil.example)", outlet="Wire & Co")
    newsroom.wait(hours=1)
    content = brief(newsroom)
    for kind in ("txt", "html", "md"):
        assert "Moscow rejected the 30" in render.brief(content, kind).replace("\\-", "-")
    assert "Wire &amp; Co" in render.brief(content, "html")
    assert "](https://evil" not in render.brief(content, "md")
