"""Known entries are cut out of a document before it is parsed; what is left reads as it would have in the whole."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.feed_documents import FEED, SEEN, documents
from pipeline.errors import ParseError
from pipeline.extract.build import extract_feed
from pipeline.marks import mark, packed, unpacked, without_known
from pipeline.parse import parse_feed
from pipeline.types import RawFeed, Validators
from tests.servers import item, rss


def raw(body: bytes | str) -> RawFeed:
    body = body.encode() if isinstance(body, str) else body
    return RawFeed("f", "https://feeds.example/f.xml", body, "", {}, SEEN, Validators())


def test_a_known_entry_is_not_read_again_and_a_changed_one_is() -> None:
    first = parse_feed(raw(rss(item(1), item(2), item(3))))
    known = frozenset(first.marks)
    again = parse_feed(raw(rss(item(4), item(1), item(2, title="Talks are off"), item(3))), known=known)
    assert [entry.title for entry in again.entries] == ["Talks continue, day 4", "Talks are off"]
    assert (len(again.marks), again.left_out) == (4, 2)


def test_marks_survive_being_kept() -> None:
    marks = parse_feed(raw(rss(item(1), item(2)))).marks
    assert unpacked(packed(marks)) == frozenset(marks)
    assert unpacked(None) == frozenset()


def test_an_entry_that_shares_its_link_with_a_new_one_is_read_with_it() -> None:
    """Whether a link identifies articles is decided by all the entries that carry it: a live page has many."""

    def post(number: int) -> str:
        return f"<item><title>Post {number}</title><link>https://a.example/live</link><guid>p{number}</guid></item>"

    known = frozenset(parse_feed(raw(rss(post(1), post(2), item(9)))).marks)
    again = parse_feed(raw(rss(post(3), post(1), post(2), item(9))), known=known)
    assert [entry.title for entry in again.entries] == ["Post 3", "Post 1", "Post 2"]
    ids = {article.id for article in extract_feed(again, FEED, SEEN).articles}
    assert len(ids) == 3


@pytest.mark.parametrize(
    "body",
    [
        rss("<item><title>A</title><description><![CDATA[<item>x</item>]]></description></item>", item(2)),
        rss("<item><title>Outer<item>inner</item></title></item>", item(2)),
        rss("<item><title>never closed</title>", item(2)),
        rss("<item/>", item(2)),
        rss("<item><!-- <title>A</title></item>", item(2), " --><title>B</title></item>"),
    ],
    ids=["in CDATA", "nested", "unclosed", "self-closing", "in a comment"],
)
def test_where_entries_cannot_be_told_apart_nothing_is_cut(body: str) -> None:
    marked = without_known(body.encode(), frozenset({mark(item(2).encode())}))
    assert marked.body == body.encode()
    assert marked.marks == ()


def test_items_of_a_json_feed_are_known_too() -> None:
    def document(*titles: str) -> bytes:
        items = [{"id": title, "title": title, "content_text": title} for title in titles]
        return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()

    known = frozenset(parse_feed(raw(document("one", "two"))).marks)
    again = parse_feed(raw(document("three", "one", "two")), known=known)
    assert [entry.title for entry in again.entries] == ["three"]
    assert (len(again.marks), again.left_out) == (3, 2)


def test_on_real_documents_what_is_left_reads_as_in_the_whole(shared: Path) -> None:
    rng = random.Random(7)
    cut = 0
    for path in documents(shared):
        document = replace(raw(path.read_bytes()), feed=FEED.name)
        try:
            whole = parse_feed(document)
        except ParseError:
            continue
        known = frozenset(one for one in whole.marks if rng.random() < 0.6)
        part = parse_feed(document, known=known)
        kept = [
            entry
            for entry, one in zip(whole.entries, whole.marks, strict=bool(whole.marks))
            if one not in known or entry in part.entries
        ] if whole.marks else list(whole.entries)  # fmt: skip
        assert list(part.entries) == kept, path
        assert part.left_out + len(part.entries) == len(whole.entries), path
        cut += part.left_out
        assert (part.title, part.language, part.ttl_min) == (whole.title, whole.language, whole.ttl_min), path
    assert cut > 500
