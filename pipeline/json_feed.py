"""JSON Feed 1.0 and 1.1 to entries. Pure. Source: https://www.jsonfeed.org/version/1.1/"""

import json
from typing import Any, Final
from urllib.parse import urljoin

from pipeline.dates import read_date
from pipeline.errors import ParseError
from pipeline.marks import json_without_known
from pipeline.types import Entry, ParsedFeed

_VERSION_MARK: Final = "jsonfeed.org/version/"


def is_json(body: bytes) -> bool:
    """Whether the document can only be JSON: XML and HTML never begin with a brace or bracket."""
    return body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def parse_json_feed(body: bytes, url: str, known: frozenset[bytes] = frozenset()) -> ParsedFeed:
    """Read a JSON Feed but for the items whose marks are `known`. Raises ParseError where the JSON is broken or is something else."""
    try:
        document = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise ParseError(f"JSON that cannot be read ({error})", url) from error
    if not isinstance(document, dict) or _VERSION_MARK not in str(document.get("version")):
        keys = ", ".join(list(document)[:5]) if isinstance(document, dict) else "a list"
        raise ParseError(f"JSON, but not a JSON Feed (found: {keys[:200] or 'nothing'})", url)
    items = document.get("items")
    found = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    kept, marks, left_out = json_without_known(found, known)
    return ParsedFeed(
        title=_text(document.get("title")),
        language=_text(document.get("language")) or None,
        ttl_min=None,
        entries=tuple(_entry(item, url) for item in kept),
        marks=marks,
        left_out=left_out,
    )


def _entry(item: dict[str, Any], url: str) -> Entry:
    published, has_zone = read_date(_text(item.get("date_published")))
    updated, updated_has_zone = read_date(_text(item.get("date_modified")))
    identity = item.get("id")
    authors = item.get("authors") or [item.get("author")]
    tags = item.get("tags")
    return Entry(
        guid=_text(str(identity)) if isinstance(identity, str | int | float) and identity != "" else None,
        link=_link(item, url),
        title=_text(item.get("title")),
        summary=_text(item.get("summary")),
        content=_text(item.get("content_html")) or _text(item.get("content_text")),
        published=published,
        updated=updated,
        date_text=_text(item.get("date_published")) or _text(item.get("date_modified")),
        date_has_zone=has_zone if published is not None else updated_has_zone,
        language=_text(item.get("language")) or None,
        author=", ".join(_text(a.get("name")) for a in authors if isinstance(a, dict))
        if isinstance(authors, list)
        else "",
        categories=tuple(_text(tag) for tag in tags if isinstance(tag, str))
        if isinstance(tags, list)
        else (),
    )


def _link(item: dict[str, Any], base_url: str) -> str | None:
    for candidate in (item.get("url"), item.get("external_url")):
        try:
            link = urljoin(base_url, _text(candidate).strip()) if _text(candidate).strip() else ""
        except ValueError:
            continue
        if link.lower().startswith(("http://", "https://")):
            return link
    return None


def _text(value: object) -> str:
    """JSON may escape half a surrogate pair, which no encoder takes afterwards."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
