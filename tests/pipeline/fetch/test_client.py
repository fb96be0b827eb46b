"""One poll of one feed, against a real server: every outcome that a server can bring about."""

import asyncio
import gzip
import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import brotli
import pytest

from pipeline.fetch import guard
from pipeline.fetch.client import fetch_feed, open_client
from pipeline.fetch.settings import FetchSettings
from pipeline.types import Feed, FetchOutcome, Validators
from tests.servers import FeedServer, Reply, compressed, item, rss

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SETTINGS = FetchSettings(
    contact="desk@monitor.example",
    allow_private_addresses=True,
    connect_timeout_s=2,
    read_timeout_s=2,
    total_timeout_s=4,
    max_body_bytes=200_000,
)
DOCUMENT = rss(item(1), item(2))


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


def feed_at(url: str) -> Feed:
    return Feed("test", url, "Test", "Test", "UA", "ukraine", "en", "news")


def poll(
    url: str,
    validators: Validators = Validators(),  # noqa: B008  frozen
    settings: FetchSettings = SETTINGS,
    resolver: object = None,
) -> FetchOutcome:
    async def run() -> FetchOutcome:
        async with open_client(settings, resolver) as client:
            return await fetch_feed(client, feed_at(url), validators, settings, NOW)

    return asyncio.run(run())


def test_document_comes_with_its_validators_and_final_address(server: FeedServer) -> None:
    url = server.feed("/rss", DOCUMENT, etag='"v1"', last_modified="Wed, 25 Nov 2026 08:00:00 GMT")
    outcome = poll(url)
    assert outcome.result == "fetched"
    assert outcome.raw is not None
    assert outcome.raw.body == DOCUMENT.encode()
    assert outcome.raw.url == url
    assert outcome.validators.etag == '"v1"'
    assert outcome.validators.last_modified == "Wed, 25 Nov 2026 08:00:00 GMT"
    assert outcome.raw.validators == outcome.validators
    assert outcome.finished >= NOW


def test_request_says_who_we_are_and_what_we_read(server: FeedServer) -> None:
    poll(server.feed("/rss", DOCUMENT))
    headers = server.asked[0].headers
    assert "desk@monitor.example" in headers["user-agent"]
    assert "application/rss+xml" in headers["accept"]
    assert "br" in headers["accept-encoding"]
    assert "accept-language" not in headers


def test_second_poll_is_conditional_and_unchanged(server: FeedServer) -> None:
    url = server.feed("/rss", DOCUMENT, etag='"v1"')
    first = poll(url)
    second = poll(url, first.validators)
    assert server.asked[1].headers["if-none-match"] == '"v1"'
    assert (second.result, second.status, second.raw) == ("unchanged", 304, None)
    assert second.validators == first.validators


def test_last_modified_alone_makes_a_poll_conditional(server: FeedServer) -> None:
    url = server.feed("/rss", DOCUMENT, last_modified="Wed, 25 Nov 2026 08:00:00 GMT")
    assert poll(url, poll(url).validators).status == 304


def test_same_body_without_validators_is_unchanged_by_its_hash(server: FeedServer) -> None:
    url = server.feed("/rss", DOCUMENT)
    outcome = poll(url, poll(url).validators)
    assert (outcome.result, outcome.status) == ("unchanged", 200)


def test_304_to_an_unconditional_request_is_a_bad_response(server: FeedServer) -> None:
    outcome = poll(server.answer("/rss", Reply(304)))
    assert outcome.failure == "bad-response"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw-deflate", "br"])
def test_compressed_documents_are_unpacked(server: FeedServer, encoding: str) -> None:
    outcome = poll(server.feed("/rss", DOCUMENT, encoding=encoding))
    assert outcome.raw is not None
    assert outcome.raw.body == DOCUMENT.encode()


def test_encoding_upon_encoding_is_unpacked(server: FeedServer) -> None:
    body = compressed(compressed(DOCUMENT.encode(), "gzip"), "br")
    outcome = poll(server.answer("/rss", Reply(body=body, headers={"Content-Encoding": "gzip, br"})))
    assert outcome.raw is not None
    assert outcome.raw.body == DOCUMENT.encode()


def test_plain_body_that_claims_gzip_is_believed_by_its_bytes(server: FeedServer) -> None:
    outcome = poll(server.answer("/rss", Reply(body=DOCUMENT.encode(), headers={"Content-Encoding": "gzip"})))
    assert outcome.result == "fetched"


def test_gzip_file_without_content_encoding_is_unpacked(server: FeedServer) -> None:
    outcome = poll(server.answer("/rss.gz", Reply(body=gzip.compress(DOCUMENT.encode()))))
    assert outcome.raw is not None
    assert outcome.raw.body == DOCUMENT.encode()


@pytest.mark.parametrize(
    ("encoding", "bomb"),
    [("gzip", gzip.compress(bytes(30_000_000))), ("br", brotli.compress(bytes(30_000_000)))],
    ids=["gzip", "br"],
)
def test_compression_bomb_is_too_large(server: FeedServer, encoding: str, bomb: bytes) -> None:
    outcome = poll(server.answer("/rss", Reply(body=bomb, headers={"Content-Encoding": encoding})))
    assert outcome.failure == "too-large"


def test_endless_body_is_too_large(server: FeedServer) -> None:
    def forever() -> Iterator[bytes]:
        while True:
            yield b"<item>" * 1000

    assert poll(server.answer("/rss", Reply(chunks=forever))).failure == "too-large"


def test_stated_length_over_the_limit_is_not_even_read(server: FeedServer) -> None:
    outcome = poll(server.answer("/rss", Reply(length=10_000_000_000, silent_after=1, body=b"<")))
    assert outcome.failure == "too-large"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=DOCUMENT.encode(), cut_after=50),
        Reply(body=DOCUMENT.encode(), length=len(DOCUMENT) + 500),
        Reply(body=gzip.compress(DOCUMENT.encode())[:-20], headers={"Content-Encoding": "gzip"}),
        Reply(body=brotli.compress(DOCUMENT.encode())[:-20], headers={"Content-Encoding": "br"}),
        Reply(body=b"\x1f\x8bnot gzip at all", headers={"Content-Encoding": "gzip"}),
        Reply(body=b"<rss>", headers={"Content-Encoding": "x-unheard-of"}),
        Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n"),
        Reply(raw=b"SSH-2.0-OpenSSH_9.6\r\n"),
        Reply(raw=b""),
        Reply(status=204),
        Reply(status=206, body=b"<rss"),
    ],
    ids=[
        "cut off", "promises more than it sends", "gzip cut off", "brotli cut off", "broken gzip", "unknown encoding",
        "absurd length", "not HTTP", "nothing", "no content", "partial",
    ],
)  # fmt: skip
def test_broken_answers_are_bad_responses(server: FeedServer, reply: Reply) -> None:
    outcome = poll(server.answer("/rss", reply))
    assert (outcome.result, outcome.failure) == ("failed", "bad-response")
    assert outcome.detail


def test_shorter_stated_length_cuts_the_body_there(server: FeedServer) -> None:
    outcome = poll(server.answer("/rss", Reply(body=DOCUMENT.encode(), length=60)))
    assert outcome.raw is None or len(outcome.raw.body) == 60


def test_silence_before_the_answer_is_a_timeout(server: FeedServer) -> None:
    impatient = replace(SETTINGS, read_timeout_s=0.1)
    assert poll(server.answer("/rss", Reply(silent_after=0)), settings=impatient).failure == "timeout"


def test_silence_within_the_answer_is_a_timeout(server: FeedServer) -> None:
    impatient = replace(SETTINGS, read_timeout_s=0.1)
    url = server.answer("/rss", Reply(body=DOCUMENT.encode(), silent_after=40))
    assert poll(url, settings=impatient).failure == "timeout"


def test_dripping_body_ends_at_the_total_time_limit(server: FeedServer) -> None:
    def drip() -> Iterator[bytes]:
        while not server.stopped.wait(0.01):
            yield b"<"

    impatient = replace(SETTINGS, total_timeout_s=0.2)
    outcome = poll(server.answer("/rss", Reply(chunks=drip)), settings=impatient)
    assert outcome.failure == "timeout"
    assert "0.2 s" in outcome.detail


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (400, "http-4xx"), (401, "http-4xx"), (403, "http-4xx"), (404, "http-4xx"), (410, "gone"),
        (429, "throttled"), (500, "http-5xx"), (503, "http-5xx"), (300, "bad-response"),
    ],
)  # fmt: skip
def test_status_tells_the_kind_of_failure(server: FeedServer, status: int, failure: str) -> None:
    outcome = poll(server.answer("/rss", Reply(status, b"no")))
    assert (outcome.failure, outcome.status) == (failure, status)


def test_failure_keeps_the_validators(server: FeedServer) -> None:
    known = Validators('"v1"', None, "00")
    assert poll(server.answer("/rss", Reply(500)), known).validators == known


def test_retry_after_in_seconds_is_told(server: FeedServer) -> None:
    assert poll(server.answer("/rss", Reply(429, headers={"Retry-After": "120"}))).retry_after_s == 120


def test_retry_after_as_date_is_read_against_the_servers_own_date(server: FeedServer) -> None:
    def answer(_asked: object) -> Reply:
        return Reply(raw=(
            "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n"
            f"Date: {format_datetime(NOW - timedelta(hours=5), usegmt=True)}\r\n"
            f"Retry-After: {format_datetime(NOW - timedelta(hours=4), usegmt=True)}\r\n\r\n"
        ).encode())  # fmt: skip

    outcome = poll(server.answer("/rss", answer))
    assert (outcome.failure, outcome.retry_after_s) == ("throttled", 3600)


def test_unreadable_retry_after_is_none(server: FeedServer) -> None:
    outcome = poll(server.answer("/rss", Reply(429, headers={"Retry-After": "soon"})))
    assert (outcome.failure, outcome.retry_after_s) == ("throttled", None)


def test_cache_control_is_told_as_max_age(server: FeedServer) -> None:
    url = server.feed("/rss", DOCUMENT, headers={"Cache-Control": "public, max-age=900"})
    assert poll(url).max_age_s == 900


def test_redirects_are_followed_and_the_last_address_is_the_base(server: FeedServer) -> None:
    target = server.feed("/new", DOCUMENT)
    outcome = poll(server.redirect("/old", "/new", 302))
    assert outcome.raw is not None
    assert outcome.raw.url == target
    assert outcome.permanent_url is None


@pytest.mark.parametrize("status", [301, 308])
def test_permanent_redirects_tell_the_new_address(server: FeedServer, status: int) -> None:
    target = server.feed("/new", DOCUMENT)
    server.redirect("/middle", "/new", 301)
    assert poll(server.redirect("/old", "/middle", status)).permanent_url == target


def test_one_temporary_redirect_makes_the_chain_temporary(server: FeedServer) -> None:
    server.feed("/new", DOCUMENT)
    server.redirect("/middle", "/new", 302)
    assert poll(server.redirect("/old", "/middle", 301)).permanent_url is None


def test_unchanged_after_a_permanent_redirect_tells_it_too(server: FeedServer) -> None:
    target = server.feed("/new", DOCUMENT, etag='"v1"')
    old = server.redirect("/old", "/new")
    assert poll(old, poll(old).validators).permanent_url == target


def test_redirect_circle_is_named(server: FeedServer) -> None:
    server.redirect("/b", "/a")
    outcome = poll(server.redirect("/a", "/b"))
    assert outcome.failure == "redirect"
    assert "circle" in outcome.detail


def test_too_many_redirects_are_a_failure(server: FeedServer) -> None:
    for number in range(10):
        server.redirect(f"/{number}", f"/{number + 1}")
    outcome = poll(server.url("/0"))
    assert outcome.failure == "redirect"
    assert len(server.asked) == SETTINGS.max_redirects + 1


@pytest.mark.parametrize(
    "location",
    ["", "file:///etc/passwd", "javascript:alert(1)", "ftp://news.example/rss", "http://[::1", "http://"],
)
def test_redirect_to_what_is_no_web_address_is_a_failure(server: FeedServer, location: str) -> None:
    assert poll(server.redirect("/rss", location)).failure == "redirect"


def test_credentials_in_a_redirect_are_not_sent(server: FeedServer) -> None:
    server.feed("/new", DOCUMENT)
    poll(server.redirect("/old", f"http://user:secret@127.0.0.1:{server.port}/new"))
    assert "authorization" not in server.asked[1].headers


def test_cookies_are_not_kept(server: FeedServer) -> None:
    server.feed("/new", DOCUMENT)
    poll(server.answer("/old", Reply(302, headers={"Location": "/new", "Set-Cookie": "id=1; Path=/"})))
    assert "cookie" not in server.asked[1].headers


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
def test_private_hosts_are_forbidden_by_default_and_never_asked(server: FeedServer, host: str) -> None:
    server.feed("/rss", DOCUMENT)
    outcome = poll(server.url("/rss", host=host), settings=replace(SETTINGS, allow_private_addresses=False))
    assert outcome.failure in ("forbidden-address", "dns")
    assert server.asked == []


def test_redirect_to_a_forbidden_address_is_not_followed(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loopback has to play both parts here: its first address is called public, its third one is not."""
    monkeypatch.setattr(guard, "is_forbidden", lambda address: address != "127.0.0.1")
    url = server.redirect("/rss", f"http://127.0.0.3:{server.port}/secret")
    outcome = poll(url, settings=replace(SETTINGS, allow_private_addresses=False))
    assert outcome.failure == "forbidden-address"
    assert [asked.path for asked in server.asked] == ["/rss"]


def test_name_is_resolved_once_and_connected_to_at_that_address(server: FeedServer) -> None:
    """A name that answers differently the second time gets no second time; the server still sees the name."""
    url = server.feed("/rss", DOCUMENT).replace("127.0.0.1", "news.example")
    answers = [["127.0.0.1"], ["192.0.2.1"]]
    looked_up: list[str] = []

    async def resolver(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return answers.pop(0)

    assert poll(url, resolver=resolver).result == "fetched"
    assert looked_up == ["news.example"]
    assert server.asked[0].headers["host"] == f"news.example:{server.port}"


def test_second_address_is_tried_where_the_first_does_not_answer(server: FeedServer) -> None:
    url = server.feed("/rss", DOCUMENT).replace("127.0.0.1", "news.example")

    async def resolver(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.9", "127.0.0.1"]

    assert poll(url, resolver=resolver).result == "fetched"


def test_unknown_name_is_a_dns_failure() -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    outcome = poll("https://no-such-host.example/rss", resolver=resolver)
    assert outcome.failure == "dns"
    assert outcome.detail == "the name no-such-host.example is not known"


def test_name_look_up_that_is_down_does_not_blame_the_name() -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    outcome = poll("https://harbour.example/rss", resolver=resolver)
    assert outcome.failure == "dns"
    assert outcome.detail.endswith("cannot be looked up: Temporary failure in name resolution")


def test_name_look_up_that_hangs_is_a_dns_failure() -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        raise AssertionError

    outcome = poll(
        "https://slow-dns.example/rss", resolver=resolver, settings=replace(SETTINGS, connect_timeout_s=0.1)
    )
    assert outcome.failure == "dns"


def test_closed_port_is_a_connect_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert poll(f"http://127.0.0.1:{port}/rss").failure == "connect"


@pytest.mark.parametrize(
    "url",
    ["http+unix://%2Frun%2Fdocker.sock/rss", "unix:///run/docker.sock", "ftp://127.0.0.1/rss", "news", ""],
)
def test_addresses_that_are_none_of_the_webs_are_not_asked(url: str) -> None:
    outcome = poll(url)
    assert (outcome.result, outcome.failure) == ("failed", "bad-response")
    assert outcome.detail


def test_server_without_tls_is_a_tls_failure(server: FeedServer) -> None:
    assert poll(server.url("/rss", scheme="https")).failure == "tls"


def test_ipv6_server_is_read() -> None:
    if not socket.has_ipv6:
        pytest.skip("this Python knows no IPv6")
    try:
        running = FeedServer("::1")
    except OSError as error:
        pytest.skip(f"this machine has no IPv6 loopback: {error}")
    with running as server:
        assert poll(server.feed("/rss", DOCUMENT)).result == "fetched"


def test_file_of_the_operator_is_read_and_unchanged_the_second_time(tmp_path: Path) -> None:
    file = tmp_path / "my feed.xml"
    file.write_text(DOCUMENT, encoding="utf-8")
    first = poll(file.as_uri())
    assert first.raw is not None
    assert first.raw.body == DOCUMENT.encode()
    assert poll(file.as_uri(), first.validators).result == "unchanged"


def test_file_that_is_not_there_is_a_file_failure(tmp_path: Path) -> None:
    outcome = poll((tmp_path / "none.xml").as_uri())
    assert outcome.failure == "file"
    assert "none.xml" in outcome.detail


def test_file_over_the_limit_is_too_large(tmp_path: Path) -> None:
    file = tmp_path / "big.xml"
    file.write_bytes(bytes(SETTINGS.max_body_bytes + 1))
    assert poll(file.as_uri()).failure == "too-large"


def test_file_url_of_another_machine_is_a_file_failure() -> None:
    assert poll("file://server/share/feed.xml").failure == "file"


def test_credentials_of_the_operator_are_sent_and_not_kept(server: FeedServer) -> None:
    server.feed("/rss", DOCUMENT)
    outcome = poll(f"http://user:hush@127.0.0.1:{server.port}/rss")
    assert server.asked[0].headers["authorization"].startswith("Basic ")
    assert outcome.raw is not None
    assert outcome.raw.url == server.url("/rss")


def test_details_never_show_a_password(server: FeedServer) -> None:
    server.redirect("/a", "/b")
    server.redirect("/b", "/a")
    outcome = poll(f"http://user:hush@127.0.0.1:{server.port}/a")
    assert "hush" not in outcome.detail
