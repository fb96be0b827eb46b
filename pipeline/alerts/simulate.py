"""What an alert would have sent over stored articles, in the order in which they came: pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.alerts.cadence import due_slot
from pipeline.alerts.decide import Mode, counts, decide
from pipeline.alerts.facts import Key, MatchedArticle, QueryTest, StoryFacts
from pipeline.alerts.keys import Carried
from pipeline.periods import zone_of
from pipeline.types import Alert


@dataclass(frozen=True, slots=True)
class WouldSend:
    """One message: when (UTC), about which story, because of which article, telling which keys on what evidence (as a
    `Decision` has it)."""

    at: datetime
    story: str
    article: MatchedArticle
    keys: tuple[Key, ...]
    evidence: tuple[Carried, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """One local day: messages, and the articles that matched."""

    day: str
    messages: int
    articles: int


@dataclass(frozen=True, slots=True)
class Simulation:
    """`news`: what is new, one entry a story and moment. `messages`: mails (for digests, several `news` in one).
    `saved`: mails that one mail for each matching article would have needed beyond that."""

    news: tuple[WouldSend, ...]
    days: tuple[Day, ...]
    messages: int
    articles: int

    @property
    def saved(self) -> int:
        return max(0, self.articles - self.messages)


def simulate(
    alert: Alert,
    query: QueryTest,
    stories: Mapping[str, StoryFacts],
    articles: Sequence[MatchedArticle],
    since: datetime,
    until: datetime,
    arrival: Callable[[MatchedArticle], datetime] | None = None,
) -> Simulation:
    """Run an alert over the articles that its query finds, as if it had been open all the time.

    Every article counts as live and arrives at `arrival` (default: `arrived`); articles from before `since` are known
    silently. Stories are taken as they are now. Quiet hours, caps and pauses are left out: it answers "what is news".
    """
    when = arrival or arrived
    mode: Mode = "instant" if alert.cadence == "instant" else "digest"
    always = replace(alert, since=min([since, *(when(article) for article in articles)]))
    ordered = sorted(articles, key=lambda article: (when(article), article.id))
    known: dict[str, set[Key]] = {}
    so_far: dict[str, list[MatchedArticle]] = {}
    news: list[WouldSend] = []
    counted: list[MatchedArticle] = []
    for article in ordered:
        live = replace(article, reason="live", version_seen=when(article))
        members = so_far.setdefault(article.story, [])
        members.append(live)
        held = known.setdefault(article.story, set())
        decision = decide(always, query, stories[article.story], members, held, mode)
        held |= {*decision.tell, *decision.silent}
        if not since <= when(article) < until:
            continue
        if counts(article, alert, query, mode):
            counted.append(live)
        if decision.tell:
            news.append(WouldSend(when(article), article.story, live, decision.tell, decision.evidence))
    return _summary(alert, news, counted)


def arrived(article: MatchedArticle) -> datetime:
    """When an article would have come had we been watching: when it was seen if it came live, else its own date."""
    return article.seen if article.reason == "live" else min(article.published, article.seen)


def _summary(alert: Alert, news: Sequence[WouldSend], counted: Sequence[MatchedArticle]) -> Simulation:
    tz = zone_of(alert.zone)

    def day(moment: datetime) -> str:
        return moment.astimezone(tz).date().isoformat()

    if alert.cadence == "instant":
        sent = [day(item.at) for item in news]
    else:
        step = timedelta(hours=1) if alert.cadence == "hourly" else timedelta(days=1)
        slots = {
            slot.at
            for item in news
            if (slot := due_slot(replace(alert, since=item.at - 2 * step), item.at + step))
        }
        sent = [day(at) for at in slots]
    matched = [day(article.version_seen) for article in counted]
    days = tuple(Day(name, sent.count(name), matched.count(name)) for name in sorted({*sent, *matched}))
    return Simulation(tuple(news), days, len(sent), len(counted))
