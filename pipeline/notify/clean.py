"""Other people's text made safe for one line of ours: no line breaks, no control signs, bounded length.

Markup is the templates' business (they escape) and header encoding the mail policy's; this takes away what would break
out of a line or show it in another order than it stands.
"""

import re
import unicodedata
from urllib.parse import urlsplit

HIDDEN = re.compile(
    "["
    "\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"  # C0 and C1 controls but tab and line breaks
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls
    "\u00ad\u200b\u2060\ufeff\ufff9-\ufffb"  # invisible signs
    "\U000e0000-\U000e007f"  # tag characters
    "\ud800-\udfff"  # lone surrogates: no UTF-8 can carry them
    "]"
)
SPACE = re.compile(r"[\s\u2028\u2029\u0085]+")
MARKS_IN_A_ROW = 4
"""More combining marks on one letter than any language writes only serve to cover other lines."""


def line(text: str, limit: int = 500) -> str:
    """`text` as one line of at most `limit` letters, cut at a word where it is longer."""
    text = unicodedata.normalize("NFC", HIDDEN.sub("", SPACE.sub(" ", text)))
    text = _calm(" ".join(text.split()))
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut).rstrip(" ,;:–-") + "…"


def _calm(text: str) -> str:
    if not any(map(unicodedata.combining, set(text))):
        return text
    kept: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)


def link(url: str) -> str:
    """`url` where it is a plain http(s) address that may stand in a message, else ""."""
    if len(url) > 2000 or re.search(r"[\s\x00-\x20\x7f-\x9f\"<>\\^`{|}]", url) or HIDDEN.search(url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname else ""
