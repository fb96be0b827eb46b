"""One message by itself, at once and outside the outbox: for tests of mail, and for what the operator must hear even
where the database is down."""

from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.alerts.check import check_recipient
from pipeline.db.outbox import Letter, channel_of
from pipeline.notify.content import Plain, to_json
from pipeline.notify.eml import EmlFolder
from pipeline.steps.desk import desk_of
from pipeline.steps.send import transports_of

if TYPE_CHECKING:
    from pipeline.app import App


def send_directly(app: "App", recipient: str, message: Plain, now: datetime, name: str) -> str:
    """Send a message the way alerts are sent; returns where it went, in words. `name` makes its Message-ID.

    Opens no database. Raises MailError where it cannot be sent, SettingsError for an address or setting that is wrong.
    """
    check_recipient(recipient)
    sender = desk_of(app).sender
    letter = Letter(
        id=0, notification=0, alert=0, kind="plain", content=to_json(message), created=now, recipient=recipient,
        channel=channel_of(recipient), message_id=f"{name}@{sender.domain}", in_reply_to=None,
        attempts=0, doubtful=0, leased_by="direct",
    )  # fmt: skip
    transport = transports_of(app, lambda: now)[letter.channel]
    try:
        transport.send(letter, message, sender)
    finally:
        transport.close()
    if isinstance(transport, EmlFolder):
        return f"written to {transport.path(letter.message_id)}, since no mail server is set (CEASEFIRE_SMTP_URL)"
    return f"handed over to the {'mail server' if letter.channel == 'mail' else 'webhook'}"
