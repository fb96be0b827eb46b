"""Which way a development went: counts of telling words to one of the closed list of details. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.details import DETAILS
from classifiers.positions.lexicon import Lexicon
from classifiers.positions.reading import Clause

_NEAR = 5
"""Words between a trigger and a word that tells its way."""
_STOPPED_WITHIN = 5
"""Words between "halt" and what is halted."""
_UNTELLING = frozenset({"deal-reached"})
"""Where a sentence's words are no proof: "the deal that Russia ended" names a conclusion too (10 of 17 were right)."""
_PLACES = (
    "title",
    "lead",
    "rest",
    "near in title",
    "near in lead",
    "near in rest",
    "beside the doer",
    "negated",
    "in its sentence",
    "alone in its sentence",
)


class WayFeatures:
    """Makes the (f,) arrays that the linear models of ways read; `names` for one development."""

    def __init__(self, lexicon: Lexicon) -> None:
        mask = lexicon.mask
        self._words = {
            development: {detail: mask(f"details.{development}.{detail}") for detail in details}
            for development, details in DETAILS.items()
        }
        self._triggers = {
            development: mask(f"triggers.{'talks' if development == 'talks-announced' else development}.core")
            for development in DETAILS
        }
        self._negation = mask("verbs.negation")
        self._deal, self._fighting = mask("nouns.deal"), mask("nouns.fighting")
        self._ended = mask("details.deal-reached.ended")

    def names(self, development: str) -> list[str]:
        return [f"{group} {place}" for group in self._words[development] for place in _PLACES]

    def row(
        self, clauses: Sequence[Clause], development: str, by: Sequence[str], own: Clause
    ) -> NDArray[np.float32]:
        """Square roots of counts, in the order of `names`; `own` is the sentence that the position rests on."""
        groups, trigger_mask = [*self._words[development].values()], self._triggers[development]
        counts = np.zeros((len(groups), len(_PLACES)), np.float32)
        doers = frozenset(by)
        for clause in clauses:
            zone = 0 if clause.title else 1 if clause.lead else 2
            triggers = [at for at, bits in enumerate(clause.bits) if bits & trigger_mask]
            names = [one for one in clause.mentions if one.actor in doers]
            for group, words in enumerate(groups):
                for at, bits in enumerate(clause.bits):
                    if not bits & words or self._is_truce(clause, at, words):
                        continue
                    negated = any(one & self._negation for one in clause.bits[max(0, at - 3) : at])
                    if negated:
                        counts[group, 7] += 1
                        continue
                    counts[group, zone] += 1
                    counts[group, 8] += clause is own
                    if any(abs(at - trigger) <= _NEAR for trigger in triggers):
                        counts[group, 3 + zone] += 1
                    if any(0 < at - one.last <= 4 for one in names):
                        counts[group, 6] += 1
        present = counts[:, 8] > 0
        if present.sum() == 1:
            counts[present, 9] = 1
        return np.sqrt(counts).reshape(-1)

    def told(self, clause: Clause, development: str) -> str | None:
        """The way that a sentence names beside the words of the development, where it names just one; else None."""
        if development in _UNTELLING:
            return None
        trigger_mask = self._triggers[development]
        triggers = [at for at, bits in enumerate(clause.bits) if bits & trigger_mask]
        found = {
            detail
            for detail in DETAILS[development]
            for at, bits in enumerate(clause.bits)
            if bits & self._words[development][detail]
            and not self._is_truce(clause, at, self._words[development][detail])
            and any(abs(at - trigger) <= _NEAR for trigger in triggers)
            and not any(one & self._negation for one in clause.bits[max(0, at - 3) : at])
        }
        return found.pop() if len(found) == 1 else None

    def _is_truce(self, clause: Clause, at: int, words: int) -> bool:
        """Whether word `at` ends the fighting ("a halt of strikes"), where `words` are those that end a deal."""
        if words != self._ended:
            return False
        for bits in clause.bits[at + 1 : at + 1 + _STOPPED_WITHIN]:
            if bits & (self._deal | self._ended):
                return False
            if bits & self._fighting:
                return True
        return False


@dataclass(frozen=True, slots=True)
class WayModel:
    """A linear model for each development: `weights` (details, f), `bias` (details,)."""

    weights: Mapping[str, NDArray[np.float32]]
    bias: Mapping[str, NDArray[np.float32]]

    def way(self, development: str, row: NDArray[np.float32]) -> str:
        """The likeliest detail."""
        scores = self.weights[development] @ row + self.bias[development]
        return DETAILS[development][int(np.argmax(scores))]
