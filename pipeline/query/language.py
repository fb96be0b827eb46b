"""A typed string to a `Query`: the language of docs/query-language.md, parsed once for every back end.

Grammar and precedence are `syntax`'s, the rule of one position is `positions`'s; this module gives the leaves their
meaning: fields, labels, times, words.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from luqum import tree as luqum

from pipeline.errors import QueryError
from pipeline.query import fold, positions, syntax, times
from pipeline.query.fields import CLOSED_VALUES, DEFAULT_TEXT_FIELDS, FIELDS, QueryField
from pipeline.query.labels import OTHER, Labels
from pipeline.query.nodes import (
    ANY,
    All,
    And,
    Between,
    Exists,
    Node,
    Not,
    Or,
    PositionPart,
    PositionTerm,
    Query,
    TimeField,
    Value,
    ValuePattern,
    Wildcard,
    Words,
)

MIN_PREFIX = 2
"""Letters that must stand before the first wildcard; fewer would run over too much of the list of words."""

MAX_PHRASE = 100
"""Words in a row that can be looked for: longer than any sentence, and a phrase costs by its length in every article."""


def parse(text: str, *, labels: Labels, now: datetime, zone: str = "UTC") -> Query:
    """Understand a search string.

    `labels` resolves the values of label fields; `now` (aware) is what relative times count from; `zone` (IANA) says
    whose days are meant. A blank string finds every article. Raises QueryError, which carries the place and what to do.
    """
    try:
        days = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise QueryError(f'There is no time zone "{zone}"; use a name like Europe/Kyiv', text, 0) from error
    parsed = syntax.tree(text)
    if parsed is None:
        return Query(text, All())
    root = _Reader(text, labels, now.astimezone(UTC), days).read(parsed, None)
    if root is None:
        raise syntax.nothing_to_find(text)
    return Query(text, positions.settled(root))


@dataclass(frozen=True, slots=True)
class _Reader:
    """One parse: luqum's items to nodes. None is "nothing to search for" (a lone dash) and drops out."""

    text: str
    labels: Labels
    now: datetime
    zone: ZoneInfo

    def read(self, item: luqum.Item, field: QueryField | None) -> Node | None:
        match item:
            case luqum.SearchField():
                return self._field(item, field)
            case luqum.Group() | luqum.FieldGroup():
                inner = self.read(item.expr, field)
                return inner if inner is None else positions.sealed(inner)
            case luqum.AndOperation():
                return _joined(And, [self.read(child, field) for child in item.operands])
            case luqum.OrOperation():
                return _joined(Or, [self.read(child, field) for child in item.operands])
            case luqum.Not() | luqum.Prohibit():
                inner = self.read(item.a, field)
                return inner if inner is None else Not(inner, inner.at)
            case luqum.Plus():
                return self.read(item.a, field)
            case luqum.Word():
                return self._word(item, field)
            case luqum.Phrase():
                return self._phrase(item, field)
            case luqum.Range() | luqum.From() | luqum.To():
                return self._range(item, field)
            case _:
                raise self._unsupported(item)

    def error(self, message: str, at: int) -> QueryError:
        return QueryError(message, self.text, at)

    def _unsupported(self, item: luqum.Item) -> QueryError:
        at = _place(item)
        match item:
            case luqum.Proximity():
                return self.error('Words near each other ("…"~2) cannot be searched for; leave the ~ out', at)
            case luqum.Fuzzy():
                return self.error(
                    "Fuzzy words (~) cannot be searched for; use a wildcard such as zelensk*", at
                )
            case luqum.Boost():
                return self.error("Weights (^) are not known here; leave the ^ out", at)
            case luqum.Regex():
                return self.error(
                    "Regular expressions (/…/) cannot be searched for; use wildcards or quotes", at
                )
        return self.error("This cannot be searched for", at)

    def _field(self, item: luqum.SearchField, outer: QueryField | None) -> Node | None:
        at = _place(item)
        if outer is not None:
            raise self.error(f"A field cannot stand inside the parentheses of another ({outer.name})", at)
        if item.name == "*" and isinstance(item.expr, luqum.Word) and item.expr.value == "*":
            return All(at)
        field = FIELDS.get(item.name.lower())
        if field is None:
            near = _nearest(item.name.lower(), FIELDS)
            advice = f"did you mean {near}?" if near else f"fields are {', '.join(FIELDS)}."
            raise self.error(
                f'There is no field "{item.name}"; {advice} To find the text itself, put it in quotes', at
            )
        return self.read(item.expr, field)

    def _word(self, item: luqum.Word, field: QueryField | None) -> Node | None:
        typed, at = str(item.value), _place(item)
        literal = re.sub(r"\\(.)", r"\1", typed)
        if not re.search(r"(?<!\\)(?:\\\\)*[*?]", typed):
            return self._leaf(literal, at, field)
        if set(literal) == {"*"}:
            return self._any(at, field)
        return self._wildcard(literal, at, field)

    def _phrase(self, item: luqum.Phrase, field: QueryField | None) -> Node | None:
        return self._leaf(re.sub(r"\\(.)", r"\1", str(item.value)[1:-1]), _place(item), field)

    def _leaf(self, typed: str, at: int, field: QueryField | None) -> Node | None:
        if field is None or field.kind == "text":
            stems = tuple(fold.stems(typed))
            if len(stems) > MAX_PHRASE:
                raise self.error(
                    f"A phrase has at most {MAX_PHRASE} words, this one {len(stems):,}; search for a part of it",
                    at,
                )
            return Words(_text_fields(field), stems, typed, at) if stems else None
        match field.kind:
            case "label":
                return Value(field.name, self._label(field, typed, at), typed, at)
            case "position":
                return PositionTerm(_part(field), self._label(field, typed, at), typed, at)
            case "time":
                span = self._time(typed, at)
                return Between(_time_field(field), span.start, span.end, typed, at)
            case "id":
                return Value(field.name, typed, typed, at)
            case _:
                return Value(field.name, self._keyword(field, typed, at), typed, at)

    def _label(self, field: QueryField, typed: str, at: int) -> str:
        facet = field.facet or field.name
        known = [*self.labels.ids(facet), *([OTHER] if field.name in ("by", "against") else [])]
        if typed.strip().lower() in known:
            return typed.strip().lower()
        label = self.labels.resolve(facet, typed)
        if label is None:
            near = _nearest(typed.lower(), known)
            advice = f"did you mean {near}?" if near else f"it takes {', '.join(known) or 'no values yet'}"
            raise self.error(f'"{typed}" is not known in the field {field.name}; {advice}', at)
        return label

    def _keyword(self, field: QueryField, typed: str, at: int) -> str:
        if not typed.strip():
            raise self.error(f"The field {field.name} needs a value", at)
        closed = CLOSED_VALUES.get(field.name)
        if closed is None:
            if field.name == "country" and not re.fullmatch(r"[A-Za-z]{2}", typed):
                raise self.error("A country is its two letters, like UA, RU, US, GB", at)
            if field.name == "language" and not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", typed):
                raise self.error("A language is its tag, like en, uk, ru", at)
            return fold.key(typed)
        value = next((value for value in closed if fold.key(value) == fold.key(typed)), None)
        if value is None:
            raise self.error(f'The field {field.name} takes {", ".join(closed)}, not "{typed}"', at)
        return value if field.kind == "flag" else fold.key(value)

    def _any(self, at: int, field: QueryField | None) -> Node:
        if field is None:
            return All(at)
        if field.kind == "position":
            return PositionTerm(_part(field), ANY, ANY, at)
        return Exists(field.name, at)

    def _wildcard(self, typed: str, at: int, field: QueryField | None) -> Node:
        letters = re.split(r"[*?]", typed, maxsplit=1)[0]
        if len(fold.key(letters).replace(" ", "")) < MIN_PREFIX or not fold.tokens(letters):
            raise self.error(f"At least {MIN_PREFIX} letters must stand before the first * or ?", at)
        if field is None or field.kind == "text":
            pattern = fold.pattern(typed)
            if pattern is None:
                raise self.error(
                    "A wildcard works inside one word; write the parts as words of their own", at
                )
            return Wildcard(_text_fields(field), pattern, fold.spellings_of(pattern), typed, at)
        if field.kind in ("time", "id"):
            raise self.error(f"The field {field.name} takes no wildcards", at)
        pattern = fold.pattern(typed, separators=True) or ""
        if field.kind == "keyword" and field.name not in CLOSED_VALUES:
            return ValuePattern(field.name, pattern, typed, at)
        return self._expanded(field, pattern, typed, at)

    def _expanded(self, field: QueryField, pattern: str, typed: str, at: int) -> Node:
        """The values of a field with a known list that fit a pattern."""
        known = CLOSED_VALUES.get(field.name) or self.labels.ids(field.facet or field.name)
        fits = re.compile(fold.wildcard_regex(pattern)).fullmatch
        leaves: list[Node | None] = [self._leaf(value, at, field) for value in known if fits(fold.key(value))]
        found = _joined(Or, leaves)
        if found is None:
            raise self.error(
                f'No value of the field {field.name} begins like "{typed}"; it takes {", ".join(known)}', at
            )
        return found

    def _range(self, item: luqum.Range | luqum.From | luqum.To, field: QueryField | None) -> Node:
        at = _place(item)
        if field is None or field.kind != "time":
            named = f"The field {field.name} takes" if field else "Words take"
            raise self.error(f"{named} no ranges; only published and seen do", at)
        match item:
            case luqum.Range():
                since = self._bound(item.low, low=True, included=bool(item.include_low))
                until = self._bound(item.high, low=False, included=bool(item.include_high))
                typed = f"{item.low} to {item.high}"
            case luqum.From():
                since, until = self._bound(item.a, low=True, included=bool(item.include)), None
                typed = f"from {item.a}"
            case _:
                since, until = None, self._bound(item.a, low=False, included=bool(item.include))
                typed = f"to {item.a}"
        if since is not None and until is not None and since >= until:
            raise self.error("This range ends before it begins", at)
        return Between(_time_field(field), since, until, typed, at)

    def _bound(self, item: luqum.Item, *, low: bool, included: bool) -> datetime | None:
        at = _place(item)
        if isinstance(item, luqum.Phrase):
            typed = str(item.value)[1:-1]
        elif isinstance(item, luqum.Word):
            typed = str(item.value)
        else:
            raise self.error(f"A bound is {times.EXPECTED}", at)
        if typed == "*":
            return None
        span = self._time(typed, at)
        return span.start if low == included else span.end

    def _time(self, typed: str, at: int) -> times.Span:
        try:
            return times.span(typed, self.now, self.zone)
        except (ValueError, OverflowError) as error:
            raise self.error(f'"{typed}" is not a time: expected {times.EXPECTED}', at) from error


def _place(item: luqum.Item) -> int:
    """Where an item begins. luqum counts blanks before some items as part of them."""
    match item:
        case luqum.Proximity() | luqum.Fuzzy() | luqum.Boost():
            children: Sequence[luqum.Item] = item.children
            return _place(children[0])
    return int(item.pos or 0)


def _nearest(typed: str, known: Iterable[str]) -> str:
    return " or ".join(difflib.get_close_matches(typed, list(known), n=3, cutoff=0.6))


def _text_fields(field: QueryField | None) -> tuple[str, ...]:
    return DEFAULT_TEXT_FIELDS if field is None else (field.name,)


def _part(field: QueryField) -> PositionPart:
    parts: dict[str, PositionPart] = {
        "development": "development", "by": "by", "against": "against", "detail": "detail",
    }  # fmt: skip
    return parts[field.name]


def _time_field(field: QueryField) -> TimeField:
    return "published" if field.name == "published" else "seen"


def _joined(kind: type[And] | type[Or], children: Iterable[Node | None]) -> Node | None:
    present = [child for child in children if child is not None]
    if len(present) < 2:
        return present[0] if present else None
    return kind(tuple(present), present[0].at)
