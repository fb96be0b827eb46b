"""Match what is indexed against the alerts and decide what each has to say: index first, then one short transaction.

Matching asks the index outside any transaction. Deciding, inserting keys, writing the notification and its outbox rows,
and noting that the articles are matched happen in one transaction under the lock that grouping takes too:
either all of it is there after a crash or none, and the articles are still queued.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from pipeline.alerts import cadence
from pipeline.alerts.decide import Decision, Mode, counts, decide, may_fire
from pipeline.alerts.facts import FIRST, Key, MatchedArticle, Mute, StoryFacts, without_muted
from pipeline.alerts.keys import ANNOUNCED_STATUSES, carried, told_by
from pipeline.corrections import PositionTarget, read_target
from pipeline.db import alerts as alert_rows
from pipeline.db import announced as rows
from pipeline.db import corrections, coverage, outbox, tags
from pipeline.db.engine import Database
from pipeline.db.locks import DECIDE, exclusive
from pipeline.errors import QueryError, ServiceError
from pipeline.index.base import Index
from pipeline.notify import compose
from pipeline.notify.content import to_json
from pipeline.query import highlight, nodes
from pipeline.steps.desk import Compiled, Desk, desk_of
from pipeline.types import Alert

if TYPE_CHECKING:
    from pipeline.app import App

log = logging.getLogger(__name__)

BATCH = 25
"""Articles decided in one transaction: about a tenth of a second where six alerts say something about most of them."""
STORY_BATCH = 500
"""Articles of their stories that are decided with them: what waits of a story is told at once, in whatever order it came.
They cost little, since a story is told once however many tell it; beyond so many the transaction would grow long."""

AWAY_WINDOW = timedelta(hours=6)
"""How long after a gap old articles still count as missed in it."""
AWAY_WAIT = timedelta(minutes=30)
"""When the one digest of a gap is made: by then every feed that answers has been polled."""


@dataclass(frozen=True, slots=True)
class AnnounceReport:
    """What the step did. `waiting`: indexed, but not yet to be seen in the index; they stay queued."""

    matched: int = 0
    waiting: int = 0
    messages: int = 0
    held_back: int = 0
    withdrawn: int = 0
    problems: tuple[str, ...] = ()


def announce_waiting(
    app: "App",
    now: Callable[[], datetime],
    *,
    stopped: Callable[[], bool] = lambda: False,
    holder: str = "announce",
) -> AnnounceReport:
    """The step as a cycle calls it. Raises IndexUnavailableError or LockLostError with the queue as it was."""
    return announce(app.database, app.index, desk_of(app), now, stopped=stopped, holder=holder)


def announce(
    database: Database,
    index: Index,
    desk: Desk,
    now: Callable[[], datetime],
    *,
    stopped: Callable[[], bool] = lambda: False,
    holder: str = "announce",
) -> AnnounceReport:
    """Work the whole queue, batch by batch, until it is empty or `stopped()`."""
    report = AnnounceReport()
    unseen: set[str] = set()
    broken: dict[str, str] = {}
    while not stopped():
        with database.read() as connection:
            revisions = rows.to_match(connection, BATCH, unseen, with_stories=STORY_BATCH)
            alerts = _open_alerts(connection, now())
        if not revisions:
            break
        compiled, broken = _compile(desk, alerts, now())
        matches = index.match([item.query for item in compiled], revisions)
        unseen |= revisions.keys() - matches.current
        current = {article: revisions[article] for article in revisions if article in matches.current}
        if not current:
            continue
        with exclusive(database, DECIDE, holder) as lock, database.write() as connection:
            if _open_alerts(connection, now()) != alerts:
                continue  # an alert was changed while we matched: match again, with what it is now
            batch = _Batch(connection, desk, now(), rows.finish_matched(connection, current))
            for item, found in zip(compiled, matches.matched, strict=True):
                batch.work(item, found)
            for name, reason in broken.items():
                tags.set_aside(connection, "announce", name, reason, now())
            lock.check(connection)
        report = _added(report, batch)
    return replace(report, waiting=len(unseen), problems=(*report.problems, *broken.values()))


def _added(report: AnnounceReport, batch: "_Batch") -> AnnounceReport:
    return replace(
        report,
        matched=report.matched + len(batch.articles),
        messages=report.messages + batch.messages,
        held_back=report.held_back + batch.held_back,
        withdrawn=report.withdrawn + batch.withdrawn,
        problems=(*report.problems, *batch.problems),
    )


def _open_alerts(connection: Connection, now: datetime) -> list[Alert]:
    return [alert for alert in alert_rows.list_all(connection) if cadence.is_open(alert, now)]


def _compile(desk: Desk, alerts: Sequence[Alert], now: datetime) -> tuple[list[Compiled], dict[str, str]]:
    """Alerts whose query is understood; the others (the taxonomy changed under them) by name, with the reason."""
    compiled: list[Compiled] = []
    broken: dict[str, str] = {}
    for alert in alerts:
        try:
            compiled.append(desk.compile(alert, now))
        except QueryError as error:
            broken[alert.name] = f"the query of alert {alert.name!r} is no longer understood: {error}"
    return compiled, broken


class _Batch:
    """One transaction's work: the articles that are still at the revision that was matched, for each alert in turn."""

    def __init__(self, connection: Connection, desk: Desk, now: datetime, current: set[str]) -> None:
        self.connection = connection
        self.desk = desk
        self.now = now
        self.articles = rows.articles(connection, current)
        self.stories = rows.stories(connection, self.articles.values())
        self.mutes = tuple(alert_rows.mutes(connection, now).values())
        self.gap = coverage.last_gap(connection, now, AWAY_WINDOW)
        self.corrections = corrections.for_articles(connection, sorted(current))
        self.messages = self.held_back = self.withdrawn = 0
        self.problems: list[str] = []

    def work(self, item: Compiled, found: Collection[str]) -> None:
        """What one alert makes of the batch."""
        alert = item.alert
        fresh = [article for name, article in self.articles.items() if name in found]
        rows.drop_matches(self.connection, alert.id, self.articles.keys() - set(found))
        rows.write_matches(self.connection, alert.id, fresh, self.now)
        by_story: dict[str, list[MatchedArticle]] = {}
        for article in sorted(fresh, key=lambda article: (article.seen, article.id)):
            by_story.setdefault(article.story, []).append(article)
        corrected = {self.articles[name].story for name in self.corrections if name in self.articles}
        touched = sorted({*by_story, *corrected})
        known = rows.known(self.connection, alert.id, touched)
        members = rows.matched_in_stories(self.connection, alert.id, touched)
        taken_back = rows.taken_back(self.connection, alert.id, touched)
        due: dict[str, dict[str, str]] = {}
        for entry in rows.due_of(self.connection, alert.id) if touched else []:
            due.setdefault(entry.story, {})[entry.article] = entry.due
        for name in touched:
            news, story = by_story.get(name, []), self.stories[name]
            with self._alone(alert, name):
                if name in taken_back:
                    again = self._told_anew(item, news, taken_back[name])
                    rows.reopen(self.connection, alert.id, name, again)
                    known[name] -= again
                if news and self._could_be_new(item, story, news, known[name]):
                    everything = rows.articles(self.connection, members[name])
                    self._story(item, story, news, list(everything.values()), known[name], due.get(name, {}))
                self._catch_up(item, story, news)
                if name in corrected:
                    self._withdraw(item, story, members.get(name, []))

    @contextmanager
    def _alone(self, alert: Alert, story: str) -> Iterator[None]:
        """What goes wrong with one story costs that alone: it is set aside with the reason, and all others are told."""
        try:
            with self.connection.begin_nested():
                yield
        except (DBAPIError, ServiceError):
            raise
        except Exception as error:
            log.exception("alert %r could not tell of story %s", alert.name, story)
            reason = f"alert {alert.name!r} could not tell of story {story}: {type(error).__name__}: {error}"
            tags.set_aside(self.connection, "announce", f"{alert.name}: {story}", reason, self.now)
            self.problems.append(reason)

    def _could_be_new(
        self, item: Compiled, story: StoryFacts, news: Sequence[MatchedArticle], known: set[Key]
    ) -> bool:
        """A cheap look before the whole story is read: does any of these articles carry a key that is not known?"""
        return (
            FIRST not in known
            or (story.status in ANNOUNCED_STATUSES and Key("status", str(story.status)) not in known)
            or any(entry.key not in known for article in news for entry in carried(article, item.scope))
            or any(self._is_away(item.alert, article) for article in news)
        )

    def _told_anew(
        self, item: Compiled, news: Sequence[MatchedArticle], taken_back: Mapping[Key, datetime]
    ) -> set[Key]:
        """Keys that a correction took back and that another text tells, seen since they were first told: what was
        wrong then may be true now."""
        mode = _mode(item.alert)
        found: set[Key] = set()
        for article in news:
            if (
                article.copy_of is None
                and counts(article, item.alert, item.scope, mode)
                and may_fire(article, item.alert, mode)
            ):
                keys = told_by(article, item.scope, item.alert.min_score)
                found |= {key for key in keys & taken_back.keys() if article.version_seen > taken_back[key]}
        return found

    def _story(
        self,
        item: Compiled,
        story: StoryFacts,
        news: Sequence[MatchedArticle],
        members: Sequence[MatchedArticle],
        known: set[Key],
        due: Mapping[str, str],
    ) -> None:
        alert = item.alert
        mutes = [mute for mute in self.mutes if mute.holds(alert.id, self.now)]
        visible = without_muted(members, mutes)
        if _silenced(story, mutes):
            decision = decide(alert, item.scope, story, visible, known, _mode(alert), due)
            rows.announce(self.connection, alert.id, story.id, (*decision.tell, *decision.silent), self.now)
            return
        if alert.cadence != "instant":
            decision = decide(alert, item.scope, story, visible, known, "digest", due)
            if decision.tell:
                fresh = [a for a in news if may_fire(a, alert, "digest") and a in visible]
                rows.set_due(self.connection, alert.id, _resting_on(decision, fresh) - due.keys(), "digest")
            return
        away = {a.id for a in news if a in visible and self._is_away(alert, a)}
        if away and self.gap is not None:
            rows.set_due(self.connection, alert.id, away, "away", self.gap.end + AWAY_WAIT)
        away |= {name for name, kind in due.items() if kind == "away"}
        at_once = [article for article in visible if article.id not in away]
        decision = decide(alert, item.scope, story, at_once, known)
        rows.announce(self.connection, alert.id, story.id, decision.silent, self.now)
        if decision.tell:
            self._tell(item, story, news, at_once, decision, mutes)

    def _tell(
        self,
        item: Compiled,
        story: StoryFacts,
        news: Sequence[MatchedArticle],
        visible: Sequence[MatchedArticle],
        decision: Decision,
        mutes: Sequence[Mute],
    ) -> None:
        alert = item.alert
        quiet = cadence.quiet_until(alert, self.now)
        left = self._left_today(alert)
        if quiet is not None or left == 0:
            kind, at = ("quiet", quiet) if quiet is not None else ("cap", cadence.after_cap(alert, self.now))
            fresh = [article for article in news if may_fire(article, alert, "instant")]
            rows.set_due(self.connection, alert.id, _resting_on(decision, fresh), kind, at)
            self.held_back += 1
            return
        note = ""
        if left == 1:
            note = (
                f"This is today's last message ({alert.daily_cap} a day): what follows is kept for a digest "
                f"at {alert.daily_at} ({alert.zone})."
            )
        number = rows.reserve_notification(self.connection, alert.id, story.id, "news", self.now)
        told = rows.announce(self.connection, alert.id, story.id, decision.tell, self.now, number)
        if not told:
            rows.drop_notification(self.connection, number)
            return
        rows.set_due(self.connection, alert.id, {article.id for article in visible}, None)
        message = compose.news(
            alert, item.scope, story, visible, decision, told, self.desk.words, _marker(item.query), note
        )
        rows.fill_notification(self.connection, number, message.subject, to_json(message))
        outbox.add(
            self.connection,
            number,
            alert.name,
            story.id,
            recipients_for(alert, story, [entry.article for entry in decision.evidence] or visible, mutes),
            self.now,
            domain=self.desk.sender.domain,
            replies_to=outbox.thread_roots(self.connection, alert.id, story.id, story.thread),
        )
        self.messages += 1

    def _catch_up(self, item: Compiled, story: StoryFacts, news: Sequence[MatchedArticle]) -> None:
        """A message that somebody's own mute of an outlet or phrase kept from them is theirs once another report tells the
        same: the mute is of who said it, not of what was said."""
        alert = item.alert
        mutes = [mute for mute in self.mutes if mute.holds(alert.id, self.now)]
        spared = {mute.recipient for mute in mutes if mute.kind in ("outlet", "phrase")} & {*alert.recipients}
        if not spared or alert.cadence != "instant" or _silenced(story, mutes):
            return
        told = rows.told(self.connection, alert.id, story.id)
        for article in without_muted(news, mutes):
            if not (counts(article, alert, item.scope, "instant") and may_fire(article, alert, "instant")):
                continue
            hear = [name for name in recipients_for(alert, story, [article], mutes) if name in spared]
            keys = told_by(article, item.scope, alert.min_score)
            for number in sorted({told[key] for key in keys & told.keys()} - {rows.FORGOTTEN}):
                have = {row.recipient for row in outbox.posted(self.connection, number)}
                outbox.add(
                    self.connection,
                    number,
                    alert.name,
                    story.id,
                    [name for name in hear if name not in have],
                    self.now,
                    domain=self.desk.sender.domain,
                    not_before=cadence.quiet_until(alert, self.now),
                )

    def _left_today(self, alert: Alert) -> int | None:
        """How many messages the daily cap leaves for today; None without a cap."""
        if alert.daily_cap is None:
            return None
        said = rows.count_since(self.connection, alert.id, "news", cadence.day_start(alert, self.now))
        return max(0, alert.daily_cap - said)

    def _is_away(self, alert: Alert, article: MatchedArticle) -> bool:
        """Whether an article was missed in the last gap: old when it came, from the time of the gap, for an alert that
        was there before it."""
        gap = self.gap
        return (
            gap is not None
            and alert.cadence == "instant"
            and article.reason == "old"
            and alert.since <= gap.end
            and gap.end <= article.version_seen <= gap.end + AWAY_WINDOW
            and article.published >= max(gap.start - timedelta(days=1), alert.since - timedelta(days=1))
            and not rows.has_slot(self.connection, alert.id, away_slot(gap.end + AWAY_WAIT))
        )

    def _withdraw(self, item: Compiled, story: StoryFacts, members: Collection[str]) -> None:
        """Corrections by hand that leave a told key without any article that carries it: one reply takes it back."""
        alert = item.alert
        told = rows.told(self.connection, alert.id, story.id)
        wrong = self._judged_wrong(story.id)
        if not told or not wrong:
            return
        articles = rows.articles(self.connection, members).values()
        standing = {entry.key for article in articles for entry in carried(article, item.scope)}
        gone = [
            key
            for key in told
            if (key.kind == "development" and key not in standing and key.value.split(":")[0] in wrong)
            or (key == FIRST and not articles)
        ]
        by_message: dict[int, list[Key]] = {}
        for key in gone:
            by_message.setdefault(told[key], []).append(key)
        for notification, keys in by_message.items():
            self._take_back(
                item, story, notification, keys, alone=len(keys) == list(told.values()).count(notification)
            )

    def _take_back(
        self, item: Compiled, story: StoryFacts, notification: int, keys: Sequence[Key], *, alone: bool
    ) -> None:
        alert = item.alert
        number = rows.reserve_notification(self.connection, alert.id, story.id, "withdrawn", self.now)
        withdrawn = [Key("withdrawn", str(key)) for key in keys]
        inserted = rows.announce(self.connection, alert.id, story.id, withdrawn, self.now, number)
        taken = [key for key, mark in zip(keys, withdrawn, strict=True) if mark in inserted]
        told = [
            row
            for row in outbox.posted(self.connection, notification)
            if row.state != "set-aside"
            and not (alone and outbox.recall(self.connection, row.id))
            and row.recipient in alert.recipients
        ]
        if not taken or not told:
            rows.drop_notification(self.connection, number)
            return
        message = compose.withdrawn(
            alert,
            story,
            taken,
            rows.subject_of(self.connection, notification),
            self._why(story.id),
            self.desk.words,
        )
        rows.fill_notification(self.connection, number, message.subject, to_json(message))
        outbox.add(
            self.connection,
            number,
            alert.name,
            story.id,
            [row.recipient for row in told],
            self.now,
            domain=self.desk.sender.domain,
            replies_to={row.recipient: row.message_id for row in told},
            not_before=cadence.quiet_until(alert, self.now),
        )
        self.withdrawn += 1

    def _judged_wrong(self, story: str) -> set[str]:
        """Developments (or other labels, with their facet) that standing corrections of this batch took away."""
        found: set[str] = set()
        for name, judgements in self.corrections.items():
            if name in self.articles and self.articles[name].story == story:
                for judgement in judgements:
                    target = read_target(judgement.target)
                    label = target.development if isinstance(target, PositionTarget) else target
                    if judgement.verdict == "wrong":
                        found.add(label.removeprefix("development:"))
        return found

    def _why(self, story: str) -> str:
        notes = [
            judgement.note
            for name, judgements in self.corrections.items()
            if name in self.articles and self.articles[name].story == story
            for judgement in judgements
            if judgement.verdict == "wrong" and judgement.note
        ]
        return notes[-1] if notes else ""


def _mode(alert: Alert) -> Mode:
    return "instant" if alert.cadence == "instant" else "digest"


def _silenced(story: StoryFacts, mutes: Sequence[Mute]) -> bool:
    """Whether this whole story is muted for everybody."""
    return any(mute.recipient is None and mute.covers_story(story) for mute in mutes)


def _resting_on(decision: Decision, fresh: Sequence[MatchedArticle]) -> set[str]:
    """The articles by which a digest will find again what was decided: those that came now, and those that carry it
    (a report that may not fire can be the second source of one that may)."""
    carriers = [entry.article for entry in decision.evidence] + ([decision.lead] if decision.lead else [])
    return {article.id for article in (*fresh, *carriers)}


def recipients_for(
    alert: Alert, story: StoryFacts, articles: Sequence[MatchedArticle], mutes: Sequence[Mute]
) -> list[str]:
    """The alert's recipients but those who muted this story, or all the articles that a message rests on."""

    def hears(recipient: str) -> bool:
        own = [mute for mute in mutes if mute.recipient == recipient]
        if any(mute.covers_story(story) for mute in own):
            return False
        return not own or any(not any(mute.covers_article(article) for mute in own) for article in articles)

    return [recipient for recipient in alert.recipients if hears(recipient)]


def _marker(query: nodes.Query) -> compose.Mark:
    """Marks in a sentence what the query looks for, whole words in all their forms."""

    def mark(text: str) -> compose.Spans:
        found = highlight.marked(query, None, text)
        return found.spans if found.text == text else ()  # another Unicode form has other places

    return mark


def away_slot(at: datetime) -> str:
    """The name of the one digest of a gap."""
    return f"away:{at.isoformat(timespec='seconds')}"
