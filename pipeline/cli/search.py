"""`ceasefire search`: the query language over the index, as a table or JSON lines."""

from datetime import datetime

import click
from rich.text import Text

from pipeline import search as searching
from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import json_option, typed, with_app
from pipeline.clock import utc_now
from pipeline.db import ids
from pipeline.periods import parse_moment
from pipeline.steps.desk import desk_of


@click.command()
@click.argument("query", default="")
@click.option(
    "--since", metavar="WHEN", help="Only what was first seen since: 7d, 36h, 2026-11-20, 'yesterday 18:00'."
)
@click.option(
    "--like",
    metavar="ARTICLE",
    help="The articles nearest to this one (an id or its beginning), of those that QUERY finds.",
)
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(0, 100_000), help="Articles shown."
)
@click.option(
    "--facets", is_flag=True, help="Also count actors, issues, developments, sides, outlets, languages."
)
@click.option(
    "--zone", default="UTC", show_default=True, help="Time zone of days in the query and of --since."
)
@json_option
@with_app
def search(
    app: App,
    query: str,
    since: str | None,
    like: str | None,
    limit: int,
    facets: bool,
    zone: str,
    as_json: bool,
) -> None:
    """Find articles by words, labels, outlets and times; docs/query-language.md has every field.

    \b
    Examples:
      ceasefire search 'actor:russia AND issue:zaporizhzhia-plant AND "power line"' --since 7d
      ceasefire search '(by:russia AND development:rejected)' --facets --json
      ceasefire search '-is:copy' --like 4f6c0a12b9d3e875 --since 30d
    """
    now = utc_now()
    start = parse_moment(since, now, zone) if since else None
    if like is not None:
        with app.database.read() as connection:
            like = ids.article(connection, like)
    found = searching.search(
        app, query, now=now, since=start, limit=limit, zone=zone, with_facets=facets, like=like
    )
    if as_json:
        for document in found.documents:
            near = {} if like is None else {"cosine": found.cosines[document.id]}
            show.print_json({**searching.document_json(document), **near})
        if facets:
            show.print_json({"facets": {name: dict(values) for name, values in found.facets.items()}})
        return
    _show(app, found, start, like)


def _show(app: App, found: searching.Found, since: datetime | None, like: str | None) -> None:
    console = show.console()
    when = f" first seen since {since:%d %b %Y %H:%M} UTC" if since else ""
    order = f"; the nearest to {like} first" if like else ""
    console.print(Text(f"{found.words}{when}{order}", style="dim"))
    if not found.documents:
        console.print("nothing found")
    else:
        console.print(show.documents_table(found.documents, desk_of(app).words))
        console.print(f"\n{len(found.documents)} of {show.plural(found.total, 'article')}", style="dim")
        click.echo(f"{typed('show ID')} shows one; {typed('story show ID')} who else tells it")
    for name, values in found.facets.items():
        line = Text(f"{name:12} ", style="dim")
        line.append("  ".join(f"{value} {count}" for value, count in values[:10]) or "none", style="not dim")
        console.print(line)
