"""What stayed, went and came between two rows of words. Pure."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "gone", "new"]


def edits(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[Kind, Sequence[str]]]:
    """Runs of words in reading order; what went stands before what came in its place. Time grows with the square."""
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "same", before[i1:i2]
            continue
        if i2 > i1:
            yield "gone", before[i1:i2]
        if j2 > j1:
            yield "new", after[j1:j2]
