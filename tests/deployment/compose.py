"""docker-compose.yml as Docker Compose reads it: merged, with its variables put in; as far as our file needs it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import ROOT

FILE = ROOT / "docker-compose.yml"
EXAMPLE = ROOT / ".env.example"

_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?:(?P<how>:-|:\?)(?P<rest>[^}]*))?\})")

Json = Mapping[str, Any]


def raw() -> Json:
    """The file with YAML's merges, its variables as written."""
    loaded: Json = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return loaded


def variables(node: Any) -> Iterator[tuple[str, str, str]]:
    """(name, ':-' or ':?' or '', default or message) of every variable below `node`."""
    if isinstance(node, str):
        for match in _VARIABLE.finditer(node):
            if match["name"]:
                yield match["name"], match["how"] or "", match["rest"] or ""
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from variables(value)
    elif isinstance(node, list):
        for value in node:
            yield from variables(value)


def resolved(node: Any, environment: Mapping[str, str]) -> Any:
    """With every variable put in. Raises KeyError with Compose's own message for a required one that is empty."""
    if isinstance(node, str):
        return _VARIABLE.sub(lambda match: _value(match, environment), node)
    if isinstance(node, Mapping):
        return {key: resolved(value, environment) for key, value in node.items()}
    if isinstance(node, list):
        return [resolved(value, environment) for value in node]
    return node


def _value(match: re.Match[str], environment: Mapping[str, str]) -> str:
    if match["name"] is None:
        return "$"
    value = environment.get(match["name"], "")
    if not value and match["how"] == ":?":
        raise KeyError(f"required variable {match['name']} is missing a value: {match['rest']}")
    return value or (match["rest"] or "" if match["how"] == ":-" else "")


def services(environment: Mapping[str, str], *profiles: str) -> dict[str, Json]:
    """The services that `docker compose up` starts with these profiles."""
    whole = resolved(raw(), environment)
    return {
        name: service
        for name, service in whole["services"].items()
        if not service.get("profiles") or set(service["profiles"]) & set(profiles)
    }


def environment_of(path: Path) -> dict[str, str]:
    """The variables of a .env file."""
    return environment_of_text(path.read_text(encoding="utf-8"))


def environment_of_text(text: str) -> dict[str, str]:
    """The same for its text."""
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
