"""A cycle in pieces: any piece may be repeated, doubled or lost, and what fails says so and waits."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from pipeline import cycle, scheduled
from pipeline.app import App
from pipeline.clock import utc_now
from pipeline.db import cycles as cycle_rows
from pipeline.db import schema
from pipeline.db.engine import Database
from pipeline.errors import (
    DatabaseUnavailableError,
    FeedListError,
    IndexNotSetError,
    RunIncompleteError,
    ServiceError,
    SettingsError,
)
from pipeline.settings import settings_from_process
from pipeline.steps.alerts import alert_desk
from pipeline.types import Alert
from tests.servers import FeedServer
from tests.smtp import MailServer

OUTLETS = {"east": "127.0.0.2", "west": "127.0.0.3", "north": "127.0.0.4"}
"""Each outlet on a loopback address of its own: three domains, so three shards."""

STARTED = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def document(outlet: str, told: Sequence[tuple[str, str]] = ()) -> bytes:
    """A feed that tells this (titles and texts); by default of an envoy, and of something that concerns nobody."""
    now = format_datetime(datetime.now(UTC))
    told = told or ((f"Kremlin names an envoy, says {outlet}", ""), (f"Harvest begins in the {outlet}", ""))
    items = "".join(
        f"<item><title>{title}</title><link>https://{outlet}.example/{n}</link><pubDate>{now}</pubDate>"
        f"<description>{text}</description></item>"
        for n, (title, text) in enumerate(told)
    )
    return f'<rss version="2.0"><channel><title>{outlet}</title>{items}</channel></rss>'.encode()


class Newsroom:
    """Three outlets on servers of their own, a mail server, and an alert that is open; nothing fetched yet."""

    def __init__(
        self, folder: Path, servers: dict[str, FeedServer], mails: MailServer, database_url: str
    ) -> None:
        self.folder = folder
        self.servers = servers
        self.mails = mails
        self.feeds = folder / "feeds.toml"
        self.feeds.write_text("\n".join(self._listed(name) for name in servers), encoding="utf-8")
        (folder / "ceasefire.toml").write_text("[fetch]\ndomain_gap_s = 0\n", encoding="utf-8")
        self.environment = {
            "CEASEFIRE_CONFIG": str(folder / "ceasefire.toml"),
            "CEASEFIRE_DATABASE_URL": database_url,
            "CEASEFIRE_INDEX_URL": f"sqlite:///{folder / 'index.db'}",
            "CEASEFIRE_FEEDS": str(self.feeds),
            "CEASEFIRE_TAGGER": "aliases",
            "CEASEFIRE_SMTP_URL": mails.url,
            "CEASEFIRE_MAIL_FROM": "monitor@example.org",
            "CEASEFIRE_OPERATOR_MAIL": "operator@example.org",
            "CEASEFIRE_ALLOW_PRIVATE_ADDRESSES": "1",
        }

    def _listed(self, name: str) -> str:
        url = self.servers[name].feed("/rss", document(name), etag=f'"{name}"')
        return (
            f'[[feed]]\nurl = "{url}"\noutlet = "{name.title()}"\nowner = "{name}"\ncountry = "GB"\n'
            f'side = "third-party"\nlanguage = "en"\nkind = "news"\n'
        )

    def prepare(self) -> None:
        """An alert opened an hour ago, and feeds that were polled before: what they bring now is news."""
        before = datetime.now(UTC) - timedelta(hours=1)
        with scheduled.production_app() as app:
            assert set(app.feeds) == set(self.servers)
            alert = Alert(0, "Russia", "actor:russia", ("reader@example.org",), "instant", before, before)
            alert_desk(app).add(alert, before)
            with app.database.write() as connection:
                connection.execute(update(schema.feed).values(first_success=before, last_success=before))

    def told(self, recipient: str) -> list[str]:
        """Subjects of the mails to somebody, as they came."""
        return [str(mail["Subject"]) for mail in self.mails.received if mail["X-Rcpt"] == recipient]


@pytest.fixture
def newsroom(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    url = database.url.render_as_string(hide_password=False)
    servers = {name: FeedServer(host) for name, host in OUTLETS.items()}
    with servers["east"], servers["west"], servers["north"], MailServer() as mails:
        made = Newsroom(tmp_path, servers, mails, url)
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        made.prepare()
        yield made


@pytest.fixture
def app(newsroom: Newsroom) -> Iterator[App]:
    with scheduled.production_app() as opened:
        yield opened


def articles(app: App) -> int:
    with app.database.read() as connection:
        count: int = connection.execute(select(func.count()).select_from(schema.article)).scalar_one()
    return count


def take_in_all(app: App, planned: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [scheduled.take_in(app, shard, utc_now, holder=f"run {n}") for n, shard in enumerate(planned)]


def test_a_run_in_pieces_takes_in_tells_and_is_noted_as_a_cycle(app: App, newsroom: Newsroom) -> None:
    planned = scheduled.plan(app, utc_now, 4)
    assert [shard["feeds"] for shard in planned] == [("east",), ("west",), ("north",)]
    counts = scheduled.publish(app, utc_now, STARTED, planned, take_in_all(app, planned))
    assert (counts["feeds"], counts["new"], counts["failed"], counts["tagged"]) == (3, 6, 0, 6)
    assert len(newsroom.told("reader@example.org")) == counts["sent"] > 0
    with app.database.read() as connection:
        last = cycle_rows.last(connection)
    assert last is not None
    assert (last["started"], last["counts"]) == (STARTED, counts)


REPORTS = {
    "east": ("Kremlin rejects the 30-day truce that Washington put forward", "Moscow rejected the 30-day truce, Peskov said."),
    "west": ("Ukraine accepts the 30-day truce that the Kremlin rejects", "Kyiv accepted the 30-day truce, Sybiha said."),
    "north": ("Kremlin: no to 30-day truce, Kyiv says yes", "Moscow rejected and Kyiv accepted the 30-day truce."),
}  # fmt: skip
"""One event, as three outlets tell it."""


def test_the_same_entries_bring_the_same_mails_in_one_process_and_in_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.steps.announce.BATCH", 1)
    told: dict[str, list[str]] = {}
    for way in ("one process", "shards"):
        folder = tmp_path / way
        folder.mkdir()
        servers = {name: FeedServer(host) for name, host in OUTLETS.items()}
        with servers["east"], servers["west"], servers["north"], MailServer() as mails:
            room = Newsroom(folder, servers, mails, f"sqlite:///{folder / 'ceasefire.db'}")
            for name, value in (room.environment | {"CEASEFIRE_TAGGER": "onnx"}).items():
                monkeypatch.setenv(name, value)
            room.prepare()
            for name, (title, text) in REPORTS.items():
                servers[name].feed("/rss", document(name, ((title, text),)), etag='"report"')
            with scheduled.production_app() as app:
                if way == "shards":
                    planned = list(reversed(scheduled.plan(app, utc_now, 3)))
                    scheduled.publish(app, utc_now, STARTED, planned, take_in_all(app, planned))
                else:
                    asyncio.run(cycle.run_cycle(app))
                assert articles(app) == len(REPORTS)
            told[way] = room.told("reader@example.org")
    assert told["shards"] == told["one process"]
    assert len(told["shards"]) == 1, "one event, one mail"


def test_pieces_that_are_repeated_change_nothing_and_send_nothing(app: App, newsroom: Newsroom) -> None:
    planned = scheduled.plan(app, utc_now, 4)
    scheduled.publish(app, utc_now, STARTED, planned, take_in_all(app, planned))
    mails = newsroom.mails.received
    assert scheduled.plan(app, utc_now, 4) == []
    again = take_in_all(app, planned)
    assert [shard["feeds"] for shard in again] == [0, 0, 0], "what is not due is not asked, planned or not"
    scheduled.publish(app, utc_now, STARTED, planned, again)
    assert articles(app) == 6
    assert newsroom.mails.received == mails


def test_a_feed_that_fails_is_counted_and_is_no_failure_of_the_run(app: App, newsroom: Newsroom) -> None:
    newsroom.servers["west"].redirect("/rss", "http://127.0.0.1:1/rss")
    planned = scheduled.plan(app, utc_now, 4)
    counts = scheduled.publish(app, utc_now, STARTED, planned, take_in_all(app, planned))
    assert (counts["failed"], counts["new"]) == (1, 4)


def test_a_shard_without_a_result_is_named_after_the_others_are_published(
    app: App, newsroom: Newsroom
) -> None:
    planned = scheduled.plan(app, utc_now, 4)
    done = take_in_all(app, planned[:2])
    with pytest.raises(RunIncompleteError, match=r"1 of 3 shards failed in every try \(127\.0\.0\.4\)"):
        scheduled.publish(app, utc_now, STARTED, planned, done)
    assert newsroom.told("reader@example.org"), "what the others brought went out"
    assert [shard["feeds"] for shard in scheduled.plan(app, utc_now, 4)] == [("north",)], (
        "the next run has it"
    )


def test_without_a_plan_what_waits_is_published_and_the_run_fails(app: App, newsroom: Newsroom) -> None:
    take_in_all(app, scheduled.plan(app, utc_now, 4))
    with pytest.raises(RunIncompleteError, match="`plan` failed"):
        scheduled.publish(app, utc_now, STARTED, None, [])
    assert newsroom.told("reader@example.org")


def test_a_source_list_that_is_wrong_stops_planning_with_its_line_and_changes_nothing(
    app: App, newsroom: Newsroom
) -> None:
    newsroom.feeds.write_text(newsroom.feeds.read_text() + "\n[[feed]]\nurl = 3\n", encoding="utf-8")
    with scheduled.production_app() as fresh, pytest.raises(FeedListError, match=r"feeds\.toml:\d+: "):
        scheduled.plan(fresh, utc_now, 4)
    with app.database.read() as connection:
        listed = connection.execute(select(schema.feed.c.name).where(schema.feed.c.listed)).scalars()
        assert set(listed) == set(OUTLETS)


def test_a_mail_server_that_is_down_fails_the_run_and_its_mails_go_out_later(
    app: App, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CEASEFIRE_SMTP_URL", "smtp://127.0.0.1:1")
    with scheduled.production_app() as lonely:
        planned = scheduled.plan(lonely, utc_now, 4)
        done = take_in_all(lonely, planned)
        with pytest.raises(ServiceError, match=r"the mail server 127\.0\.0\.1:1 cannot be used"):
            scheduled.publish(lonely, utc_now, STARTED, planned, done)
    later = lambda: utc_now() + timedelta(minutes=2)  # noqa: E731  the pause for a server that was down is over
    scheduled.publish(app, later, STARTED, planned, done)
    assert newsroom.told("reader@example.org")


@pytest.mark.parametrize(
    ("unset", "error", "named"),
    [
        ("CEASEFIRE_DATABASE_URL", SettingsError, "CEASEFIRE_DATABASE_URL"),
        ("CEASEFIRE_INDEX_URL", IndexNotSetError, "CEASEFIRE_INDEX_URL"),
    ],
)
def test_a_task_without_a_setting_names_it(
    monkeypatch: pytest.MonkeyPatch, unset: str, error: type[Exception], named: str
) -> None:
    monkeypatch.setenv("CEASEFIRE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("CEASEFIRE_INDEX_URL", "http://127.0.0.1:1")
    monkeypatch.delenv(unset)
    with pytest.raises(error, match=named), scheduled.production_app():
        pass


def test_a_database_out_of_reach_is_named_with_its_setting_and_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CEASEFIRE_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    monkeypatch.setenv("CEASEFIRE_INDEX_URL", f"sqlite:///{tmp_path / 'index.db'}")
    with (
        scheduled.production_app() as app,
        pytest.raises(DatabaseUnavailableError, match="CEASEFIRE_DATABASE_URL") as told,
    ):
        scheduled.plan(app, utc_now, 4)
    assert "secret" not in str(told.value)


def test_digests_that_are_due_go_out_once(app: App, newsroom: Newsroom) -> None:
    before = datetime.now(UTC) - timedelta(hours=1)
    later = f"{datetime.now(UTC) + timedelta(hours=2):%H:%M}"  # else publishing itself may give the digest
    alert = Alert(0, "Daily", "actor:russia", ("daily@example.org",), "daily", before, before, daily_at=later)
    alert_desk(app).add(alert, before)
    planned = scheduled.plan(app, utc_now, 4)
    scheduled.publish(app, utc_now, STARTED, planned, take_in_all(app, planned))
    tomorrow = lambda: utc_now() + timedelta(days=1)  # noqa: E731
    assert scheduled.send_due_digests(app, tomorrow)["digests"] == 1
    assert scheduled.send_due_digests(app, tomorrow)["digests"] == 0
    assert len(newsroom.told("daily@example.org")) == 1


def test_the_operator_hears_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CEASEFIRE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("CEASEFIRE_MAIL_FROM", "monitor@example.org")
    monkeypatch.setenv("CEASEFIRE_OPERATOR_MAIL", "operator@example.org")
    with MailServer() as mails:
        monkeypatch.setenv("CEASEFIRE_SMTP_URL", mails.url)
        assert scheduled.mail_operator("ingest failed", ["The database is down."], utc_now(), "failed-1")
        assert [(mail["X-Rcpt"], mail["Subject"]) for mail in mails.received] == [
            ("operator@example.org", "ingest failed")
        ]
    monkeypatch.delenv("CEASEFIRE_OPERATOR_MAIL")
    assert settings_from_process().operator_mail == ""
    assert not scheduled.mail_operator("ingest failed", ["The database is down."], utc_now(), "failed-2")
