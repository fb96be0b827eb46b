"""HTTP/2 over real TLS: spoken where the server offers it, refused where the certificate is not good."""

import asyncio
import ssl

import pytest

from pipeline.fetch import client
from pipeline.fetch.client import fetch_feed, open_client
from pipeline.types import FetchOutcome, Validators
from tests.http2 import http2_server, trusting_context
from tests.pipeline.fetch.test_client import DOCUMENT, NOW, SETTINGS, feed_at


def poll(url: str) -> FetchOutcome:
    async def run() -> FetchOutcome:
        async with open_client(SETTINGS) as opened:
            return await fetch_feed(opened, feed_at(url), Validators(), SETTINGS, NOW)

    return asyncio.run(run())


def test_a_server_that_speaks_only_http2_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_ssl_context", trusting_context)
    with http2_server(DOCUMENT.encode()) as (url, agreed):
        outcome = poll(url)
    assert agreed == ["h2"]
    assert outcome.raw is not None
    assert outcome.raw.body == DOCUMENT.encode()
    assert outcome.validators.etag == '"h2"'


def test_a_certificate_that_nobody_vouches_for_is_a_tls_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_ssl_context", ssl.create_default_context)
    with http2_server(DOCUMENT.encode()) as (url, _agreed):
        outcome = poll(url)
    assert outcome.failure == "tls"


def test_a_certificate_for_another_name_is_a_tls_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_ssl_context", trusting_context)
    with http2_server(DOCUMENT.encode()) as (url, _agreed):
        outcome = poll(url.replace("127.0.0.1", "127.0.0.2"))
    assert outcome.failure in ("tls", "connect")
