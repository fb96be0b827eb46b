"""# health: feeds that went silent, fail, or changed in volume

Every hour: compares each feed with its own last 28 days and writes down how it is. The operator
(`CEASEFIRE_OPERATOR_MAIL`) gets one mail when something changed, not one an hour. The same as `ceasefire health`.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task
from wiring import DEFAULTS, START, TAGS, tell_of_recovery, tell_of_the_run


@dag(
    schedule="7 * * * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    dagrun_timeout=timedelta(minutes=30),
    default_args=DEFAULTS,
    on_failure_callback=tell_of_the_run,
    tags=[*TAGS, "operation"],
    description="Finds feeds gone silent, failing or changed in volume, and mails the operator once",
    doc_md=__doc__,
)
def health() -> None:
    @task(multiple_outputs=False, on_success_callback=tell_of_recovery)
    def check() -> dict[str, Any]:
        from pipeline import scheduled
        from pipeline.clock import utc_now

        with scheduled.production_app() as app:
            return scheduled.look_after_feeds(app, utc_now)

    check()


health()
