"""# ingest: news in, alerts out

Every five minutes: **plan** asks the database which feeds are due and deals them into shards, each registered domain
whole in one, so that a server is asked politely however many shards run; **fetch** polls a shard, parses and records;
**publish** tags what is untagged, groups, indexes, matches, decides, makes the digests that are due and sends.

The same functions as `ceasefire run`. Tasks hand on names and counts only and take their work from the database, so a
run that is repeated, doubled or killed loses nothing and sends nothing twice.

| when | what happens |
| --- | --- |
| a feed fails | it is counted and asked later (`ceasefire feeds list`); the run goes on |
| a shard fails in every try | the others are published, then `publish` fails and names it; its feeds stay due |
| feeds.toml is wrong | `plan` fails at once with the line; what waits is still published |
| index, mail server or database is out of reach | retried with growing pauses; queues stay, the next run drains them |
| a setting is missing | the task fails at once and names it |

The operator (`CEASEFIRE_OPERATOR_MAIL`) hears once when runs begin to fail, once a day while they do, and once when
they work again. Parameter **shards**: how many processes poll side by side.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task
from wiring import DEFAULTS, START, TAGGER, TAGS, tell_of_recovery, tell_of_the_run


@dag(
    schedule="*/5 * * * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    dagrun_timeout=timedelta(minutes=40),
    default_args=DEFAULTS,
    on_failure_callback=tell_of_the_run,
    tags=[*TAGS, "live"],
    description="Polls the feeds that are due, tags, groups, indexes, and sends alerts",
    doc_md=__doc__,
    params={
        "shards": Param(
            4,
            type="integer",
            minimum=1,
            maximum=16,
            title="Shards",
            description="Processes that poll side by side.",
        )
    },
)
def ingest() -> None:
    @task(multiple_outputs=False)
    def plan(params: Any = None) -> list[dict[str, Any]]:
        from pipeline import scheduled
        from pipeline.clock import utc_now

        with scheduled.production_app() as app:
            return scheduled.plan(app, utc_now, params["shards"])

    @task(
        multiple_outputs=False,
        map_index_template="{{ shard_title }}",
        execution_timeout=timedelta(
            minutes=15
        ),  # less than the lease on its feeds: a second try never polls beside the first
        on_failure_callback=None,  # `publish` tells of all failed shards at once
    )
    def fetch(shard: dict[str, Any], run_id: Any = None, ti: Any = None) -> dict[str, Any]:
        from pipeline import scheduled
        from pipeline.clock import utc_now

        get_current_context()["shard_title"] = shard["title"]  # type: ignore[typeddict-unknown-key]
        with scheduled.production_app() as app:
            return scheduled.take_in(app, shard, utc_now, holder=f"airflow {run_id} {ti.map_index}")

    @task(
        multiple_outputs=False,
        trigger_rule="all_done",
        pool=TAGGER,
        execution_timeout=timedelta(minutes=30),
        on_success_callback=tell_of_recovery,
    )
    def publish(planned: Any, taken_in: Any, dag_run: Any = None) -> dict[str, int]:
        from pipeline import scheduled
        from pipeline.clock import utc_now

        with scheduled.production_app() as app:
            return scheduled.publish(app, utc_now, dag_run.start_date, planned, list(taken_in or []))

    planned = plan()
    publish(planned, fetch.expand(shard=planned))


ingest()
