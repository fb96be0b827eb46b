"""Killed with -9 at any step, the next cycle leaves things as if nothing had happened: no article lost, none twice, and
no mail twice but in the one window that DESIGN.md names."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from pipeline.app import App
from pipeline.db import schema
from pipeline.db.engine import open_database
from pipeline.settings import Settings
from pipeline.steps.alerts import alert_desk
from pipeline.types import Alert
from tests.conftest import ROOT
from tests.servers import FeedServer
from tests.smtp import MailServer

POINTS = 16
"""How many of a cycle's steps it is killed at, spread evenly over all of them."""

SLACK = 20
"""Steps by which two runs may differ: threads that wake each other by a socket do so once more or less."""

RECIPIENTS = ("one@example.org", "two@example.org")


def document(feed: str, titles: list[str]) -> bytes:
    now = format_datetime(datetime.now(UTC))
    items = "".join(
        f"<item><title>{title}</title><link>https://{feed}.example/{n}</link><pubDate>{now}</pubDate></item>"
        for n, title in enumerate(titles)
    )
    return f'<rss version="2.0"><channel><title>{feed}</title>{items}</channel></rss>'.encode()


TITLES = {
    "east": ["Moscow and Kyiv swap lists of prisoners", "Kremlin names an envoy", "Harvest begins early"],
    "west": ["White House sends an envoy to Kyiv", "City council votes on tolls"],
}


class World:
    """Feeds, a mail server, and a prepared database: two feeds known, one alert open, nothing fetched yet."""

    def __init__(self, folder: Path, feeds: FeedServer, mails: MailServer) -> None:
        self.folder = folder
        self.mails = mails
        listed = []
        for name, titles in TITLES.items():
            url = feeds.feed(f"/{name}", document(name, titles), etag=f'"{name}"')
            listed.append(
                f'[[feed]]\nurl = "{url}"\noutlet = "{name.title()}"\nowner = "{name}"\ncountry = "GB"\n'
                f'side = "third-party"\nlanguage = "en"\nkind = "news"\n'
            )
        (folder / "feeds.toml").write_text("\n".join(listed), encoding="utf-8")
        (folder / "ceasefire.toml").write_text("[fetch]\ndomain_gap_s = 0\n", encoding="utf-8")
        self.template = folder / "template.db"
        app = App(
            Settings(
                database_url=f"sqlite:///{self.template}", feeds=str(folder / "feeds.toml"), tagger="aliases"
            )
        )
        before = datetime.now(UTC) - timedelta(hours=1)
        alert = Alert(
            0, "Everything", "actor:russia OR actor:united-states", RECIPIENTS, "instant", before, before
        )
        assert set(app.feeds) == set(TITLES)
        alert_desk(app).add(alert, before)
        with app.database.write() as connection:
            connection.execute(update(schema.feed).values(first_success=before, last_success=before))
        app.close()

    def fresh(self) -> Path:
        """A new copy of the prepared database; the mail server forgets."""
        path = self.folder / "ceasefire.db"
        for old in self.folder.glob("ceasefire.db*"):
            old.unlink()
        shutil.copy(self.template, path)
        self.mails.clear()
        return path

    def run(self, database: Path, die_at: int = 0) -> int:
        """One `ceasefire run`; returns the number of steps it made."""
        steps = self.folder / "steps"
        environment = {
            **os.environ,
            "CEASEFIRE_TAGGER": "aliases",
            "CEASEFIRE_SMTP_URL": self.mails.url,
            "CEASEFIRE_MAIL_FROM": "monitor@example.org",
            "CEASEFIRE_ALLOW_PRIVATE_ADDRESSES": "1",
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.crashing_run", str(die_at), str(steps), "run", "--db", f"sqlite:///{database}",
             "--feeds", str(self.folder / "feeds.toml"), "--config", str(self.folder / "ceasefire.toml")],
            env=environment, capture_output=True, text=True, timeout=120, cwd=self.folder,
        )  # fmt: skip
        assert done.returncode == (-9 if die_at else 0), done.stdout + done.stderr
        return 0 if die_at else int(steps.read_text())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with FeedServer() as feeds, MailServer() as mails:
        yield World(tmp_path, feeds, mails)


def articles(database: Path) -> list[str]:
    opened = open_database(f"sqlite:///{database}")
    with opened.read() as connection:
        titles = list(
            connection.execute(select(schema.article.c.title).order_by(schema.article.c.title)).scalars()
        )
        waiting = connection.execute(
            select(func.count())
            .select_from(schema.article)
            .where(
                (schema.article.c.indexed_revision < schema.article.c.revision)
                | (schema.article.c.matched_revision < schema.article.c.revision)
                | schema.article.c.tagged_text_hash.is_(None)
            )
        ).scalar_one()
    opened.close()
    assert waiting == 0, "every step has finished with every article"
    return titles


def sent(mails: list[EmailMessage]) -> Counter[tuple[str, str]]:
    return Counter((str(mail["To"]), str(mail["Subject"])) for mail in mails)


def test_a_cycle_that_is_killed_anywhere_is_taken_up_by_the_next(world: World) -> None:
    database = world.fresh()
    steps = world.run(database)
    everything, expected = articles(database), sent(world.mails.received)
    assert everything == sorted(title for titles in TITLES.values() for title in titles)
    assert expected, "the alert has something to say"
    for number in range(POINTS):
        die_at = 1 + number * (steps - SLACK) // (POINTS - 1)
        database = world.fresh()
        world.run(database, die_at)
        release_leases(database)
        world.run(database)
        assert articles(database) == everything, f"killed at step {die_at}"
        mails = world.mails.received
        assert set(sent(mails)) == set(expected), f"killed at step {die_at}"
        ids = Counter(str(mail["Message-ID"]) for mail in mails)
        repeated = {name: count for name, count in ids.items() if count > 1}
        assert len(ids) == expected.total(), f"killed at step {die_at}: one Message-ID for each mail"
        assert len(repeated) <= 1 and all(count == 2 for count in repeated.values()), (
            f"killed at step {die_at}: only the mail under way may come again, once"
        )


def release_leases(database: Path) -> None:
    """As if the leases of the dead process had run out: nobody waits for that in a test."""
    opened = open_database(f"sqlite:///{database}")
    past = datetime.now(UTC) - timedelta(seconds=1)
    with opened.write() as connection:
        for table in (schema.feed, schema.outbox):
            connection.execute(
                update(table).where(table.c.leased_until.is_not(None)).values(leased_until=past)
            )
        connection.execute(update(schema.lock).values(expires=past))
        connection.execute(update(schema.domain_lease).values(until=past))
    opened.close()
