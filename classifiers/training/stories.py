"""Whether embeddings still tell stories apart: greedy clustering on the cosine alone against hand-coded events."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.types import Text

Vectors = NDArray[np.float32]
NOT_EVENTS = ("none of these", "several events at once")
"""Rests of the hand-coded day: nothing is known about the pairs in them."""


@dataclass(frozen=True, slots=True)
class EventDay:
    """Texts in time order and the event that each tells."""

    texts: list[Text]
    events: list[str]


def event_day(shared: Path) -> EventDay:
    """The hand-coded day of the shared data."""
    told = json.loads((shared / "data" / "events_2023-06-06.json").read_text(encoding="utf-8"))["events"]
    event_of = {
        entry: event for event, entries in told.items() if event not in NOT_EVENTS for entry in entries
    }
    texts, events = [], []
    with gzip.open(shared / "data" / "stream_2023-06-05_08.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if entry["id"] in event_of:
                texts.append(Text(entry["id"], entry["title"], entry.get("text") or "", entry.get("lang")))
                events.append(event_of[entry["id"]])
    return EventDay(texts, events)


def greedy(vectors: Vectors, threshold: float) -> list[int]:
    """The story number of each vector: the nearest story's mean if its cosine reaches `threshold`, else a new one."""
    sums: list[Vectors] = []
    stories: list[int] = []
    for vector in vectors:
        cosines = [float(total @ vector / np.linalg.norm(total)) for total in sums]
        best = int(np.argmax(cosines)) if cosines else -1
        if best >= 0 and cosines[best] >= threshold:
            sums[best] = sums[best] + vector
            stories.append(best)
        else:
            stories.append(len(sums))
            sums.append(vector.copy())
    return stories


def pairwise_f1(found: Sequence[object], true: Sequence[object]) -> float:
    """F1 over pairs: a pair is said to be one story, and is one."""
    same_found, same_true = (np.equal.outer(codes, codes) for codes in (_numbered(found), _numbered(true)))
    above = np.triu_indices(len(found), 1)
    said, is_true = same_found[above], same_true[above]
    total = said.sum() + is_true.sum()
    return float(2 * (said & is_true).sum() / total) if total else 0.0


def best_f1(vectors: Vectors, events: Sequence[str]) -> tuple[float, float]:
    """The best pairwise F1 over thresholds, and its threshold; each encoder has its own scale of cosines."""
    return max(
        (pairwise_f1(greedy(vectors, threshold), events), float(threshold))
        for threshold in np.arange(0.30, 0.98, 0.01)
    )


def _numbered(names: Sequence[object]) -> NDArray[np.int64]:
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], np.int64)
