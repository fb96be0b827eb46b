"""When each reader was here last, so that the page can mark what is new to them."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from pipeline.db import schema
from pipeline.db.dialect import insert

PAUSE = timedelta(minutes=30)
"""Without a request for this long, the next one begins a new visit: a coffee is no new visit, lunch is."""


def new_since(connection: Connection, reader: str, now: datetime) -> datetime | None:
    """The end of the reader's visit before this one: what was seen later is new to them. None on the first visit."""
    table = schema.visit.c
    row = connection.execute(select(table.since, table.last).where(table.reader == reader)).first()
    if row is None:
        return None
    found: datetime | None = row.last if now - row.last >= PAUSE else row.since
    return found


def note(connection: Connection, reader: str, now: datetime) -> None:
    """The reader is here at `now`; what ended PAUSE ago or longer was their visit before."""
    since = new_since(connection, reader, now)
    statement = insert(connection, schema.visit).values(reader=reader, since=since, last=now)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["reader"], set_={"since": since, "last": now}, where=schema.visit.c.last <= now
        )
    )


def forget(connection: Connection, reader: str, now: datetime) -> None:
    """Everything up to `now` counts as read."""
    connection.execute(
        update(schema.visit).where(schema.visit.c.reader == reader).values(since=now, last=now)
    )
