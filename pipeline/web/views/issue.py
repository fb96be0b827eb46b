"""One issue: its volume against its own past, what happens in it, who speaks; and whether silence is real."""

from collections.abc import Sequence
from datetime import date, timedelta

from starlette.responses import Response

from pipeline.db import coverage, feed_pages
from pipeline.errors import NotFoundError
from pipeline.index.base import FacetValue, Index
from pipeline.query.nodes import Query
from pipeline.web.routing import Visit, page
from pipeline.web.shown import charts
from pipeline.web.views.feeds import UNUSUAL
from pipeline.web.views.lists import stories_found

SHOWN_DAYS, PAST_DAYS = 14, 28
STORIES = 8
CARRIERS = 8


def index(visit: Visit) -> Response:
    """Every issue with its last fortnight."""
    site, today = visit.site, visit.now.date()
    since = today - timedelta(days=SHOWN_DAYS - 1)
    rows = []
    for label in site.labels.values():
        if label.facet == "issue":
            counts = _daily(site.app.index, site.parse(_since(f"issue:{label.id}", since)), since, today)
            line = charts.sparkline(
                [count for _, count in counts],
                f"{sum(count for _, count in counts)} articles in {SHOWN_DAYS} days",
            )
            rows.append((label, sum(count for _, count in counts), counts[-1][1], line))
    return visit.render("issues.html", active="issues", title="Issues", rows=rows, days=SHOWN_DAYS)


def show(visit: Visit) -> Response:
    """One issue's page."""
    site, name = visit.site, visit.path("issue")
    label = site.labels.get(f"issue:{name}")
    if label is None:
        raise NotFoundError(f"There is no issue {name!r}; the list of issues has all of them.")
    index_, today = site.app.index, visit.now.date()
    since = today - timedelta(days=SHOWN_DAYS + PAST_DAYS - 1)
    daily = _daily(index_, site.parse(_since(f"issue:{name}", since)), since, today)
    past, shown = [count for _, count in daily[:PAST_DAYS]], daily[PAST_DAYS:]
    low, usual, high = charts.usual_range(past)
    recent = site.parse(_since(f"issue:{name}", today - timedelta(days=SHOWN_DAYS - 1)))
    facets = index_.facets(recent, ("development", "actor", "by", "outlet"), limit=CARRIERS)
    carriers = index_.facets(site.parse(_since(f"issue:{name}", since)), ("outlet",), limit=CARRIERS)[
        "outlet"
    ]
    with site.app.database.read() as connection:
        unwell = {feed.outlet: f"failing: {feed.failure}" for feed in coverage.failing(connection)}
        unwell |= feed_pages.unwell_outlets(connection, UNUSUAL)
    return visit.render(
        "issue.html",
        active="issues",
        title=label.name,
        label=label,
        band=charts.band(shown, low, usual, high),
        has_past=any(past),
        today_count=shown[-1][1],
        usual=usual,
        verdict=_verdict(shown, low, high, past, carriers, list(unwell)),
        facets=facets,
        carriers=carriers,
        broken=unwell,
        cards=stories_found(visit, site.parse(f"issue:{name}"), STORIES).cards,
        days=SHOWN_DAYS,
        past_days=PAST_DAYS,
    )


def _since(clause: str, day: date) -> str:
    return f"{clause} AND published:[{day.isoformat()} TO *]"


def _daily(index_: Index, query: Query, since: date, until: date) -> list[tuple[date, int]]:
    """Articles by UTC day, every day from `since` to `until`."""
    counted = {bucket.start.date(): bucket.count for bucket in index_.histogram(query, "day")}
    return [
        (day, counted.get(day, 0))
        for day in (since + timedelta(days=n) for n in range((until - since).days + 1))
    ]


def _verdict(
    shown: Sequence[tuple[date, int]], low: float, high: float, past: Sequence[int], carriers: Sequence[FacetValue],
    broken: Sequence[str],
) -> str:  # fmt: skip
    """Quiet, ordinary or loud; and whether the feeds that usually carry it can be trusted to have told us."""
    down = [item.value for item in carriers if item.value in set(broken)]
    warning = (
        f" But {', '.join(down[:3])}, which usually carry it, are not well: silence may be ours."
        if down
        else ""
    )
    if not any(past):
        return f"There is no past yet to compare with.{warning}"
    last = shown[-1][1]
    if last > high:
        return f"Louder today than on nine days in ten of the {PAST_DAYS} before this fortnight."
    if last < low or (last == 0 and low > 0):
        healthy = "" if down else " The feeds that usually carry it are in good health, so the quiet is real."
        return f"Quieter today than on nine days in ten of the {PAST_DAYS} before this fortnight (the day is not over).{healthy}{warning}"
    return f"Within its usual range today.{warning}"


ROUTES = (page("/issues", index), page("/issue/{issue}", show))
