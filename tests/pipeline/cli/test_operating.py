"""The operator's commands as they are typed: what they print, what they leave, and how they end."""

import json
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.pipeline.cli.test_commands import Desk, desk

__all__ = ["desk"]

LINE = json.dumps(
    {
        "id": "1", "outlet": "Elsewhere", "url": "https://elsewhere.example/1", "published": "2023-06-05T10:00:00Z",
        "title": "Kremlin rejects truce", "text": "Moscow said no to a ceasefire.",
    }
)  # fmt: skip


def archive(folder: Path, *lines: str) -> str:
    path = folder / "archive.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def test_an_archive_is_imported_found_and_named_line_by_line_where_it_is_broken(desk: Desk) -> None:
    file = archive(desk.folder, LINE, "{broken")
    result = desk("import", file, code=1)
    assert "2 read: 1 new, 0 known already, 1 not readable; 1 tagged, 1 indexed" in result.stdout
    assert "error: archive.jsonl: line 2:" in result.stderr
    (found,) = desk.lines("search", "truce", "--json")
    assert found["outlet"] == "Elsewhere"
    (again,) = desk.lines("import", file, "--json", code=1)
    assert (again["known"], again["new"], again["bad"]) == (1, 0, 1)
    assert "is not there" in desk("import", "missing.jsonl", code=2).stderr


def test_the_stories_of_an_archive_make_a_thread_by_their_own_dates(desk: Desk) -> None:
    told = {
        "2025-02-12T09:00:00Z": "Russia rejects 30-day ceasefire proposal by Ukraine",
        "2025-02-20T09:00:00Z": "Russia again rejects 30-day ceasefire proposal of Ukraine",
        "2025-02-21T09:00:00Z": "Council votes on bridge tolls in Northern Ireland",
        "2025-03-01T09:00:00Z": "Kremlin refuses unconditional 30-day ceasefire: Russia rejects proposal",
    }
    lines = [
        json.dumps({"id": day, "outlet": "Elsewhere", "published": day, "title": title, "text": ""})
        for day, title in told.items()
    ]
    desk("import", archive(desk.folder, *lines))
    (thread,) = desk.lines("thread", "list", "--json")
    assert (thread["first_seen"], thread["last_seen"]) == ("2025-02-12T09:00:00Z", "2025-03-01T09:00:00Z")
    chronology = desk("thread", "show", thread["id"][:10]).stdout
    days = [line[:10] for line in chronology.splitlines() if line.startswith("2025-")]
    assert days == ["2025-02-12", "2025-02-20", "2025-03-01"]
    since = desk.lines("story", "list", "--since", "2025-02-15", "--until", "2025-02-28", "--json")
    assert [story["last_seen"] for story in since] == ["2025-02-21T09:00:00Z", "2025-02-20T09:00:00Z"]


def test_a_replay_fills_the_new_database_that_is_named_and_no_other(desk: Desk) -> None:
    file = archive(desk.folder, LINE)
    (desk.folder / "past").mkdir()
    url = f"sqlite:///{desk.folder / 'past' / 'one day.db'}"
    output = desk("replay", file, "--db", url).stdout
    assert f"`ceasefire search --db {shlex.quote(url)}` searches it" in output
    assert len(desk.lines("search", "truce", "--json", "--db", url)) == 1
    assert desk.lines("search", "--json") == [], "the database at work is left alone"
    assert "needs a new SQLite file" in desk("replay", file, "--db", url, code=2).stderr
    assert "leave --index out" in desk("replay", file, "--index", url, code=2).stderr


def test_retag_says_what_another_model_had_tagged(desk: Desk) -> None:
    desk("run")
    assert "nothing to do" in desk("retag").stdout
    desk.environment["CEASEFIRE_TAXONOMY"] = "gaza"
    (report,) = desk.lines("retag", "--since", "30d", "--json")
    assert (report["total"], report["retagged"], report["grouped"], report["indexed"]) == (3, 3, 3, 3)
    assert "nothing to do" in desk("retag").stdout
    assert "did you mean issue:" in desk("retag", "--only", "issue:hostage", code=2).stderr
    assert "nothing lies between" in desk("retag", "--since", "1d", "--until", "2d", code=2).stderr


def test_retention_is_a_dry_run_unless_it_is_told_to_apply(desk: Desk) -> None:
    desk("run")
    output = desk("retention").stdout
    assert "would go" in output
    assert "articles: kept for ever" in output
    (report,) = desk.lines("retention", "--apply", "--json")
    assert report["applied"] is True
    assert set(report["counts"].values()) == {0}
    desk.environment["CEASEFIRE_KEEP_ARTICLES_DAYS"] = "2"
    assert "at least 7 days" in desk("retention", code=2).stderr


def test_room_that_deleted_rows_left_goes_back_to_the_disk_when_somebody_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk("run")
    file = desk.folder / "ceasefire.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE ballast (bytes BLOB)")
        connection.executemany("INSERT INTO ballast VALUES (zeroblob(?))", [(4000,)] * 500)
        connection.execute("DROP TABLE ballast")
    assert "are empty" not in desk("retention", "--apply").stdout, "two MB are not worth the wait"
    monkeypatch.setattr("pipeline.db.room.WORTH_BYTES", 2**20)
    assert "`ceasefire db vacuum` gives them back" in desk("retention", "--apply").stdout
    before = file.stat().st_size
    (report,) = desk.lines("db", "vacuum", "--json")
    assert report["file"] == str(file)
    assert report["after"]["free_bytes"] == 0
    assert file.stat().st_size == report["after"]["size_bytes"] < before - 1_500_000
    assert len(desk.lines("search", "--json")) == 3
    assert "are empty" not in desk("retention", "--apply").stdout
    monkeypatch.setattr("pipeline.db.room.COPIES", 10**9)
    refused = desk("db", "vacuum", code=3).stderr
    assert "cannot be written anew: that needs" in refused
    monkeypatch.undo()
    monkeypatch.setattr("pipeline.db.room.BUSY_TIMEOUT_MS", 50)
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert "Stop `watch`" in desk("db", "vacuum", code=3).stderr


def test_health_names_what_is_unwell_mails_the_operator_once_and_ends_with_one(desk: Desk) -> None:
    desk("run")
    assert "1 feed, 0 of them unwell" in desk("health").stdout
    desk.environment["CEASEFIRE_OPERATOR_MAIL"] = "operator@example.org"
    with closing(sqlite3.connect(desk.folder / "ceasefire.db")) as connection, connection:
        connection.execute(
            "UPDATE feed SET failures = 3, failure = 'http-4xx', failure_detail = 'answer 404'"
        )
    output = desk("health", code=1).stdout
    assert "harbour" in output
    assert "3 polls failed in a row" in output
    assert "the operator was mailed" in output
    (finding,) = desk.lines("health", "--json", code=1)
    assert (finding["subject"], finding["state"], finding["changed"]) == ("harbour", "failing", False)
    assert len(list((desk.folder / "mail").rglob("*.eml"))) == 1


def test_a_backup_and_a_copy_open_as_databases_of_their_own(desk: Desk) -> None:
    desk("run")
    backup = desk.folder / "b.db"
    (restore,) = [line for line in desk("db", "backup", str(backup)).stdout.splitlines() if "rm -f" in line]
    assert shlex.split(restore)[-1] == str(desk.folder / "ceasefire.db")
    assert len(desk.lines("search", "--json", "--db", f"sqlite:///{backup}")) == 3
    assert "is there already" in desk("db", "backup", str(backup), code=2).stderr
    target = f"sqlite:///{desk.folder / 'copy.db'}"
    assert "rows copied to" in desk("db", "copy", target).stdout
    assert "not empty" in desk("db", "copy", target, code=2).stderr
    third = f"sqlite:///{desk.folder / 'third.db'}"
    (report,) = desk.lines("db", "copy", target, third, "--json")
    assert (report["target"], report["tables"]["article"]["rows"]) == (third, 3)
    missing = f"sqlite:///{desk.folder / 'mispelt.db'}"
    assert "mispelt.db is not there" in desk("db", "copy", missing, third, code=2).stderr
    assert "one database to copy into, or two" in desk("db", "copy", target, third, "x", code=2).stderr
    desk("run", "--db", target)
    assert len(desk.lines("search", "--json", "--db", target)) == 3


def test_an_entry_that_an_import_of_feeds_refuses_shows_in_the_exit_code(desk: Desk) -> None:
    opml = (
        '<opml version="2.0"><body>{}'
        '<outline type="rss" text="New" xmlUrl="https://new.example/rss"/>'
        '<outline type="rss" text="New" xmlUrl="https://new.example/rss"/></body></opml>'
    )
    file = desk.folder / "list.opml"
    file.write_text(opml.format(""), encoding="utf-8")
    assert "1 feed added" in desk("feeds", "import", str(file)).stdout, "a second mention is no failure"
    file.write_text(
        opml.format('<outline type="rss" text="Mine" xmlUrl="file:///etc/passwd"/>'), encoding="utf-8"
    )
    result = desk("feeds", "import", str(file), code=1)
    assert "2 left out" in result.stdout
    assert "file:///etc/passwd" in result.stderr


def test_the_next_commands_go_to_the_database_that_was_named(desk: Desk) -> None:
    url = f"sqlite:///{desk.folder / 'named one.db'}"
    output = desk("run", "--db", url).stdout
    commands = [
        line for line in output[output.index("Next:") :].splitlines() if line.startswith("  ceasefire")
    ]
    assert [command.split("--db")[0].split(maxsplit=1)[1].strip() for command in commands[2:]] == [
        "serve", "alert list", "feeds check", "watch",
    ]  # fmt: skip
    assert all(f"--db {shlex.quote(url)}" in command for command in commands)
    assert "--db" not in desk("run").stdout
    other = f"sqlite:///{desk.folder / 'an empty one.db'}"
    assert (
        f"`ceasefire alert add --db {shlex.quote(other)}` makes one"
        in desk("alert", "list", "--db", other).stdout
    )
    desk("alert", "add", "Plans", "actor:russia", "--to", "you@example.org", "--db", other)
    paused = desk("alert", "pause", "Plans", "--db", other).stdout
    assert f"`ceasefire alert resume Plans --db {shlex.quote(other)}` opens it again" in paused
