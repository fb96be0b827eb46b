"""Facets as parts of the query: a click adds `field:value` to it or takes it out. Pure.

A change is made on the typed text, so that people keep what they wrote, and checked on the parsed tree: a text that
would not mean just the same plus (or minus) that clause is not offered.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pipeline.errors import QueryError
from pipeline.query.nodes import All, And, Between, Node, Not, Or, Query, Value

Parse = Callable[[str], Query]

_PLAIN = re.compile(r"[\w-]+")
_CLAUSE = re.compile(r"""(?:NOT\s+|-)?\w+:(?:"(?:\\.|[^"\\])*"|\[[^\]]*\]|[^\s()\[\]"]+)""", re.IGNORECASE)


def clause(field: str, value: str) -> str:
    """`side:ukraine`, `outlet:"Harbour Wire"`."""
    if _PLAIN.fullmatch(value):
        return f"{field}:{value}"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{field}:"{escaped}"'


def added(text: str, query: Query, part: str) -> str:
    """The query with one more thing that must hold."""
    if isinstance(query.root, All):
        return part
    return f"({text}) AND {part}" if isinstance(query.root, Or) else f"{text} AND {part}"


def held(query: Query) -> dict[tuple[str, str], Node]:
    """What the query demands, whatever else it says: (field, key as the index knows it) to its node."""
    return {(child.field, child.value): child for child in _children(query) if isinstance(child, Value)}


def refused(query: Query) -> dict[tuple[str, str], Node]:
    """What the query excludes, likewise."""
    return {
        (child.child.field, child.child.value): child
        for child in _children(query)
        if isinstance(child, Not) and isinstance(child.child, Value)
    }


def removed(text: str, query: Query, gone: Node, parse: Parse) -> str | None:
    """The query without one of the things that it demands or excludes; None where the text cannot be cut so."""
    rest = [child for child in _children(query) if child != gone]
    for found in _CLAUSE.finditer(text):
        if _root(found[0], parse) != gone:
            continue
        cut = _cut(text, found.start(), found.end())
        left = _root(cut, parse)
        if left is not None and ([] if isinstance(left, All) else _children(Query(cut, left))) == rest:
            return cut
    return None


def zoomed(text: str, query: Query, span: "Zoom", parse: Parse) -> str:
    """The query narrowed to a span of days, in the place of a span that it names already."""
    for child in _children(query):
        if isinstance(child, Between) and child.field == "published":
            without = removed(text, query, child, parse)
            if without is not None:
                text, query = without, parse(without)
    return added(text, query, span.clause)


def unzoomed(text: str, query: Query, parse: Parse) -> str | None:
    """The query without its span of days published; None where it names none."""
    for child in _children(query):
        if isinstance(child, Between) and child.field == "published":
            return removed(text, query, child, parse)
    return None


def _children(query: Query) -> list[Node]:
    return list(query.root.children) if isinstance(query.root, And) else [query.root]


def _root(text: str, parse: Parse) -> Node | None:
    try:
        return parse(text).root
    except QueryError:
        return None


def _cut(text: str, start: int, end: int) -> str:
    """`text` without [start, end) and the AND that joined it."""
    left, right = text[:start].rstrip(), text[end:].lstrip()
    left, cuts = re.subn(r"(?:^|\s+)(?:AND|and|&&)$", "", left)
    if not cuts:
        right = re.sub(r"^(?:AND|and|&&)\s+", "", right)
    return " AND ".join(part for part in (left, right) if part)


@dataclass(frozen=True, slots=True)
class Zoom:
    """A span of days, both in, as `published:[2025-03-01 TO 2025-03-18]` says it."""

    first: date
    last: date

    @property
    def clause(self) -> str:
        if self.first == self.last:
            return f"published:{self.first.isoformat()}"
        return f"published:[{self.first.isoformat()} TO {self.last.isoformat()}]"
