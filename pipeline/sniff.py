"""A document's bytes before parsing: which encoding they really are in, and what they are if not a feed. Pure."""

import codecs
import re
from typing import Final

_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_DECLARED: Final = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"']", re.IGNORECASE)
_BOMS: Final = (
    codecs.BOM_UTF8,
    codecs.BOM_UTF16_LE,
    codecs.BOM_UTF16_BE,
    codecs.BOM_UTF32_LE,
    codecs.BOM_UTF32_BE,
)
_CONTROL: Final = bytes(c for c in range(32) if c not in (9, 10, 13))
_FEED_ROOTS: Final = frozenset({"rss", "feed", "rdf", "channel"})
_HTML_START: Final = re.compile(rb"<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_FEED_START: Final = re.compile(rb"<(?:\w+:)?(rss|feed|rdf|channel)[\s>]", re.IGNORECASE)
_BEFORE_ROOT: Final = re.compile(rb"\s*(?:<\?.*?\?>|<!--.*?-->|<![A-Za-z][^>\[]*(?:\[.*?\]\s*)?>)", re.DOTALL)
_ROOT: Final = re.compile(rb"\s*<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")


def readable_bytes(body: bytes, content_type: str) -> tuple[bytes, str, list[str]]:
    """Make the bytes fit for an XML parser.

    Returns the bytes, the charset that they are certainly in ("" leaves it to the document), and what was wrong.
    RFC 7303 gives the header's charset precedence over the document's; but bytes beyond ASCII that are valid UTF-8 are
    UTF-8, whatever either says, and a few broken bytes (a summary cut within a letter) do not make it anything else.
    """
    problems: list[str] = []
    if body.startswith(_BOMS) or b"\x00" in body[:64]:  # UTF-16 and UTF-32 are found by feedparser
        if body.startswith(codecs.BOM_UTF8):
            body = body[3:]
        else:
            return body, "", problems
    stated = _CHARSET.search(content_type)
    inside = _DECLARED.match(body[:500])
    charset = (stated[1] if stated else inside[1].decode("ascii") if inside else "").lower()
    try:
        if not body.isascii():
            body.decode("utf-8")
            if charset not in ("utf-8", "utf8", ""):
                problems.append(f"says {charset}, is UTF-8")
            charset = "utf-8"
    except UnicodeDecodeError:
        if charset in ("utf-8", "utf8", ""):
            text = body.decode("utf-8", "replace")
            broken = text.count("\ufffd")
            letters = sum(1 for _ in re.finditer(r"[^\x00-\x7f\ufffd]", text))
            if broken <= max(letters // 20, 3 if letters else 0):
                problems.append(f"{broken} broken characters")
                body, charset = text.encode(), "utf-8"
            else:
                problems.append("is not UTF-8 as it says" if charset else "encoding unknown")
                charset = ""
    cleaned = body.translate(None, _CONTROL)
    if len(cleaned) < len(body):
        problems.append("control characters")
    return cleaned.lstrip(), charset if _is_known(charset) else "", problems


def _is_known(charset: str) -> bool:
    try:
        codecs.lookup(charset)
    except (LookupError, ValueError):
        return False
    return True


def what_it_is(body: bytes) -> str | None:
    """What a document is that is not a feed, in words; None where it may be one.

    Looks at its first 64 KB: a feed's root may come after a warning that some server software printed first.
    """
    if not body.strip():
        return "empty: the server sent a document without content"
    start = body[:65_536]
    if b"\x00" in start:
        return None if _looks_like_utf16(start) else "not text (a picture or an archive?), not a feed"
    root = _root(start)
    if root in _FEED_ROOTS or _FEED_START.search(start):
        return None
    if root == "opml":
        return "an OPML list of feeds, not a feed; take it in with `ceasefire feeds import FILE`"
    if root in ("urlset", "sitemapindex"):
        return "a sitemap, not a feed"
    if _HTML_START.search(start):
        return "an HTML page, not a feed (a consent page, a login or a wrong address?)"
    return f"XML with the root <{root}>, not a feed" if root else "plain text, not a feed"


def _looks_like_utf16(start: bytes) -> bool:
    return start.startswith(_BOMS) or b"\x00<" in start[:8] or b"<\x00" in start[:8]


def _root(start: bytes) -> str:
    position = 0
    while found := _BEFORE_ROOT.match(start, position):
        position = found.end()
    root = _ROOT.match(start, position)
    return root[1].decode("ascii", "replace").lower() if root else ""
