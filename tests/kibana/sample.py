"""A fortnight of articles for the dashboards: every label, every way of a position, all sides, copies; from a seed."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from classifiers.details import DETAILS
from classifiers.taxonomy import load_taxonomy
from classifiers.types import LabelDecision, Position
from pipeline.types import Document

NOW = datetime(2025, 3, 18, 18, 0, tzinfo=UTC)
ARTICLES = 600
OUTLETS = (
    ("Dnipro Courier", "Courier Media", "ukraine", "private", "UA", "news", "en"),
    ("Visnyk", "Courier Media", "ukraine", "public", "UA", "news", "uk"),
    ("Neva Bulletin", "Neva Holding", "russia", "state", "RU", "wire", "en"),
    ("Potomac Ledger", "Ledger Co.", "third-party", "private", "US", "news", "en"),
    ("Harbour Wire", "Harbour", "third-party", "private", "GB", "wire", "en"),
)
PLACES = ("Kursk", "Istanbul", "Jeddah", "Kherson", "Odesa", "Enerhodar")
AGAINST = frozenset(
    "accepted rejected conditions-set violation-reported attack-reported territory-changed aid-changed sanctions-changed".split()
)
"""Developments whose positions have another side (TAXONOMY.md)."""


@lru_cache(maxsize=1)
def documents() -> tuple[Document, ...]:
    """Published in the last fortnight before NOW; every fifth a copy, some in stories of many articles."""
    rng = random.Random(20250318)
    ids: dict[str, list[str]] = {"actor": [], "issue": [], "development": []}
    for label in load_taxonomy("ukraine").labels:
        ids[label.facet].append(label.id)
    return tuple(_document(rng, number, ids) for number in range(ARTICLES))


def _document(rng: random.Random, number: int, ids: Mapping[str, Sequence[str]]) -> Document:
    outlet, owner, side, control, country, kind, language = rng.choice(OUTLETS)
    published = NOW - timedelta(minutes=rng.randrange(14 * 24 * 60))
    developments = rng.sample(ids["development"], rng.choice((0, 1, 1, 2, 3)))
    positions = tuple(
        _position(rng, development, ids["actor"]) for development in developments if rng.random() < 0.9
    )
    labels = [f"development:{one}" for one in developments]
    labels += [f"issue:{one}" for one in rng.sample(ids["issue"], rng.choice((1, 1, 2, 3)))]
    labels += [f"actor:{one}" for one in rng.sample(ids["actor"], rng.choice((1, 2, 3)))]
    return Document(
        id=f"k{number:04d}",
        revision=1,
        title=f"Report {number}",
        text="What was said and done.",
        url=f"https://news.example/{number}",
        feed=outlet.lower().replace(" ", "-"),
        outlet=outlet,
        owner=owner,
        side=side,
        control=control,
        country=country,
        kind=kind,
        form="report",
        language=language,
        published=published,
        seen=published + timedelta(minutes=7),
        reason="live",
        story=f"s{rng.randrange(200)}",
        copy_of=f"k{rng.randrange(number):04d}" if number and rng.random() < 0.2 else None,
        labels=tuple(LabelDecision(label, 0.9, 0.5, "yes", True, "What was said.") for label in labels),
        positions=positions,
        places=tuple(rng.sample(PLACES, rng.randrange(3))),
        disputed=rng.random() < 0.1,
    )


def _position(rng: random.Random, development: str, actors: Sequence[str]) -> Position:
    parties = ("russia", "ukraine", *actors[:6], "other")
    return Position(
        development,
        tuple(dict.fromkeys(rng.choices(parties, k=rng.choice((0, 1, 1, 1, 2))))),
        tuple(rng.choices(parties, k=rng.choice((0, 1)))) if development in AGAINST else (),
        rng.choice(DETAILS.get(development, (None,))),
        0.9,
        "What was done.",
    )


def values(document: Document, field: str) -> list[object]:
    """What the index holds in a field of an article, worked out from the article alone."""
    labels = [decision.label.partition(":") for decision in document.labels]
    if field in ("actor", "issue", "development"):
        return [label for facet, _, label in labels if facet == field]
    if field.startswith("acts."):
        development, _, role = field.removeprefix("acts.").rpartition("_")
        own = [position for position in document.positions if position.development == development]
        named = [
            actor
            for position in own
            for actor in (position.by or ("unclear",) if role == "by" else position.against)
        ]
        return list(dict.fromkeys(named))
    match field:
        case "position":
            return list(
                dict.fromkeys(
                    f"{p.development}:{who}" for p in document.positions for who in p.by or ("unclear",)
                )
            )
        case "direction":
            return list(dict.fromkeys(f"{p.development}:{p.detail}" for p in document.positions if p.detail))
        case "by" | "against":
            return list(dict.fromkeys(who for p in document.positions for who in getattr(p, field)))
        case "is":
            flags = {"copy": document.copy_of is not None, "disputed": document.disputed}
            return [flag for flag, held in flags.items() if held]
        case "place":
            return list(document.places)
        case _:
            value = getattr(document, field)
            return [] if value is None else [value]
