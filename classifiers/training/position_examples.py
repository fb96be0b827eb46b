"""Texts with hand-coded positions: the shared ones, those coded here, and own prose. Dev is read by `dev` alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from classifiers.training import oof
from classifiers.training.examples import HERE, read_rows, shared_rows
from classifiers.training.position_templates import filled, load_templates
from classifiers.types import Position, Text

FIELD_SOURCES = frozenset({"hand", "coded"})
"""Sources whose texts are drawn as the articles to be tagged are: what cross-validation is judged on."""

_DECIDED = 0.5


@dataclass(frozen=True, slots=True)
class PositionExample:
    """A text, its gold positions (score 1, no sentence) and its actors; `source` says who coded it.

    `actors` are those that a tagger which never saw the text decided for it, where that is known: positions are
    found with such actors. Else they are the coded ones.
    """

    text: Text
    positions: tuple[Position, ...]
    actors: frozenset[str]
    source: str
    published: str

    @property
    def developments(self) -> tuple[str, ...]:
        """The developments that have a position, in order of appearance."""
        return tuple(dict.fromkeys(position.development for position in self.positions))


def training(shared: Path, here: Path = HERE) -> list[PositionExample]:
    """All that may be trained on, each id once. Items of dev are left out, whatever file names them."""
    texts = {row["id"]: row for row in shared_rows(shared)}
    judged = list(read_rows(shared / "data" / "dev.jsonl"))
    kept_out = {row["id"] for row in judged} | {_key(row["title"]) for row in judged}
    found: dict[str, PositionExample] = {}

    def add(rows: Sequence[dict[str, Any]], source: str) -> None:
        for row in rows:
            text = texts.get(row["id"]) or row
            if "title" not in text or not row.get("positions"):
                continue  # without a development, or of data that this copy lacks
            if row["id"] not in kept_out and _key(text["title"]) not in kept_out:
                found.setdefault(row["id"], _example(text, row, source))

    add(list(read_rows(shared / "data" / "positions_train.jsonl")), "hand")
    labels = here / "labels"
    add(list(read_rows(labels / "positions.jsonl")), "coded")
    for path in sorted(labels.glob("*.jsonl")):
        if path.name != "positions.jsonl":
            add(list(read_rows(path)), "read")
    for path in sorted((here / "corpus" / "train").glob("*.jsonl")):
        add(list(read_rows(path)), "prose")
    for text, positions in filled(load_templates()):
        actors = frozenset(actor for one in positions for actor in (*one.by, *one.against)) - {"other"}
        found[text.id] = PositionExample(text, positions, actors, "template", "")
    heard = _actors_out_of_fold()
    return [replace(one, actors=heard.get(one.text.id, one.actors)) for one in found.values()]


def dev(shared: Path) -> list[PositionExample]:
    """The items for choosing between models; never trained on."""
    texts = {row["id"]: row for row in read_rows(shared / "data" / "dev.jsonl")}
    return [
        _example(texts[row["id"]], row, "dev") for row in read_rows(shared / "data" / "positions_dev.jsonl")
    ]


def _example(text: dict[str, Any], row: dict[str, Any], source: str) -> PositionExample:
    positions = tuple(
        Position(one["development"], tuple(one["by"]), tuple(one["against"]), one["detail"], 1.0, "")
        for one in row["positions"]
    )
    return PositionExample(
        Text(text["id"], text["title"], text.get("text") or "", text.get("lang")),
        positions,
        frozenset(text.get("actors", row.get("actors", ()))),
        source,
        text.get("published") or "",
    )


def _actors_out_of_fold() -> dict[str, frozenset[str]]:
    """For each item with out-of-fold scores the actors decided on them."""
    if not oof.KEPT.exists():
        return {}
    kept = oof.load()
    columns = [
        (at, label.removeprefix("actor:"))
        for at, label in enumerate(kept.labels)
        if label.startswith("actor:")
    ]
    return {
        id: frozenset(actor for at, actor in columns if scores[at] >= _DECIDED)
        for id, scores in zip(kept.ids, kept.scores, strict=True)
    }


def _key(title: str) -> str:
    return " ".join(title.lower().split())
