"""# retag: the archive under a new model or taxonomy

Started by hand after a new model or taxonomy was installed: tags anew what another model had tagged, batch by batch, then
groups and indexes. **No alert fires and no message is sent for it.** The same as `ceasefire retag`.

A run that is killed is taken up where it stopped, by its retry or by the next run. It holds the slot of the pool
`archive` and runs at low priority, so that live news does not wait for it. 100,000 articles take about 40 minutes on
two cores.

| parameter | means |
| --- | --- |
| since, until | days (UTC, both included) on which articles were first seen; empty: no bound |
| only | labels such as `issue:prisoners`: only articles that carry one of them now, decided or uncertain; empty: all |
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task
from wiring import ARCHIVE, DEFAULTS, START, TAGS, tell_of_the_run

DAY: dict[str, Any] = {"type": ["null", "string"], "format": "date"}


@dag(
    schedule=None,
    start_date=START,
    max_active_runs=1,
    is_paused_upon_creation=False,
    dagrun_timeout=timedelta(days=3),
    default_args=DEFAULTS,
    on_failure_callback=tell_of_the_run,
    tags=[*TAGS, "archive"],
    description="Tags the archive anew under a new model or taxonomy; fires no alert",
    doc_md=__doc__,
    params={
        "since": Param(
            None, **DAY, title="First seen from", description="First day, UTC. Empty: from the beginning."
        ),
        "until": Param(None, **DAY, title="First seen to", description="Last day, UTC. Empty: to this day."),
        "only": Param(
            [],
            type="array",
            items={"type": "string", "pattern": "^(actor|issue|development):[a-z0-9-]+$"},
            title="Only articles with one of these labels",
            description="One a line, for example issue:prisoners. Empty: all articles.",
        ),
    },
)
def retag() -> None:
    @task(multiple_outputs=False, pool=ARCHIVE, retries=5, execution_timeout=timedelta(days=1))
    def retag_archive(params: Any = None) -> dict[str, Any]:
        from pipeline import scheduled
        from pipeline.clock import utc_now

        with scheduled.production_app() as app:
            return scheduled.retag(app, utc_now, params["since"], params["until"], params["only"])

    retag_archive()


retag()
