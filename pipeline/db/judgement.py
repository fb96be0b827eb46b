"""What analysts say of a story: a verdict, notes, tags of their own. An append-only log with who, when, and the value before.

A judgement stays with the story that it was made of and is read through redirects, so that it survives merges.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, or_, select, update

from pipeline.db import schema, stories
from pipeline.db.dialect import chunks
from pipeline.errors import NotFoundError, SettingsError
from pipeline.judgement import STANDINGS, Judged, Judgement, Kind

LONGEST_NOTE = 5000
LONGEST_TAG = 60


def add(
    connection: Connection, kind: Kind, story: str, value: str, *, note: str = "", author: str, now: datetime
) -> Judgement:
    """Log a judgement of a story. A tag that the story has already is returned as it is; a new one is a field of its
    articles in searches, so their revision rises.

    Raises NotFoundError for a story that never was, SettingsError for a verdict, tag or note that cannot be one.
    """
    living = stories.resolve(connection, story)
    value, note = _checked(kind, value, note)
    standing = of_story(connection, living)
    if kind == "tag" and (same := next((tag for tag in standing.tags if tag.value == value), None)):
        return same
    values = {
        "kind": kind, "story": living, "value": value, "note": note, "author": author, "at": now,
        "old": standing.verdict.value if kind == "verdict" and standing.verdict else "",
    }  # fmt: skip
    number = connection.execute(insert(schema.judgement).values(**values).returning(schema.judgement.c.id))
    if kind == "tag":
        stories.touch(connection, living)
    return _judgement(connection.execute(_rows().where(schema.judgement.c.id == number.scalar_one())).one())


def undo(connection: Connection, number: int, *, author: str, now: datetime) -> Judgement:
    """Take a judgement back; the log keeps it. Raises NotFoundError where it is not there or was taken back already."""
    table = schema.judgement
    changed = connection.execute(
        update(table)
        .where(table.c.id == number, table.c.undone.is_(None))
        .values(undone=now, undone_by=author)
    )
    if changed.rowcount == 0:
        raise NotFoundError(f"judgement {number} is not there, or was taken back already")
    undone = _judgement(connection.execute(_rows().where(table.c.id == number)).one())
    if undone.kind == "tag":
        for story in stories.living(connection, [undone.story]).values():
            stories.touch(connection, story)
    return undone


def of_story(connection: Connection, story: str) -> Judged:
    """What stands of a living story, judgements of stories that were merged into it included."""
    return of_stories(connection, [story]).get(story, Judged())


def of_stories(connection: Connection, living: Sequence[str]) -> dict[str, Judged]:
    """What stands of each of these living stories; those of which nobody said anything are absent."""
    table, story = schema.judgement.c, schema.story.c
    found: dict[str, list[Judgement]] = {}
    for part in chunks(living):
        now_in = func.coalesce(story.merged_into, table.story)
        query = (
            select(schema.judgement, now_in.label("living"))
            .outerjoin(schema.story, story.id == table.story)
            .where(or_(table.story.in_(part), story.merged_into.in_(part)), table.undone.is_(None))
            .order_by(table.id)
        )
        for row in connection.execute(query):
            found.setdefault(row.living, []).append(_judgement(row))
    return {name: _judged(items) for name, items in found.items()}


def tags_of(connection: Connection, living: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The tags of each of these living stories, by name; stories without any are absent."""
    table, story = schema.judgement.c, schema.story.c
    found: dict[str, set[str]] = {}
    for part in chunks(sorted(living)):
        now_in = func.coalesce(story.merged_into, table.story)
        query = (
            select(table.value, now_in.label("living"))
            .outerjoin(schema.story, story.id == table.story)
            .where(table.kind == "tag", table.undone.is_(None), now_in.in_(part))
        )
        for row in connection.execute(query):
            found.setdefault(row.living, set()).add(row.value)
    return {name: tuple(sorted(values)) for name, values in found.items()}


def log(connection: Connection, limit: int, kind: Kind | None = None) -> list[Judgement]:
    """The latest rows, the newest first, those taken back included."""
    query = _rows().order_by(schema.judgement.c.id.desc()).limit(limit)
    return [
        _judgement(row)
        for row in connection.execute(query if kind is None else query.where(schema.judgement.c.kind == kind))
    ]


def tag_counts(connection: Connection) -> dict[str, int]:
    """Every tag that stands, with the number of its stories; the commonest first."""
    table, count = schema.judgement.c, func.count()
    rows = connection.execute(
        select(table.value, count)
        .where(table.kind == "tag", table.undone.is_(None))
        .group_by(table.value)
        .order_by(count.desc(), table.value)
    )
    return {row[0]: row[1] for row in rows}


def tagged(connection: Connection, tag: str, limit: int) -> list[str]:
    """The living stories that carry a tag, the one tagged last first."""
    table, story = schema.judgement.c, schema.story.c
    rows = connection.execute(
        select(func.coalesce(story.merged_into, table.story).label("living"))
        .outerjoin(schema.story, story.id == table.story)
        .where(table.kind == "tag", table.value == tag, table.undone.is_(None))
        .order_by(table.id.desc())
        .limit(limit)
    )
    return list(dict.fromkeys(row.living for row in rows))


def _judged(items: Sequence[Judgement]) -> Judged:
    verdicts = [item for item in items if item.kind == "verdict"]
    tags = {item.value: item for item in reversed(items) if item.kind == "tag"}
    return Judged(
        verdicts[-1] if verdicts else None,
        tuple(tags[name] for name in sorted(tags)),
        tuple(item for item in items if item.kind == "note"),
    )


def _checked(kind: Kind, value: str, note: str) -> tuple[str, str]:
    value, note = " ".join(value.split()), note.strip()
    if kind == "verdict" and value not in STANDINGS:
        raise SettingsError(f"{value!r} is no verdict; it is one of {', '.join(STANDINGS)}")
    if kind == "tag" and not 0 < len(value) <= LONGEST_TAG:
        raise SettingsError(f"a tag has 1 to {LONGEST_TAG} letters")
    if len(note) > LONGEST_NOTE or (kind == "note" and not note):
        raise SettingsError(f"a note has 1 to {LONGEST_NOTE} letters")
    return value, note


def _rows() -> Select[Any]:
    return select(schema.judgement)


def _judgement(row: Row[Any]) -> Judgement:
    return Judgement(
        row.id,
        row.kind,
        row.story,
        row.value,
        row.note,
        row.old,
        row.author,
        row.at,
        row.undone,
        row.undone_by,
    )
