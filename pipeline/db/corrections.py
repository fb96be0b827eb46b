"""The log of corrections: added, undone, listed; each takes effect on the article's rows in the same transaction.

Append-only: an undo marks the row. What the model says now is kept nowhere beside the corrected rows, so an undo puts
back what stood before and queues the article for tagging, which brings the model's present view with the remaining
corrections on top.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from classifiers.types import LabelDecision, Position, Tagged
from pipeline.corrections import Correction, PositionTarget, Verdict, apply, parse_target, read_target
from pipeline.db import schema, tags
from pipeline.db.article_pages import copies_of
from pipeline.db.dialect import chunks
from pipeline.errors import NotFoundError

__all__ = ["Correction", "add", "apply", "followers", "for_articles", "inherit", "list_all", "undo"]


def add(
    connection: Connection,
    article: str,
    target: str,
    verdict: Verdict,
    *,
    labels: Collection[str],
    author: str,
    now: datetime,
    sentence: str = "",
    note: str = "",
) -> Correction:
    """Log a judgement and let it take effect at once: the article's tags are rewritten and its revision rises. Copies of
    the same text follow, with corrections of their own that name this one; later ones when they come (`inherit`).

    `labels`: the taxonomy's ids with facet. `sentence`: the evidence for what is added, by default the title. Raises
    NotFoundError for an unknown article, SettingsError for a target that is neither label nor position.
    """
    parse_target(target, labels)
    title = connection.execute(
        select(schema.article.c.title).where(schema.article.c.id == article)
    ).scalar_one_or_none()
    if title is None:
        raise NotFoundError(f"there is no article {article!r}; `ceasefire search` shows the ids")
    judged = Correction(0, article, target, verdict, author, note, sentence or title, now)
    made = _add_one(connection, judged, follows=None)
    for copy in copies_of(connection, article):
        _add_one(connection, replace(judged, article=copy), follows=made.id)
    return made


def inherit(connection: Connection, articles: Sequence[str]) -> list[Correction]:
    """Let these articles, just put into stories, follow what was said of earlier copies of their text. What one of them
    followed before is left alone, taken back or not. Returns what was added."""
    table, text = schema.correction, schema.article.c
    columns = (text.id, text.copy_of, text.story, text.text_hash)
    arrived = [
        row
        for part in chunks(articles)
        for row in connection.execute(select(*columns).where(text.id.in_(part)).order_by(text.id))
    ]
    standing = [
        row
        for part in chunks(sorted({row.story for row in arrived if row.story is not None}))
        for row in connection.execute(
            select(*columns, func.coalesce(table.c.follows, table.c.id).label("root"))
            .select_from(table.join(schema.article, text.id == table.c.article))
            .where(table.c.undone.is_(None), text.story.in_(part))
            .order_by("root")
        )
    ]
    wanted = {
        mine.id: [theirs.root for theirs in standing if theirs.id != mine.id and _same_words(mine, theirs)]
        for mine in arrived
        if standing
    }
    made: list[Correction] = []
    for article, roots in wanted.items():
        known = {
            number
            for row in connection.execute(
                select(table.c.id, table.c.follows).where(table.c.article == article)
            )
            for number in (row.id, row.follows)
        }
        new = sorted(set(roots) - known)
        rows = connection.execute(select(table).where(table.c.id.in_(new)).order_by(table.c.id)).all()
        made += [
            _add_one(connection, replace(_correction(row), article=article), follows=row.id) for row in rows
        ]
    return made


def _same_words(one: Any, other: Any) -> bool:
    """Is one a copy of the other, or have both the same words to the letter? Rows with id, copy_of, story, text_hash;
    the rule is that of `article_pages.copies_of`."""
    same_original: bool = (one.copy_of or one.id) == (other.copy_of or other.id)
    return same_original or (one.story == other.story and one.text_hash == other.text_hash)


def _add_one(connection: Connection, judged: Correction, follows: int | None) -> Correction:
    tagged = _tags_of(connection, judged.article)
    values = {
        "article": judged.article,
        "target": judged.target,
        "verdict": judged.verdict,
        "old": _remember(tagged, read_target(judged.target)),
        "author": judged.author,
        "note": judged.note,
        "sentence": judged.sentence,
        "at": judged.at,
        "follows": follows,
    }
    row_id = connection.execute(insert(schema.correction).values(**values).returning(schema.correction.c.id))
    correction = replace(judged, id=row_id.scalar_one())
    _rewrite(connection, judged.article, apply(tagged, [correction]), corrected=True)
    return correction


def followers(connection: Connection, correction: int) -> list[Correction]:
    """The corrections of copies that were made along with this one."""
    table = schema.correction
    rows = connection.execute(select(table).where(table.c.follows == correction).order_by(table.c.id))
    return [_correction(row) for row in rows]


def undo(connection: Connection, correction: int, now: datetime) -> Correction:
    """Take a correction back, with those of copies that went along: what stood before stands again, and the articles
    are tagged anew.

    Raises NotFoundError for an id that is not there or was undone already.
    """
    undone = _undo_one(connection, correction, now)
    for item in followers(connection, correction):
        if item.undone is None:
            _undo_one(connection, item.id, now)
    return undone


def _undo_one(connection: Connection, correction: int, now: datetime) -> Correction:
    table = schema.correction
    row = connection.execute(select(table).where(table.c.id == correction)).first()
    if row is None or row.undone is not None:
        state = "was undone already" if row is not None else "does not exist"
        raise NotFoundError(
            f"correction {correction} {state}; `ceasefire corrections list` shows what stands"
        )
    connection.execute(update(table).where(table.c.id == correction).values(undone=now))
    undone = replace(_correction(row), undone=now)
    standing = for_articles(connection, [undone.article]).get(undone.article, ())
    if _exists(connection, undone.article):
        before = _put_back(_tags_of(connection, undone.article), read_target(undone.target), row.old)
        _rewrite(connection, undone.article, apply(before, standing), corrected=bool(standing))
        connection.execute(
            update(schema.article).where(schema.article.c.id == undone.article).values(tagged_text_hash=None)
        )
    return undone


def list_all(connection: Connection, article: str | None = None, limit: int = 1000) -> list[Correction]:
    """The log, newest first, undone ones included; without an article those of copies that went along are left out."""
    table = schema.correction
    query = select(table).order_by(table.c.id.desc()).limit(limit)
    query = query.where(table.c.follows.is_(None) if article is None else table.c.article == article)
    return [_correction(row) for row in connection.execute(query)]


def for_articles(connection: Connection, articles: Sequence[str]) -> dict[str, list[Correction]]:
    """Standing corrections by article, oldest first; articles without any are absent."""
    table = schema.correction
    found: dict[str, list[Correction]] = {}
    for part in chunks(articles):
        rows = connection.execute(
            select(table).where(table.c.article.in_(part), table.c.undone.is_(None)).order_by(table.c.id)
        )
        for row in rows:
            found.setdefault(row.article, []).append(_correction(row))
    return found


def _correction(row: Row[Any]) -> Correction:
    return Correction(
        row.id, row.article, row.target, row.verdict, row.author, row.note, row.sentence, row.at, row.undone
    )


def _exists(connection: Connection, article: str) -> bool:
    found = connection.execute(select(schema.article.c.id).where(schema.article.c.id == article)).first()
    return found is not None


def _tags_of(connection: Connection, article: str) -> Tagged:
    """The article's tags as they stand in the database; `lang`, `backend` and the embedding are not needed here."""
    labels = tags.labels_of(connection, [article])[article]
    return Tagged(
        article,
        tuple(item for item in labels if item.decision == "yes"),
        tuple(item for item in labels if item.decision == "uncertain"),
        tuple(tags.positions_of(connection, [article])[article]),
        "",
        "",
    )


def _rewrite(connection: Connection, article: str, tagged: Tagged, *, corrected: bool) -> None:
    tags.replace_labels(connection, article, (*tagged.labels, *tagged.uncertain), tagged.positions)
    connection.execute(
        update(schema.article)
        .where(schema.article.c.id == article)
        .values(corrected=corrected, revision=schema.article.c.revision + 1)
    )


def _remember(tagged: Tagged, target: str | PositionTarget) -> dict[str, Any]:
    """What the article's rows say of this target now, as JSON: enough to put it back."""
    label = f"development:{target.development}" if isinstance(target, PositionTarget) else target
    development = label.removeprefix("development:") if label.startswith("development:") else None
    return {
        "labels": [
            {
                "label": item.label, "score": item.score, "threshold": item.threshold, "decision": item.decision,
                "announce": item.announce, "sentence": item.sentence, "reason": item.reason,
            }
            for item in (*tagged.labels, *tagged.uncertain)
            if item.label == label
        ],
        "positions": [
            {
                "development": item.development, "by": list(item.by), "against": list(item.against),
                "detail": item.detail, "score": item.score, "sentence": item.sentence,
            }
            for item in tagged.positions
            if item.development == development
        ],
    }  # fmt: skip


def _put_back(tagged: Tagged, target: str | PositionTarget, old: dict[str, Any]) -> Tagged:
    label = f"development:{target.development}" if isinstance(target, PositionTarget) else target
    development = label.removeprefix("development:") if label.startswith("development:") else None
    restored = [LabelDecision(**item) for item in old["labels"]]
    positions = [
        Position(**{**item, "by": tuple(item["by"]), "against": tuple(item["against"])})
        for item in old["positions"]
    ]
    return replace(
        tagged,
        labels=(
            *(item for item in tagged.labels if item.label != label),
            *(item for item in restored if item.decision == "yes"),
        ),
        uncertain=(
            *(item for item in tagged.uncertain if item.label != label),
            *(item for item in restored if item.decision == "uncertain"),
        ),
        positions=(
            *(item for item in tagged.positions if item.development != development),
            *positions,
        ),
    )


def corrected_articles(connection: Connection, after: str, limit: int) -> list[str]:
    """The next `limit` articles behind the id `after` of which a correction stands, in order of id; copies that only
    went along are left out, so that no text is a training line twice."""
    table = schema.correction.c
    rows = connection.execute(
        select(table.article)
        .where(table.article > after, table.undone.is_(None), table.follows.is_(None))
        .distinct()
        .order_by(table.article)
        .limit(limit)
    )
    return [row.article for row in rows]
