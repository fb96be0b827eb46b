"""Article pages: which are to be read, and what came of each. A page belongs to one article and never makes a version."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from pipeline import sameness
from pipeline.db import domains, schema
from pipeline.db.dialect import chunks
from pipeline.db.dialect import insert as upsert
from pipeline.extract.identity import article_keys
from pipeline.extract.language import article_language
from pipeline.extract.page import PageText
from pipeline.fetch.pacing import registered_domain
from pipeline.types import Validators

UNDATED = ("undated", "absurd")


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """A page to be read, or to be looked at again. `tries`: how often it has been tried, or looked at."""

    article: str
    url: str
    domain: str
    feed: str
    title: str
    tries: int
    seen: datetime
    validators: Validators = field(default_factory=Validators)


def queue(connection: Connection, pages: Mapping[str, tuple[str, datetime]]) -> None:
    """Let these pages (article: URL and moment) be read soon; one that was read before is read anew, and its text stays
    till then."""
    statement = upsert(connection, schema.page)
    waits = {"state": "waiting", "detail": "", "tries": 0, "next_try": None, "checks": 0, "next_check": None}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["article"], set_={**waits, "url": statement.excluded.url}
        ),
        [
            {"article": article, "url": url, "domain": registered_domain(url), "seen": now, **waits}
            for article, (url, now) in pages.items()
        ],
    )


def due(
    connection: Connection, now: datetime, holder: str, limit: int, besides: Collection[str] = ()
) -> list[WaitingPage]:
    """Up to `limit` pages to read now, the newest first: of domains that nobody else asks and that may be asked."""
    page, article = schema.page.c, schema.article.c
    query = (
        select(page.article, page.url, page.domain, article.feed, article.title, page.tries, page.seen)
        .join(schema.article, article.id == page.article)
        .where(
            page.state == "waiting",
            or_(page.next_try.is_(None), page.next_try <= now),
            page.domain.not_in(domains.held_by_others(now, holder)),
            page.domain.not_in(domains.closed(now)),
        )
        .order_by(page.seen.desc(), page.article)
        .limit(limit + len(besides))
    )
    return [WaitingPage(*row) for row in connection.execute(query) if row.article not in besides][:limit]


def due_again(
    connection: Connection,
    now: datetime,
    holder: str,
    limit: int,
    besides: Collection[str] = (),
    *,
    feeds: Collection[str],
) -> list[WaitingPage]:
    """The same of pages that were read and are to be looked at again; articles of `feeds` only."""
    page, article = schema.page.c, schema.article.c
    query = (
        select(
            page.article, page.url, page.domain, article.feed, article.title, page.checks, page.seen, page.etag,
            page.last_modified, page.body_hash,
        )
        .join(schema.article, article.id == page.article)
        .where(
            page.state == "read",
            page.next_check <= now,
            article.feed.in_(list(feeds)),
            page.domain.not_in(domains.held_by_others(now, holder)),
            page.domain.not_in(domains.closed(now)),
        )
        .order_by(page.seen.desc(), page.article)
        .limit(limit + len(besides))
    )  # fmt: skip
    return [
        WaitingPage(*row[:7], Validators(row.etag, row.last_modified, row.body_hash))
        for row in connection.execute(query)
        if row.article not in besides
    ][:limit]


def counts_by_feed(connection: Connection) -> dict[str, dict[str, int]]:
    """How many pages of each feed are in which state."""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    rows = connection.execute(
        select(schema.article.c.feed, schema.page.c.state, func.count())
        .join(schema.page, schema.page.c.article == schema.article.c.id)
        .group_by(schema.article.c.feed, schema.page.c.state)
    )
    for feed, state, count in rows:
        found[feed][state] = count
    return found


def shown(connection: Connection, articles: Sequence[str]) -> set[str]:
    """Those of `articles` whose text is their page's."""
    found: set[str] = set()
    for part in chunks(articles):
        rows = connection.execute(
            select(schema.page.c.article).where(
                schema.page.c.article.in_(part), schema.page.c.text.is_not(None)
            )
        )
        found.update(rows.scalars())
    return found


def text_of(connection: Connection, article: str) -> tuple[str, str] | None:
    """Title and text of an article's page as it was read last."""
    page = schema.page.c
    row = connection.execute(
        select(page.title, page.text).where(page.article == article, page.text.is_not(None))
    ).one_or_none()
    return None if row is None else (row.title or "", row.text)


def try_later(connection: Connection, article: str, detail: str, next_try: datetime) -> None:
    """This time it did not answer; `detail` says how."""
    connection.execute(
        update(schema.page)
        .where(schema.page.c.article == article)
        .values(detail=detail, tries=schema.page.c.tries + 1, next_try=next_try)
    )


def finish(
    connection: Connection,
    waiting: WaitingPage,
    page: PageText,
    now: datetime,
    validators: Validators = Validators(),  # noqa: B008  frozen
    next_check: datetime | None = None,
) -> bool:
    """Write what came of a page; returns whether the article now shows its text.

    The article keeps its version and the reason of that version; its revision rises, and it is tagged anew. The feed's
    own words stay with the feed (`article_source`). `next_check`: when a page that was read is looked at again.
    """
    readable = page.state == "read"
    values: dict[str, object] = {
        "state": page.state, "detail": page.detail, "tries": schema.page.c.tries + 1, "next_try": None,
        "fetched": now, "canonical": page.canonical, "language": page.language,
    }  # fmt: skip
    if readable:
        values |= {
            "title": page.title, "text": page.text, "published": page.published, "checks": 0,
            "next_check": next_check, **_kept(validators),
        }  # fmt: skip
    connection.execute(update(schema.page).where(schema.page.c.article == waiting.article).values(**values))
    table = schema.article
    row = connection.execute(select(table).where(table.c.id == waiting.article)).one_or_none()
    if row is None or not readable:
        return False
    if page.canonical:
        _learn(connection, waiting.article, row.feed, page.canonical, now)
    if page.text == row.text:
        return False
    language, reason = article_language(row.title, page.text, page.language or row.language)
    more: dict[str, object] = {}
    if row.published_flag in UNDATED and page.published is not None and page.published <= row.seen:
        more = {"published": page.published, "published_flag": "stated"}
    connection.execute(
        update(table)
        .where(table.c.id == waiting.article)
        .values(
            text=page.text,
            text_hash=sameness.text_hash(row.title, page.text),
            tagged_text_hash=None,
            revision=table.c.revision + 1,
            language=language,
            language_reason=reason,
            **more,
        )
    )
    return True


def looked_at(
    connection: Connection,
    page: WaitingPage,
    next_check: datetime | None,
    *,
    validators: Validators | None = None,
    text: PageText | None = None,
    detail: str = "",
) -> None:
    """A page was looked at again: with what came of that, and, where it was edited, its new text."""
    values: dict[str, object] = {"checks": page.tries + 1, "next_check": next_check, "detail": detail}
    if validators is not None:
        values |= _kept(validators)
    if text is not None:
        values |= {"title": text.title, "text": text.text, "published": text.published}
    connection.execute(update(schema.page).where(schema.page.c.article == page.article).values(**values))


def _kept(validators: Validators) -> dict[str, object]:
    return {
        "etag": validators.etag,
        "last_modified": validators.last_modified,
        "body_hash": validators.body_hash,
    }


def _learn(connection: Connection, article: str, feed: str, canonical: str, now: datetime) -> None:
    """The page's own address is one more by which the article is known."""
    (key,) = article_keys(canonical, None, feed, "")
    if key.startswith("url:"):
        connection.execute(
            upsert(connection, schema.article_key)
            .values(key=key, article=article, first_seen=now)
            .on_conflict_do_nothing()
        )


def robots(connection: Connection, origin: str, now: datetime) -> tuple[int, str] | None:
    """Status and text of an origin's robots.txt as far as it is still believed."""
    row = connection.execute(
        select(schema.robots).where(schema.robots.c.origin == origin, schema.robots.c.expires > now)
    ).one_or_none()
    return None if row is None else (row.status, row.text)


def keep_robots(connection: Connection, origin: str, status: int, text: str, expires: datetime) -> None:
    """Remember an origin's robots.txt."""
    connection.execute(delete(schema.robots).where(schema.robots.c.origin == origin))
    connection.execute(insert(schema.robots).values(origin=origin, status=status, text=text, expires=expires))
