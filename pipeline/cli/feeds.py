"""`ceasefire feeds`: the sources and their health."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from pipeline import cycle
from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import (
    DONE,
    DONE_WITH_FAILURES,
    CommandGroup,
    exit_with,
    feeds_option,
    json_option,
    typed,
    with_app,
)
from pipeline.clock import utc_now
from pipeline.db import domains
from pipeline.db import feeds as feed_rows
from pipeline.db import pages as page_rows
from pipeline.db.feeds import FeedState
from pipeline.errors import InputError, ParseError, SettingsError
from pipeline.feeds import add_feeds, load_feeds, make_feed, same_address
from pipeline.fetch.client import open_client
from pipeline.fetch.fetcher import Fetcher, FetchRequest
from pipeline.fetch.policy import failure_told
from pipeline.opml import read_opml, write_opml
from pipeline.parse import parse_feed
from pipeline.steps.backfill import BackfillLimits, BackfillReport
from pipeline.steps.backfill import backfill as fill
from pipeline.types import Feed, FetchOutcome

log = logging.getLogger(__name__)


@click.group(cls=CommandGroup)
def feeds() -> None:
    """The source list and how its feeds are doing."""


@feeds.command("list")
@feeds_option
@json_option
@with_app
def list_feeds(app: App, as_json: bool) -> None:
    """Show every feed: when it last answered, what is wrong with it, and when it is asked next.

    \b
    Example:
      ceasefire feeds list
    """
    listed = app.feeds
    with app.database.read() as connection:
        states = feed_rows.states(connection)
        gates = domains.gates(connection, utc_now())
        pages = page_rows.counts_by_feed(connection)
    if as_json:
        for name, feed in listed.items():
            show.print_json(
                _feed_json(feed, states[name], gates.get(states[name].domain), pages.get(name, {}))
            )
        return
    table = show.table("feed", "side", "last success", "next poll", "state", wide="state")
    for name, feed in listed.items():
        state = states[name]
        gate = gates.get(state.domain)
        due = max(filter(None, (state.next_due, gate)), default=None)
        words = state_words(state).rstrip(".") + ("" if gate is None else gate_words(state.domain, gate))
        words += page_words(pages.get(name, {}))
        show.row(table, name, feed.side, _time(state.last_success), _time(due), words)
    show.console().print(table)


def state_words(state: FeedState) -> str:
    """How a feed is, in an operator's words."""
    if state.last_poll is None:
        return "not polled yet"
    if state.failure is not None:
        times = "" if state.failures == 1 else f", {state.failures} times in a row"
        return f"{state.failure}{times}: {failure_told(state.failure, state.failure_detail)}"
    remarks = f"; {'; '.join(state.problems)}" if state.problems else ""
    moved = f"; has moved to {state.moved_to}" if state.moved_to else ""
    covered = (
        f"; all of it comes with {state.covered_by}, so it is asked once a day" if state.covered_by else ""
    )
    return f"well{moved}{covered}{remarks}"


def gate_words(domain: str, until: datetime) -> str:
    """That a whole domain is left alone, and until when."""
    return f"; {domain} asked to be left alone until {show.short_time(until)} UTC"


_PAGE_WORDS = {
    "read": "read", "waiting": "waiting", "paywall": "behind a paywall", "consent": "hidden by a consent page",
    "no-text": "without an article", "robots": "forbidden by robots.txt", "failed": "not to be had",
}  # fmt: skip


def page_words(counts: Mapping[str, int]) -> str:
    """What became of a feed's article pages, the most frequent first."""
    if not counts:
        return ""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "; pages: " + ", ".join(f"{count} {_PAGE_WORDS[state]}" for state, count in ordered)


def _time(value: datetime | None) -> str:
    return "never" if value is None else show.short_time(value)


def _feed_json(
    feed: Feed, state: FeedState, gate: datetime | None, pages: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "name": feed.name,
        "url": feed.url,
        "outlet": feed.outlet,
        "owner": feed.owner,
        "country": feed.country,
        "side": feed.side,
        "control": feed.control,
        "language": feed.language,
        "kind": feed.kind,
        "last_poll": state.last_poll,
        "last_success": state.last_success,
        "last_new": state.last_new,
        "next_due": state.next_due,
        "failures": state.failures,
        "failure": state.failure,
        "detail": state.failure_detail,
        "problems": list(state.problems),
        "interval_s": state.interval_s,
        "entries": state.entries,
        "moved_to": state.moved_to,
        "covered_by": state.covered_by,
        "left_alone_until": gate,
        "pages": dict(pages),
    }


@feeds.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@feeds_option
@json_option
@with_app
def check(app: App, names: tuple[str, ...], as_json: bool) -> None:
    """Fetch every feed (or those named) once, take nothing in, and say which of them answer.

    The exit code is 1 if any fails.

    \b
    Example:
      ceasefire feeds check kyiv-independent un-news
    """
    chosen = _chosen(app, names)
    results = asyncio.run(_check_all(app, chosen))
    if as_json:
        for result in results:
            show.print_json(result)
    else:
        table = show.table("feed", "answers", "entries", "newest", "what happened", wide="what happened")
        for result in results:
            answers = "yes" if result["ok"] else "no"
            show.row(
                table, result["name"], answers, result["entries"], _time(result["newest"]), result["detail"]
            )
        show.console().print(table)
        good = sum(result["ok"] for result in results)
        show.console().print(f"\n{good} of {show.plural(len(results), 'feed')} answer")
    exit_with(DONE if all(result["ok"] for result in results) else DONE_WITH_FAILURES)


def _chosen(app: App, names: tuple[str, ...]) -> list[Feed]:
    unknown = [name for name in names if name not in app.feeds]
    if unknown:
        raise SettingsError(
            f"no feed is named {', '.join(unknown)}; {typed('feeds list', feeds=True)} shows the names"
        )
    return [app.feeds[name] for name in names] if names else list(app.feeds.values())


async def _check_all(app: App, chosen: list[Feed]) -> list[dict[str, Any]]:
    from pipeline.cli.run import progress_of_feeds
    from pipeline.types import FeedReport

    settings = app.settings.fetch_settings()
    results: dict[str, dict[str, Any]] = {}
    with progress_of_feeds(len(chosen)) as step:
        async with open_client(settings) as client:
            fetcher = Fetcher(client, settings, now=utc_now)
            async for outcome in fetcher.fetch_all(FetchRequest(feed) for feed in chosen):
                results[outcome.feed] = _checked(outcome)
                step(FeedReport(outcome.feed, outcome.feed, outcome.result))
    return [results[feed.name] for feed in chosen]


def _checked(outcome: FetchOutcome) -> dict[str, Any]:
    result: dict[str, Any] = {
        "name": outcome.feed,
        "ok": False,
        "entries": 0,
        "newest": None,
        "detail": outcome.detail,
    }
    if outcome.raw is None:
        if outcome.failure is not None:
            result["detail"] = f"{outcome.failure}: {failure_told(outcome.failure, outcome.detail)}"
        return result
    try:
        parsed = parse_feed(outcome.raw)
    except ParseError as error:
        result["detail"] = str(error)
        return result
    dates = [entry.published for entry in parsed.entries if entry.published is not None]
    moved = [f"has moved for good to {outcome.permanent_url}"] if outcome.permanent_url else []
    result |= {
        "ok": True,
        "entries": len(parsed.entries),
        "newest": max(dates, default=None),
        "detail": "; ".join([*moved, *parsed.problems]) or parsed.title,
    }
    return result


@feeds.command()
@click.argument("url")
@click.option("--outlet", required=True, help="Who publishes it, as readers know it.")
@click.option("--owner", required=True, help="Who owns the outlet; one owner counts once.")
@click.option("--country", required=True, help="ISO 3166, two letters.")
@click.option("--side", required=True, help="Whose outlet it is: ukraine, russia or third-party.")
@click.option("--language", required=True, help="BCP 47, for example en or uk.")
@click.option("--kind", required=True, help="news, wire, government, official-channel or opinion.")
@click.option("--control", default="private", show_default=True, help="state, public, private or exile.")
@click.option("--name", help="Unique short name (default: made from the outlet).")
@feeds_option
@with_app
def add(app: App, **facts: str | None) -> None:
    """Append a feed to the source list, keeping the file's comments.

    \b
    Example:
      ceasefire feeds add https://example.org/rss.xml --outlet Example --owner "Example Media" \\
        --country GB --side third-party --language en --kind news
    """
    path = app.settings.resolved_feeds()
    wanted = make_feed({key: value for key, value in facts.items() if value})
    added = add_feeds(path, [wanted])
    for feed in added:
        tries = typed(f"feeds check {feed.name}", feeds=True)
        click.echo(f"added {feed.name} ({feed.url}) to {path}; {tries} tries it")
    if not added:
        same = [feed.name for feed in load_feeds(path) if same_address(feed.url) == same_address(wanted.url)]
        raise InputError(f"nothing added: {path} has this address already, as {', '.join(same)}")


@feeds.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@feeds_option
@with_app
def import_feeds(app: App, file: Path) -> None:
    """Take feeds out of an OPML file into the source list; Google Alerts links are unwrapped.

    What OPML does not say (owner, side, kind) is filled in cautiously and should be looked over.

    \b
    Example:
      ceasefire feeds import subscriptions.opml
    """
    path = app.settings.resolved_feeds()
    known = {same_address(feed.url) for feed in app.feeds.values()}
    found = read_opml(file.read_bytes(), str(file), taken=app.feeds)
    added = add_feeds(path, [feed for feed in found.feeds if same_address(feed.url) not in known])
    for feed in added:
        click.echo(f"added {feed.name} ({feed.url})")
    for remark in (*found.assumed, *found.left_out):
        click.echo(f"note: {remark}", err=True)
    click.echo(
        f"{show.plural(len(added), 'feed')} added to {path}, {len(found.feeds) - len(added)} known already"
        + (f", {len(found.left_out)} left out" if found.left_out else "")
    )
    exit_with(DONE_WITH_FAILURES if found.refused else DONE)


@feeds.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True), default="-")
@feeds_option
@with_app
def export(app: App, file: Path) -> None:
    """Write the source list as OPML, for feed readers and for `feeds import`.

    \b
    Example:
      ceasefire feeds export feeds.opml
    """
    document = write_opml(app.feeds.values(), "Ceasefire monitor")
    if str(file) == "-":
        click.echo(document, nl=False)
    else:
        file.write_bytes(document)
        click.echo(f"{show.plural(len(app.feeds), 'feed')} written to {file}")


@feeds.command()
@click.argument("name")
@click.option(
    "--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="How far back to go."
)
@click.option(
    "--pages",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="Older pages of the feed to read at most.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=1000,
    show_default=True,
    help="Articles to look at, at most.",
)
@click.option(
    "--sitemaps/--no-sitemaps", default=True, show_default=True, help="Also read the sitemaps of its site."
)
@feeds_option
@json_option
@with_app
def backfill(app: App, name: str, days: int, pages: int, limit: int, sitemaps: bool, as_json: bool) -> None:
    """Take in the history of feed NAME: older pages of the feed (RFC 5005), then its site's sitemaps. Never alerts.

    \b
    Example:
      ceasefire feeds backfill un-news --days 90
    """
    (feed,) = _chosen(app, (name,))
    limits = BackfillLimits(utc_now() - timedelta(days=days), pages, limit, sitemaps)

    def say(report: BackfillReport) -> None:
        log.info("%s: %d documents, %d new, %d known", name, report.documents, report.new, report.known)
        if show.is_terminal():
            click.echo(
                f"\r{report.documents} documents, {report.new} new, {report.known} known ", nl=False, err=True
            )

    report = asyncio.run(
        fill(app.database, feed, app.settings.fetch_settings(), limits, now=utc_now, progress=say)
    )
    if show.is_terminal():
        click.echo(err=True)
    problems = cycle.process(app, utc_now).problems
    if as_json:
        show.print_json({"feed": name, **asdict(report), "problems": list(problems)})
    else:
        click.echo(
            f"{name}: {show.plural(report.new, 'new article')}, {report.known} known, {report.set_aside} set aside, "
            f"from {show.plural(report.documents, 'document')}"
        )
        for why in (*report.ended, *problems):
            click.echo(f"note: {why}", err=True)
    exit_with(DONE if report.documents and not problems else DONE_WITH_FAILURES)
