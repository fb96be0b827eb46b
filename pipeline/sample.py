"""The product on one recorded day: the sample feeds of examples/, a throw-away database, a simulated clock.

The feeds are polled at a few moments of 18 March 2025; at each, a document shows what was published by then, as a
poller would have seen it. What arrives after the clock's start is live (DESIGN.md, "May it alert?").
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from lxml import etree
from sqlalchemy import update

from pipeline.app import App
from pipeline.cycle import run_cycle
from pipeline.db import schema
from pipeline.errors import SettingsError
from pipeline.settings import REPOSITORY, Settings
from pipeline.types import CycleReport

EXAMPLES = REPOSITORY / "examples"
DAY = EXAMPLES / "18-march-2025"
ALERTS = EXAMPLES / "alerts.toml"
START = datetime(2025, 3, 18, 8, 0, tzinfo=UTC)
POLLS = tuple(
    START.replace(hour=hour, minute=minute)
    for hour, minute in ((11, 30), (16, 0), (18, 20), (20, 0), (23, 0))
)


class SimulatedClock:
    """A clock that stands where it was set."""

    def __init__(self, time: datetime) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time


@contextmanager
def sample_app(folder: Path, settings: Settings) -> Iterator[App]:
    """An app over a new database below `folder`, with the sample feeds; mails go to folder/mail as .eml files.

    Raises SettingsError where the examples are not there (a plain installation has no examples/ folder).
    """
    if not DAY.is_dir():
        raise SettingsError(f"no sample feeds at {DAY}; they come with a clone of the repository")
    feeds = (EXAMPLES / "feeds.toml").read_text(encoding="utf-8")
    (folder / "feeds.toml").write_text(feeds.replace("{folder}", folder.as_posix()), encoding="utf-8")
    app = App(
        replace(
            settings,
            database_url=f"sqlite:///{folder / 'sample.db'}",
            index_url="",
            feeds=str(folder / "feeds.toml"),
            smtp_url="",
            mail_folder=str(folder / "mail"),
            public_url="",
        )
    )
    try:
        app.feeds  # noqa: B018  reading the list also writes the feeds' rows
        with app.database.write() as connection:
            connection.execute(update(schema.feed).values(first_success=START, last_success=START))
        yield app
    finally:
        app.close()


def play(app: App, folder: Path, clock: SimulatedClock) -> list[CycleReport]:
    """Poll the sample feeds at each of POLLS; returns the reports of the cycles."""
    reports = []
    for moment in POLLS:
        clock.time = moment
        publish(folder, moment)
        reports.append(asyncio.run(run_cycle(app, now=clock)))
    return reports


def publish(folder: Path, moment: datetime, documents: Path = DAY) -> None:
    """Write each of the documents as it stood at `moment`: without the items that were not published yet."""
    for source in sorted(documents.glob("*.xml")):
        document = etree.parse(str(source))
        for item in document.findall(".//item"):
            stated = parsedate_to_datetime(item.findtext("pubDate", ""))
            if stated > moment:
                parent = item.getparent()
                assert parent is not None, "an item stands in its channel"
                parent.remove(item)
        (folder / source.name).write_bytes(etree.tostring(document, xml_declaration=True, encoding="utf-8"))
