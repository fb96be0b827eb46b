"""The feed rows: what we know of each source beyond feeds.toml, and which are due."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, literal, or_, select, true, update

from pipeline.db import schema
from pipeline.db.dialect import insert
from pipeline.db.times import UtcTime
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


def sync(connection: Connection, feeds: Sequence[Feed]) -> None:
    """Make the rows agree with the source list: new ones added, changed URLs taken over, the rest marked unlisted.

    A feed whose URL changed by the operator's hand starts with fresh validators and is no longer `gone`; its history
    stays, because a feed is its name.
    """
    known = {row.name: row for row in connection.execute(select(schema.feed))}
    for feed in feeds:
        row = known.get(feed.name)
        if row is None:
            connection.execute(
                insert(connection, schema.feed)
                .values(name=feed.name, url=feed.url, outlet=feed.outlet)
                .on_conflict_do_nothing()
            )
        elif row.url != feed.url:
            connection.execute(
                update(schema.feed)
                .where(schema.feed.c.name == feed.name)
                .values(
                    url=feed.url, outlet=feed.outlet, listed=True, gone=False, etag=None, last_modified=None,
                    body_hash=None, moved_to=None, moved_since=None, next_due=None,
                )
            )  # fmt: skip
        elif not row.listed or row.outlet != feed.outlet:
            connection.execute(
                update(schema.feed)
                .where(schema.feed.c.name == feed.name)
                .values(listed=True, outlet=feed.outlet)
            )
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
    )


def _is_due(now: datetime, holder: str = "") -> ColumnElement[bool]:
    """Listed, due, and leased by nobody else; `holder` may have leased it itself, in a try that died."""
    table = schema.feed.c
    return and_(
        table.listed,
        ~table.gone,
        or_(table.next_due.is_(None), table.next_due <= now),
        or_(table.leased_until.is_(None), table.leased_until <= now, table.leased_by == holder),
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
) -> list[FeedState]:
    """Lease up to `limit` listed feeds that are due (of those in `only`, if given), the longest overdue first.

    A lease that ran out (its holder died) is taken over, and `holder` gets back at once what it leased before. Two
    holders never have the same feed.
    """
    wanted = (
        select(schema.feed.c.name)
        .where(_is_due(now, holder), true() if only is None else schema.feed.c.name.in_(list(only)))
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
    return sorted((_state(row) for row in rows), key=lambda state: state.name)


def next_due(connection: Connection) -> datetime | None:
    """When the next listed feed falls due; None where one never polled is waiting or there is none."""
    unpolled, earliest = connection.execute(
        select(
            func.count().filter(schema.feed.c.next_due.is_(None)),
            func.min(schema.feed.c.next_due),
        ).where(schema.feed.c.listed, ~schema.feed.c.gone)
    ).one()
    return None if unpolled else earliest


def finish_poll(
    connection: Connection,
    outcome: FetchOutcome,
    *,
    next_due: datetime | None,
    parsed: ParsedFeed | None = None,
    new: int = 0,
    interval_s: int | None = None,
) -> None:
    """Write what a poll came to, give the lease back, and set the next date. Belongs in the articles' transaction.

    `next_due` is None where polling stops for good. A failed poll leaves the validators of the last good one.
    """
    table = schema.feed
    failed = outcome.result == "failed"
    values: dict[str, object] = {
        "last_poll": outcome.finished,
        "next_due": next_due,
        "polls": table.c.polls + 1,
        "leased_until": None,
        "leased_by": None,
    }
    if interval_s is not None:
        values["interval_s"] = interval_s
    if failed:
        values |= {
            "failures": table.c.failures + 1,
            "failure": outcome.failure,
            "failure_detail": outcome.detail,
        }
        if next_due is None:
            values["gone"] = True
    else:
        values |= {
            "failures": 0,
            "failure": None,
            "failure_detail": None,
            "last_success": outcome.finished,
            "first_success": func.coalesce(table.c.first_success, literal(outcome.finished, UtcTime)),
            "etag": outcome.validators.etag,
            "last_modified": outcome.validators.last_modified,
            "body_hash": outcome.validators.body_hash,
        }
        if parsed is not None:
            values |= {"problems": list(parsed.problems), "ttl_min": parsed.ttl_min}
        if new:
            values["last_new"] = outcome.finished
        values |= _moved(connection, outcome)
    connection.execute(update(table).where(table.c.name == outcome.feed).values(**values))
    connection.execute(
        schema.poll.insert().values(
            feed=outcome.feed,
            at=outcome.finished,
            result=outcome.result,
            failure=outcome.failure,
            detail=outcome.detail,
            entries=len(parsed.entries) if parsed else 0,
            new=new,
            elapsed_s=outcome.elapsed_s,
        )
    )


def _moved(connection: Connection, outcome: FetchOutcome) -> dict[str, object]:
    """Note a permanent redirect and since when it has held; policy decides when it is believed."""
    if outcome.permanent_url is None:
        return {"moved_to": None, "moved_since": None}
    before = connection.execute(
        select(schema.feed.c.moved_to).where(schema.feed.c.name == outcome.feed)
    ).scalar_one_or_none()
    if before == outcome.permanent_url:
        return {}
    return {"moved_to": outcome.permanent_url, "moved_since": outcome.finished}


def release(connection: Connection, names: Iterable[str], holder: str) -> None:
    """Give back leases of feeds that were not polled after all (an interrupted cycle)."""
    connection.execute(
        update(schema.feed)
        .where(and_(schema.feed.c.name.in_(list(names)), schema.feed.c.leased_by == holder))
        .values(leased_until=None, leased_by=None)
    )


def domain_gates(connection: Connection, now: datetime) -> dict[str, datetime]:
    """Registered domains that must not be asked before a time (Retry-After), those still in force."""
    rows = connection.execute(
        select(schema.domain.c.name, schema.domain.c.not_before).where(schema.domain.c.not_before > now)
    )
    return {row.name: row.not_before for row in rows}


def close_domain(connection: Connection, name: str, not_before: datetime, why: str) -> None:
    """Ask nothing of this registered domain before `not_before`; a later gate already set stays."""
    statement = insert(connection, schema.domain).values(name=name, not_before=not_before, why=why)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"not_before": statement.excluded.not_before, "why": why},
            where=schema.domain.c.not_before < statement.excluded.not_before,
        )
    )
