"""What a message says, complete in itself: written to `notification.content` as JSON, rendered when it is sent.

Every text in here is one clean line (`notify.clean`), every link a checked http(s) address or "", every time an
RFC 3339 string in UTC. So a message can be shown and sent again without looking anything up.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class AlertLine:
    """The alert that speaks. `zone`: the time zone its recipients read times in."""

    id: int
    name: str
    query: str
    zone: str


@dataclass(frozen=True, slots=True)
class Quote:
    """An evidence sentence with its source. `marks`: half-open spans of `sentence` that matched."""

    sentence: str
    outlet: str
    side: str
    url: str
    title: str
    published: str
    seen: str
    language: str = ""
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class NewsLine:
    """One thing that is new, in words, with its evidence. `certainty` in words."""

    headline: str
    quote: Quote
    certainty: str = ""


@dataclass(frozen=True, slots=True)
class SideLine:
    """Who of one side reports it."""

    side: str
    outlets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelLine:
    """A label that the leading article carries, its score in words."""

    facet: str
    name: str
    certainty: str


@dataclass(frozen=True, slots=True)
class News:
    """An instant message about one story. `sources`: independent ones. `note`: what the reader must know of the cadence."""

    alert: AlertLine
    subject: str
    story: str
    story_title: str
    issue: str
    lines: tuple[NewsLine, ...]
    labels: tuple[LabelLine, ...]
    sides: tuple[SideLine, ...]
    sources: int
    status: str = ""
    thread: str = ""
    follow_up: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What a message said and a correction by hand took back."""

    alert: AlertLine
    subject: str
    story: str
    story_title: str
    lines: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class BriefItem:
    """One story of a digest or briefing. `headlines`: its developments in words, or its title."""

    story: str
    headlines: tuple[str, ...]
    quote: Quote
    sources: int
    sides: tuple[str, ...]
    status: str = ""


@dataclass(frozen=True, slots=True)
class BriefSection:
    """Stories under one issue."""

    issue: str
    items: tuple[BriefItem, ...]


@dataclass(frozen=True, slots=True)
class PartyLine:
    """What one party says: its latest positions in words, with the sentence of the last. `repeated`: that sentence
    stands further up already."""

    party: str
    headlines: tuple[str, ...]
    quote: Quote
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class DateLine:
    """An announced date to watch. `when`: "Fri 21 Mar", in the reader's zone."""

    when: str
    headline: str
    quote: Quote


@dataclass(frozen=True, slots=True)
class Coverage:
    """How well the period was watched. Hours; `gaps` and `failing` in words."""

    hours: float
    watched_h: float
    articles: int
    outlets: int
    gaps: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Brief:
    """A briefing over a period: for everything, or, as a digest, for what is new to one alert."""

    title: str
    since: str
    until: str
    zone: str
    sections: tuple[BriefSection, ...]
    more: tuple[BriefItem, ...] = ()
    left_out: int = 0
    parties: tuple[PartyLine, ...] = ()
    disputed: tuple[BriefItem, ...] = ()
    dates: tuple[DateLine, ...] = ()
    near_misses: tuple[NewsLine, ...] = ()
    coverage: Coverage | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """A brief that goes out for an alert. `note`: why these stories come together and now."""

    alert: AlertLine
    subject: str
    brief: Brief
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plain:
    """A message of our own to an operator or for a test: a subject and paragraphs."""

    subject: str
    paragraphs: tuple[str, ...]


Message = News | Withdrawn | Digest | Plain
KINDS: Mapping[str, type[Message]] = {"news": News, "withdrawn": Withdrawn, "digest": Digest, "plain": Plain}


def to_json(message: Message) -> dict[str, Any]:
    """The message as JSON values; `kind` tells which it is."""
    kind = next(name for name, known in KINDS.items() if isinstance(message, known))
    return {"kind": kind, **asdict(message)}


def from_json(stored: Mapping[str, Any]) -> Message:
    """The inverse of `to_json`. Raises KeyError or TypeError for what was never written by it."""
    return _build(KINDS[stored["kind"]], {name: value for name, value in stored.items() if name != "kind"})


def _build(kind: type[Content], values: Mapping[str, Any]) -> Content:
    hints = get_type_hints(kind)
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: _value(hints[name], value) for name, value in values.items() if name in known})


def _value(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if get_origin(hint) in (Union, UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        return tuple(_value(inner, item) for item in value)
    return _build(hint, value) if isinstance(value, Mapping) else value
