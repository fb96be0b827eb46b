"""What alerts said, for people: each message with its content, its recipients, and how it went out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from pipeline.db import schema


@dataclass(frozen=True, slots=True)
class Delivery:
    """One recipient of a message: where it stands, and why it has not gone out."""

    recipient: str
    state: str
    sent: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of an alert. `content` is what `pipeline.notify.content.from_json` reads."""

    id: int
    at: datetime
    story: str | None
    subject: str
    content: Mapping[str, Any]
    deliveries: tuple[Delivery, ...]


def history(connection: Connection, alert: int, limit: int, before: int | None = None) -> list[Sent]:
    """The messages of an alert, the newest first, those with a number below `before`."""
    table, outbox = schema.notification.c, schema.outbox.c
    query = select(schema.notification).where(table.alert == alert).order_by(table.id.desc()).limit(limit)
    rows = connection.execute(query if before is None else query.where(table.id < before)).all()
    deliveries: dict[int, list[Delivery]] = {row.id: [] for row in rows}
    letters = select(outbox.notification, outbox.recipient, outbox.state, outbox.sent, outbox.error)
    for letter in connection.execute(
        letters.where(outbox.notification.in_(list(deliveries))).order_by(outbox.id)
    ):
        deliveries[letter.notification].append(
            Delivery(letter.recipient, letter.state, letter.sent, letter.error or "")
        )
    return [
        Sent(row.id, row.created, row.story, row.subject, row.content, tuple(deliveries[row.id]))
        for row in rows
    ]
