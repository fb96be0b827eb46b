"""What each sentence alone says of who did it: an article tells several things, and most sentences tell one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.positions.contexts import Contexts
from classifiers.positions.features import (
    ACTORS,
    DEVELOPMENTS,
    ENEMY,
    FACTS,
    OF_ENEMY,
    ROLES,
    Told,
    best_other,
)
from classifiers.positions.lexicon import Lexicon
from classifiers.positions.reading import HEADS

MAX_SENTENCES = 14
"""Sentences of a text that are looked at alone; those behind are background as a rule."""
SUMMARY = (
    "best",
    "second",
    "any",
    "in title",
    "in lead",
    "in evidence",
    "sum",
    "lead in best",
    "lead in evidence",
)
"""What an actor's row learns from the sentences that name it."""
_PLAIN = (
    "decided",
    "undecided",
    "mentions",
    "share",
    "first",
    "rank",
    "named",
    "people",
    "land",
    "actors",
    "triggers",
    "supports",
    "future",
    "past",
    "three",
    "title",
    "lead",
    "words",
)


@dataclass(frozen=True, slots=True)
class Sayings:
    """The m pairs of a sentence that speaks of a development and an actor that it names.

    `sentence` (m,) and `actor` (m,) are indices into the text's sentences and its list of actors, `rows` is (m, g),
    `buckets` has one array a pair.
    """

    sentence: NDArray[np.int32]
    actor: NDArray[np.int32]
    rows: NDArray[np.float32]
    buckets: Sequence[NDArray[np.int32]]


class SayingFeatures:
    """Makes them; `names` are the columns."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._future, self._past = lexicon.mask("verbs.future"), lexicon.mask("verbs.past")
        self._three = lexicon.mask("three")
        self.names: tuple[str, ...] = (
            *(f"development {one}" for one in DEVELOPMENTS),
            *(f"actor {one}" for one in ACTORS),
            *_PLAIN,
            *(f"role {one}" for one in ROLES),
            *(f"is {one}" for one in FACTS),
            *(f"head {one}" for one in HEADS),
            *(f"lead in {one}" for one in (*ROLES, "mentions", "share")),
            *(f"enemy {one}" for one in (*OF_ENEMY, "land")),
        )
        self._at = {name: at for at, name in enumerate(self.names)}

    def sayings(
        self,
        development: str,
        told: Sequence[Told],
        contexts: Contexts,
        actors: Sequence[str],
        decided: frozenset[str] | None,
    ) -> Sayings:
        """The pairs of one text. `told` is that of the development; `decided` are the text's actors (None: not
        known)."""
        row_of = {actor: at for at, actor in enumerate(actors)}
        sentence, actor, rows, buckets = [], [], [], []
        for one in told:
            names = list(dict.fromkeys(mention.actor for mention in one.clause.mentions))
            if one.at >= MAX_SENTENCES or not names:
                continue
            rows.append(self._rows(development, one, names, decided))
            buckets += contexts.of_sentence(development, one.at, one.triggers, names)
            sentence += [one.at] * len(names)
            actor += [row_of[name] for name in names]
        return Sayings(
            np.array(sentence, np.int32),
            np.array(actor, np.int32),
            np.concatenate(rows) if rows else np.zeros((0, len(self.names)), np.float32),
            buckets,
        )

    def _rows(
        self, development: str, one: Told, names: Sequence[str], decided: frozenset[str] | None
    ) -> NDArray[np.float32]:
        at, clause = self._at, one.clause
        out = np.zeros((len(names), len(self.names)), np.float32)
        out[:, at[f"development {development}"]] = 1
        facts = {
            "actors": len(names),
            "triggers": len(one.triggers),
            "supports": one.supports,
            "future": sum(1 for bits in clause.bits if bits & self._future),
            "past": sum(1 for bits in clause.bits if bits & self._past),
            "three": any(bits & self._three for bits in clause.bits),
            "title": clause.title,
            "lead": clause.lead,
            "words": len(clause.words),
        }
        for name, value in facts.items():
            out[:, at[name]] = value
        row_of = {name: row for row, name in enumerate(names)}
        first_role = at[f"role {ROLES[0]}"]
        for rank, name in enumerate(names):
            row = out[rank]
            row[at["rank"]] = rank
            if name in ACTORS:
                row[at[f"actor {name}"]] = 1
            if decided is not None and name != "other":
                row[at["decided" if name in decided else "undecided"]] = 1
        for mention, roles in zip(clause.mentions, one.roles, strict=True):
            row = out[row_of[mention.actor]]
            if not row[at["mentions"]]:
                row[at["first"]] = mention.first
            row[at["mentions"]] += 1
            row[at["named"]] += mention.named
            row[at["people"]] += mention.person
            part = row[first_role : first_role + len(ROLES)]
            np.maximum(part, roles, out=part)
            for fact in FACTS:
                row[at[f"is {fact}"]] += getattr(mention, fact)
            if mention.head:
                row[at[f"head {mention.head}"]] += 1
        for mention in clause.land:
            if mention.actor in row_of:
                out[row_of[mention.actor], at["land"]] += 1
        out[:, at["share"]] = out[:, at["mentions"]] / len(clause.mentions)
        compared = [*range(first_role, first_role + len(ROLES)), at["mentions"], at["share"]]
        start = at[f"lead in {ROLES[0]}"]
        out[:, start : start + len(compared)] = out[:, compared] - best_other(out[:, compared])
        for name, enemy in ENEMY.items():
            if name in row_of and enemy in row_of:
                row, other = out[row_of[name]], out[row_of[enemy]]
                row[at["enemy land"]] = other[at["land"]]
                for role in OF_ENEMY:
                    row[at[f"enemy {role}"]] = other[at[f"role {role}"]]
        return out


def summary(sayings: Sayings, likely: NDArray[np.float64], actors: int, evidence: int) -> NDArray[np.float32]:
    """(n, SUMMARY) for n `actors` of a text, from how `likely` each of m pairs says that the actor did it (m,).

    `evidence` is the index of the sentence that the tagger takes the development from (-1: not known).
    """
    out = np.zeros((actors, len(SUMMARY)), np.float32)
    for actor in set(sayings.actor.tolist()):
        own = sayings.actor == actor
        found = likely[own]
        ranked = np.sort(found)[::-1]
        place = sayings.sentence[own]
        out[actor, :7] = (
            ranked[0],
            ranked[1] if len(ranked) > 1 else 0,
            1 - np.prod(1 - np.minimum(found, 0.99)),
            found[place == 0].sum(),
            found[place == 1].sum(),
            found[place == evidence].sum(),
            found.sum(),
        )
    out[:, 7] = out[:, 0] - best_other(out[:, :1])[:, 0]
    out[:, 8] = out[:, 5] - best_other(out[:, 5:6])[:, 0]
    return out
