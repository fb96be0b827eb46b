"""The typed string to luqum's tree, with our three changes to Lucene's syntax and errors that carry their place.

luqum (https://github.com/jurismarches/luqum) binds words that merely stand side by side looser than OR, knows only
upper-case operators and one kind of quotes. So its tokens pass through here before its grammar sees them: an AND is
put between two operands that stand side by side, and `and`, `or`, `not`, `&&`, `||`, `!` become the operators. Its grammar
then binds as we promise: NOT over AND over OR.
"""

import copy
import re
from collections.abc import Sequence

from luqum.exceptions import IllegalCharacterError, ParseSyntaxError
from luqum.head_tail import TokenValue
from luqum.parser import lexer as luqum_lexer
from luqum.parser import parser as luqum_parser
from luqum.tree import Item, Word
from ply.lex import LexToken
from ply.yacc import LRParser

from pipeline.errors import QueryError

MAX_LENGTH = 10_000
MAX_TERMS = 500
MAX_DEPTH = 12
"""Elasticsearch refuses more than thirty levels, and each of ours can become two of its own."""

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_OPERATORS = {"and": "AND_OP", "or": "OR_OP", "not": "NOT", "&&": "AND_OP", "||": "OR_OP", "!": "NOT"}
_ENDS_OPERAND = {"TERM", "PHRASE", "REGEX", "RPAREN", "RBRACKET", "APPROX", "BOOST", "TO"}
_BEGINS_OPERAND = {
    "TERM", "PHRASE", "REGEX", "LPAREN", "LBRACKET", "NOT", "PLUS", "MINUS", "LESSTHAN", "GREATERTHAN", "TO",
}  # fmt: skip
_PREFIXES = {"NOT", "PLUS", "MINUS", "COLUMN"}
_NUMBERED = {"APPROX": "~", "BOOST": "^"}
"""Marks with a number behind them. luqum reads it as a decimal and fails on "1.2.3" with an error without a place."""


def tree(text: str) -> Item | None:
    """luqum's tree of a query, or None for a blank one. Offsets (`pos`) of words and phrases are offsets in `text`.

    Raises QueryError for what is no query and for what is too long, too deep or has too many terms.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(f"The query is longer than {MAX_LENGTH} characters; shorten it", text[:80], 0)
    if not text.strip():
        return None
    plain = _plain(text)
    if not plain.strip():
        raise nothing_to_find(text)
    tokens = _joined(_operators(_lexed(plain, text)))
    _check_brackets(tokens, text)
    _check_limits(tokens, text)
    handed_out: list[LexToken] = []
    remaining = iter(tokens)

    def next_token() -> LexToken | None:
        token = next(remaining, None)
        if token is not None:
            handed_out.append(token)
        return token

    try:
        # A copy: luqum's parser object keeps the state of the parse that is under way, and threads would share it.
        parsed: Item = LRParser.parse(
            copy.copy(luqum_parser), plain, lexer=luqum_lexer.clone(), tokenfunc=next_token
        )
    except ParseSyntaxError as error:
        raise _syntax_error(text, tokens, handed_out) from error
    return parsed


def nothing_to_find(text: str) -> QueryError:
    """For a query of marks only."""
    return QueryError("There is no word or number in this query to search for", text, 0)


def _plain(text: str) -> str:
    """Curly quotes straight, `!` before a word as `-`, marks that belong to no word out of the way; offsets stay."""
    plain = text.translate(_QUOTES)
    characters = list(plain)
    in_phrase = escaped = False
    for index, character in enumerate(plain):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            in_phrase = not in_phrase
        elif character == "!" and not in_phrase and _begins_word(plain, index):
            characters[index] = "-"
        elif character.isspace() or (not in_phrase and _belongs_to_no_word(plain, index)):
            characters[index] = " "
    return "".join(characters)


def _begins_word(plain: str, index: int) -> bool:
    return (index == 0 or plain[index - 1] in " (") and bool(plain[index + 1 : index + 2].strip())


def _belongs_to_no_word(plain: str, index: int) -> bool:
    """An apostrophe that opens a quotation; a plus or a dash with a blank behind it."""
    if plain[index] in "'’‘":
        return index == 0 or not plain[index - 1].isalnum()
    return plain[index] in "+-" and not plain[index + 1 : index + 2].strip()


def _lexed(plain: str, text: str) -> list[LexToken]:
    lexer = luqum_lexer.clone()
    lexer.input(plain)
    tokens = []
    try:
        while (token := lexer.token()) is not None:
            tokens.append(token)
    except IllegalCharacterError as error:
        raise _illegal_character(text, lexer.lexpos) from error
    for token in tokens:
        if token.type == "TERM" and (quote := re.search(r'(?<!\\)(?:\\\\)*"', token.value.value)):
            at = token.lexpos + quote.end() - 1
            raise QueryError(
                "A quote cannot stand inside a word; put a blank before it or take it away", text, at
            )
        if token.type in _NUMBERED and str(token.value) and not str(token.value).isdecimal():
            raise QueryError(
                f'A whole number follows "{_NUMBERED[token.type]}", not "{token.value}"', text, token.lexpos
            )
    return tokens


def _illegal_character(text: str, position: int) -> QueryError:
    character = text[position]
    if character in '"“”„‟«»＂':
        return QueryError("This quote is not closed; add a closing quote", text, position)
    if character == "/":
        return QueryError('A word cannot begin with "/"; put it in quotes', text, position)
    if character == "\\":
        return QueryError("Nothing follows this backslash; take it away", text, position)
    return QueryError(f'"{character}" cannot stand here; put the word in quotes', text, position)


def _operators(tokens: Sequence[LexToken]) -> list[LexToken]:
    """Operators in any case; TO only inside ranges."""
    in_range = False
    for token in tokens:
        if token.type in ("LBRACKET", "RBRACKET"):
            in_range = token.type == "LBRACKET"
        elif token.type == "TERM":
            typed = token.value.value
            if in_range and typed.lower() == "to":
                _retype(token, "TO", typed)
            elif not in_range and typed.lower() in _OPERATORS:
                _retype(token, _OPERATORS[typed.lower()], typed)
    return list(tokens)


def _retype(token: LexToken, kind: str, typed: str) -> None:
    value = TokenValue(typed)
    value.pos, value.size, value.head, value.tail = (
        token.lexpos,
        len(typed),
        token.value.head,
        token.value.tail,
    )
    token.type, token.value = kind, value


def _joined(tokens: Sequence[LexToken]) -> list[LexToken]:
    """With an AND between operands that stand side by side."""
    joined: list[LexToken] = []
    in_range = False
    for token in tokens:
        previous = joined[-1].type if joined else ""
        if previous in _ENDS_OPERAND and token.type in _BEGINS_OPERAND and not in_range:
            joined.append(_and_before(token))
        if token.type in ("LBRACKET", "RBRACKET"):
            in_range = token.type == "LBRACKET"
        joined.append(token)
    return joined


def _and_before(token: LexToken) -> LexToken:
    value = TokenValue("AND")
    value.pos, value.size = token.lexpos, 0
    between = LexToken()
    between.type, between.value, between.lexpos, between.lineno = "AND_OP", value, token.lexpos, token.lineno
    return between


def _check_brackets(tokens: Sequence[LexToken], text: str) -> None:
    opened: list[LexToken] = []
    for token in tokens:
        if token.type in ("LPAREN", "LBRACKET"):
            opened.append(token)
        elif token.type in ("RPAREN", "RBRACKET"):
            wanted = "LPAREN" if token.type == "RPAREN" else "LBRACKET"
            if not opened or opened[-1].type != wanted:
                raise QueryError(f'Nothing is open that this "{token.value}" could close', text, token.lexpos)
            opened.pop()
    if opened:
        raise QueryError(f'This "{opened[-1].value}" is not closed', text, opened[-1].lexpos)


def _check_limits(tokens: Sequence[LexToken], text: str) -> None:
    terms = depth = prefixes = 0
    for token in tokens:
        if token.type in ("LPAREN", "RPAREN"):
            depth += 1 if token.type == "LPAREN" else -1
        prefixes = (
            prefixes + 1 if token.type in _PREFIXES else prefixes if token.type in ("TERM", "LPAREN") else 0
        )
        terms += token.type in ("TERM", "PHRASE", "REGEX")
        if depth + prefixes > MAX_DEPTH:
            raise QueryError(
                f"The query is nested deeper than {MAX_DEPTH} levels; simplify it", text, token.lexpos
            )
        if terms > MAX_TERMS:
            raise QueryError(f"The query has more than {MAX_TERMS} terms; split it", text, token.lexpos)


def _syntax_error(text: str, tokens: Sequence[LexToken], handed_out: Sequence[LexToken]) -> QueryError:
    """What is wrong at the token that the grammar refused: the last one it was given, or the end."""
    refused = handed_out[-1]
    before = handed_out[-2].type if len(handed_out) > 1 else ""
    if len(handed_out) == len(tokens) and refused.type in {"AND_OP", "OR_OP"} | _PREFIXES:
        return QueryError("The query breaks off here; something to search for must follow", text, len(text))
    typed = str(refused.value)
    if isinstance(refused.value, Word):
        typed = refused.value.value
    if refused.type in ("AND_OP", "OR_OP"):
        return QueryError(f'"{typed}" needs something to search for on both sides', text, refused.lexpos)
    if refused.type == "RPAREN" and before == "LPAREN":
        return QueryError("There is nothing between these parentheses", text, refused.lexpos)
    if refused.type == "RPAREN":
        return QueryError("Something to search for is missing before this parenthesis", text, refused.lexpos)
    if refused.type == "COLUMN":
        return QueryError(
            'A ":" must follow the name of a field; put the text in quotes', text, refused.lexpos
        )
    if any(token.type == "LBRACKET" for token in handed_out[-5:]):
        return QueryError(
            "A range looks like [2025-03-01 TO 2025-03-18], with * for an open end", text, refused.lexpos
        )
    return QueryError(
        f'"{typed}" cannot stand here; put it in quotes if you look for it', text, refused.lexpos
    )
