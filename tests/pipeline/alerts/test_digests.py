"""Digests: what they show, when, and that each goes out once."""

from datetime import UTC, datetime, timedelta
from unittest.mock import DEFAULT, patch

import pytest
from sqlalchemy import insert, update

from pipeline.brief import build
from pipeline.db import schema
from pipeline.errors import IndexUnavailableError
from pipeline.notify import render
from pipeline.notify.content import Digest
from tests.pipeline.newsroom import Newsroom, label, position

RUSSIA_NO = position("rejected", "russia", sentence="Moscow rejected the 30-day truce.")
UKRAINE_YES = position("accepted", "ukraine", sentence="Kyiv accepted the 30-day truce.")


def last_text(room: Newsroom) -> str:
    return render.text(room.outbox.sent[-1][1])


def told_stories(room: Newsroom) -> list[str]:
    """The stories of every digest that was sent, in order."""
    told: list[str] = []
    for _, message in room.outbox.sent:
        assert isinstance(message, Digest)
        items = [item for section in message.brief.sections for item in section.items]
        told += [item.story for item in (*items, *message.brief.more)]
    return told


def watch(room: Newsroom, start: datetime, end: datetime) -> None:
    """Note that cycles ran from hour to hour."""
    with room.database.write() as connection:
        moment = start
        while moment <= end:
            connection.execute(insert(schema.cycle).values(started=moment, finished=moment, report={}))
            moment += timedelta(hours=1)


def test_a_daily_digest_tells_each_development_once(any_newsroom: Newsroom) -> None:
    room = any_newsroom
    room.alert(cadence="daily", daily_at="18:00")
    room.article("a", RUSSIA_NO, story="s")
    room.article("b", RUSSIA_NO, story="s", outlet="Dnipro Post", side="ukraine")
    assert room.cycle() == []
    room.wait(hours=9)
    assert room.cycle() == ["Russia rejects 30-day truce · Answers: Tue 18 Mar"]
    assert "2 independent sources" in last_text(room)
    assert room.cycle() == [], "the same day has one digest"
    room.wait(hours=12)
    room.article("c", RUSSIA_NO, story="s", outlet="Third")
    room.article("d", UKRAINE_YES, story="s")
    room.wait(hours=12)
    assert room.cycle() == ["Ukraine accepts 30-day truce · Answers: Wed 19 Mar"]


def test_a_daily_alert_with_nothing_to_say_says_so_unless_turned_off(newsroom: Newsroom) -> None:
    newsroom.alert(cadence="daily", daily_at="18:00", name="talks")
    newsroom.alert(cadence="daily", daily_at="18:00", name="silent", say_nothing_new=False)
    newsroom.wait(hours=9)
    assert newsroom.cycle() == ["Nothing new · talks: Tue 18 Mar"]


def test_missed_digests_are_joined_into_one(newsroom: Newsroom) -> None:
    newsroom.alert(cadence="hourly")
    newsroom.article("a", RUSSIA_NO)
    newsroom.wait(hours=3)
    newsroom.article("b", UKRAINE_YES)
    newsroom.wait(hours=2)
    assert newsroom.cycle() == [
        "Ukraine accepts 30-day truce; Russia rejects 30-day truce · Answers: Tue 18 Mar 14:00"
    ]
    assert newsroom.cycle() == []


@pytest.mark.parametrize(
    ("reason", "appears"),
    [
        ("first-fetch", True),
        ("old", True),
        ("undated", True),
        ("import", False),
        ("backfill", False),
        ("retag", False),
    ],
)
def test_what_may_appear_in_digests(newsroom: Newsroom, reason: str, appears: bool) -> None:
    newsroom.alert(cadence="daily", daily_at="18:00", say_nothing_new=False)
    newsroom.article("a", RUSSIA_NO, reason=reason)
    newsroom.wait(hours=9)
    assert bool(newsroom.cycle()) == appears


def test_a_retag_does_not_take_back_what_a_digest_was_to_tell(newsroom: Newsroom) -> None:
    newsroom.alert(cadence="daily", daily_at="18:00")
    newsroom.article("a", RUSSIA_NO)
    newsroom.cycle()
    newsroom.change("a", RUSSIA_NO, reason="retag", new_version=False)
    newsroom.wait(hours=9)
    assert newsroom.cycle() == ["Russia rejects 30-day truce · Answers: Tue 18 Mar"]


def test_quiet_hours_keep_messages_for_one_digest_at_their_end(any_newsroom: Newsroom) -> None:
    room = any_newsroom
    room.now = datetime(2025, 3, 18, 22, 30, tzinfo=UTC)
    room.alert(quiet=("22:00", "07:00"))
    room.article("a", RUSSIA_NO)
    assert room.cycle() == []
    room.wait(hours=2)
    room.article("b", UKRAINE_YES)
    assert room.cycle() == []
    room.now = datetime(2025, 3, 19, 7, 0, tzinfo=UTC)
    assert room.cycle() == ["Ukraine accepts 30-day truce; Russia rejects 30-day truce · Answers: held back"]
    assert "quiet hours" in last_text(room)
    room.article("c", RUSSIA_NO)
    assert room.cycle() == ["Russia rejects 30-day truce · Ceasefire terms"], "the day goes on at once"


def test_what_a_later_message_told_is_not_repeated_by_the_digest_of_the_night(newsroom: Newsroom) -> None:
    newsroom.now = datetime(2025, 3, 18, 23, 0, tzinfo=UTC)
    newsroom.alert(quiet=("22:00", "07:00"))
    newsroom.article("a", RUSSIA_NO, story="s")
    newsroom.announce()
    newsroom.now = datetime(2025, 3, 19, 7, 1, tzinfo=UTC)
    newsroom.article("b", UKRAINE_YES, story="s")
    subjects = newsroom.cycle()
    assert len(subjects) == 1
    assert "Russia" in subjects[0]
    assert "Ukraine" in subjects[0]


def test_a_daily_cap_puts_the_rest_into_a_digest_and_the_mail_says_so(any_newsroom: Newsroom) -> None:
    room = any_newsroom
    room.alert(daily_cap=2, daily_at="07:00")
    for number in range(5):
        room.article(f"a{number}", RUSSIA_NO)
    assert len(room.cycle()) == 2
    assert "today's last message" in last_text(room)
    assert "today's last message" not in render.text(room.outbox.sent[0][1])
    room.now = datetime(2025, 3, 19, 7, 0, tzinfo=UTC)
    assert len(room.cycle()) == 1
    message = room.outbox.sent[-1][1]
    assert isinstance(message, Digest)
    assert sum(len(section.items) for section in message.brief.sections) == 3
    assert "limit of 2" in message.note


def test_after_a_gap_one_digest_tells_what_was_old_by_then(any_newsroom: Newsroom) -> None:
    room = any_newsroom
    room.alert()
    friday = room.now
    watch(room, friday, friday + timedelta(hours=8))
    room.wait(hours=72)
    watch(room, room.now, room.now)
    room.article("a", RUSSIA_NO, reason="old", published=friday + timedelta(hours=20))
    room.article("b", UKRAINE_YES, reason="old", published=friday + timedelta(hours=30))
    room.article("ancient", RUSSIA_NO, reason="old", published=friday - timedelta(days=30))
    assert room.cycle() == []
    room.wait(minutes=31)
    assert room.cycle() == [
        "Ukraine accepts 30-day truce; Russia rejects 30-day truce · Answers: while you were away"
    ]
    assert room.cycle() == []
    room.article("c", RUSSIA_NO, story="a")
    assert room.cycle() == [], "what the digest told is known"


def test_without_a_gap_old_articles_are_silent(newsroom: Newsroom) -> None:
    newsroom.alert()
    watch(newsroom, newsroom.now - timedelta(hours=30), newsroom.now)
    newsroom.article("a", RUSSIA_NO, reason="old", published=newsroom.now - timedelta(hours=28))
    newsroom.cycle()
    newsroom.wait(hours=1)
    assert newsroom.cycle() == []


def test_a_daily_digest_shows_near_misses_and_coverage(newsroom: Newsroom) -> None:
    newsroom.alert("development:rejected", cadence="daily", daily_at="18:00")
    unsure = label(
        "development:rejected",
        decision="uncertain",
        score=0.4,
        announce=False,
        sentence="No was perhaps meant.",
    )
    newsroom.article("near", labels=(label("issue:ceasefire-terms"), unsure))
    watch(newsroom, newsroom.now, newsroom.now + timedelta(hours=2))
    with newsroom.database.write() as connection:
        connection.execute(
            insert(schema.feed).values(
                name="f", url="https://f.example", outlet="Lost Gazette", failures=5, failure="dns", polls=9
            )
        )
    newsroom.wait(hours=9)
    newsroom.cycle()
    text = last_text(newsroom)
    assert "No was perhaps meant." in text
    assert "uncertain, 40%" in text
    assert "watched 2 of 9 hours" in text
    assert "Lost Gazette (its name cannot be found, never answered)" in text


def test_an_edit_keeps_what_was_promised_to_a_digest(newsroom: Newsroom) -> None:
    newsroom.alert(cadence="daily", daily_at="18:00")
    newsroom.article("a", RUSSIA_NO)
    newsroom.article("b", UKRAINE_YES)
    newsroom.cycle()
    newsroom.wait(hours=1)
    newsroom.alerts.edit("Answers", {"query": "development:rejected"}, newsroom.now)
    newsroom.wait(hours=8)
    assert newsroom.cycle() == ["Russia rejects 30-day truce · Answers: Tue 18 Mar"]


def test_a_muted_story_leaves_the_digest(newsroom: Newsroom) -> None:
    alert = newsroom.alert(cadence="daily", daily_at="18:00", say_nothing_new=False)
    newsroom.article("a", RUSSIA_NO, story="s")
    newsroom.cycle()
    with newsroom.database.write() as connection:
        connection.execute(
            insert(schema.mute).values(kind="story", value="s", alert=alert.id, created=newsroom.now)
        )
    newsroom.wait(hours=9)
    assert newsroom.cycle() == []


def test_more_stories_than_a_digest_holds_come_in_the_next_one(newsroom: Newsroom) -> None:
    newsroom.alert(cadence="hourly")
    with patch.object(newsroom, "reindex"):  # once for all is enough
        for number in range(60):
            newsroom.article(f"a{number:02}", RUSSIA_NO)
    newsroom.reindex()
    newsroom.wait(hours=1)
    newsroom.cycle()
    newsroom.wait(hours=1)
    newsroom.cycle()
    assert sorted(told_stories(newsroom)) == [f"a{number:02}" for number in range(60)]


def test_a_paused_alert_makes_no_digest(newsroom: Newsroom) -> None:
    alert = newsroom.alert(cadence="daily", daily_at="18:00")
    newsroom.article("a", RUSSIA_NO)
    newsroom.cycle()
    with newsroom.database.write() as connection:
        connection.execute(update(schema.alert).where(schema.alert.c.id == alert.id).values(paused=True))
    newsroom.wait(hours=9)
    assert newsroom.cycle() == []


def test_a_night_with_more_stories_than_a_digest_holds_is_told_in_two_and_so_is_the_next_night(
    newsroom: Newsroom,
) -> None:
    newsroom.now = datetime(2025, 3, 18, 23, 0, tzinfo=UTC)
    newsroom.alert(quiet=("22:00", "07:00"))
    with patch.object(newsroom, "reindex"):  # once for all is enough
        for number in range(60):
            newsroom.article(f"a{number:02}", RUSSIA_NO)
    newsroom.reindex()
    newsroom.cycle()
    newsroom.now = datetime(2025, 3, 19, 7, 0, tzinfo=UTC)
    newsroom.cycle()
    newsroom.cycle()
    assert sorted(told_stories(newsroom)) == [f"a{number:02}" for number in range(60)]
    newsroom.now = datetime(2025, 3, 19, 23, 0, tzinfo=UTC)
    newsroom.article("next", UKRAINE_YES)
    newsroom.cycle()
    newsroom.now = datetime(2025, 3, 20, 7, 0, tzinfo=UTC)
    assert newsroom.cycle() == ["Ukraine accepts 30-day truce · Answers: held back"]


def test_what_a_daily_digest_was_to_tell_comes_at_once_where_the_alert_becomes_instant(
    newsroom: Newsroom,
) -> None:
    newsroom.alert(cadence="daily", daily_at="18:00")
    newsroom.article("a", RUSSIA_NO)
    newsroom.cycle()
    newsroom.wait(hours=1)
    newsroom.alerts.edit("Answers", {"cadence": "instant"}, newsroom.now)
    assert newsroom.cycle() == ["Russia rejects 30-day truce · Answers: held back"]
    assert "digest" in last_text(newsroom)
    assert newsroom.cycle() == []


def test_an_alert_that_ends_still_gives_the_digest_that_it_promised_and_no_other(newsroom: Newsroom) -> None:
    newsroom.alert(cadence="daily", daily_at="18:00", expires=newsroom.now + timedelta(hours=5))
    newsroom.article("a", RUSSIA_NO)
    newsroom.cycle()
    newsroom.wait(hours=9)
    assert newsroom.cycle() == ["Russia rejects 30-day truce · Answers: Tue 18 Mar"]
    newsroom.wait(days=1)
    assert newsroom.cycle() == [], "nor does it go on to say that nothing is new"


def test_what_a_silent_report_confirms_at_night_is_told_in_the_morning(newsroom: Newsroom) -> None:
    newsroom.now = datetime(2025, 3, 18, 21, 0, tzinfo=UTC)
    newsroom.alert(quiet=("22:00", "07:00"))
    newsroom.article("first", UKRAINE_YES, story="s")
    assert len(newsroom.cycle()) == 1
    newsroom.article("unsure", RUSSIA_NO, story="s", sure=False)
    assert newsroom.cycle() == []
    newsroom.wait(hours=2)
    newsroom.article("old", RUSSIA_NO, story="s", sure=False, outlet="Other", reason="old")
    assert newsroom.cycle() == []
    newsroom.now = datetime(2025, 3, 19, 7, 0, tzinfo=UTC)
    assert newsroom.cycle() == ["Russia rejects 30-day truce · Answers: held back"]


def test_an_index_out_of_reach_holds_up_no_digest_that_does_not_need_it(newsroom: Newsroom) -> None:
    newsroom.alert(cadence="daily", daily_at="18:00", name="A daily one")
    newsroom.alert(cadence="hourly", name="Hourly")
    newsroom.article("a", RUSSIA_NO)
    newsroom.announce()
    newsroom.wait(hours=9)
    with (
        patch.object(newsroom.index, "match", side_effect=IndexUnavailableError("no answer")),
        pytest.raises(IndexUnavailableError),
    ):
        newsroom.digests()
    newsroom.send()
    assert [message.subject for _, message in newsroom.outbox.sent] == [
        "Russia rejects 30-day truce · Hourly: Tue 18 Mar 18:00"
    ]
    assert newsroom.cycle() == ["Russia rejects 30-day truce · A daily one: Tue 18 Mar"]


def test_a_digest_that_cannot_be_made_holds_up_no_other_and_is_tried_again(newsroom: Newsroom) -> None:
    newsroom.alert(cadence="daily", daily_at="18:00", name="A")
    newsroom.alert(cadence="daily", daily_at="18:00", name="B")
    newsroom.article("a", RUSSIA_NO)
    newsroom.announce()
    newsroom.wait(hours=9)
    with patch(
        "pipeline.steps.digests.build", side_effect=[ValueError("no such word"), DEFAULT], wraps=build
    ):
        report = newsroom.digests()
    assert report.problems == ("the digest 'A: Tue 18 Mar' could not be made: ValueError: no such word",)
    assert report.digests == 1
    assert newsroom.digests().digests == 1
