"""What the tagger said of each article: labels, positions and the embedding; and the queue of what is untagged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, insert, select, update

from classifiers.types import LabelDecision, Position, Tagged
from pipeline.db import schema
from pipeline.db.dialect import chunks
from pipeline.db.dialect import insert as upsert


@dataclass(frozen=True, slots=True)
class Untagged:
    """An article as the tagger reads it, with the hash of exactly this text."""

    id: str
    title: str
    text: str
    language: str
    text_hash: str


def untagged(connection: Connection, limit: int) -> list[Untagged]:
    """Up to `limit` articles whose present text has no tags yet, the newest first: they are what alerts wait for."""
    table = schema.article
    rows = connection.execute(
        select(table.c.id, table.c.title, table.c.text, table.c.language, table.c.text_hash)
        .where(table.c.tagged_text_hash.is_(None))
        .order_by(table.c.seen.desc(), table.c.id)
        .limit(limit)
    )
    return [Untagged(*row) for row in rows]


def count_untagged(connection: Connection) -> int:
    """Length of the tag queue."""
    return connection.execute(
        select(func.count()).select_from(schema.article).where(schema.article.c.tagged_text_hash.is_(None))
    ).scalar_one()


def write(
    connection: Connection,
    article: Untagged,
    tagged: Tagged,
    *,
    model_hash: str,
) -> bool:
    """Put these tags in the place of the article's earlier ones; its revision rises.

    Writes only where the text is still the one that was read and nobody else tagged it meanwhile. Returns whether it
    wrote.
    """
    table = schema.article
    changed = connection.execute(
        update(table)
        .where(
            table.c.id == article.id,
            table.c.text_hash == article.text_hash,
            table.c.tagged_text_hash.is_(None),
        )
        .values(
            tagged_text_hash=article.text_hash,
            tagged_model_hash=model_hash,
            tag_count=table.c.tag_count + 1,
            revision=table.c.revision + 1,
            tagged_language=tagged.lang,
            backend=tagged.backend,
            embedding=None if tagged.embedding is None else embedding_bytes(tagged.embedding),
            names=list(tagged.names),
            places=list(tagged.places),
        )
    )
    if changed.rowcount == 0:
        return False
    replace_labels(connection, article.id, (*tagged.labels, *tagged.uncertain), tagged.positions)
    return True


def replace_labels(
    connection: Connection, article: str, labels: Sequence[LabelDecision], positions: Sequence[Position]
) -> None:
    """Make these the article's labels and positions; whoever calls raises the revision."""
    connection.execute(delete(schema.label).where(schema.label.c.article == article))
    connection.execute(delete(schema.position).where(schema.position.c.article == article))
    if labels:
        connection.execute(
            insert(schema.label),
            [
                {
                    "article": article, "label": item.label, "decision": item.decision, "score": item.score,
                    "threshold": item.threshold, "announce": item.announce, "sentence": item.sentence,
                    "reason": item.reason,
                }
                for item in labels
            ],
        )  # fmt: skip
    if positions:
        connection.execute(
            insert(schema.position),
            [
                {
                    "article": article, "number": number, "development": item.development, "by": list(item.by),
                    "against": list(item.against), "detail": item.detail, "score": item.score,
                    "sentence": item.sentence,
                }
                for number, item in enumerate(positions)
            ],
        )  # fmt: skip


def labels_of(connection: Connection, articles: Sequence[str]) -> dict[str, list[LabelDecision]]:
    """Stored labels by article, decided and uncertain ones, in alphabetical order of the label."""
    table = schema.label
    found: dict[str, list[LabelDecision]] = {article: [] for article in articles}
    for part in chunks(articles):
        for row in connection.execute(select(table).where(table.c.article.in_(part)).order_by(table.c.label)):
            found[row.article].append(
                LabelDecision(
                    row.label, row.score, row.threshold, row.decision, row.announce, row.sentence, row.reason
                )
            )
    return found


def positions_of(connection: Connection, articles: Sequence[str]) -> dict[str, list[Position]]:
    """Stored positions by article, in the order in which the tagger gave them."""
    table = schema.position
    found: dict[str, list[Position]] = {article: [] for article in articles}
    for part in chunks(articles):
        for row in connection.execute(
            select(table).where(table.c.article.in_(part)).order_by(table.c.number)
        ):
            found[row.article].append(
                Position(
                    row.development, tuple(row.by), tuple(row.against), row.detail, row.score, row.sentence
                )
            )
    return found


def set_aside(connection: Connection, step: str, subject: str, reason: str, now: datetime) -> None:
    """Note that `step` can never work on `subject`, and why; a later note replaces the earlier one."""
    statement = upsert(connection, schema.set_aside).values(step=step, subject=subject, reason=reason, at=now)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["step", "subject"], set_={"reason": reason, "at": now}
        )
    )


def embedding_bytes(vector: NDArray[np.float32]) -> bytes:
    """A (d,) vector of unit length as little-endian half floats: two bytes a dimension, cosine exact to 0.001."""
    return vector.astype("<f2").tobytes()


def embedding_vector(stored: bytes) -> NDArray[np.float32]:
    """The inverse of `embedding_bytes`."""
    return np.frombuffer(stored, dtype="<f2").astype(np.float32)
