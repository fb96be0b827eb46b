"""How the stories stand: read the members, judge by `pipeline.stories.status`, keep what changed."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select, update

from pipeline.db import schema, tags
from pipeline.db.corrections import for_articles
from pipeline.stories.status import Report, Standing, standing

JUDGED = 400
"""Newest articles of a story by which it is judged: bounds the work on a story that everybody tells."""


def refresh_standing(connection: Connection, stories: Iterable[str], now: datetime) -> dict[str, str | None]:
    """Judge these stories anew; returns those whose status changed, with the new one.

    The revision of their articles rises, since the index and the alerts read the status.
    """
    changed: dict[str, str | None] = {}
    table = schema.story
    for story in stories:
        before = connection.execute(select(table.c.status).where(table.c.id == story)).first()
        if before is None:
            continue
        status = standing(reports_of(connection, story)).status
        if status == before.status:
            continue
        changed[story] = status
        connection.execute(update(table).where(table.c.id == story).values(status=status, status_since=now))
        connection.execute(
            update(schema.article)
            .where(schema.article.c.story == story)
            .values(revision=schema.article.c.revision + 1)
        )
    return changed


def standing_of(connection: Connection, story: str) -> Standing:
    """How a living story stands now, for people: with its sources, sides and claimants."""
    return standing(reports_of(connection, story))


def reports_of(connection: Connection, story: str) -> list[Report]:
    """The newest articles of a story as its standing depends on them."""
    table = schema.article.c
    rows = connection.execute(
        select(
            table.id, table.outlet, table.owner, table.side, table.control, table.published, table.title, table.text,
            table.copy_of, table.corrected,
        )
        .where(table.story == story)
        .order_by(table.published.desc(), table.id)
        .limit(JUDGED)
    ).all()  # fmt: skip
    ids = [row.id for row in rows]
    positions = tags.positions_of(connection, ids)
    corrected = [row.id for row in rows if row.corrected]
    labels = tags.labels_of(connection, corrected)
    corrections = for_articles(connection, corrected)
    return [
        Report(
            row.id,
            row.outlet,
            row.owner,
            row.side,
            row.control,
            row.published,
            row.title,
            row.text,
            row.copy_of,
            tuple(positions[row.id]),
            withdrawn=any(item.verdict == "wrong" for item in corrections.get(row.id, ()))
            and not positions[row.id]
            and not any(
                label.label.startswith("development:") and label.decision == "yes" for label in labels[row.id]
            ),
        )
        for row in rows
    ]
