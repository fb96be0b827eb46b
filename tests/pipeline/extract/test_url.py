"""One form for every address of the same page."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extract.url import canonical_url, is_front_page, unwrapped, url_key


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://news.example/a", "https://news.example/a"),
        ("HTTPS://News.Example/A", "https://news.example/A"),
        ("https://news.example", "https://news.example/"),
        ("https://news.example:443/a", "https://news.example/a"),
        ("http://news.example:80/a", "http://news.example/a"),
        ("https://news.example:8443/a", "https://news.example:8443/a"),
        ("https://news.example./a", "https://news.example/a"),
        ("https://user:secret@news.example/a", "https://news.example/a"),
        ("https://news.example/a#comments", "https://news.example/a"),
        ("https://news.example/#!/a/1", "https://news.example/#!/a/1"),
        ("https://news.example/a/../b/./c", "https://news.example/b/c"),
        ("https://news.example/a/b/..", "https://news.example/a/"),
        ("https://news.example/%7euser/%e2%82%ac", "https://news.example/~user/%E2%82%AC"),
        (
            "https://news.example/новини/мир",
            "https://news.example/%D0%BD%D0%BE%D0%B2%D0%B8%D0%BD%D0%B8/%D0%BC%D0%B8%D1%80",
        ),
        ("https://news.example/100%", "https://news.example/100%25"),
        ("https://новини.укр/a", "https://xn--b1amarcd.xn--j1amh/a"),
        ("https://news.example/a;jsessionid=1A2B?x=1", "https://news.example/a?x=1"),
        ("  https://news.example/a\n b ", "https://news.example/ab"),
        ("https://[2606:4700::1]:8080/a", "https://[2606:4700::1]:8080/a"),
        ("https://news.example/a?", "https://news.example/a"),
    ],
)
def test_canonical_form(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    "query",
    [
        "utm_source=rss&utm_medium=feed", "fbclid=abc", "gclid=1&dclid=2", "at_medium=RSS&at_campaign=KARANGA",
        "CMP=Share_iOSApp_Other", "maca=en-rss-en-all-1573-rdf", "traffic_source=rss", "partner=rss&emc=rss",
        "mod=rss_markets_main", "ref=rss", "source=feed", "xtor=RSS-3208", "cmpid=x", "ns_mchannel=rss", "smid=tw-share",
        "feedType=RSS&feedName=worldNews", "mc_cid=1&mc_eid=2", "yclid=5", "from=rss", "_ga=1.2",
    ],
)  # fmt: skip
def test_parameters_that_only_track_are_taken_off(query: str) -> None:
    assert canonical_url(f"https://news.example/a?{query}") == "https://news.example/a"
    assert (
        canonical_url(f"https://news.example/a?id=7&{query}&page=2") == "https://news.example/a?id=7&page=2"
    )


@pytest.mark.parametrize(
    "query",
    [
        "id=7",
        "p=123",
        "b=2&a=1",
        "cid=9",
        "ref=kyiv",
        "source=ministry",
        "article",
        "q=rss",
        "from=2026-11-25",
        "lang=en",
        "a=&b=",
    ],
)
def test_parameters_that_may_choose_the_page_stay_in_their_order(query: str) -> None:
    assert canonical_url(f"https://news.example/a?{query}") == f"https://news.example/a?{query}"


@pytest.mark.parametrize(
    "url",
    [
        "https://www.news.example/a",
        "https://m.news.example/a",
        "https://news.example/a/amp",
        "https://news.example/a/",
        "https://news.example//a",
    ],
)
def test_what_only_the_server_can_judge_stays(url: str) -> None:
    assert canonical_url(url) == url


@pytest.mark.parametrize(
    "wrapped",
    [
        "https://www.google.com/url?rct=j&sa=t&url=https://news.example/a%3Fid%3D7&ct=ga&cd=CAEY",
        "https://www.google.co.uk/url?q=https://news.example/a?id=7&sa=U",
        "http://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fnews.example%2fa%3fid%3d7&c=1",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fnews.example%2Fa%3Fid%3D7&h=x",
        "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fnews.example%2Fa%3Fid%3D7&data=x",
        "https://news-example.cdn.ampproject.org/c/s/news.example/a?id=7",
        "https://www.google.com/amp/s/news.example/a?id=7",
        "https://www.google.com/url?url=https%3A%2F%2Fwww.google.com%2Furl%3Furl%3Dhttps%3A%2F%2Fnews.example%2Fa%3Fid%3D7",
    ],
)
def test_wrappers_that_name_their_target_are_unwrapped(wrapped: str) -> None:
    assert canonical_url(wrapped) == "https://news.example/a?id=7"


@pytest.mark.parametrize(
    "url",
    [
        "https://www.google.com/url?url=javascript:alert(1)",
        "https://www.google.com/search?q=https://news.example/a",
        "https://notgoogle.com/url?url=https://news.example/a",
        "https://www.google.com.evil.example/url?url=https://news.example/a",
    ],
)
def test_other_addresses_are_not_unwrapped(url: str) -> None:
    assert unwrapped(url) == url


@pytest.mark.parametrize(
    "url",
    ["", "news.example/a", "/a", "mailto:a@b.example", "javascript:alert(1)", "file:///etc/passwd", "https://", "https://:80/a",
     "https://[::1", "https://news.example:99999/a", "https://a<b>/", "https://news.example/" + "a" * 5000],
)  # fmt: skip
def test_what_is_no_web_address_is_none(url: str) -> None:
    assert canonical_url(url) is None


def test_key_is_the_same_for_http_and_https() -> None:
    assert url_key("http://news.example/a") == url_key("https://news.example/a") == "news.example/a"


@pytest.mark.parametrize(
    ("url", "front"),
    [
        ("https://news.example/", True),
        ("https://news.example/?p=1", False),
        ("https://news.example/a", False),
        ("https://news.example/#!/1", False),
    ],
)
def test_front_pages(url: str, front: bool) -> None:
    assert is_front_page(url) is front


@settings(max_examples=300)
@given(st.text(max_size=80))
def test_any_text_after_a_host_has_one_form(text: str) -> None:
    once = canonical_url(f"https://news.example/{text}")
    if once is not None:
        assert once.isascii()
        assert canonical_url(once) == once


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_any_text_at_all_is_an_address_or_none(text: str) -> None:
    for url in (text, f"http://{text}"):
        once = canonical_url(url)
        assert once is None or canonical_url(once) == once
