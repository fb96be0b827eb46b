"""# digest: hourly and daily digests on time

Every ten minutes: makes the digests and morning briefings that have fallen due by each alert's cadence, hour and time
zone, what quiet hours and daily limits held back, and the one after a gap; then sends what waits. The same as
`ceasefire digest`.

`ingest` makes due digests too; this DAG makes them while a long poll or an outage of feeds holds `ingest` up. Nothing
goes out twice: a digest takes its slot (alert, local date or hour) in the transaction that puts it into the outbox.
"""

from datetime import timedelta

from airflow.sdk import dag, task
from wiring import DEFAULTS, START, TAGS, tell_of_recovery, tell_of_the_run


@dag(
    schedule="*/10 * * * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    dagrun_timeout=timedelta(minutes=20),
    default_args=DEFAULTS,
    on_failure_callback=tell_of_the_run,
    tags=[*TAGS, "live"],
    description="Sends hourly and daily digests in each alert's time zone",
    doc_md=__doc__,
)
def digest() -> None:
    @task(multiple_outputs=False, on_success_callback=tell_of_recovery)
    def send() -> dict[str, int]:
        from pipeline import scheduled
        from pipeline.clock import utc_now

        with scheduled.production_app() as app:
            return scheduled.send_due_digests(app, utc_now)

    send()


digest()
