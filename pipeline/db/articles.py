"""Take articles in: new ones, edits, and further addresses of known ones, in one transaction with their feed's state.

Taking the same thing in twice changes nothing. The rules that decide are `pipeline.sameness`'s; here they meet the rows.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from pipeline import sameness
from pipeline.db import pages as page_rows
from pipeline.db import schema
from pipeline.db import stories as story_rows
from pipeline.db.dialect import chunks
from pipeline.db.dialect import insert as upsert
from pipeline.extract.identity import normalised, redated_id
from pipeline.extract.page import PageText
from pipeline.types import Article, Feed, Reason


@dataclass(frozen=True, slots=True)
class Arrival:
    """Under which circumstances articles come in; decides whether they may alert (DESIGN.md, "May it alert?").

    `given`: a reason that holds for all of them (`import`, `backfill`); else they are judged one by one. `first_fetch`:
    the feed has never been read before. `last_success`: the last good poll, UTC.
    """

    now: datetime
    horizon: timedelta
    given: Reason | None = None
    first_fetch: bool = False
    last_success: datetime | None = None
    versions_per_day: int = 10

    @property
    def is_history(self) -> bool:
        """Whether an archive is taken in, and nothing that a feed says today."""
        return self.given in ("import", "backfill")


@dataclass(slots=True)
class Recorded:
    """What taking articles in came to; ids in the order in which they came."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    known: int = 0
    merged: int = 0

    def add(self, other: "Recorded") -> None:
        """Take up what a further part came to."""
        self.new += other.new
        self.changed += other.changed
        self.known += other.known
        self.merged += other.merged


def reason_for(article: Article, arrival: Arrival, time_zone: str) -> Reason:
    """Why a newly seen article may or may not alert.

    Undated entries of a regular poll are dated by the window since the last good one; where that window is wider than
    the horizon nobody can tell, and they are `undated`. A midnight, in UTC or the feed's `time_zone`, is mostly a day
    without a time: such an article may be of the day's end.
    """
    if arrival.given is not None:
        return arrival.given
    if arrival.first_fetch:
        return "first-fetch"
    if article.published_flag in ("undated", "absurd"):
        window = arrival.now - (arrival.last_success or arrival.now)
        return "live" if window <= arrival.horizon else "undated"
    day_only = any(article.published.astimezone(zone).time() == time() for zone in (UTC, ZoneInfo(time_zone)))
    latest = article.published + (timedelta(days=1) if day_only else timedelta())
    return "old" if arrival.now - latest > arrival.horizon else "live"


@dataclass(frozen=True, slots=True)
class Coming:
    """What one feed says of some articles."""

    feed: Feed
    articles: Sequence[Article]
    arrival: Arrival


def record(connection: Connection, feed: Feed, articles: Sequence[Article], arrival: Arrival) -> Recorded:
    """Write what one feed says of these articles. Belongs in a write transaction, a few hundred at a time.

    Raises sqlalchemy.exc.IntegrityError where another process took the same article in at the same moment
    (PostgreSQL); the caller rolls back and calls again, and then finds it known.
    """
    return record_all(connection, [Coming(feed, articles, arrival)])[0]


def record_all(connection: Connection, coming: Sequence[Coming]) -> list[Recorded]:
    """`record` for several feeds, one after the other, in few statements: all that share no article go together."""
    coming = [replace(one, articles=_once(one.articles)) for one in coming]
    results: list[Recorded] = []
    while len(results) < len(coming):
        left = coming[len(results) :]
        keys = [key for one in left for article in one.articles for key in article.keys]
        known_by_key = _articles_by_key(connection, keys)
        results += _record(connection, _apart(left, known_by_key), known_by_key)
    return results


def _apart(coming: Sequence[Coming], known_by_key: Mapping[str, str]) -> Sequence[Coming]:
    """The first of these that share no key and no known article: what one writes is not what another has to read."""
    met: set[str] = set()
    for number, one in enumerate(coming):
        keys = {key for article in one.articles for key in article.keys}
        touched = keys | {known_by_key[key] for key in keys if key in known_by_key}
        if not met.isdisjoint(touched):
            return coming[:number]
        met |= touched
    return coming


def _record(connection: Connection, coming: Sequence[Coming], known_by_key: dict[str, str]) -> list[Recorded]:
    rows = _rows(connection, set(known_by_key.values()))
    sources = _sources(connection, set(rows))
    batch = _Batch(known_by_key)
    results = [_take_in(connection, one, batch, known_by_key, rows, sources) for one in coming]
    batch.write(connection)
    return results


def _take_in(
    connection: Connection,
    coming: Coming,
    batch: "_Batch",
    known_by_key: dict[str, str],
    rows: dict[str, Row[Any]],
    sources: Mapping[tuple[str, str], Row[Any]],
) -> Recorded:
    result = Recorded()
    feed, arrival = coming.feed, coming.arrival
    for article in coming.articles:
        if _was_removed(article, known_by_key, rows):
            result.known += 1
            continue
        row = _find(connection, article, known_by_key, rows, result)
        if row is None:
            _add(batch, feed, article, article.id, arrival)
            batch.repoint(article.id, [key for key in article.keys if key in known_by_key])
            result.new.append(article.id)
            continue
        source = sources.get((row.id, feed.name))
        if arrival.is_history and (source is None or not _is_another(source, article)):
            result.known += 1  # an archive tells of the past: what is known stays as it is
            continue
        batch.add_keys(row.id, article.keys, arrival.now)
        if source is None:
            _add_source(connection, row, feed, article, arrival)
            result.known += 1
        elif source.content_hash == article.content_hash:
            result.known += 1
        elif _is_another(source, article):
            fresh = redated_id(article.keys[0], article.published)
            if _exists(connection, fresh):
                result.known += 1
                continue
            _add(batch, feed, article, fresh, arrival)
            if not arrival.is_history:
                batch.repoint(fresh, article.keys)
            result.new.append(fresh)
        elif _change(connection, row, source, feed, article, arrival):
            result.changed.append(row.id)
            if _wants_page(feed, article, arrival):
                batch.pages[row.id] = (article.url, arrival.now)
        else:
            result.known += 1
    return result


class _Batch:
    """Rows to add, collected so that each table is written by one statement."""

    def __init__(self, known_keys: Container[str]) -> None:
        self.known_keys = known_keys
        self.articles: list[dict[str, object]] = []
        self.sources: list[dict[str, object]] = []
        self.versions: list[dict[str, object]] = []
        self.keys: dict[str, dict[str, object]] = {}
        self.repointed: list[tuple[str, Sequence[str]]] = []
        self.pages: dict[str, tuple[str, datetime]] = {}

    def add_keys(self, article: str, keys: Iterable[str], now: datetime) -> None:
        """Those of `keys` that no article has yet become this one's."""
        for key in keys:
            if key in self.known_keys:
                continue
            self.keys.setdefault(key, {"key": key, "article": article, "first_seen": now})

    def repoint(self, article: str, keys: Sequence[str]) -> None:
        """Keys that name an older article lead to this newest one from now on."""
        if keys:
            self.repointed.append((article, keys))

    def write(self, connection: Connection) -> None:
        for table, rows in (
            (schema.article, self.articles),
            (schema.article_source, self.sources),
            (schema.version, self.versions),
        ):
            if rows:
                connection.execute(insert(table), rows)
        if self.keys:
            # An id's own keys must be new with it: a clash is another process taking the same article in, and raises.
            connection.execute(insert(schema.article_key), list(self.keys.values()))
        for article, keys in self.repointed:
            connection.execute(
                update(schema.article_key).where(schema.article_key.c.key.in_(keys)).values(article=article)
            )
        if self.pages:
            page_rows.queue(connection, self.pages)


def _once(articles: Sequence[Article]) -> list[Article]:
    """One document may name one article twice, or give one guid to all its items: the first wins, shared guids go."""
    owners: dict[str, set[str]] = {}
    for article in articles:
        for key in article.keys[1:]:
            owners.setdefault(key, set()).add(article.id)
    unique: dict[str, Article] = {}
    for article in articles:
        keys = article.keys[:1] + tuple(key for key in article.keys[1:] if len(owners[key]) == 1)
        if article.id not in unique:
            unique[article.id] = article if keys == article.keys else replace(article, keys=keys)
    return list(unique.values())


def _articles_by_key(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    table = schema.article_key
    found: dict[str, str] = {}
    for part in chunks(keys):
        rows = connection.execute(select(table.c.key, table.c.article).where(table.c.key.in_(part)))
        found.update((row.key, row.article) for row in rows)
    return found


def _rows(connection: Connection, ids: Iterable[str]) -> dict[str, Row[Any]]:
    columns = schema.article.c
    found: dict[str, Row[Any]] = {}
    for part in chunks(sorted(ids)):
        query: Select[Any] = select(
            columns.id, columns.revision, columns.title, columns.text, columns.published, columns.seen, columns.reason,
            columns.version, columns.feed, columns.story,
        ).where(columns.id.in_(part))  # fmt: skip
        for row in connection.execute(query):
            found[row.id] = row
    return found


def _sources(connection: Connection, ids: Iterable[str]) -> dict[tuple[str, str], Row[Any]]:
    """What each feed said of these articles, by article and feed."""
    table = schema.article_source
    found: dict[tuple[str, str], Row[Any]] = {}
    for part in chunks(sorted(ids)):
        rows = connection.execute(select(table).where(table.c.article.in_(part)))
        found.update(((row.article, row.feed), row) for row in rows)
    return found


def _find(
    connection: Connection,
    article: Article,
    known_by_key: dict[str, str],
    rows: dict[str, Row[Any]],
    result: Recorded,
) -> Row[Any] | None:
    """The known article that this one is, if any: by its strongest known key, joined with what its other keys name.

    A weaker key (a guid) counts only where the texts read alike, since guids get re-used.
    """
    hits = list(dict.fromkeys(known_by_key[key] for key in article.keys if key in known_by_key))
    candidates = [rows[hit] for hit in hits if hit in rows]
    if not candidates:
        return None
    told = f"{article.title} {article.text}"
    strongest = candidates[0]
    if article.keys[0] not in known_by_key and not _reads_alike(strongest, told, sameness.REUSED_BELOW):
        return None
    for other in candidates[1:]:
        if _reads_alike(other, told, sameness.SAME_FROM) and _reads_alike(
            strongest, told, sameness.SAME_FROM
        ):
            keep, drop = sorted((strongest, other), key=lambda row: (row.seen, row.id))
            merge(connection, drop.id, keep.id, article.seen)
            for key, owner in known_by_key.items():
                if owner == drop.id:
                    known_by_key[key] = keep.id
            rows.update(_rows(connection, [keep.id]))
            rows.pop(drop.id, None)
            strongest = rows[keep.id]
            result.merged += 1
    return strongest


def _reads_alike(row: Row[Any], told: str, share: float) -> bool:
    return sameness.shared_words(f"{row.title} {row.text}", told) >= share


def _is_another(source: Row[Any], article: Article) -> bool:
    return sameness.is_another_article(
        f"{source.title} {source.text}",
        f"{article.title} {article.text}",
        source.published,
        article.published,
    )


def _exists(connection: Connection, article: str) -> bool:
    found = connection.execute(select(schema.article.c.id).where(schema.article.c.id == article)).first()
    return found is not None


def _was_removed(article: Article, known_by_key: dict[str, str], rows: dict[str, Row[Any]]) -> bool:
    """Whether its strongest known key belongs to an article that retention took: it is known, and stays silent."""
    owner = next((known_by_key[key] for key in article.keys if key in known_by_key), None)
    return owner is not None and owner not in rows


def _add(batch: _Batch, feed: Feed, article: Article, new_id: str, arrival: Arrival) -> None:
    reason = reason_for(article, arrival, feed.time_zone)
    text_hash = sameness.text_hash(article.title, article.text)
    batch.articles.append(
        {
            "id": new_id, "revision": 1, "url": article.url, "feed": feed.name, "outlet": feed.outlet,
            "owner": feed.owner, "side": feed.side, "control": feed.control, "country": feed.country,
            "kind": feed.kind, "title": article.title, "text": article.text, "text_hash": text_hash,
            "author": article.author, "categories": list(article.categories), "language": article.language,
            "language_reason": article.language_reason, "form": article.form,
            "form_reasons": list(article.form_reasons), "published": article.published,
            "published_flag": article.published_flag, "seen": article.seen, "version": 1,
            "version_seen": article.seen, "reason": reason,
        }
    )  # fmt: skip
    batch.sources.append({"article": new_id, **_source_values(feed, article), "first_seen": article.seen})
    batch.versions.append(
        {
            "article": new_id, "number": 1, "feed": feed.name, "title": article.title, "text": article.text,
            "text_hash": text_hash, "seen": article.seen, "reason": reason,
        }
    )  # fmt: skip
    batch.add_keys(new_id, article.keys, arrival.now)
    if _wants_page(feed, article, arrival):
        batch.pages[new_id] = (article.url, arrival.now)


PAGE_MAX_AGE = timedelta(days=3)
"""Older articles come with a feed's first fetch; their pages are not worth a request each."""


def _wants_page(feed: Feed, article: Article, arrival: Arrival) -> bool:
    """Whether the article's own page is to be read: its owner allows it, and the feed gives no full text."""
    return (
        feed.full_text
        and article.url != ""
        and article.text_source in ("summary", "title")
        and arrival.given is None
        and arrival.now - article.published <= PAGE_MAX_AGE
    )


def _source_values(feed: Feed, article: Article) -> dict[str, object]:
    return {
        "feed": feed.name,
        "url": article.url,
        "title": article.title,
        "text": article.text,
        "text_source": article.text_source,
        "content_hash": article.content_hash,
        "published": article.published,
        "last_changed": article.seen,
        "updated": article.updated,
    }


def _add_source(
    connection: Connection, row: Row[Any], feed: Feed, article: Article, arrival: Arrival
) -> None:
    """A further feed carries a known article. Its text is shown where it is better; that is no new version."""
    connection.execute(
        insert(schema.article_source).values(
            article=row.id, **_source_values(feed, article), first_seen=arrival.now
        )
    )
    shown = connection.execute(
        select(schema.article_source.c.text_source, schema.article_source.c.text).where(
            schema.article_source.c.article == row.id, schema.article_source.c.feed == row.feed
        )
    ).first()
    if (
        shown is None
        or sameness.better_text(article.text_source, article.text, shown.text_source, shown.text) == "old"
    ):
        return
    _show(connection, row, row.title, article.text)


def _show(connection: Connection, row: Row[Any], title: str, text: str, **more: object) -> None:
    """Make this the article's text: it is tagged anew, and its revision rises."""
    connection.execute(
        update(schema.article)
        .where(schema.article.c.id == row.id)
        .values(
            title=title,
            text=text,
            text_hash=sameness.text_hash(title, text),
            tagged_text_hash=None,
            revision=schema.article.c.revision + 1,
            **more,
        )
    )


def _change(
    connection: Connection,
    row: Row[Any],
    source: Row[Any],
    feed: Feed,
    article: Article,
    arrival: Arrival,
) -> bool:
    """This feed's own words about the article changed: a new version, unless today had too many of them.

    The version is judged by when its change was seen; articles taken in as history keep their reason. Returns whether
    the article shows anything new.
    """
    connection.execute(
        update(schema.article_source)
        .where(schema.article_source.c.article == row.id, schema.article_source.c.feed == feed.name)
        .values(**_source_values(feed, article))
    )
    own = feed.name == row.feed
    better = sameness.better_text(article.text_source, article.text, source.text_source, row.text) == "new"
    # A page stays the best of the sources; it is read anew, and until then the old one is shown.
    has_page = bool(page_rows.shown(connection, [row.id]))
    text = article.text if (own or better) and not has_page else row.text
    title = article.title if own else row.title
    if (title, text) == (row.title, row.text) and not (own and has_page):
        return False
    if not _room_for_a_version(connection, row.id, arrival):
        _show(connection, row, title, text)
        return True
    reason: Reason = row.reason if row.reason in ("import", "backfill") else (arrival.given or "live")
    told = article.text if own and not (has_page and _was_edited_on_its_page(connection, row)) else text
    _add_version(
        connection, row, feed.name, title, told, article.seen, reason, _mark(row, source, title, article)
    )
    _show(connection, row, title, text, version=row.version + 1, version_seen=article.seen, reason=reason)
    return True


def _add_version(
    connection: Connection,
    row: Row[Any],
    feed: str,
    title: str,
    text: str,
    seen: datetime,
    reason: Reason,
    mark: str | None,
) -> None:
    connection.execute(
        insert(schema.version).values(
            article=row.id, number=row.version + 1, feed=feed, title=title, text=text,
            text_hash=sameness.text_hash(title, text), seen=seen, reason=reason, mark=mark,
        )
    )  # fmt: skip


def _was_edited_on_its_page(connection: Connection, row: Row[Any]) -> bool:
    """Whether the version that stands tells the page's text: what follows is then compared with it."""
    table = schema.version.c
    text = connection.execute(
        select(table.text).where(table.article == row.id, table.number == row.version)
    ).scalar_one_or_none()
    return bool(text == row.text)


def page_edited(
    connection: Connection, article: str, new: PageText, now: datetime, versions_per_day: int
) -> bool:
    """The page of an article may have been edited while its feed said nothing new: a new version, unless today had too many.

    The version that stood takes the page's earlier text with it, so that each version is compared with its like; the
    feed's own words stay in `article_source`. The headline is the page's where that was changed, else it stays. Returns
    whether the article shows anything new: words count, typography does not; nor does a page whose text is not the one
    that is shown.
    """
    row = _rows(connection, [article]).get(article)
    old = page_rows.text_of(connection, article)
    if row is None or old is None or row.text != old[1]:
        return False
    retitled = bool(old[0] and new.title) and normalised(new.title) != normalised(old[0])
    if not retitled and normalised(new.text) == normalised(row.text):
        return False
    title = new.title if retitled else row.title
    arrival = Arrival(now, timedelta(0), versions_per_day=versions_per_day)
    if not _room_for_a_version(connection, row.id, arrival):
        _show(connection, row, title, new.text)
        return True
    table = schema.version
    connection.execute(
        update(table)
        .where(table.c.article == row.id, table.c.number == row.version)
        .values(text=row.text, text_hash=sameness.text_hash(row.title, row.text))
    )
    reason: Reason = row.reason if row.reason in ("import", "backfill") else "live"
    mark = "silent-headline" if retitled else None
    _add_version(connection, row, row.feed, title, new.text, now, reason, mark)
    _show(connection, row, title, new.text, version=row.version + 1, version_seen=now, reason=reason)
    return True


def _mark(row: Row[Any], source: Row[Any], title: str, article: Article) -> str | None:
    """Whether the headline was changed, and whether silently: without a new date that would tell readers so."""
    if normalised(title) == normalised(row.title):
        return None
    told = article.published > source.published or (
        article.updated is not None and (source.updated is None or article.updated > source.updated)
    )
    return "headline" if told else "silent-headline"


def _room_for_a_version(connection: Connection, article: str, arrival: Arrival) -> bool:
    today = connection.execute(
        select(func.count())
        .select_from(schema.version)
        .where(schema.version.c.article == article, schema.version.c.seen > arrival.now - timedelta(days=1))
    ).scalar_one()
    return today < arrival.versions_per_day


def merge(connection: Connection, drop: str, keep: str, now: datetime) -> None:
    """Two articles were found to be one: `keep` takes the keys, sources and story of `drop`, which leaves a tombstone.

    Their stories become one too, so that what was announced for either stays announced.
    """
    both = {
        row.id: row
        for row in connection.execute(select(schema.article).where(schema.article.c.id.in_((drop, keep))))
    }
    connection.execute(
        update(schema.article_key).where(schema.article_key.c.article == drop).values(article=keep)
    )
    kept_feeds = select(schema.article_source.c.feed).where(schema.article_source.c.article == keep)
    connection.execute(
        update(schema.article_source)
        .where(schema.article_source.c.article == drop, schema.article_source.c.feed.not_in(kept_feeds))
        .values(article=keep)
    )
    from_story, into_story = both[drop].story, both[keep].story
    if from_story and into_story and from_story != into_story:
        story_rows.merge(connection, from_story, into_story, now)
    _bury(connection, both[drop], keep, now)
    connection.execute(
        update(schema.article)
        .where(schema.article.c.id == keep)
        .values(revision=schema.article.c.revision + 1)
    )


def remove(connection: Connection, ids: Sequence[str], now: datetime) -> int:
    """Delete articles, leaving their keys and a tombstone each: one that returns is known and silent."""
    removed = 0
    for part in chunks(ids):
        for row in connection.execute(select(schema.article).where(schema.article.c.id.in_(part))).all():
            _bury(connection, row, None, now)
            removed += 1
    return removed


def _bury(connection: Connection, row: Row[Any], merged_into: str | None, now: datetime) -> None:
    connection.execute(
        upsert(connection, schema.tombstone)
        .values(
            article=row.id,
            revision=row.revision + 1,
            seen=row.seen,
            merged_into=merged_into,
            at=now,
            indexed=False,
        )
        .on_conflict_do_nothing()
    )
    connection.execute(delete(schema.article).where(schema.article.c.id == row.id))
