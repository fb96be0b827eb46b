"""`ceasefire kibana apply` against an HTTP server that takes and refuses what Kibana does."""

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from click.testing import CliRunner, Result

from pipeline.cli.main import main
from tests.conftest import ROOT
from tests.elasticsearch_node.node import free_port
from tests.kibana import lint
from tests.kibana.server import API_KEY, FakeKibana
from tests.servers import FeedServer, Reply

OBJECTS = 1 + 2 + 5  # a role, two data views, five dashboards


@pytest.fixture
def kibana() -> Iterator[FakeKibana]:
    fields = {
        "ceasefire-articles": set(lint.mapping("elasticsearch_template.json")),
        "ceasefire-feeds": set(lint.mapping("elasticsearch_feeds_template.json")),
    }
    with FakeKibana(fields) as running:
        yield running


def applied(url: str, *options: str, **environment: str) -> Result:
    given = {"CEASEFIRE_KIBANA_URL": url} | environment
    return CliRunner().invoke(
        main, ["kibana", "apply", "--folder", str(ROOT / "kibana"), *options], env=given
    )


def results(result: Result) -> dict[str, int]:
    """How many objects ended how."""
    counts: dict[str, int] = {}
    for line in result.stdout.splitlines():
        counts[json.loads(line)["result"]] = counts.get(json.loads(line)["result"], 0) + 1
    return counts


def test_everything_is_created_once_and_then_left_unchanged(kibana: FakeKibana) -> None:
    first = applied(kibana.url, "--json")
    assert (first.exit_code, results(first)) == (0, {"created": OBJECTS}), first.output
    assert {name for _, name in kibana.dashboards} == set(lint.dashboards())
    again = applied(kibana.url, "--json")
    assert (again.exit_code, results(again)) == (0, {"unchanged": OBJECTS}), again.output


def test_an_edit_in_kibana_is_replaced_and_named(kibana: FakeKibana) -> None:
    applied(kibana.url)
    kibana.dashboards["default", "ceasefire-talks"]["panels"][3]["config"]["title"] = "Edited by hand"
    kibana.dashboards["default", "ceasefire-talks"]["title"] = "Mine"
    kibana.data_views["default", "ceasefire-articles"]["name"] = "Articles"
    result = applied(kibana.url)
    assert result.exit_code == 0
    changed = [line for line in result.output.splitlines() if line.startswith("changed")]
    assert [line.split()[-2:] for line in changed] == [
        ["ceasefire-articles", "(name)"],
        ["(panels[count-rejected],", "title)"],
    ]
    assert kibana.dashboards["default", "ceasefire-talks"]["title"] == "Ceasefire: talks tracker"


def test_what_others_made_is_left_alone_and_nothing_is_ever_deleted(kibana: FakeKibana) -> None:
    applied(kibana.url)
    kibana.dashboards["default", "my-own"] = {"title": "My own", "panels": []}
    kibana.data_views["default", "ceasefire-articles"]["fieldAttrs"]["title"]["count"] = 7
    kibana.data_views["default", "ceasefire-articles"]["fieldAttrs"]["scores.issue.sanctions"] = {
        "customLabel": "mine"
    }
    result = applied(kibana.url, "--json")
    assert results(result) == {"unchanged": OBJECTS}
    assert kibana.dashboards["default", "my-own"] == {"title": "My own", "panels": []}
    assert not [asked for asked in kibana.asked if asked[0] == "DELETE"]
    assert "my-own" not in str(kibana.writes)
    assert kibana.data_views["default", "ceasefire-articles"]["fieldAttrs"]["scores.issue.sanctions"]


def test_a_dry_run_writes_nothing_and_foresees_what_would_change(kibana: FakeKibana) -> None:
    before = applied(kibana.url, "--dry-run", "--json")
    assert (before.exit_code, results(before), kibana.writes) == (0, {"would create": OBJECTS}, [])
    applied(kibana.url)
    writes = list(kibana.writes)
    del kibana.dashboards["default", "ceasefire-overview"]["panels"][2]
    after = applied(kibana.url, "--dry-run")
    assert kibana.writes == writes
    assert "would change   dashboard  ceasefire-overview  (panels[talks])" in after.output
    assert after.output.count("as in the file") == OBJECTS - 1


def test_another_space_gets_objects_and_a_role_of_its_own(kibana: FakeKibana) -> None:
    applied(kibana.url)
    result = applied(kibana.url, "--space", "desk")
    assert result.exit_code == 0, result.output
    assert result.output.rstrip().endswith("/s/desk/app/dashboards")
    assert kibana.roles["ceasefire-analyst"]["kibana"][0]["spaces"] == ["default"]
    assert kibana.roles["ceasefire-analyst-desk"]["kibana"][0]["spaces"] == ["desk"]
    assert ("desk", "ceasefire-overview") in kibana.dashboards
    missing = applied(kibana.url, "--space", "nowhere")
    assert missing.exit_code == 2
    assert "no space 'nowhere'" in missing.output


def test_an_api_key_takes_the_place_of_user_and_password(kibana: FakeKibana) -> None:
    url = f"http://127.0.0.1:{kibana.port}"
    assert applied(url, CEASEFIRE_KIBANA_API_KEY=API_KEY).exit_code == 0
    refused = applied(url, CEASEFIRE_KIBANA_API_KEY="bad")
    assert refused.exit_code == 3
    assert "refuses the API key; check CEASEFIRE_KIBANA_API_KEY" in refused.output


def test_a_wrong_password_is_named_without_being_shown(kibana: FakeKibana) -> None:
    result = applied(f"http://elastic:hunter2@127.0.0.1:{kibana.port}")
    assert result.exit_code == 3
    assert "refuses the user or the password; check CEASEFIRE_KIBANA_URL" in result.output
    assert "hunter2" not in result.output
    nobody = applied(f"http://127.0.0.1:{kibana.port}")
    assert nobody.exit_code == 3
    assert "wants a user" in nobody.output


def test_an_old_kibana_is_told_by_its_version_or_by_what_it_lacks(kibana: FakeKibana) -> None:
    kibana.version = "8.19.2"
    result = applied(kibana.url)
    assert result.exit_code == 3
    assert "is Kibana 8.19.2; dashboards need 9.4 or newer" in result.output
    assert kibana.writes == []
    kibana.version, kibana.has_dashboards_api = "9.5.0", False
    result = applied(kibana.url)
    assert result.exit_code == 3
    assert "has no Dashboards API; Kibana 9.4 or newer is needed" in result.output


def test_a_kibana_that_is_starting_or_not_there_is_said_to_be_so(kibana: FakeKibana) -> None:
    kibana.level_now = lambda: "critical"
    result = applied(kibana.url)
    assert result.exit_code == 3
    assert "is not ready yet (critical)" in result.output
    result = applied(f"http://u:p@127.0.0.1:{free_port()}")
    assert result.exit_code == 3
    assert "cannot be reached" in result.output


def test_a_kibana_that_is_starting_is_waited_for(kibana: FakeKibana) -> None:
    levels = iter(["unavailable", "critical"])

    def status() -> str:
        return next(levels, "available")

    kibana.level_now = status
    result = applied(kibana.url, "--wait", "60", "--json")
    assert (result.exit_code, results(result)) == (0, {"created": OBJECTS}), result.output


def test_a_wrong_password_is_not_waited_for(kibana: FakeKibana) -> None:
    result = applied(f"http://elastic:hunter2@127.0.0.1:{kibana.port}", "--wait", "3600")
    assert result.exit_code == 3


def test_another_program_at_that_address_is_not_taken_for_kibana() -> None:
    with FeedServer() as server:
        server.answer("/api/status", Reply(body=b"<html>hello</html>"))
        result = applied(server.url("").replace("http://", "http://u:p@"))
    assert result.exit_code == 3
    assert "does not answer as Kibana does" in result.output


def test_a_user_who_may_not_manage_roles_still_gets_the_dashboards(kibana: FakeKibana) -> None:
    kibana.no_right_to = {"/api/security/role"}
    result = applied(kibana.url, "--json")
    assert (result.exit_code, results(result)) == (1, {"failed": 1, "created": OBJECTS - 1})
    assert "--without-role" in result.output
    result = applied(kibana.url, "--without-role")
    assert result.exit_code == 0


def test_a_dashboard_that_kibana_refuses_is_named_with_its_place_and_stops_no_other(
    kibana: FakeKibana, tmp_path: Path
) -> None:
    folder = copytree(ROOT / "kibana", tmp_path / "kibana")
    broken = folder / "dashboards" / "ceasefire-overview.json"
    body = json.loads(broken.read_text(encoding="utf-8"))
    body["panels"][1]["config"]["metric"] = []
    broken.write_text(json.dumps(body), encoding="utf-8")
    result = CliRunner().invoke(
        main, ["kibana", "apply", "--folder", str(folder)], env={"CEASEFIRE_KIBANA_URL": kibana.url}
    )
    assert result.exit_code == 1
    assert "failed         dashboard  ceasefire-overview" in result.output
    assert "[request body.panels.1.config" in result.output
    assert result.output.count("created") == OBJECTS - 1


def test_an_index_that_is_missing_or_older_than_the_panels_is_told(kibana: FakeKibana) -> None:
    kibana.fields = {"ceasefire-articles": set(lint.mapping("elasticsearch_template.json")) - {"position"}}
    result = applied(kibana.url)
    assert result.exit_code == 1
    assert "the index ceasefire-articles has no field position, which panels show" in result.output
    assert "the index ceasefire-feeds is not there yet" in result.output


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "dashboards/ceasefire-overview.json",
            '{"title": "x",\n',
            "ceasefire-overview.json:2: not valid JSON",
        ),
        ("dashboards/ceasefire-overview.json", "[]", "not a JSON object"),
        ("data-views/ceasefire-feeds.json", '{"id": "feeds"}', "its id is 'feeds', not its file's name"),
    ],
)
def test_a_broken_file_is_named_before_anything_is_sent(
    kibana: FakeKibana, tmp_path: Path, name: str, text: str, message: str
) -> None:
    folder = copytree(ROOT / "kibana", tmp_path / "kibana")
    (folder / name).write_text(text, encoding="utf-8")
    result = CliRunner().invoke(
        main, ["kibana", "apply", "--folder", str(folder)], env={"CEASEFIRE_KIBANA_URL": kibana.url}
    )
    assert result.exit_code == 2
    assert message in result.output
    assert kibana.asked == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "no Kibana is set: CEASEFIRE_KIBANA_URL"),
        ("elastic:secret@kibana", "CEASEFIRE_KIBANA_URL is http[s]://"),
        ("http://u:secret@kibana:port", "CEASEFIRE_KIBANA_URL"),
        ("https://u:secret@kibana?ca=/nowhere.pem", "is not a file"),
    ],
)
def test_a_wrong_address_is_wrong_usage(url: str, message: str) -> None:
    result = applied(url)
    assert result.exit_code == 2
    assert message in result.output
    assert "secret" not in result.output
