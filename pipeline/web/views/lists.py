"""Stories as lists of cards, whatever query finds their articles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.alerts.facts import MatchedArticle
from pipeline.db import announced as rows
from pipeline.db import judgement, story_pages
from pipeline.db.story_pages import Members
from pipeline.index.base import Hit, Index
from pipeline.index.cursor import Cursor
from pipeline.index.fields import to_ms
from pipeline.query.nodes import Query
from pipeline.web.routing import Visit
from pipeline.web.shown.stories import StoryCard, card

HITS_AT_ONCE = 60
MOST_LOOKS = 8
MEMBERS = 60
"""Articles of one story that its card is made of, the newest: enough to count its sources, bounded where all tell it."""


@dataclass(frozen=True, slots=True)
class FoundStories:
    """Cards, the story that moved last first; `after` continues behind the last, None where there are no more."""

    cards: tuple[StoryCard, ...]
    after: str | None


def stories_found(visit: Visit, query: Query, limit: int, after: str | None = None) -> FoundStories:
    """The `limit` stories of a query's newest hits. A story whose newest hit stands on an earlier page is not shown again."""
    newest, place = _newest_hits(visit.site.app.index, query, limit, after)
    if after is not None:
        newest = _not_seen_above(visit, query, newest)
        while not newest and place is not None:  # all of them stand above: look further down
            newest, place = _newest_hits(visit.site.app.index, query, limit, place)
            newest = _not_seen_above(visit, query, newest)
    found = cards(visit, list(newest))
    return FoundStories(tuple(sorted(found, key=lambda one: one.latest, reverse=True)), place)


def _newest_hits(
    index: Index, query: Query, limit: int, after: str | None
) -> tuple[dict[str, Hit], str | None]:
    """The newest hit of each of the next `limit` stories, and the place before the story that comes then."""
    newest: dict[str, Hit] = {}
    last: Hit | None = None
    for _ in range(MOST_LOOKS):
        page = index.search(query, limit=HITS_AT_ONCE, after=after)
        for hit in page.hits:
            if hit.story not in newest and len(newest) == limit and last is not None:
                return newest, str(Cursor(to_ms(last.published), last.id))
            newest.setdefault(hit.story, hit)
            last = hit
        after = page.after
        if after is None:
            break
    return newest, after


def _not_seen_above(visit: Visit, query: Query, newest: dict[str, Hit]) -> dict[str, Hit]:
    """Those of which the query finds nothing newer than their hit here."""
    with visit.site.app.database.read() as connection:
        known = rows.articles(connection, _newest_ids(story_pages.members(connection, newest, MEMBERS)))
    later = {
        article.id: article.revision
        for article in known.values()
        if article.published > newest[article.story].published
    }
    above = visit.site.app.index.match([query], later).matched[0] if later else frozenset()
    gone = {known[article].story for article in above}
    return {story: hit for story, hit in newest.items() if story not in gone}


def cards(visit: Visit, stories: Sequence[str]) -> tuple[StoryCard, ...]:
    """Cards of these stories, in this order; those without an article are left out."""
    by_story: dict[str, list[MatchedArticle]] = {}
    with visit.site.app.database.read() as connection:
        members = story_pages.members(connection, stories, MEMBERS)
        for article in rows.articles(connection, _newest_ids(members)).values():
            by_story.setdefault(article.story, []).append(article)
        facts = rows.stories(connection, [article for known in by_story.values() for article in known])
        judged = judgement.of_stories(connection, list(stories))
    return tuple(
        card(
            facts[name], by_story[name], visit.site.words, new_since=visit.new_since, judged=judged.get(name),
            total=members[name].total,
        )
        for name in stories
        if name in by_story
    )  # fmt: skip


def _newest_ids(members: Mapping[str, Members]) -> list[str]:
    return [article for one in members.values() for article in one.newest]
