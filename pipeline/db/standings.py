"""How the stories stand: read the members, judge by `pipeline.stories.status`, keep what changed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from pipeline.db import schema, tags
from pipeline.db.corrections import for_articles
from pipeline.db.dialect import chunks
from pipeline.db.tellings import developments_of
from pipeline.stories.status import Report, Standing, standing

JUDGED = 400
"""Newest articles of a story by which it is judged: bounds the work on a story that everybody tells."""
TOLD = frozenset({"acknowledged", "disputed", "denied", "withdrawn"})
"""The states that the index and alerts show; how many sources a fresh story has is looked up where it is shown."""


def refresh_standing(
    connection: Connection, stories: Collection[str], now: datetime
) -> dict[str, str | None]:
    """Judge these stories anew; returns those whose status changed, with the new one.

    The revision of their articles rises where the index or an alert reads the status (TOLD).
    """
    table = schema.story.c
    before = {
        row.id: row.status
        for part in chunks(sorted(stories))
        for row in connection.execute(select(table.id, table.status).where(table.id.in_(part)))
    }
    reports = reports_of(connection, list(before))
    after = {story: standing(reports.get(story, [])).status for story in before}
    changed: dict[str, str | None] = {
        story: status for story, status in after.items() if status != before[story]
    }
    for story, status in changed.items():
        connection.execute(
            update(schema.story).where(table.id == story).values(status=status, status_since=now)
        )
        if before[story] in TOLD or status in TOLD:
            connection.execute(
                update(schema.article)
                .where(schema.article.c.story == story)
                .values(revision=schema.article.c.revision + 1)
            )
    return changed


def standing_of(connection: Connection, story: str) -> Standing:
    """How a living story stands now, for people: with its sources, sides and claimants."""
    return standing(reports_of(connection, [story]).get(story, []))


def reports_of(connection: Connection, stories: Sequence[str]) -> dict[str, list[Report]]:
    """The newest articles of each story as its standing depends on them; stories without any are absent."""
    rows: dict[str, list[Row[Any]]] = {}
    for part in chunks(stories):
        for row in connection.execute(_members(part)):
            members = rows.setdefault(row.story, [])
            if len(members) < JUDGED:
                members.append(row)
    ids = [row.id for members in rows.values() for row in members]
    positions = tags.positions_of(connection, ids)
    taken_back = _taken_back(
        connection, [row.id for members in rows.values() for row in members if row.corrected]
    )
    return {
        story: [
            Report(
                row.id, row.outlet, row.owner, row.side, row.control, row.published, row.title, row.text, row.copy_of,
                tuple(positions[row.id]), row.id in taken_back and not positions[row.id],
            )
            for row in members
        ]
        for story, members in rows.items()
    }  # fmt: skip


def _members(stories: Sequence[str]) -> Select[Any]:
    table = schema.article.c
    return (
        select(
            table.id, table.story, table.outlet, table.owner, table.side, table.control, table.published, table.title,
            table.text, table.copy_of, table.corrected,
        )
        .where(table.story.in_(stories))
        .order_by(table.published.desc(), table.id)
    )  # fmt: skip


def _taken_back(connection: Connection, corrected: Sequence[str]) -> set[str]:
    """The articles of which a person called something wrong, and no development is left."""
    corrections = for_articles(connection, corrected)
    developments = developments_of(connection, corrected)
    return {
        article
        for article, items in corrections.items()
        if article not in developments and any(item.verdict == "wrong" for item in items)
    }
