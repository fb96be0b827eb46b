"""The index that a URL names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.errors import SettingsError
from pipeline.index.base import Index
from pipeline.index.sqlite import SqliteIndex


def open_index(url: str) -> Index:
    """The index at `sqlite:///PATH` (which may be the record's own file) or http[s]://[user:password@]host[:port][?ca=FILE].

    Raises SettingsError for another kind of URL, or where Elasticsearch's client is not installed;
    IndexUnavailableError where an SQLite file cannot be opened. Elasticsearch is first spoken to by the first request.
    """
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        path = unquote(url.removeprefix("sqlite:///").split("?", 1)[0])
        if not url.startswith("sqlite:///") or not path or path == ":memory:":
            raise SettingsError("An SQLite index needs a file: CEASEFIRE_INDEX_URL=sqlite:///PATH")
        return SqliteIndex(Path(path))
    if scheme in ("http", "https"):
        return _elasticsearch(url)
    raise SettingsError(
        f'"{scheme}" is no kind of search index; CEASEFIRE_INDEX_URL is sqlite:///PATH or http[s]://host:port'
    )


def _elasticsearch(url: str) -> Index:
    try:
        from pipeline.index.elasticsearch import ElasticsearchIndex
    except ModuleNotFoundError as error:
        raise SettingsError(
            "Elasticsearch's client is not installed: pip install 'ceasefire-monitor[elasticsearch]'"
        ) from error
    return ElasticsearchIndex(url)
