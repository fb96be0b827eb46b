"""# backfill: an archive taken in as history

Started by hand: takes in JSON lines (.gz too), a feed document, or a folder of either, and works them through all steps.
Every article is marked as an import: it is found by search and **never appears in a message**. The same as
`ceasefire import`.

A run that is killed starts again at the top of the archive, and finds known what it had taken in. It holds the slot of the
pool `archive` and runs at low priority, so that live news does not wait for it.

Parameter **path**: the file or folder as the machine that runs tasks sees it (in the compose file the folder
`/opt/ceasefire/var/import`).
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task
from wiring import ARCHIVE, DEFAULTS, START, TAGS, tell_of_the_run


@dag(
    schedule=None,
    start_date=START,
    max_active_runs=1,
    is_paused_upon_creation=False,
    dagrun_timeout=timedelta(days=3),
    default_args=DEFAULTS,
    on_failure_callback=tell_of_the_run,
    tags=[*TAGS, "archive"],
    description="Takes an archive in as history; never mails",
    doc_md=__doc__,
    params={
        "path": Param(
            type="string",
            pattern="^/.",
            title="File or folder",
            description="Absolute path on the machine that runs tasks, for example /opt/ceasefire/var/import/2025.jsonl.gz",
        )
    },
)
def backfill() -> None:
    @task(multiple_outputs=False, pool=ARCHIVE, retries=5, execution_timeout=timedelta(days=1))
    def take_in_archive(params: Any = None) -> dict[str, Any]:
        from pipeline import scheduled
        from pipeline.clock import utc_now

        with scheduled.production_app() as app:
            return scheduled.take_in_history(app, utc_now, params["path"])

    take_in_archive()


backfill()
