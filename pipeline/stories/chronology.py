"""A thread as a reader follows it: what happened when, and where each party stands on each issue by its latest word."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from classifiers.types import Position
from pipeline.types import ID_SHOWN


@dataclass(frozen=True, slots=True)
class Step:
    """One story of a thread, as a line of its chronology. Times are UTC."""

    story: str
    title: str
    first_seen: datetime
    last_seen: datetime
    status: str | None
    articles: int


@dataclass(frozen=True, slots=True)
class Word:
    """What one article reports of the parties' acts. `issues` are its decided issues, without facet."""

    article: str
    outlet: str
    published: datetime
    issues: tuple[str, ...]
    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Stand:
    """The latest act of a party on an issue: which, by whose report, with its sentence."""

    party: str
    issue: str
    development: str
    detail: str | None
    published: datetime
    article: str
    outlet: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ThreadView:
    """A thread to be shown: its steps, the earliest first, and the table party x issue."""

    id: str
    name: str | None
    title: str
    followed: bool
    steps: tuple[Step, ...]
    stands: tuple[Stand, ...]


def latest_stands(words: Iterable[Word]) -> list[Stand]:
    """One row for each party and issue: the act that was reported last; sorted by party, then issue."""
    latest: dict[tuple[str, str], Stand] = {}
    for word in sorted(words, key=lambda word: (word.published, word.article)):
        for position in word.positions:
            for party in position.by:
                for issue in word.issues:
                    latest[party, issue] = Stand(
                        party, issue, position.development, position.detail, word.published, word.article, word.outlet,
                        position.sentence,
                    )  # fmt: skip
    return [latest[key] for key in sorted(latest)]


def as_text(view: ThreadView) -> str:
    """The thread in plain text: chronology, then the table. Times in UTC."""
    lines = [view.name or view.title, ""]
    lines += [_step_line(step) for step in view.steps]
    if view.stands:
        lines += ["", "Latest by party and issue", *_table(view.stands)]
    return "\n".join(lines) + "\n"


def _step_line(step: Step) -> str:
    status = f", {step.status}" if step.status else ""
    articles = "1 article" if step.articles == 1 else f"{step.articles} articles"
    return f"{step.first_seen:%Y-%m-%d %H:%M} UTC  {step.title}  ({articles}{status}, story {step.story[:ID_SHOWN]})"


def _table(stands: Sequence[Stand]) -> list[str]:
    rows = [
        (
            stand.party,
            stand.issue,
            stand.development + (f" ({stand.detail})" if stand.detail else ""),
            f"{stand.published:%Y-%m-%d %H:%M}",
            stand.outlet,
        )
        for stand in stands
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
