"""What a way of sending promises, and how it says that it failed."""

from collections.abc import Mapping
from typing import Protocol

from pipeline.db.outbox import Letter
from pipeline.errors import MailError, SettingsError
from pipeline.notify.content import Message
from pipeline.notify.render import Sender, mail


class OutcomeUnknownError(MailError):
    """The message was given away and the answer never came: it may have arrived or not."""


class ServerDownError(MailError):
    """The server as a whole cannot be used (not reached, refuses our login or our sender): no message is to blame."""


class Transport(Protocol):
    """One way of sending. `send` returns once the receiver has taken the message.

    Raises ServerDownError where nothing was tried on this message, OutcomeUnknownError where it may have arrived,
    MailError(permanent=True) for a message or recipient that can never go, MailError for one to be tried again.
    `harmless`: sending the same message again leaves one message.
    """

    @property
    def harmless(self) -> bool: ...

    def send(self, letter: Letter, message: Message, sender: Sender) -> None: ...

    def close(self) -> None:
        """Let go of connections; the transport can be used again."""


def written(letter: Letter, message: Message, sender: Sender) -> bytes:
    """The mail of a letter as bytes. Raises MailError(permanent=True) for one that cannot be written at all."""
    try:
        return mail(
            message,
            letter.recipient,
            sender,
            message_id=letter.message_id,
            created=letter.created,
            in_reply_to=letter.in_reply_to,
        ).as_bytes()
    except (SettingsError, ValueError) as error:
        raise MailError(str(error), permanent=True) from error


Transports = Mapping[str, Transport]
"""By channel: mail, webhook, slack."""
