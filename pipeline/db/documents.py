"""Articles joined with all that is known of them, as the index and `export` take them; and the index's queue."""

import base64
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, select, update

from pipeline.db import judgement, schema, tags
from pipeline.db.dialect import chunks
from pipeline.types import Document, Embedding

_ARTICLE = schema.article.c


def _ready() -> Any:
    """Tagged and grouped: what a query may ask for is there."""
    return and_(_ARTICLE.tagged_text_hash.is_not(None), _ARTICLE.grouped_tag_count == _ARTICLE.tag_count)


def to_index(connection: Connection, limit: int) -> list[str]:
    """Ids of up to `limit` articles whose present revision the index does not have yet, the newest first."""
    rows = connection.execute(
        select(_ARTICLE.id)
        .where(_ARTICLE.indexed_revision < _ARTICLE.revision, _ready())
        .order_by(_ARTICLE.seen.desc(), _ARTICLE.id)
        .limit(limit)
    )
    return [row.id for row in rows]


def count_to_index(connection: Connection) -> int:
    """Length of the index's queue: articles behind, and removed ones still in it."""
    behind = connection.execute(
        select(func.count()).select_from(schema.article).where(_ARTICLE.indexed_revision < _ARTICLE.revision)
    ).scalar_one()
    removed = connection.execute(
        select(func.count()).select_from(schema.tombstone).where(~schema.tombstone.c.indexed)
    ).scalar_one()
    return behind + removed


def by_ids(connection: Connection, ids: Sequence[str]) -> list[Document]:
    """The documents of these articles, in the order of `ids`; ids that are no articles are left out."""
    rows: dict[str, Row[Any]] = {}
    for part in chunks(ids):
        rows.update((row.id, row) for row in connection.execute(_joined().where(_ARTICLE.id.in_(part))))
    present = [article for article in ids if article in rows]
    labels = tags.labels_of(connection, present)
    positions = tags.positions_of(connection, present)
    own = judgement.tags_of(connection, {story for row in rows.values() if (story := row.story)})
    return [
        _document(rows[article], labels[article], positions[article], own.get(rows[article].story, ()))
        for article in present
    ]


def after(connection: Connection, last: str, limit: int) -> list[Document]:
    """The next `limit` documents behind the id `last`, in order of id: walks the archive in bounded memory."""
    rows = connection.execute(
        select(_ARTICLE.id)
        .where(_ARTICLE.id > last, _ARTICLE.tagged_text_hash.is_not(None))
        .order_by(_ARTICLE.id)
        .limit(limit)
    )
    return by_ids(connection, [row.id for row in rows])


def archive(connection: Connection, last: str, limit: int) -> list[dict[str, Any]]:
    """The next `limit` articles behind the id `last` with every stored field, labels and positions, as plain data."""
    rows = connection.execute(
        select(schema.article).where(_ARTICLE.id > last).order_by(_ARTICLE.id).limit(limit)
    ).all()
    return _plain(connection, rows)


def lines(connection: Connection, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The same of these articles, in order of id; ids that are no articles are left out."""
    rows: list[Row[Any]] = []
    for part in chunks(sorted(set(ids))):
        rows += connection.execute(
            select(schema.article).where(_ARTICLE.id.in_(part)).order_by(_ARTICLE.id)
        ).all()
    return _plain(connection, rows)


def _plain(connection: Connection, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    ids = [row.id for row in rows]
    labels, positions = tags.labels_of(connection, ids), tags.positions_of(connection, ids)
    plain = []
    for row in rows:
        line = dict(row._mapping)
        line["embedding"] = None if row.embedding is None else base64.b64encode(row.embedding).decode("ascii")
        line["labels"] = [asdict(label) for label in labels[row.id]]
        line["positions"] = [asdict(position) for position in positions[row.id]]
        plain.append(line)
    return plain


def finish_indexed(connection: Connection, revisions: dict[str, int]) -> None:
    """The index has these articles at these revisions (or newer)."""
    for article, revision in revisions.items():
        connection.execute(
            update(schema.article)
            .where(_ARTICLE.id == article, _ARTICLE.indexed_revision < revision)
            .values(indexed_revision=revision)
        )


def tombstones(connection: Connection, limit: int) -> dict[str, int]:
    """Removed articles that the index may still hold: id -> revision of the removal."""
    table = schema.tombstone
    rows = connection.execute(select(table.c.article, table.c.revision).where(~table.c.indexed).limit(limit))
    return {row.article: row.revision for row in rows}


def finish_tombstones(connection: Connection, ids: Sequence[str]) -> None:
    """The index has forgotten these."""
    for part in chunks(ids):
        connection.execute(
            update(schema.tombstone).where(schema.tombstone.c.article.in_(part)).values(indexed=True)
        )


def _joined() -> Select[Any]:
    story = schema.story
    return select(
        schema.article, story.c.thread.label("story_thread"), story.c.status.label("story_status")
    ).select_from(schema.article.outerjoin(story, story.c.id == _ARTICLE.story))


def _document(
    row: Row[Any], labels: Sequence[Any], positions: Sequence[Any], own_tags: Sequence[str]
) -> Document:
    return Document(
        id=row.id,
        revision=row.revision,
        title=row.title,
        text=row.text,
        url=row.url,
        feed=row.feed,
        outlet=row.outlet,
        owner=row.owner,
        side=row.side,
        control=row.control,
        country=row.country,
        kind=row.kind,
        form=row.form,
        language=row.tagged_language or row.language,
        published=row.published,
        seen=row.seen,
        reason=row.reason,
        story=row.story or row.id,
        thread=row.story_thread,
        copy_of=row.copy_of,
        labels=tuple(label for label in labels if label.decision == "yes"),
        uncertain=tuple(label for label in labels if label.decision == "uncertain"),
        positions=tuple(positions),
        names=tuple(row.names),
        places=tuple(row.places),
        tags=tuple(own_tags),
        corrected=row.corrected,
        disputed=row.story_status == "disputed",
        embedding=_embedding(row),
    )


def _embedding(row: Row[Any]) -> Embedding | None:
    if row.embedding is None or row.tagged_model_hash is None:
        return None
    return Embedding(row.tagged_model_hash, row.embedding)
