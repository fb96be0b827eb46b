"""Feed documents to entries: every format, and everything that is wrong with them in the wild."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ParseError
from pipeline.parse import ParseLimits, parse_feed
from pipeline.types import Entry, ParsedFeed, RawFeed, Validators
from tests.servers import item, rss

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
URL = "https://news.example/feeds/all.xml"


def parse(
    body: bytes | str, content_type: str = "", url: str = URL, limits: ParseLimits | None = None
) -> ParsedFeed:
    data = body.encode() if isinstance(body, str) else body
    raw = RawFeed("test", url, data, content_type, {}, NOW, Validators())
    return parse_feed(raw, limits) if limits else parse_feed(raw)


def only(body: bytes | str, content_type: str = "") -> Entry:
    (entry,) = parse(body, content_type).entries
    return entry


def channel(inner: str) -> str:
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>T</title>{inner}</channel></rss>"


def atom(inner: str, attributes: str = "") -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}><title>T</title>{inner}</feed>'


def test_rss_2_item_is_read_whole() -> None:
    entry = only(
        channel(
            "<item><title>Envoys meet</title><link>https://news.example/1</link><guid isPermaLink='false'>n1</guid>"
            "<pubDate>Wed, 25 Nov 2026 10:00:00 +0200</pubDate><description>Short &amp; clear</description>"
            "<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'>&lt;p&gt;Long&lt;/p&gt;"
            "</content:encoded><dc:creator xmlns:dc='http://purl.org/dc/elements/1.1/'>A. Writer</dc:creator>"
            "<category>Talks</category><category>World</category></item>"
        )
    )
    assert entry == Entry(
        guid="n1", link="https://news.example/1", title="Envoys meet", summary="Short & clear", content="<p>Long</p>",
        published=datetime(2026, 11, 25, 8, tzinfo=UTC), updated=None, date_text="Wed, 25 Nov 2026 10:00:00 +0200",
        date_has_zone=True, language=None, author="A. Writer", categories=("Talks", "World"),
    )  # fmt: skip


def test_atom_entry_is_read_whole() -> None:
    entry = only(
        atom(
            "<entry><id>tag:news.example,2026:1</id><title type='html'>A &amp;amp; B</title>"
            "<link rel='self' href='https://news.example/1.atom'/><link href='/1' rel='alternate'/>"
            "<published>2026-11-25T10:00:00+02:00</published><updated>2026-11-25T09:30:00Z</updated>"
            "<summary>Short</summary><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>Long</p></div>"
            "</content></entry>"
        )
    )
    assert (entry.guid, entry.link) == ("tag:news.example,2026:1", "https://news.example/1")
    assert (entry.summary, entry.content) == ("Short", "<p>Long</p>")
    assert entry.published == datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert entry.updated == datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def test_rdf_item_is_read() -> None:
    entry = only(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://news.example/"><title>T</title></channel>'
        '<item rdf:about="https://news.example/1"><title>One</title><link>https://news.example/1</link>'
        "<dc:date>2026-11-25T08:00:00Z</dc:date></item></rdf:RDF>"
    )
    assert (entry.title, entry.link, entry.guid) == (
        "One",
        "https://news.example/1",
        "https://news.example/1",
    )
    assert (entry.published or entry.updated) == datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert entry.date_has_zone


@pytest.mark.parametrize("version", ["0.91", "0.92"])
def test_old_rss_is_read(version: str) -> None:
    entry = only(
        f"<rss version='{version}'><channel><title>T</title><item><title>One</title><link>https://n.example/1</link>"
        "</item></channel></rss>"
    )
    assert (entry.title, entry.link) == ("One", "https://n.example/1")


def test_rss_090_is_read() -> None:
    entry = only(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/">'
        "<channel><title>T</title></channel><item><title>One</title><link>https://n.example/1</link></item></rdf:RDF>"
    )
    assert entry.title == "One"


def test_json_feed_is_read() -> None:
    feed = parse(
        '{"version": "https://jsonfeed.org/version/1.1", "title": "T", "language": "uk", "items": [{"id": 7, "url": "/7", '
        '"title": "Seven", "content_html": "<p>x</p>", "date_published": "2026-11-25T10:00:00+02:00", '
        '"authors": [{"name": "A"}], "tags": ["talks"]}]}'
    )
    assert (feed.title, feed.language) == ("T", "uk")
    (entry,) = feed.entries
    assert (entry.guid, entry.link, entry.title, entry.content) == (
        "7",
        "https://news.example/7",
        "Seven",
        "<p>x</p>",
    )
    assert entry.published == datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert (entry.author, entry.categories) == ("A", ("talks",))


@pytest.mark.parametrize(
    "items",
    ["null", "{}", '"x"', "[1, null, []]", '[{"id": {}, "url": 5, "authors": 3, "tags": "x", "title": []}]'],
)
def test_json_feed_with_wrong_types_is_read_as_far_as_it_goes(items: str) -> None:
    feed = parse(f'{{"version": "https://jsonfeed.org/version/1", "items": {items}}}')
    assert all(entry.link is None and not entry.title for entry in feed.entries)


def test_half_a_surrogate_in_json_does_not_stay() -> None:
    feed = parse(
        '{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "title": "a\\ud800b"}]}'
    )
    assert feed.entries[0].title.encode()


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("<!DOCTYPE html><html><body>Accept cookies</body></html>", "HTML page"),
        ("<html><head><title>Sign in</title></head></html>", "HTML page"),
        ("<?xml version='1.0'?>\n<!-- hi --><content-feed><item><title>x</title></item></content-feed>", "<content-feed>"),
        ("<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'></urlset>", "sitemap"),
        ("<opml version='2.0'><body/></opml>", "ceasefire feeds import"),
        ('{"error": "not found"}', "JSON, but not a JSON Feed (found: error)"),
        ("[1, 2]", "JSON, but not a JSON Feed"),
        ('{"version": ', "JSON that cannot be read"),
        ("Service unavailable", "plain text"),
        ("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not text"),
    ],
)  # fmt: skip
def test_what_is_not_a_feed_is_named(document: str, says: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(document.encode("latin-1"))
    assert says in str(caught.value)
    assert URL in str(caught.value)


def test_deeply_nested_json_is_a_parse_error() -> None:
    with pytest.raises(ParseError):
        parse("[" * 200_000)


def test_feed_after_a_printed_warning_is_read() -> None:
    entry = only(
        "<br />\n<b>Warning</b>: something in line 5<br />\n" + channel("<item><title>One</title></item>")
    )
    assert entry.title == "One"


def test_empty_feed_is_a_remark_and_no_failure() -> None:
    assert parse(channel("")).problems == ("no entries",)


def test_broken_markup_is_read_as_far_as_it_goes_and_remarked() -> None:
    feed = parse(
        "<rss version='2.0'><channel><title>T</title><item><title>A & B <c</title><link>https://n.example/1</link></item><item><title>Cut o"
    )
    assert feed.entries[0].link == "https://n.example/1"
    assert any("broken markup" in problem for problem in feed.problems)


def test_control_characters_do_not_stop_the_strict_reader() -> None:
    feed = parse(channel("<item><title>A\x08B\x00</title></item>").encode())
    assert feed.entries[0].title == "AB"
    assert feed.problems == ("control characters",)


def test_space_before_the_xml_declaration_is_forgiven() -> None:
    assert parse("\r\n\n " + channel("<item><title>One</title></item>")).problems == ()


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "windows-1251",
        "koi8-r",
        "iso-8859-5",
    ],
)
def test_declared_encodings_are_read(encoding: str) -> None:
    name = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}.get(encoding, encoding)
    document = f"<?xml version='1.0' encoding='{name}'?><rss version='2.0'><channel><title>T</title><item><title>Переговоры</title></item></channel></rss>"
    assert only(document.encode(encoding)).title == "Переговоры"


def test_charset_of_the_header_is_believed_where_the_document_says_nothing() -> None:
    document = channel("<item><title>Переговори</title></item>").encode("windows-1251")
    assert only(document, "text/xml; charset=windows-1251").title == "Переговори"


@pytest.mark.parametrize(
    "content_type",
    ["text/html; charset=iso-8859-1", "text/xml", "text/plain", "application/octet-stream; charset=nonsense"],
)
def test_utf_8_is_seen_in_the_bytes_whatever_the_header_says(content_type: str) -> None:
    assert only(channel("<item><title>Переговори</title></item>"), content_type).title == "Переговори"


def test_utf_8_under_a_wrong_declaration_is_remarked() -> None:
    feed = parse(
        "<?xml version='1.0' encoding='windows-1251'?><rss version='2.0'><channel><item><title>Їжак</title></item></channel></rss>"
    )
    assert feed.entries[0].title == "Їжак"
    assert feed.problems == ("says windows-1251, is UTF-8",)


def test_letter_cut_in_half_does_not_spoil_the_rest() -> None:
    whole = channel("<item><title>Переговори тривають у Стамбулі</title></item>").encode()
    broken = whole.replace("тривають".encode(), "тривають".encode()[:-1])
    feed = parse(broken)
    assert feed.entries[0].title.startswith("Переговори тривают")
    assert feed.problems == ("1 broken characters",)


def test_undeclared_western_text_is_read_as_such() -> None:
    assert (
        only(channel("<item><title>Élysée confirms</title></item>").encode("latin-1")).title
        == "Élysée confirms"
    )


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("/a/1", "https://news.example/a/1"),
        ("a/1", "https://news.example/feeds/a/1"),
        ("//cdn.example/a", "https://cdn.example/a"),
        ("?id=1&amp;x=2", "https://news.example/feeds/all.xml?id=1&x=2"),
        (" \n https://news.example/a\n/1 ", "https://news.example/a/1"),
        ("javascript:alert(1)", None),
        ("mailto:desk@news.example", None),
        ("http://[broken", None),
        ("", None),
    ],
)
def test_links_are_absolute_web_addresses_or_none(link: str, expected: str | None) -> None:
    assert only(channel(f"<item><title>x</title><link>{link}</link></item>")).link == expected


def test_base_of_the_document_resolves_links() -> None:
    entry = only(
        atom("<entry><title>x</title><link href='1'/></entry>", 'xml:base="https://other.example/b/"')
    )
    assert entry.link == "https://other.example/b/1"


def test_original_link_wins_over_the_proxys() -> None:
    entry = only(
        channel(
            "<item><title>x</title><link>https://feeds.feedburner.com/~r/x/1</link>"
            "<feedburner:origLink xmlns:feedburner='http://rssnamespace.org/feedburner/ext/1.0'>https://n.example/1"
            "</feedburner:origLink></item>"
        )
    )
    assert entry.link == "https://n.example/1"


def test_guid_that_is_an_address_stands_in_for_a_missing_link() -> None:
    entry = only(channel("<item><title>x</title><guid>https://n.example/1</guid></item>"))
    assert (entry.link, entry.guid) == ("https://n.example/1", "https://n.example/1")


def test_guid_that_is_no_permalink_is_no_link() -> None:
    entry = only(channel("<item><title>x</title><guid isPermaLink='false'>https://n.example/1</guid></item>"))
    assert entry.link is None


def test_date_without_zone_says_so() -> None:
    entry = only(channel("<item><title>x</title><pubDate>Wed, 25 Nov 2026 10:00:00</pubDate></item>"))
    assert entry.published == datetime(2026, 11, 25, 10, tzinfo=UTC)
    assert not entry.date_has_zone


def test_absurd_date_is_kept_as_text() -> None:
    entry = only(channel("<item><title>x</title><pubDate>the day after</pubDate></item>"))
    assert (entry.published, entry.date_text) == (None, "the day after")


def test_updated_alone_is_not_taken_for_published() -> None:
    entry = only(atom("<entry><title>x</title><updated>2026-11-25T08:00:00Z</updated></entry>"))
    assert entry.published is None
    assert entry.updated == datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert entry.date_has_zone


def test_language_of_feed_and_of_an_entry_that_differs() -> None:
    feed = parse(
        atom(
            "<entry><title>one</title></entry><entry xml:lang='uk'><title>два</title></entry>",
            "xml:lang='en-GB'",
        )
    )
    assert feed.language == "en-GB"
    assert [entry.language for entry in feed.entries] == [None, "uk"]


@pytest.mark.parametrize(
    ("head", "ttl_min"),
    [
        ("", None), ("<ttl>60</ttl>", 60), ("<ttl>0</ttl>", None), ("<ttl>soon</ttl>", None),
        ("<sy:updatePeriod xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>hourly</sy:updatePeriod>", 60),
        ("<x xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'/><sy:updatePeriod xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>hourly</sy:updatePeriod>"
         "<sy:updateFrequency xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>4</sy:updateFrequency>", 15),
    ],
)  # fmt: skip
def test_ttl_of_the_document(head: str, ttl_min: int | None) -> None:
    assert parse(rss(item(), head=head)).ttl_min == ttl_min


def test_scripts_are_left_for_extract_and_nothing_is_fetched() -> None:
    entry = only(
        channel("<item><title>x</title><description>&lt;script&gt;x&lt;/script&gt;y</description></item>")
    )
    assert entry.summary == "<script>x</script>y"


def test_entity_bomb_is_harmless() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    document = f'<!DOCTYPE rss [<!ENTITY l0 "lol">{entities}]><rss version="2.0"><channel><item><title>a &l11; b</title></item></channel></rss>'
    assert len(only(document).title) < 1000


def test_external_entities_are_not_read() -> None:
    document = (
        '<!DOCTYPE rss [<!ENTITY file SYSTEM "file:///etc/hostname"><!ENTITY net SYSTEM "http://127.0.0.1:1/x">]>'
        '<rss version="2.0"><channel><item><title>a&file;&net;b</title></item></channel></rss>'
    )
    feed = parse(document)
    assert len(feed.entries) == 1
    assert "&file;" in feed.entries[0].title or feed.entries[0].title == "ab"


def test_too_many_entries_are_cut_and_remarked() -> None:
    feed = parse(rss(*(item(n) for n in range(30))), limits=ParseLimits(entries=10))
    assert [entry.link for entry in feed.entries][-1] == "https://news.example/articles/9"
    assert feed.problems == ("30 entries, only the first 10 are read",)


def test_fifty_thousand_entries_are_cut_before_they_are_read() -> None:
    feed = parse(rss(*(item(n) for n in range(50_000)), head="<ttl>5</ttl>"))
    assert (len(feed.entries), feed.ttl_min) == (ParseLimits().entries, 5)
    assert feed.problems == ("50000 entries, only the first 2000 are read",)


def test_entries_over_the_limit_in_utf_16_are_cut_too() -> None:
    document = rss(*(item(n) for n in range(5))).replace("utf-8", "utf-16").encode("utf-16")
    assert len(parse(document, limits=ParseLimits(entries=3)).entries) == 3


def test_document_of_nothing_but_tags_is_refused_before_it_is_read() -> None:
    with pytest.raises(ParseError, match="too much for a feed"):
        parse("<rss version='2.0'><channel>" + "<a>" * 600_000)


def test_too_long_parts_are_cut_and_remarked() -> None:
    document = rss(item(title="t" * 50, text="x" * 500))
    feed = parse(document, limits=ParseLimits(text=100, title=20, link=10, guid=10))
    (entry,) = feed.entries
    assert (len(entry.title), len(entry.summary), entry.link, len(entry.guid or "")) == (20, 100, None, 10)
    assert feed.problems == tuple(
        f"entries with a {part} over the limit, cut" for part in ("guid", "link", "summary", "title")
    )


def test_ten_megabyte_entry_is_read_within_the_limit() -> None:
    feed = parse(rss(item(text="word " * 2_000_000)))
    assert len(feed.entries[0].summary) == ParseLimits().text


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_entries_or_a_parse_error(body: bytes) -> None:
    for document in (
        body,
        b"<rss version='2.0'><channel><item>" + body,
        b"<feed xmlns='http://www.w3.org/2005/Atom'>" + body,
    ):
        try:
            feed = parse(document)
        except ParseError:
            continue
        for entry in feed.entries:
            entry.title.encode()
