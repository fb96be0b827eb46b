"""The index that a URL names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.errors import SettingsError
from pipeline.index.base import Index
from pipeline.index.sqlite import SqliteIndex


def open_index(url: str) -> Index:
    """The index at `sqlite:///PATH` (which may be the record's own file).

    Raises SettingsError for another kind of URL, IndexUnavailableError where the index cannot be opened.
    """
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        path = unquote(url.removeprefix("sqlite:///").split("?", 1)[0])
        if not url.startswith("sqlite:///") or not path or path == ":memory:":
            raise SettingsError("An SQLite index needs a file: CEASEFIRE_INDEX_URL=sqlite:///PATH")
        return SqliteIndex(Path(path))
    raise SettingsError(f'"{scheme}" is no kind of search index; CEASEFIRE_INDEX_URL is sqlite:///PATH')
