"""The parsed query: one frozen tree that every back end renders and that means the same in each.

    Query(text, root) ── root is one of

    All                      every article
    And, Or, Not             over other nodes
    Words                    one token, or several in a row, in any of some text fields
    Wildcard                 a pattern over single unstemmed tokens of some text fields
    Value, ValuePattern      a keyword field that holds a value, or a value of that pattern
    Exists                   a field that holds anything
    Between                  a time field inside a half-open span
    Position                 one position of the article that satisfies a tree of PositionTerm, And, Or, Not

`at` is the 0-based offset in the typed string that a message about this node points at; it takes no part in equality.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime
from typing import Literal, TypeAlias

PositionPart = Literal["development", "by", "against", "detail"]
TimeField = Literal["published", "seen"]

ANY = "*"
"""The value of a PositionTerm that any value satisfies."""


@dataclass(frozen=True, slots=True)
class All:
    """Every article."""

    at: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more."""

    children: tuple["Node", ...]
    at: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of two or more."""

    children: tuple["Node", ...]
    at: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """Everything but."""

    child: "Node"
    at: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Words:
    """`stems` in a row within one of `fields` (title, text, name, place). One stem is a word, several are a phrase.

    `typed` is what the person wrote, for showing it again.
    """

    fields: tuple[str, ...]
    stems: tuple[str, ...]
    typed: str = attribute(default="", compare=False)
    at: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """One unstemmed token of one of `fields` fits `pattern` (`*` any run, `?` one character; folded; never leading),
    or is one of `spellings`: the tokens that words of that pattern are folded into (`kiev*` finds Kyiv)."""

    fields: tuple[str, ...]
    pattern: str
    spellings: tuple[str, ...] = ()
    typed: str = attribute(default="", compare=False)
    at: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Value:
    """The keyword field holds `value`: a label id, or a key as `fold.key` makes it."""

    field: str
    value: str
    typed: str = attribute(default="", compare=False)
    at: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ValuePattern:
    """The keyword field holds a key that fits `pattern` (`*` any run, `?` one character; never leading)."""

    field: str
    pattern: str
    typed: str = attribute(default="", compare=False)
    at: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Exists:
    """The field holds anything at all."""

    field: str
    at: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Between:
    """`since` <= the field < `until`; aware UTC in whole milliseconds; None is an open end."""

    field: TimeField
    since: datetime | None
    until: datetime | None
    typed: str = attribute(default="", compare=False)
    at: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class PositionTerm:
    """Inside a Position only: that part of the position is, or (for by and against) contains, `value`."""

    part: PositionPart
    value: str
    typed: str = attribute(default="", compare=False)
    at: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Position:
    """One and the same position of the article satisfies `term` (PositionTerm, And, Or, Not)."""

    term: "Node"
    at: int = attribute(default=0, compare=False)


Node: TypeAlias = (
    All
    | And
    | Or
    | Not
    | Words
    | Wildcard
    | Value
    | ValuePattern
    | Exists
    | Between
    | PositionTerm
    | Position
)


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed search request: serves search, alerts and the web page alike. `text` is what was typed."""

    text: str
    root: Node


def both(*nodes: Node) -> Node:
    """All of `nodes`, flattened; All is neutral."""
    flat: list[Node] = []
    for node in nodes:
        if isinstance(node, And):
            flat.extend(node.children)
        elif not isinstance(node, All):
            flat.append(node)
    if not flat:
        return All()
    return flat[0] if len(flat) == 1 else And(tuple(flat), flat[0].at)


def narrowed(query: Query, since: datetime | None, until: datetime | None) -> Query:
    """The query, for articles first seen in [since, until) only (what `--since` means). Times aware."""
    if since is None and until is None:
        return query
    return Query(query.text, both(Between("seen", since, until), query.root))


def with_uncertain(query: Query) -> Query:
    """The query whose label values also accept labels from the uncertain band (never so by default)."""
    return Query(query.text, _widened(query.root))


def _widened(node: Node) -> Node:
    match node:
        case And(children, at):
            return And(tuple(_widened(child) for child in children), at)
        case Or(children, at):
            return Or(tuple(_widened(child) for child in children), at)
        case Not(child, at):
            return Not(_widened(child), at)
        case Value(field="actor" | "issue" | "development" as facet, value=value, typed=typed, at=at):
            return Or((node, Value("uncertain", f"{facet}:{value}", typed, at)), at)
        case _:
            return node


def positive_leaves(node: Node, negated: bool = False) -> Iterator[Node]:
    """The leaves that a hit can satisfy: those under an even number of NOTs. Position counts as a leaf."""
    match node:
        case And(children) | Or(children):
            for child in children:
                yield from positive_leaves(child, negated)
        case Not(child):
            yield from positive_leaves(child, not negated)
        case _:
            if not negated:
                yield node
