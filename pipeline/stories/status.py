"""How well a story stands: who reports it, who claims it, and what the two make of it.

`reported by` counts independent sources: an owner counts once whatever its number of outlets, and so does a wire text
whoever prints it. `claimed by` are the parties whose acts the positions tell. The parties are the two that fight.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from classifiers.types import Position

Status = Literal["single-source", "claimed", "acknowledged", "disputed", "denied", "withdrawn"]
PARTIES = frozenset({"ukraine", "russia"})

YES = frozenset({"accepted", "deal-reached"})
CONSENT = YES | {"talks-held", "exchange-carried-out"}
"""Developments by which a party owns up to what the story tells: by saying yes, or by taking part. Who takes part in
talks may well refuse there: only a yes is at odds with a no."""
AGENCIES = (
    "Reuters",
    "AP",
    "AFP",
    "PAP",
    "Ukrinform",
    "Interfax",
    "TASS",
    "RIA",
    "dpa",
    "ANSA",
    "EFE",
    "Xinhua",
    "UPI",
    "Bloomberg",
)
_NAMED = "|".join(map(re.escape, AGENCIES))
_DATELINE = re.compile(rf"\(({_NAMED})\)\s*[-–—:]|[-–—(/]\s*({_NAMED})\)?\s*$|^({_NAMED})\s*[-–—:]")
"""An agency named as the text's origin: at the dateline, or signed at the end; quoting one in the text is no origin."""


@dataclass(frozen=True, slots=True)
class Report:
    """One article of a story, as its standing depends on it. `published`: UTC. `withdrawn`: a person took back all
    that it told."""

    id: str
    outlet: str
    owner: str
    side: str
    control: str
    published: datetime
    title: str
    text: str
    copy_of: str | None = None
    positions: tuple[Position, ...] = ()
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a story. `status` is None for a plain story of several independent sources.

    `sources`: names of the independent sources (owners, wires). `sides` and `controls`: outlets by those of theirs.
    `claimed_by`: parties and other actors whose acts are told. `why` says in words what decided.
    """

    status: Status | None
    why: str
    sources: tuple[str, ...]
    sides: dict[str, tuple[str, ...]]
    controls: dict[str, tuple[str, ...]]
    claimed_by: tuple[str, ...]


def standing(reports: Sequence[Report]) -> Standing:
    """Judge a story by its articles, in any order."""
    ordered = sorted(reports, key=lambda report: (report.published, report.id))
    sources = independent_sources(ordered)
    status, why = _status(ordered, sources)
    claimants = {actor for report in ordered for position in report.positions for actor in position.by}
    return Standing(
        status,
        why,
        tuple(sources),
        _outlets_by(ordered, "side"),
        _outlets_by(ordered, "control"),
        tuple(sorted(claimants)),
    )


def independent_sources(reports: Iterable[Report]) -> list[str]:
    """Owners that tell it in their own words, then wires that nobody of these prints; alphabetical each."""
    own: set[str] = set()
    carriers: dict[str, set[str]] = {}
    listed = list(reports)
    origins = {report.id: wire_origin(report) for report in listed}
    shared = {report.copy_of for report in listed if report.copy_of is not None}
    for report in listed:
        group = report.copy_of or (report.id if report.id in shared else None)
        agency = origins.get(group or report.id) or origins[report.id]
        if agency is not None:
            carriers.setdefault(agency, set()).add(report.owner)
        elif group is not None:
            carriers.setdefault(f"text {group}", set()).add(report.owner)
        else:
            own.add(report.owner)
    wires = [wire for wire, owners in carriers.items() if not owners & own]
    return sorted(own) + sorted(wires)


def wire_origin(report: Report) -> str | None:
    """The agency that the text names as its origin."""
    text = report.text.strip()
    found = _DATELINE.search(text[:160]) or _DATELINE.search(text[-40:])
    return next((group for group in found.groups() if group), None) if found else None


def _status(reports: Sequence[Report], sources: Sequence[str]) -> tuple[Status | None, str]:
    if reports and all(report.withdrawn for report in reports):
        return "withdrawn", "what it told was taken back"
    latest = max(
        ((moment, order, status, why) for order, (status, moment, why) in enumerate(_contested(reports))),
        default=None,
    )
    if latest is not None:
        return latest[2], latest[3]
    sides = {report.side for report in reports}
    if len(sides) == 1 and sides <= PARTIES:
        return "claimed", f"only outlets of {next(iter(sides))} tell it"
    if len(sources) == 1:
        return "single-source", f"only {sources[0]} tells it"
    return None, "several independent sources"


def _contested(reports: Sequence[Report]) -> list[tuple[Status, datetime, str]]:
    """What the parties' own accounts make of it, each with the time from which it holds. Later ones win."""
    found: list[tuple[Status, datetime, str]] = []
    accusers: dict[str, datetime] = {}
    consenting: dict[str, datetime] = {}
    agreeing: dict[str, datetime] = {}
    refusing: dict[str, datetime] = {}
    for moment, position in [
        (report.published, position) for report in reports for position in report.positions
    ]:
        parties = PARTIES & set(position.by)
        if position.development == "violation-reported" and position.detail == "denied":
            found += [("denied", moment, f"{party} denies it") for party in parties]
        elif position.development == "violation-reported":
            for party in parties:
                accusers.setdefault(party, moment)
        elif position.development == "rejected":
            refusing.update(dict.fromkeys(parties, moment))
        elif position.development in CONSENT:
            consenting.update(dict.fromkeys(parties, moment))
            if position.development in YES:
                agreeing.update(dict.fromkeys(parties, moment))
    found += [
        ("disputed", report.published, "each side names the other as the attacker")
        for report in reports
        if _both_blamed(report)
    ]
    if accusers.keys() >= PARTIES:
        found.append(("disputed", max(accusers.values()), "both parties accuse each other"))
    if consenting.keys() >= PARTIES:
        found.append(("acknowledged", max(consenting.values()), "both parties accept it or take part"))
    found += [
        ("disputed", max(agreeing[party], refusing[party]), f"accounts of {party}'s answer differ")
        for party in sorted(agreeing.keys() & refusing.keys())
    ]
    return found


def _both_blamed(report: Report) -> bool:
    """Whether one sentence names either party as the attacker; two sentences may tell of two attacks."""
    blamed: dict[str, set[str]] = {}
    for position in report.positions:
        if position.development == "attack-reported" and position.sentence:
            blamed.setdefault(position.sentence, set()).update(PARTIES & set(position.by))
    return any(parties >= PARTIES for parties in blamed.values())


def _outlets_by(reports: Sequence[Report], field: Literal["side", "control"]) -> dict[str, tuple[str, ...]]:
    grouped: dict[str, dict[str, None]] = {}
    for report in reports:
        value = report.side if field == "side" else report.control
        grouped.setdefault(value, {})[report.outlet] = None
    return {value: tuple(outlets) for value, outlets in sorted(grouped.items())}
