"""What only the SQLite index must do: share its file with other processes, know its version, keep its columns right."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import IndexUnavailableError, SettingsError
from pipeline.index import columns, sqlite_schema
from pipeline.index.columns import CHUNK, LiveColumn, MultiColumn, SingleColumn, TimeColumn
from pipeline.index.open import open_index
from pipeline.index.sqlite import SqliteIndex
from pipeline.query.nodes import Query
from tests.pipeline.index.corpus import documents

ROOT = Path(__file__).resolve().parents[3]
Parse = Callable[[str], Query]

WRITER = """
import sys
from pathlib import Path
from pipeline.index.sqlite import SqliteIndex
from tests.pipeline.index.corpus import documents
part = int(sys.argv[2])
index = SqliteIndex(Path(sys.argv[1]))
for start in range(part, 300, 20):
    index.put(documents(400)[start : start + 10])
"""


def test_several_processes_and_threads_use_one_file_at_once(tmp_path: Path, query: Parse) -> None:
    path = tmp_path / "shared.db"
    index = SqliteIndex(path)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(part)], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
        )
        for part in (0, 10)
    ]
    failures: list[Exception] = []

    def read() -> None:
        try:
            while any(writer.poll() is None for writer in writers):
                everything = query("*")
                count = index.count(everything).value
                assert count <= index.count(everything).value
                index.facets(query("truce OR kyiv"), ["actor"])
        except Exception as error:  # noqa: BLE001  # whatever it is, the test must show it
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    assert [writer.wait() for writer in writers] == [0, 0]
    for reader in readers:
        reader.join()
    assert failures == []
    assert index.count(query("*")).value == 300


def test_cached_answers_follow_the_writes_of_another_process(tmp_path: Path, query: Parse) -> None:
    first, second = SqliteIndex(tmp_path / "i.db"), SqliteIndex(tmp_path / "i.db")
    for count in (10, 20, 30):
        second.put(documents(count))
        assert first.count(query("*")).value == count
        assert first.count(query("the OR -the")).value == count
        assert sum(value.count for value in first.facets(query("*"), ["side"])["side"]) == count


def test_articles_beyond_one_chunk_are_counted_and_ordered(
    tmp_path: Path, query: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sqlite_read", "sqlite_write", "sqlite_hits", "sqlite", "columns"):
        monkeypatch.setattr(f"pipeline.index.{module}.CHUNK", 64)
    monkeypatch.setattr("pipeline.index.columns.CHUNK_BYTES", 8)
    index = SqliteIndex(tmp_path / "i.db")
    corpus = documents(400)
    index.put(corpus)
    assert index.count(query("*")).value == 400
    newest = sorted(corpus, key=lambda document: (-document.published.timestamp(), document.id))
    assert [hit.id for hit in index.search(query("*"), limit=400).hits] == [
        document.id for document in newest
    ]
    assert sum(bucket.count for bucket in index.histogram(query("*"), "week")) == 400
    assert sum(value.count for value in index.facets(query("*"), ["outlet"])["outlet"]) == 400


def test_index_of_another_version_says_that_it_must_be_rebuilt(
    tmp_path: Path, query: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "i.db"
    SqliteIndex(path).put(documents(5))
    monkeypatch.setattr(sqlite_schema, "SCHEMA", 999)
    index = SqliteIndex(path)
    assert "another version" in (index.info().rebuild_needed or "")
    with pytest.raises(IndexUnavailableError, match="ceasefire reindex"):
        index.search(query("*"))
    with pytest.raises(IndexUnavailableError, match="ceasefire reindex"):
        index.put(documents(1))
    rebuild = index.rebuild()
    index.put(documents(6)[5:])
    rebuild.put(documents(5))
    rebuild.finish()
    assert index.info().rebuild_needed is None
    assert index.count(query("*")).value == 6


def test_rebuild_killed_while_it_tidied_up_leaves_nothing_behind_in_the_end(tmp_path: Path) -> None:
    path = tmp_path / "i.db"
    index = SqliteIndex(path)
    index.put(documents(3))
    with sqlite3.connect(path) as connection:
        left = sqlite_schema.create(connection)
    index.rebuild().finish()
    with sqlite3.connect(path) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
    assert not [name for name in tables if f"_{left}_" in name or "_1_" in name]


def test_rebuild_that_another_process_ended_stops(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "i.db")
    rebuild = index.rebuild()
    index.rebuild().finish()
    with pytest.raises(IndexUnavailableError, match="begin again"):
        rebuild.put(documents(1))


def test_index_shares_a_file_with_other_tables(tmp_path: Path, query: Parse) -> None:
    path = tmp_path / "record.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE article (id TEXT)")
        connection.execute("INSERT INTO article VALUES ('kept')")
    index = SqliteIndex(path)
    index.put(documents(3))
    index.clear()
    index.rebuild().finish()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT id FROM article").fetchall() == [("kept",)]
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE sql IS NOT NULL")
        ]
    assert all(name == "article" or name.startswith("search_") for name in names)


def test_damaged_file_and_missing_folder_are_named(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(IndexUnavailableError, match=r"broken\.db.*damaged"):
        SqliteIndex(tmp_path / "broken.db")
    with pytest.raises(IndexUnavailableError, match="folder exists"):
        SqliteIndex(tmp_path / "nowhere" / "i.db")


def test_lock_that_lasts_too_long_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "i.db"
    SqliteIndex(path)
    monkeypatch.setattr(sqlite_schema, "BUSY_TIMEOUT_S", 0.05)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(IndexUnavailableError, match="another process writes"):
        SqliteIndex(path).put(documents(1))
    holder.execute("ROLLBACK")
    holder.close()


def test_write_that_fails_midway_leaves_nothing_of_its_batch(
    tmp_path: Path, query: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = SqliteIndex(tmp_path / "i.db")
    index.put(documents(5))

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("pipeline.index.sqlite_write._Writer.finish", full)
    with pytest.raises(IndexUnavailableError, match="disk is full"):
        index.put(documents(9))
    monkeypatch.undo()
    assert index.count(query("*")).value == 5
    assert len(index.put(documents(9)).written) == 4


def test_index_is_opened_by_its_url(tmp_path: Path) -> None:
    index = open_index(f"sqlite:///{tmp_path}/a%20b.db")
    assert index.info().where == str(tmp_path / "a b.db")
    index.close()
    for url in ("sqlite://", "sqlite:///", "sqlite:///:memory:", "ftp://host/index", ""):
        with pytest.raises(SettingsError):
            open_index(url)


@settings(deadline=None)  # machines are busy; this tests no speed
@given(
    st.lists(st.tuples(st.integers(0, CHUNK - 1), st.sets(st.integers(1, 70_000), max_size=4)), max_size=30)
)
def test_columns_remember_the_last_values_of_each_place(puts: list[tuple[int, set[int]]]) -> None:
    multi, single, live, moments = MultiColumn(), SingleColumn(), LiveColumn(), TimeColumn()
    held: dict[int, set[int]] = {}
    for place, values in puts:
        multi.put(place, sorted(values))
        single.put(place, sorted(values)[:1])
        live.put(place, bool(values))
        moments.put(place, len(values))
        held[place] = values
    multi, single = MultiColumn.loaded(multi.dumped()), SingleColumn.loaded(single.dumped())
    live, moments = LiveColumn.loaded(live.dumped()), TimeColumn.loaded(moments.dumped())
    everywhere = columns.bits_of(np.arange(CHUNK))
    for number in {value for values in held.values() for value in values}:
        having = [place for place, values in held.items() if number in values]
        first = [place for place, values in held.items() if values and min(values) == number]
        assert columns.places_in(multi.holding([number])).tolist() == sorted(having)
        assert columns.places_in(single.holding([number])).tolist() == sorted(first)
        for among in (everywhere, columns.bits_of(sorted(held))):
            assert counted(multi, among)[number] == len(having)
            assert counted(single, among).get(number, 0) == len(first)
    assert columns.places_in(live.bits).tolist() == sorted(place for place, values in held.items() if values)
    three = [place for place, values in held.items() if len(values) == 3]
    assert columns.places_in(moments.between(3, 4)).tolist() == sorted(three)


def counted(column: MultiColumn | SingleColumn, among: columns.Bits) -> dict[int, int]:
    tally = columns.Tally()
    column.count(among, columns.places_in(among), tally)
    return dict(tally.most(1_000))


def test_a_tally_keeps_the_highest_counts_and_all_that_equal_the_last_of_them() -> None:
    tally = columns.Tally()
    tally.add(np.array([3, 200, 7], dtype=np.int32), np.array([4, 9, 2]))
    tally.add(slice(0, 8), np.array([0, 0, 0, 0, 4, 0, 0, 2]))
    assert sorted(tally.most(2)) == [(3, 4), (4, 4), (7, 4), (200, 9)]
    assert tally.most(1) == [(200, 9)]
    assert sorted(tally.most(100)) == [(3, 4), (4, 4), (7, 4), (200, 9)]
    assert tally.most(0) == []
