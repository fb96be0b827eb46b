"""Texts with hand-coded positions: the shared ones, those coded here, and own prose. Dev is read by `dev` alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from classifiers.training import examples, oof
from classifiers.training.examples import (
    CODED_CHARACTERS,
    HAND_CODED_CHARACTERS,
    HERE,
    read_rows,
    shared_rows,
)
from classifiers.training.position_templates import filled, load_templates
from classifiers.types import Position, Text

FIELD_SOURCES = frozenset({"hand", "coded"})
"""Sources whose texts are drawn as the articles to be tagged are: what cross-validation is judged on."""

_DECIDED = 0.5
_CODED = {"hand": HAND_CODED_CHARACTERS, "coded": HAND_CODED_CHARACTERS, "read": CODED_CHARACTERS}
"""Characters of a text that its coder saw, by source; all where none is given."""


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


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with its actors (as those of `PositionExample`) and all developments that it reports."""

    text: Text
    actors: frozenset[str]
    developments: frozenset[str]


def training(shared: Path, here: Path = HERE) -> list[PositionExample]:
    """All that may be trained on, each id once. Items of dev are left out, whatever file names them."""
    texts = {row["id"]: row for row in shared_rows(shared)}
    judged = list(read_rows(shared / "data" / "dev.jsonl"))
    kept_out = {row["id"] for row in judged} | {_key(row["title"]) for row in judged}
    found: dict[str, PositionExample] = {}
    labels = here / "labels"
    read = {path.name: list(read_rows(path)) for path in sorted(labels.glob("*.jsonl"))}
    heard_here = {row["id"]: row["actors"] for rows in read.values() for row in rows if "actors" in row}

    def add(rows: Sequence[dict[str, Any]], source: str) -> None:
        for row in rows:
            text = texts.get(row["id"]) or row
            if "title" not in text or not row.get("positions"):
                continue  # without a development, or of data that this copy lacks
            if row["id"] not in kept_out and _key(text["title"]) not in kept_out:
                told = {"actors": heard_here.get(row["id"], ()), **row}
                found.setdefault(row["id"], _example(text, told, source, _CODED.get(source)))

    add(list(read_rows(shared / "data" / "positions_train.jsonl")), "hand")
    add(read["positions.jsonl"], "coded")
    for name, rows in read.items():
        if name != "positions.jsonl":
            add(rows, "read")
    for path in sorted(
        path for part in ("positions", "train") for path in (here / "corpus" / part).glob("*.jsonl")
    ):
        add(list(read_rows(path)), "prose")
    for text, positions in filled(load_templates()):
        actors = frozenset(actor for one in positions for actor in (*one.by, *one.against)) - {"other"}
        found[text.id] = PositionExample(text, positions, actors, "template", "")
    heard = _actors_out_of_fold()
    return [replace(one, actors=heard.get(one.text.id, one.actors)) for one in found.values()]


def labelled(shared: Path, coded: Sequence[PositionExample], here: Path = HERE) -> list[Labelled]:
    """All texts whose developments are known, those without any included. `coded` are those of `training`."""
    heard = _actors_out_of_fold()
    told = {one.text.id: frozenset(one.developments) for one in coded}
    found = {}
    for one in examples.training(shared, here):
        of_facet = {"actor": set[str](), "development": set[str]()}
        for label in one.labels:
            facet, _, id = label.partition(":")
            of_facet.setdefault(facet, set()).add(id)
        id = one.text.id
        actors = heard.get(id, frozenset(of_facet["actor"]))
        found[id] = Labelled(one.text, actors, told.get(id, frozenset()) | of_facet["development"])
    for example in coded:
        found.setdefault(
            example.text.id, Labelled(example.text, example.actors, frozenset(example.developments))
        )
    return list(found.values())


def dev(shared: Path) -> list[PositionExample]:
    """The items for choosing between models; never trained on."""
    texts = {row["id"]: row for row in read_rows(shared / "data" / "dev.jsonl")}
    return [
        _example(texts[row["id"]], row, "dev") for row in read_rows(shared / "data" / "positions_dev.jsonl")
    ]


def _example(
    text: dict[str, Any], row: dict[str, Any], source: str, characters: int | None = None
) -> PositionExample:
    positions = tuple(
        Position(one["development"], tuple(one["by"]), tuple(one["against"]), one["detail"], 1.0, "")
        for one in row["positions"]
    )
    return PositionExample(
        Text(text["id"], text["title"], (text.get("text") or "")[:characters], text.get("lang")),
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
