"""The text of article pages: ten layouts with known text, and the pages that show no article."""

from datetime import UTC, datetime

import pytest

from benchmarks import page_layouts
from benchmarks.page_layouts import Page
from benchmarks.pages import f1, ours, plain
from pipeline.errors import ExtractError
from pipeline.extract.page import read_article_page, read_page

URL = "https://harbour-post.example/n/1"
GATE = 0.97
"""What every layout must reach; benchmarks/pages.py prints where each stands."""


@pytest.mark.parametrize("page", page_layouts.layouts(), ids=lambda page: page.name)
def test_the_article_is_found_and_what_stands_beside_it_is_not(page: Page) -> None:
    read = read_article_page(page.html.encode(), URL)
    assert read.state == "read"
    assert f1(read.text, page.text)[0] >= GATE
    assert not any(sentence in read.text for sentence in (*page_layouts.BESIDE, page_layouts.SITE))


def test_no_layout_is_read_worse_than_by_trafilatura_alone() -> None:
    for page in page_layouts.layouts():
        assert f1(ours(page.html), page.text)[0] >= f1(plain(page.html), page.text)[0], page.name


def test_the_pages_own_address_language_and_time_are_told() -> None:
    read = read_article_page(page_layouts.wire().html.encode(), URL)
    assert read.canonical == "https://harbour-post.example/wire"
    assert read.language == "en"
    assert read.published == datetime(2026, 11, 24, 17, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "stated", ["https://elsewhere.example/n/1", "https://harbour-post.example/", "http://[::1"]
)
def test_a_canonical_address_of_another_site_or_the_front_page_is_not_believed(stated: str) -> None:
    document = page_layouts.wire().html.replace("https://harbour-post.example/wire", stated)
    assert read_article_page(document.encode(), URL).canonical is None


@pytest.mark.parametrize(
    ("document", "state"),
    [
        (page_layouts.paywall(), "paywall"),
        (page_layouts.consent(), "consent"),
        (page_layouts.front(), "no-text"),
    ],
)
def test_a_page_without_the_article_is_said_to_be_that(document: str, state: str) -> None:
    read = read_article_page(document.encode(), URL)
    assert (read.state, read.text) == (state, "")
    assert read.detail
    with pytest.raises(ExtractError, match="by hand"):
        read_page(document.encode(), URL)


def test_a_consent_host_is_known_by_its_address() -> None:
    page = page_layouts.wire().html.encode()
    assert read_article_page(page, "https://consent.harbour-post.example/collect").state == "consent"


def test_a_metered_page_that_shows_all_of_its_article_is_read() -> None:
    closed = '<meta property="article:content_tier" content="metered"></head>'
    document = page_layouts.magazine().html.replace("</head>", closed)
    assert read_article_page(document.encode(), URL).state == "read"


@pytest.mark.parametrize(
    "body", [b"", b"\x00\x01\x02", b"%PDF-1.7", b"<", b"<html></html>", b"\xff\xfe<\x00"]
)
def test_what_is_no_page_has_no_text(body: bytes) -> None:
    assert read_article_page(body, URL).state == "no-text"
