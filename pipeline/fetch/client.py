"""One poll of one feed: a conditional GET with redirects by hand, limits, and an outcome that is never an exception."""

import asyncio
import hashlib
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx2

from pipeline.fetch.decode import ACCEPT_ENCODING, BodyReader, BrokenEncodingError, TooLargeError
from pipeline.fetch.failure import PollError, failure_of, status_failure
from pipeline.fetch.files import read_file
from pipeline.fetch.guard import (
    ForbiddenAddressError,
    GuardedBackend,
    NameLookupError,
    Resolver,
    SystemResolver,
)
from pipeline.fetch.headers import max_age_s
from pipeline.fetch.settings import FetchSettings
from pipeline.fetch.transport import GuardedTransport
from pipeline.types import Feed, FetchOutcome, RawFeed, Validators

_ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9, "
    "text/xml;q=0.9, */*;q=0.5"
)
HTML: Final = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5"
"""What to accept where an article's page is asked for."""

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
    client: httpx2.AsyncClient,
    feed: Feed,
    validators: Validators,
    settings: FetchSettings,
    now: datetime,
    *,
    accept: str = _ACCEPT,
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
                outcome = await asyncio.to_thread(read_file, feed, validators, settings, now)
            else:
                outcome = await _get(client, feed, validators, settings, now, accept)
    except PollError as error:
        outcome = error.outcome(feed, validators, now)
    except TimeoutError:
        outcome = PollError("timeout", f"not complete within {settings.total_timeout_s:g} s").outcome(
            feed, validators, now
        )
    except (httpx2.HTTPError, httpx2.InvalidURL, ForbiddenAddressError, NameLookupError) as error:
        outcome = failure_of(error).outcome(feed, validators, now)
    elapsed_s = time.perf_counter() - started
    return replace(outcome, finished=now + timedelta(seconds=elapsed_s), elapsed_s=elapsed_s)


async def _get(
    client: httpx2.AsyncClient,
    feed: Feed,
    validators: Validators,
    settings: FetchSettings,
    now: datetime,
    accept: str,
) -> FetchOutcome:
    url = httpx2.URL(feed.url)
    seen = {str(url)}
    all_permanent = True
    for _ in range(settings.max_redirects + 1):
        request = client.build_request("GET", url, headers={"Accept": accept, **_conditions(validators)})
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
            raise PollError("redirect", f"redirects in a circle, back to {_shown(url)}", response.status_code)
        seen.add(str(url))
    raise PollError("redirect", f"more than {settings.max_redirects} redirects", response.status_code)


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
        raise PollError("redirect", f"answers {status} without saying where to", status)
    try:
        target = url.join(location)
    except (httpx2.InvalidURL, ValueError) as error:
        raise PollError(
            "redirect", f"redirects to an address that is not one: {location[:200]!r}", status
        ) from error
    if target.scheme not in ("http", "https") or not target.host:
        raise PollError("redirect", f"redirects to {location[:200]!r}, which is not a web address", status)
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
            raise PollError(
                "bad-response", "answers 304 (not modified) though nothing was known before", status
            )
        return replace(fresh, validators=_validators(headers, validators.body_hash, validators))
    if status != 200:
        raise status_failure(status, headers, now)
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
    too_large = PollError("too-large", f"larger than {limit / 2**20:g} MB", 200)
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
        raise PollError("bad-response", str(error), 200) from error


def _shown(url: httpx2.URL) -> str:
    """Without credentials: details go to logs and pages."""
    return str(url.copy_with(userinfo=b"") if url.userinfo else url)[:300]
