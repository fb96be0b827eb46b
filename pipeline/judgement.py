"""What analysts say of a story, as values: a verdict, notes, tags of their own. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Kind = Literal["verdict", "note", "tag"]
Standing = Literal["unverified", "corroborated", "confirmed", "disputed", "false"]
STANDINGS: tuple[Standing, ...] = get_args(Standing)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One row of the log. `value` is the verdict or the tag, `note` what was written beside it; `old` is the verdict
    that stood before. Times are UTC."""

    id: int
    kind: Kind
    story: str
    value: str
    note: str
    old: str
    author: str
    at: datetime
    undone: datetime | None = None
    undone_by: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What stands of a story: its verdict (None while nobody gave one), its tags, and its notes, the oldest first."""

    verdict: Judgement | None = None
    tags: tuple[Judgement, ...] = ()
    notes: tuple[Judgement, ...] = ()
