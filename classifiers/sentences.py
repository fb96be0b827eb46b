"""Texts to sentences with offsets: pure, linear in the length, for Latin and Cyrillic news prose.

A splitter of our own, since the kept libraries do not fit: sentencex 1.0.32 needs 250 s for 10 MB (this one
about 3 s) and cuts after "5 a.m." and after initials in Cyrillic; pysbd and syntok have not been kept since
2022. Where a full stop is ambiguous the sentence goes on: one that is too long still shows the words that
count.
"""

import re
from dataclasses import dataclass

MAX_SENTENCE_CHARACTERS = 600
"""A longer run without a boundary (a list, a text without full stops) is cut at a space before that."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text == joined(title, text)[start:end]`, without white space at its ends."""

    start: int
    end: int
    text: str


_CLOSERS = r"[\"'”’»)\]]"
_OPENER = r"[\s\"'“‘„«(\[—–•*-]"
_LOWER = r"[^\W\d_A-ZА-ЯЁІЇЄҐ]"  # near enough: letters of the two scripts that are not capitals
_UPPER = r"[A-ZА-ЯЁІЇЄҐ]"
# Possessive and bounded repeats, and the look-behind, keep the scan linear on a million full stops.
_BOUNDARY = re.compile(
    rf"(?<![.!?…])(?P<stop>[.!?…]++{_CLOSERS}{{0,3}}+)(?:\s++(?=(?P<next>{_OPENER}{{0,8}}+\S))"
    rf"|(?<={_LOWER}{{3}}[.!?])(?={_UPPER}{_LOWER}))"
    r"|(?P<line>[\n\r\u2028\u2029]\s*+)(?=(?P<after>\S))"
    r"|(?P<wide>[。！？؟۔]++[”』」]?\s*+)"
)
_LAST_TOKEN = re.compile(r"[^\s\"'“‘„«(\[—–/]*\Z")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_ACRONYM = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]?", re.UNICODE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Never the end of a sentence: a name or an explanation follows.
_BINDS_ALWAYS = _words(
    """
    mr mrs ms dr prof gen lt col maj capt cpt sgt sen rep gov pres st adm brig cmdr hon rev amb dep sec msgr
    fr pvt cpl supt insp vs approx cf e.g i.e ca viz messrs mt ft
    им ім ул вул просп бул г-н г-жа проф акад ген гр см напр м с д пл обл р-н тыс тис стор рис полк подполк
    """
)
# Binds a number that follows ("No. 4", "Jan. 5", "Art. 19"), else ends the sentence.
_BINDS_NUMBERS = _words(
    """
    no nos art arts fig figs p pp vol vols para paras sec ch jan feb mar apr jun jul aug sep sept oct nov dec
    ст п пп гл рис стр № оп
    """
)
# Ends a sentence only where a word that starts sentences follows.
_ENDS_BEFORE_STARTERS = _words(
    """
    etc inc ltd co corp al jr sr esq dept bros est ave blvd rd
    г гг р рр др ін и.о т.д т.п т.е т.к т.ін руб грн долл дол млн млрд тыс н.э н.е
    """
)
_STARTERS = _words(
    """
    the a an he she it its they we you i his her their our this that these those there here in on at as for
    from but and or so yet however meanwhile when while after before since if although according under over
    with without by to both all some many most no not one two what who why how earlier later also still now
    then
    он она оно они мы вы я это этот эта эти в во на по при после до если когда но а и как так также ранее
    позже однако между
    він вона воно вони ми ви це цей ця ці у з із після коли але й як також раніше пізніше проте водночас тим
    """
)


def joined(title: str, text: str) -> str:
    """The string that all offsets count in: title, line break, text; the title alone without a text."""
    return f"{title}\n{text}" if text else title


def split(title: str, text: str) -> list[Sentence]:
    """The sentences of a text, in order, with offsets into `joined(title, text)`.

    The title is sentence 0, whole; without a title the first sentence of the text is. No sentence is blank
    or, the title aside, longer than MAX_SENTENCE_CHARACTERS; none crosses a line break that starts a new
    paragraph. A text with nothing in it gives one empty sentence, so an index 0 always exists.
    """
    sentences = [_trimmed(title, 0, len(title), 0)] if title.strip() else []
    offset = len(title) + 1
    start = 0
    text = text.rstrip()
    for boundary in _BOUNDARY.finditer(text):
        if _ends_sentence(boundary, text, start):
            _append(sentences, text, start, boundary.end(), offset)
            start = boundary.end()
    _append(sentences, text, start, len(text), offset)
    return sentences or [Sentence(0, 0, "")]


def _ends_sentence(boundary: re.Match[str], text: str, start: int) -> bool:
    if boundary["wide"]:
        return True
    if boundary["line"]:
        return not boundary["after"].islower() or boundary["line"].count("\n") > 1
    if boundary["next"] is None:  # "ended.Next": a missing space
        return True
    following = boundary["next"][-1]
    if following.islower():
        return False
    if boundary["stop"] != ".":
        return True
    return _full_stop_ends(
        text[max(start, boundary.start() - 40) : boundary.start()], text, boundary.end("next") - 1
    )


def _full_stop_ends(before: str, text: str, next_at: int) -> bool:
    """Whether a single full stop after `before` ends its sentence; the next one would start at `next_at`."""
    token = _last_token(before)
    lower = token.lower()
    if lower in _BINDS_ALWAYS:
        return False
    if lower in _BINDS_NUMBERS and text[next_at].isdigit():
        return False
    acronym = bool(token) and _ACRONYM.fullmatch(token + ".") is not None
    if acronym and len(token) == 1 and lower not in _ENDS_BEFORE_STARTERS:
        return token.islower()  # "J. Smith" and "В. Зеленський" go on, a lone small letter or digit ends
    if acronym or lower in _ENDS_BEFORE_STARTERS:
        word = _FIRST_WORD.match(text, next_at)
        return word is not None and word[0].lower() in _STARTERS
    return True


def _last_token(before: str) -> str:
    found = _LAST_TOKEN.search(before)
    return found[0] if found else ""


def _append(sentences: list[Sentence], text: str, start: int, end: int, offset: int) -> None:
    """Adds `text[start:end]`, cut to bounded pieces, unless it is blank."""
    while end - start > MAX_SENTENCE_CHARACTERS:
        limit = start + MAX_SENTENCE_CHARACTERS
        cut = max(
            text.rfind(mark, start + MAX_SENTENCE_CHARACTERS // 2, limit) for mark in (" ", "\t", "\u00a0")
        )
        cut = cut if cut > start else limit
        if text[start:cut].strip():
            sentences.append(_trimmed(text, start, cut, offset))
        start = cut
    if text[start:end].strip():
        sentences.append(_trimmed(text, start, end, offset))


def _trimmed(source: str, start: int, end: int, offset: int) -> Sentence:
    piece = source[start:end]
    start += len(piece) - len(piece.lstrip())
    words = piece.strip()
    return Sentence(offset + start, offset + start + len(words), words)
