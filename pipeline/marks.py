"""Which entries of a document are the very bytes that we have recorded already. Pure.

Most polls that bring a document bring one new entry among twenty known ones. Reading markup is nine tenths of what an
entry costs, so known entries are cut out of the document before it is parsed. An entry is known by a mark, a short hash
of its bytes, kept with its feed; a changed letter makes it unknown, and then it is read like any other.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

MARK_BYTES: Final = 8
"""64 bits: among the 2,000 entries of the largest document two meet with a probability of 10^-13."""

_START: Final = re.compile(rb"<((?:[\w.-]+:)?(?:item|entry))(?=[\s>/])")
_IDENTITY: Final = re.compile(
    rb"<(?:[\w.-]+:)?(?:link|guid|id|origlink)\b([^<>]*)>\s*(?:<!\[CDATA\[)?([^<\]]*)", re.IGNORECASE
)
_HREF: Final = re.compile(rb"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Marked:
    """A document without its known entries. `marks`: one for each entry that it had; `left_out`: how many were cut."""

    body: bytes
    marks: tuple[bytes, ...]
    left_out: int


def packed(marks: Iterable[bytes]) -> bytes:
    """Marks as they are kept."""
    return b"".join(marks)


def unpacked(kept: bytes | None) -> frozenset[bytes]:
    """The inverse of `packed`."""
    kept = kept or b""
    return frozenset(kept[start : start + MARK_BYTES] for start in range(0, len(kept), MARK_BYTES))


def mark(entry: bytes) -> bytes:
    """The mark of one entry's bytes."""
    return hashlib.blake2b(entry, digest_size=MARK_BYTES).digest()


def without_known(body: bytes, known: frozenset[bytes]) -> Marked:
    """Cut the known entries out of an XML document in an encoding that contains ASCII.

    Where entries cannot be told apart safely (one within another, a CDATA section across an end) nothing is cut and
    there are no marks. An entry that shares its link or guid with one that stays is left in: what a link or guid
    identifies is decided by all entries that carry it.
    """
    blocks = _blocks(body)
    if blocks is None:
        return Marked(body, (), 0)
    marks = tuple(mark(body[start:end]) for start, end in blocks)
    candidates = [number for number, one in enumerate(marks) if one in known]
    if not candidates:
        return Marked(body, marks, 0)
    if len(candidates) < len(marks):
        dropped = set(candidates)
        told: set[bytes] = set()
        for number, (start, end) in enumerate(blocks):
            if number not in dropped:
                told |= _identities(body[start:end])
        candidates = [number for number in candidates if not _tells(body, *blocks[number], told)]
    return Marked(_cut(body, [blocks[number] for number in candidates]), marks, len(candidates))


def _blocks(body: bytes) -> list[tuple[int, int]] | None:
    """Where each entry starts and ends, or None where that is not certain."""
    starts = list(_START.finditer(body))
    if not starts:
        return []
    name = starts[0][1]
    if any(found[1] != name for found in starts):
        return None
    closing = re.compile(rb"</" + re.escape(name) + rb"\s*>")
    ends = list(closing.finditer(body))
    if len(ends) != len(starts):
        return None
    blocks: list[tuple[int, int]] = []
    position = 0
    for found, closed in zip(starts, ends, strict=True):
        start, end = found.start(), closed.end()
        if start < position or closed.start() < found.end():
            return None
        for opening, ending in ((b"<![CDATA[", b"]]>"), (b"<!--", b"-->")):
            if body.count(opening, start, end) != body.count(ending, start, end):
                return None
        blocks.append((start, end))
        position = end
    return blocks


def _tells(body: bytes, start: int, end: int, told: set[bytes]) -> bool:
    """Whether the entry in body[start:end] has one of these links or guids. Most do not even contain their letters."""
    if all(body.find(one, start, end) < 0 for one in told):
        return False
    return not told.isdisjoint(_identities(body[start:end]))


def _identities(block: bytes) -> set[bytes]:
    found: set[bytes] = set()
    for attributes, text in _IDENTITY.findall(block):
        href = _HREF.search(attributes) if attributes else None
        found.add((href[1] or href[2] or b"") if href else text.strip())
    return found - {b""}


def _cut(body: bytes, places: list[tuple[int, int]]) -> bytes:
    parts: list[bytes] = []
    position = 0
    for start, end in places:
        parts.append(body[position:start])
        position = end
    parts.append(body[position:])
    return b"".join(parts)


def json_without_known(
    items: list[dict[str, Any]], known: frozenset[bytes]
) -> tuple[list[dict[str, Any]], tuple[bytes, ...], int]:
    """The same for the items of a JSON Feed: those to read, the marks of all, and how many were left out."""
    marks = tuple(mark(json.dumps(item, sort_keys=True).encode()) for item in items)
    stays = [item for item, one in zip(items, marks, strict=True) if one not in known]
    told = {str(item.get(key)) for item in stays for key in ("url", "id", "external_url")} - {"None"}
    kept = [
        item
        for item, one in zip(items, marks, strict=True)
        if one not in known or any(str(item.get(key)) in told for key in ("url", "id", "external_url"))
    ]
    return kept, marks, len(items) - len(kept)
