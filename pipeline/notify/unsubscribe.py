"""Unsubscribe tokens (RFC 8058): signed, so that a link works without a login and nobody can make one for another."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

SIGNATURE_BYTES = 16
RECIPIENT_BYTES = 8


def token(secret: str, alert: int, recipient: str) -> str:
    """The token of one recipient of one alert; the address itself is not in it, so logs do not collect addresses."""
    body = alert.to_bytes(8, "big") + _fingerprint(recipient)
    return base64.urlsafe_b64encode(body + _sign(secret, body)).rstrip(b"=").decode()


def alert_of(secret: str, text: str) -> int | None:
    """The alert that a token is for, or None where it is not one of ours."""
    body = _checked(secret, text)
    return None if body is None else int.from_bytes(body[:8], "big")


def recipient_of(secret: str, text: str, recipients: Iterable[str]) -> str | None:
    """Which of an alert's recipients a token is for; None where it is forged or they are no longer among them."""
    body = _checked(secret, text)
    if body is None:
        return None
    return next(
        (address for address in recipients if hmac.compare_digest(_fingerprint(address), body[8:])), None
    )


def _checked(secret: str, text: str) -> bytes | None:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    body, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    if len(body) != 8 + RECIPIENT_BYTES or not hmac.compare_digest(signature, _sign(secret, body)):
        return None
    return body


def _fingerprint(recipient: str) -> bytes:
    return hashlib.sha256(recipient.encode("utf-8", "surrogatepass")).digest()[:RECIPIENT_BYTES]


def _sign(secret: str, body: bytes) -> bytes:
    key = hashlib.sha256(b"ceasefire unsubscribe\n" + secret.encode()).digest()
    return hmac.new(key, body, hashlib.sha256).digest()[:SIGNATURE_BYTES]
