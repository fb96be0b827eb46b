"""How does the work of grouping one article grow with the archive? And how good is grouping on the coded day?

    python -m benchmarks.stories growth [--largest 1000000]
    python -m benchmarks.stories [quality] [--shared ../shared]
    python -m benchmarks.stories sensitivity [--shared ../shared]

`growth` makes articles up (rare words drawn as news draws them, stories of 1 to 40), at 2,400 a day as a hundred feeds
give, and prints the time of one article after 1,000, 10,000 … have come: the window holds three days, so that the work
must stay level. A second column holds all of them in one window at once, where only the bounds on the look-up help.
"""

import argparse
import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from classifiers.types import Text
from pipeline.app import App
from pipeline.settings import Settings
from pipeline.stories.copies import Print
from pipeline.stories.grouping import THE_RULES, Grouping, Rules, group_all
from pipeline.stories.similarity import Telling, telling

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
A_DAY = 2400
TERMS = 22
VOCABULARY = 60_000
ALL_IN_ONE = 100_000
"""Articles of one window, at most: a million of them would need 4 GB of memory."""
TIMED = 400
"""Articles that are timed after each archive size."""
PAIRS = Path(__file__).parent / "data" / "copy_pairs.json"
"""Pairs of the four days that were read by eye: ids and verdict, no texts."""


def made_up(
    number: int, gap: timedelta, rng: random.Random, events: dict[str, list[int]]
) -> tuple[str, Telling]:
    """An article and its event: one of those that go on, or a new one. Half of its terms are its event's."""
    name = f"a{number:07}"
    if len(events) < 60 or rng.random() < 0.3:
        events[name] = [int(VOCABULARY * rng.random() ** 3) for _ in range(TERMS)]
        if len(events) > 120:
            del events[next(iter(events))]
    event = rng.choice(list(events))
    own = [int(VOCABULARY * rng.random() ** 3) for _ in range(TERMS // 2)]
    chosen = dict.fromkeys(rng.sample(events[event], TERMS // 2) + own)
    weights = {f"t{term}": 1.0 + min(term, 5000) / 1000 for term in chosen}
    length = sum(value * value for value in weights.values()) ** 0.5
    outlet, moment = f"outlet {number % 97}", BEGIN + number * gap
    runs = frozenset(rng.getrandbits(32) for _ in range(40))
    print_ = Print(name, outlet, moment, frozenset({name}), runs)
    terms = {term: value / length for term, value in weights.items()}
    return event, Telling(name, outlet, moment, name, terms, None, print_)


def time_after(archive: int, gap: timedelta) -> tuple[float, int]:
    """Milliseconds an article once `archive` have come, and how many articles the window then holds.

    The window is filled as a process that starts fills it from the database; what left it long ago is not made.
    """
    rng = random.Random(7)
    events: dict[str, list[int]] = {}
    grouping = Grouping()
    for number in range(max(0, archive - int(THE_RULES.closed_after / gap) * 2), archive):
        event, one = made_up(number, gap, rng, events)
        grouping.restore(one, event, None)
    grouping.forget_before(BEGIN + archive * gap)
    held = len(grouping.story_of)
    coming = [made_up(archive + number, gap, rng, events)[1] for number in range(TIMED)]
    started = time.process_time()
    for one in coming:
        grouping.place(one)
    return (time.process_time() - started) * 1000 / TIMED, held


def growth(console: Console, largest: int) -> None:
    """Print the curve."""
    console.print("archive     ms an article, 2,400 a day (in the window)     ms, all in one window")
    size = 1000
    while size <= largest:
        daily, window = time_after(size, timedelta(days=1) / A_DAY)
        at_once = f"{time_after(size, timedelta(days=1) / size)[0]:.2f}" if size <= ALL_IN_ONE else "-"
        console.print(f"{size:>9,}   {daily:>8.2f} ({window:,})   {at_once:>12}")
        size *= 10


def coded_day(shared: Path) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """The coded day's entries by id, and each one's event ("several events at once" left out, as README says)."""
    data = shared / "data"
    with gzip.open(data / "stream_2023-06-05_08.jsonl.gz", "rt", encoding="utf-8") as lines:
        stream = {entry["id"]: entry for entry in map(json.loads, lines)}
    coded = json.loads((data / "events_2023-06-06.json").read_text(encoding="utf-8"))["events"]
    coded.pop("several events at once")
    alone = coded.pop("none of these")
    events = {article: event for event, articles in coded.items() for article in articles}
    events |= {article: article for article in alone}
    return {article: stream[article] for article in events}, events


def read(entries: Mapping[str, Mapping[str, Any]], app: App | None) -> dict[str, Telling]:
    """Tellings of the entries, with the shipped model's vectors, or without where `app` is None."""
    texts = [Text(name, entry["title"], entry["text"], entry["lang"]) for name, entry in entries.items()]
    tagged = {result.id: result for result in app.tagger.tag(texts)} if app is not None else {}
    return {
        name: telling(
            name, entry["outlet"], datetime.fromisoformat(entry["published"]), entry["title"], entry["text"],
            tagged[name].embedding if tagged else None,
        )
        for name, entry in entries.items()
    }  # fmt: skip


def pairwise(found: Mapping[str, str], coded: Mapping[str, str]) -> tuple[float, float, float]:
    """Precision, recall and F1 over pairs of articles in one group."""

    def pairs(groups: Counter[Any]) -> int:
        return sum(size * (size - 1) // 2 for size in groups.values())

    both = pairs(Counter((found[name], coded[name]) for name in coded))
    made, wanted = pairs(Counter(found[name] for name in coded)), pairs(Counter(coded.values()))
    return both / made, both / wanted, 2 * both / (made + wanted)


def score(tellings: Sequence[Telling], coded: Mapping[str, str], rules: Rules) -> tuple[float, float, float]:
    """How the rules group these tellings, against how people did."""
    placed = group_all(tellings, rules)
    return pairwise(
        {name: one.story for name, one in placed.items()}, {one.id: coded[one.id] for one in tellings}
    )


def judged(shared: Path) -> Iterator[tuple[str, list[Telling], dict[str, str]]]:
    """The coded day by languages and with or without vectors."""
    entries, coded = coded_day(shared)
    for kind, app in (("words and vectors", App(Settings())), ("words alone", None)):
        tellings = read(entries, app)
        for languages in (("en",), ("en", "pl")):
            yield (
                f"{'+'.join(languages)}, {kind}",
                [one for name, one in tellings.items() if entries[name]["lang"] in languages],
                coded,
            )


def quality(console: Console, shared: Path) -> None:
    """Print precision, recall and F1 at the one fixed setting."""
    table = Table("coded day", "articles", "precision", "recall", "F1")
    for name, tellings, coded in judged(shared):
        found = score(tellings, coded, THE_RULES)
        table.add_row(name, str(len(tellings)), *(f"{value:.3f}" for value in found))
    console.print(table)
    copies = copy_score(shared)
    console.print(
        f"copies, four days: precision {copies.precision:.3f}, recall {copies.recall:.3f} over {copies.copies} pairs of "
        f"one text and {copies.others} that are not; of {copies.doubtful} doubtful ones {copies.doubtful_found} are found"
    )


@dataclass(frozen=True, slots=True)
class CopyScore:
    """Copies found against pairs that people judged; doubtful pairs count nowhere but in `doubtful_found`."""

    copies: int
    copies_found: int
    others: int
    others_found: int
    doubtful: int
    doubtful_found: int

    @property
    def precision(self) -> float:
        return self.copies_found / (self.copies_found + self.others_found)

    @property
    def recall(self) -> float:
        return self.copies_found / self.copies


def copy_score(shared: Path) -> CopyScore:
    """Copies as grouping finds them over the four days, by words alone, which is all that copies look at."""
    data = shared / "data"
    with gzip.open(data / "stream_2023-06-05_08.jsonl.gz", "rt", encoding="utf-8") as lines:
        entries = {entry["id"]: entry for entry in map(json.loads, lines)}
    placed = group_all(read(entries, None).values())
    first = {name: one.copy_of or name for name, one in placed.items()}
    listed = json.loads((data / "wire_reruns_2023-06-05_08.json").read_text(encoding="utf-8"))
    by_eye = json.loads(PAIRS.read_text(encoding="utf-8"))
    copies = {tuple(sorted(pair)) for group in listed for pair in combinations(group["ids"], 2)}
    copies |= {tuple(sorted(pair)) for pair in by_eye["copies"]}

    def together(pairs: Iterable[Sequence[str]]) -> int:
        return sum(first[left] == first[right] for left, right in pairs)

    return CopyScore(
        len(copies), together(copies), len(by_eye["others"]), together(by_eye["others"]), len(by_eye["doubtful"]),
        together(by_eye["doubtful"]),
    )  # fmt: skip


def sensitivity(console: Console, shared: Path) -> None:
    """Print F1 over a range of each number of the setting, the others held."""
    changes: dict[str, tuple[float, ...]] = {
        "join": (0.02, 0.03, 0.04, 0.045, 0.05, 0.06, 0.07),
        "few": (0.04, 0.08, 0.1, 0.12, 0.14, 0.18),
        "alone": (0.0, 0.25, 0.5, 0.75),
    }
    table = Table("coded day", "number", "value", "F1")
    for name, tellings, coded in judged(shared):
        for number, values in changes.items():
            for value in values:
                rules = replace(THE_RULES, **{number: value})
                table.add_row(name, number, f"{value:g}", f"{score(tellings, coded, rules)[2]:.3f}")
    console.print(table)


def main() -> None:
    """Read the arguments and print the table that was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", default="quality", choices=["growth", "quality", "sensitivity"])
    parser.add_argument("--largest", type=int, default=1_000_000)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    arguments = parser.parse_args()
    console = Console()
    if arguments.what == "growth":
        growth(console, arguments.largest)
    elif arguments.what == "quality":
        quality(console, arguments.shared)
    else:
        sensitivity(console, arguments.shared)


if __name__ == "__main__":
    main()
