"""Send what waits in the outbox: row by row, `sending` committed before each and its outcome after."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.db import outbox
from pipeline.db.engine import Database
from pipeline.db.outbox import Letter
from pipeline.errors import MailError
from pipeline.notify.content import Message, from_json
from pipeline.notify.eml import EmlFolder
from pipeline.notify.smtp import SmtpTransport, parse_url
from pipeline.notify.transport import OutcomeUnknownError, ServerDownError, Transport, Transports
from pipeline.notify.webhook import WebhookTransport
from pipeline.steps.desk import Desk, desk_of

if TYPE_CHECKING:
    from pipeline.app import App

log = logging.getLogger(__name__)

SERVER_DOWN_PAUSE = timedelta(minutes=1)
"""How long rows rest while a whole server cannot be used: a repaired one is found within a minute."""


@dataclass(frozen=True, slots=True)
class SendReport:
    """What the step did. `doubtful`: rows found in doubt, of which `held` wait for a person. `problems` name servers
    that cannot be used; their rows wait."""

    sent: int = 0
    retried: int = 0
    set_aside: int = 0
    doubtful: int = 0
    held: int = 0
    problems: tuple[str, ...] = ()


def send_waiting(
    app: "App",
    now: Callable[[], datetime],
    *,
    stopped: Callable[[], bool] = lambda: False,
    holder: str = "send",
) -> SendReport:
    """The step as a cycle calls it. Raises SettingsError for a mail setting that is wrong."""
    return send(app.database, transports_of(app, now), desk_of(app), now, worker=holder, stopped=stopped)


def transports_of(app: "App", now: Callable[[], datetime]) -> dict[str, Transport]:
    """The ways of sending that the settings name: SMTP where it is set, else the .eml folder; and webhooks."""
    settings = app.settings
    mail: Transport = (
        SmtpTransport(parse_url(settings.smtp_url))
        if settings.smtp_url
        else EmlFolder(settings.resolved_mail_folder())
    )
    private = settings.allow_private_addresses
    return {
        "mail": mail,
        "webhook": WebhookTransport("json", now, allow_private=private),
        "slack": WebhookTransport("chat", now, allow_private=private),
    }


def send(
    database: Database,
    transports: Transports,
    desk: Desk,
    now: Callable[[], datetime],
    *,
    worker: str,
    stopped: Callable[[], bool] = lambda: False,
) -> SendReport:
    """Send until nothing that is due waits, or `stopped()`. Several senders may do so at once.

    `worker` names this sender and must differ from any other's.
    """
    run = _Run(database, transports, desk, now)
    harmless = [channel for channel, transport in transports.items() if transport.harmless]
    with database.write() as connection:
        settled = outbox.settle_doubts(connection, now(), desk.on_doubt, harmless)
    run.doubtful, run.held = sum(settled.values()), settled["held"]
    try:
        while not stopped():
            with database.write() as connection:
                letters = outbox.claim(connection, worker, now())
            if not letters:
                break
            for place, letter in enumerate(letters):
                if stopped():
                    run.give_back(letters[place:], "the sender was stopped", now())
                    break
                run.deliver(letter)
    finally:
        for transport in transports.values():
            transport.close()
    return SendReport(run.sent, run.retried, run.set_aside, run.doubtful, run.held, tuple(run.down.values()))


class _Run:
    """One run's counts, and the channels found out of order in it."""

    def __init__(
        self, database: Database, transports: Transports, desk: Desk, now: Callable[[], datetime]
    ) -> None:
        self.database = database
        self.transports = transports
        self.desk = desk
        self.now = now
        self.sent = self.retried = self.set_aside = self.doubtful = self.held = 0
        self.down: dict[str, str] = {}

    def deliver(self, letter: Letter) -> None:
        """Send one leased row and note what came of it."""
        if letter.channel in self.down:
            self.give_back([letter], self.down[letter.channel], self.now() + SERVER_DOWN_PAUSE)
            return
        try:
            message: Message = from_json(letter.content)
        except (KeyError, TypeError, ValueError, StopIteration) as error:
            self._aside(letter, f"what it says cannot be read: {error!r}")
            return
        with self.database.write() as connection:
            if not outbox.begin(connection, letter, self.now()):
                return  # the lease ran out while others were sent: whoever holds the row now sends it
        try:
            self.transports[letter.channel].send(letter, message, self.desk.sender)
        except ServerDownError as error:
            log.error("%s", error)
            self.down[letter.channel] = str(error)
            self.give_back([letter], str(error), self.now() + SERVER_DOWN_PAUSE)
        except OutcomeUnknownError as error:
            self.doubtful += 1
            self.held += letter.doubtful > 0 or self.desk.on_doubt == "hold"
            with self.database.write() as connection:
                outbox.leave_in_doubt(connection, letter, self.desk.on_doubt, str(error), self.now())
        except MailError as error:
            if error.permanent:
                self._aside(letter, str(error))
                return
            self.retried += 1
            with self.database.write() as connection:
                outbox.retry(connection, letter, self.now(), str(error))
        else:
            with self.database.write() as connection:
                outbox.finish(connection, letter, self.now())
            self.sent += 1

    def give_back(self, letters: list[Letter], why: str, not_before: datetime) -> None:
        """Let rows wait again: nothing was tried on them."""
        with self.database.write() as connection:
            outbox.release(connection, letters, not_before, why)

    def _aside(self, letter: Letter, why: str) -> None:
        log.warning("message to %s set aside: %s", letter.recipient, why)
        self.set_aside += 1
        with self.database.write() as connection:
            outbox.set_aside(connection, letter, why)
