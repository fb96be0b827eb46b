"""What a query asks of one position of an article that it found.

If a query names developments or position fields, only positions that satisfy it count for an alert (DESIGN.md). The
query is judged with this position as the article's only one, in three values: what is known of the article is true or
false, what only the index can tell (words, names, times) is unknown, and a position counts unless the answer is false.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from classifiers.types import Position
from pipeline.alerts.facts import MatchedArticle
from pipeline.index.evaluate import position_satisfies
from pipeline.index.fields import PositionKey
from pipeline.query import nodes
from pipeline.query.nodes import ANY, Node, PositionTerm

POSITION_FIELDS = frozenset({"development", "by", "against", "detail"})
LABEL_FIELDS = frozenset({"actor", "issue"})

Truth = bool | None
"""None: unknown here."""


@dataclass(frozen=True, slots=True)
class QueryScope:
    """A compiled query as `decide` asks it (the protocol QueryTest)."""

    query: nodes.Query
    labels: frozenset[str]
    names_positions: bool
    several: tuple[Node, ...]
    """The positions that the query asks for one by one, where it asks for more than one."""

    def counts(self, position: Position, article: MatchedArticle) -> bool:
        """Whether this position, alone, can be what the query asks for in this article.

        Where the query asks for several positions at once, so that none alone can be it, each of those counts.
        """
        if not self.names_positions or self._satisfies(position, article):
            return True
        if any(self._satisfies(other, article) for other in article.positions):
            return False
        key = PositionKey.of(position)
        return any(position_satisfies(key, tree) for tree in self.several)

    def _satisfies(self, position: Position, article: MatchedArticle) -> bool:
        return _truth(self.query.root, position, article) is not False


def scope_of(query: nodes.Query) -> QueryScope:
    """What the query names: its labels outside NOT, and whether it speaks of developments or positions at all."""
    return QueryScope(
        query,
        frozenset(_labels(nodes.positive_leaves(query.root))),
        any(_is_about_positions(leaf) for leaf in _leaves(query.root)),
        _asked_one_by_one(query.root),
    )


def _asked_one_by_one(root: Node) -> tuple[Node, ...]:
    """The positions in parentheses and the bare developments of a query. None where it also names bare parties or
    details: which development those belong to is then for a single position to show."""
    asked: list[Node] = []
    for leaf in nodes.positive_leaves(root):
        match leaf:
            case nodes.Position(term):
                asked.append(term)
            case nodes.Value(field="development", value=value):
                asked.append(PositionTerm("development", value))
            case nodes.Value(field="by" | "against" | "detail"):
                return ()
            case _:
                pass
    return tuple(asked)


def asks_for_developments(node: Node) -> bool:
    """Whether nothing without a development or a position can satisfy the query."""
    match node:
        case nodes.And(children):
            return any(asks_for_developments(child) for child in children)
        case nodes.Or(children):
            return all(asks_for_developments(child) for child in children)
        case nodes.Position():
            return True
        case _:
            return _is_about_positions(node)


def _leaves(node: Node) -> Iterator[Node]:
    match node:
        case nodes.And(children) | nodes.Or(children):
            for child in children:
                yield from _leaves(child)
        case nodes.Not(child):
            yield from _leaves(child)
        case nodes.Position(term):
            yield from _leaves(term)
        case _:
            yield node


def _is_about_positions(leaf: Node) -> bool:
    match leaf:
        case PositionTerm():
            return True
        case nodes.Value(field=name) | nodes.ValuePattern(field=name) | nodes.Exists(field=name):
            return name in POSITION_FIELDS
        case _:
            return False


def _labels(leaves: Iterable[Node]) -> Iterator[str]:
    for leaf in leaves:
        match leaf:
            case nodes.Value(field=("actor" | "issue" | "development") as facet, value=value):
                yield f"{facet}:{value}"
            case nodes.Position(term):
                for inner in nodes.positive_leaves(term):
                    if isinstance(inner, PositionTerm) and inner.part == "development":
                        yield f"development:{inner.value}"
            case _:
                pass


def _truth(node: Node, position: Position, article: MatchedArticle) -> Truth:
    match node:
        case nodes.All():
            return True
        case nodes.And(children):
            values = [_truth(child, position, article) for child in children]
            return False if False in values else None if None in values else True
        case nodes.Or(children):
            values = [_truth(child, position, article) for child in children]
            return True if True in values else None if None in values else False
        case nodes.Not(child):
            value = _truth(child, position, article)
            return None if value is None else not value
        case nodes.Position(term):
            return position_satisfies(PositionKey.of(position), term)
        case PositionTerm():
            return position_satisfies(PositionKey.of(position), node)
        case nodes.Value(field=("development" | "by" | "against" | "detail") as part, value=value):
            return position_satisfies(PositionKey.of(position), PositionTerm(part, value))
        case nodes.Exists(field=("development" | "by" | "against" | "detail") as part):
            return position_satisfies(PositionKey.of(position), PositionTerm(part, ANY))
        case nodes.Value(field=name, value=value) if name in LABEL_FIELDS:
            return article.label(f"{name}:{value}") is not None
        case _:
            return None
