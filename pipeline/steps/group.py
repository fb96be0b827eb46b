"""Group what is tagged: every article gets its story, and its place among the copies of one text."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from pipeline.db import schema
from pipeline.db import stories as story_rows
from pipeline.db.engine import Database

BATCH = 200
"""Articles grouped between two commits."""


@dataclass(frozen=True, slots=True)
class GroupReport:
    """What the step did. `overtaken`: tagged anew while we grouped; they stay queued."""

    grouped: int = 0
    new_stories: int = 0
    copies: int = 0
    merged: int = 0
    overtaken: int = 0


def group_tagged(
    database: Database,
    now: Callable[[], datetime],
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> GroupReport:
    """Group the whole queue, batch by batch, until it is empty or `stopped()`."""
    table = schema.article
    grouped = new_stories = 0
    while not stopped():
        with database.read() as connection:
            rows = connection.execute(
                select(table.c.id, table.c.tag_count, table.c.title, table.c.seen, table.c.story)
                .where(table.c.grouped_tag_count < table.c.tag_count)
                .order_by(table.c.published, table.c.id)
                .limit(BATCH)
            ).all()
        if not rows:
            break
        with database.write() as connection:
            for row in rows:
                if row.story is None:
                    story_rows.create(connection, row.id, row.title, row.id, row.seen, row.seen)
                    new_stories += 1
                story_rows.assign(connection, {row.id: (row.story or row.id, None)})
                connection.execute(
                    update(table)
                    .where(table.c.id == row.id, table.c.tag_count == row.tag_count)
                    .values(grouped_tag_count=row.tag_count)
                )
        grouped += len(rows)
    return GroupReport(grouped, new_stories)
