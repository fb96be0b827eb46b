"""Clean text from what feeds put into titles, summaries and contents. Pure.

Lexbor (through selectolax) reads the markup as a browser would, so that half-open tags and stray brackets come out as
a reader would see them.
"""

import html
import re
import unicodedata
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.tails import without_tail

_TAG: Final = re.compile(r"<[a-zA-Z/!?]")
_DROPPED: Final = (
    "script,style,noscript,template,iframe,object,embed,svg,math,canvas,audio,video,form,button,select,textarea,nav,"
    "figcaption,head,.more-link,.read-more,.screen-reader-text,.kg-bookmark-card,.related-posts,[hidden]"
)
"""What a reader does not see or what is not the article: code, controls, navigation, captions, cards of other articles."""

_BLOCKS: Final = (
    "p,div,br,li,ul,ol,dl,dt,dd,h1,h2,h3,h4,h5,h6,tr,table,blockquote,pre,section,article,header,footer,aside,figure,"
    "hr,main,details,summary,address,caption,option"
)
_CELLS: Final = "td,th"

_STILL_MARKUP: Final = re.compile(
    r"</?(?:p|br|div|a|img|b|i|u|em|strong|span|ul|ol|li|h[1-6]|figure|script|iframe|blockquote|table|td|tr|font|center)"
    r"(?:\s[^<>]*)?/?>"
    r"|&(?:amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[nm]dash|hellip|#\d{2,6}|#x[0-9a-f]{2,5});",
    re.IGNORECASE,
)
"""What text looks like that was escaped once too often. Only well-known names: text may speak of <tags> and &things."""

_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_JOINERS: Final = re.compile("(?<![\u0600-\u0dff])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u0dff])")
"""Zero-width joiners are spelling in Arabic and Indic scripts, and noise elsewhere."""

_PRINTABLE_YET_INVISIBLE: Final = frozenset("\u034f\ufffc\ufffd")
"""Those of the above that `str.isprintable` lets pass."""

_SPACES: Final = re.compile(r"[^\S\n]+")
_BREAKS: Final = re.compile(r" ?(?:\n ?)+")
_LINE_ENDS_IN_MARKUP: Final = re.compile("[\r\n\x00]+")
_LINE_ENDS: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def clean_text(markup: str, max_chars: int) -> str:
    """Plain text of a fragment of HTML or text: no tags, scripts, invisible characters or "Read more" tails.

    Paragraphs and other blocks become lines, one "\\n" between them; all other white space is single spaces. At most
    `max_chars` characters, cut between words and marked with "…".
    """
    text = _visible(_unmarked(markup))
    return shortened(without_tail(text), max_chars)


def clean_line(markup: str, max_chars: int) -> str:
    """The same for titles and names: one line, tails kept (a headline may well say "read more")."""
    return shortened(_visible(_unmarked(markup)).replace("\n", " "), max_chars)


def shortened(text: str, max_chars: int) -> str:
    """`text` cut between words to at most `max_chars` characters, with "…" as its last."""
    if len(text) <= max_chars:
        return text
    head = text[: max_chars - 1]
    space = max(head.rfind(" "), head.rfind("\n"))
    if space > max_chars // 2:
        head = head[:space]
    return head.rstrip(" \n,;:–—-") + "…"


def _unmarked(markup: str) -> str:
    """Markup to text, also where it was escaped twice (three times at most: nobody does more by mistake)."""
    text = _text_of(markup)
    for _ in range(2):
        if "&" not in text and "<" not in text:
            break
        if not _STILL_MARKUP.search(text):
            break
        text = _text_of(text)
    return text


def _text_of(markup: str) -> str:
    if not _TAG.search(markup):
        return html.unescape(markup) if "&" in markup else markup
    # Line ends within markup are mere spaces; those that count are made from blocks below.
    body = LexborHTMLParser(_LINE_ENDS_IN_MARKUP.sub(" ", markup)).body
    if body is None:
        return ""
    for node in body.css(_DROPPED):
        node.decompose()
    if "display" in markup:
        for node in body.css('[style*="display:none"],[style*="display: none"]'):
            node.decompose()
    for node in body.css(_BLOCKS):
        node.insert_before("\n")
        node.insert_after("\n")
    for node in body.css(_CELLS):
        node.insert_after(" ")
    return body.text(deep=True, separator="", strip=False) or ""


def _visible(text: str) -> str:
    """Invisible characters out, spaces and line ends of all kinds to one kind, letters to their composed form."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if text.replace("\n", "").isprintable() and _PRINTABLE_YET_INVISIBLE.isdisjoint(text):
        # Most texts: no controls, formats, or spaces but " ". Ten times as fast as what follows, to the same end.
        lines = [" ".join(line.split()) for line in text.split("\n")]
        return lines[0] if len(lines) == 1 else "\n".join(line for line in lines if line)
    if not text.isascii():
        text = _JOINERS.sub("", text)
    text = _LINE_ENDS.sub("\n", text)
    text = _INVISIBLE.sub("", text)
    text = _SPACES.sub(" ", text)
    return _BREAKS.sub("\n", text).strip()
