"""A generated archive of so many articles, as the pipeline's steps leave it: the record, and the search index beside it.

    python -m benchmarks.archive --folder DIR [--sizes 10000,100000,1000000] [--only record|index]

Each size has two files of its own, record-SIZE.db and index-SIZE.db (the index as `ceasefire reindex` writes it). A
size that is there is left alone, and one that was interrupted is taken up where it stopped. The two parts know nothing
of each other: two processes may make them at once.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from sqlalchemy import func, insert, select

from benchmarks.generated import Generator
from pipeline.app import App
from pipeline.db import schema
from pipeline.db.dialect import insert as upsert
from pipeline.db.engine import Database
from pipeline.index.open import open_index
from pipeline.sameness import text_hash
from pipeline.settings import Settings
from pipeline.types import Document

BATCH = 2_000
SIZES = "10000,100000,1000000"
FEED = """[[feed]]
url = "https://harbour-wire.example/rss"
outlet = "Harbour Wire"
owner = "Harbour Media"
country = "GB"
side = "third-party"
language = "en"
kind = "wire"
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--only", choices=("record", "index"))
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for size in (int(size) for size in arguments.sizes.split(",")):
        if arguments.only != "index":
            make_record(arguments.folder, size)
        if arguments.only != "record":
            make_index(arguments.folder, size)


def settings(folder: Path, size: int) -> Settings:
    """What opens the archive of a size."""
    feeds = folder / "feeds.toml"
    feeds.write_text(FEED, encoding="utf-8")
    return Settings(
        database_url=f"sqlite:///{folder / f'record-{size}.db'}",
        index_url=index_url(folder, size),
        feeds=str(feeds),
    )


def index_url(folder: Path, size: int) -> str:
    """Where the index of a size lies."""
    return f"sqlite:///{folder / f'index-{size}.db'}"


def make_record(folder: Path, size: int) -> None:
    """Fill the database up to a size."""
    app = App(settings(folder, size))
    with app.database.read() as connection:
        held = connection.execute(select(func.count()).select_from(schema.article)).scalar_one()
    with told("record", size, size - held):
        for batch in batches(Generator().documents(held, size - held, size)):
            record(app.database, batch)
    app.close()


def make_index(folder: Path, size: int) -> None:
    """Fill the index up to a size, by a rebuild."""
    index = open_index(index_url(folder, size))
    if index.info().documents < size:
        rebuild = index.rebuild()
        held = int(rebuild.resumed_after, 16) + 1 if rebuild.resumed_after else 0
        with told("index", size, size - held):
            rebuild.put(Generator().documents(held, size - held, size))
            rebuild.finish()
    index.close()


@contextmanager
def told(what: str, size: int, missing: int) -> Iterator[None]:
    """Say how fast it went."""
    start, start_cpu = time.perf_counter(), time.process_time()
    yield
    elapsed, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    if missing > 0:
        print(
            f"{what} of {size:,} articles: {missing:,} written, {missing / elapsed:,.0f} a second,"
            f" {missing / cpu:,.0f} a second of processor time",
            flush=True,
        )


def batches(documents: Iterator[Document]) -> Iterator[list[Document]]:
    while batch := list(islice(documents, BATCH)):
        yield batch


def record(database: Database, batch: Sequence[Document]) -> None:
    """The record's rows of these articles."""
    articles, labels, positions, stories = [], [], [], {}
    for item in batch:
        hashed = text_hash(item.title, item.text)
        articles.append(
            {
                "id": item.id, "revision": 1, "url": item.url, "feed": item.feed, "outlet": item.outlet,
                "owner": item.owner, "side": item.side, "control": item.control, "country": item.country,
                "kind": item.kind, "title": item.title, "text": item.text, "text_hash": hashed,
                "tagged_text_hash": hashed, "language": item.language, "language_reason": "declared",
                "form": item.form, "published": item.published, "published_flag": "stated", "seen": item.seen,
                "version_seen": item.seen, "reason": item.reason, "tag_count": 1, "grouped_tag_count": 1,
                "indexed_revision": 1, "matched_revision": 1, "story": item.story, "copy_of": item.copy_of,
            }
        )  # fmt: skip
        labels += [
            {
                "article": item.id, "label": label.label, "decision": label.decision, "score": label.score,
                "threshold": label.threshold, "announce": label.announce, "sentence": item.title,
            }
            for label in item.labels
        ]  # fmt: skip
        positions += [
            {
                "article": item.id, "number": number, "development": one.development, "by": list(one.by),
                "against": list(one.against), "detail": one.detail, "score": one.score, "sentence": item.title,
            }
            for number, one in enumerate(item.positions)
        ]  # fmt: skip
        stories[item.story] = {
            "id": item.story, "title": item.title, "first_article": item.id, "first_seen": item.seen,
            "last_seen": item.seen,
        }  # fmt: skip
    with database.write() as connection:
        connection.execute(insert(schema.article), articles)
        connection.execute(insert(schema.label), labels)
        if positions:
            connection.execute(insert(schema.position), positions)
        connection.execute(upsert(connection, schema.story).on_conflict_do_nothing(), list(stories.values()))


if __name__ == "__main__":
    main()
