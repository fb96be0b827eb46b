"""What comes out of real feed documents, and how fast: `python -m benchmarks.feed_documents [FOLDER] [--all]`.

Reads every document of the data beside the project (CEASEFIRE_SHARED), parses and extracts it, and prints a table: one
line a document with `--all`, one a group without. Speed is processor time of one core, without reading files.
"""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from pipeline.errors import ParseError
from pipeline.extract.build import extract_feed
from pipeline.parse import parse_feed
from pipeline.types import Article, Feed, ParsedFeed, RawFeed, Validators

SEEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
FEED = Feed(
    "document",
    "https://feeds.example/all/feed.xml",
    "Document",
    "Document",
    "US",
    "third-party",
    "en",
    "news",
)


@dataclass
class Document:
    """One document and what came out of it. `failure` says what it is where it is no feed."""

    path: Path
    size: int
    parsed: ParsedFeed | None = None
    articles: tuple[Article, ...] = ()
    set_aside: tuple[str, ...] = ()
    failure: str = ""
    parse_s: float = 0.0
    extract_s: float = 0.0


@dataclass
class Line:
    """A line of the table: one document, or several of one group added up."""

    name: str
    documents: int = 0
    entries: int = 0
    articles: int = 0
    set_aside: int = 0
    with_text: int = 0
    with_address: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    remarks: Counter[str] = field(default_factory=Counter)

    def add(self, document: Document) -> None:
        """Count one document in."""
        self.documents += 1
        self.entries += len(document.parsed.entries) if document.parsed else 0
        self.articles += len(document.articles)
        self.set_aside += len(document.set_aside)
        for article in document.articles:
            self.with_text += bool(article.text)
            self.with_address += bool(article.url)
            self.flags[article.published_flag] += 1
            self.forms[article.form] += 1
            self.languages[article.language] += 1
        problems = (
            [document.failure]
            if document.failure
            else list(document.parsed.problems if document.parsed else ())
        )
        self.remarks.update(problem.split(":")[0][:60] for problem in problems)


def documents(shared: Path) -> Iterator[Path]:
    """Every feed document and snapshot of the data folder."""
    yield from sorted(
        path
        for path in (shared / "data" / "feeds").rglob("*")
        if path.is_file() and path.name != "manifest.jsonl"
    )
    yield from sorted((shared / "data" / "snapshots").rglob("*.xml"))


def read_document(path: Path) -> Document:
    """Parse and extract one document."""
    body = path.read_bytes()
    document = Document(path, len(body))
    raw = RawFeed(FEED.name, FEED.url, body, "", {}, SEEN, Validators())
    started = time.process_time()
    try:
        document.parsed = parse_feed(raw)
    except ParseError as error:
        document.failure = str(error).removeprefix(f"{FEED.url}: ")
    document.parse_s = time.process_time() - started
    if document.parsed is not None:
        started = time.process_time()
        extracted = extract_feed(document.parsed, FEED, SEEN)
        document.extract_s = time.process_time() - started
        document.articles, document.set_aside = extracted.articles, extracted.set_aside
    return document


def lines(done: Iterable[Document], *, each: bool) -> list[Line]:
    """The table's lines: one a document, or one a folder."""
    found: dict[str, Line] = {}
    for document in done:
        folders = document.path.parts[document.path.parts.index("data") + 1 :]
        name = "/".join(folders[:2]) if not each else "/".join(folders[1:])
        found.setdefault(name, Line(name)).add(document)
    return list(found.values())


def table(rows: Iterable[Line]) -> Table:
    """The lines as a table."""
    out = Table(
        "documents of",
        "n",
        "entries",
        "articles",
        "set aside",
        "text",
        "address",
        "times",
        "forms",
        "languages",
        "remarks",
    )
    for row in rows:
        counts = (row.documents, row.entries, row.articles, row.set_aside, row.with_text, row.with_address)
        out.add_row(
            row.name,
            *map(str, counts),
            *(_shown(counter) for counter in (row.flags, row.forms, row.languages, row.remarks)),
        )
    return out


def _shown(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common(5))


def speed(done: list[Document]) -> str:
    """Entries per second of one core, by step."""
    entries = sum(len(document.parsed.entries) for document in done if document.parsed)
    parse_s = sum(document.parse_s for document in done)
    extract_s = sum(document.extract_s for document in done)
    megabytes = sum(document.size for document in done) / 2**20
    return (
        f"{entries} entries, {megabytes:.1f} MB; parse {entries / parse_s:.0f}/s (feedparser, "
        f"{parse_s / (parse_s + extract_s):.0%} of the time), extract {entries / extract_s:.0f}/s, "
        f"both {entries / (parse_s + extract_s):.0f}/s"
    )


@click.command(help=__doc__)
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--all", "each", is_flag=True, help="One line a document.")
def main(folder: Path | None, each: bool) -> None:
    """Print the table."""
    shared = folder or Path(os.environ.get("CEASEFIRE_SHARED", "../shared"))
    paths = list(documents(shared))
    if not paths:
        raise click.UsageError(f"no feed documents below {shared}; name the folder or set CEASEFIRE_SHARED")
    read_document(paths[0])  # reads the language model
    done = [read_document(path) for path in paths]
    console = Console(width=200)
    console.print(table(lines(done, each=each)))
    console.print(speed(done))


if __name__ == "__main__":
    main()
