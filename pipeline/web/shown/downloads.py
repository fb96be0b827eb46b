"""Search results for other programs: CSV that no spreadsheet runs, JSON lines, citations, Atom (RFC 4287). Pure."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from pipeline.notify import clean
from pipeline.notify.render import markdown
from pipeline.types import Document

COLUMNS = (
    "id", "title", "outlet", "side", "owner", "country", "language", "published_utc", "seen_utc", "actors", "issues",
    "developments", "story", "copy_of", "url",
)  # fmt: skip
ATOM = "http://www.w3.org/2005/Atom"


_COMPUTES = re.compile(r"(^|[;\t])(\s*[=+\-@|%＝＋－＠])")
"""What spreadsheets take for a formula: at the start of a cell, or behind the `;` that some of them split lines at."""


def as_csv(documents: Iterable[Document]) -> str:
    """A line an article, with a byte order mark by which spreadsheets read it as UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for item in documents:
        labels = {
            facet: " ".join(
                label.label.partition(":")[2] for label in item.labels if label.label.startswith(f"{facet}:")
            )
            for facet in ("actor", "issue", "development")
        }
        row = (
            item.id, item.title, item.outlet, item.side, item.owner, item.country, item.language, _utc(item.published),
            _utc(item.seen), labels["actor"], labels["issue"], labels["development"], item.story, item.copy_of or "",
            item.url,
        )  # fmt: skip
        writer.writerow([harmless(cell) for cell in row])
    return "\ufeff" + out.getvalue()


def harmless(cell: str) -> str:
    """A cell that a spreadsheet shows and never computes (OWASP, "CSV Injection")."""
    return _COMPUTES.sub(r"\1'\2", clean.line(cell, 32_000))


def json_lines(values: Iterable[Mapping[str, Any]]) -> str:
    """JSON lines, times as RFC 3339 in UTC."""
    return "".join(json.dumps(value, ensure_ascii=False, default=_plain) + "\n" for value in values)


def as_citations(documents: Sequence[Document], hashes: Mapping[str, str], query: str, now: datetime) -> str:
    """Markdown to cite from: outlet, title, stated time, time first seen, address, and a hash of the text as we have it."""
    lines = [f"# {markdown(clean.line(query, 500)) or 'All articles'}", "", f"Retrieved {_utc(now)}.", ""]
    for number, item in enumerate(documents, start=1):
        link = clean.link(item.url)
        lines.append(
            f"{number}. {markdown(clean.line(item.outlet, 200))}: “{markdown(clean.line(item.title, 500))}”, "
            f"published {_utc(item.published)}, first seen {_utc(item.seen)}"
            + (f". <{link}>" if link else "")
            + f" (text {hashes.get(item.id, 'unknown')})"
        )
    return "\n".join(lines) + "\n"


def as_atom(
    documents: Sequence[Document],
    headlines: Mapping[str, str],
    *,
    title: str,
    address: str,
    base: str,
    now: datetime,
) -> bytes:
    """The newest articles of a query as a feed. `base`: where the page is reached, for links that lead here."""
    ElementTree.register_namespace("", ATOM)
    feed = ElementTree.Element(f"{{{ATOM}}}feed")
    _add(feed, "title", clean.line(title, 300))
    _add(feed, "id", f"{base}{address}")
    _add(feed, "updated", _utc(max((item.seen for item in documents), default=now)))
    ElementTree.SubElement(feed, f"{{{ATOM}}}link", rel="self", href=f"{base}{address}")
    for item in documents:
        entry = ElementTree.SubElement(feed, f"{{{ATOM}}}entry")
        _add(entry, "title", clean.line(item.title, 400) or "Without a title")
        _add(entry, "id", f"{base}/article/{item.id}")
        _add(entry, "updated", _utc(item.seen))
        _add(entry, "published", _utc(item.published))
        author = ElementTree.SubElement(entry, f"{{{ATOM}}}author")
        _add(author, "name", clean.line(item.outlet, 200))
        ElementTree.SubElement(
            entry,
            f"{{{ATOM}}}link",
            rel="alternate",
            href=clean.link(item.url) or f"{base}/article/{item.id}",
        )
        told = headlines.get(item.id, "")
        _add(entry, "summary", clean.line(f"{told}. {item.text}" if told else item.text, 400))
    written: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, f"{{{ATOM}}}{name}").text = text


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} has no JSON form")
