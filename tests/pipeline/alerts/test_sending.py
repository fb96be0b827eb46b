"""The outbox row by row: leases, doubts, retries, and that one bad row holds up no other."""

from itertools import chain, repeat

import pytest
from sqlalchemy import select, update

from pipeline.db import alerts as alert_rows
from pipeline.db import outbox, schema
from pipeline.errors import MailError
from pipeline.notify.transport import OutcomeUnknownError, ServerDownError
from pipeline.steps.send import send
from tests.pipeline.newsroom import Newsroom, Outage, position

RUSSIA_NO = position("rejected", "russia")
THREE = ("a@example.org", "b@example.org", "c@example.org")


def states(room: Newsroom) -> dict[str, str]:
    with room.database.read() as connection:
        table = schema.outbox.c
        return {row.recipient: row.state for row in connection.execute(select(table.recipient, table.state))}


def one_message(room: Newsroom, *recipients: str) -> None:
    room.alert(recipients=recipients or ("a@example.org",))
    room.article("a", RUSSIA_NO)
    room.announce()


def test_each_recipient_has_a_row_and_a_message_id_of_their_own(any_newsroom: Newsroom) -> None:
    one_message(any_newsroom, *THREE, "https://hooks.example/in")
    any_newsroom.send()
    letters = [letter for letter, _ in any_newsroom.outbox.sent]
    assert sorted(letter.recipient for letter in letters) == sorted((*THREE, "https://hooks.example/in"))
    assert {letter.channel for letter in letters} == {"mail", "webhook"}
    assert len({letter.message_id for letter in letters}) == 4


def test_one_bad_recipient_of_three_costs_only_itself(newsroom: Newsroom) -> None:
    one_message(newsroom, *THREE)
    newsroom.outbox.failures = [MailError("550 no such user", permanent=True)]
    report = newsroom.send()
    assert (report.sent, report.set_aside) == (2, 1)
    assert sorted(states(newsroom).values()) == ["sent", "sent", "set-aside"]
    with newsroom.database.read() as connection:
        assert "550 no such user" in outbox.status(connection).problems[0][3]


def test_a_passing_refusal_is_tried_again_ever_later(newsroom: Newsroom) -> None:
    one_message(newsroom)
    newsroom.outbox.failures = [MailError("450 busy"), MailError("450 busy")]
    assert newsroom.send().retried == 1
    assert newsroom.send().sent == 0, "not before its time"
    newsroom.wait(minutes=1)
    assert newsroom.send().retried == 1
    newsroom.wait(minutes=2)
    assert newsroom.send().sent == 1


def test_a_message_refused_for_days_is_set_aside(newsroom: Newsroom) -> None:
    one_message(newsroom)
    newsroom.wait(days=5)
    newsroom.outbox.failures = [MailError("450 still busy")]
    newsroom.send()
    assert states(newsroom) == {"a@example.org": "set-aside"}


def test_a_server_that_is_down_for_an_hour_loses_nothing(newsroom: Newsroom) -> None:
    one_message(newsroom, *THREE)
    for _ in range(60):
        newsroom.outbox.failures = [ServerDownError("connection refused")]
        report = newsroom.send()
        assert report.problems == ("connection refused",)
        newsroom.wait(minutes=1)
    newsroom.outbox.failures = []
    newsroom.wait(minutes=1)
    assert newsroom.send().sent == 3


def crash_after_sending(room: Newsroom) -> None:
    """A sender that is killed between the receiver's 250 and its own commit."""

    class Killed(BaseException):
        pass

    class Killing(Outage):
        def send(self, letter: outbox.Letter, message: object, sender: object) -> None:
            room.outbox.sent.append((letter, message))  # type: ignore[arg-type]
            raise Killed

    with pytest.raises(Killed):
        send(room.database, {"mail": Killing()}, room.desk, room.clock, worker="killed")


def test_a_row_left_sending_is_sent_once_more_with_the_same_id_and_counted(any_newsroom: Newsroom) -> None:
    room = any_newsroom
    one_message(room)
    crash_after_sending(room)
    assert states(room) == {"a@example.org": "sending"}
    assert room.send().sent == 0, "its lease has not run out"
    room.wait(minutes=6)
    report = room.send()
    assert (report.doubtful, report.sent, report.held) == (1, 1, 0)
    first, second = (letter for letter, _ in room.outbox.sent)
    assert first.message_id == second.message_id
    with room.database.read() as connection:
        assert outbox.status(connection).doubtful == 1


def test_a_row_that_is_doubtful_twice_is_held(newsroom: Newsroom) -> None:
    one_message(newsroom)
    for _ in range(2):
        crash_after_sending(newsroom)
        newsroom.wait(minutes=6)
    assert newsroom.send().held == 1
    assert states(newsroom) == {"a@example.org": "held"}
    with newsroom.database.write() as connection:
        assert outbox.release_held(connection, newsroom.now) == 1
    assert newsroom.send().sent == 1


def test_on_doubt_hold_does_not_send_again(newsroom: Newsroom) -> None:
    one_message(newsroom)
    crash_after_sending(newsroom)
    newsroom.wait(minutes=6)
    newsroom.on_doubt = "hold"
    assert newsroom.send().held == 1
    assert len(newsroom.outbox.sent) == 1


def test_a_channel_where_sending_again_is_harmless_knows_no_doubt(newsroom: Newsroom) -> None:
    one_message(newsroom)
    crash_after_sending(newsroom)
    newsroom.wait(minutes=6)
    newsroom.on_doubt = "hold"
    newsroom.outbox.harmless = True
    report = newsroom.send()
    assert (report.doubtful, report.sent) == (0, 1)


def test_an_answer_that_never_came_is_a_doubt_at_once(newsroom: Newsroom) -> None:
    one_message(newsroom)
    newsroom.outbox.failures = [OutcomeUnknownError("no answer"), OutcomeUnknownError("no answer")]
    assert newsroom.send().doubtful == 1
    newsroom.wait(minutes=1)
    assert newsroom.send().held == 1
    assert states(newsroom) == {"a@example.org": "held"}


def test_two_senders_never_take_the_same_row(any_newsroom: Newsroom) -> None:
    room = any_newsroom
    one_message(room, *THREE)
    with room.database.write() as connection:
        first = outbox.claim(connection, "one", room.now, limit=2)
    with room.database.write() as connection:
        second = outbox.claim(connection, "two", room.now)
    assert {letter.id for letter in first}.isdisjoint({letter.id for letter in second})
    assert len(first) + len(second) == 3


def test_a_sender_whose_lease_ran_out_does_not_send(newsroom: Newsroom) -> None:
    one_message(newsroom)
    with newsroom.database.write() as connection:
        (letter,) = outbox.claim(connection, "slow", newsroom.now)
    newsroom.wait(minutes=4)
    with newsroom.database.write() as connection:
        assert not outbox.begin(connection, letter, newsroom.now), (
            "too little of the lease is left for a send"
        )
    newsroom.wait(minutes=2)
    with newsroom.database.write() as connection:
        (again,) = outbox.claim(connection, "other", newsroom.now)
        assert not outbox.begin(connection, letter, newsroom.now)
        assert outbox.begin(connection, again, newsroom.now)


def test_a_poisoned_row_is_set_aside_and_blocks_nothing(newsroom: Newsroom) -> None:
    one_message(newsroom)
    with newsroom.database.write() as connection:
        connection.execute(update(schema.notification).values(content={"kind": "riddle"}))
    newsroom.article("b", RUSSIA_NO)
    newsroom.announce()
    report = newsroom.send()
    assert (report.sent, report.set_aside) == (1, 1)


def test_unsubscribing_takes_back_what_waits_and_spares_the_others(newsroom: Newsroom) -> None:
    alert = newsroom.alert(recipients=THREE)
    newsroom.article("a", RUSSIA_NO)
    newsroom.announce()
    with newsroom.database.write() as connection:
        assert alert_rows.unsubscribe(connection, alert.id, "b@example.org")
        assert not alert_rows.unsubscribe(connection, alert.id, "b@example.org")
    newsroom.send()
    newsroom.article("b", RUSSIA_NO)
    newsroom.cycle()
    assert sorted(letter.recipient for letter, _ in newsroom.outbox.sent) == [THREE[0]] * 2 + [THREE[2]] * 2


def test_stopping_gives_leased_rows_back(newsroom: Newsroom) -> None:
    one_message(newsroom, *THREE)
    answers = chain([False, False], repeat(True))
    report = send(
        newsroom.database, {"mail": newsroom.outbox}, newsroom.desk, newsroom.clock, worker="one",
        stopped=lambda: next(answers),
    )  # fmt: skip
    assert report.sent == 1
    assert newsroom.send().sent == 2
