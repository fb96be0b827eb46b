"""Retention: what has had its time goes, what is needed stays, and nothing is said twice for it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain, repeat
from typing import Any

import pytest
from sqlalchemy import insert, select

from pipeline.alerts.facts import Mute
from pipeline.app import App
from pipeline.db import alerts as alert_rows
from pipeline.db import articles as article_rows
from pipeline.db import corrections, domains, schema, threads
from pipeline.db import pages as page_rows
from pipeline.db import stories as story_rows
from pipeline.db.articles import Arrival
from pipeline.db.stories import NewStory
from pipeline.errors import SettingsError
from pipeline.settings import Settings
from pipeline.steps.retention import RetentionReport, apply_retention
from tests.pipeline.newsroom import START, Newsroom, label, position
from tests.samples import NOON, article, feed

DAY = timedelta(days=1)


@pytest.fixture
def app(settings: Settings) -> Iterator[App]:
    opened = App(
        replace(
            settings, keep_articles_days=30, keep_versions_days=30, keep_messages_days=60, keep_log_days=40
        )
    )
    yield opened
    opened.close()


@pytest.fixture
def room(app: App) -> Newsroom:
    return Newsroom(app.database, app.index)


def run(app: App, room: Newsroom, *, apply: bool = True, **more: Any) -> RetentionReport:
    return apply_retention(app, room.clock, apply=apply, **more)


def ids(room: Newsroom, table: Any = schema.article) -> set[Any]:
    with room.database.read() as connection:
        return set(connection.execute(select(table.c.id)).scalars())


def test_a_dry_run_changes_nothing_and_says_just_what_then_goes(app: App, room: Newsroom) -> None:
    room.alert()
    room.article("old-1", position("rejected", "russia"), story="s")
    room.article("old-2", position("accepted", "ukraine"), story="s")
    room.cycle()
    room.wait(days=61)
    room.article("new")
    room.cycle()
    dry = run(app, room, apply=False)
    assert (dry.applied, dry.counts["articles"], dry.counts["stories"], dry.counts["messages"]) == (
        False, 2, 1, 1,
    )  # fmt: skip
    assert ids(room) == {"old-1", "old-2", "new"}
    done = run(app, room)
    assert (done.applied, done.counts) == (True, {**dry.counts, "index_months": 0})
    assert ids(room) == {"new"}
    assert set(run(app, room).counts.values()) == {0}


def test_what_was_deleted_leaves_the_index_and_comes_back_known_and_silent(app: App, room: Newsroom) -> None:
    told = article("Envoys meet", "They met for two hours.", seen=START)

    def take_in() -> Any:
        arrival = Arrival(room.now, DAY, last_success=room.now)
        with room.database.write() as connection:
            return article_rows.record(connection, feed(), [told], arrival)

    take_in()
    with room.database.write() as connection:
        connection.execute(
            schema.article.update().values(tagged_text_hash="x", tag_count=1, grouped_tag_count=1)
        )
    room.reindex()
    room.alert("envoys")
    room.cycle()
    room.wait(days=31)
    assert run(app, room).counts["articles"] == 1
    assert not [item for item in app.index.scan() if not item.deleted]
    assert take_in().known == 1
    assert ids(room) == set()


def test_nothing_is_announced_twice_after_its_trace_is_gone(app: App, room: Newsroom) -> None:
    room.alert()
    room.article("a", position("rejected", "russia"), story="s")
    assert len(room.cycle()) == 1
    before = room.announced()
    room.wait(days=70)
    report = run(app, room)
    assert (report.counts["articles"], report.counts["messages"]) == (1, 1)
    assert room.announced() == before
    assert ids(room, schema.notification) == ids(room, schema.outbox) == set()
    room.article("late", position("rejected", "russia"), story="s")
    assert room.cycle() == []
    with room.database.read() as connection:
        told = set(connection.execute(select(schema.announced.c.notification)).scalars())
    assert told <= {0, None}, (
        "ids of messages are given out again; what is gone must not be taken for another"
    )


def test_a_story_goes_as_a_whole_or_not_at_all(app: App, room: Newsroom) -> None:
    room.article("first", position("rejected", "russia"), story="long")
    room.article("other", story="other")
    room.announce()
    room.wait(days=29)
    room.article("last", position("accepted", "ukraine"), story="long")
    room.announce()
    room.wait(days=2)
    assert run(app, room).counts["articles"] == 1
    assert ids(room) == {"first", "last"}


def test_what_a_digest_has_promised_waits_for_the_digest(app: App, room: Newsroom) -> None:
    room.alert(cadence="daily", daily_at="07:00")
    room.article("a", position("rejected", "russia"))
    room.announce()
    room.wait(days=40)
    report = run(app, room)
    assert (report.counts["articles"], report.kept) == (0, {"articles_promised_to_a_digest": 1})
    assert len(room.cycle()) == 1
    assert run(app, room).counts["articles"] == 1


def test_what_alerts_have_not_seen_yet_waits_for_them(app: App, room: Newsroom) -> None:
    room.article("a", position("rejected", "russia"))
    room.wait(days=40)
    assert run(app, room).kept == {"articles_not_seen_by_alerts_yet": 1}
    room.announce()
    assert run(app, room).counts["articles"] == 1


def test_what_people_judged_or_follow_stays(app: App, room: Newsroom) -> None:
    for name in ("judged", "followed", "plain"):
        room.article(name, position("rejected", "russia"))
    with room.database.write() as connection:
        corrections.add(
            connection, "judged", "development:rejected", "right",
            labels=("development:rejected",), author="me", now=room.now,
        )  # fmt: skip
        connection.execute(insert(schema.thread).values(id="t", title="t", first_seen=START, last_seen=START))
        connection.execute(schema.story.update().where(schema.story.c.id == "followed").values(thread="t"))
        threads.follow(connection, "t")
    room.reindex()
    room.announce()
    room.wait(days=40)
    report = run(app, room)
    assert report.kept == {"articles_corrected_by_hand": 1, "articles_of_followed_threads": 1}
    assert ids(room) == {"judged", "followed"}


def test_messages_that_are_not_out_or_whose_story_goes_on_stay(app: App, room: Newsroom) -> None:
    room.alert()
    room.article("a", position("rejected", "russia"), story="goes-on")
    room.cycle()
    room.article("b", position("rejected", "russia"), story="waits")
    room.announce()
    room.wait(days=61)
    room.article("c", story="goes-on")
    room.announce()
    report = run(app, room)
    assert report.counts["messages"] == 0
    assert report.kept["messages_unfinished"] == report.kept["messages_of_stories_that_go_on"] == 1


def test_earlier_texts_go_and_the_present_one_stays(app: App, room: Newsroom) -> None:
    for number in range(3):
        moment = NOON + timedelta(hours=number)
        told = article("Envoys meet", f"They met for {number + 2} hours.", seen=moment)
        with room.database.write() as connection:
            article_rows.record(connection, feed(), [told], Arrival(moment, DAY, last_success=NOON))
    room.now = NOON + 31 * DAY
    assert run(app, room).counts["versions"] == 2
    with room.database.read() as connection:
        assert connection.execute(select(schema.version.c.number)).scalars().all() == [3]


def test_the_log_is_trimmed_but_for_the_last_cycle(app: App, room: Newsroom) -> None:
    with room.database.write() as connection:
        connection.execute(insert(schema.feed).values(name="f", url="u", outlet="o"))
        for days in (90, 45, 1):
            at = START - days * DAY
            connection.execute(insert(schema.poll).values(feed="f", at=at, result="unchanged"))
            connection.execute(
                insert(schema.set_aside).values(step="tag", subject=f"{days}", reason="x", at=at)
            )
        for days in (90, 45):
            at = START - days * DAY
            connection.execute(insert(schema.cycle).values(started=at, finished=at))
        for until in (START - 45 * DAY, START - 1 * DAY, START + 30 * DAY, None):
            alert_rows.mute(connection, Mute("phrase", f"until {until}", until=until), START - 90 * DAY)
    dry = run(app, room, apply=False)
    report = run(app, room)
    log = {"polls": 2, "cycles": 1, "set_aside": 2, "mutes": 1}
    for told in (dry, report):
        assert {name: told.counts[name] for name in log} == log
    assert len(ids(room, schema.mute)) == 3, "who muted without an end, or lately, still finds it"


def test_what_was_remembered_of_hosts_goes_once_they_are_not_asked_any_more(app: App, room: Newsroom) -> None:
    now = START + 90 * DAY
    room.now = now
    with room.database.write() as connection:
        for name, moment in (("long-ago", START), ("lately", now - DAY), ("still", now + DAY)):
            page_rows.keep_robots(connection, f"https://{name}.example", 404, "", moment)
            domains.close(connection, f"{name}.example", moment, "asked to")
            domains.take(connection, [f"{name}.example"], "one", moment, timedelta(minutes=2))
        domains.release(connection, {"long-ago.example": 5.0}, "one", START)
        domains.take(connection, ["its-holder-died.example"], "two", START, timedelta(minutes=2))
    counts = {"robots": 1, "domains": 1, "domain_leases": 2}
    for told in (run(app, room, apply=False), run(app, room)):
        assert {name: told.counts[name] for name in counts} == counts
    with room.database.read() as connection:
        assert set(connection.execute(select(schema.robots.c.origin)).scalars()) == {
            "https://lately.example", "https://still.example",
        }  # fmt: skip
        assert domains.gates(connection, now) == {"still.example": now + DAY}
        assert set(connection.execute(select(schema.domain_lease.c.name)).scalars()) == {
            "lately.example", "still.example",
        }  # fmt: skip
    assert {run(app, room).counts[name] for name in counts} == {0}


def test_a_stopped_run_leaves_whole_stories_and_goes_on_later(app: App, room: Newsroom) -> None:
    for number in range(450):
        room_article(room, f"a{number:03}", f"s{number // 3:03}")
    with room.database.write() as connection:
        connection.execute(schema.article.update().values(matched_revision=schema.article.c.revision))
    room.wait(days=40)
    calls = chain([False], repeat(True))
    first = run(app, room, stopped=lambda: next(calls))
    assert 200 <= first.counts["articles"] < 450
    with room.database.read() as connection:
        left = list(connection.execute(select(schema.article.c.story)).scalars())
    assert all(left.count(story) == 3 for story in set(left))
    assert run(app, room).counts["articles"] == 450 - first.counts["articles"]


def room_article(room: Newsroom, name: str, story: str) -> None:
    """An article without the index, for many."""
    with room.database.write() as connection:
        connection.execute(
            insert(schema.article).values(
                id=name, revision=1, url="u", feed="f", outlet="o", owner="o", side="third-party", control="private",
                country="GB", kind="news", title="t", text="t", text_hash="h", language="en",
                language_reason="declared", form="report", published=room.now, published_flag="stated",
                seen=room.now, version_seen=room.now, reason="live", tagged_text_hash="h", tag_count=1,
                grouped_tag_count=1, story=story,
            )
        )  # fmt: skip
        story_rows.create(connection, [NewStory(story, "t", name, room.now, room.now)])


def test_an_emptied_story_can_still_be_shown(app: App, room: Newsroom) -> None:
    room.article("a", labels=(label("issue:peace-talks"),))
    room.announce()
    room.wait(days=40)
    run(app, room)
    with room.database.read() as connection:
        assert story_rows.resolve(connection, "a") == "a"


@pytest.mark.parametrize(
    ("setting", "days"),
    [("keep_articles_days", 3), ("keep_log_days", 28), ("keep_messages_days", 1), ("keep_versions_days", 1)],
)
def test_an_age_below_what_running_needs_is_refused(settings: Settings, setting: str, days: int) -> None:
    opened = App(replace(settings, **{setting: days}))  # type: ignore[arg-type]
    try:
        with pytest.raises(SettingsError, match=setting):
            apply_retention(opened, lambda: NOON, apply=True)
    finally:
        opened.close()
