"""A query in plain words, for mails ("why this fired") and the page ("you asked for"). Pure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

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
)

LabelName = Callable[[str, str], str]
"""(facet, id) -> what people call it. Facet is actor, issue, development or detail."""

_FLAGS = {
    "uncertain": "it has uncertain labels",
    "copy": "it is a copy of another article",
    "corrected": "an analyst corrected it",
    "disputed": "its story is disputed",
}
_SUBJECTS = {
    "actor": "{} acts or is acted on",
    "issue": "the issue is {}",
    "development": "“{}” is reported",
    "detail": "the detail is “{}”",
    "by": "{} did something",
    "against": "something was done to {}",
    "outlet": "the outlet is {}",
    "owner": "the outlet belongs to {}",
    "side": "the outlet is of side {}",
    "control": "the outlet's control is {}",
    "country": "the outlet is in {}",
    "kind": "the outlet is of kind {}",
    "form": "its form is {}",
    "language": "its language is {}",
    "feed": "it came by the feed {}",
    "tag": "its story is tagged {}",
    "story": "it belongs to the story {}",
    "thread": "it belongs to the thread {}",
}
_OF_AN_ACT = {"development": "{}", "by": "by {}", "against": "against {}", "detail": "{}"}
_HELD = {
    "actor": "somebody acts",
    "issue": "it has an issue",
    "development": "a development is reported",
    "detail": "it says which way something went",
    "by": "it says who did something",
    "against": "it says to whom something was done",
    "thread": "it belongs to a thread",
    "name": "it names somebody",
    "place": "it names a place",
    "tag": "an analyst tagged its story",
    "is": "something is to be said of it",
}


def in_words(query: Query, *, names: LabelName | None = None, zone: str = "UTC") -> str:
    """What the query asks, as one sentence. `names` gives labels their display names; times are told in `zone`."""
    if isinstance(query.root, All):
        return "every article"
    return "articles where " + _Teller(names or (lambda facet, label: label), ZoneInfo(zone)).tell(query.root)


class _Teller:
    def __init__(self, names: LabelName, zone: ZoneInfo) -> None:
        self._names = names
        self._zone = zone

    def tell(self, node: Node, outer: type | None = None) -> str:
        match node:
            case All():
                return "anything holds"
            case And(children):
                return self._list(children, " and ", And, outer)
            case Or(children):
                return self._list(children, " or ", Or, outer)
            case Not(child):
                return (
                    f"not {self.tell(child, Not)}"
                    if _is_of_an_act(child)
                    else f"it is not so that {self.tell(child, Not)}"
                )
            case Position(term):
                return f"one act in it is {self.tell(term, Position)}"
            case PositionTerm(part, value):
                facet = "actor" if part in ("by", "against") else part
                return _OF_AN_ACT[part].format("somebody" if value == ANY else self._names(facet, value))
            case Value(field, value):
                return self._value(field, value, node.typed)
            case _:
                return self._leaf(node)

    def _list(self, children: tuple[Node, ...], glue: str, kind: type, outer: type | None) -> str:
        told = glue.join(self.tell(child, kind) for child in children)
        return told if outer in (None, Position) else f"({told})"

    def _value(self, field: str, value: str, typed: str) -> str:
        if field == "is":
            return _FLAGS[value]
        if field == "uncertain":
            facet, _, label = value.partition(":")
            return f"it may be about {self._names(facet, label)} (uncertain)"
        facet = "actor" if field in ("by", "against") else field
        known = field in ("actor", "issue", "development", "detail", "by", "against")
        return _SUBJECTS[field].format(self._names(facet, value) if known else typed or value)

    def _leaf(self, node: Node) -> str:
        match node:
            case Words(fields):
                return f"{_where(fields)} has “{node.typed}”"
            case Wildcard(fields):
                return f"{_where(fields)} has a word like “{node.typed}”"
            case ValuePattern(field):
                return _SUBJECTS[field].format(f"like “{node.typed}”")
            case Exists(field):
                return _HELD.get(field, f"its {field} is known")
            case Between(field, since, until):
                return f"it was {'published' if field == 'published' else 'first seen'} {self._span(since, until)}"
        raise TypeError(f"{type(node).__name__} cannot be said")

    def _span(self, since: datetime | None, until: datetime | None) -> str:
        last = None if until is None else until - timedelta(milliseconds=1)
        if since is None and last is None:
            return "at any time"
        if since is None:
            return f"until {self._moment(last, end=True)}"
        if last is None:
            return f"from {self._moment(since)} on"
        if self._is_day(since, last):
            return f"on {self._moment(since)}"
        return f"from {self._moment(since)} to {self._moment(last, end=True)}"

    def _is_day(self, since: datetime, last: datetime) -> bool:
        first = since.astimezone(self._zone)
        return (
            first.date() == last.astimezone(self._zone).date()
            and self._whole(since)
            and self._whole(last, end=True)
        )

    def _whole(self, moment: datetime, end: bool = False) -> bool:
        local = (moment + timedelta(milliseconds=end)).astimezone(self._zone)
        return (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)

    def _moment(self, moment: datetime | None, end: bool = False) -> str:
        if moment is None:
            return "now"
        local = moment.astimezone(self._zone)
        day = f"{local.day} {local:%B %Y}"
        return day if self._whole(moment, end) else f"{day}, {local:%H:%M} {self._zone.key}"


def _is_of_an_act(node: Node) -> bool:
    return isinstance(node, PositionTerm) or (
        isinstance(node, And | Or) and all(map(_is_of_an_act, node.children))
    )


def _where(fields: tuple[str, ...]) -> str:
    """Where words are looked for."""
    if len(fields) > 1:
        return "title or text"
    return {
        "title": "the title",
        "text": "the text",
        "name": "a name in it",
        "place": "a place in it",
    }[fields[0]]
