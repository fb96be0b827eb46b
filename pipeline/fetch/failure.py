"""What kind of failure a poll ended in, from statuses and exceptions. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipeline.fetch.guard import ForbiddenAddressError, NameLookupError
from pipeline.fetch.headers import retry_after_s
from pipeline.fetch.wire import NoConnectionError, SilenceError, SlowConnectionError, TlsError
from pipeline.types import FailureKind, Feed, FetchOutcome, Validators


@dataclass(eq=False)
class PollError(Exception):
    """Ends a poll; becomes its outcome. `detail` is for people and never shows credentials."""

    kind: FailureKind
    detail: str
    status: int | None = None
    retry_after_s: float | None = None

    def outcome(self, feed: Feed, validators: Validators, now: datetime) -> FetchOutcome:
        """The failed outcome; the `validators` known before stay."""
        return FetchOutcome(
            feed=feed.name,
            result="failed",
            finished=now,
            validators=validators,
            failure=self.kind,
            detail=self.detail,
            status=self.status,
            retry_after_s=self.retry_after_s,
        )


def status_failure(status: int, headers: Mapping[str, str], now: datetime) -> PollError:
    """The failure that a status other than 200, 304 and redirects means. `headers`: names in lower case."""
    wait_s = retry_after_s(headers, now)
    kind: FailureKind
    if status == 410:
        kind = "gone"
    elif status == 429 or (status == 503 and "retry-after" in headers):
        kind = "throttled"
    elif 400 <= status < 500:
        kind = "http-4xx"
    elif status >= 500:
        kind = "http-5xx"
    else:
        kind = "bad-response"
    return PollError(kind, f"answers {status}", status, wait_s)


_KINDS: Final[tuple[tuple[type[Exception], FailureKind], ...]] = (
    (ForbiddenAddressError, "forbidden-address"),
    (NameLookupError, "dns"),
    (SlowConnectionError, "timeout"),
    (SilenceError, "timeout"),
    (TlsError, "tls"),
    (NoConnectionError, "connect"),
)


def failure_of(error: Exception) -> PollError:
    """The failure that an exception of the HTTP client or of the guard means."""
    kinds = [kind for known, kind in _KINDS if isinstance(error, known)]
    return PollError(kinds[0] if kinds else "bad-response", str(error) or type(error).__name__)
