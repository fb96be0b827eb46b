"""`ceasefire status`: the state of everything on one screen."""

from dataclasses import asdict
from typing import Any

import click

from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.feeds import state_words
from pipeline.cli.options import DONE, DONE_WITH_FAILURES, exit_with, json_option, typed, with_app
from pipeline.db import cycles, outbox, overview
from pipeline.db import feeds as feed_rows
from pipeline.errors import IndexNotSetError, ServiceError

FAILING_SHOWN = 20


@click.command()
@json_option
@with_app
def status(app: App, as_json: bool) -> None:
    """Show counts, the last cycle, failing feeds, and what waits: to be tagged, indexed, sent.

    The exit code is 1 while a feed's last poll failed or something was set aside; `ceasefire health` judges feeds by
    more than their last poll.

    \b
    Example:
      ceasefire status --json
    """
    with app.database.read() as connection:
        state = overview.status(connection)
        last = cycles.last(connection)
        failing = [feed for feed in feed_rows.states(connection).values() if feed.failure is not None]
        aside = overview.set_aside_latest(connection, FAILING_SHOWN)
        stuck = outbox.status(connection).problems
    info = _index_info(app)
    code = DONE_WITH_FAILURES if failing or aside or stuck or info.get("rebuild_needed") else DONE
    if as_json:
        show.print_json(
            {
                **asdict(state),
                "database": app.database.describe(),
                "index": info,
                "last_cycle": last,
                "failing": [
                    {"feed": feed.name, "failures": feed.failures, "what": state_words(feed)}
                    for feed in failing
                ],
                "messages_stuck": [
                    {"id": number, "state": kind, "recipient": recipient, "reason": reason}
                    for number, kind, recipient, reason in stuck
                ],
                "set_aside_latest": [
                    {"step": step, "subject": subject, "reason": reason, "at": at}
                    for step, subject, reason, at in aside
                ],
            }
        )
        exit_with(code)
    console = show.console()
    table = show.table("", "", wide="")
    table.show_header = False
    show.row(table, "database", app.database.describe())
    show.row(table, "index", _index_words(info))
    show.row(
        table,
        "articles",
        f"{state.articles:,} in {show.plural(state.stories, 'story', 'stories')}{_span(state)}",
    )
    show.row(table, "feeds", _feeds(state))
    show.row(table, "last cycle", _last(last))
    waits = f"{state.to_tag} to tag, {state.to_group} to group, {state.to_index} to index, {state.to_match} to match"
    show.row(table, "waiting", waits)
    letters = ", ".join(f"{count} {name}" for name, count in state.outbox.items()) or "empty"
    show.row(table, "outbox", letters + (f"; {state.doubtful} sent twice in doubt" if state.doubtful else ""))
    show.row(table, "alerts", f"{state.alerts}, {state.alerts_paused} of them paused")
    if state.models:
        show.row(
            table, "tagged by", ", ".join(f"{name[:12]}: {count:,}" for name, count in state.models.items())
        )
    console.print(table)
    if failing:
        failures = show.table(
            "feed", "what is wrong", title="\nFeeds whose last poll failed", wide="what is wrong"
        )
        for feed in sorted(failing, key=lambda item: -item.failures)[:FAILING_SHOWN]:
            show.row(failures, feed.name, state_words(feed))
        console.print(failures)
        if len(failing) > FAILING_SHOWN:
            console.print(f"and {len(failing) - FAILING_SHOWN} more; {typed('feeds list')} shows them all")
    if aside:
        table = show.table("step", "what", "why", title="\nSet aside", wide="why")
        for step, subject, reason, _at in aside:
            show.row(table, step, show.clean(subject, 40), reason)
        console.print(table)
    if stuck:
        table = show.table(
            "no.", "state", "to", "why", title="\nMessages that wait for you (mail release)", wide="why"
        )
        for number, kind, recipient, reason in stuck:
            show.row(table, number, kind, recipient, reason)
        console.print(table)
    exit_with(code)


def _index_info(app: App) -> dict[str, Any]:
    """The index in numbers, or why there is none: its absence must not hide the rest."""
    try:
        return asdict(app.index.info())
    except (ServiceError, IndexNotSetError) as error:
        return {"rebuild_needed": str(error)}


def _index_words(info: dict[str, Any]) -> str:
    problem = info["rebuild_needed"]
    if "kind" not in info:
        return str(problem)
    return f"{info['kind']}, {info['documents']:,} articles" + (f"; {problem}" if problem else "")


def _span(state: overview.Status) -> str:
    if state.oldest is None or state.newest is None:
        return ""
    return f", first seen {state.oldest:%d %b %Y %H:%M} to {state.newest:%d %b %Y %H:%M} UTC"


def _feeds(state: overview.Status) -> str:
    if not state.feeds:
        return f"the source list was not read yet; {typed('run')} reads it"
    due = f", next poll {state.next_due:%d %b %H:%M} UTC" if state.next_due else ""
    return f"{state.feeds}; {state.tally}{due}"


def _last(last: dict[str, object] | None) -> str:
    if last is None:
        return f"none yet; {typed('run')} makes one"
    counts = last.get("counts")
    assert isinstance(counts, dict)
    return f"{last['finished']:%d %b %Y %H:%M} UTC: {counts.get('feeds', 0)} feeds, {counts.get('new', 0)} new articles"
