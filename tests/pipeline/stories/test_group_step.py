"""The step in the database: queue, lock, merges, hand-made judgements, and what was announced going along."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

import pytest
from sqlalchemy import Connection, select

from classifiers.types import Position
from pipeline.db import corrections, locks, schema, tags, tellings
from pipeline.db import stories as rows
from pipeline.db import threads as thread_rows
from pipeline.db.engine import Database
from pipeline.db.standings import standing_of
from pipeline.errors import NotFoundError, SettingsError
from pipeline.steps.group import GroupReport, Window, group_tagged, merge_stories, split_story
from tests.pipeline.stories import articles as desk

Clock = Callable[[], datetime]

QUAKE = {
    "q1": ("Strong earthquake hits Lorvania, dozens killed", "Houses fell in the capital Brenitza.", 0),
    "q2": ("Brenitza quake: rescuers search for survivors", "Dozens died in the earthquake in Lorvania.", 2),
    "q3": ("Lorvania mourns victims of the earthquake", "The quake near Brenitza killed 48 people.", 6),
}
BANK = ("Central bank of Veldania leaves the interest rate alone", "Inflation fell again in spring.", 1)


def write(database: Database, *names: str) -> None:
    with database.write() as connection:
        for name in names:
            title, text, hours = QUAKE.get(name, BANK)
            desk.write_article(connection, name, title, text, hours=hours)


def stories(database: Database) -> dict[str, str]:
    with database.read() as connection:
        found = connection.execute(select(schema.article.c.id, schema.article.c.story)).all()
    return {row.id: row.story for row in found}


def test_articles_of_one_event_get_one_story(database: Database, clock: Clock) -> None:
    write(database, *QUAKE, "bank")
    report = group_tagged(database, clock)
    assert stories(database) == {"q1": "q1", "q2": "q1", "q3": "q1", "bank": "bank"}
    assert (report.grouped, report.new_stories) == (4, 2)


def test_a_second_call_finds_nothing_to_do(database: Database, clock: Clock) -> None:
    write(database, *QUAKE)
    group_tagged(database, clock)
    assert group_tagged(database, clock).grouped == 0


def test_a_cold_window_groups_as_a_warm_one(database: Database, clock: Clock) -> None:
    window = Window()
    for name in ("q1", "bank", "q2"):
        write(database, name)
        group_tagged(database, clock, window=window)
    write(database, "q3")
    group_tagged(database, clock, window=Window())
    assert stories(database)["q3"] == "q1"


def test_tagging_anew_moves_nothing_and_raises_no_revision(database: Database, clock: Clock) -> None:
    write(database, *QUAKE, "bank")
    group_tagged(database, clock)
    before = stories(database)
    with database.write() as connection:
        for name in (*QUAKE, "bank"):
            desk.retag(connection, name)
        revision = desk.revision_of(connection, "q2")
    report = group_tagged(database, clock)
    assert (report.grouped, stories(database)) == (4, before)
    with database.read() as connection:
        assert desk.revision_of(connection, "q2") == revision


class Overtaken(Window):
    """A window that loses its race once: an article is tagged anew just after the batch was read."""

    def sync(self, connection: Connection, batch: Sequence[tellings.Ungrouped]) -> None:
        super().sync(connection, batch)
        if batch[0].tag_count == 1:
            with self.database.write() as other:
                desk.retag(other, batch[0].id)

    database: Database


def test_an_article_whose_tagging_is_overtaken_is_grouped_again(database: Database, clock: Clock) -> None:
    write(database, "q1")
    window = Overtaken()
    window.database = database
    report = group_tagged(database, clock, window=window)
    assert (report.grouped, report.overtaken) == (1, 1)
    with database.read() as connection:
        assert tellings.count_ungrouped(connection) == 0
        assert desk.story_of(connection, "q1") == "q1"


def test_grouping_waits_for_the_lock_that_deciding_takes(database: Database, clock: Clock) -> None:
    write(database, "q1")
    reports: list[GroupReport] = []
    grouping = threading.Thread(target=lambda: reports.append(group_tagged(database, clock)))
    with locks.exclusive(database, locks.DECIDE, "another process"):
        grouping.start()
        grouping.join(0.5)
        assert reports == []
    grouping.join()
    assert [report.grouped for report in reports] == [1]


def test_cycles_at_once_never_make_two_stories_of_one_event(database: Database, clock: Clock) -> None:
    start = threading.Barrier(3)

    def cycle(name: str) -> None:
        start.wait()
        write(database, name)
        group_tagged(database, clock)

    cycles = [threading.Thread(target=cycle, args=(name,)) for name in QUAKE]
    for one in cycles:
        one.start()
    for one in cycles:
        one.join()
    group_tagged(database, clock)
    assert len(set(stories(database).values())) == 1
    with database.read() as connection:
        living = select(schema.story.c.id).where(schema.story.c.merged_into.is_(None))
        assert len(connection.execute(living).all()) == 1


def test_stories_merged_by_hand_redirect_and_stay_merged(database: Database, clock: Clock) -> None:
    write(database, *QUAKE, "bank")
    group_tagged(database, clock)
    with database.write() as connection:
        alert = desk.write_alert(connection, clock())
        desk.say(connection, alert, "bank", "accepted:-:russia", clock())
        desk.say(connection, alert, "q1", "rejected:-:russia", clock())
    assert merge_stories(database, "bank", "q1", "desk", clock) == "q1"
    with database.write() as connection:
        assert rows.resolve(connection, "bank") == "q1"
        assert desk.announced(connection, "q1") == {"accepted:-:russia", "rejected:-:russia"}
        desk.retag(connection, "bank")
    group_tagged(database, clock)
    assert stories(database)["bank"] == "q1"


def test_a_merged_story_keeps_its_mutes_and_the_mails_that_later_ones_reply_to(
    database: Database, clock: Clock
) -> None:
    write(database, "q1", "bank")
    group_tagged(database, clock)
    with database.write() as connection:
        alert = desk.write_alert(connection, clock())
        connection.execute(
            schema.notification.insert().values(
                alert=alert, story="bank", kind="instant", subject="news", content={}, created=clock()
            )
        )
        connection.execute(schema.mute.insert().values(kind="story", value="bank", created=clock()))
    merge_stories(database, "bank", "q1", "desk", clock)
    with database.read() as connection:
        assert connection.execute(select(schema.notification.c.story)).scalar_one() == "q1"
        assert connection.execute(select(schema.mute.c.value)).scalar_one() == "q1"


def test_a_split_copies_what_was_announced_and_stays_split(database: Database, clock: Clock) -> None:
    write(database, *QUAKE)
    group_tagged(database, clock)
    with database.write() as connection:
        alert = desk.write_alert(connection, clock())
        desk.say(connection, alert, "q1", "rejected:-:russia", clock())
    new = split_story(database, "q1", ["q3"], "desk", clock)
    with database.write() as connection:
        assert desk.announced(connection, new) == desk.announced(connection, "q1") == {"rejected:-:russia"}
        for name in QUAKE:
            desk.retag(connection, name)
    group_tagged(database, clock)
    assert stories(database) == {"q1": "q1", "q2": "q1", "q3": new}


def test_a_split_must_leave_an_article_and_name_members(database: Database, clock: Clock) -> None:
    write(database, "q1", "bank")
    group_tagged(database, clock)
    for wrong in (["q1"], ["bank"], []):
        with pytest.raises(NotFoundError):
            split_story(database, "q1", wrong, "desk", clock)


def test_merging_twice_or_into_itself_changes_nothing(database: Database, clock: Clock) -> None:
    write(database, "q1", "bank")
    group_tagged(database, clock)
    assert merge_stories(database, "bank", "q1", "desk", clock) == "q1"
    assert merge_stories(database, "bank", "q1", "desk", clock) == "q1"
    assert merge_stories(database, "q1", "bank", "desk", clock) == "q1"
    with pytest.raises(NotFoundError):
        merge_stories(database, "none", "q1", "desk", clock)


def test_an_edited_article_takes_its_emptied_story_along(database: Database, clock: Clock) -> None:
    write(database, "q1", "q2", "bank")
    group_tagged(database, clock)
    with database.write() as connection:
        alert = desk.write_alert(connection, clock())
        desk.say(connection, alert, "bank", "accepted:-:russia", clock())
        desk.retag(connection, "bank", "Brenitza earthquake: survivors found, dozens killed in Lorvania")
    group_tagged(database, clock)
    assert stories(database)["bank"] in ("q1", "bank")
    with database.read() as connection:
        assert "accepted:-:russia" in desk.announced(connection, stories(database)["bank"])


def test_an_edited_article_that_joins_another_story_takes_along_what_was_told_of_it(
    database: Database, clock: Clock
) -> None:
    write(database, *QUAKE, "bank")
    group_tagged(database, clock)
    refusal = Position("rejected", ("russia",), (), None, 0.9, "Moscow says no.")
    with database.write() as connection:
        alert = desk.write_alert(connection, clock())
        desk.say(connection, alert, "q1", "rejected:-:russia", clock())
        desk.say(connection, alert, "q1", "accepted:-:ukraine", clock())
        tags.replace_labels(connection, "q3", (), (refusal,))
        desk.retag(
            connection,
            "q3",
            "Central bank of Veldania leaves the interest rate alone again",
            "Inflation in Veldania fell again in spring, the central bank says.",
        )
    group_tagged(database, clock)
    assert stories(database) == {"q1": "q1", "q2": "q1", "q3": "bank", "bank": "bank"}
    with database.read() as connection:
        assert desk.announced(connection, "bank") == {"rejected:-:russia"}, "and no more than it tells itself"


def test_the_verdict_joins_the_thread_of_the_trial(database: Database, clock: Clock) -> None:
    with database.write() as connection:
        desk.write_article(connection, "t1", "Trial of businessman Orlenko for treason opens")
        desk.write_article(connection, "t2", "Orlenko sentenced to 12 years for treason", hours=60)
    group_tagged(database, clock)
    assert stories(database) == {"t1": "t1", "t2": "t2"}
    with database.write() as connection:
        table = schema.story.c
        threads = {row.id: row.thread for row in connection.execute(select(table.id, table.thread))}
        assert threads == {"t1": "t1", "t2": "t1"}
        assert thread_rows.stories_of(connection, "t1") == ["t1", "t2"]
        thread_rows.name(connection, "t1", "Orlenko case")
        thread_rows.follow(connection, "t1")
        found = thread_rows.find(connection, "Orlenko case")
        assert (found.id, found.followed) == ("t1", True)
        with pytest.raises(NotFoundError):
            thread_rows.find(connection, "none")


def two_trials(database: Database, clock: Clock) -> None:
    """Two threads of two stories each, a trial and its verdict: Orlenko1 and 2, Vestrik1 and 2."""
    with database.write() as connection:
        for case, deed in (
            ("Orlenko", "embezzlement of museum gold"),
            ("Vestrik", "smuggling of rare parrots"),
        ):
            desk.write_article(connection, f"{case}1", f"Trial of {case} for {deed} opens")
            desk.write_article(connection, f"{case}2", f"{case} sentenced for {deed}", hours=60)
    group_tagged(database, clock)


def test_a_thread_name_is_given_once(database: Database, clock: Clock) -> None:
    two_trials(database, clock)
    with database.write() as connection:
        thread = schema.thread.c.id
        first, *others = connection.execute(select(thread).order_by(thread)).scalars().all()
        thread_rows.name(connection, first, "The gold")
        for other in others:
            with pytest.raises(SettingsError):
                thread_rows.name(connection, other, "The gold")


@pytest.mark.parametrize("followed", ["Orlenko1", "Vestrik1"])
def test_a_story_of_two_threads_stays_in_the_one_that_is_followed(
    database: Database, clock: Clock, followed: str
) -> None:
    two_trials(database, clock)
    with database.write() as connection:
        thread_rows.follow(connection, followed)
        before = desk.revision_of(connection, "Vestrik2")
    merge_stories(database, "Orlenko2", "Vestrik2", "desk", clock)
    with database.read() as connection:
        assert "Vestrik2" in thread_rows.stories_of(connection, followed), "who follows it still hears of it"
        searched_anew = desk.revision_of(connection, "Vestrik2") > before
        assert searched_anew == (followed == "Orlenko1"), "its own articles are in another thread now"


def test_a_story_stands_as_its_articles_say(database: Database, clock: Clock) -> None:
    write(database, *QUAKE, "bank")
    group_tagged(database, clock)
    with database.read() as connection:
        assert standing_of(connection, "bank").status == "single-source"
        assert len(standing_of(connection, "q1").sources) == 3
        table = schema.story.c
        status = {row.id: row.status for row in connection.execute(select(table.id, table.status))}
    assert status == {"q1": None, "bank": "single-source"}


def test_an_old_archive_does_not_open_the_stories_of_today(database: Database, clock: Clock) -> None:
    write(database, "q1")
    with database.write() as connection:
        desk.write_article(connection, "old", *QUAKE["q2"][:2], hours=-24 * 200)
    group_tagged(database, clock)
    assert stories(database) == {"q1": "q1", "old": "old"}


HALVES = (
    "Engineers in Brenitza found cracks in eleven bridges after the earthquake and closed them to lorries for a month.",
    "The government of Lorvania asks its neighbours for tents, blankets and field hospitals for nine thousand people.",
)


def copies(database: Database) -> dict[str, str | None]:
    with database.read() as connection:
        found = connection.execute(select(schema.article.c.id, schema.article.c.copy_of)).all()
    return {row.id: row.copy_of for row in found}


def test_a_text_that_joins_two_trimmed_copies_makes_them_one_group(database: Database, clock: Clock) -> None:
    title = "Earthquake in Lorvania: Brenitza counts its dead"
    window = Window()
    texts = {"left": HALVES[0], "right": HALVES[1], "whole": " ".join(HALVES)}
    for hour, (name, text) in enumerate(texts.items()):
        with database.write() as connection:
            desk.write_article(connection, name, title, text, hours=hour)
        group_tagged(database, clock, window=window)
        if name == "right":
            assert copies(database) == {"left": None, "right": None}
            with database.read() as connection:
                before = desk.revision_of(connection, "right")
    assert copies(database) == {"left": None, "right": "left", "whole": "left"}
    with database.read() as connection:
        assert desk.revision_of(connection, "right") == before + 1, "the index hears of it"
    assert group_tagged(database, clock, window=window).grouped == 0


def test_a_copy_that_comes_after_a_correction_follows_it_once(database: Database, clock: Clock) -> None:
    write(database, "q1")
    group_tagged(database, clock)
    with database.write() as connection:
        said = corrections.add(
            connection, "q1", "issue:humanitarian", "missing", labels={"issue:humanitarian"}, author="olena", now=clock()
        )  # fmt: skip
        desk.write_article(connection, "again", *QUAKE["q1"][:2], hours=3)
        desk.write_article(connection, "bank", *BANK[:2], hours=3)
    group_tagged(database, clock)
    with database.read() as connection:
        assert [item.article for item in corrections.followers(connection, said.id)] == ["again"]
        held = tags.labels_of(connection, ["again", "bank"])
        assert "issue:humanitarian" in [label.label for label in held["again"]]
        assert "issue:humanitarian" not in [label.label for label in held["bank"]]
    with database.write() as connection:
        (follower,) = corrections.followers(connection, said.id)
        corrections.undo(connection, follower.id, clock())
        desk.retag(connection, "again")
    group_tagged(database, clock)
    with database.read() as connection:
        assert "again" not in corrections.for_articles(connection, ["again"]), "what was taken back stays so"
    with database.write() as connection:
        desk.write_article(connection, "third", *QUAKE["q1"][:2], hours=4)
    group_tagged(database, clock)
    with database.write() as connection:
        assert len(corrections.for_articles(connection, ["third"])["third"]) == 1
        corrections.undo(connection, said.id, clock())
        assert not corrections.for_articles(connection, ["q1", "again", "third"])
