"""What the rules look at: an article and its story as an alert sees them, and what an alert's query asks of positions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from classifiers.types import LabelDecision, Position


class Key(NamedTuple):
    """One thing that an alert can say about a story, once: the last two columns of the table `announced`.

    `kind` is first (value ""), development (value `development:detail:by`), status, or withdrawn (value `kind:value`
    of the key that was withdrawn).
    """

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


FIRST = Key("first", "")


@dataclass(frozen=True, slots=True)
class MatchedArticle:
    """An article that an alert's query found, with what decides whether and how it is told.

    Times are UTC. `text` may be cut to its first few thousand letters. `labels` are the decided ones, `reason` that of
    the article's present version (or `retag`), which was seen at `version_seen`.
    """

    id: str
    revision: int
    story: str
    url: str
    title: str
    text: str
    outlet: str
    owner: str
    side: str
    control: str
    country: str
    kind: str
    language: str
    form: str
    published: datetime
    seen: datetime
    version_seen: datetime
    reason: str
    copy_of: str | None = None
    labels: tuple[LabelDecision, ...] = ()
    positions: tuple[Position, ...] = ()

    def label(self, label: str) -> LabelDecision | None:
        """The decided label `facet:id`, if the article has it."""
        return next((found for found in self.labels if found.label == label), None)


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """A story as alerts see it. `status` is one of the words of `pipeline.stories`, or None while it has none."""

    id: str
    title: str
    first_seen: datetime
    status: str | None = None
    thread: str | None = None
    thread_name: str | None = None


class QueryTest(Protocol):
    """What a compiled query says about developments, beyond which articles it finds."""

    @property
    def labels(self) -> frozenset[str]:
        """The labels `facet:id` that the query names outside a NOT."""

    def counts(self, position: Position, article: MatchedArticle) -> bool:
        """Whether this position, alone, can be what the query asks for in this article."""


class Everything:
    """A query that names nothing: every position counts."""

    labels: frozenset[str] = frozenset()

    def counts(self, position: Position, article: MatchedArticle) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Mute:
    """What somebody does not want to hear of, for one alert or all, for one recipient or all, until a time or for good."""

    kind: str
    value: str
    alert: int | None = None
    recipient: str | None = None
    until: datetime | None = None

    def holds(self, alert: int, now: datetime) -> bool:
        """Whether the mute is in force for this alert."""
        return self.alert in (None, alert) and (self.until is None or now < self.until)

    def covers_story(self, story: StoryFacts) -> bool:
        """Whether it silences this whole story."""
        return (self.kind == "story" and self.value == story.id) or (
            self.kind == "thread" and story.thread is not None and self.value == story.thread
        )

    def covers_article(self, article: MatchedArticle) -> bool:
        """Whether it silences this article: by its outlet, or by a phrase in its title or text (case does not count)."""
        if self.kind == "outlet":
            return self.value.casefold() == article.outlet.casefold()
        return (
            self.kind == "phrase" and self.value.casefold() in f"{article.title}\n{article.text}".casefold()
        )


def without_muted(articles: Sequence[MatchedArticle], mutes: Sequence[Mute]) -> list[MatchedArticle]:
    """The articles that no mute for everybody covers. Mutes of one recipient are applied when the mail is addressed."""
    general = [mute for mute in mutes if mute.recipient is None]
    return [article for article in articles if not any(mute.covers_article(article) for mute in general)]
