"""What no schema of Kibana's can say of a dashboard: places, ids, and whether the fields and labels that it names exist."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from tests.conftest import ROOT

COLUMNS = 48
KEYWORDS_NEEDED = ("terms", "unique_count")

Json = Mapping[str, Any]


def dashboards() -> dict[str, Json]:
    return {
        path.stem: json.loads(path.read_text("utf-8"))
        for path in sorted((ROOT / "kibana/dashboards").glob("*.json"))
    }


def data_views() -> dict[str, Json]:
    return {
        path.stem: json.loads(path.read_text("utf-8"))
        for path in sorted((ROOT / "kibana/data-views").glob("*.json"))
    }


def mapping(template: str) -> dict[str, str]:
    """Type by full name of every field that an index template maps, multi-fields and objects among them."""
    held = json.loads(files("pipeline.index").joinpath(template).read_text("utf-8"))
    found: dict[str, str] = {}

    def add(prefix: str, properties: Json) -> None:
        for name, told in properties.items():
            found[prefix + name] = told.get("type", "object")
            add(f"{prefix}{name}.", {**told.get("properties", {}), **told.get("fields", {})})

    add("", held["template"]["mappings"]["properties"])
    return found


def walk(node: Any, place: str = "") -> Iterator[tuple[str, Json]]:
    """Every object of a body with its place."""
    if isinstance(node, Mapping):
        yield place, node
        for key, value in node.items():
            yield from walk(value, f"{place}.{key}" if place else key)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for number, value in enumerate(node):
            yield from walk(value, f"{place}[{number}]")


def layout_findings(body: Json) -> Iterator[str]:
    """Panels that overlap, leave the grid, leave a hole to their left, or share an id."""
    seen: set[str] = set()
    placed: list[tuple[str, int, int, int, int]] = []
    for panel in body["panels"]:
        name, grid = panel["id"], panel["grid"]
        x, y, w, h = grid["x"], grid["y"], grid["w"], grid["h"]
        if x + w > COLUMNS:
            yield f"{name}: reaches column {x + w} of {COLUMNS}"
        for other, ox, oy, ow, oh in placed:
            if x < ox + ow and ox < x + w and y < oy + oh and oy < y + h:
                yield f"{name}: overlaps {other}"
        placed.append((name, x, y, w, h))
    for item in (*body["panels"], *body.get("pinned_panels", ())):
        if item["id"] in seen:
            yield f"{item['id']}: twice"
        seen.add(item["id"])
    for row in {y for _, _, y, _, _ in placed}:
        width = sum(w for _, _, y, w, _ in placed if y == row)
        if width != COLUMNS:
            yield f"row {row}: {width} of {COLUMNS} columns are filled"


def metric_findings(body: Json) -> Iterator[str]:
    for place, node in walk(body):
        metrics = node.get("metrics", node.get("y"))
        count = len(metrics) if isinstance(metrics, list) else int("metric" in node)
        if node.get("type") == "metric" and isinstance(metrics, list):
            kinds = [metric["type"] for metric in metrics]
            if kinds != ["primary", "secondary"][: len(kinds)]:
                yield f"{place}: the primary metric comes first, then at most one secondary"
        for key in ("rows", "x", "y", "breakdown_by"):
            buckets = node.get(key) if isinstance(node.get(key), list) else [node.get(key)]
            for bucket in buckets or ():
                rank = bucket.get("rank_by", {}) if isinstance(bucket, Mapping) else {}
                if rank.get("type") == "metric" and count and rank["metric_index"] >= count:
                    yield f"{place}.{key}: ranks by metric {rank['metric_index']} of {count}"


def field_findings(body: Json, fields: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """`fields`: type by field, by data view. Every panel here reads one data view only."""
    views = set()
    for place, node in walk(body):
        view = node.get("ref_id", node.get("data_view_id"))
        if view is not None:
            views.add(view)
            if view not in fields:
                yield f"{place}: no data view {view}"
    known = {name: kind for view in views for name, kind in fields.get(view, {}).items()}
    for place, node in walk(body):
        names = [node[key] for key in ("field", "field_name", "time_field") if isinstance(node.get(key), str)]
        names += [name for key in ("fields", "column_order") for name in node.get(key, ())]
        names += [item["name"] for item in node.get("sort", ())] if "column_order" in node else []
        names += [item["name"] for item in [node] if "direction" in node and "name" in node]
        exact = node.get("operation") in KEYWORDS_NEEDED or "field_name" in node
        for name in names:
            if name not in known:
                yield f"{place}: no field {name!r} in the mapping"
            elif exact and known[name] not in ("keyword", "boolean", "integer", "long"):
                yield f"{place}: {name!r} is {known[name]}; terms, unique counts and controls need a keyword"
            elif node.get("operation") == "date_histogram" and known[name] != "date":
                yield f"{place}: {name!r} is {known[name]}, not a date"


def expressions(body: Json) -> Iterator[tuple[str, str]]:
    """Every KQL expression with its place."""
    for place, node in walk(body):
        if node.get("language") == "kql" and node.get("expression"):
            yield place, node["expression"]


def label_findings(body: Json, labels: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Label ids that the taxonomy does not have, in KQL, in lists of terms, in colours and in chosen options.

    `labels`: ids that a field may hold, for the fields that hold ids.
    """
    for place, text in expressions(body):
        for field, group, single in re.findall(r'([\w.-]+)\s*:\s*(?:\(([^)]*)\)|"([^"]*)")', text):
            for value in re.findall(r'"([^"]+)"', group) if group else [single]:
                if field in labels and value not in labels[field]:
                    yield f"{place}: {field} never holds {value!r}"
    for place, node in walk(body):
        for field in node.get("fields", ()):
            told = node.get("includes", {})
            for value in told.get("values", ()):
                if field in labels and not any(
                    re.fullmatch(value, known) if told.get("as_regex") else value == known
                    for known in labels[field]
                ):
                    yield f"{place}: {field} never holds {value!r}"
            for rule in node.get("color", {}).get("mapping", ()):
                for value in rule["values"]:
                    if field in labels and value not in labels[field]:
                        yield f"{place}: a colour for {value!r}, which {field} never holds"
        for value in node.get("selected_options", ()):
            if node["field_name"] in labels and value not in labels[node["field_name"]]:
                yield f"{place}: {node['field_name']} never holds {value!r}"
