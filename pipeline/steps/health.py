"""Look after the feeds: find those that are unwell, and tell the operator once for each change.

The states and the mail's row in the outbox are written in one transaction: a change is told once, whatever crashes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from pipeline.db import announced, outbox, overview
from pipeline.db import health as rows
from pipeline.health import MONITOR, WELL, Judgement, Known, Record, State, Tally, judge, judge_monitor
from pipeline.notify import clean
from pipeline.notify.content import Plain, to_json
from pipeline.steps.desk import desk_of

if TYPE_CHECKING:
    from pipeline.app import App

WORDS: Mapping[State, str] = {
    "well": "is well again", "failing": "fails", "gone": "is gone", "silent": "is silent",
    "volume": "has changed in volume", "idle": "has stopped polling",
}  # fmt: skip

NAMED_IN_SUBJECT = 2
LISTED = 50
"""Feeds that one mail describes: where more are unwell, the line is down, and the rest says nothing new."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How one feed, or the monitor, is; `changed` since the last look."""

    subject: str
    outlet: str
    state: State
    since: datetime
    detail: str
    changed: bool


@dataclass(frozen=True, slots=True)
class HealthReport:
    """`tally`: the feeds looked at, by their last poll. `recovered`: well again since the last look. `mailed`: a
    message to the operator was put into the outbox by this call."""

    tally: Tally
    unwell: tuple[Finding, ...]
    recovered: tuple[Finding, ...]
    mailed: bool
    problems: tuple[str, ...] = ()

    @property
    def watched(self) -> int:
        """How many feeds were looked at."""
        return self.tally.feeds


def check_health(app: "App", now: Callable[[], datetime]) -> HealthReport:
    """Judge every listed feed and note what is found; what the operator has not heard yet goes into the outbox."""
    moment = now()
    operator = app.settings.operator_mail
    domain = desk_of(app).sender.domain if operator else ""
    with app.database.read() as connection:
        records = rows.records(connection, moment)
        tally = overview.tally(connection)
    with app.database.write() as connection:
        before = rows.known(connection)
        found = _found(records, before, moment)
        outlets = {record.name: record.outlet for record in records}
        news = [name for name, one in found.items() if one.state != one.told]
        if operator and news:
            message = message_of({name: found[name] for name in news}, outlets)
            _post(connection, operator, message, moment, domain)
            found = {name: replace(one, told=one.state) for name, one in found.items()}
        rows.save(connection, found)
    findings = [
        Finding(
            name, outlets.get(name, "this monitor"), one.state, one.since, one.detail,
            before[name].state != one.state if name in before else one.state != "well",
        )
        for name, one in found.items()
    ]  # fmt: skip
    problems = []
    if news and not operator:
        problems.append("nobody was told: set operator_mail (CEASEFIRE_OPERATOR_MAIL)")
    return HealthReport(
        tally,
        tuple(one for one in findings if one.state != "well"),
        tuple(one for one in findings if one.state == "well" and one.changed),
        bool(operator and news),
        tuple(problems),
    )


def _found(records: Sequence[Record], before: Mapping[str, Known], now: datetime) -> dict[str, Known]:
    """How everything is; where nothing was polled, the feeds stay as they were found."""
    ourselves = judge_monitor(records, now)
    judged = {MONITOR: ourselves}
    for record in records:
        known = before.get(record.name)
        if ourselves.state == "idle":
            judged[record.name] = Judgement(known.state, known.detail) if known else WELL
        else:
            judged[record.name] = judge(record, now, known)
    found = {}
    for name, judgement in judged.items():
        known = before.get(name, Known("well", now))
        same = known.state == judgement.state
        found[name] = Known(judgement.state, known.since if same else now, judgement.detail, known.told)
    return found


def message_of(news: Mapping[str, Known], outlets: Mapping[str, str]) -> Plain:
    """What the operator is told of these changes: the unwell first, each with its reason."""
    ordered = sorted(news.items(), key=lambda item: (item[1].state == "well", item[0] != MONITOR, item[0]))

    def line(name: str, one: Known) -> str:
        return f"{outlets.get(name, 'The monitor')} {WORDS[one.state]}"

    headlines = [line(name, one) for name, one in ordered[:NAMED_IN_SUBJECT]]
    more = len(ordered) - len(headlines)
    subject = "; ".join(headlines) + (f"; and {more} more" if more else "")
    paragraphs = [
        f"{line(name, one)} ({name}). {_sentence(one)}".rstrip()
        for name, one in ordered[:LISTED]
    ]  # fmt: skip
    if len(ordered) > LISTED:
        paragraphs.append(f"And {len(ordered) - LISTED} more; `ceasefire health` lists them all.")
    paragraphs.append(
        "This is told once a change. `ceasefire health` shows how all feeds are, `ceasefire feeds check NAME` asks one now."
    )
    return Plain(clean.line(subject, 150), tuple(clean.line(text, 1000) for text in paragraphs))


def _sentence(one: Known) -> str:
    detail = one.detail[:1].upper() + one.detail[1:]
    return detail if not detail or detail.endswith(".") else f"{detail}."


def _post(connection: Connection, operator: str, message: Plain, now: datetime, domain: str) -> None:
    number = announced.reserve_notification(connection, None, None, "operator", now)
    announced.fill_notification(connection, number, message.subject, to_json(message))
    outbox.add(connection, number, "operator", None, [operator], now, domain=domain)
