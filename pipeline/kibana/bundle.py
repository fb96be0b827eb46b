"""What `kibana/` holds: data views, dashboards and roles as JSON, one object a file, named by its id.

Dashboards are bodies of `PUT /api/dashboards/{id}` and carry no id of their own; docs/kibana.md says what is where.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import SettingsError

FOLDERS = ("roles", "data-views", "dashboards")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Bodies by id, each in order of id."""

    roles: Mapping[str, Json]
    data_views: Mapping[str, Json]
    dashboards: Mapping[str, Json]


def load_bundle(folder: Path) -> Bundle:
    """The bundle in a folder. Raises SettingsError with the file, and the line where its JSON is wrong."""
    if not (folder / "dashboards").is_dir():
        raise SettingsError(
            f"{folder} holds no dashboards/; name the folder of Kibana's objects with --folder"
        )
    roles, data_views, dashboards = (
        {path.stem: _read(path) for path in _files(folder / name)} for name in FOLDERS
    )
    for name, view in data_views.items():
        if view.get("id") != name:
            raise SettingsError(
                f"{folder / 'data-views' / name}.json: its id is {view.get('id')!r}, not its file's name"
            )
    return Bundle(roles, data_views, dashboards)


def fields_used(dashboard: Json) -> dict[str, frozenset[str]]:
    """The fields that the panels and controls of a dashboard read, by id of the data view that they read it from."""
    found: dict[str, set[str]] = {}
    for view, part in _with_view(dashboard, None):
        if view is not None:
            found.setdefault(view, set()).update(_named(part))
    return {view: frozenset(names) for view, names in found.items() if names}


def _with_view(node: Any, view: str | None) -> Iterator[tuple[str | None, Json]]:
    """Every object below `node`, with the data view that holds for it: its own, else that of what it stands in."""
    if isinstance(node, Mapping):
        source = node.get("data_source")
        own = source.get("ref_id") if isinstance(source, Mapping) else node.get("data_view_id")
        view = own if isinstance(own, str) else view
        yield view, node
        for part in node.values():
            yield from _with_view(part, view)
    elif isinstance(node, list):
        for part in node:
            yield from _with_view(part, view)


def _named(part: Json) -> Iterator[str]:
    for key in ("field", "field_name"):
        if isinstance(part.get(key), str):
            yield part[key]
    for key in ("fields", "column_order"):
        if isinstance(part.get(key), list):
            yield from (name for name in part[key] if isinstance(name, str))
    if "column_order" in part:
        yield from (item["name"] for item in part.get("sort", ()))


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def _read(path: Path) -> Json:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise SettingsError(f"{path}:{error.lineno}: not valid JSON: {error.msg}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error
    if not isinstance(body, dict):
        raise SettingsError(f"{path}: not a JSON object")
    return body
