"""Decide what an alert has to say about a story: pure, over what the story carries and what was announced.

The rules are DESIGN.md's ("Alerts: on developments, not on articles"). An article may *fire* a key where its version
is live and was seen since the alert was made, edited or resumed; keys that only other articles carry are taken as
known, silently. After the first message a development must be sure, or be carried by two independent sources.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.alerts.facts import FIRST, Key, MatchedArticle, QueryTest, StoryFacts
from pipeline.alerts.keys import (
    ANNOUNCED_STATUSES,
    Carried,
    carried,
    implied,
    scores_enough,
    source_count,
)
from pipeline.types import Alert

Mode = Literal["instant", "digest"]

INSTANT_FORMS = frozenset({"report", "transcript", "live-blog"})
"""What a live blog adds is a new key; its rewording carries none."""

INSTANT_REASONS = frozenset({"live"})
DIGEST_REASONS = frozenset({"live", "first-fetch", "old", "undated"})
"""`import`, `backfill` and `retag` are history and appear in no message."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to insert into `announced`, and what of it to tell.

    `tell`: keys for the message, most telling first; empty where there is none. `silent`: keys that are known from now
    on without a message. `evidence`: one carried key for each development in `tell`, best sentence first.
    `lead`: the article that the message quotes first; None exactly when `tell` is empty.
    """

    tell: tuple[Key, ...] = ()
    silent: tuple[Key, ...] = ()
    evidence: tuple[Carried, ...] = ()
    lead: MatchedArticle | None = None


def may_fire(article: MatchedArticle, alert: Alert, mode: Mode) -> bool:
    """Whether an article of this reason and age may appear in a message of this mode."""
    reasons = INSTANT_REASONS if mode == "instant" else DIGEST_REASONS
    return article.reason in reasons and article.version_seen >= alert.since


def counts(article: MatchedArticle, alert: Alert, query: QueryTest, mode: Mode) -> bool:
    """Whether an article counts at all for an alert: its form and its scores.

    One that does not leaves no key, so that the report which follows an opinion piece is still news.
    """
    form = mode == "digest" or alert.all_forms or article.form in INSTANT_FORMS
    return form and scores_enough(article, query, alert.min_score)


def decide(
    alert: Alert,
    query: QueryTest,
    story: StoryFacts,
    articles: Sequence[MatchedArticle],
    known: Collection[Key],
    mode: Mode = "instant",
    due: Collection[str] = (),
) -> Decision:
    """What `alert` has to say about `story` now.

    `articles`: those of the story that match the alert and that no mute covers. `known`: what it has announced for the
    story. In mode `digest` nothing is taken as known silently: a digest announces what it shows. `due`: ids of articles
    that a digest was promised for already; they fire whatever has become of the alert or of their reason since.
    """
    relevant = [article for article in articles if counts(article, alert, query, mode)]
    if not relevant:
        return Decision()
    firing = {article.id for article in relevant if article.id in due or may_fire(article, alert, mode)}
    carriers = _carriers(relevant, query, alert.min_score)
    keys: dict[Key, bool] = {FIRST: bool(firing)}
    keys |= {key: any(item.article.id in firing for item in items) for key, items in carriers.items()}
    if story.status in ANNOUNCED_STATUSES:
        keys[Key("status", str(story.status))] = bool(firing)
    new = {key for key in keys if key not in known}
    told = {key for key in new if keys[key]}
    silent = {key for key in new if not keys[key]} if mode == "instant" else set()
    needless = {key for key in told if implied(key, (*known, *keys))}
    told -= needless
    silent |= needless
    if FIRST in known and not any(_stands(key, carriers.get(key, [])) for key in told):
        told = set()
    if not told:
        return Decision(silent=_sorted(silent, carriers))
    tell = _sorted(told, carriers)
    evidence = tuple(
        best_carrier([item for item in carriers[key] if item.article.id in firing])
        for key in tell
        if key in carriers
    )
    lead = evidence[0].article if evidence else earliest([item for item in relevant if item.id in firing])
    return Decision(tell, _sorted(silent, carriers), evidence, lead)


def _carriers(
    articles: Sequence[MatchedArticle], query: QueryTest, min_score: float
) -> dict[Key, list[Carried]]:
    carriers: dict[Key, list[Carried]] = {}
    for article in articles:
        for item in carried(article, query, min_score):
            carriers.setdefault(item.key, []).append(item)
    return carriers


def _stands(key: Key, carriers: Sequence[Carried]) -> bool:
    """Whether a key is sure enough to be told after the first message."""
    if key.kind != "development":
        return True
    return any(item.sure for item in carriers) or source_count([item.article for item in carriers]) >= 2


WEIGHT: dict[str, int] = {
    name: rank
    for rank, name in enumerate(
        (
            "deal-reached", "accepted", "rejected", "exchange-carried-out", "violation-reported", "proposal-made",
            "conditions-set", "territory-changed", "talks-held", "talks-announced", "aid-changed",
            "sanctions-changed", "attack-reported",
        )
    )
}  # fmt: skip
"""Which of several developments leads a subject: steps towards or away from a settlement come before daily events.
Developments of other taxonomies come after these, by score."""


def _sorted(keys: Collection[Key], carriers: dict[Key, list[Carried]]) -> tuple[Key, ...]:
    def rank(key: Key) -> tuple[object, ...]:
        kind = ("withdrawn", "development", "status", "first").index(key.kind)
        development = key.value.partition(":")[0]
        items = carriers.get(key, [])
        sure = any(item.sure for item in items)
        score = max((item.position.score for item in items), default=0.0)
        return kind, not sure, WEIGHT.get(development, len(WEIGHT)), -score, key.value

    return tuple(sorted(keys, key=rank))


def best_carrier(items: Sequence[Carried]) -> Carried:
    """The carrier to quote: one with a sentence, surest, earliest published; never a copy where the original is there."""
    return min(
        items,
        key=lambda item: (
            not item.position.sentence,
            item.article.copy_of is not None,
            -round(item.position.score, 2),
            item.article.published,
            item.article.id,
        ),
    )


def earliest(articles: Sequence[MatchedArticle]) -> MatchedArticle:
    """The first report: by time of publication, then id."""
    return min(articles, key=lambda article: (article.published, article.id))
