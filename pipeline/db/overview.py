"""Counts and short lists for people: what came in, what was found, what waits, what fails."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, select

from pipeline.db import documents, schema, tags
from pipeline.health import Tally
from pipeline.types import Document


def label_counts(connection: Connection, since: datetime) -> dict[str, int]:
    """How many articles first seen since then carry each label ("facet:id"), the commonest first."""
    count = func.count()
    rows = connection.execute(
        select(schema.label.c.label, count)
        .join(schema.article, schema.article.c.id == schema.label.c.article)
        .where(schema.label.c.decision == "yes", schema.article.c.seen >= since)
        .group_by(schema.label.c.label)
        .order_by(count.desc(), schema.label.c.label)
    )
    return {row[0]: row[1] for row in rows}


def latest_developments(connection: Connection, limit: int, since: datetime | None = None) -> list[Document]:
    """The articles with a development that were published last, copies left out."""
    article = schema.article.c
    developments = select(schema.label.c.article).where(
        schema.label.c.label.startswith("development:"), schema.label.c.decision == "yes"
    )
    query = (
        select(article.id)
        .where(article.id.in_(developments), article.copy_of.is_(None))
        .order_by(article.published.desc(), article.id)
        .limit(limit)
    )
    if since is not None:
        query = query.where(article.seen >= since)
    return documents.by_ids(connection, [row.id for row in connection.execute(query)])


@dataclass(frozen=True, slots=True)
class Status:
    """The state of everything, in numbers. Times are UTC; None: never."""

    articles: int
    stories: int
    oldest: datetime | None
    newest: datetime | None
    feeds: int
    feeds_failing: int
    feeds_gone: int
    never_polled: int
    next_due: datetime | None
    to_tag: int
    to_group: int
    to_index: int
    to_match: int
    outbox: dict[str, int]
    doubtful: int
    alerts: int
    alerts_paused: int
    set_aside: dict[str, int]
    models: dict[str, int]

    @property
    def tally(self) -> Tally:
        """The feeds by their last poll."""
        return Tally(self.feeds, self.feeds_failing, self.feeds_gone, self.never_polled)


def tally(connection: Connection) -> Tally:
    """Count the listed feeds by their last poll."""
    feed = schema.feed.c
    row = connection.execute(
        select(
            func.count(),
            func.count().filter(feed.failures > 0),
            func.count().filter(feed.gone),
            func.count().filter(feed.last_poll.is_(None)),
        ).where(feed.listed)
    ).one()
    return Tally(*row)


def status(connection: Connection) -> Status:
    """Count everything once."""
    article, feed, outbox = schema.article.c, schema.feed.c, schema.outbox.c
    articles, oldest, newest, to_group, to_match = connection.execute(
        select(
            func.count(),
            func.min(article.seen),
            func.max(article.seen),
            func.count().filter(article.grouped_tag_count < article.tag_count),
            func.count().filter(article.matched_revision < article.revision),
        ).select_from(schema.article)
    ).one()
    polled = tally(connection)
    due = connection.execute(select(func.min(feed.next_due)).where(feed.listed)).scalar_one()
    alerts, paused = connection.execute(
        select(func.count(), func.count().filter(schema.alert.c.paused)).select_from(schema.alert)
    ).one()
    return Status(
        articles=articles,
        stories=_count(connection, schema.story, _is_alive()),
        oldest=oldest,
        newest=newest,
        feeds=polled.feeds,
        feeds_failing=polled.failed,
        feeds_gone=polled.gone,
        never_polled=polled.waiting,
        next_due=due,
        to_tag=tags.count_untagged(connection),
        to_group=to_group,
        to_index=documents.count_to_index(connection),
        to_match=to_match,
        outbox=_by(connection, outbox.state),
        doubtful=_count(connection, schema.outbox, outbox.doubtful > 0),
        alerts=alerts,
        alerts_paused=paused,
        set_aside=_by(connection, schema.set_aside.c.step),
        models=_by(connection, article.tagged_model_hash),
    )


def _is_alive() -> Any:
    """A story that has articles: those that merged or that retention emptied keep their rows."""
    return exists().where(schema.article.c.story == schema.story.c.id)


def _count(connection: Connection, table: Any, condition: Any) -> int:
    return connection.execute(select(func.count()).select_from(table).where(condition)).scalar_one()


def _by(connection: Connection, column: Any) -> dict[str, int]:
    rows = connection.execute(
        select(column, func.count()).where(column.is_not(None)).group_by(column).order_by(column)
    )
    return {row[0]: row[1] for row in rows}


def set_aside_latest(connection: Connection, limit: int) -> list[tuple[str, str, str, datetime]]:
    """Step, subject, reason and time of what was set aside last."""
    table = schema.set_aside.c
    rows = connection.execute(
        select(table.step, table.subject, table.reason, table.at).order_by(table.at.desc()).limit(limit)
    )
    return [(row.step, row.subject, row.reason, row.at) for row in rows]


@dataclass(frozen=True, slots=True)
class Said:
    """One message of an alert: when (UTC), its subject, and to whom."""

    alert: str
    at: datetime
    subject: str
    recipients: tuple[str, ...]


def messages_since(connection: Connection, since: datetime) -> list[Said]:
    """Everything that alerts said since then, the oldest first."""
    return _said(connection, schema.notification.c.created >= since)


def messages_of(connection: Connection, alert: int, limit: int) -> list[Said]:
    """The last `limit` messages of one alert, the oldest first."""
    table = schema.notification.c
    newest = select(table.id).where(table.alert == alert).order_by(table.id.desc()).limit(limit)
    return _said(connection, table.id.in_(newest))


def _said(connection: Connection, condition: Any) -> list[Said]:
    table = schema.notification.c
    rows = connection.execute(
        select(table.id, schema.alert.c.name, table.created, table.subject, schema.outbox.c.recipient)
        .join(schema.alert, schema.alert.c.id == table.alert)
        .join(schema.outbox, schema.outbox.c.notification == table.id)
        .where(condition)
        .order_by(table.id, schema.outbox.c.id)
    )
    found: dict[int, Said] = {}
    for row in rows:
        before = found.get(row.id)
        recipients = (*before.recipients, row.recipient) if before else (row.recipient,)
        found[row.id] = Said(row.name, row.created, row.subject, recipients)
    return list(found.values())


def messages_by_alert(connection: Connection) -> dict[int, int]:
    """How many messages each alert has sent, by its id."""
    table = schema.notification.c
    rows = connection.execute(select(table.alert, func.count()).group_by(table.alert))
    return {row[0]: row[1] for row in rows}


def newest_seen(connection: Connection) -> datetime | None:
    """When the latest article came in; None where there is none."""
    newest: datetime | None = connection.execute(select(func.max(schema.article.c.seen))).scalar_one()
    return newest
