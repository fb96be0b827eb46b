"""How long does a search page take as the archive grows? Search, facets and histogram, selective and broad, cold and warm.

    python -m benchmarks.search [--sizes 10000,100000,1000000] [--folder DIR] [--queries 40] [--elasticsearch URL | --node]

Makes the archives that --folder does not have yet (benchmarks.archive; a million take a good half hour) and prints a table
for each size; with --elasticsearch for both back ends (the index there is emptied first); --node starts a server of its
own for that (tests/elasticsearch_node). "Cold" is the first time a query is asked in a process (the file
may lie in the system's cache); "warm" is the second. "cpu" is the processor time of this process, and of the server
where --node started it, which other work on the machine lengthens less. "Page" is search + facets of eight fields +
histogram by day, as the web page asks them; "like" the twenty nearest articles to one, of those that the query finds.
Selective queries find at most a few per cent of the articles.
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import archive
from benchmarks.generated import ACTORS, DEVELOPMENTS, END, ISSUES, LABELS, Generator
from pipeline.index.base import Index
from pipeline.index.open import open_index
from pipeline.query.language import parse
from pipeline.query.nodes import Query
from pipeline.types import Embedding
from tests.elasticsearch_node import node

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
    parser.add_argument(
        "--elasticsearch", default=None, help="URL of a cluster for tests; its index is emptied"
    )
    parser.add_argument("--node", action="store_true", help="start a server for it, and measure that too")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    with ExitStack() as stack:
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = arguments.folder or temporary
        folder.mkdir(parents=True, exist_ok=True)
        clock, generator = Clock(), Generator()
        for size in sizes:
            archive.make_index(folder, size)
            tell(
                "SQLite",
                lambda size=size: open_index(archive.index_url(folder, size)),  # type: ignore[misc]
                generator,
                arguments.queries,
                clock,
            )
        url = arguments.elasticsearch
        if arguments.node:
            server = stack.enter_context(node.running(temporary / "node"))
            url, clock = server.url, Clock(server.process.pid)
        if url:
            emptied = open_index(url)
            emptied.clear()
            emptied.close()
            run("Elasticsearch", lambda: open_index(url), sizes, arguments.queries, clock)


class Clock:
    """Processor time and memory of this process (unless not `ours`) and, if there is one, of a server's."""

    def __init__(self, server: int | None = None, *, ours: bool = True) -> None:
        self._server = server
        self._ours = ours

    def cpu_s(self) -> float:
        return (time.process_time() if self._ours else 0.0) + self._server_cpu_s()

    def memory_mb(self) -> tuple[float, float | None]:
        """At its highest: ours, and the server's."""
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if self._server is None:
            return own, None
        status = Path(f"/proc/{self._server}/status").read_text().splitlines()
        return own, next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))

    def _server_cpu_s(self) -> float:
        """Linux keeps a clock for each process (clock_getcpuclockid(3)): /proc counts in hundredths of a second only."""
        return 0.0 if self._server is None else time.clock_gettime((~self._server << 3) | 2)


def run(name: str, opened: Callable[[], Index], sizes: Sequence[int], queries: int, clock: Clock) -> None:
    """Fill an index up to each size in turn and measure it there."""
    generator = Generator()
    for size in sizes:
        writer = opened()
        held = writer.info().documents
        start, start_cpu = time.perf_counter(), clock.cpu_s()
        if held < size:
            writer.put(generator.documents(held, size - held, max(sizes)))
        elapsed, cpu = time.perf_counter() - start, clock.cpu_s() - start_cpu
        added = max(0, size - held)
        writer.close()
        if added:
            print(
                f"{added:,} articles written, {added / elapsed:,.0f} a second, {added / cpu:,.0f} a second of cpu"
            )
        tell(name, opened, generator, queries, clock)


def tell(name: str, opened: Callable[[], Index], generator: Generator, queries: int, clock: Clock) -> None:
    """Print what an index is and how fast it answers."""
    index = opened()
    known = index.info()
    index.close()
    print(
        f"\n{name}: {known.documents:,} articles, {(known.size_bytes or 0) / 1e6:,.0f} MB on disk", flush=True
    )
    measure(opened, generator, queries, clock)


def measure(opened: Callable[[], Index], generator: Generator, queries: int, clock: Clock) -> None:
    """Print the table of one size."""
    kinds = {"selective": selective(generator, queries), "broad": broad(generator, queries)}
    heads = ("hits", "p50 cold", "p95 cold", "p50 warm", "p95 warm", "p95 cold cpu", "p95 warm cpu")
    print(f"{'milliseconds':22}" + "".join(f"{head:>14}" for head in heads))
    for kind, texts in kinds.items():
        parsed = [parse(text, labels=LABELS, now=END) for text in texts]
        for name, ask in tasks(generator.embedding()).items():
            index = opened()
            cold = [timed(ask, index, query, clock) for query in parsed]
            warm = [timed(ask, index, query, clock) for query in parsed]
            hits = sorted(index.count(query).value for query in parsed)[len(parsed) // 2]
            index.close()
            figures = (
                *(
                    percentile([wall for wall, _ in times], percent)
                    for times in (cold, warm)
                    for percent in (50, 95)
                ),
                *(percentile([cpu for _, cpu in times], 95) for times in (cold, warm)),
            )
            print(
                f"{kind + ' ' + name:22}{hits:>14,}" + "".join(f"{figure:>14.1f}" for figure in figures),
                flush=True,
            )
    own, server = clock.memory_mb()
    print(f"memory at its highest: {own:.0f} MB" + (f", of the server {server:.0f} MB" if server else ""))


def tasks(embedding: Embedding) -> dict[str, Callable[[Index, Query], object]]:
    return {
        "search": lambda index, query: index.search(query),
        "facets": lambda index, query: index.facets(query, FACETS),
        "histogram": lambda index, query: index.histogram(query, "day"),
        "like": lambda index, query: index.similar(embedding, query),
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


def timed(
    ask: Callable[[Index, Query], object], index: Index, query: Query, clock: Clock
) -> tuple[float, float]:
    """Milliseconds on the clock and on the processor."""
    start, start_cpu = time.perf_counter(), clock.cpu_s()
    ask(index, query)
    return (time.perf_counter() - start) * 1000, (clock.cpu_s() - start_cpu) * 1000


def percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(len(ordered) * percent / 100))]


if __name__ == "__main__":
    main()
