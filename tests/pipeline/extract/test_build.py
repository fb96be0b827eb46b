"""One entry to one article, and one document to its articles."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ExtractError
from pipeline.extract.build import ExtractLimits, extract_article, extract_feed
from pipeline.extract.identity import article_id, article_keys, content_hash, redated_id
from pipeline.types import Article, Entry, ParsedFeed
from tests.samples import FEED, article, entry, feed

SEEN = datetime(2025, 3, 18, 18, 0, tzinfo=UTC)


def articles(*entries: Entry) -> tuple[Article, ...]:
    return extract_feed(ParsedFeed("T", "en", None, entries), FEED, SEEN).articles


def test_entry_becomes_a_clean_article() -> None:
    made = extract_article(
        entry(
            "<b>Envoys</b> meet &amp; part - Harbour Post",
            "Short.",
            content="<p>The envoys met.</p><p>They parted.</p><p>Read more</p>",
            link="http://www.Harbour-Post.example/envoys?utm_source=rss#top",
            author=" A.\n Writer ",
            categories=("Talks", " talks ", "Talks"),
        ),
        FEED,
        SEEN,
    )
    assert made.title == "Envoys meet & part"
    assert (made.text, made.text_source) == ("The envoys met.\nThey parted.", "content")
    assert made.url == "http://www.harbour-post.example/envoys"
    assert made.keys[0] == "url:www.harbour-post.example/envoys"
    assert made.author == "A. Writer"
    assert made.categories == ("Talks", "talks")
    assert (made.form, made.published_flag, made.seen) == ("report", "stated", SEEN)


def test_longer_of_summary_and_content_is_the_text() -> None:
    assert (
        article(text="The envoys met for two hours in Jeddah.", content="<p>The envoys met.</p>").text_source
        == "summary"
    )
    assert (
        article(text="The envoys met.", content="<p>The envoys met for two hours.</p>").text_source
        == "content"
    )


@pytest.mark.parametrize(
    "summary",
    ["", "Envoys meet in Jeddah", "<a href=x>Envoys meet in Jeddah</a>&nbsp;&nbsp;<font>Harbour Post</font>"],
)
def test_text_that_only_repeats_the_title_is_none(summary: str) -> None:
    made = article("Envoys meet in Jeddah", summary)
    assert (made.text, made.text_source) == ("", "title")


def test_text_that_begins_with_the_title_and_goes_on_stays() -> None:
    made = article("Envoys meet", "Envoys meet. They part.")
    assert made.text == "Envoys meet. They part."


def test_post_without_title_gets_its_first_sentence() -> None:
    made = article("", "Air raid alert in Kyiv. Take cover now.", guid="1")
    assert made.title == "Air raid alert in Kyiv."
    assert made.text == "Air raid alert in Kyiv. Take cover now."


def test_title_of_a_long_post_is_cut_between_words() -> None:
    made = article("", "word " * 100, guid="1")
    assert len(made.title) <= ExtractLimits().untitled
    assert made.title.endswith("word…")


def test_entry_with_neither_title_nor_text_is_an_error_that_names_it() -> None:
    with pytest.raises(ExtractError, match=r"https://harbour-post\.example/x"):
        extract_article(entry("", "", link="https://harbour-post.example/x"), FEED, SEEN)


def test_bad_entry_is_set_aside_and_the_rest_goes_on() -> None:
    parsed = ParsedFeed("T", "en", None, (entry("One"), entry("", "<script>x</script>"), entry("Three")))
    done = extract_feed(parsed, FEED, SEEN)
    assert [made.title for made in done.articles] == ["One", "Three"]
    assert done.set_aside[0].startswith("entry 2: neither title nor text")


def test_summary_that_says_more_than_the_title_stays() -> None:
    assert (
        article("Envoys meet in Jeddah", "Envoys meet in Jeddah on Tuesday").text
        == "Envoys meet in Jeddah on Tuesday"
    )


def test_outlet_is_kept_where_it_is_part_of_the_headline() -> None:
    assert article("Harbour Post wins prize").title == "Harbour Post wins prize"
    assert article("Envoys - and guards - meet").title == "Envoys - and guards - meet"


def test_address_identifies_over_feeds_and_schemes() -> None:
    here = article(link="https://news.example/1?utm_medium=rss", guid="a")
    there = article(link="http://news.example/1#x", guid="b", source=feed("other"))
    assert here.id == there.id


def test_guid_identifies_within_its_feed_where_there_is_no_link() -> None:
    first = article(link=None, guid="42")
    assert first.id == article("Changed title", link=None, guid="42").id
    assert first.id != article(link=None, guid="42", source=feed("other")).id
    assert first.url == ""


def test_text_identifies_where_there_is_nothing_else() -> None:
    assert article("One", link=None, guid=None).id == article("One!", link=None, guid=None).id
    assert article("One", link=None, guid=None).id != article("Two", link=None, guid=None).id


def test_front_page_identifies_nothing() -> None:
    one, two = (article(title, link="https://news.example/", guid=None) for title in ("One", "Two"))
    assert one.id != two.id
    assert one.url == "https://news.example/"


def test_link_that_many_entries_share_does_not_identify_them() -> None:
    made = articles(*(entry(f"Block {n}", link="https://news.example/live", guid=str(n)) for n in range(3)))
    assert len({one.id for one in made}) == 3
    assert all(one.url == "https://news.example/live" for one in made)


def test_two_guids_for_one_link_are_an_article_and_its_correction() -> None:
    made = articles(*(entry(f"Version {n}", link="https://news.example/a", guid=str(n)) for n in range(2)))
    assert len({one.id for one in made}) == 1


def test_keys_hold_address_and_guid_and_are_bounded() -> None:
    keys = article_keys("https://news.example/a", "g" * 5000, "post", "x")
    assert keys[0] == "url:news.example/a"
    assert keys[1].startswith("guid:post:sha256:")
    assert all(len(key) < 400 for key in keys)


def test_redated_id_differs_by_date_and_is_stable() -> None:
    key = "url:news.example/daily"
    day = datetime(2025, 3, 18, tzinfo=UTC)
    assert redated_id(key, day) == redated_id(key, day) != redated_id(key, day + timedelta(days=1))
    assert article_id(key) not in (redated_id(key, day),)


def test_ids_never_change() -> None:
    """Ids are stored for ever: a change of these rules is a change of every archive."""
    assert article_id("url:news.example/a") == "b4bf4e2216afd24dd6e976b4"
    made = article("Envoys meet", link="https://www.news.example/Articles/1?id=7&utm_source=x")
    assert made.keys[0] == "url:www.news.example/Articles/1?id=7"


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Envoys meet.", "ENVOYS  meet"),
        ("“Yes” – he said", '"Yes" - he said'),
        ("Ａｂｃ", "abc"),
        ("a\nb", "a b"),
    ],
)
def test_typography_does_not_change_the_content_hash(one: str, two: str) -> None:
    assert content_hash("T", one) == content_hash("T", two)


def test_words_change_the_content_hash() -> None:
    assert content_hash("T", "envoys meet") != content_hash("T", "envoys met")
    assert content_hash("a b", "c") != content_hash("a", "b c")


def test_feeds_zone_holds_for_dates_without_one() -> None:
    made = article(
        source=feed(time_zone="Europe/Kyiv"),
        published=datetime(2025, 3, 18, 12, tzinfo=UTC),
        date_has_zone=False,
    )
    assert (made.published, made.published_flag) == (datetime(2025, 3, 18, 10, tzinfo=UTC), "assumed-zone")


def test_long_text_is_cut_at_the_limit() -> None:
    limits = ExtractLimits(text=100, title=20)
    made = extract_article(entry("t " * 50, "word " * 100), FEED, SEEN, limits)
    assert len(made.text) <= 100
    assert len(made.title) <= 20


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=60),
    st.text(max_size=120),
    st.none() | st.text(max_size=60),
    st.none() | st.text(max_size=60),
)
def test_any_entry_is_an_article_or_an_extract_error(
    title: str, text: str, link: str | None, guid: str | None
) -> None:
    source = replace(
        entry(),
        title=title,
        summary=text,
        content=text[::-1],
        link=link,
        guid=guid,
        author=title,
        categories=(text,),
    )
    try:
        made = extract_article(source, FEED, SEEN)
    except ExtractError:
        return
    assert made.title
    assert made.keys
    for part in (made.title, made.text, made.author, made.url, *made.keys, *made.categories):
        part.encode()
