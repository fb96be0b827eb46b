"""One poll of one feed: a conditional GET with redirects by hand, limits, and an outcome that is never an exception."""

import asyncio
import hashlib
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import httpx2

from pipeline.fetch.decode import ACCEPT_ENCODING, BodyReader, BrokenEncodingError, TooLargeError
from pipeline.fetch.guard import (
    ForbiddenAddressError,
    GuardedBackend,
    NameLookupError,
    Resolver,
    SystemResolver,
)
from pipeline.fetch.headers import max_age_s, retry_after_s
from pipeline.fetch.settings import FetchSettings
from pipeline.fetch.transport import GuardedTransport
from pipeline.types import FailureKind, Feed, FetchOutcome, RawFeed, Validators

_ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9, "
    "text/xml;q=0.9, */*;q=0.5"
)
_PERMANENT: Final = frozenset({301, 308})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@asynccontextmanager
async def open_client(
    settings: FetchSettings, resolver: Resolver | None = None
) -> AsyncIterator[httpx2.AsyncClient]:
    """An HTTP client that passes every connect through the address guard, keeps no cookies and follows no redirect.

    The environment's proxies are not used: a proxy would resolve names itself, past the guard. `resolver` replaces
    the machine's own, for tests.
    """
    backend = GuardedBackend(resolver or SystemResolver(), allow_private=settings.allow_private_addresses)
    transport = GuardedTransport(
        backend, _ssl_context(), max_connections=settings.concurrency, http2=settings.http2
    )
    headers = {"User-Agent": settings.user_agent, "Accept": _ACCEPT, "Accept-Encoding": ACCEPT_ENCODING}
    if settings.accept_language:
        headers["Accept-Language"] = settings.accept_language
    client = httpx2.AsyncClient(
        transport=transport,
        headers=headers,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=httpx2.Timeout(settings.read_timeout_s, connect=settings.connect_timeout_s, pool=None),
        trust_env=False,
    )
    async with client:
        yield client


@lru_cache(maxsize=1)
def _ssl_context() -> ssl.SSLContext:
    """Reading all certificates takes 0.1 s, and a context may be shared."""
    return httpx2.create_ssl_context()


async def fetch_feed(
    client: httpx2.AsyncClient, feed: Feed, validators: Validators, settings: FetchSettings, now: datetime
) -> FetchOutcome:
    """Poll `feed` once.

    `validators` are those of the last good poll; empty ones make it unconditional. `now` is the aware UTC time of the
    poll. A body whose hash is the known one counts as unchanged, whatever the status. Never raises for anything that
    a server or file does: the outcome says it.
    """
    started = time.perf_counter()
    try:
        async with asyncio.timeout(settings.total_timeout_s):
            if feed.url.lower().startswith("file:"):
                outcome = await asyncio.to_thread(_read_file, feed, validators, settings, now)
            else:
                outcome = await _get(client, feed, validators, settings, now)
    except _PollError as error:
        outcome = error.outcome(feed, validators, now)
    except TimeoutError:
        outcome = _PollError("timeout", f"not complete within {settings.total_timeout_s:g} s").outcome(
            feed, validators, now
        )
    except (httpx2.HTTPError, httpx2.InvalidURL, ForbiddenAddressError, NameLookupError) as error:
        outcome = _PollError(*_kind_of(error)).outcome(feed, validators, now)
    elapsed_s = time.perf_counter() - started
    return replace(outcome, finished=now + timedelta(seconds=elapsed_s), elapsed_s=elapsed_s)


@dataclass
class _PollError(Exception):
    kind: FailureKind
    detail: str
    status: int | None = None
    retry_after_s: float | None = None

    def outcome(self, feed: Feed, validators: Validators, now: datetime) -> FetchOutcome:
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


async def _get(
    client: httpx2.AsyncClient, feed: Feed, validators: Validators, settings: FetchSettings, now: datetime
) -> FetchOutcome:
    url = httpx2.URL(feed.url)
    seen = {str(url)}
    all_permanent = True
    for _ in range(settings.max_redirects + 1):
        request = client.build_request("GET", url, headers=_conditions(validators))
        response = await client.send(request, stream=True)
        try:
            if response.status_code not in _REDIRECTS:
                moved_to = str(url) if all_permanent and len(seen) > 1 else None
                return await _read(response, feed, validators, settings, now, moved_to)
        finally:
            await response.aclose()
        all_permanent = all_permanent and response.status_code in _PERMANENT
        url = _target(url, response)
        if str(url) in seen:
            raise _PollError(
                "redirect", f"redirects in a circle, back to {_shown(url)}", response.status_code
            )
        seen.add(str(url))
    raise _PollError("redirect", f"more than {settings.max_redirects} redirects", response.status_code)


def _conditions(validators: Validators) -> dict[str, str]:
    conditions = {}
    if validators.etag:
        conditions["If-None-Match"] = validators.etag
    if validators.last_modified:
        conditions["If-Modified-Since"] = validators.last_modified
    return conditions


def _target(url: httpx2.URL, response: httpx2.Response) -> httpx2.URL:
    status = response.status_code
    location = response.headers.get("location", "").strip()
    if not location:
        raise _PollError("redirect", f"answers {status} without saying where to", status)
    try:
        target = url.join(location)
    except (httpx2.InvalidURL, ValueError) as error:
        raise _PollError(
            "redirect", f"redirects to an address that is not one: {location[:200]!r}", status
        ) from error
    if target.scheme not in ("http", "https") or not target.host:
        raise _PollError("redirect", f"redirects to {location[:200]!r}, which is not a web address", status)
    # Credentials in a Location would be sent wherever a server likes.
    return (
        target.copy_with(userinfo=b"", fragment=None) if target.userinfo else target.copy_with(fragment=None)
    )


async def _read(
    response: httpx2.Response,
    feed: Feed,
    validators: Validators,
    settings: FetchSettings,
    now: datetime,
    moved_to: str | None,
) -> FetchOutcome:
    headers = {name.lower(): value for name, value in response.headers.items()}
    status = response.status_code
    fresh = FetchOutcome(
        feed=feed.name,
        result="unchanged",
        finished=now,
        status=status,
        permanent_url=moved_to,
        max_age_s=max_age_s(headers, now),
    )
    if status == 304:
        if not _conditions(validators):
            raise _PollError(
                "bad-response", "answers 304 (not modified) though nothing was known before", status
            )
        return replace(fresh, validators=_validators(headers, validators.body_hash, validators))
    if status != 200:
        raise _status_error(status, headers, now)
    body = await _body(response, headers, settings)
    body_hash = hashlib.sha256(body).hexdigest()
    new = _validators(headers, body_hash)
    if body_hash == validators.body_hash:
        return replace(fresh, validators=new)
    raw = RawFeed(
        feed.name,
        str(response.url.copy_with(userinfo=b"")),
        body,
        headers.get("content-type", ""),
        headers,
        now,
        new,
    )
    return replace(fresh, result="fetched", raw=raw, validators=new)


def _validators(
    headers: Mapping[str, str], body_hash: str | None, old: Validators | None = None
) -> Validators:
    """A 304 may leave out what it repeats, so the `old` ones hold then; a 200 without them has none."""
    return Validators(
        etag=headers.get("etag") or (old.etag if old else None),
        last_modified=headers.get("last-modified") or (old.last_modified if old else None),
        body_hash=body_hash,
    )


async def _body(response: httpx2.Response, headers: Mapping[str, str], settings: FetchSettings) -> bytes:
    limit = settings.max_body_bytes
    too_large = _PollError("too-large", f"larger than {limit / 2**20:g} MB", 200)
    stated = headers.get("content-length", "")
    if stated.isdecimal() and int(stated[:20]) > limit:
        raise too_large
    reader = None
    try:
        reader = BodyReader(headers.get("content-encoding", ""), limit)
        async for chunk in response.aiter_raw():
            reader.feed(chunk)
        return reader.body()
    except TooLargeError as error:
        raise too_large from error
    except BrokenEncodingError as error:
        raise _PollError("bad-response", str(error), 200) from error


def _status_error(status: int, headers: Mapping[str, str], now: datetime) -> _PollError:
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
    return _PollError(kind, f"answers {status}", status, wait_s)


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


def _shown(url: httpx2.URL) -> str:
    """Without credentials: details go to logs and pages."""
    return str(url.copy_with(userinfo=b"") if url.userinfo else url)[:300]


def _read_file(feed: Feed, validators: Validators, settings: FetchSettings, now: datetime) -> FetchOutcome:
    try:
        path = file_path(feed.url)
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        with path.open("rb") as file:
            body = file.read(settings.max_body_bytes + 1)
    except OSError as error:
        raise _PollError("file", f"{feed.url} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise _PollError("file", str(error)) from error
    if len(body) > settings.max_body_bytes:
        raise _PollError("too-large", f"larger than {settings.max_body_bytes / 2**20:g} MB")
    new = Validators(last_modified=changed.isoformat(), body_hash=hashlib.sha256(body).hexdigest())
    if new.body_hash == validators.body_hash:
        return FetchOutcome(feed.name, "unchanged", now, validators=new)
    return FetchOutcome(
        feed.name, "fetched", now, raw=RawFeed(feed.name, feed.url, body, "", {}, now, new), validators=new
    )


def file_path(url: str) -> Path:
    """The path that a `file://` URL names. Raises ValueError where it names another machine."""
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise ValueError(f"{url} names the machine {parts.netloc!r}; a file feed is file:///ABSOLUTE/PATH")
    return Path(unquote(parts.path))
