"""What has had its time: found, counted, and deleted a few hundred rows at a time.

A story goes as a whole, so that its status and its table of positions never rest on half of it; its row stays, because
links, redirects and announced keys refer to it. What an alert, an analyst or a follower still needs is kept and counted.
Of an article a stub remains (its keys, and a tombstone), so that one that comes back is known and silent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    update,
)

from pipeline.db import articles as article_rows
from pipeline.db import schema
from pipeline.db.dialect import chunks

BATCH = 200
"""Articles or messages deleted in one transaction, which so stays under 100 ms; of small rows ten times as many."""

UNFINISHED = ("waiting", "sending", "held")
"""Outbox rows that are still to be sent, or wait for a person."""

LOGS = ("polls", "cycles", "set_aside", "mutes", "robots", "domains", "domain_leases")
"""The logs of running, and what was remembered of hosts."""

_article, _story, _thread = schema.article.c, schema.story.c, schema.thread.c


@dataclass(frozen=True, slots=True)
class CutOffs:
    """Of each kind, what is older goes; None: it stays for ever. UTC."""

    articles: datetime | None = None
    versions: datetime | None = None
    messages: datetime | None = None
    log: datetime | None = None


# --- articles and their stories --------------------------------------------------------------------------------------


def old_articles(connection: Connection, before: datetime) -> int:
    """How many articles go."""
    return _count(connection, _goes(before))


def old_stories(connection: Connection, before: datetime) -> int:
    """How many stories lose their articles."""
    going = _goes(before).subquery()
    query = select(func.count(going.c.story.distinct()))
    return int(connection.execute(query).scalar_one())


def kept_articles(connection: Connection, before: datetime) -> dict[str, int]:
    """Articles that are old enough but stay, by why; one may count under several."""
    old = _is_old(before)
    counts = {
        f"articles_{why}": _count(connection, select(_article.id).where(old, needed))
        for why, needed in _needed().items()
    }
    return {why: count for why, count in counts.items() if count}


def delete_articles(connection: Connection, before: datetime, now: datetime) -> tuple[int, int]:
    """Delete a batch of whole stories; returns how many articles and stories went. Belongs under the lock of deciding."""
    stories = select(_goes(before).limit(BATCH).subquery().c.story).distinct()
    names = [row.story for row in connection.execute(stories)]
    going = [
        row.id
        for part in chunks(names)
        for row in connection.execute(_goes(before).where(_of_stories(part)).order_by(_article.id))
    ]
    removed = article_rows.remove(connection, going, now)
    _close(connection, names)
    return removed, len(names)


def _close(connection: Connection, names: Sequence[str]) -> None:
    """No later story of the matter is chained to these: nothing of them is left to read."""
    for part in chunks(names):
        connection.execute(delete(schema.story_term).where(schema.story_term.c.story.in_(part)))
        connection.execute(update(schema.story).where(_story.id.in_(part)).values(terms={}))


def _group() -> Any:
    """The story of an article; an article that was never grouped is a story of one."""
    return func.coalesce(_article.story, _article.id)


def _of_stories(names: Sequence[str]) -> Any:
    """The same, in a form that both indexes serve."""
    return or_(_article.story.in_(names), and_(_article.story.is_(None), _article.id.in_(names)))


def _is_old(before: datetime) -> Any:
    """Nothing new was seen of the article, nor of any other of its story, since then."""
    other = schema.article.alias("other")
    younger = exists().where(other.c.story == _article.story, other.c.version_seen >= before)
    return and_(_article.seen < before, _article.version_seen < before, ~younger)  # the first has an index


def _needed() -> dict[str, Any]:
    """Why an old article stays: conditions on any article of its story."""
    member = schema.article.alias("member")
    same = or_(member.c.id == _article.id, member.c.story == _article.story)
    promised = exists().where(
        schema.matched.c.article == member.c.id, schema.matched.c.due.is_not(None)
    )  # fmt: skip
    judged = exists().where(
        schema.correction.c.article == member.c.id, schema.correction.c.undone.is_(None)
    )  # fmt: skip
    followed = exists().where(
        _story.id == _article.story,
        _story.thread == _thread.id,
        or_(_thread.followed, _thread.name.is_not(None)),
    )
    return {
        "promised_to_a_digest": exists().where(same, promised),
        "not_seen_by_alerts_yet": exists().where(
            same, member.c.matched_revision < member.c.revision, member.c.reason == "live"
        ),
        "corrected_by_hand": exists().where(same, judged),
        "of_followed_threads": followed,
    }


def _goes(before: datetime) -> Select[Any]:
    needed = or_(false(), *_needed().values())
    return select(_article.id, _group().label("story")).where(_is_old(before), ~needed)


# --- earlier texts ---------------------------------------------------------------------------------------------------


def old_versions(connection: Connection, before: datetime) -> int:
    """How many earlier texts go; the present one of an article is none of them."""
    return _count(connection, _versions(before))


def delete_versions(connection: Connection, before: datetime) -> int:
    """Delete the earlier texts of a batch of articles."""
    table = schema.version
    names = select(_versions(before).limit(BATCH).subquery().c.article).distinct()
    found = list(connection.execute(names).scalars())
    removed = 0
    for part in chunks(found):
        removed += connection.execute(
            delete(table).where(table.c.article.in_(part), _superseded(before))
        ).rowcount
    return removed


def _superseded(before: datetime) -> Any:
    table = schema.version.c
    present = select(_article.version).where(_article.id == table.article).scalar_subquery()
    return and_(table.seen < before, table.number < present)


def _versions(before: datetime) -> Select[Any]:
    table = schema.version.c
    return select(table.article, table.number).where(_superseded(before))


# --- messages --------------------------------------------------------------------------------------------------------


def old_messages(connection: Connection, before: datetime) -> int:
    """How many messages go, with their rows in the outbox."""
    return _count(connection, _messages(before))


def kept_messages(connection: Connection, before: datetime) -> dict[str, int]:
    """Messages that are old enough but stay, by why."""
    table = schema.notification.c
    old = select(table.id).where(table.created < before)
    counts = {
        "messages_unfinished": _count(connection, old.where(_unfinished())),
        "messages_of_stories_that_go_on": _count(connection, old.where(_goes_on(before))),
    }
    return {why: count for why, count in counts.items() if count}


def delete_messages(connection: Connection, before: datetime) -> int:
    """Delete a batch of messages. What they announced stays announced (0: by a message that is gone)."""
    table = schema.notification
    going = list(connection.execute(_messages(before).order_by(table.c.id).limit(BATCH)).scalars())
    for part in chunks(going):
        for keeper, value in ((schema.announced, 0), (schema.digest, None)):
            connection.execute(
                update(keeper).where(keeper.c.notification.in_(part)).values(notification=value)
            )
        connection.execute(delete(schema.outbox).where(schema.outbox.c.notification.in_(part)))
        connection.execute(delete(table).where(table.c.id.in_(part)))
    return len(going)


def _messages(before: datetime) -> Select[Any]:
    table = schema.notification.c
    return select(table.id).where(table.created < before, ~_unfinished(), ~_goes_on(before))


def _unfinished() -> Any:
    outbox = schema.outbox.c
    return exists().where(outbox.notification == schema.notification.c.id, outbox.state.in_(UNFINISHED))


def _goes_on(before: datetime) -> Any:
    """Later mails of the story reply to this one, and a correction takes it back."""
    return exists().where(_story.id == schema.notification.c.story, _story.last_seen >= before)


def old_digests(connection: Connection, before: datetime) -> int:
    """How many notes that a digest was given out go: each alert's latest stays."""
    return _count(connection, _digests(before))


def delete_digests(connection: Connection, before: datetime) -> int:
    """Delete them all: there is one an alert and day, or hour."""
    table = schema.digest
    return connection.execute(delete(table).where(_had_its_time(before))).rowcount


def _had_its_time(before: datetime) -> Any:
    table, later = schema.digest.c, schema.digest.alias("later")
    return and_(table.at < before, exists().where(later.c.alert == table.alert, later.c.at > table.at))


def _digests(before: datetime) -> Select[Any]:
    return select(schema.digest.c.slot).where(_had_its_time(before))


# --- the log of running ----------------------------------------------------------------------------------------------


def old_log(connection: Connection, before: datetime) -> dict[str, int]:
    """How many rows of each log go."""
    return {
        name: _count(connection, select(_key(table)).where(old))
        for name, table, old in _logs(connection, before)
    }


def delete_log(connection: Connection, before: datetime, name: str) -> int:
    """Delete a batch of one log's rows, the earliest first."""
    table, old = next((table, old) for each, table, old in _logs(connection, before) if each == name)
    going = select(_key(table)).where(old).order_by(_key(table)).limit(10 * BATCH)
    return connection.execute(delete(table).where(_key(table).in_(going))).rowcount


def _key(table: Table) -> ColumnElement[Any]:
    (key,) = table.primary_key.columns
    return key


def _logs(connection: Connection, before: datetime) -> list[tuple[str, Any, Any]]:
    """Name, table and condition of each; the last cycle that finished stays, since `status` shows it. Mutes count from
    the moment when they ended; those without an end stay. So do a host's wish to be left alone, its robots.txt and the
    leases of its domain, which are made anew where the host is asked again; a lease that is held stays."""
    cycle, poll, aside, mute = schema.cycle, schema.poll, schema.set_aside, schema.mute
    robots, domain, lease = schema.robots, schema.domain, schema.domain_lease.c
    ended = and_(
        or_(lease.until.is_(None), lease.until < before),
        or_(lease.next_start.is_(None), lease.next_start < before),
    )
    last = connection.execute(select(func.max(cycle.c.id)).where(cycle.c.finished.is_not(None))).scalar_one()
    return [
        ("polls", poll, poll.c.at < before),
        ("cycles", cycle, and_(cycle.c.started < before, cycle.c.id != (last or 0))),
        ("set_aside", aside, aside.c.at < before),
        ("mutes", mute, mute.c.until < before),
        ("robots", robots, robots.c.expires < before),
        ("domains", domain, domain.c.not_before < before),
        ("domain_leases", schema.domain_lease, ended),
    ]


def _count(connection: Connection, query: Select[Any]) -> int:
    return int(connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())
