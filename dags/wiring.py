"""What all DAGs share: defaults, what is tried again and what is not, and mails to the operator. No DAG stands here."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule, Variable

from classifiers.errors import ClassifierError
from pipeline.errors import (
    InputError,
    NotFoundError,
    QueryError,
    RunIncompleteError,
    SchemaOutdatedError,
    ServiceError,
    SettingsError,
)

log = logging.getLogger(__name__)

START = datetime(2026, 1, 1, tzinfo=UTC)
TAGS = ["ceasefire"]

TAGGER = "tagger"
"""Pool of one slot: live tagging, one model in memory at a time."""
ARCHIVE = "archive"
"""Pool of one slot: one import or re-tagging at a time; live news never waits for it."""

REMIND = timedelta(days=1)
"""A DAG that goes on failing is mailed about this often, not every five minutes."""

RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=[
                SettingsError, QueryError, NotFoundError, InputError, SchemaOutdatedError, RunIncompleteError, ClassifierError
            ],
            action=RetryAction.FAIL,
            reason="somebody has to mend this, another try would end alike",
        ),
        RetryRule(
            exception=[TypeError, AttributeError, NameError, ImportError, AssertionError],
            action=RetryAction.FAIL,
            reason="a fault of the program, another try would end alike",
        ),
        RetryRule(
            exception=ServiceError,
            retry_delay=timedelta(seconds=75),  # rows for a mail server that was down rest for a minute
            reason="a service is out of reach and may come back",
        ),
    ]
)  # fmt: skip
"""Everything that is not named, a killed process and a time-out among it, is tried again with growing pauses."""


def tell_operator(context: Any) -> None:
    """Mail about a task that failed in its last try: when its DAG begins to fail, then once a day.

    About a DAG that only people start, each time.
    """
    run = context["dag_run"]
    ti = context["ti"]
    reason = context.get("exception") or context.get("reason") or "its process ended without a word"
    _tell(
        run.dag_id,
        f"{run.dag_id}.{ti.task_id} failed: {str(reason).splitlines()[0][:120]}",
        [
            str(reason),
            f"Run {run.run_id}, try {ti.try_number}. Its log: {getattr(ti, 'log_url', 'in Airflow')}",
        ],
        always=context["dag"].schedule is None,
    )


def tell_of_the_run(context: Any) -> None:
    """Mail about a run that ended without a failed task to mail about: it took too long, or none of its tasks can run."""
    reason = context.get("reason")
    if reason == "task_failure":
        return
    dag_id, run_id = context["dag"].dag_id, context["run_id"]
    what = "took too long and was ended" if reason == "timed_out" else f"ended: {reason}"
    _tell(
        dag_id,
        f"a run of {dag_id} {what}",
        [f"Run {run_id} {what}. Nothing is lost: the next run takes up what waits."],
    )


def tell_of_recovery(context: Any) -> None:
    """Mail once when a DAG that the operator heard of works again."""
    from pipeline.clock import utc_now
    from pipeline.scheduled import mail_operator

    dag_id = context["dag_run"].dag_id
    since = Variable.get(_key(dag_id), default=None)
    if since is None:
        return
    Variable.delete(_key(dag_id))
    mail_operator(
        f"{dag_id} works again",
        [f"The last mail about it went out at {since}."],
        utc_now(),
        f"well-{dag_id}-{since}",
    )


def _key(dag_id: str) -> str:
    return f"ceasefire_failing_{dag_id}"


def _tell(dag_id: str, subject: str, paragraphs: list[str], *, always: bool = False) -> None:
    from pipeline.clock import utc_now
    from pipeline.scheduled import mail_operator

    now = utc_now()
    last = Variable.get(_key(dag_id), default=None)
    if last is not None and not always and now - datetime.fromisoformat(last) < REMIND:
        log.info("the operator heard of %s at %s; the next mail goes out a day after it", dag_id, last)
        return
    stamp = now.isoformat(timespec="seconds")
    paragraphs = [*paragraphs, f"No further mail about {dag_id} for a day, unless it works again before."]
    if mail_operator(subject, paragraphs, now, f"failed-{dag_id}-{now:%Y%m%dT%H%M%S%f}"):
        Variable.set(_key(dag_id), stamp, description="When the operator was last mailed that this DAG fails")
    else:
        log.warning("nobody is told: set CEASEFIRE_OPERATOR_MAIL to hear of failures")


DEFAULTS: dict[str, Any] = {
    "owner": "ceasefire",
    "retries": 2,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=5),
    "retry_policy": RETRY_POLICY,
    "execution_timeout": timedelta(minutes=10),
    "on_failure_callback": tell_operator,
}
"""What a task has unless it says otherwise."""
