"""Replay: entries of the past through the real pipeline on a simulated clock, the same every time."""

import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.replay import PastEntry, ReplayReport, feeds_by_outlet, read_entries, replay, replay_app
from pipeline.settings import Settings

WORDS_ONLY = Settings(tagger="aliases")
"""The backend without a model: what is replayed here needs none."""

ALERT = '[[alert]]\nname = "Dam"\nquery = "dam OR tama"\n'

ENTRIES = [
    ("e1", "River Post", "en", "02:10", "Museum of clocks reopens", "Visitors came from afar."),
    (
        "e2",
        "River Post",
        "en",
        "04:03",
        "Dam on the Velda bursts, villages flooded",
        "The dam broke at night.",
    ),
    (
        "e3",
        "Kurier",
        "pl",
        "04:20",
        "Pękła tama na Weldzie. Zalane wsie",
        "Tama pękła w nocy, trwa ewakuacja.",
    ),
    (
        "e4",
        "Daily Bell",
        "en",
        "05:40",
        "Flooded villages wait for boats after Velda dam breaks",
        "Rescue goes on.",
    ),
    ("e5", "Daily Bell", "en", "07:15", "Cup final: Veldania win on penalties", "The striker scored twice."),
]


@pytest.fixture
def entries(tmp_path: Path) -> Path:
    """The entries as a file, out of order, as archives are."""
    path = tmp_path / "day.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        for name, outlet, lang, clock, title, text in reversed(ENTRIES):
            fields = {
                "id": name, "outlet": outlet, "url": f"https://news.example/{name}", "lang": lang, "title": title,
                "published": f"2023-06-06T{clock}:00Z", "text": text,
            }  # fmt: skip
            lines.write(json.dumps(fields, ensure_ascii=False) + "\n")
    return path


@pytest.fixture
def alerts(tmp_path: Path) -> Path:
    path = tmp_path / "alerts.toml"
    path.write_text(ALERT, encoding="utf-8")
    return path


def run(folder: Path, entries: Path, alerts: Path) -> tuple[ReplayReport, dict[str, bytes]]:
    """A replay into a folder of its own; returns the report and the mails by file name."""
    folder.mkdir()
    with replay_app(folder, WORDS_ONLY) as app:
        report = replay(app, read_entries(entries), alerts=[alerts])
    return report, {path.name: path.read_bytes() for path in sorted((folder / "mail").glob("*.eml"))}


def test_an_alert_fires_once_and_within_one_cycle_of_the_first_report(
    tmp_path: Path, entries: Path, alerts: Path
) -> None:
    report, mails = run(tmp_path / "one", entries, alerts)
    assert report.mails_by_day["2023-06-06"]["Dam"] == 1
    assert len(mails) == 1
    assert "04:15" in next(iter(mails.values())).decode("utf-8", "replace")
    assert report.latency(1.0) == 12.0


def test_two_replays_send_the_same_messages(tmp_path: Path, entries: Path, alerts: Path) -> None:
    assert run(tmp_path / "one", entries, alerts)[1] == run(tmp_path / "two", entries, alerts)[1]


def test_the_report_counts_what_came_of_it(tmp_path: Path, entries: Path, alerts: Path) -> None:
    report, _ = run(tmp_path / "one", entries, alerts)
    assert (report.entries, report.articles, report.stories, report.set_aside) == (5, 5, 3, 0)
    assert report.end - report.begin == timedelta(hours=5, minutes=15)


def test_a_line_of_another_year_costs_a_week_of_the_clock_and_no_more(
    tmp_path: Path, entries: Path, alerts: Path
) -> None:
    with gzip.open(entries, "at", encoding="utf-8") as lines:
        lines.write(
            '{"id": "e0", "outlet": "River Post", "title": "Clock stopped", "published": "1999-12-31"}\n'
        )
    report, mails = run(tmp_path / "one", entries, alerts)
    assert report.mails_by_day["2023-06-06"]["Dam"] == 1
    assert "04:15" in next(iter(mails.values())).decode("utf-8", "replace")
    assert report.cycles < 8 * 24


def test_a_folder_that_holds_a_replay_is_not_overwritten(tmp_path: Path, entries: Path, alerts: Path) -> None:
    run(tmp_path / "one", entries, alerts)
    with pytest.raises(InputError, match="new database"), replay_app(tmp_path / "one", WORDS_ONLY):
        pass


def test_outlets_get_their_side_from_the_feed_list(tmp_path: Path, entries: Path, alerts: Path) -> None:
    feeds = tmp_path / "feeds.toml"
    feeds.write_text(
        '[[feed]]\nurl = "https://kurier.example/rss"\noutlet = "Kurier"\nowner = "Press House"\ncountry = "PL"\n'
        'side = "ukraine"\nlanguage = "pl"\nkind = "news"\n',
        encoding="utf-8",
    )
    (tmp_path / "one").mkdir()
    with replay_app(tmp_path / "one", WORDS_ONLY) as app:
        replay(app, read_entries(entries), feeds=feeds_by_outlet(feeds), alerts=[alerts])
        with app.database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT DISTINCT outlet, owner, side FROM article ORDER BY outlet"
            ).all()
    assert [tuple(row) for row in rows] == [
        ("Daily Bell", "Daily Bell", "third-party"),
        ("Kurier", "Press House", "ukraine"),
        ("River Post", "River Post", "third-party"),
    ]


@pytest.mark.parametrize(
    "line", ["no json", "{}", '{"id": "a", "outlet": "o", "title": "t", "published": "soon"}']
)
def test_a_line_that_is_no_entry_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 1"):
        list(read_entries(path))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        list(read_entries(tmp_path / "none.jsonl"))


def test_nothing_to_replay_is_an_error(tmp_path: Path) -> None:
    none: list[PastEntry] = []
    with replay_app(tmp_path, WORDS_ONLY) as app, pytest.raises(InputError, match="no entry"):
        replay(app, none)
