"""The morning briefing out of the database: what happened in a period, and how well it was watched."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pipeline.alerts.decide import Decision, decide
from pipeline.alerts.facts import FIRST, Everything, Key, MatchedArticle
from pipeline.alerts.keys import told_by
from pipeline.brief import NearMiss, StoryNews, build
from pipeline.db import announced as rows
from pipeline.db import coverage, tags
from pipeline.db.engine import Database
from pipeline.fetch.policy import WHY
from pipeline.index.base import Index
from pipeline.notify.content import Brief, Coverage
from pipeline.notify.render import local_time
from pipeline.notify.words import Phrases
from pipeline.query import nodes
from pipeline.steps.desk import Compiled, desk_of
from pipeline.types import Alert

if TYPE_CHECKING:
    from pipeline.app import App

ARTICLES = 5000
"""Most articles that one briefing reads: a busy day of sixty feeds has half as many."""
CANDIDATES = 300
"""Uncertain articles looked at for near misses."""
_WHY: Mapping[str, str] = {str(kind): why for kind, why in WHY.items()}


def briefing(app: "App", since: datetime, until: datetime, zone: str = "UTC") -> Brief:
    """What `ceasefire brief` shows for [since, until), for readers in `zone`."""
    return make_brief(app.database, desk_of(app).words, since, until, zone)


def make_brief(database: Database, words: Phrases, since: datetime, until: datetime, zone: str) -> Brief:
    """A briefing over all articles on topic that were first seen or changed in [since, until).

    What a story carried before the period is known; what it carries since then is new. Articles of an archive that was
    taken in do not appear.
    """
    everything = Everything()
    with database.read() as connection:
        fresh = set(rows.seen_between(connection, since, until, ARTICLES))
        first = rows.articles(connection, fresh)
        names = {article.story for article in first.values()}
        members = rows.articles(connection, rows.in_stories(connection, names))
        stories = rows.stories(connection, members.values())
        watched = coverage_of(connection, since, until, zone)
        near = near_misses(connection, since, until)
    reader = Alert(0, "brief", "", (), "daily", since, since, zone=zone)
    by_story: dict[str, list[MatchedArticle]] = {}
    for article in members.values():
        if article.seen < until:
            by_story.setdefault(article.story, []).append(article)
    news: list[StoryNews] = []
    for name, articles in by_story.items():
        known: set[Key] = set()
        for article in articles:
            if article.version_seen < since:
                known |= told_by(article, everything)
        decision = decide(reader, everything, stories[name], articles, known, "digest", fresh)
        if decision.tell and decision.lead is not None and not _only_status(decision, known):
            news.append(StoryNews(stories[name], tuple(articles), decision))
    return build("Briefing", since, until, zone, news, everything, words, near_misses=near, coverage=watched)


def _only_status(decision: Decision, known: Collection[Key]) -> bool:
    """A story that was known and has nothing new but the status that it may have had for long."""
    return FIRST in known and all(key.kind == "status" for key in decision.tell)


def coverage_of(
    connection: Connection, since: datetime, until: datetime, zone: str, usual: Collection[str] = ()
) -> Coverage:
    """How well [since, until) was watched; outlets in `usual` come first among those that fail."""
    articles, outlets = coverage.taken_in(connection, since, until)
    gaps = coverage.gaps(connection, since, until)
    hours = (until - since).total_seconds() / 3600
    missed = sum((gap.end - gap.start).total_seconds() for gap in gaps) / 3600
    return Coverage(
        hours,
        hours - missed,
        articles,
        outlets,
        tuple(f"{_at(gap.start, zone)} to {_at(gap.end, zone)}" for gap in gaps),
        tuple(
            f"{feed.outlet} ({_WHY.get(feed.failure, feed.failure)}"
            + (
                f", last answered {_at(feed.last_success, zone)})"
                if feed.last_success
                else ", never answered)"
            )
            for feed in coverage.failing(connection, usual)
        ),
    )


def _at(moment: datetime, zone: str) -> str:
    return local_time(moment.astimezone(ZoneInfo("UTC")).isoformat(), zone)


def near_misses(
    connection: Connection,
    since: datetime,
    until: datetime,
    index: Index | None = None,
    item: Compiled | None = None,
) -> list[NearMiss]:
    """Articles that would be told were the tagger surer: with a development in the uncertain band, and, for an alert,
    found by its query once that band counts."""
    asked = frozenset(
        label for label in (item.scope.labels if item else ()) if label.startswith("development:")
    )
    candidates = rows.uncertain_articles(connection, since, until, asked, CANDIDATES)
    if item is not None and index is not None:
        widened = nodes.with_uncertain(item.scope.query)
        found = index.match([widened], candidates).matched[0]
        known = rows.matched_by(connection, item.alert.id, candidates)
        candidates = {name: revision for name, revision in candidates.items() if name in found - known}
    articles = rows.articles(connection, candidates)
    labels = tags.labels_of(connection, list(candidates))
    misses: list[NearMiss] = []
    for name in candidates:
        ranked = sorted(
            (
                label
                for label in labels[name]
                if label.decision == "uncertain"
                and (label.label in asked if asked else label.label.startswith("development:"))
            ),
            key=lambda label: -label.score,
        )
        if ranked and name in articles:
            misses.append(NearMiss(articles[name], ranked[0]))
    return misses
