"""Feeds that are files of this machine: only those that the operator's own list names."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.fetch.failure import PollError
from pipeline.fetch.settings import FetchSettings
from pipeline.types import Feed, FetchOutcome, RawFeed, Validators


def read_file(feed: Feed, validators: Validators, settings: FetchSettings, now: datetime) -> FetchOutcome:
    """Read the file of a `file:` feed; the same bytes as last time are unchanged. Raises PollError."""
    try:
        path = file_path(feed.url)
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        with path.open("rb") as file:
            body = file.read(settings.max_body_bytes + 1)
    except OSError as error:
        raise PollError("file", f"{feed.url} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise PollError("file", str(error)) from error
    if len(body) > settings.max_body_bytes:
        raise PollError("too-large", f"larger than {settings.max_body_bytes / 2**20:g} MB")
    new = Validators(last_modified=changed.isoformat(), body_hash=hashlib.sha256(body).hexdigest())
    if new.body_hash == validators.body_hash:
        return FetchOutcome(feed.name, "unchanged", now, validators=new)
    return FetchOutcome(
        feed.name, "fetched", now, raw=RawFeed(feed.name, feed.url, body, "", {}, now, new), validators=new
    )


def file_path(url: str) -> Path:
    """The path that a `file://` URL names. Raises ValueError where it names another machine."""
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise ValueError(f"{url} names the machine {parts.netloc!r}; a file feed is file:///ABSOLUTE/PATH")
    return Path(unquote(parts.path))
