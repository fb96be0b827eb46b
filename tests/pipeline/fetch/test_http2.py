"""HTTP/2 over real TLS: spoken where the server offers it, refused where the certificate is not good."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline.fetch import client
from pipeline.fetch.client import fetch_feed, open_client
from pipeline.fetch.settings import FetchSettings
from pipeline.types import FetchOutcome, Validators
from tests.http2 import http2_server, trusting_context
from tests.pipeline.fetch.test_client import DOCUMENT, NOW, SETTINGS, feed_at


def offering(made: Callable[[], ssl.SSLContext]) -> Callable[[bool], ssl.SSLContext]:
    """A context in the place of the client's own, which offers what that one does."""

    def context(http2: bool) -> ssl.SSLContext:
        assert http2
        own = made()
        own.set_alpn_protocols(["h2", "http/1.1"])
        return own

    return context


def poll(url: str, settings: FetchSettings = SETTINGS) -> FetchOutcome:
    async def run() -> FetchOutcome:
        async with open_client(settings) as opened:
            return await fetch_feed(opened, feed_at(url), Validators(), settings, NOW)

    return asyncio.run(run())


def test_a_server_that_speaks_only_http2_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_ssl_context", offering(trusting_context))
    with http2_server(DOCUMENT.encode()) as (url, agreed):
        outcome = poll(url)
    assert agreed == ["h2"]
    assert outcome.raw is not None
    assert outcome.raw.body == DOCUMENT.encode()
    assert outcome.validators.etag == '"h2"'


def test_a_certificate_that_nobody_vouches_for_is_a_tls_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_ssl_context", offering(ssl.create_default_context))
    with http2_server(DOCUMENT.encode()) as (url, _agreed):
        outcome = poll(url)
    assert outcome.failure == "tls"


def test_a_certificate_for_another_name_is_a_tls_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_ssl_context", offering(trusting_context))
    with http2_server(DOCUMENT.encode()) as (url, _agreed):
        outcome = poll(url.replace("127.0.0.1", "127.0.0.2"))
    assert outcome.failure in ("tls", "connect")


def test_an_http2_connection_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_ssl_context", offering(trusting_context))

    async def run(url: str) -> list[str]:
        async with open_client(SETTINGS) as opened:
            return [
                (await fetch_feed(opened, feed_at(url), Validators(), SETTINGS, NOW)).result for _ in range(3)
            ]

    with http2_server(DOCUMENT.encode()) as (url, agreed):
        assert asyncio.run(run(url)) == ["fetched"] * 3
    assert agreed == ["h2"]


def test_an_http2_body_over_the_limit_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_ssl_context", offering(trusting_context))
    with http2_server(bytes(SETTINGS.max_body_bytes + 1)) as (url, _agreed):
        assert poll(url).failure == "too-large"


def test_an_http2_server_that_falls_silent_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_ssl_context", offering(trusting_context))
    impatient = replace(SETTINGS, read_timeout_s=0.2)
    with http2_server(DOCUMENT.encode(), ends=False) as (url, _agreed):
        assert poll(url, impatient).failure == "timeout"
