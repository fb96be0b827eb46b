"""What kind of failure a poll ended in, from statuses and exceptions. Pure."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx2

from pipeline.fetch.guard import ForbiddenAddressError, NameLookupError
from pipeline.fetch.headers import retry_after_s
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


def failure_of(error: Exception) -> PollError:
    """The failure that an exception of the HTTP client or of the guard means."""
    return PollError(*_kind_of(error))


def _kind_of(error: Exception) -> tuple[FailureKind, str]:
    text = str(error) or type(error).__name__
    if isinstance(error, ForbiddenAddressError):
        return "forbidden-address", text
    if isinstance(error, NameLookupError):
        return "dns", text
    if isinstance(error, httpx2.ConnectTimeout):
        return "timeout", "no connection in time"
    if isinstance(error, httpx2.TimeoutException):
        return "timeout", "silent for too long within its answer"
    if _caused_by_tls(error):
        return "tls", text
    if isinstance(error, httpx2.ConnectError):
        return "connect", text
    return "bad-response", text


def _caused_by_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
