"""Is this the same wire text in another outlet? By the runs of three words that two texts share.

Headlines differ between outlets and do not count. A copy may be trimmed, or carry a local lead, so what counts is the
share of the shorter text that the longer one has. Long texts are looked up by a sample of their runs (the smallest
hashes, as in MinHash) and then compared whole, so that the sample decides nothing but speed.
"""

import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log2

from pipeline.query import fold

RUN = 3
"""Words in a run: two make chance hits in short texts, four break too often at a changed word."""
SAMPLE = 64
"""Runs by which a text is looked up: all of a summary's, a sample of a page's."""
KEPT = 40
"""Newest texts that are remembered for one run; a phrase in more texts than that tells nothing."""
SAME = 0.5
"""Share of the shorter text's runs that the longer one must have. Measured on four days of wire text: from 0.45 to 0.55
all but one pair in 73 are found; below, tellings that only quote the same sentence come in."""
SHORT_EXTRA, LONG_ENOUGH = 0.08, 28
"""What texts of LEAST_RUNS must share beyond SAME; nothing more from LONG_ENOUGH runs on."""
LONGER_EXTRA, TRIMMED = 0.08, 1.5
"""What must be shared beyond that for each doubling of the longer text's length over TRIMMED times the shorter one: a
round-up, a newsletter or a live blog that quotes a sentence of the wire is no copy of it. Chosen on pairs read by eye
(benchmarks/data/copy_pairs.json); with 0.06 or 0.1 one pair in 138 is found or lost."""
SAME_IN_OUTLET = 0.85
LEAST_RUNS = 8
"""A text with fewer runs is too short to know; it is compared with its title, and never by containment alone."""
SAME_TITLE = 0.5
"""One outlet repeats standing texts with a new title, date or rate ("the day in pictures"): there the text must agree
almost whole, and the titles in half their words and in every number."""
APART_AT_MOST = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Print:
    """What a text is recognised by. `title` and `runs` are sets of words and of hashes of word runs."""

    id: str
    outlet: str
    published: datetime
    title: frozenset[str]
    runs: frozenset[int]

    @property
    def order(self) -> tuple[int, str]:
        """A place among others that has nothing to do with time or outlet."""
        return zlib.crc32(self.id.encode()), self.id


def print_of(article: str, outlet: str, published: datetime, title: str, text: str) -> Print:
    """The print of an article; a text that is too short takes its title in."""
    runs = _runs(fold.tokens(text))
    if len(runs) < LEAST_RUNS:
        runs = _runs(fold.tokens(f"{title} {text}"))
    return Print(article, outlet, published, frozenset(fold.tokens(title)), runs)


def are_copies(left: Print, right: Print) -> bool:
    """Whether two articles carry one text."""
    if (
        abs(left.published - right.published) > APART_AT_MOST
        or min(len(left.runs), len(right.runs)) < LEAST_RUNS
    ):
        return False
    shared = _containment(left.runs, right.runs)
    if left.outlet != right.outlet:
        return shared >= _needed(*sorted((len(left.runs), len(right.runs))))
    if _numbers(left.title) != _numbers(right.title):
        return False
    alike = len(left.title & right.title) >= SAME_TITLE * len(left.title | right.title)
    return shared >= SAME_IN_OUTLET and alike


@dataclass(slots=True)
class CopyIndex:
    """The texts of the window, by their runs. Work per article is bounded by SAMPLE * KEPT."""

    prints: dict[str, Print] = field(default_factory=dict)
    by_run: dict[int, list[str]] = field(default_factory=dict)

    def find(self, new: Print) -> list[str]:
        """Articles of which `new` is a copy, or which are copies of it; most alike first, then the earliest."""
        hits: Counter[str] = Counter()
        for run in _sample(new.runs):
            hits.update(self.by_run.get(run, ()))
        found = [
            self.prints[article]
            for article, _ in hits.most_common(KEPT)
            if article != new.id and are_copies(new, self.prints[article])
        ]
        found.sort(key=lambda old: (-_containment(new.runs, old.runs), old.published, old.id))
        return [old.id for old in found]

    def add(self, new: Print) -> None:
        """Remember a text, in the place of what was known of the same article."""
        self.remove(new.id)
        self.prints[new.id] = new
        for run in _sample(new.runs):
            held = self.by_run.setdefault(run, [])
            held.append(new.id)
            if len(held) > KEPT:
                del held[0]

    def remove(self, article: str) -> None:
        """Forget an article; unknown ones are no error."""
        old = self.prints.pop(article, None)
        if old is None:
            return
        for run in _sample(old.runs):
            held = self.by_run.get(run)
            if held is not None and article in held:
                held.remove(article)
                if not held:
                    del self.by_run[run]


def _runs(tokens: list[str]) -> frozenset[int]:
    return frozenset(
        zlib.crc32(" ".join(tokens[start : start + RUN]).encode()) for start in range(len(tokens) - RUN + 1)
    )


def _sample(runs: frozenset[int]) -> list[int]:
    return sorted(runs)[:SAMPLE]


def _containment(left: frozenset[int] | frozenset[str], right: frozenset[int] | frozenset[str]) -> float:
    smaller = min(len(left), len(right))
    return len(left & right) / smaller if smaller else 0.0


def _needed(shorter: int, longer: int) -> float:
    """The share that two texts of so many runs must have in common.

    Two sentences may coincide by chance where they are short, and a long text may hold much besides: there more of the
    shorter one must agree.
    """
    short = SHORT_EXTRA * max(0.0, 1 - (shorter - LEAST_RUNS) / (LONG_ENOUGH - LEAST_RUNS))
    return SAME + short + LONGER_EXTRA * max(0.0, log2(longer / shorter / TRIMMED))


def _numbers(words: frozenset[str]) -> set[str]:
    return {word for word in words if word.isdigit()}
