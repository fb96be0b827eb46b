"""A story: what happened, who reports it and who claims it, how it stands, and the analysts' own judgement on it."""

from typing import get_args

from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from pipeline.alerts.facts import Mute
from pipeline.db import alerts as alert_rows
from pipeline.db import announced as rows
from pipeline.db import article_pages, judgement, standings, story_pages
from pipeline.db import stories as story_rows
from pipeline.errors import NotFoundError
from pipeline.judgement import Kind, Standing
from pipeline.steps import group
from pipeline.stories.figures import differing, figures
from pipeline.stories.status import standing
from pipeline.web.routing import RefusedError, Visit, action, page
from pipeline.web.shown.accounts import parties, timeline
from pipeline.web.shown.stories import card

MEMBERS = 400
"""Newest articles that the page is made of, as many as the story's standing is judged by; it links to all."""


def show(visit: Visit) -> Response:
    """The story of an id; an old id leads to the story that it was merged into."""
    asked, site = visit.path("story"), visit.site
    with site.app.database.read() as connection:
        living = story_rows.resolve(connection, asked)
        if living != asked:
            return RedirectResponse(f"/story/{living}", 301)
        known = story_pages.members(connection, [living], MEMBERS).get(living)
        if known is None:
            raise NotFoundError("No article of this story is kept any more.")
        members = list(rows.articles(connection, known.newest).values())
        facts = rows.stories(connection, members)[living]
        judged = judgement.of_story(connection, living)
        reports = standings.reports_of(connection, [living]).get(living, [])
        edited = article_pages.edited(connection, living)
        shown = card(facts, members, site.words, new_since=visit.new_since, judged=judged, total=known.total)
        before, brought = article_pages.polls_around(connection, shown.first.id)
        mutes = {
            number: mute
            for number, mute in alert_rows.mutes(connection, visit.now).items()
            if mute.kind == "story" and mute.value == living
        }
    reports.sort(key=lambda report: (report.published, report.id))
    entries = timeline(members, site.words)
    return visit.render(
        "story.html",
        active="",
        title=shown.headline,
        card=shown,
        standing=standing(reports),
        parties=parties(members, site.words),
        figures=differing(figures(reports)),
        entries=entries,
        more=known.total - len(members),
        edited=edited,
        before=before,
        brought=brought,
        mutes=mutes,
        standings=get_args(Standing),
        said=visit.said,
    )


def judge(visit: Visit) -> Response:
    """A verdict, a note or a tag."""
    kind = visit.form.get("kind", "")
    if kind not in get_args(Kind):
        raise RefusedError("A judgement is a verdict, a note or a tag.", 400)
    with visit.site.app.database.write() as connection:
        made = judgement.add(
            connection, kind, visit.path("story"), visit.form.get("value", ""),  # type: ignore[arg-type]  # checked above
            note=visit.form.get("note", ""), author=visit.reader, now=visit.now,
        )  # fmt: skip
        tagged = rows.in_stories(connection, [made.story]) if made.kind == "tag" else ()
    visit.site.afterwards.show(tagged)
    return visit.go(
        f"/story/{made.story}", said=f"Noted: {made.kind}{f' “{made.value}”' if made.value else ''}."
    )


def merge(visit: Visit) -> Response:
    """Make this story one with another one, now and for every regrouping."""
    into = visit.form.get("into", "").strip().rstrip("/").rpartition("/")[2]
    if not into:
        raise RefusedError("Give the address or the id of the story to merge with.", 400)
    with visit.site.app.database.read() as connection:
        if story_rows.resolve(connection, visit.path("story")) == story_rows.resolve(connection, into):
            raise RefusedError("A story cannot be merged with itself. Give another one's address or id.", 400)
    living = group.merge_stories(
        visit.site.app.database, visit.path("story"), into, visit.reader, visit.site.now
    )
    return _regrouped(visit, [living], living, "The two stories are one now, for every regrouping too.")


def split(visit: Visit) -> Response:
    """Take articles out into a story of their own, now and for every regrouping."""
    chosen = [name for name in visit.many.get("article", ()) if name]
    if not chosen:
        raise RefusedError("Tick the articles that belong elsewhere.", 400)
    story = visit.path("story")
    new = group.split_story(visit.site.app.database, story, chosen, visit.reader, visit.site.now)
    return _regrouped(visit, [story, new], new, f"{len(chosen)} taken out: this is their story now.")


def mute(visit: Visit) -> Response:
    """No alert speaks of this story any more."""
    with visit.site.app.database.write() as connection:
        living = story_rows.resolve(connection, visit.path("story"))
        alert_rows.mute(connection, Mute("story", living), visit.now)
    return visit.go(f"/story/{living}", said="Muted: no alert speaks of this story.")


def unmute(visit: Visit) -> Response:
    """Alerts may speak of it again."""
    with visit.site.app.database.write() as connection:
        alert_rows.unmute(connection, _number(visit.form.get("mute", "")))
    return visit.go(f"/story/{visit.path('story')}", said="Alerts may speak of this story again.")


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise RefusedError(f"{text[:30]!r} is no number.", 400)
    return int(text)


def _regrouped(visit: Visit, stories: list[str], show_story: str, said: str) -> Response:
    with visit.site.app.database.read() as connection:
        articles = rows.in_stories(connection, stories)
    visit.site.afterwards.show(articles)
    response = visit.go(f"/story/{show_story}", said=said)
    response.background = BackgroundTask(visit.site.afterwards.process)
    return response


ROUTES = (
    page("/story/{story}", show),
    action("/story/{story}/judge", judge),
    action("/story/{story}/merge", merge),
    action("/story/{story}/split", split),
    action("/story/{story}/mute", mute),
    action("/story/{story}/unmute", unmute),
)
