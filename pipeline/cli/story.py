"""`ceasefire story` and `ceasefire thread`: what was grouped, and the analysts' own judgement on it."""

import getpass
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Literal

import click
from sqlalchemy import select

from pipeline import cycle
from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import CommandGroup, json_option, typed, with_app
from pipeline.clock import utc_now
from pipeline.db import ids, schema, standings, story_pages, thread_pages
from pipeline.db import stories as story_rows
from pipeline.db import threads as thread_rows
from pipeline.notify.words import STATUS_WORDS
from pipeline.periods import period
from pipeline.steps import group
from pipeline.stories.chronology import as_text
from pipeline.stories.figures import Figure, differing, figures
from pipeline.stories.status import Report, Standing, standing

author_option = click.option("--author", default=None, help="Who judges (default: your user name).")


@click.group(cls=CommandGroup)
def story() -> None:
    """Stories: one event each, whoever tells it."""


def list_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The period, the length and the form of a list."""
    for option in reversed(
        (
            click.option("--since", metavar="WHEN", help="Only what moved since: 7d, 36h, 2026-11-20, 'yesterday 18:00'."),
            click.option("--until", metavar="WHEN", help="Only what began before."),
            click.option("--zone", default="UTC", show_default=True, help="Time zone of --since and --until."),
            click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100_000), help="Most that are shown."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


@story.command("list")
@list_options
@json_option
@with_app
def list_stories(
    app: App, since: str | None, until: str | None, zone: str, limit: int, as_json: bool
) -> None:
    """Show the stories, those first that were told last: when, by how many articles, and how each stands.

    \b
    Example:
      ceasefire story list --since 24h
    """
    begin, end = period(since, until, utc_now(), zone)
    with app.database.read() as connection:
        found = story_pages.latest(connection, limit, begin, end)
    if _needs_no_table(found, "story", as_json=as_json, narrowed=since or until):
        return
    table = show.table("last told (UTC), id", "articles", "status", "story", wide="story")
    for item in found:
        status = STATUS_WORDS.get(item.status or "", "")
        show.row(
            table,
            show.time_and_id(item.last_seen, item.id),
            item.articles,
            status,
            show.clean(item.title, 160),
        )
    show.console().print(table)
    click.echo(f"\n{typed('story show ID')} shows one")


@story.command("show")
@click.argument("name", metavar="STORY")
@json_option
@with_app
def show_story(app: App, name: str, as_json: bool) -> None:
    """Show who reports STORY, who claims it, how it stands, and where figures differ. An old id finds its successor.

    \b
    Example:
      ceasefire story show 3f9c2a7b51d0e684
    """
    with app.database.read() as connection:
        living = story_rows.resolve(connection, ids.story(connection, name))
        row = connection.execute(select(schema.story).where(schema.story.c.id == living)).one()
        reports = standings.reports_of(connection, [living]).get(living, [])
    reports.sort(key=lambda report: (report.published, report.id))
    stands, differ = standing(reports), differing(figures(reports))
    if as_json:
        show.print_json(
            {
                "id": living, "title": row.title, "thread": row.thread, "status": stands.status, "why": stands.why,
                "sources": stands.sources, "sides": stands.sides, "controls": stands.controls,
                "claimed_by": stands.claimed_by,
                "articles": [{"id": item.id, "outlet": item.outlet, "published": item.published, "title": item.title, "copy_of": item.copy_of} for item in reports],
                "figures": {
                    counted: [{"number": item.number, "outlet": item.outlet, "party": item.party, "sentence": item.sentence} for item in found]
                    for counted, found in differ.items()
                },
            }
        )  # fmt: skip
    else:
        _show(living, row.title, row.thread, reports, stands, differ)


@story.command()
@click.argument("old", metavar="STORY")
@click.argument("into", metavar="INTO")
@author_option
@with_app
def merge(app: App, old: str, into: str, author: str | None) -> None:
    """Make STORY one with INTO, now and for every regrouping. Nothing that either announced is told again.

    \b
    Example:
      ceasefire story merge 3f9c2a7b51d0e684 77aa01c2d4e6f809
    """
    with app.database.read() as connection:
        old, into = ids.story(connection, old), ids.story(connection, into)
    living = group.merge_stories(app.database, old, into, author or getpass.getuser(), utc_now)
    cycle.process(app, utc_now)
    click.echo(f"{old} is now part of {living}")


@story.command()
@click.argument("name", metavar="STORY")
@click.argument("articles", nargs=-1, required=True)
@author_option
@with_app
def split(app: App, name: str, articles: tuple[str, ...], author: str | None) -> None:
    """Take ARTICLES out of STORY into a new one, now and for every regrouping.

    \b
    Example:
      ceasefire story split 3f9c2a7b51d0e684 a41c... b52d...
    """
    with app.database.read() as connection:
        name = ids.story(connection, name)
        articles = tuple(ids.article(connection, article) for article in articles)
    new = group.split_story(app.database, name, articles, author or getpass.getuser(), utc_now)
    cycle.process(app, utc_now)
    click.echo(f"{show.plural(len(articles), 'article')} moved to the new story {new}")


@click.group(cls=CommandGroup)
def thread() -> None:
    """Threads: the stories of one matter over time."""


@thread.command("list")
@list_options
@json_option
@with_app
def list_threads(
    app: App, since: str | None, until: str | None, zone: str, limit: int, as_json: bool
) -> None:
    """Show the threads, those first that moved last: when, of how many stories, and who is followed.

    \b
    Example:
      ceasefire thread list --since 30d
    """
    begin, end = period(since, until, utc_now(), zone)
    with app.database.read() as connection:
        found = thread_pages.latest(connection, limit, begin, end, followed_first=False)
    if _needs_no_table(found, "thread", as_json=as_json, narrowed=since or until):
        return
    table = show.table("last moved (UTC), id", "began", "stories", "followed", "thread", wide="thread")
    for item in found:
        title = show.clean(item.title, 160)
        show.row(
            table, show.time_and_id(item.last_seen, item.id), show.short_time(item.first_seen), item.stories,
            "yes" if item.followed else "", f"{item.name}: {title}" if item.name else title,
        )  # fmt: skip
    show.console().print(table)
    click.echo(f"\n{typed('thread show ID')} shows one as a chronology")


@thread.command("show")
@click.argument("name", metavar="THREAD")
@with_app
def show_thread(app: App, name: str) -> None:
    """Show THREAD (id or name) as a chronology, with the latest position of each party on each issue.

    \b
    Example:
      ceasefire thread show "Istanbul round"
    """
    with app.database.read() as connection:
        view = thread_rows.view(connection, ids.thread(connection, name))
    click.echo("\n".join(show.clean(line) if line.strip() else "" for line in as_text(view).splitlines()))


@thread.command("name")
@click.argument("thread_id", metavar="THREAD")
@click.argument("name")
@with_app
def name_thread(app: App, thread_id: str, name: str) -> None:
    """Give THREAD a name to find it by.

    \b
    Example:
      ceasefire thread name 3f9c2a7b51d0e684 "Istanbul round"
    """
    with app.database.write() as connection:
        thread_rows.name(connection, thread_rows.find(connection, ids.thread(connection, thread_id)).id, name)
    click.echo(f"thread {thread_id} is called {name}")


@thread.command()
@click.argument("name", metavar="THREAD")
@click.option("--stop", is_flag=True, help="Follow it no longer.")
@with_app
def follow(app: App, name: str, stop: bool) -> None:
    """Mark THREAD (id or name) as followed.

    \b
    Example:
      ceasefire thread follow "Istanbul round"
    """
    with app.database.write() as connection:
        found = thread_rows.find(connection, ids.thread(connection, name))
        thread_rows.follow(connection, found.id, followed=not stop)
    click.echo(f"thread {name} is {'no longer ' if stop else ''}followed")


def _needs_no_table(
    found: Sequence[Any], kind: Literal["story", "thread"], *, as_json: bool, narrowed: str | None
) -> bool:
    """Print a list as JSON lines, or that it is empty (`narrowed` to a period or not); False where a table is to come."""
    if as_json:
        for item in found:
            show.print_json(asdict(item))
    elif not found and narrowed:
        click.echo(f"no {kind} in this time; {typed(f'{kind} list')} shows the latest of all")
    elif not found:
        more = (
            "; a story goes on with an earlier one where docs/stories.md says so" if kind == "thread" else ""
        )
        click.echo(f"no {kind} yet{more}")
    return as_json or not found


def _show(
    living: str,
    title: str,
    thread_id: str | None,
    reports: list[Report],
    stands: Standing,
    differ: dict[str, list[Figure]],
) -> None:
    console = show.console()
    console.print(show.clean(title), style="bold", markup=False)
    console.print(f"story {living}" + (f", thread {thread_id}" if thread_id else ""), markup=False)
    console.print(f"status: {stands.status or 'reported'} ({stands.why})", markup=False)
    for side, outlets in stands.sides.items():
        console.print(f"reported by, {side}: {show.clean(', '.join(outlets))}", markup=False)
    console.print(
        f"independent sources: {len(stands.sources)}; claimed by: {', '.join(stands.claimed_by) or '-'}"
    )
    table = show.table("UTC, id", "outlet", "title", wide="title")
    for report in reports:
        also = " (copy)" if report.copy_of else ""
        show.row(
            table,
            show.time_and_id(report.published, report.id),
            report.outlet,
            show.clean(report.title, 120) + also,
        )
    console.print(table)
    for counted, found in differ.items():
        numbers = show.table(counted, "by", "sentence", wide="sentence", title="figures differ")
        for figure in found:
            by = figure.outlet + (f" ({figure.party})" if figure.party else "")
            show.row(numbers, figure.number, by, show.clean(figure.sentence, 160))
        console.print(numbers)
