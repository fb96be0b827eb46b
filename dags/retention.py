"""# retention: what is old enough goes

Every night at 03:30 UTC: counts, or deletes, what is older than the settings `keep_…_days` allow: articles with their
index months, versions, messages, and logs of polls and cycles. The same as `ceasefire retention`.

**A dry run unless told otherwise.** A run by hand deletes only where **apply** is ticked. The nightly run deletes only
once the Airflow variable `ceasefire_retention` is `apply` (Admin, Variables); until then it reports what would go.

Airflow's own logs and history are not the pipeline's: the task `airflow_logs` says how many log files are older than 30
days, and which two commands remove them and old runs.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, Variable, dag, task
from wiring import ARCHIVE, DEFAULTS, START, TAGS, tell_of_recovery, tell_of_the_run

SWITCH = "ceasefire_retention"


@dag(
    schedule="30 3 * * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    dagrun_timeout=timedelta(hours=6),
    default_args=DEFAULTS,
    on_failure_callback=tell_of_the_run,
    tags=[*TAGS, "operation"],
    description="Deletes what is older than the settings allow; a dry run unless told otherwise",
    doc_md=__doc__,
    params={
        "apply": Param(
            False, type="boolean", title="Delete", description="Unticked: only count what would be deleted."
        )
    },
)
def retention() -> None:
    @task(
        multiple_outputs=False,
        pool=ARCHIVE,
        execution_timeout=timedelta(hours=5),
        on_success_callback=tell_of_recovery,
    )
    def apply_policy(params: Any = None, dag_run: Any = None) -> dict[str, Any]:
        from pipeline import scheduled
        from pipeline.clock import utc_now

        nightly = dag_run.run_type == "scheduled" and Variable.get(SWITCH, default="") == "apply"
        with scheduled.production_app() as app:
            return scheduled.retain(app, utc_now, apply=params["apply"] or nightly)

    @task(multiple_outputs=False)
    def airflow_logs() -> str:
        from airflow.sdk.configuration import conf

        from pipeline import scheduled
        from pipeline.clock import utc_now

        return scheduled.airflow_logs_hint(conf.get("logging", "base_log_folder"), utc_now())

    apply_policy()
    airflow_logs()


retention()
