"""Every DAG, run whole by Airflow's own runner: PostgreSQL, web servers and a mail server are real."""

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from sqlalchemy import func, select, update

from classifiers.errors import ModelError
from pipeline import scheduled
from pipeline.clock import utc_now
from pipeline.db import schema
from pipeline.errors import (
    DatabaseUnavailableError,
    FeedListError,
    IndexUnavailableError,
    SchemaOutdatedError,
)
from pipeline.steps.alerts import alert_desk
from pipeline.types import Alert
from tests.conftest import ROOT
from tests.dags.conftest import DAGS
from tests.pipeline.test_scheduled import OUTLETS, Newsroom, document

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from airflow.sdk import DAG

    Dags = dict[str, DAG]

NAMES = {"ingest", "digest", "retag", "backfill", "retention", "health"}
EVERYWHERE = {"ceasefire"}


def states(run: "DagRun") -> dict[str, list[str]]:
    """How each task ended, shard by shard."""
    found: dict[str, list[str]] = {}
    for instance in sorted(run.get_task_instances(), key=lambda each: each.map_index):
        found.setdefault(instance.task_id, []).append(str(instance.state))
    return found


def result(run: "DagRun", task: str) -> Any:
    """What a task returned."""
    (instance,) = (each for each in run.get_task_instances() if each.task_id == task)
    return instance.xcom_pull(task_ids=task)


def count(table: Any) -> int:
    with scheduled.production_app() as app, app.database.read() as connection:
        number: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
    return number


def test_every_dag_says_whose_it_is_how_long_it_may_take_and_what_it_does(airflow: "Dags") -> None:
    assert set(airflow) == NAMES
    for name, dag in airflow.items():
        assert dag.doc_md and dag.doc_md.startswith(f"# {name}"), name
        assert set(dag.tags) > EVERYWHERE, name
        assert (dag.max_active_runs, dag.catchup) == (1, False), name
        assert dag.dagrun_timeout and dag.on_failure_callback, name
        for task in dag.tasks:
            values = {**getattr(task, "partial_kwargs", {}), **vars(task)}
            assert values["owner"] == "ceasefire"
            assert values["execution_timeout"] and values["execution_timeout"] < dag.dagrun_timeout
            assert values["retries"] >= 2 and values["retry_policy"] is not None


def test_only_live_tagging_and_only_one_archive_job_hold_the_slots_of_their_pools(airflow: "Dags") -> None:
    pools = json.loads((DAGS / "pools.json").read_text(encoding="utf-8"))
    assert {name: pool["slots"] for name, pool in pools.items()} == {"tagger": 1, "archive": 1}
    used = {(dag.dag_id, task.task_id): task.pool for dag in airflow.values() for task in dag.tasks}
    assert {place for place, pool in used.items() if pool == "tagger"} == {("ingest", "publish")}
    assert {place[0] for place, pool in used.items() if pool == "archive"} == {
        "retag",
        "backfill",
        "retention",
    }


def test_dag_files_load_no_model_no_driver_and_reach_for_no_network(tmp_path: Path) -> None:
    code = f"""
import socket, sys
import airflow.sdk
def refuse(*_): raise AssertionError("a DAG file reaches for the network")
socket.socket.connect = refuse
sys.path.append({str(DAGS)!r})
before = set(sys.modules)
import ingest, digest, retag, backfill, retention, health
heavy = ("torch", "onnxruntime", "transformers", "feedparser", "httpx2", "lxml", "trafilatura", "psycopg", "pipeline.cycle")
print([name for name in heavy if name in set(sys.modules) - before])
"""
    home = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=home, timeout=300, check=False
    )
    assert done.stdout.strip().splitlines()[-1:] == ["[]"], done.stdout + done.stderr


def test_what_is_tried_again_and_what_is_not(airflow: "Dags") -> None:
    policy = airflow["ingest"].get_task("plan").retry_policy
    at_once = (
        FeedListError("feeds.toml:3: …"), SchemaOutdatedError("run `ceasefire db upgrade`"), TypeError("a fault of ours"),
        ModelError("model", "is missing", "install it"),
    )  # fmt: skip
    again = (DatabaseUnavailableError("down"), IndexUnavailableError("down"), OSError("disk"), TimeoutError())
    assert {policy.evaluate(error, 1, 3).action.value for error in at_once} == {"fail"}
    assert {policy.evaluate(error, 1, 3).action.value for error in again} <= {"retry", "default"}


def test_ingest_takes_in_by_domain_and_sends_once_however_often_it_runs(
    airflow: "Dags", newsroom: Newsroom
) -> None:
    run = airflow["ingest"].test()
    assert (run.state, states(run)) == (
        "success",
        {"plan": ["success"], "fetch": ["success"] * 3, "publish": ["success"]},
    )
    shards = [each.rendered_map_index for each in run.get_task_instances() if each.task_id == "fetch"]
    assert sorted(map(str, shards)) == sorted(OUTLETS.values()), "a shard is named by its domains"
    assert count(schema.article) == 6
    told = newsroom.told("reader@example.org")
    assert told
    again = airflow["ingest"].test()
    assert (again.state, states(again)) == (
        "success",
        {"plan": ["success"], "fetch": ["skipped"], "publish": ["success"]},
    )
    assert (count(schema.article), newsroom.told("reader@example.org")) == (6, told)
    assert newsroom.told("operator@example.org") == []


def test_what_tasks_hand_on_holds_no_text_of_an_article(airflow: "Dags", newsroom: Newsroom) -> None:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    run = airflow["ingest"].test()
    with create_session() as session:
        values = session.scalars(select(XComModel.value).where(XComModel.run_id == run.run_id)).all()
    handed_on = json.dumps(values, default=str)
    assert "east" in handed_on and "Kremlin" not in handed_on
    assert len(handed_on) < 2000


def test_a_shard_that_fails_is_named_and_the_others_are_published(
    airflow: "Dags", newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = scheduled.take_in

    def fails_in_the_north(app: Any, shard: Any, *rest: Any, **more: Any) -> Any:
        if "north" in shard["feeds"]:
            raise TypeError("a fault of ours")
        return whole(app, shard, *rest, **more)

    monkeypatch.setattr(scheduled, "take_in", fails_in_the_north)
    run = airflow["ingest"].test()
    assert run.state == "failed"
    assert sorted(states(run)["fetch"]) == ["failed", "success", "success"]
    assert states(run)["publish"] == ["failed"]
    assert count(schema.article) == 4
    assert newsroom.told("reader@example.org")
    (subject,) = newsroom.told("operator@example.org")
    assert subject.startswith(
        f"ingest.publish failed: 1 of 3 shards failed in every try ({OUTLETS['north']})"
    )
    monkeypatch.undo()
    for name, value in newsroom.environment.items():
        monkeypatch.setenv(name, value)
    assert airflow["ingest"].test().state == "success"
    assert count(schema.article) == 6
    assert newsroom.told("operator@example.org") == [subject, "ingest works again"]


def test_a_broken_source_list_stops_planning_with_its_line_and_what_waits_goes_out(
    airflow: "Dags", newsroom: Newsroom
) -> None:
    with scheduled.production_app() as app:
        for number, shard in enumerate(scheduled.plan(app, utc_now, 4)):
            scheduled.take_in(app, shard, utc_now, holder=str(number))
    good = newsroom.feeds.read_text(encoding="utf-8")
    newsroom.feeds.write_text(f"{good}\n[[feed]]\nurl = \n", encoding="utf-8")
    for _ in range(2):
        run = airflow["ingest"].test()
        assert run.state == "failed"
        assert states(run) == {"plan": ["failed"], "fetch": ["upstream_failed"], "publish": ["failed"]}
    assert newsroom.told("reader@example.org"), "what was taken in before is published"
    (mail,) = (mail for mail in newsroom.mails.received if mail["X-Rcpt"] == "operator@example.org")
    line = good.count("\n") + 3
    assert f"feeds.toml:{line}: not valid TOML" in mail.get_body(("plain",)).get_content()
    with scheduled.production_app() as app, app.database.read() as connection:
        assert set(
            connection.execute(select(schema.feed.c.name).where(schema.feed.c.listed)).scalars()
        ) == set(OUTLETS)


def test_a_setting_that_is_missing_fails_at_once_and_is_named_to_the_operator(
    airflow: "Dags", newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CEASEFIRE_DATABASE_URL")
    run = airflow["digest"].test()
    assert (run.state, [each.try_number for each in run.get_task_instances()]) == ("failed", [1])
    (subject,) = newsroom.told("operator@example.org")
    assert subject.startswith("digest.send failed: no database is set: set CEASEFIRE_DATABASE_URL")


def test_a_run_that_takes_too_long_is_told_once_a_day(
    airflow: "Dags", newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    import wiring

    class Variables:
        """Airflow's variables, which only its own processes reach."""

        kept: ClassVar[dict[str, str]] = {}

        @classmethod
        def get(cls, key: str, default: str | None) -> str | None:
            return cls.kept.get(key, default)

        @classmethod
        def set(cls, key: str, value: str, description: str) -> None:
            cls.kept[key] = value

    monkeypatch.setattr(wiring, "Variable", Variables)
    ended = {"dag": airflow["ingest"], "run_id": "scheduled__2026-11-30T12:00:00+00:00"}
    wiring.tell_of_the_run({**ended, "reason": "task_failure"})
    assert newsroom.told("operator@example.org") == [], "the task's own mail has told it"
    for _ in range(2):
        wiring.tell_of_the_run({**ended, "reason": "timed_out"})
    assert newsroom.told("operator@example.org") == ["a run of ingest took too long and was ended"]
    Variables.kept["ceasefire_failing_ingest"] = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
    wiring.tell_of_the_run({**ended, "reason": "timed_out"})
    assert len(newsroom.told("operator@example.org")) == 2


@pytest.mark.parametrize(
    ("name", "conf"),
    [("ingest", {"shards": 0}), ("retag", {"since": "last week"}), ("retag", {"only": ["russia"]}), ("backfill", {"path": "a.jsonl"}),
     ("backfill", {}), ("retention", {"apply": "yes"})],
)  # fmt: skip
def test_a_parameter_that_is_wrong_is_refused(
    airflow: "Dags", newsroom: Newsroom, name: str, conf: dict[str, Any]
) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError, match=next(iter(conf), "path")):
        airflow[name].test(run_conf=conf)


def test_digest_sends_what_is_due_once(airflow: "Dags", newsroom: Newsroom) -> None:
    before = datetime.now(UTC) - timedelta(days=2)
    with scheduled.production_app() as app:
        alert_desk(app).add(
            Alert(0, "Daily", "actor:russia", ("daily@example.org",), "daily", before, before), before
        )
    airflow["ingest"].test()
    assert len(newsroom.told("daily@example.org")) == 1, "ingest makes what is due as well"
    with scheduled.production_app() as app, app.database.write() as connection:
        connection.execute(update(schema.digest).values(slot="of another day"))
    for _ in range(2):
        assert airflow["digest"].test().state == "success"
    assert len(newsroom.told("daily@example.org")) == 2


def test_backfill_takes_an_archive_in_as_history_and_mails_nobody(
    airflow: "Dags", newsroom: Newsroom
) -> None:
    archive = newsroom.folder / "archive.xml"
    archive.write_bytes(document("south"))
    run = airflow["backfill"].test(run_conf={"path": str(archive)})
    assert run.state == "success"
    assert result(run, "take_in_archive")["new"] == 2
    again = airflow["backfill"].test(run_conf={"path": str(archive)})
    assert (result(again, "take_in_archive")["new"], result(again, "take_in_archive")["known"]) == (0, 2)
    airflow["ingest"].test()
    with scheduled.production_app() as app, app.database.read() as connection:
        reasons = Counter(connection.execute(select(schema.article.c.reason)).scalars())
    assert reasons == {"import": 2, "live": 6}
    assert not any("south" in subject for subject in newsroom.told("reader@example.org"))


def test_an_archive_that_is_not_there_fails_at_once(airflow: "Dags", newsroom: Newsroom) -> None:
    run = airflow["backfill"].test(run_conf={"path": "/nowhere/archive.jsonl"})
    assert (run.state, [each.try_number for each in run.get_task_instances()]) == ("failed", [1])
    assert "/nowhere/archive.jsonl" in newsroom.told("operator@example.org")[0]


def test_retag_goes_over_the_archive_and_mails_nobody(airflow: "Dags", newsroom: Newsroom) -> None:
    airflow["ingest"].test()
    mails = newsroom.told("reader@example.org")
    with scheduled.production_app() as app, app.database.write() as connection:
        connection.execute(update(schema.article).values(tagged_model_hash="a model of old"))
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    nothing = airflow["retag"].test(run_conf={"until": "2020-01-01"})
    assert result(nothing, "retag_archive")["total"] == 0
    run = airflow["retag"].test(run_conf={"since": today, "until": today})
    assert (result(run, "retag_archive")["total"], result(run, "retag_archive")["retagged"]) == (6, 6)
    airflow["ingest"].test()
    assert newsroom.told("reader@example.org") == mails


def test_retention_counts_until_it_is_told_to_delete(
    airflow: "Dags", newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    airflow["ingest"].test()
    long_ago = datetime.now(UTC) - timedelta(days=400)
    with scheduled.production_app() as app, app.database.write() as connection:
        connection.execute(update(schema.poll).values(at=long_ago))
    polls = count(schema.poll)
    run = airflow["retention"].test()
    assert run.state == "success"
    assert (result(run, "apply_policy")["applied"], result(run, "apply_policy")["counts"]["polls"]) == (
        False,
        polls,
    )
    assert "airflow db clean --clean-before-timestamp" in result(run, "airflow_logs")
    assert count(schema.poll) == polls
    run = airflow["retention"].test(run_conf={"apply": True})
    assert (result(run, "apply_policy")["applied"], count(schema.poll)) == (True, 0)


def test_health_mails_the_operator_once_about_a_feed_that_fails(airflow: "Dags", newsroom: Newsroom) -> None:
    airflow["ingest"].test()
    with scheduled.production_app() as app, app.database.write() as connection:
        connection.execute(
            update(schema.feed)
            .where(schema.feed.c.name == "west")
            .values(failures=9, failure="timeout", failure_detail="no answer")
        )
    for _ in range(2):
        assert airflow["health"].test().state == "success"
    told = newsroom.told("operator@example.org")
    assert len(told) == 1, told
