"""Every view of the page, by name."""

from sqlalchemy import select

from pipeline.db import schema
from tests.web.browser.world import Site

VIEWS = {
    "now": "/",
    "search": "/search?q=truce+AND+actor%3Arussia",
    "everything": "/search",
    "stories": "/search?q=ceasefire&as=stories",
    "wrong query": "/search?q=truce+AND+(actor%3Arussia",
    "other scripts": "/search?q=language%3A(ar+OR+uk+OR+ru)",
    "story": "{story}",
    "threads": "/threads",
    "thread": "{thread}",
    "article": "{article}",
    "like": "{like}",
    "version": "{version}",
    "brief": "/brief?since=2025-03-18&until=now",
    "issues": "/issues",
    "issue": "/issue/ceasefire-terms",
    "matrix": "/matrix?period=30d",
    "acting": "/matrix?period=all&who=by",
    "alerts": "/alerts",
    "alert": "/alert/1",
    "new alert": "/alerts/new?q=development%3Arejected",
    "feeds": "/feeds",
    "feed": "/feed/coastal-radio",
    "judgement": "/judgement",
    "help": "/help",
    "settings": "/you",
    "not there": "/article/none",
}
REFUSED = {"wrong query": 400, "not there": 404}


def address(site: Site, view: str) -> str:
    """The path of a view; those of single things are looked up in the site's database."""
    path = VIEWS[view]
    table = schema.article.c
    with site.app.database.read() as connection:
        of = {"{version}": "Putin and Trump agree on pause"}.get(path, "Moscow: 30-day truce")
        row = connection.execute(select(table.id, table.story).where(table.title.startswith(of))).one()
        story = schema.story.c
        thread = connection.execute(select(story.thread).where(story.id == row.story)).scalar_one()
    return {
        "{story}": f"/story/{row.story}",
        "{thread}": f"/thread/{thread}",
        "{article}": f"/article/{row.id}?q=respite",
        "{like}": f"/article/{row.id}/like",
        "{version}": f"/article/{row.id}/v/2",
    }.get(path, path)
