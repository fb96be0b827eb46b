"""The articles of stories for lists and pages: the newest of each, and how many there are in all."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, func, select

from pipeline.db import schema
from pipeline.db.dialect import chunks


@dataclass(frozen=True, slots=True)
class Members:
    """Of one story: ids of its newest articles, the newest first, and the number of all."""

    newest: tuple[str, ...]
    total: int


@dataclass(frozen=True, slots=True)
class StoryRow:
    """A story in a list. Times are UTC."""

    id: str
    title: str
    first_seen: datetime
    last_seen: datetime
    articles: int
    status: str | None
    thread: str | None


def latest(
    connection: Connection, limit: int, since: datetime | None = None, until: datetime | None = None
) -> list[StoryRow]:
    """The living stories, those first that were told last; of [since, until) those that were told in it."""
    story, article = schema.story.c, schema.article.c
    query = select(schema.story).where(story.merged_into.is_(None), exists().where(article.story == story.id))
    if since is not None:
        query = query.where(story.last_seen >= since)
    if until is not None:
        query = query.where(story.first_seen < until)
    rows = connection.execute(query.order_by(story.last_seen.desc(), story.id).limit(limit)).all()
    sizes: dict[str, int] = {}
    for part in chunks([row.id for row in rows]):
        counted = select(article.story, func.count()).where(article.story.in_(part)).group_by(article.story)
        sizes |= {row[0]: row[1] for row in connection.execute(counted)}
    return [
        StoryRow(row.id, row.title, row.first_seen, row.last_seen, sizes[row.id], row.status, row.thread)
        for row in rows
    ]


def members(connection: Connection, stories: Collection[str], most: int) -> dict[str, Members]:
    """The newest `most` articles of each of these stories; an article without a story is a story of one. Stories without
    articles are absent."""
    article = schema.article.c
    place = func.row_number().over(
        partition_by=article.story, order_by=(article.published.desc(), article.id)
    )
    total = func.count().over(partition_by=article.story)
    found: dict[str, list[str]] = {}
    totals: dict[str, int] = {}
    for part in chunks(sorted(stories)):
        ranked = (
            select(article.id, article.story, place.label("place"), total.label("total"))
            .where(article.story.in_(part))
            .subquery()
        )
        for row in connection.execute(
            select(ranked).where(ranked.c.place <= most).order_by(ranked.c.story, ranked.c.place)
        ):
            found.setdefault(row.story, []).append(row.id)
            totals[row.story] = row.total
        alone = select(article.id).where(article.story.is_(None), article.id.in_(part))
        for name in connection.execute(alone).scalars():
            found[name], totals[name] = [name], 1
    return {story: Members(tuple(ids), totals[story]) for story, ids in found.items()}
