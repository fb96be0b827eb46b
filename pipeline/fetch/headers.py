"""What a server's headers say about time: how long to keep an answer, how long to stay away. Pure.

Sources: RFC 9110 (Date, Retry-After), RFC 9111 (Cache-Control, Age, Expires).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
_NEVER_CACHED: Final = re.compile(r"(?:^|[\s,])no-(?:store|cache)\b", re.IGNORECASE)


def http_date(text: str) -> datetime | None:
    """An HTTP date as aware UTC, or None where it cannot be read."""
    try:
        moment = parsedate_to_datetime(text.strip())
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def max_age_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds for which the answer is fresh, at least 0; None where the server does not say.

    `headers`: names in lower case. Expires is read against the server's own Date, so that a wrong clock on either side
    does not matter.
    """
    control = headers.get("cache-control", "")
    if _NEVER_CACHED.search(control):
        return None
    if stated := _MAX_AGE.search(control):
        age = headers.get("age", "")
        return max(0.0, float(stated[1]) - (float(age) if age.isdecimal() and len(age) <= 10 else 0.0))
    expires = http_date(headers["expires"]) if "expires" in headers else None
    if expires is None:
        return None
    return max(0.0, (expires - _server_now(headers, now)).total_seconds())


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for, at least 0; None where it is missing or cannot be read.

    `headers`: names in lower case. A date is read against the server's own Date.
    """
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,10}(\.\d*)?", text):
        return float(text)
    moment = http_date(text) if text else None
    if moment is None:
        return None
    return max(0.0, (moment - _server_now(headers, now)).total_seconds())


def _server_now(headers: Mapping[str, str], now: datetime) -> datetime:
    return (http_date(headers["date"]) if "date" in headers else None) or now
