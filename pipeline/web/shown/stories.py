"""A story as the page shows it: what happened in words first, then the sentence that says so, then who reports it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.alerts.decide import INSTANT_FORMS, WEIGHT, best_carrier
from pipeline.alerts.facts import Everything, Key, MatchedArticle, StoryFacts
from pipeline.alerts.keys import Carried, carried, implied, source_count
from pipeline.judgement import Judged
from pipeline.notify import clean
from pipeline.notify.words import Phrases, headline
from pipeline.web.shown.words import SIDE_ORDER, STATUS, STATUS_MEANS

SENTENCE_LIMIT = 400


@dataclass(frozen=True, slots=True)
class Told:
    """One development of a story in words, with the sentence to quote and how many independent sources tell it."""

    headline: str
    development: str
    by: tuple[str, ...]
    sentence: str
    article: MatchedArticle
    since: datetime
    sources: int
    sure: bool


@dataclass(frozen=True, slots=True)
class Side:
    """The outlets of one side that report a story; none where that side is silent."""

    side: str
    outlets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoryCard:
    """A story in a list. `told`: its developments, the weightiest first; empty where it has none. Times are UTC."""

    id: str
    title: str
    language: str
    told: tuple[Told, ...]
    first: MatchedArticle
    latest: datetime
    sources: int
    sides: tuple[Side, ...]
    articles: int
    copies: int
    status: str
    status_means: str
    thread: str | None
    thread_name: str | None
    issues: tuple[str, ...]
    new: bool
    new_articles: int
    judged: Judged

    @property
    def says_who(self) -> bool:
        """Whether the weightiest development says who did it: only then it can stand as a headline."""
        return bool(self.told and self.told[0].by)

    @property
    def headline(self) -> str:
        """Who did what; where nobody is named, the title of the article that tells it, or of the story."""
        if self.says_who:
            return self.told[0].headline
        return clean.line(self.told[0].article.title, 300) if self.told else self.title

    @property
    def headline_language(self) -> str:
        """Our own words are English; a title is in its article's language."""
        if self.says_who:
            return "en"
        return self.told[0].article.language if self.told else self.language

    @property
    def also(self) -> tuple[str, ...]:
        """The developments that the headline does not say."""
        return tuple(item.headline for item in (self.told[1:] if self.says_who else self.told))


def card(
    story: StoryFacts,
    members: Sequence[MatchedArticle],
    words: Phrases,
    *,
    new_since: datetime | None = None,
    judged: Judged | None = None,
    total: int | None = None,
) -> StoryCard:
    """One story out of its articles, of which there is at least one, in any order. `total`: how many it has, where these
    are only the newest of them."""
    ordered = sorted(members, key=lambda article: (article.published, article.id))
    first = next((article for article in ordered if article.copy_of is None), ordered[0])
    new = [article for article in ordered if new_since is not None and article.seen > new_since]
    return StoryCard(
        story.id,
        clean.line(story.title, 300),
        first.language,
        developments(ordered, words),
        first,
        ordered[-1].published,
        source_count(ordered),
        sides(ordered),
        total or len(ordered),
        sum(article.copy_of is not None for article in ordered),
        STATUS.get(story.status or "", ""),
        STATUS_MEANS.get(story.status or "", ""),
        story.thread,
        story.thread_name,
        issues(ordered),
        bool(new),
        len(new),
        judged or Judged(),
    )


def developments(members: Sequence[MatchedArticle], words: Phrases) -> tuple[Told, ...]:
    """What happened, each act once, the weightiest first: sure before likely, what several independent sources tell before
    what one tells, then by what it is.

    One that leaves open who did it is left out where it is told by name.
    """
    everything = Everything()
    acts: dict[tuple[str, str | None, tuple[str, ...]], list[Carried]] = {}
    keys: set[Key] = set()
    for article in reports(members):
        for entry in carried(article, everything):
            keys.add(entry.key)
            position = entry.position
            acts.setdefault((position.development, position.detail, tuple(sorted(position.by))), []).append(
                entry
            )
    told: list[Told] = []
    for entries in acts.values():
        if all(implied(entry.key, keys) for entry in entries):
            continue
        best = best_carrier(entries)
        carriers = {entry.article.id: entry.article for entry in entries}
        told.append(
            Told(
                clean.line(headline(best.position, words), 160),
                best.position.development,
                best.position.by,
                clean.line(best.position.sentence or best.article.title, SENTENCE_LIMIT),
                best.article,
                min(article.published for article in carriers.values()),
                source_count(list(carriers.values())),
                any(entry.sure for entry in entries),
            )
        )
    return tuple(
        sorted(
            told,
            key=lambda item: (
                not item.sure,
                item.sources < 2,
                WEIGHT.get(item.development, len(WEIGHT)),
                not item.by,
                -item.sources,
                item.headline,
            ),
        )
    )


def reports(members: Sequence[MatchedArticle]) -> Sequence[MatchedArticle]:
    """Those that report; explainers, opinion and round-ups tell what happened earlier. All, where none reports."""
    return [article for article in members if article.form in INSTANT_FORMS] or members


def sides(members: Sequence[MatchedArticle]) -> tuple[Side, ...]:
    """Who reports it, side by side, always all of them: silence of a side is news too."""
    outlets: Mapping[str, dict[str, None]] = {side: {} for side in SIDE_ORDER}
    for article in members:
        if article.side in outlets:
            outlets[article.side][article.outlet] = None
    return tuple(Side(side, tuple(names)) for side, names in outlets.items())


def issues(members: Sequence[MatchedArticle]) -> tuple[str, ...]:
    """What it is about: issue ids, the commonest first, at most three."""
    counts: dict[str, int] = {}
    for article in members:
        for label in article.labels:
            if label.label.startswith("issue:"):
                name = label.label.removeprefix("issue:")
                counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(counts, key=lambda name: (-counts[name], name))[:3])
