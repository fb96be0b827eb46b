"""What `watch` does by the clock: the feeds' health every hour, retention once a day."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from pipeline import cycle
from pipeline.app import App
from pipeline.db import schema
from pipeline.errors import SettingsError
from pipeline.settings import Settings
from pipeline.steps.chores import Chores

HOUR = timedelta(hours=1)


def polls(app: App) -> int:
    with app.database.read() as connection:
        return connection.execute(select(func.count()).select_from(schema.poll)).scalar_one()


def looks(app: App) -> int:
    with app.database.read() as connection:
        return connection.execute(select(func.count()).select_from(schema.health)).scalar_one()


def test_health_comes_hourly_and_retention_daily(app: App, now: datetime) -> None:
    app.feeds  # noqa: B018  writes the feed's row
    chores = Chores(app, now)

    def at(moment: datetime) -> tuple[int, int]:
        chores.run(lambda: moment, lambda: False)
        return looks(app), polls(app)

    with app.database.write() as connection:
        old = now - timedelta(days=100)
        connection.execute(insert(schema.poll).values(feed="harbour", at=old, result="unchanged"))
    assert at(now) == (2, 1), "a feed and the monitor; nothing is deleted at once"
    with app.database.write() as connection:
        connection.execute(schema.health.delete())
    assert at(now + HOUR / 2) == (0, 1)
    assert at(now + HOUR) == (2, 0)


def test_watch_looks_after_its_feeds(app: App, now: datetime) -> None:
    app.feeds  # noqa: B018  writes the feed's row
    with app.database.write() as connection:
        connection.execute(
            update(schema.feed).values(failures=5, failure="dns", next_due=now + HOUR, last_poll=now)
        )

    async def one_cycle() -> None:
        stop = asyncio.Event()
        pause = asyncio.create_task(cycle.watch(app, stop=stop, now=lambda: now))
        while not await asyncio.to_thread(looks, app):
            await asyncio.sleep(0.05)
        stop.set()
        await pause

    asyncio.run(asyncio.wait_for(one_cycle(), 60))
    with app.database.read() as connection:
        states = dict(connection.execute(select(schema.health.c.subject, schema.health.c.state)).all())
    assert states["harbour"] == "failing"


def test_a_policy_that_cannot_be_stops_watch_before_it_begins(settings: Settings, now: datetime) -> None:
    app = App(replace(settings, keep_articles_days=1))
    with pytest.raises(SettingsError, match="keep_articles_days"):
        asyncio.run(cycle.watch(app, stop=asyncio.Event(), now=lambda: now))
    app.close()
