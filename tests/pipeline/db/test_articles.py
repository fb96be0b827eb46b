"""Taking articles in: nothing twice, nothing lost, edits as versions, and who may alert."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from pipeline.db import articles, schema
from pipeline.db.articles import Arrival, Recorded
from pipeline.db.engine import Database
from pipeline.types import Article, Feed
from tests.samples import NOON, article, feed

DAY = timedelta(days=1)


def arrival(now: datetime = NOON, **changes: Any) -> Arrival:
    facts: dict[str, Any] = {"horizon": DAY, "last_success": NOON - timedelta(hours=1), **changes}
    return Arrival(now=now, **facts)


def take_in(database: Database, *given: Article, source: Feed | None = None, **changes: Any) -> Recorded:
    with database.write() as connection:
        return articles.record(connection, source or feed(), given, arrival(**changes))


def stored(database: Database) -> list[Any]:
    with database.read() as connection:
        return list(
            connection.execute(select(schema.article).order_by(schema.article.c.seen, schema.article.c.id))
        )


def versions(database: Database) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(schema.version).order_by(schema.version.c.number)))


def test_taking_the_same_document_in_twice_changes_nothing(database: Database) -> None:
    first, second = article("Envoys meet"), article("Grid struck")
    assert take_in(database, first, second).new == [first.id, second.id]
    before = stored(database)
    again = take_in(database, first, second, now=NOON + DAY)
    assert (again.new, again.changed, again.known) == ([], [], 2)
    assert stored(database) == before


def test_an_edit_becomes_a_version_and_is_queued_for_tagging(database: Database) -> None:
    take_in(database, article("Envoys meet", "They met for two hours in Jeddah."))
    with database.write() as connection:
        connection.execute(schema.article.update().values(tagged_text_hash="x"))
    later = NOON + timedelta(hours=2)
    edited = article("Envoys meet", "They met for three hours in Jeddah and will meet again.", seen=later)
    assert take_in(database, edited, now=later).changed == [edited.id]
    (row,) = stored(database)
    assert (row.version, row.revision, row.tagged_text_hash, row.reason) == (2, 2, None, "live")
    assert row.version_seen == later
    assert row.text.startswith("They met for three hours")
    assert [version.text[:18] for version in versions(database)] == [
        "They met for two h",
        "They met for three",
    ]


def test_a_change_of_spaces_and_case_is_no_edit(database: Database) -> None:
    take_in(database, article("Envoys meet", "They met for two hours."))
    assert take_in(database, article("ENVOYS meet", "They met  for two hours")).known == 1


def test_two_feeds_that_tell_one_address_differently_do_not_flip_it(database: Database) -> None:
    link = "https://harbour-post.example/truce"
    world, europe = feed("harbour-world"), feed("harbour-europe")
    one = article("Truce offered", "Kyiv backs a truce of thirty days.", link=link, guid="1")
    two = article("Truce offered", "Moscow studies it.", link=link, guid="2")
    take_in(database, one, source=world)
    take_in(database, two, source=europe)
    before = stored(database)
    for hour in range(1, 4):
        for source, told in ((world, one), (europe, two)):
            assert take_in(database, told, source=source, now=NOON + timedelta(hours=hour)).changed == []
    assert stored(database) == before
    assert before[0].text == one.text


def test_a_fuller_text_from_another_feed_is_shown_without_a_new_version(database: Database) -> None:
    link = "https://harbour-post.example/truce"
    take_in(database, article("Truce offered", "Kyiv backs it.", link=link), source=feed("short"))
    full = article(
        "Truce offered", "", link=link, content="<p>Kyiv backs it.</p><p>Moscow studies the plan.</p>"
    )
    take_in(database, full, source=feed("full"))
    (row,) = stored(database)
    assert "Moscow studies the plan." in row.text
    assert (row.version, row.revision) == (1, 2)


def test_a_new_address_with_a_known_guid_is_the_same_article(database: Database) -> None:
    take_in(database, article("Truce offered", "Kyiv backs a truce.", guid="7", link="https://a.example/old"))
    moved = article("Truce offered", "Kyiv backs a truce.", guid="7", link="https://a.example/new")
    assert take_in(database, moved).known == 1
    assert len(stored(database)) == 1
    elsewhere = article("Truce offered", "Kyiv backs a truce.", guid="another", link="https://a.example/new")
    assert take_in(database, elsewhere, source=feed("second")).known == 1


def test_a_guid_used_again_for_another_text_is_a_new_article(database: Database) -> None:
    take_in(
        database,
        article("Truce offered", "Kyiv backs a truce of a month.", guid="7", link="https://a.example/1"),
    )
    other = article("Grid struck", "Drones hit substations overnight.", guid="7", link="https://a.example/2")
    assert take_in(database, other).new == [other.id]
    assert len(stored(database)) == 2


def test_a_daily_report_at_one_address_is_a_new_article_each_day(database: Database) -> None:
    link = "https://staff.example/daily"
    monday = article("Losses and strikes, Monday", "Twelve drones fell near Sumy.", link=link, guid=None)
    tuesday_text = "Shelling hit Nikopol; nobody was hurt there."
    tuesday = article(
        "Report for Tuesday", tuesday_text, link=link, guid=None, published=NOON + DAY, seen=NOON + DAY
    )
    take_in(database, monday)
    assert len(take_in(database, tuesday, now=NOON + DAY).new) == 1
    assert len(stored(database)) == 2
    assert take_in(database, tuesday, now=NOON + DAY).known == 1


def test_one_guid_for_all_entries_of_a_document_identifies_none(database: Database) -> None:
    given = [
        article(f"News number {n}", f"Text {n} of the day.", guid="0", link=f"https://a.example/{n}")
        for n in range(3)
    ]
    assert len(take_in(database, *given).new) == 3
    assert take_in(database, *given).known == 3


def test_an_entry_that_names_two_known_articles_makes_them_one(database: Database) -> None:
    text = "Both sides agreed to halt strikes on the grid for thirty days."
    take_in(database, article("Grid truce agreed", text, guid="1", link="https://a.example/one"))
    take_in(database, article("Grid truce agreed", text, guid="2", link="https://a.example/two"))
    joint = article("Grid truce agreed", text, guid="1", link="https://a.example/two")
    assert take_in(database, joint).merged == 1
    assert len(stored(database)) == 1
    assert (
        take_in(database, article("Grid truce agreed", text, guid="2", link="https://a.example/one")).known
        == 1
    )


def test_a_removed_article_that_returns_is_known_and_silent(database: Database) -> None:
    told = article("Truce offered", "Kyiv backs a truce.")
    take_in(database, told)
    with database.write() as connection:
        assert articles.remove(connection, [told.id], NOON) == 1
    back = take_in(database, told)
    assert (back.new, back.known) == ([], 1)
    assert stored(database) == []


@pytest.mark.parametrize(
    ("changes", "circumstances", "reason"),
    [
        ({}, {}, "live"),
        ({}, {"first_fetch": True}, "first-fetch"),
        ({"published": NOON - 2 * DAY}, {}, "old"),
        ({"published": None}, {}, "live"),
        ({"published": None}, {"last_success": NOON - 3 * DAY}, "undated"),
        ({}, {"given": "import"}, "import"),
        ({}, {"given": "backfill", "first_fetch": True}, "backfill"),
    ],
)
def test_whether_it_may_alert_is_decided_when_it_is_recorded(
    database: Database, changes: dict[str, Any], circumstances: dict[str, Any], reason: str
) -> None:
    take_in(database, article(**changes), **circumstances)
    assert [row.reason for row in stored(database)] == [reason]
    assert [version.reason for version in versions(database)] == [reason]


@pytest.mark.parametrize(
    ("zone", "hours_ago", "reason"),
    [
        ("UTC", 12 + 24, "live"),  # yesterday's date, and noon now: it may be of last night
        ("America/New_York", 12 - 4 + 24, "live"),  # midnight there
        ("UTC", 12 - 4 + 24, "old"),  # four in the morning is a time
        ("UTC", 12 + 48, "old"),
    ],
)
def test_a_date_without_a_time_may_be_of_the_days_end(
    database: Database, zone: str, hours_ago: int, reason: str
) -> None:
    told = article(published=NOON - timedelta(hours=hours_ago))
    take_in(database, told, source=replace(feed(), time_zone=zone))
    assert [row.reason for row in stored(database)] == [reason]


def test_history_stays_history_when_it_is_edited(database: Database) -> None:
    take_in(database, article("Old truce", "It held for a week."), given="import")
    take_in(database, article("Old truce", "It held for ten days, then ended."), now=NOON + DAY)
    assert stored(database)[0].reason == "import"


def test_a_text_that_keeps_changing_gets_a_bounded_number_of_versions(database: Database) -> None:
    for number in range(8):
        told = article(
            "Live: the talks",
            f"Update {number}. The delegations speak.",
            seen=NOON + timedelta(minutes=number),
        )
        take_in(database, told, now=NOON + timedelta(minutes=number), versions_per_day=5)
    (row,) = stored(database)
    assert "Update 7" in row.text
    assert len(versions(database)) == 5
