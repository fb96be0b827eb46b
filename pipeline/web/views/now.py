"""Now: the latest developments as stories, what is new to the reader marked."""

from itertools import groupby

from starlette.responses import Response

from pipeline.db import cycles, overview
from pipeline.db import feeds as feed_rows
from pipeline.web import moments
from pipeline.web.routing import Visit, action, page
from pipeline.web.views.lists import stories_found

STORIES = 20
DEVELOPMENTS = "development:*"


def show(visit: Visit) -> Response:
    """The stories in which something happened, by day, the newest first."""
    site = visit.site
    found = stories_found(visit, site.parse(DEVELOPMENTS), STORIES, visit.asked("after") or None)
    days = [
        (day, list(cards))
        for day, cards in groupby(found.cards, key=lambda card: moments.day(card.latest, visit.zone))
    ]
    with site.app.database.read() as connection:
        last = cycles.last(connection)
        states = list(feed_rows.states(connection).values())
        any_article = overview.newest_seen(connection)
    return visit.render(
        "now.html",
        active="now",
        title="Now",
        days=days,
        next=found.after,
        later_page=bool(visit.asked("after")),
        new_count=sum(card.new for card in found.cards),
        last=last,
        feeds=len(states),
        failing=sum(state.failures > 0 for state in states),
        newest=any_article,
    )


def mark_read(visit: Visit) -> Response:
    """Everything so far counts as read."""
    visit.site.visits.all_read(visit.reader, visit.now)
    return visit.go("/")


ROUTES = (page("/", show), action("/read", mark_read))
