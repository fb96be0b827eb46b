"""Health: feeds judged against their own past, and an operator who hears of each change once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from pipeline import cycle
from pipeline.app import App
from pipeline.db import schema
from pipeline.settings import Settings
from pipeline.steps.health import HealthReport, check_health

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Control:
    """An operator's room: one feed whose polls tests write, and the mails that reach the operator."""

    def __init__(self, app: App, mails: Path, now: datetime) -> None:
        self.app = app
        self.mails = mails
        self.now = now
        self.app.feeds  # noqa: B018  writes the feed's row

    def poll(self, new: int = 0, *, failure: str | None = None) -> None:
        """One poll now, and its traces in the feed's row."""
        feed = schema.feed
        state = {"last_poll": self.now}
        if failure is None:
            state |= {"failures": 0, "failure": None, "failure_detail": None, "last_success": self.now}
            state |= {"last_new": self.now} if new else {}
        else:
            state |= {"failures": feed.c.failures + 1, "failure": failure, "failure_detail": "no answer"}
        with self.app.database.write() as connection:
            connection.execute(update(feed).values(**state))
            first = update(feed).where(feed.c.first_success.is_(None)).values(first_success=self.now)
            connection.execute(first)
            connection.execute(
                insert(schema.poll).values(
                    feed="harbour", at=self.now, new=new, failure=failure,
                    result="failed" if failure else "fetched" if new else "unchanged",
                )
            )  # fmt: skip

    def days(self, count: int, new: int = 3, every: int = 4) -> None:
        """So many days of polls every few hours, `new` entries each."""
        for _ in range(count * 24 // every):
            self.now += every * HOUR
            self.poll(new)

    def check(self) -> HealthReport:
        return check_health(self.app, lambda: self.now)

    def states(self) -> list[str]:
        return [finding.state for finding in self.check().unwell]

    def received(self) -> list[Message]:
        """Every mail of ours so far, in order."""
        cycle.send(self.app, lambda: self.now)
        files = sorted(self.mails.rglob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        return [message_from_bytes(path.read_bytes(), policy=default) for path in files]


@pytest.fixture
def control(settings: Settings, tmp_path: Path, now: datetime) -> Iterator[Control]:
    opened = App(replace(settings, operator_mail="operator@example.org"))
    yield Control(opened, tmp_path / "mail", now)
    opened.close()


def test_a_feed_that_goes_on_as_ever_is_well(control: Control) -> None:
    control.days(35)
    report = control.check()
    assert (report.watched, report.unwell, report.recovered, report.mailed) == (1, (), (), False)


def test_failing_is_told_once_and_once_when_it_is_over(control: Control) -> None:
    control.days(3, new=0)
    for _ in range(2):
        control.poll(failure="dns")
    assert control.states() == [], "two bad polls pass by themselves"
    control.poll(failure="dns")
    assert control.states() == ["failing"]
    control.now += HOUR
    control.poll(failure="dns")
    assert not control.check().mailed
    control.now += HOUR
    control.poll(1)
    report = control.check()
    assert (report.unwell, [one.subject for one in report.recovered], report.mailed) == (
        (),
        ["harbour"],
        True,
    )
    assert not control.check().mailed
    first, second = control.received()
    assert first["Subject"] == "Harbour Post fails"
    assert "3 polls failed in a row: dns: no answer" in first.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    assert second["Subject"] == "Harbour Post is well again"
    assert first["To"] == "operator@example.org"
    assert first["List-Unsubscribe"] is None


def test_silence_is_judged_by_the_longest_pause_of_the_feeds_own_past(control: Control) -> None:
    for week in range(5):
        control.days(5)
        control.days(2, new=0)
        assert control.states() == [], f"weekend {week}"
    control.days(5)
    control.days(4, new=0)
    assert control.states() == [], "a long weekend"
    control.days(1, new=0)
    (finding,) = control.check().unwell
    assert finding.state == "silent"
    assert "nothing new for 5 d" in finding.detail
    assert "longest pause was 2 d" in finding.detail
    control.days(30, new=0)
    assert control.states() == ["silent"]
    control.poll(1)
    assert control.states() == []
    assert [mail["Subject"] for mail in control.received()] == [
        "Harbour Post is silent", "Harbour Post is well again",
    ]  # fmt: skip


def test_a_weekly_bulletin_is_never_silent_within_its_month(control: Control) -> None:
    for _ in range(6):
        control.poll(1)
        control.days(7, new=0)
        assert control.states() == []
    control.days(22, new=0)
    assert control.states() == ["silent"]


def test_a_change_of_volume_is_measured_by_the_days_before_and_becomes_the_habit(control: Control) -> None:
    control.poll(400)
    control.days(25, new=3)
    assert control.states() == []
    control.days(1, new=1)
    (finding,) = control.check().unwell
    assert (finding.state, "unusually few" in finding.detail, "6;" in finding.detail) == (
        "volume",
        True,
        True,
    )
    control.days(3, new=1)
    assert control.states() == ["volume"], "the changed days do not count as what is usual"
    control.days(1, new=3)
    assert control.states() == []
    control.days(1, new=20)
    assert control.states() == ["volume"]
    control.days(28, new=20)
    assert control.states() == [], "after four weeks it is how the feed is"
    subjects = [mail["Subject"] for mail in control.received()]
    assert subjects == ["Harbour Post has changed in volume", "Harbour Post is well again"] * 2


def test_a_small_feeds_busy_day_is_no_change(control: Control) -> None:
    control.days(25, new=1, every=24)
    control.now += DAY
    control.poll(9)
    assert control.states() == []


def test_where_nothing_was_polled_it_is_us_and_feeds_stay_as_they_were(control: Control) -> None:
    control.days(30)
    control.now += 3 * DAY
    report = control.check()
    assert [(one.subject, one.state) for one in report.unwell] == [("monitor", "idle")]
    control.poll(0)
    assert [one.subject for one in control.check().unwell] == ["harbour"], "three days without news, truly"
    control.poll(5)
    control.check()
    assert [mail["Subject"] for mail in control.received()] == [
        "The monitor has stopped polling", "Harbour Post is silent; The monitor is well again",
        "Harbour Post is well again",
    ]  # fmt: skip


def test_what_happened_before_an_operator_was_named_is_told_then(control: Control) -> None:
    named = control.app
    unnamed = App(replace(named.settings, operator_mail=""))
    control.days(1)
    for _ in range(3):
        control.poll(failure="tls")
    control.app = unnamed
    report = control.check()
    assert (report.mailed, len(report.problems)) == (False, 1)
    unnamed.close()
    control.app = named
    assert control.check().mailed
    assert not control.check().mailed


def test_a_crash_between_looking_and_sending_neither_loses_nor_repeats_the_mail(control: Control) -> None:
    control.days(1)
    for _ in range(3):
        control.poll(failure="tls")
    assert control.check().mailed
    again = App(control.app.settings)
    assert not check_health(again, lambda: control.now).mailed
    again.close()
    assert len(control.received()) == 1


def test_a_feed_that_is_taken_off_the_list_is_forgotten(control: Control) -> None:
    control.days(1)
    for _ in range(3):
        control.poll(failure="tls")
    control.check()
    with control.app.database.write() as connection:
        connection.execute(update(schema.feed).values(listed=False))
    report = control.check()
    assert (report.watched, report.unwell, report.mailed) == (0, (), False)
    with control.app.database.read() as connection:
        assert connection.execute(select(schema.health.c.subject)).scalars().all() == ["monitor"]


def test_messages_to_the_operator_outlive_every_alert(control: Control) -> None:
    control.days(1)
    for _ in range(3):
        control.poll(failure="tls")
    control.check()
    with control.app.database.write() as connection:
        connection.execute(delete(schema.alert))
    assert len(control.received()) == 1
