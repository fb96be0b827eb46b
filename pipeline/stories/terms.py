"""From a text to the terms that tell one event from another: concepts, names and numbers, the same in every language.

A listed news word becomes its concept (`lexicon`); any other word becomes a key that survives transliteration and
inflection: "Prigozhin", "Prigożyna" and "Пригожина" are one. The keys are for comparing, never for showing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pipeline.query import fold
from pipeline.stories.lexicon import shipped

LEAD_CHARACTERS = 500
"""How much of the text counts besides the title: what feeds give as a summary, or an article's lead."""
TITLE_WEIGHT, LEAD_WEIGHT = 1.0, 0.6
"""The title says what the article is about; the lead adds circumstances."""

FOREIGN_WORD = 0.5
"""Weight of a word in another language than English that is neither listed nor a name: no English text can share it, and
how rare it is in its own language is known for few words only."""

_CAPITAL = re.compile(r"[A-ZĄĆĘŁŃÓŚŹŻÄÖÜА-ЯІЇЄҐ][\w'’-]+")
_UNITED_STATES = re.compile(r"\bU\.?S\.?(?:A\.?)?(?![A-Za-z])")
_YEAR = re.compile(r"(?:19|20)\d\d")
_CYRILLIC = re.compile("[а-яіїєґў]")
_POLISH_LETTERS = re.compile("[ąćęłńśźż]", re.IGNORECASE)


def language_of(text: str, tokens: list[str]) -> str:
    """The column of the lexicon to read a text by, from its letters and little words."""
    if _CYRILLIC.search("".join(tokens[:20])):
        letters = sum(map(len, tokens))
        if sum(len(_CYRILLIC.findall(token)) for token in tokens) * 2 > letters:
            return "cyrillic"
    votes = {name: sum(token in words for token in tokens) for name, words in shipped().little_words.items()}
    votes["pl"] += 2 * len(_POLISH_LETTERS.findall(text))
    return max(votes, key=lambda name: (votes[name], name == "en"))


@dataclass(frozen=True, slots=True)
class Reading:
    """The language column that a text was read by, and its terms with their weight in it, 0 to 1."""

    language: str
    terms: Mapping[str, float]


def read(title: str, text: str) -> Reading:
    """Terms of an article; those of the title weigh more than those of the lead."""
    found: dict[str, float] = {}
    lead = text[:LEAD_CHARACTERS]
    parts = [
        (fold.tokens(_UNITED_STATES.sub("America", part)), weight)
        for part, weight in ((title, TITLE_WEIGHT), (lead, LEAD_WEIGHT))
    ]
    language = language_of(f"{title} {lead}", [token for tokens, _ in parts for token in tokens])
    names = (
        frozenset()
        if language == "en"
        else frozenset(fold.tokens(" ".join(_CAPITAL.findall(f"{title} {lead}"))))
    )
    for tokens, weight in parts:
        for token in tokens:
            for term, listed in _terms(token, language):
                share = weight if listed or language == "en" or token in names else weight * FOREIGN_WORD
                found[term] = max(found.get(term, 0.0), share)
    return Reading(language, found)


@lru_cache(maxsize=1 << 16)
def _terms(token: str, language: str) -> tuple[tuple[str, bool], ...]:
    """The terms of a token, each with whether every language could have it (a concept or a number)."""
    if token.isdigit():
        return () if len(token) < 2 or _YEAR.fullmatch(token) else ((f"#{token.lstrip('0')}", True),)
    if len(token) < 3 and language == "en":
        return ()
    concepts = shipped().concepts(token, language)
    if concepts:
        return tuple((concept, True) for concept in concepts)
    if len(token) < 3:
        return ()
    return ((key(token, language), False),)


_TRANSLITERATION = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "є": "e", "ж": "z", "з": "z", "и": "i",
        "і": "i", "ї": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
        "т": "t", "у": "u", "ў": "u", "ф": "f", "х": "h", "ц": "c", "ч": "c", "ш": "s", "щ": "s", "ъ": "", "ы": "i",
        "ь": "", "э": "e", "ю": "u", "я": "a",
    }
)  # fmt: skip
_DIGRAPHS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "en": (("kh", "h"), ("zh", "z"), ("sh", "s"), ("tch", "c"), ("ch", "c"), ("ts", "c"), ("ck", "k")),
    "pl": (("ch", "h"), ("cz", "c"), ("sz", "s"), ("dz", "z"), ("ts", "c"), ("ck", "c")),
    "de": (("tsch", "c"), ("sch", "s"), ("ch", "h"), ("tz", "c")),
    "cyrillic": (),
}
_SOUNDS = (("ph", "f"), ("q", "k"), ("x", "ks"), ("w", "v"), ("y", "i"), ("j", "i"))
_ALTERNATIONS = (("dzie", "d"), ("cie", "t"), ("rze", "r"), ("dze", "g"), ("ce", "k"))
"""Polish locatives that change the stem's last letter: Kachowka, w Kachowce."""
_NAME_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "en": (),
    "de": (),
    "pl": (
        "skiego", "skiemu", "skimi", "skich", "skiej", "skim", "ska", "iego", "emu", "ego", "iem", "ami", "ach", "owi",
        "ymi", "imi", "ych", "ich", "em", "om", "im", "ym", "ej",
    ),
    "cyrillic": ("ского", "ського", "ому", "ого", "ами", "ями", "ах", "ях", "ем", "ом", "ою", "ей", "ой", "им", "ым", "их"),
}  # fmt: skip
_KEEP = 4
"""Letters that stay when endings go."""


@lru_cache(maxsize=1 << 16)
def key(token: str, language: str) -> str:
    """What is left of a folded word once spelling habits and endings are taken away."""
    stem = fold.stem(token) if language == "en" else _without_ending(token, language)
    if language == "cyrillic":
        stem = stem.translate(_TRANSLITERATION)
    for written, sound in (*_DIGRAPHS[language], *_SOUNDS):
        stem = stem.replace(written, sound)
    stem = re.sub(r"(.)\1", r"\1", stem.replace("ie", "e"))
    while len(stem) > _KEEP and stem[-1] in "aeiou":
        stem = stem[:-1]
    return stem


def _without_ending(token: str, language: str) -> str:
    if language == "pl":
        for ending, last in _ALTERNATIONS:
            if token.endswith(ending) and len(token) - len(ending) + 1 >= _KEEP:
                return token[: -len(ending)] + last
    for ending in _NAME_ENDINGS[language]:
        if token.endswith(ending) and len(token) - len(ending) >= _KEEP:
            rest = token[: -len(ending)]
            return f"{rest}sk" if ending.startswith("sk") else rest
    return token
