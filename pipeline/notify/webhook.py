"""Messages over HTTP: signed JSON for programs, chat payloads for Slack and Mattermost.

A receiver checks `X-Ceasefire-Signature: v1=HEX`, the HMAC-SHA256 of "TIMESTAMP.BODY" under the shared secret, where
TIMESTAMP is `X-Ceasefire-Timestamp` (seconds since 1970) and should be recent. `Idempotency-Key` is the message's id:
a receiver that knows it already has the message.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from pipeline.db.outbox import SEND_TIMEOUT_S, Letter
from pipeline.errors import MailError
from pipeline.fetch.client import open_client
from pipeline.fetch.guard import ForbiddenAddressError, NameLookupError, Resolver
from pipeline.fetch.settings import FetchSettings
from pipeline.fetch.wire import HttpError, NoConnectionError, NotAnAddressError
from pipeline.notify import render
from pipeline.notify.compose import rfc3339
from pipeline.notify.content import Message
from pipeline.notify.render import Sender
from pipeline.notify.transport import OutcomeUnknownError, ServerDownError

Payload = Literal["json", "chat"]

TRY_AGAIN = frozenset({408, 409, 425, 429})
"""Client errors that pass by themselves (RFC 9110, 6585, 8470); all other 4xx are for good."""


class WebhookTransport:
    """POSTs each message to its recipient's URL, past the same address guard as feeds; redirects are not followed."""

    harmless = False

    def __init__(
        self,
        payload: Payload,
        now: Callable[[], datetime],
        *,
        allow_private: bool = False,
        timeout_s: float = SEND_TIMEOUT_S,
        resolver: Resolver | None = None,
    ) -> None:
        self.payload = payload
        self.now = now
        self.settings = FetchSettings(
            allow_private_addresses=allow_private,
            connect_timeout_s=10.0,
            read_timeout_s=timeout_s,
            http2=False,
        )
        self.resolver = resolver

    def send(self, letter: Letter, message: Message, sender: Sender) -> None:
        """POST one message; returns on a 2xx. Raises as `Transport.send` says."""
        url = letter.recipient.removeprefix("slack+").removeprefix("mattermost+")
        if not url.startswith("https://") and not self.settings.allow_private_addresses:
            raise MailError("webhooks go over https:// only", permanent=True)
        if self.payload == "chat":
            body, headers = _encoded(render.chat(message, sender)), {}
        else:
            body = _encoded(
                render.webhook(
                    message,
                    sender,
                    message_id=letter.message_id,
                    created=rfc3339(letter.created),
                    in_reply_to=letter.in_reply_to,
                )
            )
            headers = signed(sender.secret, body, self.now())
        headers |= {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": letter.message_id}
        asyncio.run(self._post(url, body, headers))

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        try:
            async with open_client(self.settings, self.resolver) as client:
                async with asyncio.timeout(self.settings.read_timeout_s):
                    answer = await client.send(url, headers, method="POST", body=body)
                    status = answer.status
                    answer.close()
        except (ForbiddenAddressError, NotAnAddressError) as error:
            raise MailError(str(error), permanent=True) from error
        except (NameLookupError, NoConnectionError) as error:
            raise MailError(f"the receiver cannot be reached: {error}") from error
        except (HttpError, TimeoutError) as error:
            raise OutcomeUnknownError(
                f"the connection broke before the receiver answered: {str(error) or type(error).__name__}"
            ) from error
        if 200 <= status < 300:
            return
        permanent = 300 <= status < 500 and status not in TRY_AGAIN
        raise MailError(f"the receiver answers {status}", permanent=permanent)

    def close(self) -> None:
        """Nothing is held open."""


def signed(secret: str, body: bytes, moment: datetime) -> dict[str, str]:
    """The headers by which a receiver knows that a body is ours and recent. Raises ServerDownError without a secret."""
    if not secret:
        raise ServerDownError("webhooks are signed: set CEASEFIRE_SECRET_KEY, and tell the receiver")
    timestamp = str(int(moment.timestamp()))
    return {
        "X-Ceasefire-Timestamp": timestamp,
        "X-Ceasefire-Signature": f"v1={signature(secret, timestamp, body)}",
    }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Hex HMAC-SHA256 of "TIMESTAMP.BODY"."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _encoded(payload: object) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
