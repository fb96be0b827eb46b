"""Judgements and visits in the database, on both kinds."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from pipeline.db import judgement, schema, visits
from pipeline.db import stories as story_rows
from pipeline.db.engine import Database
from pipeline.db.stories import NewStory
from pipeline.errors import NotFoundError, SettingsError


@pytest.fixture
def stories(database: Database, now: datetime) -> Database:
    with database.write() as connection:
        story_rows.create(connection, [NewStory(name, name, name, now, now) for name in ("one", "two")])
    return database


def test_the_last_verdict_stands_and_remembers_the_one_before(stories: Database, now: datetime) -> None:
    with stories.write() as connection:
        judgement.add(connection, "verdict", "one", "unverified", author="olena", now=now)
        second = judgement.add(connection, "verdict", "one", "confirmed", author="ivan", now=now)
        standing = judgement.of_story(connection, "one")
    assert standing.verdict == second
    assert second.old == "unverified"


def test_taking_a_verdict_back_lets_the_one_before_stand(stories: Database, now: datetime) -> None:
    with stories.write() as connection:
        first = judgement.add(connection, "verdict", "one", "unverified", author="olena", now=now)
        second = judgement.add(connection, "verdict", "one", "false", author="olena", now=now)
        judgement.undo(connection, second.id, author="ivan", now=now)
        assert judgement.of_story(connection, "one").verdict == first
        assert judgement.log(connection, 10)[0].undone_by == "ivan"
        with pytest.raises(NotFoundError):
            judgement.undo(connection, second.id, author="ivan", now=now)


def test_judgements_follow_a_story_into_the_one_it_is_merged_into(stories: Database, now: datetime) -> None:
    with stories.write() as connection:
        judgement.add(connection, "tag", "one", "  swap  ", author="olena", now=now)
        judgement.add(connection, "note", "two", "", note="Ask.", author="olena", now=now)
        story_rows.merge(connection, "one", "two", now)
        standing = judgement.of_story(connection, "two")
        assert [tag.value for tag in standing.tags] == ["swap"]
        assert [note.note for note in standing.notes] == ["Ask."]
        assert judgement.tagged(connection, "swap", 10) == ["two"]


def test_a_tag_is_given_once(stories: Database, now: datetime) -> None:
    with stories.write() as connection:
        first = judgement.add(connection, "tag", "one", "swap", author="olena", now=now)
        assert judgement.add(connection, "tag", "one", "swap", author="ivan", now=now) == first
        assert judgement.tag_counts(connection) == {"swap": 1}


@pytest.mark.parametrize(
    ("kind", "value", "note"),
    [("verdict", "perhaps", ""), ("tag", " ", ""), ("tag", "x" * 61, ""), ("note", "", " ")],
)
def test_what_cannot_be_a_judgement_is_refused(
    stories: Database, now: datetime, kind: str, value: str, note: str
) -> None:
    with stories.write() as connection, pytest.raises(SettingsError):
        judgement.add(connection, kind, "one", value, note=note, author="olena", now=now)  # type: ignore[arg-type]


def test_an_unknown_story_cannot_be_judged(stories: Database, now: datetime) -> None:
    with stories.write() as connection, pytest.raises(NotFoundError):
        judgement.add(connection, "tag", "three", "swap", author="olena", now=now)


def test_a_visit_ends_after_half_an_hour_without_a_request(database: Database, now: datetime) -> None:
    minute = timedelta(minutes=1)
    with database.write() as connection:
        assert visits.new_since(connection, "olena", now) is None
        visits.note(connection, "olena", now)
        assert visits.new_since(connection, "olena", now + minute) is None, "the first visit goes on"
        visits.note(connection, "olena", now + 10 * minute)
        assert visits.new_since(connection, "olena", now + 50 * minute) == now + 10 * minute
        visits.note(connection, "olena", now + 50 * minute)
        assert visits.new_since(connection, "olena", now + 51 * minute) == now + 10 * minute, (
            "it holds for the visit"
        )
        visits.forget(connection, "olena", now + 52 * minute)
        assert visits.new_since(connection, "olena", now + 53 * minute) == now + 52 * minute


def test_readers_have_visits_of_their_own(database: Database, now: datetime) -> None:
    with database.write() as connection:
        connection.execute(insert(schema.visit).values(reader="ivan", last=now - timedelta(days=1)))
        assert visits.new_since(connection, "olena", now) is None
        assert visits.new_since(connection, "ivan", now) == now - timedelta(days=1)
