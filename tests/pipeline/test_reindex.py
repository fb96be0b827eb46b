"""The index made again from the database, and the two compared."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from pipeline import reindex
from pipeline.db import schema
from pipeline.db.engine import Database
from pipeline.index import sqlite_rebuild
from pipeline.index.fields import Searchable
from pipeline.query.nodes import All, Query
from pipeline.types import Document
from tests.pipeline.newsroom import Newsroom

EVERYTHING = Query("*", All())


@pytest.fixture
def room(sqlite_database: Database, tmp_path: Path) -> Newsroom:
    made = Newsroom.open(sqlite_database, tmp_path)
    for number in range(7):
        made.article(f"a{number}")
    return made


def ids(room: Newsroom) -> set[str]:
    return {hit.id for hit in room.index.stream(EVERYTHING)}


def test_rebuild_says_how_far_it_is_and_ends_with_every_article(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindex, "BATCH", 3)
    room.index.clear()
    assert list(reindex.rebuild(room.database, room.index)) == [7, 3, 6, 7]
    assert ids(room) == {f"a{number}" for number in range(7)}


def test_interrupted_rebuild_leaves_the_old_index_and_goes_on_where_it_stopped(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindex, "BATCH", 3)
    before = room.index.info().generation
    begun = reindex.rebuild(room.database, room.index)
    assert [next(begun), next(begun)] == [7, 3]
    begun.close()
    assert room.index.info().generation == before
    assert len(ids(room)) == 7
    assert list(reindex.rebuild(room.database, room.index)) == [7, 6, 7]
    assert room.index.info().building is None


def test_article_that_the_new_index_cannot_take_is_set_aside_with_its_reason(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch, clock: Callable[[], datetime]
) -> None:
    take_apart = sqlite_rebuild.searchable

    def refusing(document: Document) -> Searchable:
        if document.id == "a3":
            raise ValueError("its title is too long")
        return take_apart(document)

    monkeypatch.setattr(sqlite_rebuild, "searchable", refusing)
    *_, done = reindex.rebuild(room.database, room.index, clock)
    assert done == 7
    assert ids(room) == {"a0", "a1", "a2", "a4", "a5", "a6"}
    with room.database.read() as connection:
        (row,) = connection.execute(select(schema.set_aside))
    assert (row.step, row.subject, row.reason, row.at) == ("index", "a3", "its title is too long", clock())


def test_check_names_what_is_missing_and_what_should_be_gone_and_repair_mends_it(room: Newsroom) -> None:
    assert not reindex.check(room.database, room.index).differs
    room.index.clear()
    with room.database.read() as connection:
        kept = reindex.documents.by_ids(connection, ["a1", "a2", "a4", "a5", "a6"])
    room.index.put(kept)
    with room.database.write() as connection:
        connection.execute(delete(schema.article).where(schema.article.c.id == "a6"))
    found = reindex.check(room.database, room.index, repair=True)
    assert (found.articles, found.missing, found.behind, found.stray) == (6, ("a0", "a3"), (), ("a6",))
    room.reindex()
    assert not reindex.check(room.database, room.index).differs
    assert ids(room) == {f"a{number}" for number in range(6)}
