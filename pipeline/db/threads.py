"""Threads in the database: stories remembered by a few terms, chained to the matter that they go on with."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from pipeline.db import schema, tags
from pipeline.db.dialect import chunks
from pipeline.db.dialect import insert as upsert
from pipeline.errors import NotFoundError, SettingsError
from pipeline.stories.chronology import Step, ThreadView, Word, latest_stands
from pipeline.stories.grouping import Story
from pipeline.stories.threads import REACH, Remembered, key_terms, lookup_terms, predecessor


def remember_and_link(connection: Connection, stories: Sequence[Story]) -> None:
    """Remember what these stories are known by, and chain those without a thread to an earlier story of their matter.

    A story's terms are kept again when its size reaches a power of two: they settle as it grows.
    """
    table = schema.story.c
    rows = {
        row.id: row
        for part in chunks([story.id for story in stories])
        for row in connection.execute(
            select(table.id, table.thread, table.terms, table.last_seen).where(table.id.in_(part))
        )
    }
    due = [
        story
        for story in stories
        if story.id in rows and not (rows[story.id].terms and len(story.members) & (len(story.members) - 1))
    ]
    terms = {story.id: key_terms(story.profile) for story in due}
    _keep(connection, terms)
    for row in sorted(rows.values(), key=lambda row: row.id):
        if row.thread is not None:
            _stretch(connection, row.thread, row.last_seen)
    loose = [story for story in due if rows[story.id].thread is None]
    earlier = _earlier(connection, loose, terms)
    for story in sorted(loose, key=lambda story: (story.first, story.id)):
        before = predecessor(
            terms[story.id],
            story.first,
            (other for other in earlier if other.story != story.id and other.first <= story.last),
        )
        if before is not None:
            _chain(connection, before, story.id)


def name(connection: Connection, thread: str, wanted: str) -> None:
    """Give a thread a name of its own. Raises NotFoundError, or SettingsError where another thread has the name."""
    find(connection, thread)
    table = schema.thread
    holder = connection.execute(select(table.c.id).where(table.c.name == wanted)).scalar_one_or_none()
    if holder not in (None, thread):
        raise SettingsError(f"thread {holder} is called {wanted!r} already; choose another name")
    connection.execute(update(table).where(table.c.id == thread).values(name=wanted))


def follow(connection: Connection, thread: str, followed: bool = True) -> None:
    """Mark a thread as followed by its readers, or no longer. Raises NotFoundError."""
    find(connection, thread)
    connection.execute(update(schema.thread).where(schema.thread.c.id == thread).values(followed=followed))


def find(connection: Connection, thread: str) -> Row[Any]:
    """A thread's row by id or name. Raises NotFoundError."""
    table = schema.thread
    row = connection.execute(
        select(table).where((table.c.id == thread) | (table.c.name == thread)).order_by(table.c.id != thread)
    ).first()
    if row is None:
        raise NotFoundError(f"there is no thread {thread!r}; `ceasefire thread list` shows them")
    return row


def stories_of(connection: Connection, thread: str) -> list[str]:
    """The living stories of a thread, the earliest first."""
    table = schema.story.c
    return list(
        connection.execute(
            select(table.id)
            .where(table.thread == thread, table.merged_into.is_(None))
            .order_by(table.first_seen, table.id)
        ).scalars()
    )


def view(connection: Connection, thread: str) -> ThreadView:
    """A thread, by id or name, as it is shown: chronology and the parties' latest stands. Raises NotFoundError."""
    row = find(connection, thread)
    names = stories_of(connection, str(row.id))
    table, article = schema.story.c, schema.article.c
    steps: list[Step] = []
    words: list[Word] = []
    for part in chunks(names):
        sizes = {
            found.story: found.articles
            for found in connection.execute(
                select(article.story, func.count().label("articles"))
                .where(article.story.in_(part))
                .group_by(article.story)
            )
        }
        steps += [
            Step(
                story.id, story.title, story.first_seen, story.last_seen, story.status, sizes.get(story.id, 0)
            )
            for story in connection.execute(select(schema.story).where(table.id.in_(part)))
        ]
        words += words_of(connection, part)
    steps.sort(key=lambda step: (step.first_seen, step.story))
    return ThreadView(row.id, row.name, row.title, row.followed, tuple(steps), tuple(latest_stands(words)))


def words_of(connection: Connection, stories: Sequence[str]) -> list[Word]:
    """What the articles of these stories report of the parties' acts; copies are left out."""
    article = schema.article.c
    rows = connection.execute(
        select(article.id, article.outlet, article.published).where(
            article.story.in_(stories), article.copy_of.is_(None)
        )
    ).all()
    ids = [row.id for row in rows]
    positions = tags.positions_of(connection, ids)
    told = [row for row in rows if positions[row.id]]
    labels = tags.labels_of(connection, [row.id for row in told])
    return [
        Word(
            row.id,
            row.outlet,
            row.published,
            tuple(
                item.label.removeprefix("issue:")
                for item in labels[row.id]
                if item.decision == "yes" and item.label.startswith("issue:")
            ),
            tuple(positions[row.id]),
        )
        for row in told
    ]


def _keep(connection: Connection, terms: Mapping[str, Mapping[str, float]]) -> None:
    if not terms:
        return
    table = schema.story
    connection.execute(
        update(table).where(table.c.id == bindparam("of")).values(terms=bindparam("kept")),
        [{"of": story, "kept": dict(found)} for story, found in terms.items()],
    )
    for part in chunks(list(terms)):
        connection.execute(delete(schema.story_term).where(schema.story_term.c.story.in_(part)))
    rows = [{"term": term, "story": story} for story, found in terms.items() for term in lookup_terms(found)]
    if rows:
        connection.execute(insert(schema.story_term), rows)


def _earlier(
    connection: Connection, stories: Sequence[Story], terms: Mapping[str, Mapping[str, float]]
) -> list[Remembered]:
    """The living stories of the time before these that share a looked-up term with one of them."""
    if not stories:
        return []
    term, table = schema.story_term.c, schema.story.c
    since = min(story.first for story in stories) - REACH
    wanted = sorted({name for story in stories for name in lookup_terms(terms[story.id])})
    found: set[str] = set()
    for part in chunks(wanted):
        found |= set(
            connection.execute(
                select(term.story)
                .join(schema.story, table.id == term.story)
                .where(term.term.in_(part), table.merged_into.is_(None), table.last_seen >= since)
            ).scalars()
        )
    rows = (
        row
        for part in chunks(sorted(found))
        for row in connection.execute(
            select(table.id, table.terms, table.first_seen, table.last_seen).where(table.id.in_(part))
        )
    )
    return [Remembered(row.id, row.terms, row.first_seen, row.last_seen) for row in rows]


def _chain(connection: Connection, before: str, story: str) -> None:
    """Put a story into the thread of the one before it, which begins one where it has none."""
    table = schema.story
    row = connection.execute(select(table).where(table.c.id == before)).one()
    later = connection.execute(select(table.c.last_seen).where(table.c.id == story)).scalar_one()
    thread = row.thread
    if thread is None:
        thread = before
        connection.execute(
            upsert(connection, schema.thread)
            .values(id=thread, title=row.title, first_seen=row.first_seen, last_seen=row.last_seen)
            .on_conflict_do_nothing()
        )
        _assign(connection, before, thread)
    _assign(connection, story, thread)
    _stretch(connection, thread, later)


def _assign(connection: Connection, story: str, thread: str) -> None:
    connection.execute(update(schema.story).where(schema.story.c.id == story).values(thread=thread))
    connection.execute(
        update(schema.article)
        .where(schema.article.c.story == story)
        .values(revision=schema.article.c.revision + 1)
    )


def _stretch(connection: Connection, thread: str, moment: datetime) -> None:
    table = schema.thread
    connection.execute(
        update(table).where(table.c.id == thread, table.c.last_seen < moment).values(last_seen=moment)
    )
