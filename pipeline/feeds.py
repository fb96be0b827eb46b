"""The source list: feeds.toml, checked on load, and added to without touching the operator's comments."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pipeline.errors import FeedListError
from pipeline.feed_lines import FeedLines
from pipeline.slug import slug
from pipeline.types import Control, Feed, Kind, Side

_REQUIRED: Final = ("url", "outlet", "owner", "country", "side", "language", "kind")
_KEYS: Final = tuple(field.name for field in fields(Feed))
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "side": get_args(Side),
    "control": get_args(Control),
    "kind": get_args(Kind),
}
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_TOML_PLACE: Final = re.compile(r"\(at line (\d+), column \d+\)")
_NOT_LANGUAGES: Final = {"ua": "uk", "cz": "cs", "gr": "el", "jp": "ja", "cn": "zh", "dk": "da", "by": "be"}
"""Country codes that are taken for language codes."""

_NO_COUNTRY: Final = frozenset({"XX", "ZZ"})
_SUPRANATIONAL: Final = frozenset({"EU", "UN"})


@dataclass(frozen=True, slots=True)
class _Fault:
    line: int
    message: str


def load_feeds(path: Path) -> tuple[Feed, ...]:
    """Read and check a source list.

    Raises FeedListError that lists every fault, each as `file:line: what is wrong and what would be right`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise FeedListError(
            f"{path}:1: there is no such file; name another with --feeds or CEASEFIRE_FEEDS"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise FeedListError(f"{path}:1: cannot be read as UTF-8 text: {error}") from error
    return read_feeds(text, str(path))


def read_feeds(text: str, source: str) -> tuple[Feed, ...]:
    """The same for the text of a list; `source` is what messages call it. Pure."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise FeedListError(
            f"{source}:{line}: not valid TOML: {_TOML_PLACE.sub('', str(error)).strip()}"
        ) from error
    places = FeedLines(text)
    faults = [
        _Fault(places.top_level(key), f"unknown key {key!r}; a list of feeds has only [[feed]] tables")
        for key in document
        if key != "feed"
    ]
    tables = document.get("feed", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise FeedListError(f"{source}:{places.top_level('feed')}: write each feed as a table [[feed]]")
    outlets = Counter(str(table.get("outlet")) for table in tables)
    feeds: list[tuple[int, Feed]] = []
    for number, table in enumerate(tables):
        found = [_Fault(places.key(number, key), message) for key, message in check_feed(table)]
        if "name" not in table and outlets[str(table.get("outlet"))] > 1:
            found.append(
                _Fault(
                    places.table(number), f"{table.get('outlet')!r} has several feeds, so each needs a name"
                )
            )
        faults += found
        if not found:
            feeds.append((number, make_feed(table)))
    faults += _doubles(feeds, places)
    if faults:
        lines = (f"{source}:{fault.line}: {fault.message}" for fault in sorted(faults, key=lambda f: f.line))
        raise FeedListError("\n".join(lines))
    return tuple(feed for _, feed in feeds)


def check_feed(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with the facts of one feed: (key, message) pairs; key "" stands for the table itself."""
    faults = [("", f"{key} is missing") for key in _REQUIRED if key not in table]
    for key, value in table.items():
        if key not in _KEYS:
            faults.append((key, f"unknown key {key!r}; known are {', '.join(_KEYS)}"))
        elif message := _wrong(key, value):
            faults.append((key, message))
    return faults


def make_feed(table: Mapping[str, Any]) -> Feed:
    """A feed from checked facts; its name defaults to the slug of its outlet."""
    facts = {"name": slug(str(table["outlet"])), **table}
    return Feed(**facts)


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or with the first number from 2 on that makes it unlike all of `taken`."""
    used = set(taken)
    name, number = wanted or "feed", 2
    while name in used:
        name, number = f"{wanted or 'feed'}-{number}", number + 1
    return name


def add_feeds(path: Path, new: Iterable[Feed]) -> tuple[Feed, ...]:
    """Append feeds to the list at `path` (made where it is not there); comments and order of the rest stay.

    Feeds whose URL is already there are left out. Names are always written, and made free where they are taken.
    Returns what was added. Raises FeedListError where the list or one of the feeds is wrong; nothing is written then.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    known = read_feeds(text, str(path))
    names = {feed.name for feed in known}
    urls = {same_address(feed.url) for feed in known}
    added: list[Feed] = []
    for feed in new:
        if same_address(feed.url) in urls:
            continue
        named = replace(feed, name=free_name(feed.name, names))
        names.add(named.name)
        urls.add(same_address(named.url))
        added.append(named)
    if not added:
        return ()
    longer = (
        text.rstrip("\n") + ("\n\n" if text.strip() else "") + "\n".join(_as_table(feed) for feed in added)
    )
    read_feeds(longer, str(path))
    _replace_text(path, longer)
    return tuple(added)


def _replace_text(path: Path, text: str) -> None:
    """Write all or nothing: a list that a crash cut short would stop the monitor."""
    target = path.resolve()
    new = target.with_name(f".{target.name}.new")
    new.write_text(text, encoding="utf-8")
    if target.exists():
        new.chmod(target.stat().st_mode)
    new.replace(target)


def same_address(url: str) -> str:
    """What two URLs of one feed have in common: scheme and a final slash do not tell feeds apart."""
    parts = urlsplit(url.strip())
    query = f"?{parts.query}" if parts.query else ""
    scheme = "file:" if parts.scheme.lower() == "file" else ""
    return f"{scheme}{parts.netloc.lower()}{parts.path.rstrip('/')}{query}"


def _as_table(feed: Feed) -> str:
    """One [[feed]] table; a JSON string is a TOML string too."""
    lines = ["[[feed]]"]
    for field in fields(Feed):
        value = getattr(feed, field.name)
        if field.default is MISSING or value != field.default:
            lines.append(f"{field.name} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _wrong(key: str, value: object) -> str | None:
    if key == "full_text":
        return None if isinstance(value, bool) else f"full_text is true or false, not {value!r}"
    if not isinstance(value, str) or not value.strip():
        return f"{key} is a text in quotes, not {value!r}"
    if key in _CHOICES:
        return None if value in _CHOICES[key] else f"{key} {value!r} is not one of {', '.join(_CHOICES[key])}"
    check = _CHECKS.get(key)
    return check(value) if check else None


def _wrong_name(value: str) -> str | None:
    if _NAME.fullmatch(value) and len(value) <= 80:
        return None
    return f"name {value!r} must be lower-case letters and digits with hyphens, for example {slug(value) or 'my-feed'!r}"


def _wrong_url(value: str) -> str | None:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  raises where it is no number
    except ValueError as error:
        return f"url {value!r} is not an address: {error}"
    if any(character.isspace() for character in value):
        return f"url {value!r} has a space in it"
    if parts.scheme.lower() == "file":
        right = parts.netloc in ("", "localhost") and parts.path.startswith("/")
        return None if right else f"url {value!r} should be file:///ABSOLUTE/PATH"
    if parts.scheme.lower() in ("http", "https") and parts.hostname:
        return None
    return f"url {value!r} should begin with https://, http:// or file:///"


def _wrong_country(value: str) -> str | None:
    if _COUNTRY.fullmatch(value) and value not in _NO_COUNTRY:
        return None
    return f"country {value!r} should be an ISO 3166 code of two capital letters, for example 'UA' ({', '.join(sorted(_SUPRANATIONAL))} for bodies above countries)"


def _wrong_language(value: str) -> str | None:
    meant = _NOT_LANGUAGES.get(value.partition("-")[0])
    if meant is None and _LANGUAGE.fullmatch(value):
        return None
    return f"language {value!r} should be a BCP 47 tag, for example {meant or 'uk'!r} or 'en-GB'"


def _wrong_zone(value: str) -> str | None:
    if value in available_timezones():
        return None
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        return f"time_zone {value!r} is not an IANA name, for example 'Europe/Kyiv'"
    return None


_CHECKS: Final = {
    "name": _wrong_name,
    "url": _wrong_url,
    "country": _wrong_country,
    "language": _wrong_language,
    "time_zone": _wrong_zone,
}


def _doubles(feeds: list[tuple[int, Feed]], places: FeedLines) -> list[_Fault]:
    """Names and addresses that occur twice; the later one is at fault."""
    faults: list[_Fault] = []
    names: dict[str, int] = {}
    urls: dict[str, int] = {}
    for number, feed in feeds:
        if feed.name in names:
            first = places.table(names[feed.name])
            faults.append(
                _Fault(
                    places.key(number, "name"), f"the name {feed.name!r} is taken by the feed in line {first}"
                )
            )
        if (address := same_address(feed.url)) in urls:
            first = places.table(urls[address])
            faults.append(_Fault(places.key(number, "url"), f"{feed.url} is already there in line {first}"))
        names.setdefault(feed.name, number)
        urls.setdefault(address, number)
    return faults
