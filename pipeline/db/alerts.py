"""Saved queries in the database: added, edited, paused, resumed, removed; and what is muted.

Every change of what an alert asks for moves `since`, so that it sees later arrivals only. The keys that open stories
carry at that moment are known from then on (`pipeline.steps.alerts` inserts them in the same transaction).
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from pipeline.alerts.facts import Mute
from pipeline.db import outbox, schema
from pipeline.errors import NotFoundError, SettingsError
from pipeline.types import Alert

COLUMNS = frozenset({"id", "name", "query", "recipients", "cadence", "since", "created", "paused"})
OPTIONS = tuple(field.name for field in fields(Alert) if field.name not in COLUMNS)


def add(connection: Connection, alert: Alert) -> Alert:
    """Write a new alert; its `id` is given out here and returned. Raises SettingsError where the name is taken."""
    if _row(connection, alert.name) is not None:
        raise SettingsError(
            f"there is an alert named {alert.name!r} already; choose another name or edit that one"
        )
    number = connection.execute(insert(schema.alert).values(**_values(alert)).returning(schema.alert.c.id))
    return replace(alert, id=number.scalar_one())


def save(connection: Connection, alert: Alert) -> None:
    """Write a changed alert over the row of its id. Raises NotFoundError, or SettingsError where the name is taken."""
    other = _row(connection, alert.name)
    if other is not None and other.id != alert.id:
        raise SettingsError(f"there is another alert named {alert.name!r}; choose another name")
    table = schema.alert
    if connection.execute(update(table).where(table.c.id == alert.id).values(**_values(alert))).rowcount == 0:
        raise NotFoundError(f"alert {alert.name!r} was removed meanwhile")
    aside = schema.set_aside.c
    connection.execute(  # a query that was no longer understood is understood again, or the caller would not be here
        delete(schema.set_aside).where(aside.step == "announce", aside.subject == alert.name)
    )


def get(connection: Connection, name: str) -> Alert:
    """The alert of this name. Raises NotFoundError that says which names exist."""
    row = _row(connection, name)
    if row is None:
        names = (
            ", ".join(alert.name for alert in list_all(connection))
            or "none yet; `ceasefire alert add` makes one"
        )
        raise NotFoundError(f"there is no alert named {name!r}; there are: {names}")
    return _alert(row)


def list_all(connection: Connection) -> list[Alert]:
    """Every alert, paused and expired ones included, by name."""
    return [_alert(row) for row in connection.execute(select(schema.alert).order_by(schema.alert.c.name))]


def by_id(connection: Connection, alert: int) -> Alert | None:
    """The alert of this id, or None where it was removed."""
    row = connection.execute(select(schema.alert).where(schema.alert.c.id == alert)).first()
    return None if row is None else _alert(row)


def remove(connection: Connection, name: str) -> None:
    """Forget an alert with all that it announced and still had to send. Raises NotFoundError."""
    connection.execute(delete(schema.alert).where(schema.alert.c.id == get(connection, name).id))


def unsubscribe(connection: Connection, alert: int, recipient: str) -> bool:
    """Take one recipient off an alert, and set aside what still waits for them. Returns whether they were on it.

    `since` stays: the others go on as before.
    """
    found = by_id(connection, alert)
    if found is None or recipient not in found.recipients:
        return False
    rest = [address for address in found.recipients if address != recipient]
    connection.execute(update(schema.alert).where(schema.alert.c.id == alert).values(recipients=rest))
    own = select(schema.notification.c.id).where(schema.notification.c.alert == alert)
    connection.execute(
        update(schema.outbox)
        .where(
            schema.outbox.c.notification.in_(own),
            schema.outbox.c.recipient == recipient,
            schema.outbox.c.state == "waiting",
        )
        .values(state="set-aside", error=outbox.UNSUBSCRIBED)
    )
    return True


def mute(connection: Connection, what: Mute, now: datetime) -> int:
    """Write a mute and return its id."""
    values = {
        "kind": what.kind, "value": what.value, "alert": what.alert, "recipient": what.recipient,
        "until": what.until, "created": now,
    }  # fmt: skip
    number: int = connection.execute(
        insert(schema.mute).values(**values).returning(schema.mute.c.id)
    ).scalar_one()
    return number


def unmute(connection: Connection, number: int) -> None:
    """Take a mute back. Raises NotFoundError."""
    if connection.execute(delete(schema.mute).where(schema.mute.c.id == number)).rowcount == 0:
        raise NotFoundError(f"there is no mute {number}; `ceasefire alert show` lists them")


def mutes(connection: Connection, now: datetime) -> dict[int, Mute]:
    """The mutes that are in force, by id. One of a story follows it where it was merged into another."""
    table, story = schema.mute, schema.story
    rows = connection.execute(
        select(table, story.c.merged_into)
        .outerjoin(story, (table.c.kind == "story") & (story.c.id == table.c.value))
        .where(or_(table.c.until.is_(None), table.c.until > now))
        .order_by(table.c.id)
    )
    return {
        row.id: Mute(row.kind, row.merged_into or row.value, row.alert, row.recipient, row.until)
        for row in rows
    }


def _row(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(schema.alert).where(schema.alert.c.name == name)).first()


def _values(alert: Alert) -> dict[str, Any]:
    columns: dict[str, Any] = {name: getattr(alert, name) for name in COLUMNS - {"id", "recipients"}}
    options = {name: _to_json(getattr(alert, name)) for name in OPTIONS}
    return columns | {"recipients": list(alert.recipients), "options": options}


def _alert(row: Row[Any]) -> Alert:
    options: Mapping[str, Any] = row.options
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise SettingsError(
            f"alert {row.name!r} has unknown options {', '.join(unknown)}; a newer version wrote them?"
        )
    columns = {name: getattr(row, name) for name in COLUMNS - {"recipients"}}
    read = {name: _from_json(name, value) for name, value in options.items()}
    return Alert(**columns, **read, recipients=tuple(row.recipients))


def _to_json(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _from_json(name: str, value: Any) -> Any:
    if name == "expires" and value is not None:
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value
