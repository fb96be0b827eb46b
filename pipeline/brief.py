"""The content of a briefing or digest, out of stories and what is new in each: pure.

At most ten developments lead, ranked by independent sources and novelty and filed by issue; then what each party says,
what is disputed, announced dates, near misses, and how well the period was watched.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from classifiers.types import LabelDecision, Position
from pipeline import upcoming
from pipeline.alerts.decide import WEIGHT, Decision
from pipeline.alerts.facts import FIRST, MatchedArticle, QueryTest, StoryFacts
from pipeline.alerts.keys import source_count
from pipeline.notify import clean
from pipeline.notify.compose import (
    TITLE_LIMIT,
    line_of,
    main_issue,
    quote,
    rfc3339,
    sides_of,
    told_positions,
)
from pipeline.notify.content import Brief, BriefItem, BriefSection, Coverage, DateLine, NewsLine, PartyLine
from pipeline.notify.words import STATUS_WORDS, Phrases, headline

LEADING = 10
"""Developments told in full: what two phone screens hold."""
ALSO = 40
"""Further ones told in a line each."""
PARTIES = 6
DATES = 6
NEAR_MISSES = 5


@dataclass(frozen=True, slots=True)
class StoryNews:
    """A story with what is new in it. `articles`: all that belong to it here; `decision.tell` is what is new."""

    story: StoryFacts
    articles: tuple[MatchedArticle, ...]
    decision: Decision


@dataclass(frozen=True, slots=True)
class NearMiss:
    """An article with a development in the uncertain band."""

    article: MatchedArticle
    label: LabelDecision


def shown(news: Sequence[StoryNews], query: QueryTest) -> tuple[list[StoryNews], list[StoryNews], int]:
    """Which stories are told in full, which in a line, and how many are left for another time."""
    ranked = sorted(news, key=lambda item: (*_rank(item, query), item.story.id))
    leading = [
        item for item in ranked if item.decision.evidence or item.story.status in ("disputed", "denied")
    ]
    leading = (leading or ranked)[:LEADING]
    rest = [item for item in ranked if item not in leading]
    return leading, rest[:ALSO], max(0, len(rest) - ALSO)


def _rank(item: StoryNews, query: QueryTest) -> tuple[float, ...]:
    novelty = 1.0 if FIRST in item.decision.tell else 0.0
    developments = [key.value.split(":")[0] for key in item.decision.tell if key.kind == "development"]
    weight = min((WEIGHT.get(name, len(WEIGHT)) for name in developments), default=len(WEIGHT))
    named = any(f"development:{name}" in query.labels for name in developments)
    sources = min(source_count(item.articles), 6)
    return -(sources + novelty + (3.0 if named else 0.0) - weight / len(WEIGHT)), float(weight)


def build(
    title: str,
    since: datetime,
    until: datetime,
    zone: str,
    news: Sequence[StoryNews],
    query: QueryTest,
    words: Phrases,
    *,
    near_misses: Sequence[NearMiss] = (),
    coverage: Coverage | None = None,
) -> Brief:
    """A briefing over [since, until) for readers in `zone`. Every line carries its outlet, time and sentence."""
    leading, rest, left_out = shown(news, query)
    sections: dict[str, list[BriefItem]] = {}
    for item in leading:
        issue = main_issue(item.articles, query, words) or "Other"
        sections.setdefault(issue, []).append(_item(item, words))
    told = {item.quote.sentence for items in sections.values() for item in items}
    positions = [
        pair for item in news for pair in told_positions(item.decision.tell, item.decision.evidence, words)
    ]
    return Brief(
        title,
        rfc3339(since),
        rfc3339(until),
        zone,
        tuple(BriefSection(issue, tuple(items)) for issue, items in sections.items()),
        tuple(_item(item, words) for item in rest),
        left_out,
        _parties([(position, carrier.article) for position, carrier in positions], words, told),
        tuple(_item(item, words) for item in news if item.story.status in ("disputed", "denied"))[:LEADING],
        _dates([(position, carrier.article) for position, carrier in positions], words, until, zone),
        tuple(_near(miss, words) for miss in near_misses[:NEAR_MISSES]),
        coverage,
    )


def _item(item: StoryNews, words: Phrases) -> BriefItem:
    told = told_positions(item.decision.tell, item.decision.evidence, words)
    assert item.decision.lead is not None
    lead, sentence = item.decision.lead, told[0][0].sentence if told else ""
    sentence = sentence or next((label.sentence for label in lead.labels if label.sentence), "")
    titles = [line_of(position, carrier.article, words) for position, carrier in told[:3]]
    return BriefItem(
        item.story.id,
        tuple(titles or [clean.line(lead.title, TITLE_LIMIT)]),
        quote(lead, clean.line(sentence, 220)),
        source_count(item.articles),
        tuple(line.side for line in sides_of(item.articles)),
        STATUS_WORDS.get(item.story.status or "", ""),
    )


SAID = frozenset(
    {"accepted", "rejected", "conditions-set", "proposal-made", "violation-reported", "deal-reached"}
)
"""Developments that are somebody's stand on the settlement."""


def _parties(
    positions: Sequence[tuple[Position, MatchedArticle]], words: Phrases, told: Collection[str]
) -> tuple[PartyLine, ...]:
    by_party: dict[str, list[tuple[Position, MatchedArticle]]] = {}
    for position, article in positions:
        if position.development in SAID:
            for actor in position.by:
                by_party.setdefault(actor, []).append((position, article))
    lines: list[PartyLine] = []
    for actor, said in sorted(by_party.items(), key=lambda entry: (-len(entry[1]), entry[0]))[:PARTIES]:
        latest = sorted(said, key=lambda pair: (pair[1].published, pair[1].id), reverse=True)
        headlines = dict.fromkeys(clean.line(headline(position, words), 120) for position, _ in latest)
        position, article = latest[0]
        sentence = quote(article, clean.line(position.sentence, 220))
        lines.append(PartyLine(words.actor(actor), tuple(headlines)[:2], sentence, sentence.sentence in told))
    return tuple(lines)


def _dates(
    positions: Sequence[tuple[Position, MatchedArticle]], words: Phrases, until: datetime, zone: str
) -> tuple[DateLine, ...]:
    """The days announced for talks that are not over when the period ends, the next one first."""
    today = until.astimezone(ZoneInfo(zone)).date()
    found: dict[tuple[upcoming.Day, str], DateLine] = {}
    for position, article in positions:
        if position.development != "talks-announced" or position.detail == "called-off":
            continue
        day = upcoming.announced(position.sentence, article.published, zone)
        if day is not None and day.last >= today:
            told = clean.line(headline(position, words), 120)
            found.setdefault((day, told), DateLine(str(day), told, quote(article, position.sentence)))
    return tuple(found[key] for key in sorted(found))[:DATES]


def _near(miss: NearMiss, words: Phrases) -> NewsLine:
    return NewsLine(
        words.label(miss.label.label),
        quote(miss.article, clean.line(miss.label.sentence, 220)),
        f"uncertain, {miss.label.score:.0%}",
    )
