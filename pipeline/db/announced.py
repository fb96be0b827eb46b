"""What alerts found and what they have said: the tables `matched`, `announced` and `notification`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from pipeline.alerts.facts import Key, MatchedArticle, StoryFacts
from pipeline.db import schema, tags
from pipeline.db.dialect import chunks
from pipeline.db.dialect import insert as upsert
from pipeline.db.ids import numbered

TEXT_LIMIT = 4000
"""Letters of an article's text that alerts look at: enough for phrases that are muted, bounded for long live blogs."""


FORGOTTEN = 0
"""The notification of a key whose message retention has deleted."""

HISTORY = ("import", "backfill", "retag")
"""Reasons of articles that appear in no message."""


@dataclass(frozen=True, slots=True)
class Due:
    """An article that a digest still has to tell of: which kind of digest, and from when on (UTC)."""

    article: str
    story: str
    due: str
    not_before: datetime | None


# --- the queue of match ----------------------------------------------------------------------------------------------


def to_match(
    connection: Connection, limit: int, without: Collection[str] = (), *, with_stories: int = 0
) -> dict[str, int]:
    """Up to `limit` articles (id -> revision) whose present revision is indexed and not matched yet, earliest first;
    behind them, up to `with_stories`, what waits of the same stories.

    `without`: ids that the caller has found the index not to show yet.
    """
    table = schema.article.c
    waiting = (
        select(table.id, table.revision, table.story)
        .where(table.matched_revision < table.revision, table.indexed_revision >= table.revision)
        .order_by(table.seen, table.id)
    )
    rows = connection.execute(waiting.limit(limit + len(without))).all()
    first = [row for row in rows if row.id not in without][:limit]
    found = {row.id: row.revision for row in first}
    stories = sorted({row.story for row in first if row.story is not None})
    for part in chunks(stories):
        more = connection.execute(
            waiting.where(table.story.in_(part)).limit(len(found) + with_stories + len(without))
        )
        for row in more:
            if row.id not in without and row.id not in found and len(found) < len(first) + with_stories:
                found[row.id] = row.revision
    return found


def finish_matched(connection: Connection, revisions: Mapping[str, int]) -> set[str]:
    """Note that these articles are matched at these revisions. Returns those that still are at theirs; the others
    changed meanwhile, stay in the queue and must not be acted on."""
    table = schema.article
    current: set[str] = set()
    for part in chunks(sorted(revisions)):
        rows = connection.execute(
            select(table.c.id, table.c.revision).where(table.c.id.in_(part)).with_for_update()
        )
        current |= {row.id for row in rows if row.revision == revisions[row.id]}
    for part in chunks(sorted(current)):
        connection.execute(
            update(table).where(table.c.id.in_(part)).values(matched_revision=table.c.revision)
        )
    return current


# --- matches ---------------------------------------------------------------------------------------------------------


def write_matches(
    connection: Connection, alert: int, articles: Iterable[MatchedArticle], now: datetime
) -> None:
    """Note that an alert's query finds these articles at their revisions; what is due for them stays."""
    rows = [
        {"alert": alert, "article": item.id, "revision": item.revision, "reason": item.reason, "at": now}
        for item in articles
    ]
    if rows:
        statement = upsert(connection, schema.matched)
        given = statement.excluded
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["alert", "article"], set_={"revision": given.revision, "reason": given.reason}
            ),
            rows,
        )


def drop_matches(connection: Connection, alert: int, articles: Collection[str]) -> None:
    """The alert's query does not find these articles, or no longer."""
    table = schema.matched
    for part in chunks(sorted(articles)):
        connection.execute(delete(table).where(table.c.alert == alert, table.c.article.in_(part)))


def set_due(
    connection: Connection,
    alert: int,
    articles: Collection[str],
    due: str | None,
    not_before: datetime | None = None,
) -> None:
    """Put these matched articles into a digest to come (`digest`, `quiet`, `cap`, `away`), or, with None, out of all."""
    table = schema.matched
    for part in chunks(sorted(articles)):
        connection.execute(
            update(table)
            .where(table.c.alert == alert, table.c.article.in_(part))
            .values(due=due, not_before=not_before)
        )


def due_of(connection: Connection, alert: int) -> list[Due]:
    """Every article that a digest of this alert still has to tell of."""
    matched, article = schema.matched, schema.article
    rows = connection.execute(
        select(matched.c.article, article.c.story, matched.c.due, matched.c.not_before)
        .join(article, article.c.id == matched.c.article)
        .where(matched.c.alert == alert, matched.c.due.is_not(None))
        .order_by(article.c.seen, article.c.id)
    )
    return [Due(row.article, row.story or row.article, row.due, row.not_before) for row in rows]


def matched_in_stories(connection: Connection, alert: int, stories: Collection[str]) -> dict[str, list[str]]:
    """Ids of all articles that the alert's query finds in each of these stories; stories without any are absent."""
    matched, article = schema.matched, schema.article
    found: dict[str, list[str]] = {}
    for part in chunks(sorted(stories)):
        rows = connection.execute(
            select(article.c.id, article.c.story)
            .join(matched, matched.c.article == article.c.id)
            .where(matched.c.alert == alert, or_(article.c.story.in_(part), _alone(part)))
            .order_by(article.c.published, article.c.id)
        )
        for row in rows:
            found.setdefault(row.story or row.id, []).append(row.id)
    return found


def _alone(ids: Sequence[str]) -> Any:
    return schema.article.c.story.is_(None) & schema.article.c.id.in_(ids)


# --- facts -----------------------------------------------------------------------------------------------------------


def articles(connection: Connection, ids: Collection[str]) -> dict[str, MatchedArticle]:
    """These articles as alerts see them; ids that are no articles (any more) are absent. An article without a story
    is a story of one."""
    table = schema.article.c
    rows: dict[str, Row[Any]] = {}
    for part in chunks(sorted(ids)):
        query = select(
            table.id, table.revision, table.story, table.url, table.title,
            func.substr(table.text, 1, TEXT_LIMIT).label("text"), table.outlet, table.owner, table.side, table.control,
            table.country, table.kind, table.language, table.form, table.published, table.seen, table.version_seen,
            table.reason, table.copy_of,
        ).where(table.id.in_(part))  # fmt: skip
        rows |= _by_id(connection.execute(query).all())
    labels = tags.labels_of(connection, list(rows))
    positions = tags.positions_of(connection, list(rows))
    return {
        row.id: MatchedArticle(
            row.id, row.revision, row.story or row.id, row.url, row.title, row.text, row.outlet, row.owner, row.side,
            row.control, row.country, row.kind, row.language, row.form, row.published, row.seen, row.version_seen,
            row.reason, row.copy_of, tuple(label for label in labels[row.id] if label.decision == "yes"),
            tuple(positions[row.id]),
        )
        for row in rows.values()
    }  # fmt: skip


def _by_id(found: Iterable[Any]) -> dict[str, Row[Any]]:
    return {row.id: row for row in found}


def stories(connection: Connection, members: Iterable[MatchedArticle]) -> dict[str, StoryFacts]:
    """The stories of these articles; an article whose story has no row is a story of its own."""
    firsts: dict[str, MatchedArticle] = {}
    for article in members:
        firsts.setdefault(article.story, article)
    found = {name: StoryFacts(name, article.title, article.seen) for name, article in firsts.items()}
    story, thread = schema.story, schema.thread
    for part in chunks(sorted(firsts)):
        rows = connection.execute(
            select(story, thread.c.name.label("thread_name"))
            .outerjoin(thread, thread.c.id == story.c.thread)
            .where(story.c.id.in_(part))
        )
        for row in rows:
            found[row.id] = StoryFacts(
                row.id, row.title, row.first_seen, row.status, row.thread, row.thread_name
            )
    return found


# --- announced keys --------------------------------------------------------------------------------------------------


def known(
    connection: Connection, alert: int, names: Collection[str], *, told_only: bool = False
) -> dict[str, set[Key]]:
    """The keys that an alert holds as announced for each of these stories; with `told_only`, those a message told."""
    table = schema.announced.c
    found: dict[str, set[Key]] = {name: set() for name in names}
    for part in chunks(sorted(names)):
        query = select(table.story, table.kind, table.value).where(
            table.alert == alert, table.story.in_(part)
        )
        if told_only:
            query = query.where(table.notification.is_not(None))
        for row in connection.execute(query):
            found[row.story].add(Key(row.kind, row.value))
    return found


def told(connection: Connection, alert: int, story: str) -> dict[Key, int]:
    """The keys of a story that messages told, each with its notification."""
    table = schema.announced.c
    rows = connection.execute(
        select(table.kind, table.value, table.notification).where(
            table.alert == alert, table.story == story, table.notification.is_not(None)
        )
    )
    return {Key(row.kind, row.value): row.notification for row in rows}


def taken_back(connection: Connection, alert: int, names: Collection[str]) -> dict[str, dict[Key, datetime]]:
    """The keys of these stories that a correction took back, each with the time when it had been told; stories without
    any are absent."""
    table, mark = schema.announced.c, schema.announced.alias("mark")
    found: dict[str, dict[Key, datetime]] = {}
    for part in chunks(sorted(names)):
        rows = connection.execute(
            select(table.story, table.kind, table.value, table.at)
            .join(mark, (mark.c.alert == table.alert) & (mark.c.story == table.story))
            .where(
                table.alert == alert,
                table.story.in_(part),
                mark.c.kind == "withdrawn",
                mark.c.value == table.kind + ":" + table.value,
            )
        )
        for row in rows:
            found.setdefault(row.story, {})[Key(row.kind, row.value)] = row.at
    return found


def reopen(connection: Connection, alert: int, story: str, keys: Collection[Key]) -> None:
    """Keys that were taken back are as if never told: they may be told, and taken back, once more."""
    table = schema.announced
    for key in keys:
        own = (table.c.kind == key.kind) & (table.c.value == key.value)
        mark = (table.c.kind == "withdrawn") & (table.c.value == str(key))
        connection.execute(
            delete(table).where(table.c.alert == alert, table.c.story == story, or_(own, mark))
        )


def announce(
    connection: Connection,
    alert: int,
    story: str,
    keys: Sequence[Key],
    now: datetime,
    notification: int | None = None,
) -> tuple[Key, ...]:
    """Insert keys, each once for ever; returns those that this transaction inserted, in the order given."""
    if not keys:
        return ()
    rows = [
        {
            "alert": alert, "story": story, "kind": key.kind, "value": key.value, "at": now,
            "notification": notification,
        }
        for key in keys
    ]  # fmt: skip
    table = schema.announced
    inserted = {
        Key(row.kind, row.value)
        for row in connection.execute(
            upsert(connection, table).on_conflict_do_nothing().returning(table.c.kind, table.c.value), rows
        )
    }
    return tuple(key for key in keys if key in inserted)


def tell(
    connection: Connection, alert: int, story: str, keys: Sequence[Key], now: datetime, notification: int
) -> None:
    """A message tells keys, some of which may be known silently already: they count as told by it from now on."""
    announce(connection, alert, story, keys, now, notification)
    table = schema.announced
    for key in keys:
        connection.execute(
            update(table)
            .where(
                table.c.alert == alert,
                table.c.story == story,
                table.c.kind == key.kind,
                table.c.value == key.value,
                table.c.notification.is_(None),
            )
            .values(notification=notification)
        )


# --- notifications and digests ---------------------------------------------------------------------------------------


def reserve_notification(
    connection: Connection, alert: int | None, story: str | None, kind: str, now: datetime
) -> int:
    """A new notification's id; `fill_notification` gives it its content in the same transaction. No alert: it is for
    the operator."""
    statement = insert(schema.notification).values(
        alert=alert, story=story, kind=kind, subject="", content={}, created=now
    )
    number: int = connection.execute(statement.returning(schema.notification.c.id)).scalar_one()
    return number


def fill_notification(
    connection: Connection, notification: int, subject: str, content: Mapping[str, Any]
) -> None:
    """Give a reserved notification what it says."""
    connection.execute(
        update(schema.notification)
        .where(schema.notification.c.id == notification)
        .values(subject=subject, content=dict(content))
    )


def drop_notification(connection: Connection, notification: int) -> None:
    """Take a reserved notification back: nothing was left to say."""
    connection.execute(delete(schema.notification).where(schema.notification.c.id == notification))


def count_since(connection: Connection, alert: int, kind: str, since: datetime) -> int:
    """How many notifications of a kind an alert has made since then."""
    table = schema.notification.c
    return connection.execute(
        select(func.count())
        .select_from(schema.notification)
        .where(table.alert == alert, table.kind == kind, table.created >= since)
    ).scalar_one()


def take_slot(connection: Connection, alert: int, slot: str, now: datetime) -> bool:
    """Claim one digest of an alert, once for ever; returns whether this transaction did."""
    statement = (
        upsert(connection, schema.digest)
        .values(alert=alert, slot=slot, at=now)
        .on_conflict_do_nothing()
        .returning(schema.digest.c.slot)
    )
    return connection.execute(statement).first() is not None


def fill_slot(connection: Connection, alert: int, slot: str, notification: int) -> None:
    """Note which notification a digest became."""
    table = schema.digest
    connection.execute(
        update(table).where(table.c.alert == alert, table.c.slot == slot).values(notification=notification)
    )


def has_slot(connection: Connection, alert: int, slot: str) -> bool:
    """Whether that digest was given out."""
    table = schema.digest.c
    found = connection.execute(select(table.slot).where(table.alert == alert, table.slot == slot)).first()
    return found is not None


def free_slot(connection: Connection, alert: int, slot: str) -> str:
    """`slot`, or with the lowest -N that was not given out: what one moment holds back may fill several digests."""
    table = schema.digest.c
    taken = set(
        connection.execute(
            select(table.slot).where(
                table.alert == alert,
                (table.slot == slot) | table.slot.startswith(f"{slot}-", autoescape=True),
            )
        ).scalars()
    )
    return numbered(slot, taken)


def last_digest(connection: Connection, alert: int) -> datetime | None:
    """When the alert's latest digest was made."""
    table = schema.digest.c
    latest: datetime | None = connection.execute(
        select(func.max(table.at)).where(table.alert == alert)
    ).scalar_one()
    return latest


def arrived_since(connection: Connection, since: datetime) -> dict[str, int]:
    """Indexed articles (id -> revision) first seen, or published, since then: also what came as history."""
    article = schema.article.c
    rows = connection.execute(
        select(article.id, article.indexed_revision).where(
            or_(article.seen >= since, article.published >= since), article.indexed_revision > 0
        )
    )
    return {row.id: row.indexed_revision for row in rows}


def outlets_of(connection: Connection, alert: int, limit: int = 20) -> list[str]:
    """The outlets that have carried most of what this alert found."""
    matched, article = schema.matched.c, schema.article.c
    rows = connection.execute(
        select(article.outlet)
        .join(schema.matched, matched.article == article.id)
        .where(matched.alert == alert)
        .group_by(article.outlet)
        .order_by(func.count().desc(), article.outlet)
        .limit(limit)
    )
    return [row.outlet for row in rows]


def uncertain_articles(
    connection: Connection, since: datetime, until: datetime, labels: Collection[str], limit: int
) -> dict[str, int]:
    """Articles (id -> indexed revision) first seen in [since, until) with a label in the uncertain band, the surest
    first: one of `labels`, or any development where none is named. History is left out."""
    article, label = schema.article.c, schema.label.c
    named = label.label.in_(sorted(labels)) if labels else label.label.startswith("development:")
    surest = (  # of each article by itself: a join would begin with all uncertain labels of the archive
        select(func.max(label.score))
        .where(label.article == article.id, label.decision == "uncertain", named)
        .scalar_subquery()
    )
    found = (
        select(article.id, article.indexed_revision, surest.label("score"))
        .where(article.seen >= since, article.seen < until, article.copy_of.is_(None), _was_news())
        .subquery()
    )
    rows = connection.execute(
        select(found.c.id, found.c.indexed_revision)
        .where(found.c.score.is_not(None))
        .order_by(found.c.score.desc(), found.c.id)
        .limit(limit)
    )
    return {row.id: row.indexed_revision for row in rows}


def _was_news() -> Any:
    """Not history. What was tagged anew is judged by the reason that its version was recorded with: the news of a day
    stays in the briefing of that day, whichever model tagged it last."""
    article, version = schema.article.c, schema.version.c
    recorded_as_news = (
        select(version.article)
        .where(
            version.article == article.id, version.number == article.version, version.reason.not_in(HISTORY)
        )
        .exists()
    )
    return article.reason.not_in(HISTORY) | ((article.reason == "retag") & recorded_as_news)


def matched_by(connection: Connection, alert: int, articles: Collection[str]) -> set[str]:
    """Those of these articles that the alert's query finds."""
    table = schema.matched.c
    found: set[str] = set()
    for part in chunks(sorted(articles)):
        found |= set(
            connection.execute(
                select(table.article).where(table.alert == alert, table.article.in_(part))
            ).scalars()
        )
    return found


def seen_between(connection: Connection, since: datetime, until: datetime, limit: int) -> list[str]:
    """Ids of up to `limit` articles on topic (with a decided issue) first seen, or changed, in [since, until), the
    newest first. History is left out."""
    article, label, version = schema.article.c, schema.label.c, schema.version.c
    on_topic = (
        select(label.article)
        .where(label.article == article.id, label.decision == "yes", label.label.startswith("issue:"))
        .exists()
    )
    rows = connection.execute(
        select(article.id)
        .where(
            or_(
                (article.seen >= since) & (article.seen < until),
                article.id.in_(
                    select(version.article).where(
                        version.seen >= since, version.seen < until, version.number > 1
                    )
                ),
            ),
            _was_news(),
            on_topic,
        )
        .order_by(article.seen.desc(), article.id)
        .limit(limit)
    )
    return [row.id for row in rows]


def in_stories(connection: Connection, stories: Collection[str]) -> list[str]:
    """Ids of all articles of these stories."""
    article = schema.article.c
    found: list[str] = []
    for part in chunks(sorted(stories)):
        rows = connection.execute(
            select(article.id).where(or_(article.story.in_(part), _alone(part))).order_by(article.id)
        )
        found += [row.id for row in rows]
    return found


def subject_of(connection: Connection, notification: int) -> str:
    """What a notification's subject says; "" where it is gone."""
    table = schema.notification.c
    return (
        connection.execute(select(table.subject).where(table.id == notification)).scalar_one_or_none() or ""
    )


def open_articles(connection: Connection, since: datetime) -> dict[str, int]:
    """Articles (id -> revision) of the stories that still take any: those with an article seen since then."""
    article, story = schema.article.c, schema.story.c
    is_open = or_(
        article.story.is_(None) & (article.seen >= since),
        article.story.in_(select(story.id).where(story.last_seen >= since)),
        article.version_seen >= since,
    )
    rows = connection.execute(
        select(article.id, article.indexed_revision).where(is_open, article.indexed_revision > 0)
    )
    return {row.id: row.indexed_revision for row in rows}
