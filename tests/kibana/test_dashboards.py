"""The dashboards as files: bodies that Kibana takes, over fields and labels that exist, laid out without holes."""

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import pytest

from classifiers.details import DETAILS
from classifiers.taxonomy import load_taxonomy
from tests.conftest import ROOT, absent
from tests.kibana import lint, panels, schema

DASHBOARDS = lint.dashboards()
ARTICLES = lint.mapping("elasticsearch_template.json")
NAMES = sorted(DASHBOARDS)


def fields() -> dict[str, dict[str, str]]:
    return {
        "ceasefire-articles": ARTICLES,
        "ceasefire-feeds": lint.mapping("elasticsearch_feeds_template.json"),
    }


def labels() -> dict[str, frozenset[str]]:
    """Ids by field; positions and directions as the index writes them."""
    taxonomy = load_taxonomy("ukraine")
    ids = {
        facet: frozenset(one.id for one in taxonomy.labels if one.facet == facet)
        for facet in ("actor", "issue", "development")
    }
    parties = ids["actor"] | {"other"}
    named = parties | {"unclear"}
    held = ids | {
        "by": parties,
        "against": parties,
        "position": frozenset(
            f"{development}:{actor}" for development in ids["development"] for actor in named
        ),
        "direction": frozenset(
            f"{development}:{way}" for development, ways in DETAILS.items() for way in ways
        ),
        "side": frozenset({"ukraine", "russia", "third-party"}),
        "is": frozenset({"uncertain", "copy", "corrected", "disputed"}),
    }
    for development in ids["development"]:
        held[f"acts.{development}_by"] = named
        held[f"acts.{development}_against"] = parties
    return held


@pytest.mark.parametrize("name", NAMES)
def test_every_body_has_the_shape_that_the_dashboards_api_takes(name: str) -> None:
    assert schema.findings(DASHBOARDS[name]) == []


@pytest.mark.parametrize("name", NAMES)
def test_panels_fill_their_rows_without_overlap_and_have_ids_of_their_own(name: str) -> None:
    assert list(lint.layout_findings(DASHBOARDS[name])) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_field_exists_in_the_mapping_with_a_type_that_the_panel_can_use(name: str) -> None:
    assert list(lint.field_findings(DASHBOARDS[name], fields())) == []
    assert list(lint.metric_findings(DASHBOARDS[name])) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_label_that_a_dashboard_names_is_in_the_taxonomy(name: str) -> None:
    assert list(lint.label_findings(DASHBOARDS[name], labels())) == []


@pytest.mark.parametrize("name", [name for name in NAMES if name != "ceasefire-feed-health"])
def test_charts_leave_copies_out_unless_the_reader_takes_the_filter_away(name: str) -> None:
    left_out = [
        item
        for item in DASHBOARDS[name]["filters"]
        if item["condition"] == {"field": "copy_of", "operator": "exists"}
    ]
    assert [(item["negate"], item.get("disabled", False)) for item in left_out] == [(True, False)]


def test_every_panel_says_what_it_shows() -> None:
    for name, body in DASHBOARDS.items():
        for panel in body["panels"]:
            if panel["type"] != "markdown":
                assert panel["config"]["title"], name
                assert panel["config"]["description"].endswith("."), (
                    f"{name}: {panel['id']} has no sentence of help"
                )


def test_the_dashboards_lead_to_one_another_in_any_space() -> None:
    for name, body in DASHBOARDS.items():
        about = next(panel["config"]["content"] for panel in body["panels"] if panel["id"] == "about")
        for other in NAMES:
            assert f"](#/view/{other})" in about, f"{name} has no link to {other}"


def test_fields_with_a_name_or_a_format_in_a_data_view_exist() -> None:
    for name, view in lint.data_views().items():
        known = fields()[name]
        assert "timeFieldName" not in view or known[view["timeFieldName"]] == "date"
        assert set(view["fieldAttrs"]) <= set(known), name
        assert set(view["fieldFormats"]) <= set(known), name
        for told in view["fieldAttrs"].values():
            assert len(told.get("customDescription", "")) <= 300, "Kibana takes 300 characters"


def test_every_field_that_a_dashboard_shows_has_a_name_for_people() -> None:
    from pipeline.kibana.bundle import fields_used

    views = lint.data_views()
    for name, body in DASHBOARDS.items():
        for view, used in fields_used(body).items():
            unnamed = used - set(views[view]["fieldAttrs"])
            assert not unnamed, f"{name}: {view} shows {sorted(unnamed)} under their raw names"


def test_the_role_reads_what_the_dashboards_show_and_writes_nothing() -> None:
    role = json.loads((ROOT / "kibana/roles/ceasefire-analyst.json").read_text(encoding="utf-8"))
    assert role["elasticsearch"]["cluster"] == role["elasticsearch"]["run_as"] == []
    patterns = {name for part in role["elasticsearch"]["indices"] for name in part["names"]}
    assert {f"{view['title']}*" for view in lint.data_views().values()} == patterns
    for part in role["elasticsearch"]["indices"]:
        assert set(part["privileges"]) <= {"read", "view_index_metadata"}
    for part in role["kibana"]:
        assert part["base"] == []
        assert all(rights == ["read"] for rights in part["feature"].values())


def elastic_validator() -> tuple[ModuleType, Path]:
    """The validator and the OpenAPI document beside the project: Elastic's own, so not part of it."""
    import os

    folder = Path(os.environ.get("CEASEFIRE_SHARED", ROOT.parent / "shared")) / "kibana"
    if not (folder / "dashboards-api.json").exists():
        absent("shared", f"no {folder}/dashboards-api.json")
    spec = importlib.util.spec_from_file_location("elastic_dashboards", folder / "validate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = written
    return module, folder / "dashboards-api.json"


def test_the_dashboards_pass_elastics_own_openapi_document() -> None:
    module, document = elastic_validator()
    validator: Any = module.load_validator(document, "put", False)
    for name, body in DASHBOARDS.items():
        assert list(module.schema_findings(body, validator)) == [], name


def discover_links() -> list[tuple[str, str]]:
    """Data view and state of every ready-made search in docs/kibana.md."""
    text = (ROOT / "docs/kibana.md").read_text(encoding="utf-8")
    return re.findall(r"/app/discover#/\?(?:_g=\S+&)?_a=\((\S+dataViewId:([\w-]+)\S+)\)`", text)


def test_the_ready_made_searches_name_fields_and_labels_that_exist() -> None:
    links = discover_links()
    assert len(links) == 6
    for state, view in links:
        (columns,) = re.findall(r"columns:!\(([\w,]+)\)", state)
        (sort,) = re.findall(r"sort:!\(!\((\w+),desc\)\)", state)
        (query,) = re.findall(r"query:\(language:kuery,query:'([^']+)'\)", state)
        body = {
            "data_source": {"ref_id": view},
            "column_order": [*columns.split(","), sort],
            "query": {"language": "kql", "expression": unquote(query)},
        }
        assert list(lint.field_findings(body, fields())) == []
        assert list(lint.label_findings(body, labels())) == []
        assert panels.kql(unquote(query))


def spoilt(body: Any, **change: Any) -> Any:
    return json.loads(json.dumps(body)) | change


def test_the_checks_see_what_kibana_would_refuse() -> None:
    body = DASHBOARDS["ceasefire-overview"]
    assert any("timeRestore" in line for line in schema.findings(spoilt(body, timeRestore=True)))
    wrong = spoilt(body)
    chart = next(panel for panel in wrong["panels"] if panel["id"] == "positions")
    chart["config"]["layers"][0]["x"]["fields"] = ["positon"]
    chart["grid"]["x"] += 1
    chart["config"]["layers"][0]["x"]["rank_by"]["metric_index"] = 3
    chart["config"]["layers"][0]["dataView"] = "x"
    chart["config"]["query"] = {"language": "kql", "expression": 'development : ("rejected" or "refused")'}
    assert any("dataView" in line for line in schema.findings(wrong))
    assert any("positon" in line for line in lint.field_findings(wrong, fields()))
    assert any("overlaps" in line or "columns" in line for line in lint.layout_findings(wrong))
    assert any("metric 3" in line for line in lint.metric_findings(wrong))
    assert list(lint.label_findings(wrong, labels())) == [
        "panels[7].config.query: development never holds 'refused'"
    ]
