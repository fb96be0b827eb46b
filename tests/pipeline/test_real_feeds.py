"""Every real feed document and snapshot goes through parse and extract; `-s` prints the table of what came out."""

from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.feed_documents import Document, documents, lines, read_document, table
from pipeline.extract.text import clean_text
from pipeline.extract.url import canonical_url


@pytest.fixture(scope="module")
def done(shared: Path) -> list[Document]:
    return [read_document(path) for path in documents(shared)]


def test_every_document_is_read_or_named_for_what_it_is(done: list[Document]) -> None:
    Console(width=200).print(table(lines(done, each=False)))
    assert len(done) >= 115 + 167
    not_feeds = [document for document in done if document.failure]
    for document in not_feeds:
        assert "HTML page" in document.failure or "XML with the root <content-feed>" in document.failure
    assert len(not_feeds) == 8


def test_documents_kept_aside_as_no_feeds_are_refused(done: list[Document]) -> None:
    for document in done:
        if "not-a-feed" in document.path.parts:
            assert document.failure, document.path


def test_items_that_the_manifest_counts_are_read(done: list[Document], shared: Path) -> None:
    """Two fixtures show items in other places than a reader looks; no other document may lose one."""
    import json

    counted = {}
    for text in (shared / "data" / "feeds" / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(text)
        counted[row["file"]] = row["items"]
    lost = [
        (name, counted[name], len(document.parsed.entries))
        for document in done
        if document.parsed and (name := document.path.relative_to(shared / "data").as_posix()) in counted
        and len(document.parsed.entries) < counted[name]
    ]  # fmt: skip
    assert lost == []


def test_articles_are_clean(done: list[Document]) -> None:
    for document in done:
        for article in document.articles:
            where = f"{document.path.name}: {article.title}"
            assert article.title, where
            assert article.title == " ".join(article.title.split()), where
            assert "&amp;" not in article.title + article.text, where
            assert "</p>" not in article.text, where
            assert "\n\n" not in article.text, where
            assert article.published.utcoffset() is not None, where
            assert not article.url or canonical_url(article.url) == article.url, where
            assert article.keys, where


def test_text_of_real_entries_does_not_change_when_cleaned_again(done: list[Document]) -> None:
    changed = [
        article.title
        for document in done
        for article in document.articles
        if "<" not in article.text and clean_text(article.text, 200_000) != article.text
    ]
    assert changed == []


def test_article_keeps_its_id_from_one_snapshot_to_the_next(done: list[Document]) -> None:
    """The same guid of one feed, at whatever hour it is seen, is the same article."""
    ids: dict[tuple[str, str], set[str]] = {}
    for document in done:
        if "snapshots" in document.path.parts and document.parsed:
            for entry, article in zip(document.parsed.entries, document.articles, strict=True):
                ids.setdefault((document.path.parent.name, entry.guid or entry.link or ""), set()).add(
                    article.id
                )
    assert len(ids) > 300
    assert [key for key, found in ids.items() if len(found) > 1] == []
