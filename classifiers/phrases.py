"""Reviewed phrases (phrases.toml): the plainest developments of texts that no model reads."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from classifiers.folding import folded
from classifiers.sentences import Sentence
from classifiers.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Rule:
    """One phrase of one language; `development` and `issue` are keys, `yes` and `no` its test cases."""

    language: str
    development: str
    issue: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str]
    yes: tuple[str, ...]
    no: tuple[str, ...]

    def words(self, sentence: str) -> str | None:
        """The words of the sentence that tell the development, or None."""
        plain = folded(sentence)
        found = self.pattern.search(plain)
        return sentence[found.start() : found.end()] if found and not self.unless.search(plain) else None


@dataclass(frozen=True, slots=True)
class PhraseHit:
    """A development told by a phrase: `sentence` indexes the sentences given, `words` are the text's."""

    development: str
    issue: str
    sentence: int
    words: str


class PhraseBook:
    """The rules whose labels a taxonomy has, by language.

    `settlement` are the issues (keys) beside which a phrase surely speaks of the conflict and nothing else.
    """

    def __init__(self, rules: Sequence[Rule], settlement: frozenset[str], taxonomy: Taxonomy) -> None:
        self._rules: dict[str, list[Rule]] = {}
        self.settlement = settlement
        for rule in rules:
            if rule.development in taxonomy.columns and rule.issue in taxonomy.columns:
                self._rules.setdefault(rule.language, []).append(rule)

    def find(self, sentences: Sequence[Sentence], language: str) -> Iterator[PhraseHit]:
        """The first hit of each rule of that language; nothing for a language without rules."""
        for rule in self._rules.get(language, ()):
            for number, sentence in enumerate(sentences):
                words = rule.words(sentence.text)
                if words is not None:
                    yield PhraseHit(rule.development, rule.issue, number, words.strip())
                    break


def load_rules() -> tuple[tuple[Rule, ...], frozenset[str]]:
    """The shipped rules in file order, and the settlement's issues.

    Raises KeyError or re.error on a wrong rule: a fault of ours.
    """
    document = tomllib.loads((resources.files("classifiers") / "phrases.toml").read_text(encoding="utf-8"))
    settlement = frozenset(f"issue:{issue}" for issue in document["settlement"])
    return tuple(_rule(entry, document["words"]) for entry in document["rule"]), settlement


def _rule(entry: Mapping[str, Any], words: Mapping[str, Mapping[str, str]]) -> Rule:
    rows = words[entry["language"]]

    def compiled(pattern: str) -> re.Pattern[str]:
        for name, alternatives in rows.items():
            pattern = pattern.replace(f"{{{name}}}", alternatives)
        return re.compile(pattern)

    return Rule(
        entry["language"],
        f"development:{entry['development']}",
        f"issue:{entry['issue']}",
        compiled(entry["pattern"]),
        compiled(entry["unless"]),
        tuple(entry["yes"]),
        tuple(entry["no"]),
    )
