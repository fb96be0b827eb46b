"""`ceasefire search --like` and `export QUERY`, as people and scripts use them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert, update

from pipeline.cli.main import main
from pipeline.db import migrate, schema
from pipeline.db.engine import open_database
from pipeline.db.tags import embedding_bytes
from pipeline.index.sqlite import SqliteIndex
from tests.pipeline.newsroom import Newsroom, label


class Archive:
    """Articles with vectors in a SQLite file that holds record and index, and the commands over it."""

    def __init__(self, folder: Path) -> None:
        path = folder / "ceasefire.db"
        self.url = f"sqlite:///{path}"
        self.database = open_database(self.url)
        migrate.upgrade(self.database)
        self.room = Newsroom(self.database, SqliteIndex(path))

    def add(self, name: str, angle: float | None = None, actor: str = "russia", **facts: Any) -> None:
        """An article whose vector stands at this angle (degrees) from the axis; None: it has none."""
        if angle is not None:
            turned = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))], dtype=np.float32)
            facts |= {"embedding": embedding_bytes(turned), "tagged_model_hash": "f" * 64}
        self.room.article(name, labels=(label(f"actor:{actor}"),), **facts)
        self.room.wait(minutes=1)

    def __call__(self, *arguments: str, code: int = 0) -> Result:
        environment = {"CEASEFIRE_DATABASE_URL": self.url, "CEASEFIRE_TAGGER": "aliases"}
        result = CliRunner().invoke(main, list(arguments), env=environment)
        assert result.exit_code == code, (result.output, result.exception)
        return result

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self(*arguments).stdout.splitlines()]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(tmp_path)
    yield made
    made.room.index.close()
    made.database.close()


def test_articles_like_one_come_nearest_first_with_their_cosine(archive: Archive) -> None:
    for name, angle in (("here", 0.0), ("far", 80.0), ("near", 10.0), ("unread", None)):
        archive.add(name, angle)
    archive.add("nearest", 5.0, actor="ukraine")
    found = archive.lines("search", "--like", "here", "--json")
    assert [(line["id"], line["cosine"]) for line in found] == [
        ("nearest", pytest.approx(0.9962, abs=5e-4)),
        ("near", pytest.approx(0.9848, abs=5e-4)),
        ("far", pytest.approx(0.1736, abs=5e-4)),
    ]
    assert [line["id"] for line in archive.lines("search", "actor:russia", "--like", "here", "--json")] == [
        "near",
        "far",
    ]
    assert "nearest to here" in archive("search", "--like", "here").stdout
    now = archive.room.now
    with (
        archive.database.write() as connection
    ):  # an id that was printed before its article was merged into another
        connection.execute(
            insert(schema.tombstone).values(article="old", revision=2, seen=now, at=now, merged_into="here")
        )
    assert archive.lines("search", "--like", "old", "--json") == found


def test_like_an_article_that_is_not_there_or_has_no_embedding_is_told(archive: Archive) -> None:
    archive.add("unread")
    assert "There is no article 'gone'" in archive("search", "--like", "gone", code=2).stderr
    assert "no embedding" in archive("search", "--like", "unread", code=2).stderr


def test_more_articles_than_a_page_are_all_shown(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.search._PAGE", 3)
    monkeypatch.setattr("pipeline.index.sqlite._STREAMED_AT_ONCE", 2)
    for number in range(7):
        archive.add(f"a{number}")
    newest_first = [f"a{number}" for number in range(6, -1, -1)]
    assert [line["id"] for line in archive.lines("search", "--limit", "50", "--json")] == newest_first
    assert [line["id"] for line in archive.lines("search", "--limit", "5", "--json")] == newest_first[:5]


def test_export_of_a_query_writes_whole_articles_the_newest_first(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.cli.export.BATCH", 2)
    for number in range(5):
        archive.add(f"a{number}", actor="russia" if number % 2 else "ukraine", angle=float(number))
    everything = archive.lines("export", "--json")
    assert [line["id"] for line in everything] == ["a0", "a1", "a2", "a3", "a4"]
    found = archive.lines("export", "actor:ukraine")
    assert [line["id"] for line in found] == ["a4", "a2", "a0"]
    assert found[1] == everything[2]
    assert archive.lines("export", "actor:iaea") == []
    assert "did you mean" in archive("export", "actor:ukrane", code=2).stderr


LONG, NEAR, OTHER = "3f9c2a7b51d0e684aa01c2d4", "3f9c2a7b51ffffffaa01c2d4", "77aa01c2d4e6f80911223344"


def test_a_hit_leads_to_its_article_by_the_letters_that_the_table_shows(archive: Archive) -> None:
    archive.add(LONG)
    archive.add(OTHER, story=LONG)
    listed = archive("search", "actor:russia").stdout
    assert {LONG[:10], OTHER[:10]} <= set(listed.split())
    assert "`ceasefire show ID` shows one" in listed
    for shown in (OTHER[:10], OTHER[:4], OTHER):
        assert f"article {OTHER}, story {LONG}" in archive("show", shown).stdout
    assert OTHER[:10] in archive("story", "show", LONG[:10]).stdout, "what `story split` asks for"
    archive("corrections", "add", OTHER[:10], "issue:ceasefire-terms", "right")
    (said,) = archive.lines("corrections", "list", "--json")
    assert said["article"] == OTHER


def test_a_beginning_that_several_ids_share_names_them(archive: Archive) -> None:
    for name in (LONG, NEAR, OTHER):
        archive.add(name)
    refused = archive("show", LONG[:10], code=2).stderr
    assert f"more than one article: {LONG}, {NEAR}" in refused
    assert f"article {NEAR}," in archive("show", NEAR[:11]).stdout
    assert "There is no article '0000'" in archive("show", "0000", code=2).stderr
    assert "There is no article '3_9c'" in archive("show", "3_9c", code=2).stderr, "no pattern is meant"


def test_stories_are_listed_the_latest_first_within_a_period(archive: Archive) -> None:
    assert "no story yet" in archive("story", "list").stdout
    archive.add(LONG)
    archive.room.wait(days=2)
    archive.add(OTHER)
    archive.add("third", story=OTHER)
    stories = archive.lines("story", "list", "--json")
    assert [(one["id"], one["articles"]) for one in stories] == [(OTHER, 2), (LONG, 1)]
    assert list(stories[0]) == ["id", "title", "first_seen", "last_seen", "articles", "status", "thread"]
    since = archive.lines("story", "list", "--since", "2025-03-20", "--json")
    until = archive.lines("story", "list", "--until", "2025-03-20", "--json")
    assert [[one["id"] for one in found] for found in (since, until)] == [[OTHER], [LONG]]
    assert len(archive.lines("story", "list", "--limit", "1", "--json")) == 1
    assert OTHER[:10] in archive("story", "list").stdout
    assert "no story in this time" in archive("story", "list", "--since", "1d").stdout
    wrong = archive("story", "list", "--since", "2025-03-20", "--until", "2025-03-19", code=2).stderr
    assert "nothing lies between 2025-03-20 and 2025-03-19" in wrong


def test_threads_are_listed_the_latest_first_within_a_period(archive: Archive) -> None:
    assert "no thread yet" in archive("thread", "list").stdout
    for name in (LONG, OTHER):
        archive.add(name)
        with archive.database.write() as connection:
            connection.execute(
                insert(schema.thread).values(
                    id=name, title=f"Matter {name}", first_seen=archive.room.now, last_seen=archive.room.now
                )
            )
            connection.execute(update(schema.story).where(schema.story.c.id == name).values(thread=name))
        archive.room.wait(days=3)
    archive("thread", "name", LONG[:10], "Istanbul round")
    archive("thread", "follow", LONG[:10])
    threads = archive.lines("thread", "list", "--json")
    assert [(one["id"], one["name"], one["stories"], one["followed"]) for one in threads] == [
        (OTHER, None, 1, False),
        (LONG, "Istanbul round", 1, True),
    ]
    (late,) = archive.lines("thread", "list", "--since", "2025-03-20", "--json")
    assert late["id"] == OTHER
    assert f"Istanbul round: Matter {LONG}" in " ".join(archive("thread", "list").stdout.split())
    assert f"story {LONG[:10]}" in archive("thread", "show", "Istanbul round").stdout
