"""Stories as lists of cards, whatever query finds their articles."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pipeline.alerts.facts import MatchedArticle
from pipeline.db import announced as rows
from pipeline.db import judgement
from pipeline.index.base import Hit
from pipeline.query.nodes import Query
from pipeline.web.routing import Visit
from pipeline.web.shown.stories import StoryCard, card

HITS_AT_ONCE = 100
MOST_LOOKS = 5
MEMBERS = 60
"""Articles of one story that its card is made of, the newest: enough to count its sources, bounded where all tell it."""


@dataclass(frozen=True, slots=True)
class FoundStories:
    """Cards in order of their newest hit; `after` continues behind the last, None where there are no more."""

    cards: tuple[StoryCard, ...]
    after: str | None


def stories_found(visit: Visit, query: Query, limit: int, after: str | None = None) -> FoundStories:
    """The stories of a query's newest hits. A story whose newest hit stands on an earlier page is not shown again."""
    index = visit.site.app.index
    newest: dict[str, Hit] = {}
    place = after
    for _ in range(MOST_LOOKS):
        page = index.search(query, limit=HITS_AT_ONCE, after=place)
        for hit in page.hits:
            newest.setdefault(hit.story, hit)
        place = page.after
        if place is None or len(newest) >= limit:
            break
    if after is not None and newest:
        newest = _not_seen_above(visit, query, newest)
    return FoundStories(cards(visit, list(newest)), place)


def _not_seen_above(visit: Visit, query: Query, newest: dict[str, Hit]) -> dict[str, Hit]:
    """Those of which the query finds nothing newer than their hit here."""
    with visit.site.app.database.read() as connection:
        members = rows.articles(connection, rows.in_stories(connection, newest))
    later = {
        article.id: article.revision
        for article in members.values()
        if article.published > newest[article.story].published
    }
    above = visit.site.app.index.match([query], later).matched[0] if later else frozenset()
    gone = {members[article].story for article in above}
    return {story: hit for story, hit in newest.items() if story not in gone}


def cards(visit: Visit, stories: Sequence[str]) -> tuple[StoryCard, ...]:
    """Cards of these stories, in this order; those without an article are left out."""
    by_story: dict[str, list[MatchedArticle]] = {}
    with visit.site.app.database.read() as connection:
        for article in rows.articles(connection, rows.in_stories(connection, stories)).values():
            by_story.setdefault(article.story, []).append(article)
        facts = rows.stories(connection, [article for members in by_story.values() for article in members])
        judged = judgement.of_stories(connection, list(stories))
    return tuple(
        card(
            facts[name],
            _newest(by_story[name]),
            visit.site.words,
            new_since=visit.new_since,
            judged=judged.get(name),
        )
        for name in stories
        if name in by_story
    )


def _newest(members: Collection[MatchedArticle]) -> list[MatchedArticle]:
    return sorted(members, key=lambda article: article.published, reverse=True)[:MEMBERS]
