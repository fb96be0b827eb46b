"""Read an archive from disk: JSON lines, feed documents, or a folder of either, as entries with the feed they belong to.

What cannot be read costs itself only, and is told with its file and line. Nothing here touches the database.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, get_args

from pipeline.errors import ExtractError, ParseError, SettingsError
from pipeline.extract.build import extract_article, extract_feed
from pipeline.parse import ParseLimits, parse_feed
from pipeline.slug import slug
from pipeline.types import Article, Control, Entry, Feed, Kind, RawFeed, Side, Validators

LINE_BYTES: Final = 16 * 1024 * 1024
"""The longest line that is read: a book."""
DOCUMENT_BYTES: Final = 256 * 1024 * 1024
"""The largest feed document, decompressed: a year of a busy outlet has half as much."""
LIMITS: Final = ParseLimits(entries=200_000, tags=20_000_000)
"""An archive is the operator's own: long on purpose, and read once."""

LINES: Final = (".jsonl", ".ndjson")
UNKNOWN_COUNTRY: Final = "XX"


@dataclass(frozen=True, slots=True)
class Found:
    """One article of the archive, with the feed that it belongs to."""

    feed: Feed
    article: Article


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One line, entry or file that is no article: where, and why."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


class Archive:
    """The files of an archive. `done_bytes` of `total_bytes` (as stored) were read: how far `read` has come."""

    def __init__(self, path: Path, listed: Mapping[str, Feed]) -> None:
        """`listed`: the source list by name; its feeds give their entries owner and side. Raises SettingsError."""
        if not path.exists():
            raise SettingsError(
                f"{path} is not there: name a file of JSON lines, a feed document, or a folder"
            )
        self.root = path
        self.files = _files(path) if path.is_dir() else [path]
        if not self.files:
            raise SettingsError(f"{path} holds no file")
        self.total_bytes = sum(file.stat().st_size for file in self.files)
        self.done_bytes = 0
        self._feeds = _Feeds(listed)

    def read(self, now: Callable[[], datetime]) -> Iterator[Found | Unreadable]:
        """Everything in the archive, file by file in order of their names. `now`: when it is first seen by us."""
        for file in self.files:
            begin = self.done_bytes
            try:
                yield from self._read(file, begin, now)
            except (OSError, EOFError, zlib.error) as error:
                yield Unreadable(self._name(file), f"cannot be read: {error}")
            self.done_bytes = begin + file.stat().st_size

    def _read(self, file: Path, begin: int, now: Callable[[], datetime]) -> Iterator[Found | Unreadable]:
        with file.open("rb") as stored:
            stream: IO[bytes] = gzip.GzipFile(fileobj=stored) if file.suffix == ".gz" else stored  # type: ignore[assignment]
            if _is_lines(file):
                for number, line in enumerate(iter(lambda: stream.readline(LINE_BYTES), b""), start=1):
                    self.done_bytes = begin + stored.tell()
                    if line.strip():
                        yield self._line(line, f"{self._name(file)}: line {number}", now())
            else:
                yield from self._document(stream.read(DOCUMENT_BYTES + 1), file, now())

    def _name(self, file: Path) -> str:
        return file.name if file == self.root else str(file.relative_to(self.root))

    def _line(self, line: bytes, where: str, now: datetime) -> Found | Unreadable:
        try:
            fields = json.loads(line.decode("utf-8-sig"))
            feed = self._feeds.of_line(fields)
            return Found(feed, extract_article(_entry(fields), feed, _seen(fields, now)))
        except json.JSONDecodeError as error:
            return Unreadable(where, f"not JSON: {error.msg} at column {error.colno}")
        except (ValueError, RecursionError, ExtractError) as error:
            return Unreadable(where, str(error))

    def _document(self, body: bytes, file: Path, now: datetime) -> Iterator[Found | Unreadable]:
        name = self._name(file)
        if len(body) > DOCUMENT_BYTES:
            yield Unreadable(name, f"more than {DOCUMENT_BYTES // 2**20} MB: too much for one feed document")
            return
        named = self._feeds.of_path(file, self.root)
        raw = RawFeed(
            named.name if named else "archive", named.url if named else "", body, "", {}, now, Validators()
        )
        try:
            parsed = parse_feed(raw, LIMITS)
        except ParseError as error:
            yield Unreadable(name, str(error).removeprefix(f"{raw.url}: "))
            return
        feed = named or self._feeds.of_title(parsed.title or _stem(file), parsed.language or "")
        extracted = extract_feed(parsed, feed, now)
        yield from (Found(feed, article) for article in extracted.articles)
        yield from (Unreadable(name, reason) for reason in extracted.set_aside)


class _Feeds:
    """Which feed an entry belongs to: a listed one by name or outlet, else one made of what the archive says."""

    def __init__(self, listed: Mapping[str, Feed]) -> None:
        self._listed = listed
        self._by_outlet = {feed.outlet.casefold(): feed for feed in reversed(list(listed.values()))}

    def of_line(self, fields: Any) -> Feed:
        """Raises ValueError where the line does not say whose it is, or says it wrongly."""
        if not isinstance(fields, dict):
            raise ValueError("not a JSON object")
        name, outlet = _text(fields, "feed"), _text(fields, "outlet")
        listed = self._listed.get(name) or self._by_outlet.get(outlet.casefold())
        if listed is not None:
            return listed
        if not outlet and not name:
            raise ValueError('needs "outlet" (or "feed")')
        made = self._made(outlet or name, _text(fields, "lang") or _text(fields, "language"), name)
        return replace(
            made,
            owner=_text(fields, "owner") or made.owner,
            country=_text(fields, "country") or made.country,
            side=_one_of(fields, "side", get_args(Side)) or made.side,
            control=_one_of(fields, "control", get_args(Control)) or made.control,
            kind=_one_of(fields, "kind", get_args(Kind)) or made.kind,
        )

    def of_path(self, file: Path, root: Path) -> Feed | None:
        """The listed feed that the file, or a folder between it and the archive's root, is named after."""
        parents = [] if file == root else [part.name for part in file.parents if part.is_relative_to(root)]
        return next((self._listed[name] for name in (_stem(file), *parents) if name in self._listed), None)

    def of_title(self, title: str, language: str) -> Feed:
        """The listed feed of an outlet of that name, else one made for it."""
        return self._by_outlet.get(title.casefold()) or self._made(title, language)

    def _made(self, outlet: str, language: str, name: str = "") -> Feed:
        name = name or slug(outlet) or "archive"
        return Feed(
            name=f"{name}-archive" if name in self._listed else name, url="", outlet=outlet, owner=outlet,
            country=UNKNOWN_COUNTRY, side="third-party", language=language, kind="news",
        )  # fmt: skip


def _entry(fields: Mapping[str, Any]) -> Entry:
    """A line as a feed would give it. Raises ValueError."""
    url, guid = _text(fields, "url"), _text(fields, "id")
    if not url and not guid:
        raise ValueError('needs "url" or "id"')
    published = _time(fields, "published")
    if published is None:
        raise ValueError('needs "published", a time like 2023-06-05T12:00:00Z')
    categories = fields.get("categories") or ()
    return Entry(
        guid=guid or None, link=url or None, title=_text(fields, "title"), summary=_text(fields, "text"), content="",
        published=published, updated=None, date_text=str(fields["published"]), date_has_zone=True,
        language=_text(fields, "lang") or _text(fields, "language") or None, author=_text(fields, "author"),
        categories=tuple(str(item) for item in categories) if isinstance(categories, list) else (),
    )  # fmt: skip


def _seen(fields: Mapping[str, Any], now: datetime) -> datetime:
    """When it was first seen: an exported article keeps its time, anything else is seen now."""
    seen = _time(fields, "seen")
    return now if seen is None else min(seen, now)


def _time(fields: Mapping[str, Any], key: str) -> datetime | None:
    value = fields.get(key)
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f'"{key}" is no time: {value!r}; write 2023-06-05T12:00:00Z') from error


def _text(fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f'"{key}" must be a string')
    return value


def _one_of(fields: Mapping[str, Any], key: str, allowed: tuple[str, ...]) -> Any:
    value = _text(fields, key)
    if value and value not in allowed:
        raise ValueError(f'"{key}" is {value!r}, not one of {", ".join(allowed)}')
    return value or None


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _stem(file: Path) -> str:
    return file.name.removesuffix(".gz").rpartition(".")[0] or file.name


def _is_lines(file: Path) -> bool:
    """By its name; or by its first line, which is a JSON object by itself and no JSON Feed."""
    if file.name.removesuffix(".gz").endswith(LINES):
        return True
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
        first = stream.readline(LINE_BYTES)
    if not first.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return False
    try:
        fields = json.loads(first.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return isinstance(fields, dict) and "items" not in fields
