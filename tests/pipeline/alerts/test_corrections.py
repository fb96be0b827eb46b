"""A correction by hand that takes back what a mail said sends one reply; nothing else does."""

from pipeline.db import alerts as alert_rows
from pipeline.db import corrections
from pipeline.db import outbox as outbox_rows
from tests.pipeline.newsroom import ACTORS, DEVELOPMENTS, ISSUES, Newsroom, position

RUSSIA_NO = position("rejected", "russia", sentence="Moscow rejected the 30-day truce.")
UKRAINE_YES = position("accepted", "ukraine")
TAXONOMY = [
    *(f"actor:{name}" for name in ACTORS),
    *(f"issue:{name}" for name in ISSUES),
    *(f"development:{name}" for name in DEVELOPMENTS),
]


def judge(room: Newsroom, article: str, target: str, verdict: str, note: str = "") -> int:
    with room.database.write() as connection:
        made = corrections.add(
            connection,
            article,
            target,
            verdict,
            labels=TAXONOMY,
            author="ann",
            now=room.now,
            note=note,  # type: ignore[arg-type]
        )
    room.reindex()
    return made.id


def test_a_withdrawn_development_sends_one_reply_to_the_same_recipients(any_newsroom: Newsroom) -> None:
    room = any_newsroom
    room.alert(recipients=("a@example.org", "b@example.org"))
    room.article("a", RUSSIA_NO, UKRAINE_YES)
    room.cycle()
    judge(room, "a", "rejected:-:russia", "wrong", note="The spokesman was misquoted.")
    assert (
        room.cycle()
        == ["Withdrawn: Ukraine accepts offer; Russia rejects 30-day truce · Ceasefire terms"] * 2
    )
    first, reply = room.outbox.sent[0][0], room.outbox.sent[2]
    assert reply[0].in_reply_to == first.message_id
    assert reply[1].lines == ("Russia rejects offer",)  # type: ignore[union-attr]
    assert ("a", "withdrawn", "development:rejected:-:russia") in room.announced()
    assert room.cycle() == []


def test_a_report_that_still_carries_it_stands_in_the_way(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO, story="s")
    newsroom.article("b", RUSSIA_NO, story="s", outlet="Other")
    newsroom.cycle()
    judge(newsroom, "a", "rejected:-:russia", "wrong")
    assert newsroom.cycle() == []


def test_what_has_not_left_yet_is_taken_back_without_a_word(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO)
    newsroom.announce()
    judge(newsroom, "a", "development:rejected", "wrong")
    assert newsroom.cycle() == []
    with newsroom.database.read() as connection:
        assert outbox_rows.status(connection).states == {"set-aside": 1}


def test_a_label_that_goes_by_itself_withdraws_nothing(newsroom: Newsroom) -> None:
    newsroom.alert("issue:ceasefire-terms")
    newsroom.article("a", RUSSIA_NO)
    newsroom.cycle()
    newsroom.change("a")
    assert newsroom.cycle() == []


def test_what_is_added_by_hand_counts_under_the_articles_own_reason(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("live")
    newsroom.article("history", reason="import")
    assert newsroom.cycle() == []
    judge(newsroom, "live", "rejected:-:russia", "missing")
    judge(newsroom, "history", "rejected:-:russia", "missing")
    assert newsroom.cycle() == ["Russia rejects offer · Ceasefire terms"]


def test_undoing_a_correction_repeats_nothing(newsroom: Newsroom) -> None:
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO)
    newsroom.cycle()
    number = judge(newsroom, "a", "rejected:-:russia", "wrong")
    assert len(newsroom.cycle()) == 1
    with newsroom.database.write() as connection:
        corrections.undo(connection, number, newsroom.now)
    newsroom.reindex()
    assert newsroom.cycle() == []


def test_what_was_withdrawn_and_then_truly_happens_is_news(any_newsroom: Newsroom) -> None:
    room = any_newsroom
    room.alert()
    room.article("a", RUSSIA_NO, UKRAINE_YES, story="s")
    room.cycle()
    room.wait(minutes=10)
    judge(room, "a", "rejected:-:russia", "wrong")
    assert len(room.cycle()) == 1
    room.wait(hours=3)
    room.article("reprint", RUSSIA_NO, story="s", outlet="Other", copy_of="a")
    assert room.cycle() == [], "the same text brings back nothing"
    room.article("b", RUSSIA_NO, story="s", outlet="Third")
    assert room.cycle() == ["Russia rejects 30-day truce · Ceasefire terms"]
    room.wait(minutes=10)
    room.article("c", RUSSIA_NO, story="s", outlet="Fourth")
    assert room.cycle() == [], "and is told once"
    for article in ("reprint", "b", "c"):
        judge(room, article, "rejected:-:russia", "wrong")
    assert room.cycle() == ["Withdrawn: Russia rejects 30-day truce · Ceasefire terms"]


def test_a_first_message_that_was_withdrawn_whole_is_followed_by_another_first_one(
    newsroom: Newsroom,
) -> None:
    newsroom.alert()
    newsroom.article("a", RUSSIA_NO, story="s")
    newsroom.cycle()
    newsroom.wait(minutes=10)
    judge(newsroom, "a", "rejected:-:russia", "wrong")
    judge(newsroom, "a", "development:rejected", "wrong")
    assert len(newsroom.cycle()) == 1
    newsroom.wait(hours=3)
    newsroom.article("b", UKRAINE_YES, story="s", outlet="Other", sure=False)
    assert newsroom.cycle() == ["Ukraine accepts offer · Ceasefire terms"]


def test_who_has_unsubscribed_hears_of_no_withdrawal(newsroom: Newsroom) -> None:
    alert = newsroom.alert(recipients=("a@example.org", "b@example.org"))
    newsroom.article("a", RUSSIA_NO)
    newsroom.cycle()
    with newsroom.database.write() as connection:
        alert_rows.unsubscribe(connection, alert.id, "b@example.org")
    judge(newsroom, "a", "rejected:-:russia", "wrong")
    assert len(newsroom.cycle()) == 1
    assert newsroom.outbox.sent[-1][0].recipient == "a@example.org"


def test_a_withdrawal_reaches_its_readers_though_the_story_went_into_one_that_knew_it_silently(
    any_newsroom: Newsroom,
) -> None:
    room = any_newsroom
    room.alert()
    room.article("told", RUSSIA_NO, story="s")
    room.article("old", RUSSIA_NO, story="big", reason="old")
    assert len(room.cycle()) == 1
    room.merge("s", "big")
    room.cycle()
    judge(room, "told", "rejected:-:russia", "wrong")
    judge(room, "old", "rejected:-:russia", "wrong")
    assert room.cycle() == ["Withdrawn: Russia rejects 30-day truce · Ceasefire terms"]


def test_what_was_taken_back_on_purpose_is_never_released(newsroom: Newsroom) -> None:
    alert = newsroom.alert(recipients=("a@example.org", "b@example.org"))
    newsroom.article("a", RUSSIA_NO)
    newsroom.article("b", UKRAINE_YES)
    newsroom.announce()
    judge(newsroom, "a", "development:rejected", "wrong")
    newsroom.announce()
    with newsroom.database.write() as connection:
        alert_rows.unsubscribe(connection, alert.id, "b@example.org")
        assert outbox_rows.release_held(connection, newsroom.now) == 0
    assert newsroom.cycle() == ["Ukraine accepts offer · Ceasefire terms"]
    assert [letter.recipient for letter, _ in newsroom.outbox.sent] == ["a@example.org"]
