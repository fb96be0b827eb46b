"""Stories and threads in the database: made, redirected, merged and split, with what was announced going along.

A story's id is for ever: where stories merge, the old row stays and redirects, so that links, mails and announced keys
keep their meaning. Redirects always point at a living story, never at another redirect.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, String, bindparam, func, literal, select, update

from pipeline.db import alerts as alert_rows
from pipeline.db import schema
from pipeline.db.dialect import chunks
from pipeline.db.dialect import insert as upsert
from pipeline.db.ids import numbered
from pipeline.db.times import UtcTime
from pipeline.errors import NotFoundError

Relation = Literal["together", "apart"]
"""What an analyst decided about two articles: they belong to one story, or they do not."""


MOST_LINKS = 2000
"""Pairs that one split keeps apart: enough for any story that a person takes apart by hand."""


@dataclass(frozen=True, slots=True)
class Link:
    """One judgement of an analyst over two articles; it outlives every regrouping."""

    left: str
    right: str
    relation: Relation


@dataclass(frozen=True, slots=True)
class NewStory:
    """A story to write. Times are UTC: when its articles were first and last seen in our sources."""

    id: str
    title: str
    first_article: str
    first_seen: datetime
    last_seen: datetime
    thread: str | None = None


def create(connection: Connection, stories: Sequence[NewStory]) -> None:
    """Write new stories; those that exist already stay as they are (the step may be repeated without harm)."""
    if stories:
        connection.execute(
            upsert(connection, schema.story).on_conflict_do_nothing(),
            [
                {
                    "id": item.id, "title": item.title, "first_article": item.first_article,
                    "first_seen": item.first_seen, "last_seen": item.last_seen, "thread": item.thread,
                }
                for item in stories
            ],
        )  # fmt: skip


def living(connection: Connection, names: Collection[str]) -> dict[str, str]:
    """The living story behind each of these ids; those that are gone are absent."""
    story = schema.story.c
    found: dict[str, str] = {}
    for part in chunks(sorted(names)):
        rows = connection.execute(select(story.id, story.merged_into).where(story.id.in_(part)))
        found |= {row.id: row.merged_into or row.id for row in rows}
    return found


def resolve(connection: Connection, story: str) -> str:
    """The living story behind an id that may be an old one. Raises NotFoundError for an id that never was."""
    row = connection.execute(
        select(schema.story.c.id, schema.story.c.merged_into).where(schema.story.c.id == story)
    ).first()
    if row is None:
        raise NotFoundError(f"there is no story {story!r}; `ceasefire story list` shows the latest")
    living: str = row.merged_into or row.id
    return living


def merge(connection: Connection, from_story: str, into: str, now: datetime) -> None:
    """Make two stories one: `from_story` redirects, its articles follow (their revision rises), announced keys unite.

    Nothing is announced again for what either of them had announced; later mails reply to the first of either, and a
    mute of either holds. Merging a story into itself changes nothing.
    Raises NotFoundError where either id never was.
    """
    old, new = resolve(connection, from_story), resolve(connection, into)
    if old == new:
        return
    article, story = schema.article, schema.story
    rows = {row.id: row for row in connection.execute(select(story).where(story.c.id.in_((old, new))))}
    thread = _kept_thread(connection, rows[old].thread, rows[new].thread)
    connection.execute(
        update(article).where(article.c.story == old).values(story=new, revision=article.c.revision + 1)
    )
    connection.execute(update(story).where(story.c.merged_into == old).values(merged_into=new))
    connection.execute(update(story).where(story.c.id == old).values(merged_into=new, last_seen=now))
    connection.execute(
        update(story)
        .where(story.c.id == new)
        .values(
            first_seen=min(rows[old].first_seen, rows[new].first_seen),
            last_seen=max(rows[old].last_seen, rows[new].last_seen),
            thread=thread,
            by_hand=rows[old].by_hand or rows[new].by_hand,
        )
    )
    copy_announced(connection, old, new)
    told, muted = schema.notification.c.story, schema.mute.c
    connection.execute(update(schema.notification).where(told == old).values(story=new))
    connection.execute(update(schema.mute).where(muted.kind == "story", muted.value == old).values(value=new))
    if thread != rows[new].thread or _brought_tags(connection, new):
        touch(connection, new)


def _kept_thread(connection: Connection, old: str | None, new: str | None) -> str | None:
    """The thread of a merged story: the living one's, but one that readers or alerts follow comes before one that
    nobody does, so that they hear of it."""
    if old is None or new is None or old == new:
        return new or old
    table = schema.thread.c
    query = select(table.id).where(table.id.in_((old, new)), table.followed)
    followed = set(connection.execute(query).scalars())
    followed |= {alert.thread for alert in alert_rows.list_all(connection) if alert.thread is not None}
    return old if old in followed and new not in followed else new


def touch(connection: Connection, story: str) -> None:
    """What searches can ask of a story's articles has changed: their revision rises."""
    article = schema.article
    connection.execute(
        update(article).where(article.c.story == story).values(revision=article.c.revision + 1)
    )


def _brought_tags(connection: Connection, story: str) -> bool:
    """Whether an analyst ever tagged a story that was merged into this one: the tags are now its own."""
    table, own = schema.judgement.c, schema.story.c
    merged = select(own.id).where(own.merged_into == story)
    query = select(table.id).where(table.kind == "tag", table.story.in_(merged)).limit(1)
    return connection.execute(query).first() is not None


def split(connection: Connection, story: str, articles: Sequence[str], now: datetime) -> str:
    """Take `articles` out of `story` into a new one, whose id is returned; what was announced is copied to it.

    Both halves stay in one thread if they were in one. Raises NotFoundError where an article is not of that story, or
    nothing would be left behind.
    """
    story = resolve(connection, story)
    table = schema.article
    members = {
        row.id: row
        for row in connection.execute(
            select(table.c.id, table.c.title, table.c.published, table.c.seen).where(table.c.story == story)
        )
    }
    missing = [article for article in articles if article not in members]
    if missing or not articles:
        raise NotFoundError(f"story {story} has no article {', '.join(missing) or '(none named)'}")
    if len(set(articles)) == len(members):
        raise NotFoundError(f"story {story} has only these articles; a split must leave one behind")
    moved = sorted((members[article] for article in set(articles)), key=lambda row: (row.published, row.id))
    new = free_id(connection, moved[0].id)
    thread = connection.execute(select(schema.story.c.thread).where(schema.story.c.id == story)).scalar_one()
    first, last = min(row.seen for row in moved), max(row.seen for row in moved)
    create(connection, [NewStory(new, moved[0].title, moved[0].id, first, last, thread)])
    for part in chunks([row.id for row in moved]):
        connection.execute(
            update(table)
            .where(table.c.id.in_(part))
            .values(story=new, copy_of=None, revision=table.c.revision + 1)
        )
    copy_announced(connection, story, new)
    return new


def add_links(connection: Connection, links: Iterable[Link], author: str, now: datetime) -> None:
    """Keep an analyst's judgements; a later one over the same two articles replaces the earlier one."""
    for link in links:
        left, right = sorted((link.left, link.right))
        statement = upsert(connection, schema.story_link).values(
            left=left, right=right, relation=link.relation, author=author, at=now
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["left", "right"],
                set_={"relation": link.relation, "author": author, "at": now},
            )
        )


def links_of(connection: Connection, articles: Iterable[str]) -> list[Link]:
    """Every judgement in which one of these articles takes part."""
    table = schema.story_link
    found: dict[tuple[str, str], Link] = {}
    for part in chunks(sorted(set(articles))):
        rows = connection.execute(select(table).where(table.c.left.in_(part) | table.c.right.in_(part)))
        found.update(((row.left, row.right), Link(row.left, row.right, row.relation)) for row in rows)
    return list(found.values())


def links_since(connection: Connection, moment: datetime) -> list[Link]:
    """Every judgement that was made at `moment` or later."""
    table = schema.story_link
    rows = connection.execute(select(table).where(table.c.at >= moment).order_by(table.c.left, table.c.right))
    return [Link(row.left, row.right, row.relation) for row in rows]


def is_empty(connection: Connection, story: str) -> bool:
    """Whether no article is in this story (any more)."""
    table = schema.article.c
    return connection.execute(select(table.id).where(table.story == story).limit(1)).first() is None


def extend(connection: Connection, seen: Mapping[str, Iterable[datetime]]) -> None:
    """Stretch each story's time in our sources over what came into it."""
    if not seen:
        return
    table = schema.story.c
    spans = [{"of": story, "begin": min(moments), "end": max(moments)} for story, moments in seen.items()]
    for column, name, earlier in ((table.first_seen, "begin", True), (table.last_seen, "end", False)):
        moment = bindparam(name, type_=UtcTime)
        stretches = column > moment if earlier else column < moment
        connection.execute(
            update(schema.story).where(table.id == bindparam("of"), stretches).values({column: moment}), spans
        )


def assign(connection: Connection, placed: Mapping[str, tuple[str, str | None]]) -> None:
    """Put articles into stories: article -> (story, copy_of). Their revision rises where either changed."""
    if not placed:
        return
    table = schema.article.c
    new_story, new_copy = bindparam("into", type_=String), bindparam("copy", type_=String)
    connection.execute(
        update(schema.article)
        .where(
            table.id == bindparam("of"),
            table.story.is_distinct_from(new_story) | table.copy_of.is_distinct_from(new_copy),
        )
        .values(story=new_story, copy_of=new_copy, revision=table.revision + 1),
        [{"of": article, "into": story, "copy": copy_of} for article, (story, copy_of) in placed.items()],
    )


def merge_by_hand(connection: Connection, from_story: str, into: str, author: str, now: datetime) -> str:
    """Merge two stories on an analyst's word, and keep it so when they are grouped again. Returns the living id."""
    old, new = resolve(connection, from_story), resolve(connection, into)
    seeds = first_articles(connection, (old, new))
    merge(connection, old, new, now)
    if old != new:
        add_links(connection, [Link(seeds[old], seeds[new], "together")], author, now)
    connection.execute(update(schema.story).where(schema.story.c.id == new).values(by_hand=True))
    return new


def split_by_hand(
    connection: Connection, story: str, articles: Sequence[str], author: str, now: datetime
) -> str:
    """Split a story on an analyst's word, and keep it so when it is grouped again. Returns the new story's id."""
    story = resolve(connection, story)
    new = split(connection, story, articles, now)
    table = schema.article.c
    left_behind = (
        connection.execute(select(table.id).where(table.story == story).order_by(table.published, table.id))
        .scalars()
        .all()
    )
    seed = first_articles(connection, (new,))[new]
    apart = [Link(article, other, "apart") for article in sorted(set(articles)) for other in left_behind]
    together = [Link(seed, article, "together") for article in sorted(set(articles)) if article != seed]
    add_links(connection, apart[:MOST_LINKS] + together, author, now)
    connection.execute(update(schema.story).where(schema.story.c.id.in_((story, new))).values(by_hand=True))
    return new


def first_articles(connection: Connection, stories: Iterable[str]) -> dict[str, str]:
    """The article that began each of these stories."""
    table = schema.story.c
    rows = connection.execute(select(table.id, table.first_article).where(table.id.in_(list(stories))))
    return {row.id: row.first_article for row in rows}


def taken_ids(connection: Connection, wanted: Collection[str]) -> set[str]:
    """Those of these ids that are stories, living or redirected."""
    table = schema.story.c
    return {
        found
        for part in chunks(sorted(wanted))
        for found in connection.execute(select(table.id).where(table.id.in_(part))).scalars()
    }


def free_id(connection: Connection, wanted: str) -> str:
    """`wanted`, or with the lowest -N that no story has: an article that once began a story may begin another."""
    table = schema.story.c
    taken = set(
        connection.execute(
            select(table.id).where((table.id == wanted) | table.id.startswith(f"{wanted}-"))
        ).scalars()
    )
    return numbered(wanted, taken)


def copy_announced(
    connection: Connection, source: str, target: str, developments: Collection[str] | None = None
) -> None:
    """Whatever an alert announced for `source` counts as announced for `target` too, and as told where a message told it
    of either; with `developments`, only the development keys of these values."""
    table = schema.announced
    held = select(
        table.c.alert,
        literal(target).label("story"),
        table.c.kind,
        table.c.value,
        table.c.at,
        table.c.notification,
    ).where(table.c.story == source)
    if developments is not None:
        held = held.where(table.c.kind == "development", table.c.value.in_(sorted(developments)))
    rows = [row._asdict() for row in connection.execute(held)]
    if rows:
        statement = upsert(connection, table)
        told = func.coalesce(table.c.notification, statement.excluded.notification)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[*table.primary_key.columns.keys()], set_={"notification": told}
            ),
            rows,
        )
