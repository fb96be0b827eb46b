"""The bodies that our dashboards are made of, as JSON Schema: the part of Kibana's Dashboards API that we use, and no more.

Kibana refuses an unknown key at every level, so every object here is closed. Written from the API's documentation; where
Elastic's own OpenAPI document lies beside the project, test_dashboards.py holds the dashboards to that as well.
"""

import json
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}


def one_of(*values: str) -> Schema:
    return {"enum": list(values)}


def items(of: Schema, least: int = 0, most: int = 1000) -> Schema:
    return {"type": "array", "items": of, "minItems": least, "maxItems": most}


def closed(required: Schema, optional: Schema | None = None) -> Schema:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": sorted(required),
        "additionalProperties": False,
    }


QUERY = closed({"language": one_of("kql", "lucene"), "expression": {"type": "string"}})
SOURCE = closed({"type": one_of("data_view_reference"), "ref_id": TEXT})
FORMAT = closed({"type": one_of("number")}, {"decimals": NUMBER, "suffix": {"type": "string"}})
AXIS_TITLE = closed({"visible": FLAG}, {"text": TEXT})
COLOURS = closed(
    {
        "mode": one_of("categorical"),
        "palette": one_of("default"),
        "mapping": items(
            closed(
                {
                    "values": items({"type": "string"}, 1),
                    "color": closed(
                        {
                            "type": one_of("color_code"),
                            "value": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
                        }
                    ),
                }
            )
        ),
    }
)
RANK = closed(
    {"type": one_of("metric"), "metric_index": {"type": "integer"}, "direction": one_of("asc", "desc")}
)
ALPHABETICAL = closed({"type": one_of("alphabetical"), "direction": one_of("asc", "desc")})

_METRIC_OPTIONS = {"label": TEXT, "format": FORMAT, "reduced_time_range": TEXT, "filter": QUERY}


def metrics(more: Schema) -> Schema:
    """What is counted; `more` are keys that belong to the place where it stands."""
    return {
        "anyOf": [
            closed({"operation": one_of("count")} | more, _METRIC_OPTIONS),
            closed({"operation": one_of("unique_count"), "field": TEXT} | more, _METRIC_OPTIONS),
            closed(
                {"operation": one_of("sum", "average", "min", "max", "median"), "field": TEXT} | more,
                _METRIC_OPTIONS,
            ),
        ]
    }


def terms(more: Schema | None = None) -> Schema:
    return closed(
        {
            "operation": one_of("terms"),
            "fields": items(TEXT, 1, 4),
            "limit": {"type": "integer", "minimum": 1, "maximum": 1000},
            "rank_by": {"anyOf": [RANK, ALPHABETICAL]},
        },
        {"label": TEXT, "includes": closed({"values": items(TEXT, 1, 100), "as_regex": FLAG})} | (more or {}),
    )


OVER_TIME = closed(
    {"operation": one_of("date_histogram"), "field": TEXT},
    {"suggested_interval": TEXT, "include_empty_rows": FLAG, "label": TEXT},
)


def chart(kind: str, required: Schema, optional: Schema | None = None) -> Schema:
    """A chart is the config of a panel of type `vis`; ours all have a title and a description."""
    return closed(
        {"type": one_of(kind), "title": TEXT, "description": TEXT} | required,
        {"query": QUERY} | (optional or {}),
    )


METRIC = chart(
    "metric",
    {"data_source": SOURCE, "metrics": items(metrics({"type": one_of("primary", "secondary")}), 1, 2)},
)
XY = chart(
    "xy",
    {
        "layers": items(
            closed(
                {
                    "type": one_of(
                        "bar",
                        "bar_stacked",
                        "bar_percentage",
                        "bar_horizontal",
                        "bar_horizontal_stacked",
                        "line",
                        "area",
                    ),
                    "data_source": SOURCE,
                    "x": {"anyOf": [OVER_TIME, terms()]},
                    "y": items(metrics({}), 1),
                },
                {"breakdown_by": terms({"color": COLOURS})},
            ),
            1,
        ),
        "legend": closed(
            {
                "visibility": one_of("auto", "visible", "hidden"),
                "placement": one_of("outside"),
                "position": one_of("left", "right"),
                "size": one_of("auto", "s", "m", "l", "xl"),
            }
        ),
        "axis": closed(
            {
                "x": closed({"title": AXIS_TITLE}),
                "y": closed({"title": AXIS_TITLE, "domain": closed({"type": one_of("full")})}),
            }
        ),
    },
)
HEATMAP = chart(
    "heatmap",
    {
        "data_source": SOURCE,
        "x": terms(),
        "y": terms(),
        "metric": metrics({}),
        "axis": closed(
            {
                "x": closed(
                    {
                        "labels": closed({"visible": FLAG}, {"orientation": one_of("angled")}),
                        "title": AXIS_TITLE,
                        "scale": one_of("ordinal"),
                    }
                ),
                "y": closed({"labels": closed({"visible": FLAG}), "title": AXIS_TITLE}),
            }
        ),
        "styling": closed({"cells": closed({"labels": closed({"visible": FLAG})})}),
        "legend": closed({"visibility": one_of("visible", "hidden"), "size": one_of("s", "m", "l")}),
    },
)
TABLE = chart(
    "data_table",
    {
        "data_source": SOURCE,
        "rows": items(terms(), 1),
        "metrics": items(metrics({}), 1),
        "styling": closed(
            {
                "density": closed({"mode": one_of("compact", "default")}),
                "paging": {"enum": [10, 20, 30, 50, 100]},
                "sort_by": closed(
                    {
                        "column_type": one_of("metric", "row"),
                        "index": {"type": "integer", "minimum": 0},
                        "direction": one_of("asc", "desc"),
                    }
                ),
            }
        ),
    },
)
DOCUMENTS = closed(
    {
        "title": TEXT,
        "description": TEXT,
        "tabs": items(
            closed(
                {"data_source": SOURCE, "query": QUERY, "column_order": items(TEXT, 1, 100)},
                {
                    "view_mode": one_of("documents", "patterns", "aggregated"),
                    "column_settings": {
                        "type": "object",
                        "additionalProperties": closed({"width": {"type": "number", "minimum": 0}}),
                    },
                    "sort": items(closed({"name": TEXT, "direction": one_of("asc", "desc")})),
                    "density": one_of("compact", "expanded", "normal"),
                    "row_height": {
                        "anyOf": [{"type": "integer", "minimum": 1, "maximum": 20}, one_of("auto")]
                    },
                    "rows_per_page": {"type": "integer", "minimum": 1, "maximum": 10000},
                    "sample_size": {"type": "integer", "minimum": 10, "maximum": 10000},
                },
            ),
            1,
            1,
        ),
    }
)
MARKDOWN = closed(
    {"content": TEXT, "settings": closed({}, {"open_links_in_new_tab": FLAG})},
    {"title": TEXT, "hide_title": FLAG},
)
GRID = closed(
    {
        "x": {"type": "integer", "minimum": 0, "maximum": 47},
        "y": {"type": "integer", "minimum": 0},
        "w": {"type": "integer", "minimum": 1, "maximum": 48},
        "h": {"type": "integer", "minimum": 1},
    }
)


def panel(kind: str, config: Schema) -> Schema:
    return closed({"id": TEXT, "type": one_of(kind), "grid": GRID, "config": config})


CONTROL = closed(
    {
        "type": one_of("options_list_control"),
        "id": TEXT,
        "config": closed(
            {"data_view_id": TEXT, "field_name": TEXT, "title": TEXT},
            {
                "single_select": FLAG,
                "selected_options": items({"type": "string"}),
                "sort": closed({"by": one_of("_count", "_key"), "direction": one_of("asc", "desc")}),
            },
        ),
    },
    {"width": one_of("small", "medium", "large"), "grow": FLAG},
)
FILTER = closed(
    {
        "type": one_of("condition"),
        "data_view_id": TEXT,
        "condition": {
            "anyOf": [
                closed({"field": TEXT, "operator": one_of("exists")}),
                closed(
                    {
                        "field": TEXT,
                        "operator": one_of("is"),
                        "value": {"type": ["string", "number", "boolean"]},
                    }
                ),
            ]
        },
    },
    {"label": TEXT, "negate": FLAG, "disabled": FLAG},
)
DASHBOARD = closed(
    {
        "title": TEXT,
        "panels": items(
            {
                "anyOf": [
                    *(panel("vis", config) for config in (METRIC, XY, HEATMAP, TABLE)),
                    panel("discover_session", DOCUMENTS),
                    panel("markdown", MARKDOWN),
                ]
            }
        ),
    },
    {
        "description": {"type": "string"},
        "time_range": closed({"from": TEXT, "to": TEXT}),
        "refresh_interval": closed({"pause": FLAG, "value": {"type": "integer", "minimum": 1000}}),
        "query": QUERY,
        "filters": items(FILTER, 0, 500),
        "options": closed(
            {},
            dict.fromkeys(
                (
                    "use_margins",
                    "sync_colors",
                    "sync_cursor",
                    "sync_tooltips",
                    "hide_panel_titles",
                    "hide_panel_borders",
                    "auto_apply_filters",
                ),
                FLAG,
            ),
        ),
        "pinned_panels": items(CONTROL),
    },
)

_VALIDATOR = Draft202012Validator(DASHBOARD)


def findings(body: Any) -> list[str]:
    """`place: what is wrong` for a body of PUT /api/dashboards/{id}; of a union, the branch that came closest."""
    return list(_findings(json.dumps(body)))


@lru_cache(maxsize=64)
def _findings(text: str) -> tuple[str, ...]:
    found = []
    for error in _VALIDATOR.iter_errors(json.loads(text)):
        leaf = error
        while leaf.context:
            leaf = max(leaf.context, key=lambda inner: (len(inner.absolute_path), inner.validator != "enum"))
        place = ".".join(str(part) for part in leaf.absolute_path) or "(root)"
        found.append(f"{place}: {leaf.message[:200]}")
    return tuple(found)
