"""The templates, and what they can say: links, times, labels, marked texts. Everything from outside is escaped."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as percent
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from classifiers.taxonomy import Label
from pipeline.notify import clean
from pipeline.query.highlight import Marked
from pipeline.web import moments
from pipeline.web.shown import words

if TYPE_CHECKING:
    from pipeline.web.routing import Visit

STATIC = Path(str(files("pipeline.web") / "static"))
TITLE_LIMIT = 400
"""Longer titles than any outlet writes are cut where they are shown; the article's own page shows all of it."""


def to(path: str, **parameters: Any) -> str:
    """An address of ours. Parts of the path come percent-encoded already; empty parameters are left out."""
    given = {name: value for name, value in parameters.items() if value not in (None, "", False)}
    return f"{path}?{urlencode(given)}" if given else path


class Pages:
    """The templates of one site. `labels`: by key "facet:id"."""

    def __init__(self, labels: Mapping[str, Label], version: str) -> None:
        self._environment = Environment(
            loader=PackageLoader("pipeline.web"),
            autoescape=select_autoescape(("html", "xml")),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=calm,
            extensions=["jinja2.ext.do"],
        )
        self._environment.globals |= {
            "to": to,
            "static": lambda name: f"/static/{name}?v={_fingerprint(name)}",
            "labels": labels,
            "words": words,
            "version": version,
        }
        self._environment.filters |= {
            "path": lambda text: percent(text, safe=""),
            "line": lambda text: clean.line(text, TITLE_LIMIT),
            "http": clean.link,
            "marked": marked_html,
            "plural": plural,
            "recipient": recipient,
            "parties": lambda text: _PARTY.sub(lambda found: found[0].title(), text),
            "number": lambda value: f"{value:,}",
            "rfc3339": moments.rfc3339,
        }

    def render(self, template: str, visit: "Visit", **context: Any) -> str:
        """One page for one reader: times in their zone."""
        zone, now = visit.zone, visit.now

        def at(moment: datetime | str) -> Markup:
            exact = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
            return moments.element(exact, moments.short(exact, zone, now))

        def full(moment: datetime | str) -> Markup:
            exact = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
            return moments.element(exact, moments.full(exact, zone))

        return self._environment.get_template(template).render(
            visit=visit,
            access=visit.site.access,
            at=at,
            full=full,
            clock=lambda moment: moments.element(moment, moments.clock(moment, zone)),
            ago=lambda moment: moments.element(moment, moments.ago(moment, now)),
            day=lambda moment: moments.day(moment, zone),
            **context,
        )


def calm(value: Any) -> Any:
    """What a template shows, without signs that reorder the line around it or cannot stand in a page at all."""
    return value.translate(_REORDERING) if isinstance(value, str) else value


def marked_html(text: Marked) -> Markup:
    """A text with what a query found in <mark>."""
    result, last = Markup(""), 0
    for start, end in text.spans:
        result += escape(text.text[last:start]) + Markup("<mark>{}</mark>").format(text.text[start:end])
        last = end
    return result + escape(text.text[last:])


def plural(count: int, noun: str, many: str = "") -> str:
    """1 article, 3 articles."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def recipient(address: str) -> str:
    """Who gets a message: a mail address as it is; of a webhook its host only, since its path is its password."""
    kind, separator, rest = address.partition("://")
    return f"{kind}{separator}{rest.split('/')[0].rpartition('@')[2]}/…" if separator else address


@lru_cache
def _fingerprint(name: str) -> str:
    """Changes whenever the file does, so that browsers may keep it for good."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]


_PARTY = re.compile(r"\b(?:ukraine|russia)\b")
_REORDERING = dict.fromkeys(
    [
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        *range(9),
        0x0B,
        0x0C,
        *range(0x0E, 0x20),
        *range(0x7F, 0xA0),
    ]
)
"""Bidirectional embeddings, overrides and isolates, and controls; texts keep their own direction by dir=auto."""
_BREAKS = re.compile(r"\n\s*\n|\n")


def paragraphs(text: str) -> Iterable[str]:
    """The paragraphs of an article's plain text."""
    return (part for part in (piece.strip() for piece in _BREAKS.split(text)) if part)
