"""What changed between two versions of a text, word by word, readable. Pure."""

import re
from dataclasses import dataclass
from typing import Literal

from pipeline.edits import edits

LONGEST_WORDS = 4000
"""Longer texts are compared sentence by sentence: difflib's time grows with the square."""
CONTEXT = 12
"""Words shown around a change; what lies further away is cut."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that stayed, went, or came; or a gap where nothing changed."""

    kind: Literal["same", "gone", "new", "gap"]
    text: str


def changes(before: str, after: str) -> list[Piece]:
    """The pieces of both texts in reading order; empty where they are the same."""
    if before == after:
        return []
    return _cut([Piece(kind, "".join(words)) for kind, words in edits(_parts(before), _parts(after))])


def _parts(text: str) -> list[str]:
    words = re.findall(r"\S+\s*", text)
    return words if len(words) <= LONGEST_WORDS else re.findall(r"[^.!?]+[.!?]*\s*", text)


def _cut(pieces: list[Piece]) -> list[Piece]:
    cut: list[Piece] = []
    for place, piece in enumerate(pieces):
        words = re.findall(r"\S+\s*", piece.text)
        if piece.kind != "same" or len(words) <= 3 * CONTEXT:
            cut.append(piece)
            continue
        if place > 0:
            cut.append(Piece("same", "".join(words[:CONTEXT])))
        cut.append(Piece("gap", "…"))
        if place < len(pieces) - 1:
            cut.append(Piece("same", "".join(words[-CONTEXT:])))
    return cut
