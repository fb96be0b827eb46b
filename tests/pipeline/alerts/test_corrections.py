"""A correction by hand that takes back what a mail said sends one reply; nothing else does."""

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
