"""A small world for the browser tests: five weeks of an archive and one day of feeds, through the whole pipeline.

The day is that of examples/; `prose/` adds the weeks before it and outlets that write in Russian and Arabic, edit a
text, are out of reach. Every text is our own.
"""

import asyncio
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from sqlalchemy import Connection, insert, select, update

from pipeline import reindex
from pipeline.alerts.starters import SHIPPED, read_alerts
from pipeline.app import App
from pipeline.cycle import run_cycle
from pipeline.db import schema, visits
from pipeline.sample import ALERTS, EXAMPLES, POLLS, START, SimulatedClock, publish
from pipeline.settings import Settings
from pipeline.steps.alerts import alert_desk
from pipeline.steps.importing import import_archive
from pipeline.web.access import Access
from pipeline.web.server import make_application

PROSE = Path(__file__).parent / "prose"
NIGHT = datetime(2025, 3, 18, 23, 10, tzinfo=UTC)
"""The moment at which the tests look at the page."""
LAST_VISIT = datetime(2025, 3, 18, 17, 0, tzinfo=UTC)
READER = "olena"
SECRET = "a secret of the tests, long enough to sign with"
EDIT = (
    "The call lasted more than ninety minutes.",
    "The call lasted more than two hours, longer than any between the two before.",
)
START_S, STOP_S = 30.0, 10.0


def build(folder: Path) -> None:
    """Make the world's database in `folder`."""
    feeds = (EXAMPLES / "feeds.toml").read_text(encoding="utf-8") + (PROSE / "feeds.toml").read_text(
        encoding="utf-8"
    )
    (folder / "feeds.toml").write_text(feeds.replace("{folder}", folder.as_posix()), encoding="utf-8")
    app = App(settings(folder))
    try:
        for month in sorted(PROSE.glob("*.jsonl")):
            import_archive(app, month, SimulatedClock(START))
        with app.database.write() as connection:
            _link(connection, "US and Russia hold first talks", "Jeddah: Ukraine accepts")
            connection.execute(update(schema.feed).values(first_success=START, last_success=START))
            visits.note(connection, READER, LAST_VISIT)
        for alert in (
            *read_alerts(SHIPPED, START, recipients=("desk@example.org",)),
            *read_alerts(ALERTS, START),
        ):
            alert_desk(app).add(alert, START)
        for number, moment in enumerate(POLLS):
            publish(folder, moment)
            publish(folder, moment, PROSE)
            if number == len(POLLS) - 1:
                _edit(folder / "lagoon-daily.xml")
            asyncio.run(run_cycle(app, now=SimulatedClock(moment)))
    finally:
        app.close()


def take_in(folder: Path, feed: str, document: str) -> None:
    """One more feed in the world of `folder`: its table for feeds.toml, where {folder} stands for the folder, and its document."""
    (folder / "more.xml").write_text(document, encoding="utf-8")
    with (folder / "feeds.toml").open("a", encoding="utf-8") as listed:
        listed.write(feed.replace("{folder}", folder.as_posix()))
    app = App(settings(folder))
    try:
        asyncio.run(run_cycle(app, now=SimulatedClock(NIGHT)))
    finally:
        app.close()


def settings(folder: Path, index_url: str = "") -> Settings:
    """Settings of the world in `folder`."""
    return Settings(
        database_url=f"sqlite:///{folder / 'world.db'}",
        index_url=index_url,
        feeds=str(folder / "feeds.toml"),
        mail_folder=str(folder / "mail"),
        secret_key=SECRET,
        threads=1,
    )


def copied(world: Path, folder: Path) -> Path:
    """A world of its own for tests that write."""
    for name in ("world.db", "feeds.toml"):
        shutil.copy(world / name, folder)
    return folder


@dataclass(frozen=True)
class Site:
    """A page that answers at `url`, over `app`."""

    url: str
    app: App


@contextmanager
def served(folder: Path, index_url: str = "", **rules: object) -> Iterator[Site]:
    """The page over the world in `folder`, in a thread of its own; `rules` as in `Access`."""
    app = App(settings(folder, index_url))
    if index_url:
        for _done in reindex.rebuild(app.database, app.index):
            pass
    access = replace(Access(operator=READER), **rules)  # type: ignore[arg-type]
    application = make_application(app, access, clock=SimulatedClock(NIGHT))
    config = uvicorn.Config(application, port=0, log_level="warning", access_log=False, ws="none")
    socket = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()
    try:
        deadline = time.monotonic() + START_S
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.02)
        yield Site(f"http://127.0.0.1:{socket.getsockname()[1]}", app)
    finally:
        server.should_exit = True
        thread.join(STOP_S)
        socket.close()
        app.close()


def _link(connection: Connection, *titles: str) -> None:
    """Make the stories of these articles one thread, as `group` does where terms are alike."""
    table, stories = schema.article, []
    for title in titles:
        of = select(table.c.story).where(table.c.title.startswith(title))
        stories.append(str(connection.execute(of).scalar_one()))
    first, last = datetime(2025, 2, 16, 15, 0, tzinfo=UTC), datetime(2025, 3, 13, 19, 10, tzinfo=UTC)
    connection.execute(
        insert(schema.thread).values(
            id=stories[0], title="Talks on a ceasefire", first_seen=first, last_seen=last
        )
    )
    chosen = schema.story.c.id.in_(stories)
    connection.execute(update(schema.story).where(chosen).values(thread=stories[0]))
    waits = update(table).where(table.c.story.in_(stories)).values(revision=table.c.revision + 1)
    connection.execute(waits)


def _edit(document: Path) -> None:
    before, after = EDIT
    text = document.read_text(encoding="utf-8")
    assert before in text
    document.write_text(text.replace(before, after), encoding="utf-8")
