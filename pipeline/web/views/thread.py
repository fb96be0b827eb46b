"""Threads: a negotiation followed over weeks, as a chronology and as a table of who stands where."""

from starlette.responses import RedirectResponse, Response

from pipeline.db import thread_pages
from pipeline.db import threads as rows
from pipeline.errors import SettingsError
from pipeline.web.routing import Visit, action, page
from pipeline.web.shown.standpoints import standpoints
from pipeline.web.views.lists import cards

LISTED = 100
OPEN_STEPS = 12
"""The latest steps that are shown with what happened in them; those before stand as titles."""


def index(visit: Visit) -> Response:
    """All threads, followed ones first."""
    with visit.site.app.database.read() as connection:
        found = thread_pages.latest(connection, LISTED)
    return visit.render("threads.html", active="threads", title="Threads", threads=found)


def show(visit: Visit) -> Response:
    """One thread."""
    asked = visit.path("thread")
    with visit.site.app.database.read() as connection:
        view = rows.view(connection, asked)
        words = thread_pages.words_of(connection, view.id)
        span = thread_pages.published_span(connection, view.id)
    if asked != view.id:
        return RedirectResponse(f"/thread/{view.id}", 301)
    steps = list(reversed(view.steps))
    shown = cards(visit, [step.story for step in steps[:OPEN_STEPS]])
    return visit.render(
        "thread.html",
        active="threads",
        title=view.name or view.title,
        view=view,
        cards=sorted(shown, key=lambda card: card.latest, reverse=True),
        span=span,
        older=steps[OPEN_STEPS:],
        table=standpoints(words, visit.site.words),
        said=visit.said,
    )


def change(visit: Visit) -> Response:
    """Name it, follow it, or follow it no longer."""
    with visit.site.app.database.write() as connection:
        thread = str(rows.find(connection, visit.path("thread")).id)
        if "name" in visit.form:
            name = " ".join(visit.form["name"].split())
            if not 0 < len(name) <= 120:
                raise SettingsError("a thread's name has 1 to 120 letters")
            rows.name(connection, thread, name)
        if "followed" in visit.form:
            rows.follow(connection, thread, followed=visit.form["followed"] == "yes")
    return visit.go(f"/thread/{thread}", said="Saved.")


ROUTES = (page("/threads", index), page("/thread/{thread}", show), action("/thread/{thread}/change", change))
