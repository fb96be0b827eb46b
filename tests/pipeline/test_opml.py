"""Feed lists from and for other readers."""

from pathlib import Path

import pytest

from pipeline.errors import FeedListError
from pipeline.feeds import load_feeds
from pipeline.opml import Imported, read_opml, write_opml
from tests.conftest import ROOT
from tests.samples import feed


def read(outlines: str, **more: str) -> Imported:
    return read_opml(
        f"<opml version='1.0'><head/><body>{outlines}</body></opml>".encode(), "list.opml", **more
    )  # type: ignore[arg-type]


def test_facts_survive_a_round_trip() -> None:
    feeds = (
        feed(full_text=True, time_zone="Europe/Kyiv", control="exile"),
        feed("b", outlet="Ü & <b>", url="https://b.example/?a=1&b=2"),
    )
    again = read_opml(write_opml(feeds, "Mine"), "list.opml")
    assert again == Imported(feeds)


def test_shipped_list_survives_a_round_trip() -> None:
    feeds = load_feeds(ROOT / "feeds.toml")
    assert read_opml(write_opml(feeds, "All"), "list.opml") == Imported(feeds)


def test_folders_are_walked_and_what_is_not_stated_is_assumed_and_said() -> None:
    done = read(
        "<outline text='News'><outline text='Post' type='rss' xmlUrl='https://post.ua/rss' htmlUrl='https://post.ua'/></outline>"
    )
    (one,) = done.feeds
    assert (one.name, one.outlet, one.owner, one.country, one.side, one.language, one.kind) == (
        "post", "Post", "Post", "UA", "ukraine", "en", "news",
    )  # fmt: skip
    assert done.assumed == (
        "post: owner Post, country UA, side ukraine, language en, kind news, control private",
    )


@pytest.mark.parametrize(
    ("host", "country", "side"),
    [("a.ua", "UA", "ukraine"), ("a.ru", "RU", "russia"), ("a.co.uk", "GB", "third-party"), ("a.example", "FR", "third-party"),
     ("a.tv", "FR", "third-party"), ("a.media", "FR", "third-party")],
)  # fmt: skip
def test_country_is_taken_from_the_address_or_from_the_operator(host: str, country: str, side: str) -> None:
    (one,) = read(f"<outline text='A' xmlUrl='https://{host}/rss'/>", country="FR").feeds
    assert (one.country, one.side) == (country, side)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.google.com/url?rct=j&amp;url=https://post.example/rss&amp;ct=ga",
        "feed://post.example/rss",
        "feed:https://post.example/rss",
    ],
)
def test_wrapped_addresses_are_unwrapped(url: str) -> None:
    assert read(f"<outline text='A' xmlUrl='{url}'/>").feeds[0].url == "https://post.example/rss"


def test_alert_feeds_of_google_stay_as_they_are() -> None:
    url = "https://www.google.com/alerts/feeds/0123/4567"
    assert read(f"<outline text='A' xmlUrl='{url}'/>").feeds[0].url == url


def test_local_files_wrong_facts_and_doubles_are_left_out_with_their_line() -> None:
    done = read(
        "<outline text='A' xmlUrl='file:///etc/passwd'/>\n<outline text='B' xmlUrl='nonsense'/>\n"
        "<outline text='C' xmlUrl='https://c.example/rss'/>\n<outline text='D' xmlUrl='http://c.example/rss/'/>"
    )
    assert [one.outlet for one in done.feeds] == ["C"]
    assert [text.split(": ")[0] for text in done.left_out] == ["list.opml:1", "list.opml:2", "list.opml:4"]


def test_names_are_free_of_those_taken() -> None:
    done = read(
        "<outline text='A' xmlUrl='https://a.example/1'/><outline text='A' xmlUrl='https://a.example/2'/>",
        taken=["a"],
    )  # type: ignore[arg-type]
    assert [one.name for one in done.feeds] == ["a-2", "a-3"]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (b"", "not XML"),
        (b"<opml><body>", "not XML"),
        (b"<rss/>", "begins with <opml>"),
        (b"\xff\xfe\x00", "not XML"),
    ],
)
def test_what_is_no_opml_is_told(document: bytes, says: str) -> None:
    with pytest.raises(FeedListError, match=says) as caught:
        read_opml(document, "list.opml")
    assert str(caught.value).startswith("list.opml:")


def test_entities_bring_nothing_in(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hush", encoding="utf-8")
    bomb = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    document = (
        f'<!DOCTYPE opml [<!ENTITY l0 "lol">{bomb}<!ENTITY s SYSTEM "{secret.as_uri()}">]>'
        "<opml><body><outline text='A' xmlUrl='https://a.example/rss'>&s;&l9;</outline></body></opml>"
    )
    try:
        done = read_opml(document.encode(), "list.opml")
    except FeedListError:
        return
    assert "hush" not in str(done)
