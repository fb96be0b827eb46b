"""One article for people: as it stands, every version that it had, and who else tells it. Old ids lead to living ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from pipeline.db import documents, schema
from pipeline.db.dialect import chunks
from pipeline.errors import NotFoundError
from pipeline.types import Document


@dataclass(frozen=True, slots=True)
class Version:
    """A text that the article had, and when (UTC) it was first seen so."""

    number: int
    feed: str
    title: str
    text: str
    text_hash: str
    seen: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """A feed that tells the article."""

    feed: str
    url: str
    first_seen: datetime
    last_changed: datetime


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """Everything that the article's page shows. `versions`: the earliest first; the last is how it stands now."""

    document: Document
    author: str
    published_flag: str
    form_reasons: tuple[str, ...]
    text_hash: str
    tagged_by: str
    versions: tuple[Version, ...]
    sources: tuple[Source, ...]
    copies: tuple[tuple[str, str, str], ...]
    story_title: str


class RemovedError(NotFoundError):
    """An article that was here and is not kept any more."""


def living(connection: Connection, article: str) -> str:
    """The article behind an id that may be of one merged into it. Raises NotFoundError, RemovedError."""
    tombstone = schema.tombstone.c
    seen: set[str] = set()
    while article not in seen:
        seen.add(article)
        if connection.execute(select(schema.article.c.id).where(schema.article.c.id == article)).first():
            return article
        row = connection.execute(
            select(tombstone.merged_into, tombstone.at).where(tombstone.article == article)
        ).first()
        if row is None:
            break
        if row.merged_into is None:
            raise RemovedError(
                f"This article was removed on {row.at:%d %B %Y}; its text is not kept any more."
            )
        article = row.merged_into
    raise NotFoundError(f"There is no article {article!r}.")


def page(connection: Connection, article: str) -> ArticlePage:
    """An article by its living id. Raises NotFoundError."""
    row = connection.execute(select(schema.article).where(schema.article.c.id == article)).first()
    found = documents.by_ids(connection, [article])
    if row is None or not found:
        raise NotFoundError(f"There is no article {article!r}.")
    return ArticlePage(
        found[0],
        row.author,
        row.published_flag,
        tuple(row.form_reasons),
        row.text_hash,
        row.backend or "",
        _versions(connection, row),
        _sources(connection, article),
        _copies(connection, row),
        connection.execute(
            select(schema.story.c.title).where(schema.story.c.id == row.story)
        ).scalar_one_or_none()
        or row.title,
    )


def copies_of(connection: Connection, article: str) -> list[str]:
    """The other articles that carry the same text: copies by grouping, or the same words to the letter."""
    table = schema.article.c
    row: Row[Any] | None = connection.execute(select(schema.article).where(table.id == article)).first()
    return [] if row is None else [found.id for found in _same_text(connection, row)]


def _same_text(connection: Connection, row: Row[Any]) -> list[Row[Any]]:
    table = schema.article.c
    first = row.copy_of or row.id
    same = or_(table.id == first, table.copy_of == first)
    if row.story is not None:
        same = or_(same, (table.story == row.story) & (table.text_hash == row.text_hash))
    query = (
        select(table.id, table.outlet, table.title)
        .where(same, table.id != row.id)
        .order_by(table.published, table.id)
    )
    return list(connection.execute(query))


def _copies(connection: Connection, row: Row[Any]) -> tuple[tuple[str, str, str], ...]:
    return tuple((found.id, found.outlet, found.title) for found in _same_text(connection, row))


def _versions(connection: Connection, row: Row[Any]) -> tuple[Version, ...]:
    table = schema.version.c
    rows = connection.execute(select(schema.version).where(table.article == row.id).order_by(table.number))
    return tuple(
        Version(item.number, item.feed, item.title, item.text, item.text_hash, item.seen, item.reason)
        for item in rows
    )


def _sources(connection: Connection, article: str) -> tuple[Source, ...]:
    table = schema.article_source.c
    rows = connection.execute(
        select(table.feed, table.url, table.first_seen, table.last_changed)
        .where(table.article == article)
        .order_by(table.first_seen, table.feed)
    )
    return tuple(Source(item.feed, item.url, item.first_seen, item.last_changed) for item in rows)


def edited(connection: Connection, story: str) -> list[tuple[str, str, str, int, datetime]]:
    """The articles of a story that were edited: id, outlet, title, number of versions, and when the last was seen."""
    table = schema.article.c
    rows = connection.execute(
        select(table.id, table.outlet, table.title, table.version, table.version_seen)
        .where(table.story == story, table.version > 1)
        .order_by(table.version_seen.desc())
    )
    return [(row.id, row.outlet, row.title, row.version, row.version_seen) for row in rows]


def polls_around(connection: Connection, article: str) -> tuple[datetime | None, datetime | None]:
    """The poll of its feed that brought an article, and the good one before: it appeared between the two."""
    table, poll = schema.article.c, schema.poll.c
    row = connection.execute(select(table.feed, table.seen).where(table.id == article)).first()
    if row is None:
        return None, None
    good = select(poll.at).where(poll.feed == row.feed, poll.result != "failed")
    brought = connection.execute(
        good.where(poll.at >= row.seen).order_by(poll.at).limit(1)
    ).scalar_one_or_none()
    before = connection.execute(
        good.where(poll.at < row.seen).order_by(poll.at.desc()).limit(1)
    ).scalar_one_or_none()
    return before, brought


def text_hashes(connection: Connection, articles: Sequence[str]) -> dict[str, str]:
    """The hash of each article's present text."""
    table = schema.article.c
    found: dict[str, str] = {}
    for part in chunks(articles):
        rows = connection.execute(select(table.id, table.text_hash).where(table.id.in_(part)))
        found |= {row.id: row.text_hash for row in rows}
    return found
