"""The outbox: one row a (notification, recipient, channel), leased, sent once, never lost (DESIGN.md, "Outbox").

    waiting ── lease, begin ──► sending ── finish ──► sent
       ▲                           │
       ├── retry (4xx, time-out) ──┤        lease ran out: nobody knows whether it left (doubtful)
       │                           ├──► waiting once more with the same Message-ID, or held
       │                           └──► set-aside (5xx, given up), with the reason

`sending` is committed before a message leaves and `sent` after, so that only a crash between the receiver's "250" and
our commit leaves a doubt.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from pipeline.db import schema

Channel = Literal["mail", "webhook", "slack"]
OnDoubt = Literal["resend", "hold"]

LEASE = timedelta(minutes=5)
"""Outlasts the longest send (`SEND_TIMEOUT_S`) several times over: clocks of two senders may differ by minutes."""

SEND_TIMEOUT_S = 60.0
"""A receiver that takes longer for one message is treated as failing; RFC 5321 allows more, analysts do not."""

FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=30)
"""Greylisting asks for minutes; beyond half an hour a repaired server would keep people waiting."""

WITHDRAWN = "withdrawn by a correction before it left"
UNSUBSCRIBED = "the recipient has unsubscribed"
"""Why rows were set aside on purpose; nothing releases those."""

GIVE_UP_AFTER = timedelta(days=4)
"""When a message that is refused for the time being is set aside: RFC 5321, section 4.5.4.1, names 4 to 5 days."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One row of the outbox with what its notification says: all that sending needs. `alert` is None for the operator."""

    id: int
    notification: int
    alert: int | None
    kind: str
    content: Mapping[str, Any]
    created: datetime
    recipient: str
    channel: str
    message_id: str
    in_reply_to: str | None
    attempts: int
    doubtful: int
    leased_by: str


def channel_of(recipient: str) -> Channel:
    """How a recipient is reached: `slack+https://…` and `mattermost+https://…` take chat payloads, http(s):// JSON."""
    if recipient.startswith(("slack+", "mattermost+")):
        return "slack"
    return "webhook" if recipient.startswith(("http://", "https://")) else "mail"


def message_id(
    notification: int, alert: str, story: str | None, recipient: str, created: datetime, domain: str
) -> str:
    """A Message-ID (RFC 5322, 3.6.4) without angle brackets, the same for the same message.

    The alert's name, story and time take part, so that two databases never give one id to different mails.
    """
    seed = "\n".join((str(notification), alert, story or "", recipient, created.isoformat()))
    return f"{hashlib.sha256(seed.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}@{domain}"


def add(
    connection: Connection,
    notification: int,
    alert: str,
    story: str | None,
    recipients: Sequence[str],
    created: datetime,
    *,
    domain: str,
    replies_to: Mapping[str, str] | None = None,
    not_before: datetime | None = None,
) -> int:
    """Put a notification into the outbox for each recipient; once each, whatever is repeated. Returns how many.

    `replies_to`: recipient to the Message-ID that the mail answers.
    """
    rows = [
        {
            "notification": notification, "recipient": recipient, "channel": channel_of(recipient), "state": "waiting",
            "message_id": message_id(notification, alert, story, recipient, created, domain),
            "in_reply_to": (replies_to or {}).get(recipient), "next_try": not_before or created,
        }
        for recipient in dict.fromkeys(recipients)
    ]  # fmt: skip
    if rows:
        connection.execute(insert(schema.outbox), rows)
    return len(rows)


def thread_roots(connection: Connection, alert: int, story: str, thread: str | None) -> dict[str, str]:
    """The mail that later ones about a story answer: recipient to the Message-ID of the alert's first mail about it.

    A story of a thread whose own first mail is yet to come answers the thread's first mail.
    """
    outbox, notification, stories = schema.outbox.c, schema.notification.c, schema.story.c
    same_story = or_(stories.id == story, stories.merged_into == story)
    related = select(stories.id).where(or_(same_story, stories.thread == thread) if thread else same_story)
    rows = connection.execute(
        select(outbox.recipient, outbox.message_id, notification.story, stories.merged_into)
        .join(schema.notification, notification.id == outbox.notification)
        .outerjoin(schema.story, stories.id == notification.story)
        .where(
            notification.alert == alert,
            outbox.channel == "mail",
            or_(notification.story == story, notification.story.in_(related)),
        )
        .order_by(outbox.id)
    ).all()
    roots: dict[str, str] = {}
    own: dict[str, str] = {}
    for row in rows:
        roots.setdefault(row.recipient, row.message_id)
        if story in (row.story, row.merged_into):
            own.setdefault(row.recipient, row.message_id)
    return roots | own


@dataclass(frozen=True, slots=True)
class Posted:
    """One row of a notification, for what answers it."""

    id: int
    recipient: str
    message_id: str
    state: str


def posted(connection: Connection, notification: int) -> list[Posted]:
    """The rows of a notification."""
    table = schema.outbox.c
    rows = connection.execute(
        select(table.id, table.recipient, table.message_id, table.state)
        .where(table.notification == notification)
        .order_by(table.id)
    )
    return [Posted(*row) for row in rows]


def recall(connection: Connection, row: int) -> bool:
    """Take back what a correction withdrew, where no sender has taken the row yet; returns whether it was in time."""
    table = schema.outbox
    return (
        connection.execute(
            update(table)
            .where(table.c.id == row, table.c.state == "waiting", table.c.leased_by.is_(None))
            .values(state="set-aside", error=WITHDRAWN)
        ).rowcount
        == 1
    )


def settle_doubts(
    connection: Connection, now: datetime, on_doubt: OnDoubt, harmless: Collection[str] = ()
) -> dict[str, int]:
    """Decide about rows that a sender left in `sending` past its lease: send once more, or hold.

    `harmless`: channels where sending again cannot repeat anything (the .eml folder); those are not doubtful. A row
    that is doubtful for the second time is held. Returns counts of `resend` and `held`.
    """
    table = schema.outbox
    counts = {"resend": 0, "held": 0}
    stuck = connection.execute(
        select(table.c.id, table.c.channel, table.c.doubtful).where(
            table.c.state == "sending", table.c.leased_until < now
        )
    ).all()
    for row in stuck:
        if row.channel in harmless:
            values: dict[str, Any] = {"state": "waiting"}
        else:
            values = doubt(row.doubtful, on_doubt, "the sender stopped before it could note the outcome")
            counts["resend" if values["state"] == "waiting" else "held"] += 1
        connection.execute(
            update(table)
            .where(table.c.id == row.id, table.c.state == "sending", table.c.leased_until < now)
            .values(**values, leased_until=None, leased_by=None)
        )
    return counts


def doubt(times: int, on_doubt: OnDoubt, why: str) -> dict[str, Any]:
    """What becomes of a row of which nobody knows whether it left, and was so `times` times before."""
    again = on_doubt == "resend" and times == 0
    fate = "it is sent once more with the same Message-ID" if again else "it is held"
    return {"state": "waiting" if again else "held", "doubtful": times + 1, "error": f"{why}; {fate}"}


def claim(connection: Connection, worker: str, now: datetime, limit: int = 20) -> list[Letter]:
    """Lease up to `limit` waiting rows whose time has come, the longest waiting first. Each is one sender's alone."""
    table, note = schema.outbox, schema.notification
    ready = (
        select(table.c.id)
        .where(
            table.c.state == "waiting",
            table.c.next_try <= now,
            or_(table.c.leased_until.is_(None), table.c.leased_until < now),
        )
        .order_by(table.c.next_try, table.c.id)
        .limit(limit)
    )
    if connection.dialect.name == "postgresql":
        ready = ready.with_for_update(skip_locked=True)
    leased = connection.execute(
        update(table)
        .where(table.c.id.in_(ready.scalar_subquery()))
        .values(leased_by=worker, leased_until=now + LEASE)
        .returning(table.c.id)
    ).scalars()
    rows = connection.execute(
        select(table, note.c.alert, note.c.kind, note.c.content, note.c.created)
        .join(note, note.c.id == table.c.notification)
        .where(table.c.id.in_(list(leased)))
        .order_by(table.c.id)
    )
    return [_letter(row) for row in rows]


def begin(connection: Connection, letter: Letter, now: datetime) -> bool:
    """Commit `sending` just before a message leaves. False where the lease is no longer ours or would run out during
    the send: the row is then another sender's business."""
    ends = now + timedelta(seconds=2 * SEND_TIMEOUT_S)
    return _change(
        connection,
        letter,
        schema.outbox.c.leased_until >= ends,
        from_state="waiting",
        state="sending",
        attempts=schema.outbox.c.attempts + 1,
    )


def finish(connection: Connection, letter: Letter, now: datetime) -> bool:
    """The receiver has it."""
    return _change(connection, letter, from_state="sending", state="sent", sent=now, error=None, **_FREE)


def retry(connection: Connection, letter: Letter, now: datetime, error: str) -> bool:
    """It was refused for the time being: again later, ever later, and set aside after `GIVE_UP_AFTER`."""
    if now - letter.created > GIVE_UP_AFTER:
        return set_aside(connection, letter, f"given up after {GIVE_UP_AFTER.days} days: {error}")
    wait = min(FIRST_RETRY * 2 ** min(letter.attempts, 10), LONGEST_RETRY)
    return _change(
        connection, letter, from_state="sending", state="waiting", next_try=now + wait, error=error, **_FREE
    )


def set_aside(connection: Connection, letter: Letter, error: str) -> bool:
    """It can never be delivered; it blocks nothing and is shown with its reason."""
    return _change(connection, letter, from_state=None, state="set-aside", error=error, **_FREE)


def leave_in_doubt(
    connection: Connection, letter: Letter, on_doubt: OnDoubt, error: str, now: datetime
) -> bool:
    """The connection broke after the message was given and before the answer: decided as after a crash."""
    values = doubt(letter.doubtful, on_doubt, error)
    return _change(connection, letter, from_state="sending", next_try=now + FIRST_RETRY, **values, **_FREE)


def release(connection: Connection, letters: Sequence[Letter], not_before: datetime, error: str) -> None:
    """Give leased rows back: the server cannot be used, and nothing was tried on them."""
    for letter in letters:
        _change(
            connection,
            letter,
            schema.outbox.c.state.in_(("waiting", "sending")),
            from_state=None,
            state="waiting",
            next_try=not_before,
            error=error,
            **_FREE,
        )


_FREE: Mapping[str, Any] = {"leased_until": None, "leased_by": None}


def _change(
    connection: Connection, letter: Letter, *conditions: Any, from_state: str | None, **values: Any
) -> bool:
    table = schema.outbox
    statement = update(table).where(
        table.c.id == letter.id, table.c.leased_by == letter.leased_by, *conditions
    )
    if from_state is not None:
        statement = statement.where(table.c.state == from_state)
    return connection.execute(statement.values(**values)).rowcount == 1


def release_held(connection: Connection, now: datetime, number: int | None = None) -> int:
    """Let held or set-aside rows be tried again, all or the one with this id; for the operator. Returns how many.

    What was taken back on purpose stays: a correction withdrew it, or its recipient has unsubscribed.
    """
    table = schema.outbox
    statement = update(table).where(
        table.c.state.in_(("held", "set-aside")),
        or_(table.c.error.is_(None), table.c.error.not_in((WITHDRAWN, UNSUBSCRIBED))),
    )
    if number is not None:
        statement = statement.where(table.c.id == number)
    return connection.execute(statement.values(state="waiting", next_try=now, error=None)).rowcount


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """The outbox in numbers: rows by state, rows that were ever doubtful, and what is held or set aside and why."""

    states: Mapping[str, int]
    doubtful: int
    oldest_waiting: datetime | None
    problems: tuple[tuple[int, str, str, str], ...]
    """(id, state, recipient, reason) of rows that wait for a person."""


def status(connection: Connection, limit: int = 20) -> OutboxStatus:
    """What `ceasefire status` shows of the outbox."""
    table = schema.outbox.c
    states = connection.execute(select(table.state, func.count()).group_by(table.state))
    doubtful = connection.execute(
        select(func.count()).select_from(schema.outbox).where(table.doubtful > 0)
    ).scalar_one()
    oldest = connection.execute(
        select(func.min(schema.notification.c.created))
        .join(schema.outbox, table.notification == schema.notification.c.id)
        .where(table.state == "waiting")
    ).scalar_one()
    problems = connection.execute(
        select(table.id, table.state, table.recipient, table.error)
        .where(table.state.in_(("held", "set-aside")))
        .order_by(table.id.desc())
        .limit(limit)
    )
    return OutboxStatus(
        {row[0]: row[1] for row in states},
        doubtful,
        oldest,
        tuple((r.id, r.state, r.recipient, r.error or "") for r in problems),
    )


def _letter(row: Row[Any]) -> Letter:
    return Letter(
        row.id, row.notification, row.alert, row.kind, row.content, row.created, row.recipient, row.channel,
        row.message_id, row.in_reply_to, row.attempts, row.doubtful, row.leased_by,
    )  # fmt: skip
