"""Webhooks against a real HTTP receiver on this machine."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.db.outbox import Letter
from pipeline.errors import MailError
from pipeline.notify.content import Plain
from pipeline.notify.render import Sender
from pipeline.notify.transport import OutcomeUnknownError, ServerDownError
from pipeline.notify.webhook import WebhookTransport, signature

NOW = datetime(2025, 3, 18, 12, 0, tzinfo=UTC)
SENDER = Sender("monitor@example.org", secret="shared secret")
MESSAGE = Plain("Перемир'я · Ceasefire", ("p",))


class Receiver(ThreadingHTTPServer):
    """Keeps requests and answers with `status`; 0 hangs up without an answer."""

    def __init__(self) -> None:
        self.status = 200
        self.requests: list[tuple[dict[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((dict(self.headers), body))
        if self.server.status == 0:
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(self.server.status)
        if 300 <= self.server.status < 400:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def letter(url: str) -> Letter:
    return Letter(1, 1, 1, "news", {}, NOW, url, "webhook", "abc@example.org", None, 0, 0, "one")


def transport(payload: str = "json", **more: object) -> WebhookTransport:
    return WebhookTransport(payload, lambda: NOW, **{"allow_private": True, "timeout_s": 10, **more})  # type: ignore[arg-type]


def test_the_receiver_can_check_that_the_body_is_ours_and_recent(receiver: Receiver) -> None:
    transport().send(letter(receiver.url), MESSAGE, SENDER)
    ((headers, body),) = receiver.requests
    assert json.loads(body)["subject"] == MESSAGE.subject
    assert headers["X-Ceasefire-Timestamp"] == str(int(NOW.timestamp()))
    assert headers["X-Ceasefire-Signature"] == "v1=" + signature(
        "shared secret", headers["X-Ceasefire-Timestamp"], body
    )
    assert headers["Idempotency-Key"] == "abc@example.org"


def test_chat_rooms_get_text_and_no_signature(receiver: Receiver) -> None:
    transport("chat").send(letter("slack+" + receiver.url), MESSAGE, SENDER)
    ((headers, body),) = receiver.requests
    assert json.loads(body)["text"] == MESSAGE.subject
    assert "X-Ceasefire-Signature" not in headers


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(404, True), (410, True), (302, True), (429, False), (408, False), (500, False), (503, False)],
)
def test_refusals(receiver: Receiver, status: int, permanent: bool) -> None:
    receiver.status = status
    with pytest.raises(MailError, match=str(status)) as caught:
        transport().send(letter(receiver.url), MESSAGE, SENDER)
    assert caught.value.permanent == permanent
    assert len(receiver.requests) == 1, "redirects are not followed"


def test_an_answer_that_never_comes_leaves_a_doubt(receiver: Receiver) -> None:
    receiver.status = 0
    with pytest.raises(OutcomeUnknownError):
        transport().send(letter(receiver.url), MESSAGE, SENDER)


def test_private_addresses_are_refused_unless_allowed(receiver: Receiver) -> None:
    with pytest.raises(MailError) as plain:
        transport(allow_private=False).send(letter(receiver.url), MESSAGE, SENDER)
    with pytest.raises(MailError, match="CEASEFIRE_ALLOW_PRIVATE_ADDRESSES") as guarded:
        transport(allow_private=False).send(letter(receiver.url.replace("http:", "https:")), MESSAGE, SENDER)
    assert plain.value.permanent
    assert guarded.value.permanent
    assert receiver.requests == []


def test_a_receiver_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(MailError) as caught:
        transport().send(letter("http://127.0.0.1:1/hook"), MESSAGE, SENDER)
    assert not caught.value.permanent
    assert not isinstance(caught.value, OutcomeUnknownError)


def test_without_a_secret_webhooks_wait_and_say_which_setting_is_missing(receiver: Receiver) -> None:
    with pytest.raises(ServerDownError, match="CEASEFIRE_SECRET_KEY"):
        transport().send(letter(receiver.url), MESSAGE, Sender())
