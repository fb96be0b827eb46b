"""From text to the tokens that are indexed and searched: one function for both back ends and for queries.

Neither back end analyses anything: they are given these tokens and take them as they are. So they cannot differ, and
a release of theirs cannot change what an alert finds. In order:

1. Unicode NFKD, then case folding: full-width and other compatibility forms become plain ("５０" is "50", "ﬁ" is "fi").
2. Marks go from Latin, Greek, Cyrillic, Hebrew and Arabic letters ("é" is "e", a stress mark goes), except that
   Cyrillic й, ї and ў stay letters; ё is е. Letters that do not decompose are spelled out (ł l, ø o, ß ss, æ ae, đ d).
   Other scripts keep their marks, which are vowels there.
3. Tokens are runs of letters, marks and digits. An apostrophe inside a word is left out (об'єкт, O'Brien), after
   which 's counts as nothing (Russia's is Russia). Points inside an abbreviation of single letters are left out
   ("U.S." is "us", "U.S.-led" is "us", "led"). A comma or narrow space between groups of three digits is left out
   ("1,000" is "1000"). A hyphen parts words, but joins those of `spellings.COMPOUNDS`. Han, Hiragana and Katakana
   have no spaces: each character is a token, so that a word is a phrase.
4. Spellings of one name become one (`spellings.VARIANT`: Kiev is kyiv).
5. Stemming, for the stemmed field only: ASCII words by Snowball's English stemmer ("Porter 2"), Cyrillic words without
   і, ї, є, ґ, ў by its Russian one. The other words, and tokens with digits, stay whole. A word is stemmed alike in a
   text of any language, so the same spelling always finds itself; the English stemmer costs other Latin languages
   nothing but a few words that fall together. Source: https://snowballstem.org/algorithms/.

Stop words are kept: "not", "will" and "the Hague" matter in a phrase.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from snowballstemmer.english_stemmer import EnglishStemmer
from snowballstemmer.russian_stemmer import RussianStemmer

from pipeline.query.spellings import COMPOUNDS, VARIANT

RULES = 1
"""Rises with any change to the rules above that their data does not show."""

MAX_TOKEN = 64
"""Longer runs (keys, base64) are cut: they are never searched for and bloat the list of words."""

_APOSTROPHES = "’ʼʹ‘‛ʻ′＇`´"
_HYPHENS = "‐‑−﹣－"
_GROUP_SPACES = "\u00a0\u2009\u202f"
_SPELLED_OUT = {
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŋ": "n", "ŧ": "t",
    "ĸ": "k", "ё": "е", "ѐ": "е", "ѝ": "и", "ـ": "", "\u200c": "", "\u200d": "", "\u00ad": "",
}  # fmt: skip
_CYRILLIC_LETTERS_WITH_MARK = "йїў"
_LOOSE_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]+"
)

_SPACELESS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_VOWEL_SIGNS = "\u0900-\u0dff\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff"
_TOKEN = re.compile(
    rf"(?P<sign>[{_SPACELESS}])"
    r"|(?P<abbreviation>(?<![^\W_])[^\W\d_](?:\.[^\W\d_])+(?![^\W_])\.?)"
    r"|(?P<number>(?<![^\W_])\d{1,3}(?:[,'\u00a0]\d{3})+(?!\d))"
    rf"|(?P<word>[^\W_](?:(?![{_SPACELESS}])[^\W_]|[{_VOWEL_SIGNS}]|'(?=[^\W_]))*)"
)
_ELISION = re.compile(r"(?:[cdjlmnst]|qu|all|dall|dell|nell|sull)'")
_UKRAINIAN_LETTERS = re.compile("[іїєґў]")
_CYRILLIC_WORD = re.compile("[а-я]+")
_ASCII_WORD = re.compile("[a-z]+")


@dataclass(frozen=True, slots=True)
class Token:
    """One token and the span of the text, in Unicode NFC, that it came from."""

    text: str
    start: int
    end: int


def tokens(text: str) -> list[str]:
    """The unstemmed tokens of a text, in order."""
    return [token for token, _, _ in _tokens(_folded(text))]


def stems(text: str) -> list[str]:
    """The stemmed tokens of a text, in order: as many as `tokens` gives."""
    return [stem(token) for token, _, _ in _tokens(_folded(text))]


def spans(text: str) -> list[Token]:
    """The unstemmed tokens with their places in `unicodedata.normalize("NFC", text)`, for marking hits."""
    if text.isascii():
        return [Token(token, start, end) for token, start, end in _tokens(text.lower())]
    pieces = [_fold_character(character) for character in unicodedata.normalize("NFC", text)]
    if all(len(piece) == 1 for piece in set(pieces)):
        return [Token(token, start, end) for token, start, end in _tokens("".join(pieces))]
    origin = [index for index, piece in enumerate(pieces) for _ in piece]
    return [
        Token(token, origin[start], origin[end - 1] + 1) for token, start, end in _tokens("".join(pieces))
    ]


def key(value: str) -> str:
    """A keyword made comparable: its tokens with single spaces, without a leading "the"; never empty for a value
    that is not blank. "The Kyiv Independent", "kyiv-independent" and "Kiev Independent" have one key."""
    found = tokens(value)
    if len(found) > 1 and found[0] == "the":
        del found[0]
    return " ".join(found) or value.strip().casefold()


def pattern(typed: str, *, separators: bool = False) -> str | None:
    """A wildcard pattern made comparable with tokens (or, with `separators`, with keys): folded between its `*` and `?`.
    None where what is between them is not part of one word (or not of a key)."""
    parts: list[str] = []
    for part in re.split(r"([*?])", _folded(typed)):
        letters = part if part in ("*", "?") else part.replace("'", "")
        if separators:
            letters = re.sub(r"[^\w*?]+|_+", " ", letters)
        elif not re.fullmatch(rf"(?:[^\W_]|[*?{_VOWEL_SIGNS}])*", letters):
            return None
        parts.append(letters)
    return re.sub(r"\*+", "*", "".join(parts)) or None


def spellings_of(pattern: str) -> tuple[str, ...]:
    """The tokens that spellings of this folded pattern are indexed as, where the pattern itself does not fit them."""
    fits = re.compile(wildcard_regex(pattern)).fullmatch
    return tuple(sorted({name for variant, name in VARIANT.items() if fits(variant) and not fits(name)}))


def wildcard_regex(pattern: str) -> str:
    """A folded pattern as a regular expression to be matched against a whole token or key."""
    return "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in re.split(r"([*?])", pattern))


@lru_cache(maxsize=1 << 16)
def stem(token: str) -> str:
    """The stem of one folded token. A new stemmer each time: they hold state, and threads share this function."""
    if _ASCII_WORD.fullmatch(token):
        return str(EnglishStemmer().stemWord(token))
    if _CYRILLIC_WORD.fullmatch(token) and not _UKRAINIAN_LETTERS.search(token):
        return str(RussianStemmer().stemWord(token))
    return token


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """Equal for programs that make the same tokens and stems: over the rules' data and a sample of stems."""
    sample = [
        stem(token) for token in (*VARIANT, *VARIANT.values(), *(part for pair in COMPOUNDS for part in pair))
    ]
    rules = repr((RULES, sorted(VARIANT.items()), sorted(COMPOUNDS), sorted(sample)))
    return hashlib.sha256(rules.encode()).hexdigest()[:12]


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return "".join(map(_fold_character, unicodedata.normalize("NFC", text)))


@lru_cache(maxsize=1 << 14)
def _fold_character(character: str) -> str:
    if character in _APOSTROPHES:
        return "'"
    if character in _HYPHENS:
        return "-"
    if character in _GROUP_SPACES:
        return "\u00a0"
    lower = character.casefold()
    if lower in _CYRILLIC_LETTERS_WITH_MARK:
        return lower
    plain = _LOOSE_MARKS.sub("", unicodedata.normalize("NFKD", lower)).casefold()
    return unicodedata.normalize("NFC", "".join(_SPELLED_OUT.get(letter, letter) for letter in plain))


def _tokens(folded: str) -> Iterator[tuple[str, int, int]]:
    """Tokens with their spans. A token waits for the next one, with which a hyphen may make it one word."""
    waiting, from_, to = "", 0, 0
    for found in _TOKEN.finditer(folded):
        token = found.group()
        if found.lastgroup != "word" or "'" in token or len(token) > MAX_TOKEN:
            token = _cleaned(found)
            if not token:
                continue
        start, end = found.span()
        if waiting:
            if start == to + 1 and folded[to] == "-" and (waiting, token) in COMPOUNDS:
                waiting, to = waiting + token, end
                continue
            yield VARIANT.get(waiting, waiting), from_, to
        waiting, from_, to = token, start, end
    if waiting:
        yield VARIANT.get(waiting, waiting), from_, to


def _cleaned(found: re.Match[str]) -> str:
    token = found.group()
    if found.lastgroup == "abbreviation":
        return token.replace(".", "")
    if found.lastgroup == "number":
        return re.sub(r"\D", "", token)
    if "'" in token:
        token = _ELISION.sub("", token, count=1) if _ELISION.match(token) else token.removesuffix("'s")
        token = token.replace("'", "")
    return token[:MAX_TOKEN]
