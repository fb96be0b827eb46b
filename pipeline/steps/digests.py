"""Digests that are due: hourly and daily ones, what quiet hours and daily caps held back, and the one after a gap.

A digest, the keys it shows, its outbox rows and its slot are written in one transaction under the lock of deciding,
so that it goes out once and tells nothing that an instant message told.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from pipeline.alerts import cadence
from pipeline.alerts.decide import Mode, decide
from pipeline.alerts.facts import Mute, without_muted
from pipeline.brief import NearMiss, StoryNews, build, shown
from pipeline.db import alerts as alert_rows
from pipeline.db import announced as rows
from pipeline.db import outbox
from pipeline.db.engine import Database
from pipeline.db.locks import DECIDE, exclusive
from pipeline.errors import IndexUnavailableError, QueryError, ServiceError
from pipeline.index.base import Index
from pipeline.notify import clean
from pipeline.notify.compose import alert_line, subject_line
from pipeline.notify.content import Coverage, Digest, to_json
from pipeline.periods import zone_of
from pipeline.steps.announce import away_slot, recipients_for
from pipeline.steps.briefing import coverage_of, near_misses
from pipeline.steps.desk import Compiled, Desk, desk_of
from pipeline.types import Alert

if TYPE_CHECKING:
    from pipeline.app import App

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DigestReport:
    """What the step did. `empty`: digests that had nothing to say and said so, or were let go."""

    digests: int = 0
    empty: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One digest to make: its slot, whose due rows it tells, how it is titled, and the remark it opens with."""

    slot: str
    kinds: frozenset[str]
    title: str
    note: str
    since: datetime
    told_only: bool = False
    says_nothing_new: bool = False


def send_digests(
    app: "App",
    now: Callable[[], datetime],
    *,
    stopped: Callable[[], bool] = lambda: False,
    holder: str = "digests",
) -> DigestReport:
    """The step as a cycle calls it."""
    return make_digests(app.database, app.index, desk_of(app), now, stopped=stopped, holder=holder)


def make_digests(
    database: Database,
    index: Index,
    desk: Desk,
    now: Callable[[], datetime],
    *,
    stopped: Callable[[], bool] = lambda: False,
    holder: str = "digests",
) -> DigestReport:
    """Put every digest that is due into the outbox. Repeating it does nothing. Raises IndexUnavailableError after all
    that do not need the index are made."""
    made = empty = 0
    problems: list[str] = []
    with database.read() as connection:
        alerts = [alert for alert in alert_rows.list_all(connection) if _may_speak(connection, alert, now())]
    outage: IndexUnavailableError | None = None
    for alert in alerts:
        if stopped():
            break
        try:
            item = desk.compile(alert, now())
        except QueryError as error:
            problems.append(f"the query of alert {alert.name!r} is no longer understood: {error}")
            continue
        try:
            with database.read() as connection:
                wanted = _wanted(connection, item, now())
                extras = {each.slot: _extras(connection, index, item, each, now()) for each in wanted}
        except IndexUnavailableError as error:
            outage = error  # this one waits; others do not need the index
            continue
        for each in wanted:
            try:
                with exclusive(database, DECIDE, holder) as lock, database.write() as connection:
                    told = _make(connection, desk, item, each, extras[each.slot], now())
                    lock.check(connection)
            except (DBAPIError, ServiceError):
                raise
            except Exception as error:
                log.exception("the digest %s could not be made", each.title)
                problems.append(
                    f"the digest {each.title!r} could not be made: {type(error).__name__}: {error}"
                )
                continue
            made += told is True
            empty += told is False
    if outage is not None:
        raise outage
    return DigestReport(made, empty, tuple(problems))


def _may_speak(connection: Connection, alert: Alert, now: datetime) -> bool:
    """An alert that is at work, or has ended and still owes a digest."""
    return cadence.is_open(alert, now) or (not alert.paused and bool(rows.due_of(connection, alert.id)))


def _wanted(connection: Connection, item: Compiled, now: datetime) -> list[_Wanted]:
    """The digests of an alert that have fallen due and were not given out."""
    alert = item.alert
    due = rows.due_of(connection, alert.id)
    wanted: list[_Wanted] = []
    slot = cadence.due_slot(alert, now)
    quiet = cadence.quiet_until(alert, now)
    hourly_at_rest = alert.cadence == "hourly" and quiet is not None
    if slot is not None and not hourly_at_rest and not rows.has_slot(connection, alert.id, slot.key):
        local = slot.at.astimezone(zone_of(alert.zone))
        day = f"{local:%a} {local.day} {local:%b}"
        title = f"{alert.name}: {day}" if alert.cadence == "daily" else f"{alert.name}: {day} {local:%H:%M}"
        since = rows.last_digest(connection, alert.id) or alert.since
        says = alert.cadence == "daily" and alert.say_nothing_new
        wanted.append(
            _Wanted(slot.key, frozenset({"digest", "quiet", "cap"}), title, "", since, says_nothing_new=says)
        )
    held = [entry for entry in due if entry.due != "away" and (entry.not_before or now) <= now]
    if held and quiet is None and alert.cadence == "instant":
        first = min(entry.not_before or now for entry in held)
        reasons = {
            "quiet": "in quiet hours",
            "cap": f"after the day's limit of {alert.daily_cap}",
            "digest": "for a digest",
        }
        why = [words for kind, words in reasons.items() if any(entry.due == kind for entry in held)]
        wanted.append(
            _Wanted(
                rows.free_slot(connection, alert.id, f"held:{first.isoformat(timespec='seconds')}"),
                frozenset({"digest", "quiet", "cap"}),
                f"{alert.name}: held back",
                f"What came {' and '.join(why)} and was kept for this message.",
                alert.since,
            )
        )
    away = [entry for entry in due if entry.due == "away" and (entry.not_before or now) <= now]
    if away:
        wanted.append(
            _Wanted(
                rows.free_slot(
                    connection, alert.id, away_slot(max(entry.not_before or now for entry in away))
                ),
                frozenset({"away"}),
                f"{alert.name}: while you were away",
                "The monitor did not run for a while; these reports were old when it saw them.",
                alert.since,
                told_only=True,
            )
        )
    return wanted


@dataclass(frozen=True, slots=True)
class _Extras:
    """What a daily digest shows besides its stories."""

    coverage: Coverage | None = None
    near_misses: tuple[NearMiss, ...] = ()


def _extras(connection: Connection, index: Index, item: Compiled, wanted: _Wanted, now: datetime) -> _Extras:
    """Asked for before the write transaction: the index may be far away."""
    if item.alert.cadence != "daily" or "digest" not in wanted.kinds:
        return _Extras()
    usual = rows.outlets_of(connection, item.alert.id)
    return _Extras(
        coverage_of(connection, wanted.since, now, item.alert.zone, usual),
        tuple(near_misses(connection, wanted.since, now, index, item)),
    )


def _make(
    connection: Connection, desk: Desk, item: Compiled, wanted: _Wanted, extras: _Extras, now: datetime
) -> bool | None:
    """One digest. True where it was put out with news, False where there was none, None where it was given out before."""
    alert = item.alert
    if not rows.take_slot(connection, alert.id, wanted.slot, now):
        return None
    mutes = [mute for mute in alert_rows.mutes(connection, now).values() if mute.holds(alert.id, now)]
    due = [entry for entry in rows.due_of(connection, alert.id) if entry.due in wanted.kinds]
    news = _news(connection, item, due, mutes, told_only=wanted.told_only)
    leading, rest, _ = shown(news, item.scope)
    told = [*leading, *rest]
    later = {entry.story.id for entry in news} - {entry.story.id for entry in told}
    rows.set_due(connection, alert.id, {entry.article for entry in due if entry.story not in later}, None)
    if not told and not wanted.says_nothing_new:
        return False
    number = rows.reserve_notification(connection, alert.id, None, "digest", now)
    rows.fill_slot(connection, alert.id, wanted.slot, number)
    for entry in told:
        rows.tell(connection, alert.id, entry.story.id, entry.decision.tell, now, number)
    brief = build(
        clean.line(wanted.title, 120), wanted.since, now, alert.zone, news, item.scope, desk.words,
        near_misses=extras.near_misses, coverage=extras.coverage,
    )  # fmt: skip
    headlines = [item.headlines[0] for section in brief.sections for item in section.items]
    headlines += [item.headlines[0] for item in brief.more]
    subject = subject_line(headlines or ["Nothing new"], clean.line(wanted.title, 60))
    message = Digest(alert_line(alert), subject, brief, wanted.note)
    rows.fill_notification(connection, number, message.subject, to_json(message))
    recipients = [
        recipient
        for recipient in alert.recipients
        if not told
        or any(recipient in recipients_for(alert, entry.story, entry.articles, mutes) for entry in told)
    ]
    outbox.add(connection, number, alert.name, wanted.slot, recipients, now, domain=desk.sender.domain)
    return bool(told)


def _news(
    connection: Connection, item: Compiled, due: Sequence[rows.Due], mutes: Sequence[Mute], *, told_only: bool
) -> list[StoryNews]:
    """What of the due stories is still new: an instant message, or another digest, may have told it meanwhile."""
    alert = item.alert
    by_story: dict[str, set[str]] = {}
    for entry in due:
        by_story.setdefault(entry.story, set()).add(entry.article)
    known = rows.known(connection, alert.id, by_story, told_only=told_only)
    members = rows.matched_in_stories(connection, alert.id, by_story)
    facts = rows.articles(connection, {article for ids in members.values() for article in ids})
    stories = rows.stories(connection, facts.values())
    mode: Mode = "instant" if alert.cadence == "instant" else "digest"
    news: list[StoryNews] = []
    for name, ids in members.items():
        story = stories[name]
        visible = without_muted([facts[article] for article in ids if article in facts], mutes)
        if any(mute.recipient is None and mute.covers_story(story) for mute in mutes):
            continue
        decision = decide(alert, item.scope, story, visible, known[name], mode, by_story[name])
        if decision.tell:
            news.append(StoryNews(story, tuple(visible), decision))
    return news
