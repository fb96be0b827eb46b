"""Make, change, pause, resume and test alerts. One that asks for something else sees later arrivals only, and causes no
storm of mails.

What open stories carry for the alert at that moment is known from then on: the index is asked which of their articles
the query finds, and the keys are inserted in the transaction that writes the alert.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from pipeline.alerts import cadence
from pipeline.alerts.check import check
from pipeline.alerts.decide import counts
from pipeline.alerts.facts import Key
from pipeline.alerts.keys import told_by
from pipeline.alerts.simulate import Simulation, simulate
from pipeline.alerts.starters import SHIPPED, read_alerts
from pipeline.db import alerts as alert_rows
from pipeline.db import announced as rows
from pipeline.db.engine import Database
from pipeline.db.locks import DECIDE, exclusive
from pipeline.errors import SettingsError
from pipeline.index.base import Index
from pipeline.steps.desk import Compiled, Desk, desk_of
from pipeline.types import Alert

if TYPE_CHECKING:
    from pipeline.app import App

OPEN_FOR = timedelta(hours=72)
"""A story takes no articles after this long without one (DESIGN.md, "Stories and threads")."""

BATCH = 500

ADDRESSING = frozenset({"name", "recipients", "daily_at", "quiet", "daily_cap", "say_nothing_new"})
"""Fields that say to whom and when, not what: an alert changed in these alone misses nothing that is on its way."""


class AlertDesk:
    """Saved queries of one database: what the commands, the page and replay call."""

    def __init__(self, database: Database, index: Index, desk: Desk, holder: str = "alerts") -> None:
        self.database = database
        self.index = index
        self.desk = desk
        self.holder = holder

    def add(self, alert: Alert, now: datetime) -> Alert:
        """Write a new alert, open from `now` on. Raises SettingsError or QueryError for one that cannot work."""
        return self._write(replace(alert, since=now, created=now), now, alert_rows.add)

    def edit(self, name: str, changes: Mapping[str, Any], now: datetime) -> Alert:
        """Change fields of an alert. What was put into a digest before still comes if the query still finds it."""
        with self.database.read() as connection:
            before = alert_rows.get(connection, name)
        after = replace(before, **changes)
        after = replace(after, starter=after.starter and not after.recipients)
        if {field for field in changes if getattr(after, field) != getattr(before, field)} <= ADDRESSING:
            check(after)
            with self.database.write() as connection:
                return _saved(connection, after)
        return self._write(replace(after, since=now), now, _saved)

    def pause(self, name: str) -> Alert:
        """Let an alert rest. Messages that wait in the outbox still go out."""
        with self.database.write() as connection:
            paused = replace(alert_rows.get(connection, name), paused=True)
            alert_rows.save(connection, paused)
        return paused

    def resume(self, name: str, now: datetime) -> Alert:
        """Open an alert again, for what comes from `now` on. Raises SettingsError where it has no recipient."""
        with self.database.read() as connection:
            alert = alert_rows.get(connection, name)
        if not alert.recipients:
            raise SettingsError(
                f"alert {name!r} has no recipient yet: `ceasefire alert edit {name!r} --to ADDRESS`"
            )
        return self._write(replace(alert, paused=False, since=now, starter=False), now, _saved)

    def install_starters(self, now: datetime) -> list[Alert]:
        """Write the starter alerts, paused, that are not there yet; returns those that were written."""
        with self.database.write() as connection:
            there = {alert.name for alert in alert_rows.list_all(connection)}
            new = [alert for alert in read_alerts(SHIPPED, now, starter=True) if alert.name not in there]
            return [alert_rows.add(connection, alert) for alert in new]

    def test(self, alert: Alert, days: float, now: datetime) -> Simulation:
        """What the alert, saved or not, would have sent over the last `days`. Raises QueryError."""
        item = self.desk.compile(alert, now)
        since = now - timedelta(days=days)
        with self.database.read() as connection:
            candidates = rows.arrived_since(connection, since - OPEN_FOR)
        found = self._found(item, candidates)
        with self.database.read() as connection:
            articles = rows.articles(connection, found)
            stories = rows.stories(connection, articles.values())
        return simulate(alert, item.scope, stories, list(articles.values()), since, now)

    def _write(self, alert: Alert, now: datetime, write: Callable[[Connection, Alert], Alert]) -> Alert:
        check(alert)
        item = self.desk.compile(alert, now)
        with self.database.read() as connection:
            candidates = {} if alert.paused else rows.open_articles(connection, now - OPEN_FOR)
        found = self._found(item, candidates)
        with exclusive(self.database, DECIDE, self.holder) as lock, self.database.write() as connection:
            written = write(connection, alert)
            if cadence.is_open(alert, now):
                _silence(connection, replace(item, alert=written), candidates, found, now)
            lock.check(connection)
        return written

    def _found(self, item: Compiled, candidates: Mapping[str, int]) -> set[str]:
        ids = list(candidates)
        found: set[str] = set()
        for start in range(0, len(ids), BATCH):
            part = {name: candidates[name] for name in ids[start : start + BATCH]}
            found |= self.index.match([item.query], part).matched[0]
        return found


def _saved(connection: Connection, alert: Alert) -> Alert:
    alert_rows.save(connection, alert)
    return alert


def _silence(
    connection: Connection, item: Compiled, candidates: Mapping[str, int], found: set[str], now: datetime
) -> None:
    """Take what open stories carry as known. What waits for a digest is left to it, if the query still finds it."""
    alert = item.alert
    rows.drop_matches(connection, alert.id, candidates.keys() - found)
    articles = rows.articles(connection, found)
    rows.write_matches(connection, alert.id, articles.values(), now)
    if alert.cadence != "instant":
        return
    waiting = {entry.article for entry in rows.due_of(connection, alert.id)}
    known: dict[str, set[Key]] = {}
    promised: dict[str, set[Key]] = {}
    for article in articles.values():
        if not counts(article, alert, item.scope, "instant"):
            continue
        keys = told_by(article, item.scope, alert.min_score)
        (promised if article.id in waiting else known).setdefault(article.story, set()).update(keys)
    stories = rows.stories(connection, articles.values())
    for name, keys in known.items():
        if stories[name].status is not None:
            keys.add(Key("status", str(stories[name].status)))
        rows.announce(connection, alert.id, name, sorted(keys - promised.get(name, set())), now)


def alert_desk(app: "App") -> AlertDesk:
    """The alerts of an opened application."""
    return AlertDesk(app.database, app.index, desk_of(app))
