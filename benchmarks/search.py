"""How long does a search page take as the archive grows? Search, facets and histogram, selective and broad, cold and warm.

    python -m benchmarks.search [--sizes 10000,100000,1000000] [--folder DIR] [--queries 40]

Prints a table for each size. "Cold" is the first time a query is asked in a process (the file may lie in the system's
cache); "warm" is the second. "Page" is search + facets of eight fields + histogram by day, as the web page asks them.
Selective queries find at most 1 % of the articles.
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.generated import ACTORS, DEVELOPMENTS, END, ISSUES, LABELS, Generator
from pipeline.index.base import Index
from pipeline.index.sqlite import SqliteIndex
from pipeline.query.language import parse
from pipeline.query.nodes import Query

FACETS = ("actor", "issue", "development", "side", "owner", "outlet", "language", "form")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument(
        "--folder", type=Path, default=None, help="kept afterwards; default: a temporary folder"
    )
    parser.add_argument("--queries", type=int, default=40, help="of each kind")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    if arguments.folder:
        arguments.folder.mkdir(parents=True, exist_ok=True)
        run(arguments.folder, sizes, arguments.queries)
    else:
        with tempfile.TemporaryDirectory() as folder:
            run(Path(folder), sizes, arguments.queries)


def run(folder: Path, sizes: Sequence[int], queries: int) -> None:
    """Fill an index up to each size in turn and measure it there."""
    generator = Generator()
    path = folder / "search.db"
    held = SqliteIndex(path).info().documents
    for size in sizes:
        start = time.perf_counter()
        writer = SqliteIndex(path)
        if held < size:
            writer.put(generator.documents(held, size - held, max(sizes)))
        elapsed = time.perf_counter() - start
        writer.close()
        print(
            f"\n{size:,} articles; {size - held:,} written in {elapsed:.0f} s ({(size - held) / max(elapsed, 1e-9):.0f}/s)"
        )
        print(f"file: {path.stat().st_size / 1e6:.0f} MB")
        held = size
        measure(path, generator, queries)


def measure(path: Path, generator: Generator, queries: int) -> None:
    kinds = {"selective": selective(generator, queries), "broad": broad(generator, queries)}
    print(f"{'':22}{'hits':>10}{'p50 cold':>11}{'p95 cold':>11}{'p50 warm':>11}{'p95 warm':>11}   (ms)")
    for kind, texts in kinds.items():
        parsed = [parse(text, labels=LABELS, now=END) for text in texts]
        for name, ask in tasks().items():
            index = SqliteIndex(path)
            cold = [timed(ask, index, query) for query in parsed]
            warm = [timed(ask, index, query) for query in parsed]
            hits = sorted(index.count(query).value for query in parsed)[len(parsed) // 2]
            index.close()
            figures = (percentile(cold, 50), percentile(cold, 95), percentile(warm, 50), percentile(warm, 95))
            print(f"{kind + ' ' + name:22}{hits:>10,}" + "".join(f"{figure:>11.1f}" for figure in figures))
    print(
        f"memory of this process at its highest: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    )


def tasks() -> dict[str, Callable[[Index, Query], object]]:
    return {
        "search": lambda index, query: index.search(query),
        "facets": lambda index, query: index.facets(query, FACETS),
        "histogram": lambda index, query: index.histogram(query, "day"),
        "page": lambda index, query: (
            index.search(query),
            index.facets(query, FACETS),
            index.histogram(query, "day"),
        ),
    }


def selective(generator: Generator, count: int) -> list[str]:
    """Rare words, phrases, rare labels together."""
    rng = random.Random(3)
    shapes: list[Callable[[], str]] = [
        lambda: rng.choice(generator.words[3_000:20_000]),
        lambda: (
            f"actor:{rng.choice(list(ACTORS)[8:])} AND issue:{rng.choice(list(ISSUES))} AND {rng.choice(generator.words[60:400])}"
        ),
        lambda: f'"{rng.choice(generator.words[30:70])} {rng.choice(generator.words[30:70])}"',
        lambda: f"(by:{rng.choice(list(ACTORS)[8:])} AND development:{rng.choice(list(DEVELOPMENTS))})",
        lambda: (
            f"actor:russia AND published:[2025-0{rng.randrange(1, 9)}-03 TO 2025-0{rng.randrange(1, 9)}-03]"
        ),
        lambda: (
            f"{rng.choice(generator.words[2_000:9_000])[:5]}* AND title:{rng.choice(generator.words[25:60])}"
        ),
    ]
    texts = [rng.choice(shapes)() for _ in range(count * 3)]
    return [text for text in texts if _in_order(text)][:count]


def broad(generator: Generator, count: int) -> list[str]:
    """Common words and labels, half the archive at a time, or all of it."""
    rng = random.Random(4)
    shapes: list[Callable[[], str]] = [
        lambda: rng.choice(generator.words[:60]),
        lambda: f"actor:{rng.choice(list(ACTORS)[:4])}",
        lambda: f"{rng.choice(generator.words[:40])} OR {rng.choice(generator.words[:60])}",
        lambda: f"actor:{rng.choice(list(ACTORS)[:4])} AND NOT {rng.choice(generator.words[20:60])}",
        lambda: "*",
        lambda: f"side:third-party AND {rng.choice(generator.words[:40])} {rng.choice(generator.words[:40])}",
        lambda: "published:[2024-01-01 TO 2025-06-30]",
    ]
    return [rng.choice(shapes)() for _ in range(count)]


def _in_order(text: str) -> bool:
    """Ranges whose end was drawn before their beginning are errors."""
    if "[" not in text:
        return True
    since, until = text.split("[")[1].rstrip("]").split(" TO ")
    return since <= until


def timed(ask: Callable[[Index, Query], object], index: Index, query: Query) -> float:
    start = time.perf_counter()
    ask(index, query)
    return (time.perf_counter() - start) * 1000


def percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(len(ordered) * percent / 100))]


if __name__ == "__main__":
    main()
