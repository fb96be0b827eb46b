"""The log of cycles: what `status` shows as the last one, and the hours that a briefing may call watched."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from pipeline.db import schema
from pipeline.types import CycleReport


def begin(connection: Connection, started: datetime) -> int:
    """Note that a cycle has begun; returns its number."""
    number: int = connection.execute(
        insert(schema.cycle).values(started=started).returning(schema.cycle.c.id)
    ).scalar_one()
    return number


def finish(connection: Connection, number: int, report: CycleReport) -> None:
    """Note what the cycle did."""
    connection.execute(
        update(schema.cycle)
        .where(schema.cycle.c.id == number)
        .values(finished=report.finished, report=as_json(report))
    )


def as_json(report: CycleReport) -> dict[str, Any]:
    """The report as plain data, its feeds only where they brought something or failed."""
    return {
        "counts": dict(report.counts),
        "problems": list(report.problems),
        "feeds": [
            asdict(feed) for feed in report.feeds if feed.result == "failed" or feed.new or feed.changed
        ],
    }


def last(connection: Connection) -> dict[str, Any] | None:
    """The last cycle that finished: started, finished and its report; None before the first one."""
    row = connection.execute(
        select(schema.cycle)
        .where(schema.cycle.c.finished.is_not(None))
        .order_by(schema.cycle.c.started.desc(), schema.cycle.c.id.desc())
        .limit(1)
    ).first()
    return None if row is None else {"started": row.started, "finished": row.finished, **row.report}


def spans(connection: Connection, since: datetime) -> list[tuple[datetime, datetime]]:
    """Start and end of the cycles that finished since then, oldest first."""
    rows = connection.execute(
        select(schema.cycle.c.started, schema.cycle.c.finished)
        .where(schema.cycle.c.finished >= since)
        .order_by(schema.cycle.c.started)
    )
    return [(row.started, row.finished) for row in rows]
