"""What each party says in a story, and its articles as a timeline. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from classifiers.types import Position
from pipeline.alerts.facts import MatchedArticle
from pipeline.notify import clean
from pipeline.notify.words import Phrases, headline
from pipeline.web.shown.stories import reports

MOST_SAID = 3


@dataclass(frozen=True, slots=True)
class Saying:
    """What one sentence tells of a party's acts, in words, with the article that it stands in."""

    headlines: tuple[str, ...]
    sentence: str
    article: MatchedArticle


@dataclass(frozen=True, slots=True)
class Party:
    """A party and what it did and said, the latest first."""

    actor: str
    name: str
    said: tuple[Saying, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """An article in a timeline, with its positions in words and the copies that are folded under it."""

    article: MatchedArticle
    happened: tuple[str, ...]
    copies: tuple[MatchedArticle, ...]


def parties(members: Sequence[MatchedArticle], words: Phrases) -> tuple[Party, ...]:
    """Who did what by these reports: each act once, by its latest report; the party with most acts first."""
    latest: dict[str, dict[tuple[str, str | None], tuple[str, Position, MatchedArticle]]] = {}
    for article in sorted(reports(members), key=lambda item: (item.published, item.id), reverse=True):
        for position in article.positions:
            for actor in position.by:
                text = clean.line(headline(replace(position, by=(actor,)), words), 160)
                act = (position.development, position.detail)
                latest.setdefault(actor, {}).setdefault(act, (text, position, article))
    ranked = sorted(latest.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(Party(actor, words.actor(actor), _sayings(list(acts.values()))) for actor, acts in ranked)


def _sayings(acts: Sequence[tuple[str, Position, MatchedArticle]]) -> tuple[Saying, ...]:
    by_sentence: dict[tuple[str, str], list[tuple[str, Position, MatchedArticle]]] = {}
    for act in acts:
        by_sentence.setdefault((act[2].id, act[1].sentence), []).append(act)
    return tuple(
        Saying(tuple(dict.fromkeys(text for text, _, _ in found)), clean.line(sentence, 400), found[0][2])
        for (_, sentence), found in list(by_sentence.items())[:MOST_SAID]
    )


def timeline(members: Sequence[MatchedArticle], words: Phrases) -> tuple[Entry, ...]:
    """The articles, the latest first; a copy stands folded under its original where that is here."""
    here = {article.id for article in members}
    ordered = sorted(members, key=lambda item: (item.copy_of or "", item.published))
    folded = {
        original: tuple(copies)
        for original, copies in groupby(ordered, key=lambda item: item.copy_of or "")
        if original in here
    }
    shown = [article for article in members if article.copy_of not in here]
    shown.sort(key=lambda item: (item.published, item.id), reverse=True)
    return tuple(
        Entry(
            article,
            tuple(dict.fromkeys(clean.line(headline(item, words), 160) for item in article.positions)),
            folded.get(article.id, ()),
        )
        for article in shown
    )
