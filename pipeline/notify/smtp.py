"""Mails over SMTP. One connection serves a batch; each mail goes to one recipient, so a bad address costs itself only.

Sources: RFC 5321 (replies), RFC 3207 (STARTTLS), RFC 8314 (implicit TLS), RFC 6152 and 6531 (what we avoid needing).
"""

import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from pipeline.db.outbox import SEND_TIMEOUT_S, Letter
from pipeline.errors import MailError, SettingsError
from pipeline.notify import clean
from pipeline.notify.content import Message
from pipeline.notify.render import Sender, parse_address
from pipeline.notify.transport import OutcomeUnknownError, ServerDownError, written

Security = Literal["tls", "starttls", "if-offered", "none"]
STARTTLS: Mapping[str, Security] = {"required": "starttls", "if-offered": "if-offered", "off": "none"}

Command = Callable[[], tuple[int, bytes]]
"""One SMTP command and the server's reply to it."""

EXAMPLE = "smtp://user:password@host:587?starttls=required or smtps://user:password@host:465"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails are handed in. `security`: TLS from the start, STARTTLS asked for, taken if offered, or none."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_url(url: str) -> SmtpServer:
    """CEASEFIRE_SMTP_URL read strictly. The message of a SettingsError never holds the password.

    STARTTLS is required unless the URL says otherwise, but to this machine itself, where nobody listens in between.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsError(f"CEASEFIRE_SMTP_URL is not a URL ({_reason(error)}); write {EXAMPLE}") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise SettingsError(
            f"CEASEFIRE_SMTP_URL must start with smtp:// or smtps:// and name a host; write {EXAMPLE}"
        )
    if parts.path not in ("", "/") or parts.fragment:
        raise SettingsError(
            f"CEASEFIRE_SMTP_URL: nothing may stand between the port and '?'; write {EXAMPLE}"
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(set(options) - {"starttls"})
    if unknown:
        raise SettingsError(f"CEASEFIRE_SMTP_URL: unknown option {', '.join(unknown)}; known is starttls")
    if parts.scheme == "smtps" and options:
        raise SettingsError("CEASEFIRE_SMTP_URL: smtps:// is encrypted from the start; leave starttls out")
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    chosen = options.get("starttls", "if-offered" if local else "required")
    if chosen not in STARTTLS:
        raise SettingsError(f"CEASEFIRE_SMTP_URL: starttls={chosen!r} is not one of {', '.join(STARTTLS)}")
    if (parts.password is None) != (parts.username is None) or parts.username == "":
        raise SettingsError(f"CEASEFIRE_SMTP_URL: give user and password both, or neither; write {EXAMPLE}")
    security: Security = "tls" if parts.scheme == "smtps" else STARTTLS[chosen]
    return SmtpServer(
        parts.hostname,
        port or (465 if security == "tls" else 25 if local else 587),
        security,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def _reason(error: ValueError) -> str:
    return "the port is not a number up to 65535" if "ort" in str(error) else "it cannot be taken apart"


class SmtpTransport:
    """Sends over one server, keeping the connection until `close`. Not for several threads at once."""

    harmless = False

    def __init__(
        self, server: SmtpServer, timeout_s: float = SEND_TIMEOUT_S, context: ssl.SSLContext | None = None
    ) -> None:
        self.server = server
        self.timeout_s = timeout_s
        self.context = context
        self._client: smtplib.SMTP | None = None

    def send(self, letter: Letter, message: Message, sender: Sender) -> None:
        """Hand one mail in; returns after the server's 250. Raises as `Transport.send` says."""
        if not sender.address:
            raise ServerDownError("no sender's address: set CEASEFIRE_MAIL_FROM to send over SMTP")
        content = written(letter, message, sender)
        try:
            to, origin = _mailbox(letter.recipient), _mailbox(sender.address)
        except (SettingsError, ValueError) as error:
            raise MailError(str(error), permanent=True) from error
        client = self._connected()
        self._command("the sender", lambda: client.mail(origin), server_level=True)
        self._command("the recipient", lambda: client.rcpt(to))
        self._data(client, content)

    def close(self) -> None:
        """Say QUIT, if the server still listens."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.quit()
            except (smtplib.SMTPException, OSError):
                client.close()

    def _connected(self) -> smtplib.SMTP:
        if self._client is not None and self._still_there(self._client):
            return self._client
        self._drop()
        try:
            self._client = self._connect()
        except smtplib.SMTPAuthenticationError as error:
            raise ServerDownError(
                f"the mail server {self.server} refuses our login ({error.smtp_code}); check user and password in CEASEFIRE_SMTP_URL"
            ) from None  # the server's answer may quote what was sent
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise ServerDownError(
                f"the mail server {self.server} cannot be used: {self._words(error)}; mails wait in the outbox"
            ) from error
        return self._client

    def _connect(self) -> smtplib.SMTP:
        server = self.server
        if server.security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host,
                server.port,
                timeout=self.timeout_s,
                context=self.context or ssl.create_default_context(),
            )
        else:
            client = smtplib.SMTP(server.host, server.port, timeout=self.timeout_s)
        try:
            client.ehlo()
            if server.security == "starttls" or (
                server.security == "if-offered" and client.has_extn("starttls")
            ):
                if not client.has_extn("starttls"):
                    raise smtplib.SMTPNotSupportedError(
                        "it offers no STARTTLS; use smtps:// or ?starttls=off"
                    )
                client.starttls(context=self.context or ssl.create_default_context())
                client.ehlo()
            if server.user:
                client.login(server.user, server.password)
        except BaseException:
            client.close()
            raise
        return client

    @staticmethod
    def _still_there(client: smtplib.SMTP) -> bool:
        try:
            return client.rset()[0] == 250
        except (smtplib.SMTPException, OSError):
            return False

    def _command(self, whose: str, run: Command, *, server_level: bool = False) -> None:
        try:
            code, reply = run()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise ServerDownError(f"the connection to {self.server} broke: {self._words(error)}") from error
        if code in (250, 251):
            return
        said = f"{self.server} refuses {whose}: {code} {_reply(reply)}"
        if code == 421:
            self._drop()
            raise ServerDownError(said)
        if server_level:
            raise ServerDownError(f"{said}; check CEASEFIRE_MAIL_FROM")
        raise MailError(said, permanent=code >= 500)

    def _data(self, client: smtplib.SMTP, content: bytes) -> None:
        try:
            code, reply = client.data(content)
        except smtplib.SMTPDataError as error:  # refused before any content was given
            raise MailError(
                f"{self.server} refuses the mail: {error.smtp_code} {_reply(error.smtp_error)}",
                permanent=error.smtp_code >= 500,
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise OutcomeUnknownError(
                f"the connection to {self.server} broke before it confirmed the mail: {self._words(error)}"
            ) from error
        if code == 250:
            return
        if code == 421:
            self._drop()
        raise MailError(f"{self.server} refuses the mail: {code} {_reply(reply)}", permanent=code >= 500)

    def _words(self, error: Exception) -> str:
        text = clean.line(str(error) or type(error).__name__, 200)
        return text.replace(self.server.password, "…") if self.server.password else text

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def _mailbox(address: str) -> str:
    parsed = parse_address(address)
    if not parsed.username.isascii():
        raise MailError(
            f"{address!r}: addresses with other than ASCII letters before the @ are not supported",
            permanent=True,
        )
    return f"{parsed.username}@{parsed.domain}"


def _reply(reply: bytes | str) -> str:
    return clean.line(reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply, 200)
