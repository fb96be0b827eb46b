"""What grouping works on: the queue of tagged articles, and the window of those that are grouped already."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, func, select

from pipeline.db import schema, tags
from pipeline.db.dialect import chunks
from pipeline.db.dialect import insert as upsert
from pipeline.query import fold
from pipeline.stories.copies import Print
from pipeline.stories.similarity import Telling, telling

READING = 2
"""Raise it with any change of the rules in pipeline/stories that read a text; the data files count by themselves."""


@dataclass(frozen=True, slots=True)
class Ungrouped:
    """A tagged article that waits for its story: `story` is where an earlier text of it went, if it was grouped.
    `told`: when we were told of it, or would have been had we been watching; UTC."""

    id: str
    tag_count: int
    told: datetime
    story: str | None
    model_hash: str | None
    telling: Telling


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a grouped article is, and the tagging that it was grouped by."""

    story: str
    copy_of: str | None
    tag_count: int


def ungrouped(connection: Connection, limit: int) -> list[Ungrouped]:
    """Up to `limit` tagged articles whose present tags grouping has not seen, the earliest published first."""
    table = schema.article.c
    rows = connection.execute(
        _readable(table.tag_count, table.seen, table.reason, table.story)
        .where(table.grouped_tag_count < table.tag_count)
        .order_by(table.published, table.id)
        .limit(limit)
    ).all()
    developments = developments_of(connection, [row.id for row in rows])
    return [
        Ungrouped(
            row.id,
            row.tag_count,
            row.seen if row.reason == "live" else min(row.published, row.seen),
            row.story,
            row.tagged_model_hash,
            _read(row, developments.get(row.id, ()), row.tagged_model_hash),
        )
        for row in rows
    ]


def count_ungrouped(connection: Connection) -> int:
    """Length of the group queue."""
    table = schema.article.c
    query = select(func.count()).select_from(schema.article).where(table.grouped_tag_count < table.tag_count)
    return connection.execute(query).scalar_one()


def placed_between(connection: Connection, start: datetime, end: datetime) -> dict[str, Placed]:
    """The grouped articles published from `start` to `end` (UTC, both in)."""
    table = schema.article.c
    rows = connection.execute(
        select(table.id, table.story, table.copy_of, table.grouped_tag_count).where(
            table.published.between(start, end), table.story.is_not(None), table.grouped_tag_count > 0
        )
    )
    return {row.id: Placed(row.story, row.copy_of, row.grouped_tag_count) for row in rows}


def load(connection: Connection, articles: Sequence[str], model_hash: str | None) -> list[Telling]:
    """Read these articles, as far as they are there. Vectors of another model than `model_hash` are left out."""
    found: list[Telling] = []
    table = schema.telling
    for part in chunks(articles):
        rows = connection.execute(_readable().where(schema.article.c.id.in_(part))).all()
        kept = {
            row.article: row
            for row in connection.execute(
                select(table).where(table.c.article.in_(part), table.c.reader == reader())
            )
        }
        developments = developments_of(connection, [row.id for row in rows if row.id not in kept])
        for row in rows:
            if row.id in kept:
                found.append(_restore(row, kept[row.id], model_hash))
            else:
                found.append(_read(row, developments.get(row.id, ()), model_hash))
    return found


def save(connection: Connection, tellings: Iterable[Telling]) -> None:
    """Keep what was read, in the place of what an earlier text of the article said."""
    rows = [
        {
            "article": one.id,
            "reader": reader(),
            "terms": {term: round(value, 5) for term, value in one.terms.items()},
            "steps": sorted(one.steps),
            "runs": np.array(sorted(one.print.runs), dtype="<u4").tobytes(),
            "english": one.english,
        }
        for one in tellings
    ]
    if not rows:
        return
    statement = upsert(connection, schema.telling)
    updates = {name: statement.excluded[name] for name in rows[0] if name != "article"}
    connection.execute(statement.on_conflict_do_update(index_elements=["article"], set_=updates), rows)


def developments_of(connection: Connection, articles: Sequence[str]) -> dict[str, list[str]]:
    """Ids of the developments that are decided for these articles; articles without any are absent."""
    table = schema.label.c
    found: dict[str, list[str]] = {}
    for part in chunks(articles):
        rows = connection.execute(
            select(table.article, table.label)
            .where(table.article.in_(part), table.decision == "yes", table.label.startswith("development:"))
            .order_by(table.label)
        )
        for row in rows:
            found.setdefault(row.article, []).append(row.label.removeprefix("development:"))
    return found


@cache
def reader() -> str:
    """The version of the reading rules: READING and a hash of their data files."""
    digest = hashlib.sha256()
    for name in ("lexicon.txt", "background.txt"):
        digest.update(files("pipeline.stories").joinpath(name).read_bytes())
    return f"{READING}-{digest.hexdigest()[:12]}"


def _readable(*more: Any) -> Any:
    table = schema.article.c
    return select(
        table.id,
        table.outlet,
        table.published,
        table.title,
        table.text,
        table.embedding,
        table.tagged_model_hash,
        *more,
    )


def _vector(row: Row[Any], model_hash: str | None) -> NDArray[np.float32] | None:
    if row.embedding is None or row.tagged_model_hash != model_hash:
        return None
    return tags.embedding_vector(row.embedding)


def _read(row: Row[Any], developments: Sequence[str], model_hash: str | None) -> Telling:
    return telling(
        row.id, row.outlet, row.published, row.title, row.text, _vector(row, model_hash), developments
    )


def _restore(row: Row[Any], kept: Row[Any], model_hash: str | None) -> Telling:
    runs = frozenset(np.frombuffer(kept.runs, dtype="<u4").tolist())
    return Telling(
        row.id,
        row.outlet,
        row.published,
        row.title,
        kept.terms,
        _vector(row, model_hash) if kept.english else None,
        Print(row.id, row.outlet, row.published, frozenset(fold.tokens(row.title)), runs),
        frozenset(kept.steps),
        kept.english,
    )
