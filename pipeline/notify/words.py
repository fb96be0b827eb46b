"""Developments in words: "Russia rejects 30-day truce". The phrases are data (phrases.toml); this puts them together."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from classifiers.types import Position

STATUS_WORDS: Mapping[str, str] = {
    "disputed": "Disputed",
    "denied": "Denied",
    "acknowledged": "Both sides acknowledge",
    "withdrawn": "Withdrawn",
    "claimed": "One side's claim",
    "single-source": "Single source",
}
SIDE_WORDS: Mapping[str, str] = {"ukraine": "Ukrainian", "russia": "Russian", "third-party": "third-party"}
LANGUAGE_WORDS: Mapping[str, str] = {
    "en": "English", "uk": "Ukrainian", "ru": "Russian", "pl": "Polish", "de": "German", "fr": "French", "ar": "Arabic",
    "es": "Spanish", "it": "Italian", "tr": "Turkish", "zh": "Chinese", "he": "Hebrew", "fa": "Persian",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phrases:
    """Names and phrases, read once. `names`: display names by label id `facet:id` (the taxonomy's)."""

    names: Mapping[str, str]
    actors: Mapping[str, str]
    plural: frozenset[str]
    developments: Mapping[str, Mapping[str, Any]]
    heads: tuple[str, ...]
    object_pattern: re.Pattern[str]
    deeds: Mapping[str, re.Pattern[str]]

    def label(self, label: str) -> str:
        """The display name of a label; one that the taxonomy does not know is shown by its id."""
        return self.names.get(label) or label.partition(":")[2].replace("-", " ").capitalize()

    def actor(self, actor: str) -> str:
        """The short name of an actor."""
        return self.actors.get(actor) or self.label(f"actor:{actor}")


@lru_cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads(files("pipeline.notify").joinpath("phrases.toml").read_text(encoding="utf-8"))


def phrases(names: Mapping[str, str]) -> Phrases:
    """The shipped phrases with a taxonomy's display names."""
    data = _data()
    heads = tuple(data["objects"]["heads"])
    longest = sorted(heads, key=len, reverse=True)
    qualifiers = "|".join(data["objects"]["qualifiers"])
    pattern = rf"\b((?:(?:{qualifiers})\s+){{0,4}})({'|'.join(re.escape(head) for head in longest)})\b"
    deeds = {
        development: re.compile(rf"\b(?:{verbs})\b", re.IGNORECASE)
        for development, verbs in data["objects"]["deeds"].items()
    }
    return Phrases(
        names,
        data["actors"],
        frozenset(data["plural"]),
        data["developments"],
        heads,
        re.compile(pattern, re.IGNORECASE),
        deeds,
    )


def object_of(sentence: str, words: Phrases, development: str = "") -> str | None:
    """What an English sentence says is accepted, refused, put forward …: its most telling object, with what makes it
    exact ("30-day truce"). None where it names none that we know.

    Where a sentence tells both an acceptance and a refusal, an object counts for the nearer deed only.
    """
    best: tuple[int, int, str] | None = None
    for found in words.object_pattern.finditer(sentence):
        if not _belongs(found, sentence, words, development):
            continue
        qualifiers, head = found[1], found[2]
        rank = (words.heads.index(head.casefold()), -len(qualifiers.split()))
        if best is None or rank < best[:2]:
            best = (*rank, f"{qualifiers}{head}")
    return None if best is None else re.sub(r"\s+", " ", best[2])


def _belongs(found: re.Match[str], sentence: str, words: Phrases, development: str) -> bool:
    """Whether an object is this development's: the deed nearest to it, the last one before it or else one after it, is
    this one, or there is none. An agreement is no answer to an offer, but what is refused is not what was agreed."""
    if development not in words.deeds and development != "deal-reached":
        return True
    deeds = sorted(
        (deed.start(), name) for name, pattern in words.deeds.items() for deed in pattern.finditer(sentence)
    )
    before = [name for start, name in deeds if start < found.start()]
    passive = [name for start, name in deeds if start > found.end()]
    nearest = (before or passive or [development])[-1]
    return nearest != "rejected" if development == "deal-reached" else nearest == development


def joined(names: Sequence[str]) -> str:
    """A list in words; more than three are cut."""
    unique = list(dict.fromkeys(names))
    if len(unique) > 3:
        return f"{unique[0]}, {unique[1]} and {len(unique) - 2} more"
    return ", ".join(unique[:-1]) + f" and {unique[-1]}" if len(unique) > 1 else "".join(unique)


def headline(position: Position, words: Phrases) -> str:
    """A position as a headline, who and what first.

    Where `by` is empty it says that something happened, and does not guess who did it.
    """
    entry = words.developments.get(position.development)
    by = joined([words.actor(actor) for actor in position.by])
    if entry is None:
        name = words.label(f"development:{position.development}")
        return f"{by}: {name}" if by else name
    phrase = {key: value for key, value in entry.items() if isinstance(value, str)}
    phrase |= entry.get(position.detail, {}) if position.detail else {}
    against = joined([words.actor(actor) for actor in position.against if actor not in position.by])
    thing = object_of(position.sentence, words, position.development)
    several = len(set(position.by)) > 1 or words.plural.issuperset(position.by)
    template = phrase["none"] if not by else phrase["many"] if several else phrase["one"]
    if thing is not None:
        template += phrase.get("about", "")
    if against and not by and "against_none" in phrase:
        template = phrase["against_none"]
    elif against:
        template += phrase.get("against", "")
    elif position.against and by and "self" in phrase:
        template = phrase["self"]
    default = phrase.get("default", "")
    if against and position.development in ("accepted", "rejected"):
        default = f"{against} {default}"
    text = template.format(by=by, against=against, object=thing or default)
    return text[:1].upper() + text[1:]


def certainty(score: float, *, announce: bool) -> str:
    """A score in words, as the page shows it too. `score` is 0 to 1."""
    return f"{'sure' if announce else 'likely'}, {score:.0%}"
