"""Feeds: is every source well, in words; what it brings; when it is asked next."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from starlette.responses import Response

from pipeline.db import feed_pages, health
from pipeline.db import feeds as rows
from pipeline.db.feeds import FeedState
from pipeline.errors import NotFoundError
from pipeline.fetch.policy import WHY
from pipeline.health import Known
from pipeline.types import Feed
from pipeline.web.routing import Visit, page
from pipeline.web.shown import charts

DAYS = 14
POLLS = 40

UNUSUAL = frozenset({"silent", "volume"})
"""States of a feed that answers and yet is not well."""


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed with its state. `trouble` in words, "" where it is well."""

    feed: Feed
    state: FeedState
    trouble: str
    line: charts.Sparkline


def index(visit: Visit) -> Response:
    """All listed feeds, those in trouble first."""
    listed = visit.site.app.feeds  # the first time, this writes the rows that are read now
    with visit.site.app.database.read() as connection:
        states = rows.states(connection)
        found_so = health.known(connection)
        volumes = feed_pages.volumes(connection, visit.now, DAYS, timedelta(days=1))
    found = []
    for name, feed in listed.items():
        if name in states:
            counts = volumes.get(name, [0] * DAYS)
            line = charts.sparkline(counts, f"{sum(counts)} new articles in {DAYS} days")
            found.append(FeedRow(feed, states[name], trouble(states[name], found_so.get(name)), line))
    found.sort(key=lambda row: (not row.trouble, row.feed.outlet.casefold(), row.feed.name))
    return visit.render(
        "feeds.html", active="feeds", title="Feeds", rows=found, days=DAYS,
        failing=sum(bool(row.trouble) and row.state.last_poll is not None for row in found),
        waiting=sum(row.state.last_poll is None for row in found),
    )  # fmt: skip


def show(visit: Visit) -> Response:
    """One feed with its last polls."""
    name = visit.path("feed")
    feed = visit.site.app.feeds.get(name)
    with visit.site.app.database.read() as connection:
        state = rows.states(connection, [name]).get(name)
        found_so = health.known(connection).get(name)
        polls = feed_pages.latest_polls(connection, name, POLLS)
        articles = feed_pages.articles_of(connection, name)
    if feed is None or state is None:
        raise NotFoundError(f"There is no feed {name!r} in the source list.")
    return visit.render(
        "feed.html", active="feeds", title=feed.outlet, feed=feed, address=address(feed.url), state=state, trouble=trouble(state, found_so), polls=polls,
        articles=articles, failures=WHY,
    )  # fmt: skip


def address(url: str) -> str:
    """A feed's address without what may be a secret in it: user, password, parameters."""
    parts = urlsplit(url)
    shown = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
    return f"{shown} (and parameters)" if parts.query else shown


def trouble(state: FeedState, known: Known | None = None) -> str:
    """What is wrong with a feed, in words; "" where nothing is. `known`: how it was found against its own past."""
    if state.gone:
        return "Gone: it is not asked any more"
    if state.last_poll is None:
        return "Not asked yet"
    if state.failure is None:
        return known.detail if known is not None and known.state in UNUSUAL else ""
    times = "once" if state.failures == 1 else f"{state.failures} times in a row"
    what = WHY[state.failure]
    return f"{what[:1].upper()}{what[1:]} ({times})"


ROUTES = (page("/feeds", index), page("/feed/{feed}", show))
