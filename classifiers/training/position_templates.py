"""Sentences filled from position_templates.toml: own prose that teaches roles. The same on every run."""

import random
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from classifiers.types import Position, Text

FILE = Path(__file__).parent / "position_templates.toml"
REPEATS = 6
_SLOT = re.compile(r"\{([ABCD])(['@-]?)\}")


def filled(
    document: Mapping[str, Any], repeats: int = REPEATS
) -> Iterator[tuple[Text, tuple[Position, ...]]]:
    """Each template `repeats` times, with actors, names and places drawn anew. KeyError names an unknown row."""
    draw = random.Random(7)
    for number, template in enumerate(document["templates"]["all"]):
        cast, sentence, told = (part.strip() for part in template.split(" | "))
        for turn in range(repeats):
            actors = dict(zip("ABCD", draw.choice(document["casts"][cast]), strict=False))
            text = _filled(document, sentence, actors, draw)
            # Half of them as a title, half as the first sentence below one.
            title, body = (text, "") if turn % 2 == 0 else ("The war today: what we know", text)
            yield Text(f"template-{number}-{turn}", title, body, "en"), tuple(_positions(told, actors))


def load_templates() -> dict[str, Any]:
    """The shipped file."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def _filled(
    document: Mapping[str, Any], sentence: str, actors: Mapping[str, str], draw: random.Random
) -> str:
    words = _SLOT.sub(lambda slot: _form(document, actors[slot[1]], slot[2], draw), sentence)
    return words[0].upper() + words[1:]


def _form(document: Mapping[str, Any], actor: str, kind: str, draw: random.Random) -> str:
    if kind == "-":
        return str(document["adjectives"][actor])
    if kind == "@":
        return str(draw.choice(document["places"][actor]))
    name: str = draw.choice(document["forms"][actor])
    return f"{name}'s" if kind == "'" else name


def _positions(told: str, actors: Mapping[str, str]) -> Iterator[Position]:
    for part in told.split(" ; "):
        development, _, rest = part.partition(" ")
        for one in rest.split(" & "):
            sides, _, detail = one.partition("/")
            by, _, against = sides.partition(">")
            yield Position(
                development,
                () if by == "-" else tuple(actors.get(slot, slot) for slot in by.split(",")),
                tuple(actors.get(slot, slot) for slot in against.split(",")) if against else (),
                detail or None,
                1.0,
                "",
            )
