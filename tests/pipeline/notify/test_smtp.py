"""Mails handed in to a real SMTP server that answers as servers do: well, badly, and not at all."""

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from pipeline.db.outbox import Letter
from pipeline.errors import MailError, SettingsError
from pipeline.notify.content import Plain
from pipeline.notify.render import Sender
from pipeline.notify.smtp import SmtpServer, SmtpTransport, parse_url
from pipeline.notify.transport import OutcomeUnknownError, ServerDownError

SENDER = Sender("Ceasefire monitor <monitor@example.org>")
NOW = datetime(2025, 3, 18, 12, 0, tzinfo=UTC)


class PostOffice:
    """A handler that keeps mails and answers as told."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.recipients: dict[str, str] = {}
        self.data_reply = "250 kept"
        self.hang_up_after_data = False

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self.recipients.get(address, "250 OK")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(envelope)
        if self.hang_up_after_data:
            assert server.transport is not None
            server.transport.abort()
        return self.data_reply


@pytest.fixture
def office() -> PostOffice:
    return PostOffice()


Start = Callable[..., SmtpTransport]


@pytest.fixture
def start(office: PostOffice) -> Iterator[Start]:
    """Start the server with these options and give a transport to it."""
    controllers: list[Controller] = []
    transports: list[SmtpTransport] = []

    def run(
        url: str = "smtp://127.0.0.1:{port}", context: ssl.SSLContext | None = None, **options: object
    ) -> SmtpTransport:
        controller = Controller(office, hostname="127.0.0.1", port=0, **options)  # type: ignore[arg-type]
        controller.port = free_port()
        controller.start()
        controllers.append(controller)
        transports.append(
            SmtpTransport(parse_url(url.format(port=controller.port)), timeout_s=10, context=context)
        )
        return transports[-1]

    yield run
    for transport in transports:
        transport.close()
    for controller in controllers:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def letter(recipient: str = "reader@example.org", number: int = 1) -> Letter:
    return Letter(
        number, number, 1, "news", {}, NOW, recipient, "mail", f"m{number}@example.org", None, 0, 0, "one"
    )


MESSAGE = Plain(
    "Россия отвергает перемирие · Ceasefire", ("First line.", ".", "After a lone full stop: Привіт.")
)


def test_a_mail_arrives_whole(start: Start, office: PostOffice) -> None:
    start().send(letter(), MESSAGE, SENDER)
    (envelope,) = office.mails
    assert (envelope.mail_from, envelope.rcpt_tos) == ("monitor@example.org", ["reader@example.org"])
    assert isinstance(envelope.content, bytes)
    parsed = message_from_bytes(envelope.content, policy=policy.default)
    assert parsed["Subject"] == MESSAGE.subject
    assert "After a lone full stop: Привіт." in parsed.get_body(("plain",)).get_content()  # type: ignore[union-attr, attr-defined]
    assert envelope.content.isascii()


def test_a_batch_goes_over_one_connection_and_a_refused_recipient_costs_only_itself(
    start: Start, office: PostOffice
) -> None:
    office.recipients = {
        "gone@example.org": "550 5.1.1 no such user",
        "full@example.org": "452 4.2.2 mailbox full",
    }
    transport = start()
    transport.send(letter("a@example.org"), MESSAGE, SENDER)
    with pytest.raises(MailError, match="no such user") as gone:
        transport.send(letter("gone@example.org"), MESSAGE, SENDER)
    with pytest.raises(MailError, match="mailbox full") as full:
        transport.send(letter("full@example.org"), MESSAGE, SENDER)
    transport.send(letter("b@example.org"), MESSAGE, SENDER)
    assert (gone.value.permanent, full.value.permanent) == (True, False)
    assert [mail.rcpt_tos for mail in office.mails] == [["a@example.org"], ["b@example.org"]]
    assert len({id(mail) for mail in office.mails}) == 2


@pytest.mark.parametrize(("reply", "permanent"), [("554 5.7.1 spam", True), ("451 4.3.0 later", False)])
def test_a_refusal_of_the_whole_mail(start: Start, office: PostOffice, reply: str, permanent: bool) -> None:
    office.data_reply = reply
    with pytest.raises(MailError) as caught:
        start().send(letter(), MESSAGE, SENDER)
    assert caught.value.permanent == permanent


def test_a_connection_lost_before_the_answer_leaves_a_doubt(start: Start, office: PostOffice) -> None:
    office.hang_up_after_data = True
    transport = start()
    with pytest.raises(OutcomeUnknownError):
        transport.send(letter(), MESSAGE, SENDER)
    office.hang_up_after_data = False
    transport.send(letter(number=2), MESSAGE, SENDER)
    assert len(office.mails) == 2


def test_a_server_that_is_not_there_is_down_and_no_mail_is_to_blame() -> None:
    transport = SmtpTransport(SmtpServer("127.0.0.1", free_port(), "none"), timeout_s=5)
    with pytest.raises(ServerDownError, match="outbox"):
        transport.send(letter(), MESSAGE, SENDER)


def test_a_connection_that_went_away_between_two_mails_is_made_again(
    start: Start, office: PostOffice
) -> None:
    transport = start()
    transport.send(letter(), MESSAGE, SENDER)
    assert transport._client is not None
    assert transport._client.sock is not None
    transport._client.sock.shutdown(socket.SHUT_RDWR)
    transport.send(letter(number=2), MESSAGE, SENDER)
    assert len(office.mails) == 2


class Door:
    """Lets one user in."""

    def __call__(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth_data: object
    ) -> AuthResult:
        assert isinstance(auth_data, LoginPassword)
        return AuthResult(
            success=(auth_data.login, auth_data.password) == (b"user", b"pa:ss/w@rd"), handled=False
        )


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's TLS context for 127.0.0.1."""
    folder: Path = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return server, ssl.create_default_context(cafile=str(folder / "cert.pem"))


def test_login_over_starttls(
    start: Start, office: PostOffice, certificate: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    server, client = certificate
    options = {
        "authenticator": Door(),
        "auth_required": True,
        "tls_context": server,
        "require_starttls": True,
    }
    url = "smtp://user:pa%3Ass%2Fw%40rd@127.0.0.1:{port}?starttls=required"
    start(url, client, **options).send(letter(), MESSAGE, SENDER)
    assert len(office.mails) == 1


def test_a_refused_login_names_the_setting_and_never_the_password(
    start: Start, certificate: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    server, client = certificate
    options = {
        "authenticator": Door(),
        "auth_required": True,
        "tls_context": server,
        "require_starttls": True,
    }
    transport = start("smtp://user:wrong-secret@127.0.0.1:{port}?starttls=required", client, **options)
    with pytest.raises(ServerDownError, match="CEASEFIRE_SMTP_URL") as caught:
        transport.send(letter(), MESSAGE, SENDER)
    assert "wrong-secret" not in f"{caught.value!r} {transport.server!r} {transport.server}"


def test_starttls_that_is_required_and_not_offered_sends_nothing_in_the_clear(
    start: Start, office: PostOffice
) -> None:
    with pytest.raises(ServerDownError, match="STARTTLS"):
        start("smtp://127.0.0.1:{port}?starttls=required").send(letter(), MESSAGE, SENDER)
    assert office.mails == []


def test_a_sender_is_needed(start: Start) -> None:
    with pytest.raises(ServerDownError, match="CEASEFIRE_MAIL_FROM"):
        start().send(letter(), MESSAGE, Sender())


def test_a_local_part_outside_ascii_is_set_aside(start: Start) -> None:
    with pytest.raises(MailError) as caught:
        start().send(letter("жук@example.org"), MESSAGE, SENDER)
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", SmtpServer("mail.example", 587, "starttls")),
        ("smtp://mail.example:25?starttls=off", SmtpServer("mail.example", 25, "none")),
        ("smtp://localhost", SmtpServer("localhost", 25, "if-offered")),
        ("smtps://u:p%40ss@mail.example", SmtpServer("mail.example", 465, "tls", "u", "p@ss")),
        ("smtp://[::1]:2525", SmtpServer("::1", 2525, "if-offered")),
    ],
)
def test_addresses_of_servers_are_read(url: str, server: SmtpServer) -> None:
    assert parse_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.example:587", "http://mail.example", "smtp://", "smtp://h:99999", "smtp://h:abc", "smtp://secret-user@h",
        "smtp://h?starttls=maybe", "smtp://h?tls=1", "smtps://h?starttls=required", "smtp://h/path", "smtp://u:top-secret@h:x",
        "smtp://[::1",
    ],
)  # fmt: skip
def test_addresses_that_are_wrong_are_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(SettingsError, match="CEASEFIRE_SMTP_URL") as caught:
        parse_url(url)
    assert "top-secret" not in str(caught.value)
