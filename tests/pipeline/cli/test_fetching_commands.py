"""What an operator and an analyst see of fetching: edits word by word, finds by hand, feeds that are there already."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.cli.feeds import page_words
from pipeline.cli.main import main
from pipeline.db import articles as article_rows
from pipeline.db import feeds as feed_rows
from pipeline.db import migrate
from pipeline.db.articles import Arrival
from pipeline.db.engine import Database, open_database
from tests.samples import FEED, NOON, article

Run = Callable[..., Result]
LINK = "https://harbour-post.example/talks"


@pytest.fixture
def opened(tmp_path: Path) -> Database:
    database = open_database(f"sqlite:///{tmp_path / 'c.db'}")
    migrate.upgrade(database)
    return database


@pytest.fixture
def run(tmp_path: Path, opened: Database) -> Run:
    (tmp_path / "feeds.toml").write_text(
        '[[feed]]\nname = "harbour-post"\nurl = "https://harbour-post.example/rss"\noutlet = "Harbour Post"\n'
        'owner = "Harbour Media"\ncountry = "GB"\nside = "third-party"\nlanguage = "en"\nkind = "news"\n',
        encoding="utf-8",
    )

    def invoke(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner(env={"CEASEFIRE_TAGGER": "aliases"}).invoke(
            main, [*arguments, "--db", f"sqlite:///{tmp_path / 'c.db'}"], input=stdin
        )

    return invoke


def take_in(database: Database, title: str, text: str, hours: int, **changes: object) -> str:
    seen = NOON + timedelta(hours=hours)
    made = article(title, text, seen=seen, link=LINK, guid="talks", **changes)
    with database.write() as connection:
        feed_rows.sync(connection, [FEED])
        article_rows.record(connection, FEED, [made], Arrival(seen, timedelta(days=1), last_success=NOON))
    return made.id


def test_an_edit_is_shown_word_by_word_and_a_silent_headline_is_marked(run: Run, opened: Database) -> None:
    name = take_in(opened, "Kyiv accepts truce", "The truce starts on Friday, said officials.", 0)
    take_in(opened, "Kyiv weighs truce", "The truce may start on Friday, said officials.", 1)
    opened.close()
    shown = run("show", name, "--diff")
    assert shown.exit_code == 0, shown.output
    assert "[-accepts-]{+weighs+}" in shown.output
    assert "[-starts-]{+may start+}" in shown.output
    assert "silently" in shown.output
    lines = json.loads(run("show", name, "--json").output)
    assert [version["mark"] for version in lines["versions"]] == [None, "silent-headline"]
    assert ["out", "accepts"] in lines["versions"][1]["changes"]["title"]


def test_a_headline_changed_with_a_new_date_is_no_silent_one(run: Run, opened: Database) -> None:
    name = take_in(opened, "Kyiv accepts truce", "The truce starts on Friday, said officials.", 0)
    take_in(
        opened,
        "Kyiv weighs truce",
        "The truce may start on Friday, said officials.",
        2,
        updated=NOON + timedelta(hours=2),
    )
    opened.close()
    (_, second) = json.loads(run("show", name, "--json").output)["versions"]
    assert second["mark"] == "headline"


def test_a_text_that_somebody_found_is_filed_under_its_sites_outlet(run: Run, tmp_path: Path) -> None:
    feeds = str(tmp_path / "feeds.toml")
    text = "Kyiv accepts the truce at sea. The ministry says so in a post of three lines."
    added = run("add", "-", "--url", "https://harbour-post.example/post/7", "--feeds", feeds, stdin=text)
    assert added.exit_code == 0, added.output
    assert "Harbour Post" in added.output
    assert "Kyiv accepts the truce at sea." in added.output, "the first sentence is its title"
    again = run("add", text, "--url", "https://harbour-post.example/post/7", "--feeds", feeds)
    assert "known already" in again.output


def test_a_page_says_its_title_itself(run: Run, tmp_path: Path) -> None:
    wrong = run("add", "https://a.example/1", "--title", "T", "--feeds", str(tmp_path / "feeds.toml"))
    assert wrong.exit_code == 2


def test_a_feed_that_is_there_already_is_refused_aloud(run: Run, tmp_path: Path) -> None:
    facts = [
        "--outlet",
        "HP",
        "--owner",
        "H",
        "--country",
        "GB",
        "--side",
        "third-party",
        "--language",
        "en",
        "--kind",
        "news",
    ]
    again = run(
        "feeds", "add", "http://harbour-post.example/rss/", *facts, "--feeds", str(tmp_path / "feeds.toml")
    )
    assert again.exit_code == 1
    assert "harbour-post" in again.output


def test_backfill_of_a_feed_that_is_not_there_says_so(run: Run, tmp_path: Path) -> None:
    wrong = run("feeds", "backfill", "nobody", "--feeds", str(tmp_path / "feeds.toml"))
    assert wrong.exit_code == 2
    assert "nobody" in wrong.output


def test_what_became_of_a_feeds_pages_is_said_in_words() -> None:
    assert page_words({"paywall": 1, "read": 12, "robots": 1}) == (
        "; pages: 12 read, 1 behind a paywall, 1 forbidden by robots.txt"
    )
    assert page_words({}) == ""
