"""What the tagger learns from: hand-coded items, labels coded here for unlabelled items, and own prose.

The texts of the shared data stay where they are (`shared`); `labels/` holds ids and labels only, `corpus/` prose of
our own. Nothing of dev is ever read here but by `dev()`.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.types import Text

HERE = Path(__file__).parent
FACETS = {"actors": "actor", "issues": "issue", "developments": "development"}
HAND_CODED_CHARACTERS = 1_100
"""The shared items were coded from so many characters of their texts: what stands behind must not teach "no label"."""
CODED_CHARACTERS = 1_500
"""What the readings here were made from."""
UNSURE_WEIGHT = 0.5
"""For a label that its coder was not sure of."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text and its labels ("facet:id"). `weight` scales its loss; `source` says where the labels come from."""

    text: Text
    labels: frozenset[str]
    source: str
    published: str
    weight: float = 1.0

    @property
    def like_the_field(self) -> bool:
        """Whether it is like the articles to be tagged: long, and recent or of our own prose, which tells of recent matters."""
        return (self.published >= "2024" or self.source == "prose") and len(self.text.text) >= 600


def training(shared: Path, here: Path = HERE) -> list[Example]:
    """All that may be trained on, each id once: later readings of an item replace earlier ones."""
    texts = {row["id"]: row for row in shared_rows(shared)}
    kept_out = {row["id"] for row in read_rows(shared / "data" / "dev.jsonl")}
    kept_out_titles = {_key(row["title"]) for row in read_rows(shared / "data" / "dev.jsonl")}
    examples = {
        row["id"]: _example(row, row, "hand", HAND_CODED_CHARACTERS)
        for row in read_rows(shared / "data" / "train.jsonl")
    }
    for path in sorted((here / "labels").glob("*.jsonl")):
        for row in read_rows(path):
            if "issues" not in row or row["id"] in kept_out or row["id"] not in texts:
                continue  # positions only, not to be trained on, or of data that this copy lacks
            read_again = path.name.startswith("recheck")
            if row["id"] in examples and not read_again:
                continue
            source = "recheck" if read_again else "read"
            examples[row["id"]] = _example(texts[row["id"]], row, source, CODED_CHARACTERS)
    for path in sorted((here / "corpus" / "train").glob("*.jsonl")):
        for row in read_rows(path):
            examples[row["id"]] = _example(row, row, "prose")
    return [one for one in examples.values() if _key(one.text.title) not in kept_out_titles]


def from_files(paths: Iterable[Path]) -> list[Example]:
    """The items of another conflict's training files: objects with id, title, text, actors, issues, developments."""
    return [_example(row, row, "given") for path in paths for row in read_rows(path)]


def dev(shared: Path) -> list[Example]:
    """The items for choosing between models; never trained on."""
    return [_example(row, row, "dev") for row in read_rows(shared / "data" / "dev.jsonl")]


def held_out(here: Path = HERE) -> list[Example]:
    """Own prose that is never trained on."""
    return [
        _example(row, row, "heldout")
        for path in sorted((here / "corpus" / "heldout").glob("*.jsonl"))
        for row in read_rows(path)
    ]


def unlabelled(shared: Path, name: str = "headlines") -> list[Example]:
    """Texts without labels: `name` is "headlines" or "articles"."""
    nothing: dict[str, Any] = {facet: [] for facet in FACETS}
    path = shared / "data" / f"unlabelled_{name}.jsonl.gz"
    return [_example(row, nothing, "unlabelled") for row in read_rows(path)]


def targets(examples: Sequence[Example], labels: Sequence[str]) -> NDArray[np.float32]:
    """(n, k) array of 0 and 1, columns as `labels`. Raises ValueError for a label that is not among them."""
    column = {label: at for at, label in enumerate(labels)}
    out = np.zeros((len(examples), len(labels)), np.float32)
    for row, example in zip(out, examples, strict=True):
        if unknown := example.labels - column.keys():
            raise ValueError(f"item {example.text.id} has labels that the taxonomy lacks: {sorted(unknown)}")
        for label in example.labels:
            row[column[label]] = 1.0
    return out


def field_first(examples: Iterable[Example], weight: float) -> list[Example]:
    """The same examples; those like the articles to be tagged weigh `weight` times as much."""
    return [replace(one, weight=one.weight * weight) if one.like_the_field else one for one in examples]


def file_hashes(shared: Path, here: Path = HERE) -> dict[str, str]:
    """SHA-256 (first 16 digits) of every file that training reads, by its name."""
    data = [
        shared / "data" / name
        for name in (
            "train.jsonl",
            "dev.jsonl",
            "unlabelled_articles.jsonl.gz",
            "unlabelled_headlines.jsonl.gz",
        )
    ]
    own = sorted((here / "labels").glob("*.jsonl")) + sorted((here / "corpus").glob("*/*.jsonl"))
    return {
        str(path.relative_to(here if path.is_relative_to(here) else shared)): _digest(path)
        for path in data + own
    }


def hashes(files: Iterable[Path]) -> dict[str, str]:
    """The same of the files of another conflict."""
    return {path.name: _digest(path) for path in files}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def shared_rows(shared: Path) -> Iterator[dict[str, Any]]:
    """Every shared text that may be trained on; later lines of an id hold its labels."""
    for name in ("unlabelled_headlines.jsonl.gz", "unlabelled_articles.jsonl.gz", "train.jsonl"):
        yield from read_rows(shared / "data" / name)


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a JSON-lines file, plain or gzipped."""
    content = path.read_bytes()
    for line in (gzip.decompress(content) if path.suffix == ".gz" else content).splitlines():
        if line.strip():
            yield json.loads(line)


def _example(
    text: dict[str, Any], labels: dict[str, Any], source: str, characters: int | None = None
) -> Example:
    found = frozenset(f"{facet}:{one}" for field, facet in FACETS.items() for one in labels[field])
    weight = 1.0 if labels.get("sure", True) else UNSURE_WEIGHT
    body = Text(text["id"], text["title"], (text.get("text") or "")[:characters], text.get("lang"))
    return Example(body, found, source, text.get("published") or "", weight)


def _key(title: str) -> str:
    return " ".join(title.lower().split())
