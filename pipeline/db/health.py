"""What health is judged by, out of the rows of feeds and polls; and how each feed was found at the last look."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, delete, func, select, type_coerce

from pipeline.db import feeds as feed_rows
from pipeline.db import schema
from pipeline.db.dialect import insert as upsert
from pipeline.db.times import to_microseconds
from pipeline.fetch.policy import failure_told
from pipeline.health import DAYS, Day, Known, Record

_DAY_US = 86_400_000_000


def records(connection: Connection, now: datetime) -> list[Record]:
    """Every listed feed with its last 28 days, in order of name."""
    begin = now - timedelta(days=DAYS + 1)
    news, days = _news(connection, now - timedelta(days=DAYS)), _days(connection, begin, now)
    return [
        Record(
            state.name, state.outlet, state.failures,
            "" if state.failure is None else f"{state.failure}: {failure_told(state.failure, state.failure_detail)}",
            state.gone, state.covered_by, state.first_success, state.last_success, state.last_poll, state.last_new,
            news.get(state.name, ()), days.get(state.name, {}),
        )
        for state in sorted(feed_rows.states(connection).values(), key=lambda state: state.name)
    ]  # fmt: skip


def known(connection: Connection) -> dict[str, Known]:
    """How each subject was found at the last look."""
    rows = connection.execute(select(schema.health))
    return {row.subject: Known(row.state, row.since, row.detail, row.told) for row in rows}


def save(connection: Connection, found: Mapping[str, Known]) -> None:
    """Make these what is known; subjects that are not among them (feeds that were taken off the list) are forgotten."""
    table = schema.health
    connection.execute(delete(table).where(table.c.subject.not_in(list(found))))
    statement = upsert(connection, table)
    given = statement.excluded
    rows = [
        {"subject": name, "state": one.state, "since": one.since, "detail": one.detail, "told": one.told}
        for name, one in found.items()
    ]
    if rows:
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["subject"],
                set_={"state": given.state, "since": given.since, "detail": given.detail, "told": given.told},
            ),
            rows,
        )


def _news(connection: Connection, since: datetime) -> dict[str, list[datetime]]:
    poll = schema.poll.c
    found: dict[str, list[datetime]] = {}
    for row in connection.execute(
        select(poll.feed, poll.at).where(poll.at >= since, poll.new > 0).order_by(poll.feed, poll.at)
    ):
        found.setdefault(row.feed, []).append(row.at)
    return found


def _days(connection: Connection, begin: datetime, now: datetime) -> dict[str, dict[int, Day]]:
    """Good polls and new entries by feed and by how many whole days before `now` they came."""
    poll = schema.poll.c
    back = ((to_microseconds(now) - type_coerce(poll.at, BigInteger)) // _DAY_US).label("back")
    found: dict[str, dict[int, Day]] = {}
    rows = connection.execute(
        select(poll.feed, back, func.count(), func.sum(poll.new))
        .where(poll.at > begin, poll.at <= now, poll.result != "failed")
        .group_by(poll.feed, back)
    )
    for feed, days_ago, polls, new in rows:
        found.setdefault(feed, {})[int(days_ago)] = Day(polls, int(new))
    return found
