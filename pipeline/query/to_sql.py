"""The parts of a query that SQLite answers, as FTS5 expressions and SQL with bound parameters.

FTS5 gets only tokens that `fold` made, which hold no quote, each inside quotes: nothing that a person typed can be
syntax there. The tables are the index's own; `#` in their names stands for the generation (see `index.sqlite_schema`).
"""

from collections.abc import Iterable

from pipeline.query.nodes import And, Node, Not, Or, Wildcard, Words


def is_text(node: Node) -> bool:
    """Can FTS5 answer this tree alone? Words, and what And and Or make of them; Not only beside something to be found."""
    match node:
        case Words():
            return True
        case Or(children):
            return all(map(is_text, children))
        case And(children):
            wanted = [child for child in children if not isinstance(child, Not)]
            unwanted = [child.child for child in children if isinstance(child, Not)]
            return bool(wanted) and all(map(is_text, wanted)) and all(map(is_text, unwanted))
    return False


def match_expression(node: Node) -> str:
    """The FTS5 expression, over stems, of a tree for which `is_text` holds."""
    match node:
        case Words(fields, stems):
            return f"({{{' '.join(fields)}}} : {quoted(' '.join(stems))})"
        case Or(children):
            return f"({' OR '.join(map(match_expression, children))})"
        case And(children):
            wanted = [match_expression(child) for child in children if not isinstance(child, Not)]
            unwanted = [match_expression(child.child) for child in children if isinstance(child, Not)]
            found = f"({' AND '.join(wanted)})"
            return f"({found} NOT ({' OR '.join(unwanted)}))" if unwanted else found
    raise TypeError(f"FTS5 cannot answer {type(node).__name__}")


def wildcard_expression(node: Wildcard, tokens: Iterable[str] = ()) -> str:
    """The FTS5 expression, over unstemmed words, of a wildcard: as a prefix where it is one, else as `tokens`, which
    are the words of the index that fit it."""
    prefix = is_prefix(node.pattern)
    terms = [f"{quoted(node.pattern[:-1])} *"] if prefix else list(map(quoted, tokens))
    terms += map(quoted, node.spellings)
    return f"{{{' '.join(node.fields)}}} : ({' OR '.join(terms)})" if terms else ""


def is_prefix(pattern: str) -> bool:
    """Letters with one `*` at their end and no other wildcard."""
    return pattern.endswith("*") and not {"*", "?"} & set(pattern[:-1])


def quoted(text: str) -> str:
    """An FTS5 string."""
    return '"' + text.replace('"', '""') + '"'


VOCABULARY = "SELECT term FROM search_#_vocabulary WHERE term >= ? AND term <= ? AND term GLOB ?"


def vocabulary_bounds(pattern: str) -> tuple[str, str, str]:
    """Parameters of VOCABULARY: all words from the letters before the first wildcard on that fit the pattern."""
    letters = pattern.replace("?", "*").split("*", 1)[0]
    return letters, letters + "\U0010ffff", pattern
