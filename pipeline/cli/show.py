"""Tables and lines for the terminal: readable at 80 columns, plain where nobody looks, never carrying markup of feeds."""

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.notify.words import Phrases, headline
from pipeline.types import ID_SHOWN, Document

FACETS = ("actor", "issue", "development")


def console() -> Console:
    """The terminal, or plain text of a fixed width where output is piped."""
    return Console(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else 120)


def is_terminal() -> bool:
    """Whether a person watches: progress bars and colours only then."""
    return sys.stderr.isatty()


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON line, UTF-8 as it is, times as RFC 3339 UTC."""
    click.echo(json.dumps(value, ensure_ascii=False, default=_plain))


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def rfc3339(value: datetime) -> str:
    """An aware UTC time as RFC 3339 with Z; fractions of a second only where there are any."""
    return value.isoformat().replace("+00:00", "Z")


def short_time(value: datetime) -> str:
    """Day and minute in UTC, for tables; the heading names the zone."""
    return value.strftime("%d %b %H:%M")


def clean(text: str, limit: int | None = None) -> str:
    """A feed's text on one line without control characters, cut at `limit` with an ellipsis."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if limit is None or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def table(*columns: str, title: str | None = None, wide: str | None = None) -> Table:
    """An empty table without frame; the column named `wide` takes the width that is left and folds."""
    made = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim"
    )
    for column in columns:
        made.add_column(column, overflow="fold", ratio=1 if column == wide else None, no_wrap=column != wide)
    return made


def row(made: Table, *cells: object) -> None:
    """Add a row; cells are literal text, never rich markup."""
    made.add_row(*(cell if isinstance(cell, Text) else Text(clean(str(cell))) for cell in cells))


def labels_line(document: Document, words: Phrases) -> Text:
    """What happened first, in words ("Russia rejects 30-day truce"), then issues, then actors.

    A development without a position stands as its label; one that a position tells is not said twice.
    """
    told = {position.development for position in document.positions}
    line = Text("; ".join(dict.fromkeys(headline(item, words) for item in document.positions)), HAPPENED)
    styles = {"development": HAPPENED, "issue": "cyan", "actor": "dim"}
    for facet in reversed(FACETS):
        for label in document.labels:
            name = label.label.split(":", 1)[1]
            if label.label.startswith(facet + ":") and not (facet == "development" and name in told):
                line.append("  " if line else "").append(name, styles[facet])
    return line


HAPPENED = "bold red"


def documents_table(documents: Iterable[Document], words: Phrases, title: str | None = None) -> Table:
    """Articles as time and id, outlet, title and what is known of them, two lines each: reads well on 80 columns."""
    made = table("UTC, id", "outlet", "title and labels", title=title, wide="title and labels")
    for document in documents:
        cell = Text(clean(document.title, 160))
        labels = labels_line(document, words)
        if labels:
            cell.append("\n").append_text(labels)
        row(made, time_and_id(document.published, document.id), clean(document.outlet, 22), cell)
    return made


def time_and_id(moment: datetime, name: str) -> Text:
    """A cell of a list: when, and below it as much of the id as commands need to find it again."""
    return Text(short_time(moment)).append(f"\n{name[:ID_SHOWN]}", "dim")


def counts_by_facet(counts: Mapping[str, int], per_facet: int = 8) -> Table:
    """Label counts, one line a facet."""
    made = table("facet", "articles by label", wide="articles by label")
    for facet in FACETS:
        own = [
            (label.split(":", 1)[1], count)
            for label, count in counts.items()
            if label.startswith(facet + ":")
        ]
        more = f"  and {len(own) - per_facet} more" if len(own) > per_facet else ""
        row(made, facet, "  ".join(f"{label} {count}" for label, count in own[:per_facet]) + more or "none")
    return made


def plural(count: int, noun: str, many: str | None = None) -> str:
    """`1 article`, `2 articles`."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"
