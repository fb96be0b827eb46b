"""Bring a Kibana to what a bundle says: roles, data views, dashboards, in this order, each under its fixed id.

Whatever is not in the bundle stays as it is: nothing is ever deleted. Whether a write changed anything is told by what
Kibana itself answers before and after it, since it fills in defaults of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from pipeline.errors import KibanaRefusedError
from pipeline.kibana.bundle import Bundle, Json, fields_used
from pipeline.kibana.client import DEFAULT_SPACE, Kibana
from pipeline.kibana.compare import changes, missing

Kind = Literal["role", "data view", "dashboard"]
Result = Literal[
    "created", "changed", "unchanged", "failed", "would create", "would change", "as in the file"
]

UPDATABLE = ("title", "name", "timeFieldName", "fieldFormats", "sourceFilters")
"""What the call that updates a data view takes; labels of fields have a call of their own."""

MOVING = frozenset({"fields", "version", "updated_at", "updated_by", "updatedAt", "transient_metadata", "_transform_error",
                    "_unrecognized_applications"})  # fmt: skip
"""Parts of an answer that change by themselves."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one object. `notes`: where it differed, or what is wrong with it."""

    kind: Kind
    id: str
    result: Result
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def apply(kibana: Kibana, bundle: Bundle, *, roles: bool = True, dry_run: bool = False) -> Iterator[Outcome]:
    """An outcome an object, as it is done. An object that Kibana refuses is `failed` and stops no other.

    Raises KibanaUnavailableError where Kibana gets lost on the way; `kibana.check()` comes first.
    """
    needed: dict[str, set[str]] = {}
    for dashboard in bundle.dashboards.values():
        for view, names in fields_used(dashboard).items():
            needed.setdefault(view, set()).update(names)
    if roles:
        for name, body in bundle.roles.items():
            yield _one(_Role(kibana, role_name(name, kibana.space), body), dry_run)
    for name, body in bundle.data_views.items():
        yield _one(_DataView(kibana, name, body, frozenset(needed.get(name, ()))), dry_run)
    for name, body in bundle.dashboards.items():
        yield _one(_Dashboard(kibana, name, body), dry_run)


def role_name(name: str, space: str) -> str:
    """A role opens one space; other spaces have one of their own, so that applying to a second one closes no first one."""
    return name if space == DEFAULT_SPACE else f"{name}-{space}"


class _Role:
    kind: Kind = "role"

    def __init__(self, kibana: Kibana, name: str, body: Json) -> None:
        self.kibana, self.id = kibana, name
        self.body = {**body, "kibana": [{**part, "spaces": [kibana.space]} for part in body["kibana"]]}
        self._path = f"/api/security/role/{quote(name, safe='')}"

    def read(self) -> Json | None:
        return _without_moving(self.kibana.get(self._path, spaced=False))

    def write(self, there: bool) -> None:
        self.kibana.send("PUT", self._path, self.body, spaced=False)

    def problems(self) -> tuple[str, ...]:
        return ()


class _DataView:
    kind: Kind = "data view"

    def __init__(self, kibana: Kibana, name: str, body: Json, needed: frozenset[str]) -> None:
        self.kibana, self.id, self.body, self._needed = kibana, name, body, needed
        self._path = f"/api/data_views/data_view/{quote(name, safe='')}"

    def read(self) -> Json | None:
        return _without_moving(self._stored())

    def write(self, there: bool) -> None:
        if not there:
            self.kibana.send("POST", "/api/data_views/data_view", {"data_view": self.body})
            return
        body = {key: self.body[key] for key in UPDATABLE if key in self.body}
        self.kibana.send("POST", self._path, {"data_view": body})
        self.kibana.send("POST", f"{self._path}/fields", {"fields": self.body.get("fieldAttrs", {})})

    def problems(self) -> tuple[str, ...]:
        """Panels over a field that the index does not have show an error in Kibana: say so here."""
        known = (self._stored() or {}).get("fields")
        if not isinstance(known, Mapping):
            return ()
        index = self.body["title"]
        if not known:
            return (
                f"the index {index} is not there yet, or this user may not see it: its panels stay empty until "
                "`ceasefire run` with CEASEFIRE_INDEX_URL has filled it",
            )
        absent = sorted(name for name in self._needed if name not in known)
        if not absent:
            return ()
        return (
            f"the index {index} has no field {', '.join(absent)}, which panels show; `ceasefire reindex` brings an index "
            "of an older version up to date",
        )

    def _stored(self) -> Json | None:
        answer = self.kibana.get(self._path)
        return None if answer is None else answer.get("data_view", {})


class _Dashboard:
    kind: Kind = "dashboard"

    def __init__(self, kibana: Kibana, name: str, body: Json) -> None:
        self.kibana, self.id, self.body = kibana, name, body
        self._path = f"/api/dashboards/{quote(name, safe='')}"
        self._warnings: tuple[str, ...] = ()

    def read(self) -> Json | None:
        answer = self.kibana.get(self._path)
        if answer is None:
            return None
        self._warnings = tuple(str(item.get("message", item)) for item in answer.get("warnings") or ())
        data: Json = answer.get("data", {})
        return data

    def write(self, there: bool) -> None:
        self.kibana.send("PUT", self._path, self.body)

    def problems(self) -> tuple[str, ...]:
        return tuple(f"Kibana cannot show a part of it: {warning}" for warning in self._warnings)


def _one(thing: _Role | _DataView | _Dashboard, dry_run: bool) -> Outcome:
    try:
        before = thing.read()
        if dry_run:
            return _foreseen(thing, before)
        thing.write(before is not None)
        after = thing.read()
        if before is None:
            return Outcome(thing.kind, thing.id, "created", problems=thing.problems())
        notes = changes(before, after)
        return Outcome(thing.kind, thing.id, "changed" if notes else "unchanged", notes, thing.problems())
    except KibanaRefusedError as error:
        hint = (
            "; leave roles out with --without-role, or apply as a user who may manage them"
            if thing.kind == "role"
            else ""
        )
        return Outcome(thing.kind, thing.id, "failed", problems=(f"{error}{hint}",))


def _foreseen(thing: _Role | _DataView | _Dashboard, before: Json | None) -> Outcome:
    if before is None:
        return Outcome(thing.kind, thing.id, "would create")
    ours = {
        key: value
        for key, value in thing.body.items()
        if not (thing.kind == "data view" and key == "allowNoIndex")
    }
    notes = missing(ours, before)
    return Outcome(thing.kind, thing.id, "would change" if notes else "as in the file", notes)


def _without_moving(answer: Any) -> Json | None:
    return None if answer is None else {key: value for key, value in answer.items() if key not in MOVING}
