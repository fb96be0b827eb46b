"""The rule of one position: which position fields of a query must hold of one and the same act.

Position fields (by, against, detail, development) that AND joins inside parentheses hold within one position of
the article. What OR or NOT joins below such an AND belongs to the same position. A parenthesised AND directly
below another is a position of its own: ((by:russia AND development:rejected) AND (by:ukraine AND
development:accepted)) asks for two. Where only `development`, or only `detail`, is named, the article as a whole is
asked, since one position has one of each. Outside parentheses each field is asked of the article as a whole.
"""

from collections.abc import Callable

from pipeline.query.nodes import ANY, And, Exists, Node, Not, Or, Position, PositionTerm, Value


def _mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with `change` applied to what And, Or or Not hold directly."""
    match node:
        case And(children, at):
            return And(tuple(change(child) for child in children), at)
        case Or(children, at):
            return Or(tuple(change(child) for child in children), at)
        case Not(child, at):
            return Not(change(child), at)
    return node


def sealed(node: Node) -> Node:
    """A parenthesised tree in which the position fields that an AND joins have become one Position."""
    if not isinstance(node, And):
        return _mapped(node, sealed)
    joined = [child for child in node.children if _is_joinable(child)]
    parts = {term.part for child in joined for term in _terms(child)}
    if len(joined) < 2 or parts <= {"development"} or parts <= {"detail"} or not any(map(_asks_for, joined)):
        return node
    position = Position(And(tuple(_unsealed(child) for child in joined), joined[0].at), joined[0].at)
    others = [child for child in node.children if not _is_joinable(child)]
    return And((position, *others), node.at) if others else position


def _is_joinable(node: Node) -> bool:
    inner = node
    while isinstance(inner, Not):
        inner = inner.child
    return not isinstance(inner, Position) and _is_about_positions(node)


def _is_about_positions(node: Node) -> bool:
    match node:
        case And(children) | Or(children):
            return all(map(_is_about_positions, children))
        case Not(child):
            return _is_about_positions(child)
    return isinstance(node, PositionTerm | Position)


def _asks_for(node: Node) -> bool:
    """Does it ask for something to be there, rather than only for something not to be?"""
    return not isinstance(node, Not)


def _terms(node: Node) -> list[PositionTerm]:
    match node:
        case And(children) | Or(children):
            return [term for child in children for term in _terms(child)]
        case Not(child) | Position(child):
            return _terms(child)
        case PositionTerm():
            return [node]
    return []


def _unsealed(node: Node) -> Node:
    return _unsealed(node.term) if isinstance(node, Position) else _mapped(node, _unsealed)


def settled(node: Node) -> Node:
    """Position fields that no Position took in are asked of the article as a whole."""
    match node:
        case PositionTerm(part, value, typed, at):
            return Exists(part, at) if value == ANY else Value(part, value, typed, at)
        case Position():
            return node
    return _mapped(node, settled)
