"""Labels from names and phrases alone: for texts that the English model must not read, and without any model.

Scores are counted, not learned. On the 3,227 coded English items: actors precision 0.82 and recall 0.85,
issues 0.75 and 0.42, developments 0.64 and 0.02. People and institutions make an actor, a bare place name
does not. No score reaches an announce threshold: such labels are searched and alerted on, but never pass as
sure ones.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.aliases import AliasMatcher, Hit
from classifiers.decide import Thresholds
from classifiers.phrases import PhraseBook, load_rules
from classifiers.sentences import Sentence, joined
from classifiers.taxonomy import Taxonomy
from classifiers.types import Text

THRESHOLDS = Thresholds(decide=0.5, uncertain=0.29, announce=1.0)
"""One mention in passing is in the band; a person, or a state named twice or in the title, is a yes."""

_WEIGHT = {"people": 3.0, "bodies": 3.0, "demonyms": 0.7}  # a name or a capital counts 1
_TITLE_FACTOR = 2.0
_HALVING_WEIGHT = 1.4
_ISSUE_IN_TITLE, _ISSUE_IN_TEXT = 0.75, 0.6
_PHRASE, _PHRASE_ALONE = 0.7, 0.4

# Prepositions that make a name a mere place, in the three languages: "війна в Україні" is no act of Ukraine.
_PLACE_BEFORE = re.compile(
    r"""(?:
      \b(?:in|across|near|inside|outside|over|within|around|throughout|into|from|of|on|at)
        (?:\ (?:the|occupied|eastern|southern|western|northern|central|all))*
    | \b(?:war|invasion|aggression|offensive|operation)(?:\ \w+)?\ (?:on|against|of|with|in|between)
    | \b(?:в|у|во|із|из|зі|біля|поблизу|около|возле|территории|території|територією|территорией)
        (?:\ (?:окупован\w+|оккупирован\w+|всій|всей))?
    )\s$""",
    re.IGNORECASE | re.VERBOSE,
)
_ON_BEFORE = re.compile(r"\bна\s$", re.IGNORECASE)
_LOCATIVE_ENDINGS = ("і", "ї", "е", "и")


@dataclass(frozen=True, slots=True)
class AliasReading:
    """For each of the k labels: a score (0 to 1), the sentence it rests on, and why ("" for a score of 0)."""

    scores: NDArray[np.float32]
    sentences: tuple[str, ...]
    reasons: tuple[str, ...]


class AliasReader:
    """Reads texts of any language by the taxonomy's aliases and, in three languages, by phrases.

    `content_hash` changes with either list. `matcher`: the taxonomy's, if there is one already.
    """

    def __init__(self, taxonomy: Taxonomy, matcher: AliasMatcher | None = None) -> None:
        self._taxonomy = taxonomy
        self._matcher = matcher or AliasMatcher(taxonomy)
        rules, settlement = load_rules()
        self._phrases = PhraseBook(rules, settlement, taxonomy)
        patterns = "\n".join(f"{rule.pattern.pattern} {rule.unless.pattern}" for rule in rules)
        self.content_hash = hashlib.sha256((taxonomy.content_hash + patterns).encode()).hexdigest()

    def read(self, text: Text, sentences: Sequence[Sentence], language: str) -> AliasReading:
        """The reading of one text; `sentences` are those of `split(text.title, text.text)`.

        A text that names no party of the taxonomy's conflict gets actors only.
        """
        whole = joined(text.title, text.text)
        columns = self._taxonomy.columns
        found = _Found(len(columns), sentences)
        hits = self._matcher.hits(whole)
        for hit in hits:
            if hit.label.startswith("actor:"):
                weight = _actor_weight(hit, whole, in_title=hit.end <= len(text.title))
                found.add_weight(
                    columns[hit.label], weight, hit.start, f"named: {whole[hit.start : hit.end]}"
                )
        if any(hit.label in self._taxonomy.parties for hit in hits):
            for hit in hits:
                if hit.label.startswith("issue:"):
                    score = _ISSUE_IN_TITLE if hit.end <= len(text.title) else _ISSUE_IN_TEXT
                    found.raise_to(
                        columns[hit.label], score, hit.start, f"named: {whole[hit.start : hit.end]}"
                    )
            for phrase in self._phrases.find(sentences, language):
                sentence = sentences[phrase.sentence]
                score = _PHRASE if self._is_about_the_conflict(sentence, hits) else _PHRASE_ALONE
                for label in (phrase.development, phrase.issue):
                    found.raise_to(columns[label], score, sentence.start, f"phrase: {phrase.words}")
        return found.reading()

    def _is_about_the_conflict(self, sentence: Sentence, hits: Sequence[Hit]) -> bool:
        """Whether the sentence names both parties, or an issue of the settlement (a truce, peace talks), or
        one party in a text that names such an issue.

        Else "rejects the proposal" may be about anything: a jailed reporter, a post in the cabinet.
        """
        named = {hit.label for hit in hits if sentence.start <= hit.start < sentence.end}
        if not named.isdisjoint(self._phrases.settlement) or named.issuperset(self._taxonomy.parties):
            return True
        return not named.isdisjoint(self._taxonomy.parties) and any(
            hit.label in self._phrases.settlement for hit in hits
        )


class _Found:
    """Scores being gathered; for each label the place of its strongest ground gives sentence and reason."""

    def __init__(self, labels: int, sentences: Sequence[Sentence]) -> None:
        self._weights = np.zeros(labels)
        self._scores = np.zeros(labels)
        self._strongest = np.zeros(labels)
        self._sentences = sentences
        self._starts = [sentence.start for sentence in sentences]
        self._shown = [sentences[0].text] * labels
        self._reasons = [""] * labels

    def add_weight(self, column: int, weight: float, start: int, why: str) -> None:
        """Mentions add up: the weight that makes a yes halves what is left to certainty."""
        self._weights[column] += weight
        self._scores[column] = 1 - 0.5 ** (self._weights[column] / _HALVING_WEIGHT)
        self._show(column, weight, start, why)

    def raise_to(self, column: int, score: float, start: int, why: str) -> None:
        self._scores[column] = max(self._scores[column], score)
        self._show(column, score, start, why)

    def _show(self, column: int, strength: float, start: int, why: str) -> None:
        if strength > self._strongest[column]:
            self._strongest[column] = strength
            at = int(np.searchsorted(self._starts, start, side="right")) - 1
            self._shown[column] = self._sentences[max(at, 0)].text
            self._reasons[column] = why

    def reading(self) -> AliasReading:
        scores = np.minimum(self._scores, 0.99).astype(np.float32)
        return AliasReading(scores, tuple(self._shown), tuple(self._reasons))


def _actor_weight(hit: Hit, whole: str, *, in_title: bool) -> float:
    if hit.kind not in ("people", "bodies") and _is_place(hit, whole):
        return 0.0
    weight = _WEIGHT.get(hit.kind, 1.0)
    return weight * _TITLE_FACTOR if in_title else weight


def _is_place(hit: Hit, whole: str) -> bool:
    before = whole[max(0, hit.start - 40) : hit.start]
    if _PLACE_BEFORE.search(before):
        return True
    return bool(_ON_BEFORE.search(before)) and whole[hit.end - 1] in _LOCATIVE_ENDINGS
