"""One poll of one feed: a conditional GET with redirects by hand, limits, and an outcome that is never an exception."""

import asyncio
import hashlib
import ssl
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

import httpx2

from pipeline.fetch.decode import ACCEPT_ENCODING, BodyReader, BrokenEncodingError, TooLargeError
from pipeline.fetch.failure import PollError, failure_of, status_failure
from pipeline.fetch.files import read_file
from pipeline.fetch.guard import ForbiddenAddressError, Guard, NameLookupError, Resolver, SystemResolver
from pipeline.fetch.headers import max_age_s
from pipeline.fetch.pool import Answer, HttpClient, destination
from pipeline.fetch.settings import FetchSettings
from pipeline.fetch.wire import HttpError
from pipeline.types import Feed, FetchOutcome, RawFeed, Validators

_ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9, "
    "text/xml;q=0.9, */*;q=0.5"
)
HTML: Final = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5"
"""What to accept where an article's page is asked for."""

_PERMANENT: Final = frozenset({301, 308})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


def open_client(settings: FetchSettings, resolver: Resolver | None = None) -> HttpClient:
    """An HTTP client that passes every connect through the address guard, keeps no cookies and follows no redirect.

    `resolver` replaces the machine's own, for tests.
    """
    headers = {"user-agent": settings.user_agent, "accept": _ACCEPT, "accept-encoding": ACCEPT_ENCODING}
    if settings.accept_language:
        headers["accept-language"] = settings.accept_language
    return HttpClient(
        Guard(resolver or SystemResolver(), allow_private=settings.allow_private_addresses),
        _ssl_context(settings.http2),
        headers,
        connect_s=settings.connect_timeout_s,
        silence_s=settings.read_timeout_s,
        kept=settings.concurrency,
    )


@lru_cache(maxsize=2)
def _ssl_context(http2: bool) -> ssl.SSLContext:
    """Reading all certificates takes 0.1 s, and a context may be shared."""
    context = httpx2.create_ssl_context()
    context.set_alpn_protocols(["h2", "http/1.1"] if http2 else ["http/1.1"])
    return context


async def fetch_feed(
    client: HttpClient,
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
    except (HttpError, ForbiddenAddressError, NameLookupError) as error:
        outcome = failure_of(error).outcome(feed, validators, now)
    elapsed_s = time.perf_counter() - started
    return replace(outcome, finished=now + timedelta(seconds=elapsed_s), elapsed_s=elapsed_s)


async def _get(
    client: HttpClient,
    feed: Feed,
    validators: Validators,
    settings: FetchSettings,
    now: datetime,
    accept: str,
) -> FetchOutcome:
    headers = {"accept": accept, **_conditions(validators)}
    url = feed.url
    seen = {destination(url).shown}
    all_permanent = True
    for _ in range(settings.max_redirects + 1):
        answer = await client.send(url, headers)
        shown = destination(url).shown
        try:
            if answer.status not in _REDIRECTS:
                moved_to = shown if all_permanent and len(seen) > 1 else None
                return await _read(answer, shown, feed, validators, settings, now, moved_to)
        finally:
            answer.close()
        all_permanent = all_permanent and answer.status in _PERMANENT
        url = _target(url, answer)
        shown = destination(url).shown
        if shown in seen:
            raise PollError("redirect", f"redirects in a circle, back to {shown[:300]}", answer.status)
        seen.add(shown)
    raise PollError("redirect", f"more than {settings.max_redirects} redirects", answer.status)


def _conditions(validators: Validators) -> dict[str, str]:
    asked = {"if-none-match": validators.etag, "if-modified-since": validators.last_modified}
    # A server may send what no request may contain; it is then asked without.
    return {name: value for name, value in asked.items() if value and value.isprintable()}


def _target(asked: str, answer: Answer) -> str:
    status = answer.status
    location = answer.headers.get("location", "").strip()
    if not location:
        raise PollError("redirect", f"answers {status} without saying where to", status)
    try:
        target = httpx2.URL(asked).join(location)
    except (httpx2.InvalidURL, ValueError) as error:
        raise PollError(
            "redirect", f"redirects to an address that is not one: {location[:200]!r}", status
        ) from error
    if target.scheme not in ("http", "https") or not target.host:
        raise PollError("redirect", f"redirects to {location[:200]!r}, which is not a web address", status)
    # Credentials in a Location would be sent wherever a server likes.
    return str(target.copy_with(userinfo=b"", fragment=None))


async def _read(
    answer: Answer,
    url: str,
    feed: Feed,
    validators: Validators,
    settings: FetchSettings,
    now: datetime,
    moved_to: str | None,
) -> FetchOutcome:
    headers, status = answer.headers, answer.status
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
    body = await _body(answer, settings)
    body_hash = hashlib.sha256(body).hexdigest()
    new = _validators(headers, body_hash)
    if body_hash == validators.body_hash:
        return replace(fresh, validators=new)
    raw = RawFeed(
        feed.name,
        url,
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


async def _body(answer: Answer, settings: FetchSettings) -> bytes:
    limit = settings.max_body_bytes
    too_large = PollError("too-large", f"larger than {limit / 2**20:g} MB", 200)
    stated = answer.headers.get("content-length", "")
    if stated.isdecimal() and int(stated[:20]) > limit:
        raise too_large
    reader = None
    try:
        reader = BodyReader(answer.headers.get("content-encoding", ""), limit)
        while (chunk := await answer.chunk()) is not None:
            reader.feed(chunk)
        return reader.body()
    except TooLargeError as error:
        raise too_large from error
    except BrokenEncodingError as error:
        raise PollError("bad-response", str(error), 200) from error
