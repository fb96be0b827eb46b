"""Entries of the past through the whole pipeline, on a simulated clock, in a database of their own.

What a poller would have taken in at each moment is recorded, tagged, grouped, indexed, matched and announced by the
same functions that `watch` calls; only the network is left out, and time is the entries' own. Two replays of one file
give the same messages.
"""

import gzip
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from pipeline.alerts.starters import SHIPPED, read_alerts
from pipeline.app import App
from pipeline.cycle import process
from pipeline.db import articles as article_rows
from pipeline.db import feeds as feed_rows
from pipeline.db import schema
from pipeline.db.articles import Arrival
from pipeline.errors import ExtractError, InputError
from pipeline.extract.build import extract_article
from pipeline.feeds import load_feeds
from pipeline.sample import SimulatedClock
from pipeline.settings import Settings
from pipeline.slug import slug
from pipeline.steps.alerts import alert_desk
from pipeline.types import Article, Entry, Feed

CYCLE = timedelta(minutes=15)
"""Simulated time between two polls: what a well-paced monitor gives its feeds."""
SILENCE = timedelta(days=7)
"""Simulated time without an entry after which no digest is owed: the clock goes on at the next entry, so that one line of
another year costs nothing."""
READER = "analyst@example.org"
"""Who the mails are for where an alert names nobody."""


@dataclass(frozen=True, slots=True)
class PastEntry:
    """One line of the file: {"id", "outlet", "url", "published", "title", "text"[, "lang"]}. `published`: aware UTC."""

    id: str
    outlet: str
    url: str
    published: datetime
    title: str
    text: str
    lang: str | None


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay came to. Latencies are simulated: from an article's publication to its mail's writing."""

    entries: int
    set_aside: int
    articles: int
    copies: int
    stories: int
    threads: int
    cycles: int
    begin: datetime
    end: datetime
    seconds: float
    mails_by_day: Mapping[str, Mapping[str, int]]
    latency_min: tuple[float, ...]
    problems: tuple[str, ...] = ()

    @property
    def per_second(self) -> float:
        """Entries a second, everything included."""
        return self.entries / self.seconds if self.seconds else 0.0

    def latency(self, share: float) -> float | None:
        """Minutes within which `share` of the instant mails were written; None where there were none."""
        ordered = sorted(self.latency_min)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


@dataclass(slots=True)
class _Tally:
    cycles: int = 0
    set_aside: int = 0
    problems: dict[str, None] = field(default_factory=dict)


@contextmanager
def replay_app(
    folder: Path, settings: Settings, mail_folder: Path | None = None, name: str = "replay.db"
) -> Iterator[App]:
    """An app over a new database `name` in `folder`; mails become .eml files in `mail_folder` (folder/mail)."""
    database = folder / name
    if database.exists():
        raise InputError(f"{database} is there already; a replay needs a new database, choose another folder")
    app = App(
        replace(
            settings,
            database_url=f"sqlite:///{database}",
            index_url="",
            smtp_url="",
            mail_folder=str(mail_folder or folder / "mail"),
            public_url="",
        )
    )
    try:
        yield app
    finally:
        app.close()


def replay(
    app: App,
    entries: Iterable[PastEntry],
    *,
    feeds: Mapping[str, Feed] | None = None,
    alerts: Sequence[Path] = (),
    cycle: timedelta = CYCLE,
    progress: Callable[[datetime, int], None] = lambda _moment, _done: None,
) -> ReplayReport:
    """Run `entries`, in order of time whatever order they come in, through the pipeline; returns what came of it.

    `feeds` by outlet give sides and owners; an outlet that is not among them is its own feed and owner, third-party.
    `alerts` are files of further alerts besides the starters. Raises InputError where there are no entries.
    """
    started = time.perf_counter()
    ordered = sorted(entries, key=lambda entry: (entry.published, entry.id))
    if not ordered:
        raise InputError("there is no entry to replay")
    begin = _floor(ordered[0].published, cycle)
    clock = SimulatedClock(begin)
    known = _feeds(ordered, feeds or {})
    _open(app, known.values(), alerts, begin)
    tally = _Tally()
    done = 0
    for moment, batch in _polls(ordered, begin, cycle):
        clock.time = moment
        tally.set_aside += _record(app, known, batch, moment, moment - cycle)
        tally.problems |= dict.fromkeys(process(app, clock).problems)
        tally.cycles += 1
        done += len(batch)
        progress(moment, done)
    return _report(app, ordered, tally, begin, clock.time, time.perf_counter() - started)


def read_entries(path: Path) -> Iterator[PastEntry]:
    """The entries of a JSON-lines file, gzipped or not. Raises InputError that names the line that is none."""
    reader = gzip.open if path.suffix == ".gz" else open
    try:
        with reader(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _entry(line, f"{path}: line {number}")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error


def feeds_by_outlet(path: Path) -> dict[str, Feed]:
    """A source list by outlet, for sides and owners; the first feed of an outlet speaks for it."""
    found: dict[str, Feed] = {}
    for feed in load_feeds(path):
        found.setdefault(feed.outlet, feed)
    return found


def _entry(line: str, where: str) -> PastEntry:
    try:
        fields = json.loads(line)
        texts = {key: fields[key] for key in ("id", "outlet", "title")}
        published = datetime.fromisoformat(fields["published"])
        published = published.astimezone(UTC) if published.tzinfo else published.replace(tzinfo=UTC)
    except json.JSONDecodeError as error:
        raise InputError(f"{where}: not JSON: {error.msg} at column {error.colno}") from error
    except KeyError as error:
        raise InputError(
            f"{where}: {error.args[0]} is missing; it needs id, outlet, title and published"
        ) from error
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{where}: needs id, outlet, title and published (a time): {error}") from error
    if not all(isinstance(value, str) for value in texts.values()):
        raise InputError(f"{where}: id, outlet and title must be strings")
    return PastEntry(
        texts["id"],
        texts["outlet"],
        str(fields.get("url") or ""),
        published,
        texts["title"],
        str(fields.get("text") or ""),
        fields.get("lang") or None,
    )


def _feeds(entries: Iterable[PastEntry], listed: Mapping[str, Feed]) -> dict[str, Feed]:
    """The feed of each outlet in the file."""
    found: dict[str, Feed] = {}
    for entry in entries:
        if entry.outlet not in found:
            found[entry.outlet] = listed.get(entry.outlet) or Feed(
                name=slug(entry.outlet) or f"outlet-{len(found) + 1}", url="", outlet=entry.outlet,
                owner=entry.outlet, country="XX", side="third-party", language=entry.lang or "", kind="news",
            )  # fmt: skip
    return found


def _open(app: App, feeds: Iterable[Feed], alerts: Sequence[Path], begin: datetime) -> None:
    """Write the feeds' rows and the alerts, all open from `begin` on."""
    with app.database.write() as connection:
        feed_rows.sync(connection, list({feed.name: feed for feed in feeds}.values()))
    desk = alert_desk(app)
    for path in (SHIPPED, *alerts):
        for alert in read_alerts(path, begin, recipients=(READER,)):
            desk.add(alert, begin)


def _polls(
    entries: Sequence[PastEntry], begin: datetime, cycle: timedelta
) -> Iterator[tuple[datetime, list[PastEntry]]]:
    """Each moment at which something had come in since the last one, and every full hour, when digests fall due, until
    `SILENCE` has passed."""
    position, moment, last = 0, begin, begin
    while position < len(entries):
        moment += cycle
        if moment - last > SILENCE:
            moment = max(moment, _floor(entries[position].published, cycle))
        batch: list[PastEntry] = []
        while position < len(entries) and entries[position].published <= moment:
            batch.append(entries[position])
            position += 1
        if batch:
            last = moment
        if batch or not moment.minute:
            yield moment, batch


def _record(
    app: App, feeds: Mapping[str, Feed], batch: Sequence[PastEntry], moment: datetime, last: datetime
) -> int:
    """Take in what a poll at `moment` would have brought; returns how many entries could not be read."""
    articles: dict[str, tuple[Feed, list[Article]]] = {}
    set_aside = 0
    for entry in batch:
        feed = feeds[entry.outlet]
        given = Entry(
            guid=entry.id, link=entry.url or None, title=entry.title, summary=entry.text, content="",
            published=entry.published, updated=None, date_text=entry.published.isoformat(), date_has_zone=True,
            language=entry.lang,
        )  # fmt: skip
        try:
            article = extract_article(given, feed, moment)
        except ExtractError:
            set_aside += 1
            continue
        articles.setdefault(feed.name, (feed, []))[1].append(article)
    arrival = Arrival(moment, timedelta(hours=app.settings.horizon_h), last_success=last)
    with app.database.write() as connection:
        for feed, found in articles.values():
            article_rows.record(connection, feed, found, arrival)
    return set_aside


def _report(
    app: App,
    entries: Sequence[PastEntry],
    tally: _Tally,
    begin: datetime,
    end: datetime,
    seconds: float,
) -> ReplayReport:
    article, story, notification, alert = schema.article, schema.story, schema.notification, schema.alert
    mails: dict[str, Counter[str]] = {}
    latency: list[float] = []
    with app.database.read() as connection:
        counted = connection.execute(
            select(func.count(), func.count(article.c.copy_of), func.count(article.c.story.distinct()))
        ).one()
        threads = connection.execute(
            select(func.count(story.c.thread.distinct())).where(story.c.merged_into.is_(None))
        ).scalar_one()
        sent = connection.execute(
            select(notification.c.created, notification.c.kind, notification.c.story, alert.c.name)
            .join(alert, alert.c.id == notification.c.alert)
            .order_by(notification.c.created, notification.c.id)
        ).all()
        for row in sent:
            mails.setdefault(row.created.date().isoformat(), Counter())[row.name] += 1
            newest = connection.execute(
                select(func.max(article.c.published)).where(
                    article.c.story == row.story, article.c.seen <= row.created
                )
            ).scalar_one()
            if newest is not None:
                latency.append((row.created - newest).total_seconds() / 60)
    return ReplayReport(
        len(entries), tally.set_aside, counted[0], counted[1], counted[2], threads, tally.cycles, begin, end, seconds,
        {day: dict(names) for day, names in sorted(mails.items())}, tuple(latency), tuple(tally.problems),
    )  # fmt: skip


def _floor(moment: datetime, step: timedelta) -> datetime:
    """The last multiple of `step` since midnight before `moment`."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (moment - midnight) // step * step
