"""Where in a title or text the words of a query stand. One function for both back ends, over the tokens of `fold`."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.query import fold
from pipeline.query.nodes import Query, Wildcard, Words, positive_leaves

ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Marked:
    """A text, in Unicode NFC, and the spans [start, end) in it that a query found: in order, none touching another."""

    text: str
    spans: tuple[tuple[int, int], ...]


def marked(query: Query, field: str | None, text: str) -> Marked:
    """The whole of an article's `field` (title, text, name or place), with what the query looks for there; a sentence
    that stands by itself (None), with what the query looks for anywhere."""
    plain = unicodedata.normalize("NFC", text)
    leaves = [
        leaf
        for leaf in positive_leaves(query.root)
        if isinstance(leaf, Words | Wildcard) and (field is None or field in leaf.fields)
    ]
    return Marked(plain, _joined(sorted(_found(leaves, fold.spans(plain)))) if leaves else ())


def snippet(query: Query, field: str, text: str, length: int = 240) -> Marked:
    """At most about `length` characters around the place with the most hits; the beginning where there are none."""
    whole = marked(query, field, text)
    if len(whole.text) <= length:
        return whole
    start = _best_start(whole.spans, length)
    start = 0 if start < length // 4 else _word_start(whole.text, start - length // 8)
    end = _word_end(whole.text, min(len(whole.text), start + length))
    before, after = ELLIPSIS if start else "", ELLIPSIS if end < len(whole.text) else ""
    moved = len(before) - start
    spans = tuple((low + moved, high + moved) for low, high in whole.spans if low >= start and high <= end)
    return Marked(before + whole.text[start:end] + after, spans)


def _found(leaves: Sequence[Words | Wildcard], tokens: Sequence[fold.Token]) -> Iterator[tuple[int, int]]:
    stems = [fold.stem(token.text) for token in tokens]
    for leaf in leaves:
        match leaf:
            case Words(stems=wanted):
                for at in range(len(stems) - len(wanted) + 1):
                    if stems[at] == wanted[0] and tuple(stems[at : at + len(wanted)]) == wanted:
                        yield tokens[at].start, tokens[at + len(wanted) - 1].end
            case Wildcard(pattern=pattern, spellings=spellings):
                fits = re.compile(fold.wildcard_regex(pattern)).fullmatch
                for token in tokens:
                    if token.text in spellings or fits(token.text):
                        yield token.start, token.end


def _joined(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _best_start(spans: Sequence[tuple[int, int]], length: int) -> int:
    """The start of the first span from which the most spans lie within `length`."""
    best, most = 0, 0
    for index, (start, _) in enumerate(spans):
        within = sum(1 for _, end in spans[index:] if end <= start + length)
        if within > most:
            best, most = start, within
    return best


def _word_start(text: str, at: int) -> int:
    """The nearest start of a word at or behind `at`."""
    while 0 < at < len(text) and not text[at - 1].isspace():
        at += 1
    return at


def _word_end(text: str, at: int) -> int:
    """The nearest end of a word at or before `at`, unless that word is all there is."""
    end = at
    while 0 < end < len(text) and not text[end].isspace():
        end -= 1
    return end if end > at - 40 else at
