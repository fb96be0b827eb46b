"""The announced keys that an article and its story carry, each with the sentence that shows it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from classifiers.types import Position
from pipeline.alerts.facts import FIRST, Everything, Key, MatchedArticle, QueryTest
from pipeline.corrections import NO_DETAIL, UNCLEAR
from pipeline.stories.status import Report, independent_sources

ANNOUNCED_STATUSES = frozenset({"disputed", "denied", "acknowledged"})
"""The states of a story that are news when they change; `acknowledged` is by both parties."""

HAND_SCORE = 1.0
"""Score of what people added by hand: as sure as the announce threshold asks."""


@dataclass(frozen=True, slots=True)
class Carried:
    """One development key that one article carries.

    `sure`: the development reaches the model's announce threshold. `position` has an empty `by` where nobody is named.
    """

    key: Key
    article: MatchedArticle
    position: Position
    sure: bool


def development_key(development: str, detail: str | None, by: str) -> Key:
    """The key of one member of `by`."""
    return Key("development", f"{development}:{detail or NO_DETAIL}:{by}")


def carried(article: MatchedArticle, query: QueryTest, min_score: float = 0.0) -> list[Carried]:
    """The development keys of an article that count for a query, in the order of its positions and labels.

    One key for each member of a position's `by`; `unclear` for an empty one and for a development label that no
    position makes exact. What scores below `min_score` does not count.
    """
    found: list[Carried] = []
    labels = {
        label.label.partition(":")[2]: label
        for label in article.labels
        if label.label.startswith("development:")
    }
    exact = {position.development for position in article.positions}
    loose = [
        Position(name, (), (), None, label.score, label.sentence)
        for name, label in labels.items()
        if name not in exact
    ]
    for position in (*article.positions, *loose):
        if position.score < min_score or not query.counts(position, article):
            continue
        label = labels.get(position.development)
        sure = label.announce if label is not None else position.score >= HAND_SCORE
        found += [
            Carried(development_key(position.development, position.detail, by), article, position, sure)
            for by in (position.by or (UNCLEAR,))
        ]
    return found


def developments_of(article: MatchedArticle) -> set[Key]:
    """The development keys that an article carries, whatever an alert asks for."""
    return {entry.key for entry in carried(article, Everything())}


def told_by(article: MatchedArticle, query: QueryTest, min_score: float = 0.0) -> set[Key]:
    """The keys that are known once an article is told: that there is such a story, and all that it carries."""
    return {FIRST, *(entry.key for entry in carried(article, query, min_score))}


def implied(key: Key, known: Iterable[Key]) -> bool:
    """Whether an `unclear` key says nothing beyond `known`: the development is known by name already.

    A report that leaves open who refused is no news where a refusal has been told. With a detail of its own
    (called off, eased …) it is.
    """
    if key.kind != "development":
        return False
    development, detail, by = key.value.split(":")
    if by != UNCLEAR:
        return False
    for other in known:
        if other.kind != "development" or other == key:
            continue
        other_development, other_detail, _ = other.value.split(":")
        if other_development == development and detail in (NO_DETAIL, other_detail):
            return True
    return False


def source_count(articles: Sequence[MatchedArticle]) -> int:
    """How many independent sources stand behind these articles (`pipeline.stories.status`): one owner, or one wire
    text, counts once."""
    return len(
        independent_sources(
            Report(
                article.id, article.outlet, article.owner, article.side, article.control, article.published,
                article.title, article.text, article.copy_of,
            )
            for article in articles
        )
    )  # fmt: skip


def scores_enough(article: MatchedArticle, query: QueryTest, min_score: float) -> bool:
    """Whether an article is sure enough for an alert: one label that the query names reaches `min_score`.

    Where the query names none of the article's labels, any of them will do.
    """
    if min_score <= 0:
        return True
    named = [label.score for label in article.labels if label.label in query.labels]
    return max(named or [label.score for label in article.labels], default=0.0) >= min_score
