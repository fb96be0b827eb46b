"""How well is the text of article pages found, beside plain trafilatura? `python -m benchmarks.pages`

Ten layouts (benchmarks/page_layouts.py) with known text. F1 is over words, each as often as it occurs; `beside` counts
words of other articles and of the site that came along. Seconds are processor time for one page.
"""

import re
import time
from collections import Counter
from collections.abc import Callable

from rich.console import Console
from rich.table import Table
from trafilatura import extract

from benchmarks.page_layouts import layouts
from pipeline.extract.page import read_article_page


def words(text: str) -> Counter[str]:
    """The words of a text, each as often as it occurs."""
    return Counter(re.findall(r"\w+", text.casefold()))


def f1(found: str, wanted: str) -> tuple[float, int]:
    """F1 over words (0 to 1), and how many words there are too many."""
    have, want = words(found), words(wanted)
    both = (have & want).total()
    if not both:
        return 0.0, have.total()
    precision, recall = both / have.total(), both / want.total()
    return 2 * precision * recall / (precision + recall), have.total() - both


def ours(document: str) -> str:
    """What our page step would store."""
    return read_article_page(document.encode(), "https://harbour-post.example/n/1").text


def plain(document: str) -> str:
    """What trafilatura gives by itself."""
    return extract(document, url="https://harbour-post.example/n/1", include_comments=False) or ""


def scores(read: Callable[[str], str]) -> dict[str, tuple[float, int]]:
    """F1 and words too many of each layout."""
    return {page.name: f1(read(page.html), page.text) for page in layouts()}


def main() -> None:
    """Print the table."""
    results = {}
    seconds = {}
    for name, read in (("ours", ours), ("plain", plain)):
        read(layouts()[0].html)  # loads what is loaded once
        started = time.process_time()
        results[name] = scores(read)
        seconds[name] = (time.process_time() - started) / len(results[name])
    table = Table("layout", "ours F1", "words beside", "trafilatura F1", "words beside")
    for page in layouts():
        mine, theirs = results["ours"][page.name], results["plain"][page.name]
        table.add_row(page.name, f"{mine[0]:.3f}", str(mine[1]), f"{theirs[0]:.3f}", str(theirs[1]))
    means = {name: sum(score for score, _ in found.values()) / len(found) for name, found in results.items()}
    table.add_row("mean", f"{means['ours']:.3f}", "", f"{means['plain']:.3f}", "")
    console = Console()
    console.print(table)
    console.print(f"seconds a page: ours {seconds['ours']:.3f}, trafilatura {seconds['plain']:.3f}")


if __name__ == "__main__":
    main()
