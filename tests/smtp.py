"""A real SMTP server on loopback that keeps what it is given."""

import email
import email.policy
import socket
import threading
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller


class MailServer:
    """`with MailServer() as server:` then `server.url` and `server.received`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received: list[EmailMessage] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        self.url = f"smtp://127.0.0.1:{port}"
        """The server's address as CEASEFIRE_SMTP_URL takes it."""
        self._controller = Controller(self, hostname="127.0.0.1", port=port, ready_timeout=20)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    @property
    def received(self) -> list[EmailMessage]:
        """Every mail so far, in the order of arrival; its envelope recipient stands in X-Rcpt."""
        with self._lock:
            return list(self._received)

    def clear(self) -> None:
        """Forget what came."""
        with self._lock:
            self._received.clear()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        mail["X-Rcpt"] = ",".join(envelope.rcpt_tos)
        with self._lock:
            self._received.append(mail)
        return "250 OK"
