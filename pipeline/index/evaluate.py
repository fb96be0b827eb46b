"""Does this one article satisfy this query? Pure: the definition that both back ends are tested against.

Also tells which positions of an article a query is about, for "only positions that satisfy it count".
"""

import re
from functools import lru_cache

from pipeline.index.fields import PositionKey, Searchable, to_ms, value_key
from pipeline.query import fold
from pipeline.query.nodes import (
    ANY,
    All,
    And,
    Between,
    Exists,
    Node,
    Not,
    Or,
    Position,
    PositionTerm,
    Query,
    Value,
    ValuePattern,
    Wildcard,
    Words,
    positive_leaves,
)


def satisfies(article: Searchable, node: Node) -> bool:
    """True if the article satisfies the tree. A tombstone satisfies nothing, not even a NOT."""
    return not article.deleted and _holds(article, node)


def _holds(article: Searchable, node: Node) -> bool:
    match node:
        case All():
            return True
        case And(children):
            return all(_holds(article, child) for child in children)
        case Or(children):
            return any(_holds(article, child) for child in children)
        case Not(child):
            return not _holds(article, child)
        case Words(fields, stems):
            return any(_in_a_row(_stems(article.words[field]), stems) for field in fields)
        case Wildcard(fields, pattern, spellings):
            fits = re.compile(fold.wildcard_regex(pattern)).fullmatch
            return any(word in spellings or fits(word) for field in fields for word in article.words[field])
        case Value(field="story"):
            return article.story == node.value
        case Value(field="thread"):
            return article.thread == node.value
        case Value(field, value):
            return any(value_key(field, held) == value for held in article.values.get(field, ()))
        case ValuePattern(field, pattern):
            fits = re.compile(fold.wildcard_regex(pattern)).fullmatch
            return any(fits(value_key(field, held)) for held in article.values.get(field, ()))
        case Exists(field):
            return field in article.values["has"]
        case Between(field, since, until):
            moment = article.published_ms if field == "published" else article.seen_ms
            return (since is None or to_ms(since) <= moment) and (until is None or moment < to_ms(until))
        case Position(term):
            return any(position_satisfies(position, term) for position in article.positions)
        case PositionTerm():
            return any(position_satisfies(position, node) for position in article.positions)


def position_satisfies(position: PositionKey, node: Node) -> bool:
    """Does one position satisfy a tree of PositionTerm, And, Or and Not?"""
    match node:
        case And(children):
            return all(position_satisfies(position, child) for child in children)
        case Or(children):
            return any(position_satisfies(position, child) for child in children)
        case Not(child):
            return not position_satisfies(position, child)
        case PositionTerm(part, value):
            held: str | tuple[str, ...] = getattr(position, part)
            if value == ANY:
                return bool(held)
            return value in held if isinstance(held, tuple) else value == held
    raise TypeError(f"{type(node).__name__} says nothing of a position")


def names_positions(query: Query) -> bool:
    """Does the query ask for a development, a detail, or somebody's act? Then only positions that satisfy it count."""
    return bool(_position_trees(query))


def _position_trees(query: Query) -> list[Node]:
    trees: list[Node] = []
    for leaf in positive_leaves(query.root):
        match leaf:
            case Position(term):
                trees.append(term)
            case Value(field="development" | "by" | "against" | "detail" as part, value=value):
                trees.append(PositionTerm(part, value))
            case Exists(field="development" | "by" | "against" | "detail" as part):
                trees.append(PositionTerm(part, ANY))
    return trees


@lru_cache(maxsize=1 << 14)
def _stems(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(fold.stem, words))


def _in_a_row(words: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    length = len(wanted)
    return wanted[0] in words and any(
        words[start : start + length] == wanted for start in range(len(words) - length + 1)
    )
