"""`ceasefire story` and `ceasefire thread`: what was grouped, and the analysts' own judgement on it."""

import getpass

import click
from sqlalchemy import select

from pipeline import cycle
from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import CommandGroup, json_option, with_app
from pipeline.clock import utc_now
from pipeline.db import schema, standings
from pipeline.db import stories as story_rows
from pipeline.db import threads as thread_rows
from pipeline.steps import group
from pipeline.stories.chronology import as_text
from pipeline.stories.figures import Figure, differing, figures
from pipeline.stories.status import Report, Standing, standing

author_option = click.option("--author", default=None, help="Who judges (default: your user name).")


@click.group(cls=CommandGroup)
def story() -> None:
    """Stories: one event each, whoever tells it."""


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
        living = story_rows.resolve(connection, name)
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
    new = group.split_story(app.database, name, articles, author or getpass.getuser(), utc_now)
    cycle.process(app, utc_now)
    click.echo(f"{show.plural(len(articles), 'article')} moved to the new story {new}")


@click.group(cls=CommandGroup)
def thread() -> None:
    """Threads: the stories of one matter over time."""


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
        view = thread_rows.view(connection, name)
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
        thread_rows.name(connection, thread_rows.find(connection, thread_id).id, name)
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
        thread_rows.follow(connection, thread_rows.find(connection, name).id, followed=not stop)
    click.echo(f"thread {name} is {'no longer ' if stop else ''}followed")


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
    table = show.table("UTC", "outlet", "title", wide="title")
    for report in reports:
        also = " (copy)" if report.copy_of else ""
        show.row(
            table, show.short_time(report.published), report.outlet, show.clean(report.title, 120) + also
        )
    console.print(table)
    for counted, found in differ.items():
        numbers = show.table(counted, "by", "sentence", wide="sentence", title="figures differ")
        for figure in found:
            by = figure.outlet + (f" ({figure.party})" if figure.party else "")
            show.row(numbers, figure.number, by, show.clean(figure.sentence, 160))
        console.print(numbers)
