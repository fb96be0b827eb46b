"""What makes an article the same article, and what makes its text the same text. Pure. DESIGN: "Identity"."""

import hashlib
import re
import unicodedata
from datetime import datetime
from typing import Final

from pipeline.extract.url import is_front_page, url_key

_ID_CHARS: Final = 24
"""96 bits: two of a billion articles meet with a probability of 10^-11."""

_LONG_KEY: Final = 300
_WORD: Final = re.compile(r"\w+")


def article_keys(canonical: str | None, guid: str | None, feed: str, fallback: str) -> tuple[str, ...]:
    """All identities of an entry, strongest first, at least one.

    `canonical`: its canonical address or None; a front page identifies nothing and is left out. `guid` counts within
    `feed` only: others number their entries too. `fallback`: title and text, for an entry that has neither.
    """
    keys = []
    if canonical is not None and not is_front_page(canonical):
        keys.append(_bounded("url:", url_key(canonical)))
    if guid:
        keys.append(_bounded(f"guid:{feed}:", guid))
    if not keys:
        keys.append(f"text:{feed}:{_digest(normalised(fallback))}")
    return tuple(keys)


def article_id(key: str) -> str:
    """The id of an article that is first seen under `key`: 24 hex digits, the same on every machine."""
    return _digest(key)[:_ID_CHARS]


def redated_id(key: str, published: datetime) -> str:
    """The id of a new article under an old `key` (a daily report at one address): its date makes the difference."""
    return _digest(f"{key}\n{published.isoformat()}")[:_ID_CHARS]


def content_hash(title: str, text: str) -> str:
    """Hash of the words of title and text: case, punctuation, spaces and typography do not make a new version."""
    return _digest(f"{normalised(title)}\n{normalised(text)}")


def normalised(text: str) -> str:
    """The words of `text` in lower case and compatibility form, one space between them."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(_WORD.findall(text.casefold()))


def _bounded(prefix: str, key: str) -> str:
    """Keys are columns with an index: what is long is kept as its hash."""
    return prefix + key if len(key) <= _LONG_KEY else f"{prefix}sha256:{_digest(key)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
