"""The queue of `retag`: articles that another model tagged, walked from the newest to the oldest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, case, delete, func, or_, select, update

from pipeline.db import schema
from pipeline.db.dialect import chunks
from pipeline.db.tags import Untagged

STEP = "retag"
"""The step's name among what is set aside, and the reason of an article that it has taken out of the news."""

HISTORY = ("import", "backfill")
"""Reasons that stay: these articles never were news."""

Place = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which articles: first seen in [since, until), UTC; with `only`, those that carry one of these labels now
    ("facet:id"), decided or in the uncertain band."""

    since: datetime | None = None
    until: datetime | None = None
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tagged:
    """An article as the tagger reads it, with who tagged it and its place in the walk."""

    article: Untagged
    model_hash: str | None
    place: Place


def count(connection: Connection, model_hash: str, scope: Scope) -> int:
    """How many articles of the scope another model tagged."""
    query = _in_scope(select(func.count()).select_from(schema.article), model_hash, scope)
    return int(connection.execute(query).scalar_one())


def tagged_by_another(
    connection: Connection, model_hash: str, scope: Scope, after: Place | None, limit: int
) -> list[Tagged]:
    """The next `limit` articles behind `after`, the newest first."""
    table = schema.article.c
    query = _in_scope(
        select(
            table.id, table.title, table.text, table.language, table.text_hash, table.tagged_model_hash, table.seen
        ),
        model_hash,
        scope,
    )  # fmt: skip
    if after is not None:
        seen, article = after
        query = query.where(
            table.seen <= seen, or_(table.seen < seen, and_(table.seen == seen, table.id > article))
        )
    rows = connection.execute(query.order_by(table.seen.desc(), table.id).limit(limit))
    return [
        Tagged(
            Untagged(row.id, row.title, row.text, row.language, row.text_hash),
            row.tagged_model_hash,
            (row.seen, row.id),
        )
        for row in rows
    ]


def reopen(connection: Connection, item: Tagged) -> bool:
    """Let new tags be written over the old ones, in the same transaction; False where the article changed meanwhile.

    What was matched is history from now on. An article that alerts have not seen at its present revision keeps its
    reason: its news is still to be told.
    """
    table = schema.article
    seen_by_alerts = and_(
        table.c.matched_revision >= table.c.revision, table.c.reason.not_in((*HISTORY, STEP))
    )
    changed = connection.execute(
        update(table)
        .where(
            table.c.id == item.article.id,
            table.c.text_hash == item.article.text_hash,
            table.c.tagged_text_hash == item.article.text_hash,
            table.c.tagged_model_hash.is_not_distinct_from(item.model_hash),
        )
        .values(
            tagged_text_hash=None,
            reason=case((seen_by_alerts, STEP), else_=table.c.reason),
        )
    )
    return changed.rowcount == 1


def no_longer_set_aside(connection: Connection, articles: Sequence[str]) -> None:
    """What a former run failed on went well now."""
    table = schema.set_aside
    for part in chunks(articles):
        connection.execute(delete(table).where(table.c.step == STEP, table.c.subject.in_(part)))


def labels(connection: Connection) -> set[str]:
    """Every label that some article carries, those of a former taxonomy too."""
    return set(connection.execute(select(schema.label.c.label).distinct()).scalars())


def _in_scope(query: Select[Any], model_hash: str, scope: Scope) -> Select[Any]:
    table = schema.article.c
    query = query.where(
        table.tagged_text_hash.is_not(None),
        or_(table.tagged_model_hash.is_(None), table.tagged_model_hash != model_hash),
    )
    if scope.since is not None:
        query = query.where(table.seen >= scope.since)
    if scope.until is not None:
        query = query.where(table.seen < scope.until)
    if scope.only:
        label = schema.label.c
        query = query.where(
            select(label.article).where(label.article == table.id, label.label.in_(scope.only)).exists()
        )
    return query
