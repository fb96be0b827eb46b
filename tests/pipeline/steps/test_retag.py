"""A new model over the archive: everything is tagged anew, nothing is mailed, and what people said stays."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from classifiers.types import LabelDecision, Position, Tagged, Text
from pipeline.db import corrections, schema
from pipeline.db.engine import Database
from pipeline.db.retagging import count
from pipeline.steps.briefing import make_brief
from pipeline.steps.retag import RetagReport, RetagScope, retag
from tests.pipeline.newsroom import START, Newsroom, label, position

DAY = timedelta(days=1)


class Model:
    """A tagger that finds in every text what it is told to; `fails_on` are ids on which it breaks."""

    def __init__(self, name: str, *positions: Position, fails_on: Sequence[str] = ()) -> None:
        self.model_hash = name
        self.positions = positions
        self.fails_on = set(fails_on)
        self.asked: list[str] = []

    def tag(self, texts: Sequence[Text]) -> list[Tagged]:
        if self.fails_on & {text.id for text in texts}:
            raise ValueError("this text breaks the model")
        self.asked += [text.id for text in texts]
        return [self._one(text) for text in texts]

    def _one(self, text: Text) -> Tagged:
        labels: list[LabelDecision] = [label("issue:ceasefire-terms")]
        labels += [label(f"development:{item.development}") for item in self.positions]
        return Tagged(text.id, tuple(labels), (), self.positions, "en", "test")


@pytest.fixture
def room(database: Database, tmp_path: Path) -> Newsroom:
    return Newsroom.open(database, tmp_path)


def run(room: Newsroom, model: Model, **more: Any) -> RetagReport:
    scope = more.pop("scope", RetagScope())
    return retag(room.database, model, room.clock, scope, **more)


def rows(room: Newsroom) -> dict[str, Any]:
    with room.database.read() as connection:
        return {row.id: row for row in connection.execute(select(schema.article))}


def regroup(room: Newsroom) -> None:
    """As the group step would leave it: every article stays where it was."""
    with room.database.write() as connection:
        connection.execute(schema.article.update().values(grouped_tag_count=schema.article.c.tag_count))
    room.reindex()


def test_a_new_model_tags_everything_anew_and_no_alert_fires(room: Newsroom) -> None:
    room.alert()
    room.article("a", labels=(label("issue:peace-talks"),))
    room.article("b", position("rejected", "russia"))
    assert len(room.cycle()) == 1
    before = rows(room)
    report = run(room, Model("new", position("accepted", "ukraine")))
    assert (report.total, report.retagged, report.set_aside) == (2, 2, 0)
    after = rows(room)
    assert {row.tagged_model_hash for row in after.values()} == {"new"}
    assert all(after[name].revision > before[name].revision for name in after)
    assert {row.reason for row in after.values()} == {"retag"}
    regroup(room)
    assert room.cycle() == []
    assert ("a", "development", "accepted:-:ukraine") in room.announced(), "known silently, for ever"


def test_what_alerts_have_not_seen_yet_may_still_fire(room: Newsroom) -> None:
    room.alert()
    room.article("fresh", labels=(label("issue:peace-talks"),))
    run(room, Model("new", position("accepted", "ukraine")))
    assert rows(room)["fresh"].reason == "live"
    regroup(room)
    assert len(room.cycle()) == 1


def test_history_stays_what_it_was(room: Newsroom) -> None:
    room.article("old", reason="import")
    room.cycle()
    run(room, Model("new"))
    assert rows(room)["old"].reason == "import"


def test_an_edit_after_a_retag_is_news_again(room: Newsroom) -> None:
    room.alert()
    room.article("a", labels=(label("issue:peace-talks"),))
    room.cycle()
    run(room, Model("new"))
    room.wait(hours=1)
    room.change("a", position("accepted", "ukraine"), reason="live")
    regroup(room)
    assert len(room.cycle()) == 1


def test_a_digest_that_was_promised_before_a_retag_is_still_sent(room: Newsroom) -> None:
    room.alert(cadence="daily", daily_at="07:00")
    room.article("a", position("rejected", "russia"))
    room.announce()
    run(room, Model("new", position("rejected", "russia")))
    regroup(room)
    room.now = START + DAY
    assert len(room.cycle()) == 1


def test_corrections_survive_a_new_model(room: Newsroom) -> None:
    room.article("a", position("rejected", "russia"))
    with room.database.write() as connection:
        corrections.add(
            connection, "a", "development:accepted", "wrong",
            labels=("development:accepted",), author="me", now=room.now,
        )  # fmt: skip
    run(room, Model("new", position("accepted", "ukraine")))
    with room.database.read() as connection:
        found = set(connection.execute(select(schema.label.c.label)).scalars())
    assert found == {"issue:ceasefire-terms"}


def test_a_second_run_finds_nothing_to_do(room: Newsroom) -> None:
    room.article("a")
    run(room, Model("new"))
    before = rows(room)
    assert run(room, Model("new")) == RetagReport()
    assert rows(room) == before


def test_a_run_that_is_stopped_is_taken_up_where_it_was(room: Newsroom) -> None:
    for number in range(70):
        room.article(f"a{number:02}")
        room.wait(minutes=1)
    model = Model("new")
    calls = iter([False, True])
    first = run(room, model, stopped=lambda: next(calls))
    assert (first.total, first.retagged) == (70, 64)
    assert model.asked[0] == "a69", "the newest come first"
    second = run(room, model)
    assert (second.total, second.retagged) == (6, 6)
    assert len(set(model.asked)) == len(model.asked) == 70


def test_a_text_that_breaks_the_model_keeps_its_tags_and_costs_itself(room: Newsroom) -> None:
    for name in "abc":
        room.article(name)
    report = run(room, Model("new", fails_on=["b"]))
    assert (report.retagged, report.set_aside) == (2, 1)
    kept = rows(room)["b"]
    assert (kept.tagged_model_hash, kept.reason) == (None, "live")
    with room.database.read() as connection:
        (aside,) = connection.execute(select(schema.set_aside)).all()
    assert (aside.step, aside.subject) == ("retag", "b")
    assert "breaks the model" in aside.reason
    assert run(room, Model("new")).retagged == 1
    with room.database.read() as connection:
        assert connection.execute(select(schema.set_aside)).all() == []


def test_the_scope_is_by_first_seen_and_by_label(room: Newsroom) -> None:
    room.article("old", position("rejected", "russia"), seen=START - 9 * DAY)
    room.article("new", position("rejected", "russia"))
    room.article("other", labels=(label("development:accepted", decision="uncertain"),))
    scopes: list[tuple[RetagScope, int]] = [
        (RetagScope(since=START - DAY), 2),
        (RetagScope(until=START - DAY), 1),
        (RetagScope(only=("development:accepted",)), 1),
        (RetagScope(only=("development:accepted", "development:rejected"), since=START - DAY), 2),
    ]
    for scope, expected in scopes:
        with room.database.read() as connection:
            assert count(connection, "another", scope) == expected, scope
    told: list[tuple[int, int]] = []
    report = run(room, Model("m"), scope=scopes[-1][0], progress=lambda *step: told.append(step))
    assert (report.total, report.retagged, told) == (2, 2, [(2, 2)])
    assert rows(room)["old"].tagged_model_hash is None


def test_an_article_that_changes_meanwhile_is_left_to_the_ordinary_queue(room: Newsroom) -> None:
    room.article("a")

    class Slow(Model):
        def tag(self, texts: Sequence[Text]) -> list[Tagged]:
            with room.database.write() as connection:
                connection.execute(
                    schema.article.update().values(text="new", text_hash="n", tagged_text_hash=None)
                )
            return super().tag(texts)

    report = run(room, Slow("new"))
    assert (report.retagged, report.overtaken) == (0, 1)
    row = rows(room)["a"]
    assert (row.tagged_text_hash, row.reason, row.text) == (None, "live", "new")


def test_the_days_briefing_keeps_what_was_tagged_anew(room: Newsroom) -> None:
    room.article("a", position("rejected", "russia"))
    with room.database.write() as connection:
        connection.execute(
            insert(schema.version).values(
                article="a", number=1, feed="wire", title="t", text="t", text_hash="h", seen=room.now, reason="live"
            )
        )  # fmt: skip
    room.cycle()
    run(room, Model("new", position("rejected", "russia")))
    assert rows(room)["a"].reason == "retag"
    until: datetime = START + timedelta(hours=1)
    brief = make_brief(room.database, room.desk.words, START - DAY, until, "UTC")
    assert [len(section.items) for section in brief.sections] == [1]
