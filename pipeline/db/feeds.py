"""The feed rows: what we know of each source beyond feeds.toml, and which are due."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Update,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    true,
    update,
)

from pipeline.db import domains, schema
from pipeline.db.dialect import chunks, insert
from pipeline.db.times import UtcTime
from pipeline.fetch.pacing import registered_domain
from pipeline.fetch.policy import NOT_MOVED, Move
from pipeline.types import FailureKind, Feed, FetchOutcome, ParsedFeed, Validators


@dataclass(frozen=True, slots=True)
class FeedState:
    """What one feed's last polls left behind. Times are UTC; None: not yet."""

    name: str
    url: str
    outlet: str
    validators: Validators
    first_success: datetime | None
    last_poll: datetime | None
    last_success: datetime | None
    last_new: datetime | None
    next_due: datetime | None
    interval_s: int | None
    ttl_min: int | None
    polls: int
    failures: int
    failure: FailureKind | None
    failure_detail: str | None
    gone: bool
    moved_to: str | None
    moved_since: datetime | None
    problems: tuple[str, ...]
    domain: str
    entries: int
    known_entries: bytes
    hours: tuple[int, ...]
    covered_by: str | None
    covered_checks: int


def sync(connection: Connection, feeds: Sequence[Feed]) -> None:
    """Make the rows agree with the source list: new ones added, changed URLs taken over, the rest marked unlisted.

    A feed whose URL changed by the operator's hand starts with fresh validators and is no longer `gone`; its history
    stays, because a feed is its name.
    """
    known = {row.name: row for row in connection.execute(select(schema.feed))}
    new: list[dict[str, object]] = []
    for feed in feeds:
        row = known.get(feed.name)
        domain = registered_domain(feed.url)
        if row is None:
            new.append({"name": feed.name, "url": feed.url, "outlet": feed.outlet, "domain": domain})
        elif row.url != feed.url:
            connection.execute(
                update(schema.feed)
                .where(schema.feed.c.name == feed.name)
                .values(
                    url=feed.url, outlet=feed.outlet, listed=True, gone=False, etag=None, last_modified=None,
                    body_hash=None, moved_to=None, moved_since=None, next_due=None, domain=domain,
                    known_entries=None, covered_by=None, covered_checks=0,
                )
            )  # fmt: skip
        elif not row.listed or row.outlet != feed.outlet or row.domain is None:
            connection.execute(
                update(schema.feed)
                .where(schema.feed.c.name == feed.name)
                .values(listed=True, outlet=feed.outlet, domain=domain)
            )
    if new:
        connection.execute(insert(connection, schema.feed).on_conflict_do_nothing(), new)
    listed = {feed.name for feed in feeds}
    gone = [name for name, row in known.items() if row.listed and name not in listed]
    if gone:
        connection.execute(update(schema.feed).where(schema.feed.c.name.in_(gone)).values(listed=False))


def states(connection: Connection, names: Iterable[str] | None = None) -> dict[str, FeedState]:
    """State by feed name, of all listed feeds or of those named."""
    query = select(schema.feed)
    query = (
        query.where(schema.feed.c.listed)
        if names is None
        else query.where(schema.feed.c.name.in_(list(names)))
    )
    return {row.name: _state(row) for row in connection.execute(query)}


def _state(row: Row[Any]) -> FeedState:
    return FeedState(
        name=row.name,
        url=row.url,
        outlet=row.outlet,
        validators=Validators(row.etag, row.last_modified, row.body_hash),
        first_success=row.first_success,
        last_poll=row.last_poll,
        last_success=row.last_success,
        last_new=row.last_new,
        next_due=row.next_due,
        interval_s=row.interval_s,
        ttl_min=row.ttl_min,
        polls=row.polls,
        failures=row.failures,
        failure=row.failure,
        failure_detail=row.failure_detail,
        gone=row.gone,
        moved_to=row.moved_to,
        moved_since=row.moved_since,
        problems=tuple(row.problems or ()),
        domain=row.domain or "",
        entries=row.entries or 0,
        known_entries=row.known_entries or b"",
        hours=tuple(row.hours or ()),
        covered_by=row.covered_by,
        covered_checks=row.covered_checks,
    )


def _is_due(now: datetime, holder: str = "") -> ColumnElement[bool]:
    """Listed, due, and leased by nobody else; `holder` may have leased it itself, in a try that died.

    A domain that asked to be left alone has nothing due.
    """
    table = schema.feed.c
    return and_(
        table.listed,
        ~table.gone,
        or_(table.next_due.is_(None), table.next_due <= now),
        or_(table.leased_until.is_(None), table.leased_until <= now, table.leased_by == holder),
        func.coalesce(table.domain, "").not_in(domains.closed(now)),
    )


def due(connection: Connection, now: datetime) -> dict[str, str]:
    """Name and address of the feeds that are due and that nobody polls at the moment, the longest overdue first."""
    rows = connection.execute(
        select(schema.feed.c.name, schema.feed.c.url)
        .where(_is_due(now))
        .order_by(schema.feed.c.next_due.asc().nulls_first(), schema.feed.c.name)
    )
    return {row.name: row.url for row in rows}


def claim_due(
    connection: Connection,
    now: datetime,
    holder: str,
    lease: timedelta,
    limit: int,
    only: Collection[str] | None = None,
    besides: Collection[str] = (),
) -> list[FeedState]:
    """Lease up to `limit` listed feeds that are due (of those in `only`, if given), the longest overdue first.

    A lease that ran out (its holder died) is taken over, and `holder` gets back at once what it leased before, but for
    `besides`, which it knows that it has. Two holders never have the same feed. Feeds of a domain that another process asks at the moment are left to it.
    """
    wanted = (
        select(schema.feed.c.name)
        .where(
            _is_due(now, holder),
            func.coalesce(schema.feed.c.domain, "").not_in(domains.held_by_others(now, holder)),
            _among(only),
            schema.feed.c.name.not_in(list(besides)) if besides else true(),
        )
        .order_by(schema.feed.c.next_due.asc().nulls_first(), schema.feed.c.name)
        .limit(limit)
        .with_for_update(skip_locked=True)  # SQLite renders nothing here: its writers take turns anyway
    )
    rows = connection.execute(
        update(schema.feed)
        .where(schema.feed.c.name.in_(wanted))
        .values(leased_until=now + lease, leased_by=holder)
        .returning(schema.feed)
    ).all()
    return sorted((_state(row) for row in rows), key=lambda state: (state.next_due is not None, state.name))


def _among(only: Collection[str] | None) -> ColumnElement[bool]:
    return true() if only is None else schema.feed.c.name.in_(list(only))


def count_elsewhere(
    connection: Connection, now: datetime, holder: str, only: Collection[str] | None = None
) -> int:
    """How many feeds are due and free, but of domains that another process asks at the moment."""
    return connection.execute(
        select(func.count())
        .select_from(schema.feed)
        .where(_is_due(now), schema.feed.c.domain.in_(domains.held_by_others(now, holder)), _among(only))
    ).scalar_one()


def renew(connection: Connection, names: Iterable[str], holder: str, until: datetime) -> None:
    """Prolong the leases of these feeds, whose turn has not come yet."""
    for part in chunks(sorted(names)):
        connection.execute(
            update(schema.feed)
            .where(schema.feed.c.name.in_(part), schema.feed.c.leased_by == holder)
            .values(leased_until=until)
        )


def next_due(connection: Connection) -> datetime | None:
    """When the next listed feed falls due; None where one never polled is waiting or there is none.

    A domain that asked to be left alone holds up its feeds.
    """
    feed, gate = schema.feed, schema.domain
    opens = case((gate.c.not_before > feed.c.next_due, gate.c.not_before), else_=feed.c.next_due)
    unpolled, earliest = connection.execute(
        select(
            func.count().filter(feed.c.next_due.is_(None), gate.c.not_before.is_(None)),
            func.min(func.coalesce(opens, gate.c.not_before)),
        )
        .select_from(feed.outerjoin(gate, gate.c.name == feed.c.domain))
        .where(feed.c.listed, ~feed.c.gone)
    ).one()
    return None if unpolled else earliest


def covering(connection: Connection, feed: FeedState, keys: Sequence[str]) -> str | None:
    """The other listed feed of the same domain that carries every article that `keys` name, if there is one.

    `keys`: the strongest key of each entry of one document.
    """
    key, source, other = schema.article_key, schema.article_source, schema.feed
    counts: Counter[str] = Counter()
    for part in chunks(keys):
        rows = connection.execute(
            select(source.c.feed, func.count(source.c.article.distinct()))
            .select_from(
                key.join(source, source.c.article == key.c.article).join(other, other.c.name == source.c.feed)
            )
            .where(
                key.c.key.in_(part), other.c.name != feed.name, other.c.domain == feed.domain, other.c.listed,
                ~other.c.gone, other.c.covered_by.is_(None), other.c.failures == 0,
            )
            .group_by(source.c.feed)
        )  # fmt: skip
        counts.update({row[0]: row[1] for row in rows})
    wanted = len(set(keys))
    return next((name for name, count in sorted(counts.items()) if count >= wanted), None)


@dataclass(frozen=True, slots=True)
class PollResult:
    """What a poll leaves behind in its feed's row. `next_due`: None where polling stops for good."""

    next_due: datetime | None
    interval_s: int
    new: int = 0
    entries: int = 0
    move: Move = NOT_MOVED
    hours: tuple[int, ...] = ()
    known_entries: bytes | None = None
    covered_by: str | None = None
    covered_checks: int = 0


@dataclass(frozen=True, slots=True)
class FinishedPoll:
    """A poll, and what it leaves behind. `parsed`: the document that it brought, if any."""

    outcome: FetchOutcome
    result: PollResult
    parsed: ParsedFeed | None = None


def finish_polls(connection: Connection, polls: Sequence[FinishedPoll]) -> None:
    """Write what polls came to, give the leases back, and set the next dates. Belongs in the articles' transaction.

    A failed poll leaves the validators and marks of the last good one; so does one that found nothing changed, but for
    the validators. Polls that write the same columns share a statement.
    """
    alike: defaultdict[tuple[str, ...], list[dict[str, object]]] = defaultdict(list)
    log: list[dict[str, object]] = []
    for poll in polls:
        outcome, values = poll.outcome, _left_behind(poll)
        parameters = {f"{column}_": value for column, value in values.items()}
        alike[tuple(values)].append({"feed_": outcome.feed, **parameters})
        log.append(
            {
                "feed": outcome.feed, "at": outcome.finished, "result": outcome.result, "failure": outcome.failure,
                "detail": outcome.detail, "entries": poll.result.entries, "new": poll.result.new,
                "elapsed_s": outcome.elapsed_s,
            }
        )  # fmt: skip
    for columns, rows in alike.items():
        connection.execute(_set(columns), rows)
    if log:
        connection.execute(schema.poll.insert(), log)


@lru_cache(maxsize=16)
def _set(columns: tuple[str, ...]) -> Update:
    """Count a feed's poll and set these of its columns, each to the parameter `COLUMN_`."""
    table = schema.feed.c
    values: dict[str, object] = {
        column: bindparam(f"{column}_", type_=table[column].type) for column in columns
    }
    values["polls"] = table.polls + 1
    if "last_success" in columns:
        values["first_success"] = func.coalesce(
            table.first_success, bindparam("last_success_", type_=UtcTime)
        )
    else:
        values["failures"] = table.failures + 1
    return update(schema.feed).where(table.name == bindparam("feed_", type_=table.name.type)).values(values)


def _left_behind(poll: FinishedPoll) -> dict[str, object]:
    """What a poll writes into its feed's row, by column."""
    outcome, result = poll.outcome, poll.result
    values: dict[str, object] = {
        "last_poll": outcome.finished,
        "next_due": result.next_due,
        "leased_until": None,
        "leased_by": None,
        "interval_s": result.interval_s,
        "failure": outcome.failure,
        "failure_detail": outcome.detail if outcome.result == "failed" else None,
    }
    if outcome.result == "failed":
        return values | ({"gone": True} if result.next_due is None else {})
    values |= {
        "failures": 0,
        "last_success": outcome.finished,
        "etag": outcome.validators.etag,
        "last_modified": outcome.validators.last_modified,
        "body_hash": outcome.validators.body_hash,
        "moved_to": result.move.to,
        "moved_since": result.move.since,
    }
    if poll.parsed is not None:
        values |= {
            "problems": list(poll.parsed.problems),
            "ttl_min": poll.parsed.ttl_min,
            "entries": result.entries,
            "known_entries": result.known_entries,
            "covered_by": result.covered_by,
            "covered_checks": result.covered_checks,
        }
    if result.new:
        values |= {"last_new": outcome.finished, "hours": list(result.hours)}
    return values


def release(connection: Connection, names: Iterable[str], holder: str) -> None:
    """Give back leases of feeds that were not polled after all (an interrupted cycle)."""
    connection.execute(
        update(schema.feed)
        .where(and_(schema.feed.c.name.in_(list(names)), schema.feed.c.leased_by == holder))
        .values(leased_until=None, leased_by=None)
    )
