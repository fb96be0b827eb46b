"""Whatever happens in whatever order, each announced key reaches each recipient once, and none is lost.

Hypothesis plays arrivals, edits, merges, crashes at every place, restarts, two senders and changed alerts against a real
database. Only DESIGN.md's window may repeat a message: a sender killed between the receiver's answer and its commit.
"""

import shutil
import tempfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from pipeline.db import locks, migrate, outbox, schema
from pipeline.db.engine import open_database
from pipeline.index.sqlite import SqliteIndex
from pipeline.steps import send as send_step
from tests.pipeline.newsroom import Newsroom, Outage, position

DEVELOPMENTS = ("accepted", "rejected", "deal-reached")
PARTIES = ("russia", "ukraine")
RECIPIENTS = ("a@example.org", "b@example.org")
KEYS = st.sets(st.tuples(st.sampled_from(DEVELOPMENTS), st.sampled_from(PARTIES)), min_size=1, max_size=3)


class KilledError(BaseException):
    """The process ends here; what it had not committed is gone."""


class Killer(Outage):
    """Dies at a chosen place of its next send."""

    def __init__(self, room: Newsroom, *, after: bool) -> None:
        super().__init__()
        self.room = room
        self.after = after

    def send(self, letter: outbox.Letter, message: Any, sender: Any) -> None:
        if self.after:
            self.room.outbox.send(letter, message, sender)
        raise KilledError


class ExactlyOnce(RuleBasedStateMachine):
    """The alerts of one database, and beside them what must hold of every message."""

    template: Path
    on_doubt: outbox.OnDoubt = "resend"

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        for name in ("record.db", "index.db"):
            shutil.copy(self.template / name, self.folder / name)
        self.room = Newsroom(
            open_database(f"sqlite:///{self.folder / 'record.db'}"),
            SqliteIndex(self.folder / "index.db"),
            on_doubt=self.on_doubt,
        )
        self.carried: dict[str, tuple[str, set[tuple[str, str]], bool, datetime]] = {}
        self.since: datetime | None = None
        self.count = 0
        self.killed_after: Counter[str] = Counter()
        self.half_sent: list[outbox.Letter] = []

    @initialize()
    def open_alert(self) -> None:
        self.room.alert("development:(accepted OR rejected OR deal-reached)", recipients=RECIPIENTS)
        self.since = self.room.now

    # --- what happens -----------------------------------------------------------------------------------------------

    @rule(
        story=st.sampled_from("xyz"),
        keys=KEYS,
        live=st.booleans(),
        sure=st.booleans(),
        owner=st.sampled_from("PQ"),
    )
    def arrive(self, story: str, keys: set[tuple[str, str]], live: bool, sure: bool, owner: str) -> None:
        self.room.wait(seconds=1)
        name = f"article-{self.count}"
        self.count += 1
        story = self._living(story)
        self.room.article(
            name, *(position(development, by) for development, by in sorted(keys)), story=story, sure=sure,
            outlet=owner, reason="live" if live else "old",
        )  # fmt: skip
        self.carried[name] = (story, keys, live and sure, self.room.now)

    @precondition(lambda self: self.carried)
    @rule(data=st.data(), keys=KEYS)
    def edit_article(self, data: st.DataObject, keys: set[tuple[str, str]]) -> None:
        self.room.wait(seconds=1)
        name = data.draw(st.sampled_from(sorted(self.carried)))
        self.room.change(
            name,
            *(position(development, by) for development, by in sorted(keys)),
            reason="live",
            title="Edited",
        )
        self.carried[name] = (self.carried[name][0], keys, True, self.room.now)

    @rule(worker=st.sampled_from(["one", "two"]))
    def a_slow_sender_is_overtaken(self, worker: str) -> None:
        self.a_sender_pauses_with_rows_in_hand()
        self.room.wait(minutes=7)
        self.room.send(worker)
        self.the_paused_sender_goes_on()

    @precondition(lambda self: len({self._living(story) for story, *_ in self.carried.values()}) > 1)
    @rule(data=st.data())
    def merge_stories(self, data: st.DataObject) -> None:
        there = sorted({self._living(story) for story, *_ in self.carried.values()})
        old, into = data.draw(st.permutations(there))[:2]
        self.room.merge(old, into)

    @rule()
    def announce(self) -> None:
        self.room.announce()

    @rule(place=st.sampled_from(["check", "fill_notification", "announce", "add"]))
    def crash_while_announcing(self, place: str) -> None:
        target: Any = {"check": locks.Held, "add": outbox}.get(place, send_step)
        if target is send_step:
            from pipeline.db import announced as target
        with patch.object(target, place, side_effect=KilledError):
            try:
                self.room.announce()
            except KilledError:
                return

    @rule(worker=st.sampled_from(["one", "two"]))
    def send(self, worker: str) -> None:
        self.room.send(worker)

    @rule(after=st.booleans())
    def crash_while_sending(self, after: bool) -> None:
        before = len(self.room.outbox.sent)
        try:
            send_step.send(
                self.room.database,
                {"mail": Killer(self.room, after=after)},
                self.room.desk,
                self.room.clock,
                worker="k",
            )
        except KilledError:
            for letter, _ in self.room.outbox.sent[before:]:
                self.killed_after[letter.message_id] += 1

    @precondition(lambda self: self.carried)
    @rule(after=st.lists(st.booleans(), min_size=2, max_size=3))
    def senders_are_killed_one_after_the_other(self, after: list[bool]) -> None:
        self.room.announce()
        for place in after:
            self.crash_while_sending(place)
            self.room.wait(minutes=7)

    @rule()
    def a_sender_pauses_with_rows_in_hand(self) -> None:
        with self.room.database.write() as connection:
            self.half_sent += outbox.claim(connection, f"slow-{self.count}", self.room.now, limit=2)

    @rule()
    def the_paused_sender_goes_on(self) -> None:
        run = send_step._Run(self.room.database, {"mail": self.room.outbox}, self.room.desk, self.room.clock)
        for letter in self.half_sent:
            run.deliver(letter)
        self.half_sent = []

    @rule(minutes=st.sampled_from([1, 4, 7]))
    def time_passes(self, minutes: int) -> None:
        self.room.wait(minutes=minutes)

    @rule(change=st.sampled_from(["edit", "pause and resume"]))
    def change_alert(self, change: str) -> None:
        self.room.wait(seconds=1)
        if change == "edit":
            self.room.alerts.edit("Answers", {"all_forms": True}, self.room.now)
        else:
            self.room.alerts.pause("Answers")
            self.room.wait(seconds=1)
            self.room.alerts.resume("Answers", self.room.now)
        self.since = self.room.now
        self.room.wait(seconds=1)

    # --- what must hold ---------------------------------------------------------------------------------------------

    @invariant()
    def no_message_goes_out_twice_but_in_the_one_window(self) -> None:
        for message_id, times in Counter(letter.message_id for letter, _ in self.room.outbox.sent).items():
            allowed = 1 if self.on_doubt == "hold" else 1 + min(self.killed_after[message_id], 1)
            assert times <= allowed

    @invariant()
    def every_key_is_told_to_a_recipient_by_one_message_only(self) -> None:
        with self.room.database.read() as connection:
            told = schema.announced.c
            rows = connection.execute(
                select(
                    told.story, told.kind, told.value, schema.outbox.c.recipient, schema.outbox.c.message_id
                ).join(schema.outbox, schema.outbox.c.notification == told.notification)
            )
            seen: dict[tuple[str, ...], set[str]] = {}
            for story, kind, value, recipient, message_id in rows:
                seen.setdefault((story, kind, value, recipient), set()).add(message_id)
        assert all(len(ids) == 1 for ids in seen.values())

    def teardown(self) -> None:
        try:
            if self.since is not None:
                self._drain()
                self._nothing_is_lost()
        finally:
            self.room.index.close()
            self.room.database.close()
            shutil.rmtree(self.folder)

    def _drain(self) -> None:
        for _ in range(4):
            self.room.announce()
            self.room.send()
            self.room.wait(minutes=11)

    def _nothing_is_lost(self) -> None:
        assert self.since is not None
        known = self.room.announced()
        for story, keys, fires, seen in self.carried.values():
            if fires and seen >= self.since:
                for development, by in keys:
                    assert (self._living(story), "development", f"{development}:-:{by}") in known
        with self.room.database.read() as connection:
            table = schema.outbox.c
            rows = connection.execute(select(table.state, table.message_id, table.doubtful)).all()
            expected = connection.execute(
                select(schema.notification.c.id).where(schema.notification.c.subject != "")
            ).all()
        delivered = {letter.message_id for letter, _ in self.room.outbox.sent}
        assert len(rows) == len(expected) * len(RECIPIENTS)
        for state, message_id, doubtful in rows:
            assert state in ("sent", "held")
            assert state == "held" or message_id in delivered
            if self.killed_after[message_id]:
                assert doubtful, "a doubt is counted"

    def _living(self, story: str) -> str:
        with self.room.database.read() as connection:
            row = connection.execute(
                select(schema.story.c.merged_into).where(schema.story.c.id == story)
            ).first()
        return row.merged_into if row is not None and row.merged_into else story


@pytest.mark.parametrize("on_doubt", ["resend", "hold"])
def test_any_order_of_events_tells_every_key_once(on_doubt: outbox.OnDoubt, tmp_path: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    database = open_database(f"sqlite:///{tmp_path / 'record.db'}")
    migrate.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    SqliteIndex(tmp_path / "index.db").close()
    machine = type("Played", (ExactlyOnce,), {"template": tmp_path, "on_doubt": on_doubt})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
