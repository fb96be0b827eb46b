"""Archives taken in: as history, with bad lines costing themselves, and again without harm."""

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pipeline.app import App
from pipeline.db import articles as article_rows
from pipeline.db import documents, schema
from pipeline.db.articles import Arrival
from pipeline.errors import SettingsError
from pipeline.search import search
from pipeline.steps import importing
from pipeline.steps.alerts import alert_desk
from pipeline.steps.importing import ImportReport, import_archive
from pipeline.types import Alert
from tests.samples import NOON, article

Clock = Callable[[], datetime]

RSS = """<rss version="2.0"><channel><title>{title}</title>
<item><title>Moscow rejects the truce</title><link>https://x.example/{n}</link>
<description>The Kremlin said no to a ceasefire.</description>
<pubDate>Mon, 05 Jun 2023 10:00:00 GMT</pubDate></item></channel></rss>"""


def line(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"n{number}", "outlet": "Elsewhere Daily", "url": f"https://elsewhere.example/{number}",
        "published": f"2023-06-05T{number % 24:02}:00:00Z", "title": f"Kremlin rejects truce offer {number}",
        "text": f"Moscow said no to a ceasefire for the {number}th time.", **changes,
    }  # fmt: skip


def write(path: Path, *lines: Mapping[str, Any] | str) -> Path:
    text = "\n".join(item if isinstance(item, str) else json.dumps(item) for item in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def rows(app: App) -> dict[str, Any]:
    with app.database.read() as connection:
        return {row.title: row for row in connection.execute(select(schema.article))}


def count(app: App, table: Any) -> int:
    with app.database.read() as connection:
        return len(connection.execute(select(table)).all())


def test_lines_are_taken_in_as_history_searchable_and_silent(app: App, clock: Clock, tmp_path: Path) -> None:
    desk = alert_desk(app)
    alert = Alert(0, "Rejections", "truce", ("a@example.org",), "instant", clock(), clock())
    desk.add(alert, clock() - timedelta(days=900))
    file = write(tmp_path / "archive.jsonl.gz", line(1), line(2, outlet="Harbour Post"))
    report = import_archive(app, file, clock)
    assert report == ImportReport(entries=2, new=2, tagged=2, indexed=2)
    first, second = rows(app).values()
    assert {first.reason, second.reason} == {"import"}
    assert {(row.outlet, row.owner, row.country) for row in (first, second)} == {
        ("Elsewhere Daily", "Elsewhere Daily", "XX"),
        ("Harbour Post", "Harbour Media", "GB"),
    }
    assert {row.seen for row in (first, second)} == {clock()}
    assert first.published == datetime(2023, 6, 5, 1, tzinfo=UTC)
    assert len(search(app, "actor:russia", now=clock()).documents) == 2
    assert count(app, schema.announced) > 0, "what history carries is known from now on"
    assert count(app, schema.notification) == count(app, schema.outbox) == 0


def test_a_bad_line_costs_itself_and_is_named_with_its_number(app: App, clock: Clock, tmp_path: Path) -> None:
    without_time = {key: value for key, value in line(3).items() if key != "published"}
    file = write(
        tmp_path / "a.jsonl",
        line(1), "{broken", "", "[1]", without_time, line(4, published="soon"), line(5, title=7),
        line(6, outlet=""), line(7, side="ours"), line(8, url="", id=""), line(9, title="", text=""), line(10),
    )  # fmt: skip
    report = import_archive(app, file, clock)
    assert (report.entries, report.new, report.bad) == (11, 2, 9)
    said = "\n".join(report.failures)
    for number, why in (
        (2, "property name"), (4, "not a JSON object"), (5, 'needs "published"'), (6, "soon"), (7, "string"),
        (8, "outlet"), (9, "not one of ukraine, russia"), (10, "url"), (11, ""),
    ):  # fmt: skip
        assert any(
            item.startswith(f"a.jsonl: line {number}: ") and why in item for item in report.failures
        ), (
            number,
            said,
        )


def test_an_import_that_was_killed_goes_on_behind_what_is_there(
    app: App, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "TRANSACTION", 10)
    monkeypatch.setattr(importing, "BEFORE_WORK", 20)
    file = write(tmp_path / "a.jsonl", *(line(number) for number in range(50)))
    calls = iter([False] * 3 + [True] * 99)
    first = import_archive(app, file, clock, stopped=lambda: next(calls))
    assert 0 < first.new < 50
    steps: list[tuple[int, int]] = []
    second = import_archive(app, file, clock, progress=lambda *step: steps.append(step))
    assert (second.known, second.new) == (first.new, 50 - first.new)
    assert steps[-1] == (file.stat().st_size, file.stat().st_size)
    before = rows(app)
    third = import_archive(app, file, clock)
    assert (third.known, third.new, third.tagged) == (50, 0, 0)
    assert rows(app) == before
    assert len(before) == 50


def test_an_archive_changes_nothing_that_is_known(app: App, clock: Clock, tmp_path: Path) -> None:
    live = article("Envoys meet", "They met for two hours.", source=app.feeds["harbour"])
    with app.database.write() as connection:
        article_rows.record(
            connection, app.feeds["harbour"], [live], Arrival(NOON, timedelta(days=1), last_success=NOON)
        )
    before = rows(app)
    older = line(1, outlet="Harbour Post", url=live.url, title="Envoys to meet", text="They will meet today.")
    elsewhere = line(
        2, url=live.url, title="Envoys meet", text="They met for two hours, at length and in full."
    )
    assert import_archive(app, write(tmp_path / "a.jsonl", older, elsewhere), clock).known == 2
    after = rows(app)
    assert after.keys() == before.keys()
    assert (after["Envoys meet"].reason, after["Envoys meet"].version) == ("live", 1)


def test_daily_reports_at_one_address_are_all_taken_in(app: App, clock: Clock, tmp_path: Path) -> None:
    texts = (
        "grid struck in Odesa by drones",
        "exchange of captives held at noon",
        "delegations leave for Jeddah",
    )
    lines = [
        line(day, id="", url="https://elsewhere.example/daily", title=text, text=f"{text} today",
             published=f"2023-06-0{day}T10:00:00Z")
        for day, text in enumerate(texts, start=1)
    ]  # fmt: skip
    file = write(tmp_path / "a.jsonl", *lines)
    assert import_archive(app, file, clock).new == 3
    assert import_archive(app, file, clock).known == 3


def test_a_folder_of_feed_documents_goes_to_the_feeds_it_is_named_after(
    app: App, clock: Clock, tmp_path: Path
) -> None:
    folder = tmp_path / "archive"
    (folder / "harbour").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("nothing of ours")
    (folder / "harbour" / "2023-06-05.xml").write_text(RSS.format(title="whatever", n=1))
    (folder / "other.xml.gz").write_bytes(gzip.compress(RSS.format(title="Neva Bulletin", n=2).encode()))
    (folder / "by-title.xml").write_text(RSS.format(title="Harbour Post", n=3))
    (folder / "page.html").write_text("<!DOCTYPE html><html><body>Hello</body></html>")
    (folder / "lines.jsonl").write_text(json.dumps(line(4)))
    (folder / "torn.xml.gz").write_bytes(gzip.compress(RSS.encode())[:60])
    report = import_archive(app, folder, clock)
    assert (report.new, report.bad) == (4, 2)
    assert sorted(item.split(":")[0] for item in report.failures) == ["page.html", "torn.xml.gz"]
    with app.database.read() as connection:
        found = connection.execute(
            select(schema.article.c.url, schema.article.c.feed, schema.article.c.outlet)
        )
        outlets = {row.url: (row.feed, row.outlet) for row in found}
    assert outlets["https://x.example/1"] == outlets["https://x.example/3"] == ("harbour", "Harbour Post")
    assert outlets["https://x.example/2"] == ("neva-bulletin", "Neva Bulletin")


def test_what_export_writes_import_reads_with_the_time_first_seen(
    app: App, clock: Clock, tmp_path: Path
) -> None:
    import_archive(app, write(tmp_path / "a.jsonl", line(1, side="russia", control="state")), clock)
    with app.database.read() as connection:
        exported = documents.archive(connection, "", 10)
    file = write(
        tmp_path / "b.jsonl", *(json.loads(json.dumps(item, default=datetime.isoformat)) for item in exported)
    )
    other = App(
        replace(app.settings, database_url=f"sqlite:///{tmp_path / 'other.db'}", index_url="", feeds="")
    )
    try:
        report = import_archive(other, file, lambda: clock() + timedelta(days=9))
        assert (report.new, report.bad) == (1, 0)
        (one,) = rows(other).values()
        (origin,) = rows(app).values()
        same = ("id", "url", "feed", "outlet", "side", "control", "title", "text", "published", "seen")
        assert [getattr(one, key) for key in same] == [getattr(origin, key) for key in same]
    finally:
        other.close()


def test_without_an_index_everything_is_taken_in_and_waits(app: App, clock: Clock, tmp_path: Path) -> None:
    lost = App(replace(app.settings, index_url="http://127.0.0.1:9"))
    try:
        report = import_archive(lost, write(tmp_path / "a.jsonl", line(1)), clock)
    finally:
        lost.close()
    assert (report.new, report.tagged, report.indexed) == (1, 1, 0)
    assert len(report.problems) == 1


def test_an_archive_that_is_not_there_is_a_wrong_argument(app: App, clock: Clock, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not there"):
        import_archive(app, tmp_path / "none.jsonl", clock)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError, match="holds no file"):
        import_archive(app, tmp_path / "empty", clock)
