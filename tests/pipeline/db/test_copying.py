"""Copies and backups: the same record, ids and all, in either kind of database; and nothing sent twice for it."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text, update

from pipeline.db import copying, migrate, outbox, schema
from pipeline.db.backup import backup_database
from pipeline.db.copying import copy_database
from pipeline.db.engine import Database, open_database
from pipeline.errors import DatabaseUnavailableError, SettingsError
from pipeline.index.sqlite import SqliteIndex
from tests import postgres
from tests.pipeline.newsroom import Newsroom, position

Open = Callable[[str], Database]


@pytest.fixture
def opened(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens an empty database of a kind; closes it at the end."""
    databases: list[Database] = []

    def make(kind: str) -> Database:
        path = tmp_path / f"other-{len(databases)}.db"
        url = f"sqlite:///{path}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
        databases.append(open_database(url))
        return databases[-1]

    yield make
    for database in databases:
        database.close()


def fill(database: Database, folder: Path) -> Newsroom:
    """A day's work: articles, labels, positions, stories, an alert that spoke, and a message that still waits."""
    folder.mkdir(exist_ok=True)
    room = Newsroom.open(database, folder)
    room.alert()
    room.article(
        "a",
        position("rejected", "russia"),
        title="Śmigłowiec над Києвом \U0001f681",
        embedding=b"\x00\xff\x01",
    )
    room.cycle()
    room.article("Zürich-b", position("accepted", "ukraine"))
    room.announce()
    return room


def contents(database: Database) -> dict[str, Any]:
    found = {}
    with database.read() as connection:
        for table in schema.metadata.sorted_tables:
            if table.name not in copying.LEFT_OUT:
                rows = connection.execute(select(table)).mappings()
                found[table.name] = sorted((sorted(row.items(), key=str) for row in rows), key=str)
    return found


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_copy_is_the_same_record_and_sends_nothing_again(
    database: Database, opened: Open, tmp_path: Path, kind: str
) -> None:
    if kind == "postgresql" and not database.is_sqlite:
        pytest.skip("one PostgreSQL database a test: copying between two is the same code as from SQLite")
    room = fill(database, tmp_path)
    target = opened(kind)
    steps: list[tuple[int, int]] = []
    report = copy_database(database, target, progress=lambda *step: steps.append(step))
    assert report.tables["article"].rows == 2
    assert steps[-1] == (2 * report.rows, 2 * report.rows)
    with database.write() as connection:  # the copy's index is yet to be made; all else is equal
        connection.execute(update(schema.article).values(indexed_revision=0))
    assert contents(target) == contents(database)
    moved = Newsroom(target, SqliteIndex(tmp_path / "moved.db"), room.now)
    moved.reindex()
    assert len(moved.cycle()) == 1, "what waited goes out, once"
    moved.article("c", position("rejected", "russia"), story="a")
    assert moved.cycle() == []
    moved.article("d", position("rejected", "ukraine"), story="d")
    assert len(moved.cycle()) == 1, "new rows get new ids"


def test_a_target_that_holds_something_is_refused_and_stays_as_it_is(
    sqlite_database: Database, opened: Open, tmp_path: Path
) -> None:
    fill(sqlite_database, tmp_path)
    target = opened("sqlite")
    copy_database(sqlite_database, target)
    before = contents(target)
    with pytest.raises(SettingsError, match="not empty"):
        copy_database(sqlite_database, target)
    with pytest.raises(SettingsError, match="same database"):
        copy_database(sqlite_database, sqlite_database)
    assert contents(target) == before


def test_a_row_that_cannot_be_copied_leaves_the_target_empty(
    sqlite_database: Database, opened: Open, tmp_path: Path
) -> None:
    fill(sqlite_database, tmp_path)
    with sqlite_database.write() as connection:
        connection.execute(update(schema.article).values(title="a NUL \x00 that PostgreSQL refuses"))
    target = opened("postgresql")
    with pytest.raises(DatabaseUnavailableError, match="table article"):
        copy_database(sqlite_database, target)
    assert not any(contents(target).values())


def test_a_copy_that_differs_is_not_kept(
    sqlite_database: Database, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_database, tmp_path)
    target = opened("sqlite")
    migrate.upgrade(target)
    with target.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER spoil AFTER INSERT ON label BEGIN UPDATE label SET score = 0.5; END"
        )
    with pytest.raises(DatabaseUnavailableError, match="table label reads differently"):
        copy_database(sqlite_database, target)
    assert not any(contents(target).values())


def test_what_is_written_during_a_copy_is_not_torn_into_it(
    sqlite_database: Database, opened: Open, tmp_path: Path
) -> None:
    room = fill(sqlite_database, tmp_path)
    target = opened("sqlite")

    def write_meanwhile(done: int, _total: int) -> None:
        if done < 5:
            with sqlite_database.write() as connection:
                connection.execute(
                    insert(schema.set_aside).values(
                        step="tag", subject=f"late {done}", reason="x", at=room.now
                    )
                )

    copy_database(sqlite_database, target, progress=write_meanwhile)
    with target.read() as connection:
        assert connection.execute(select(func.count()).select_from(schema.set_aside)).scalar_one() == 0


def test_a_backup_of_a_file_in_use_is_whole_and_opens_as_it_is(
    sqlite_database: Database, tmp_path: Path
) -> None:
    room = fill(sqlite_database, tmp_path)
    stop = threading.Event()

    def write_on() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with sqlite_database.write() as connection:
                for step in ("first", "second"):
                    connection.execute(
                        insert(schema.set_aside).values(
                            step=step, subject=f"{number}", reason="x" * 500, at=room.now
                        )
                    )

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        reports = [backup_database(sqlite_database, tmp_path / f"copy-{number}.db") for number in range(5)]
    finally:
        stop.set()
        writer.join()
    for report in reports:
        restored = open_database(f"sqlite:///{report.file}")
        with restored.read() as connection:
            steps = connection.execute(
                select(schema.set_aside.c.step, func.count()).group_by(schema.set_aside.c.step)
            ).all()
            assert len({count for _step, count in steps}) <= 1, "a transaction is in it whole or not at all"
        articles = contents(restored)["article"]
        assert len(articles) == 2
        restored.close()
    assert not list(tmp_path.glob("*.partial"))


def test_a_backup_is_brought_back_by_the_command_it_names(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'it is mine.db'}")
    migrate.upgrade(database)
    fill(database, tmp_path / "index")
    before = contents(database)
    report = backup_database(database, tmp_path / "b.db")
    with database.write() as connection:
        connection.execute(text("DELETE FROM article"))
    database.close()
    subprocess.run(report.restore, shell=True, check=True)  # the very line that people are told
    assert contents(database) == before
    database.close()


def test_a_backup_never_overwrites(sqlite_database: Database, tmp_path: Path) -> None:
    fill(sqlite_database, tmp_path)
    backup_database(sqlite_database, tmp_path / "b.db")
    with pytest.raises(SettingsError, match="there already"):
        backup_database(sqlite_database, tmp_path / "b.db")
    with pytest.raises(SettingsError, match="no folder"):
        backup_database(sqlite_database, tmp_path / "none" / "b.db")


def test_a_dump_of_postgresql_is_brought_back_by_the_command_it_names(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = postgres.programs()
    assert programs is not None
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    database = open_database(postgres_url)
    migrate.upgrade(database)
    room = fill(database, tmp_path)
    before = contents(database)
    report = backup_database(database, tmp_path / "all.dump")
    assert report.kind == "pg_dump"
    with database.write() as connection:
        connection.execute(text("DELETE FROM article"))
        connection.execute(
            insert(schema.thread).values(id="t", title="t", first_seen=room.now, last_seen=room.now)
        )
    subprocess.run(report.restore, shell=True, check=True)  # the very line that people are told
    assert contents(database) == before
    again = Newsroom(database, SqliteIndex(tmp_path / "index.db"), room.now + timedelta(minutes=1))
    assert len(again.cycle()) == 1
    with database.read() as connection:
        assert outbox.status(connection).states == {"sent": 2}
    database.close()


def test_without_pg_dump_it_says_what_to_run_and_shows_no_password(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    database = open_database(postgres_url.replace("postgres@", "postgres:secret@"))
    with pytest.raises(SettingsError, match=r"pg_dump --format=custom") as caught:
        backup_database(database, tmp_path / "all.dump")
    assert "secret" not in str(caught.value)
    assert not list(tmp_path.glob("all*"))
    database.close()
