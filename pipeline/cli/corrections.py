"""`ceasefire corrections`: the analysts' own judgement on labels and positions."""

import getpass
from typing import Any, cast

import click

from pipeline import cycle
from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import CommandGroup, json_option, typed, with_app
from pipeline.clock import utc_now
from pipeline.corrections import Correction, Verdict, training_line
from pipeline.db import corrections as rows
from pipeline.db import documents, ids

SHOWN = 100
AT_ONCE = 500


@click.group(cls=CommandGroup)
def corrections() -> None:
    """Judge labels and positions by hand: it overrides the model at once and survives re-tagging."""


@corrections.command()
@click.argument("article")
@click.argument("target", metavar="LABEL-OR-POSITION")
@click.argument("verdict", type=click.Choice(["wrong", "missing", "right"]))
@click.option("--note", default="", help="Why, for those who read the log.")
@click.option("--sentence", default="", help="The sentence that carries what is added (default: the title).")
@click.option("--author", default=None, help="Who judges (default: your user name).")
@with_app
def add(
    app: App, article: str, target: str, verdict: str, note: str, sentence: str, author: str | None
) -> None:
    """Say of ARTICLE that a label or position is wrong, missing or right.

    A label is written facet:id, a position development:detail:by with `-` for no detail.

    \b
    Examples:
      ceasefire corrections add 3f9c... issue:sanctions wrong
      ceasefire corrections add 3f9c... rejected:-:russia missing --note "second paragraph"
    """
    with app.database.write() as connection:
        made = rows.add(
            connection, ids.article(connection, article), target, cast(Verdict, verdict), labels=app.taxonomy.keys,
            author=author or getpass.getuser(), now=utc_now(), sentence=sentence, note=note,
        )  # fmt: skip
    cycle.process(app, utc_now)
    undo = typed(f"corrections undo {made.id}")
    click.echo(f"correction {made.id}: {_words(made)}; {undo} takes it back")


@corrections.command()
@click.argument("number", type=int)
@with_app
def undo(app: App, number: int) -> None:
    """Take correction NUMBER back. The log keeps both.

    \b
    Example:
      ceasefire corrections undo 12
    """
    with app.database.write() as connection:
        undone = rows.undo(connection, number, utc_now())
    cycle.process(app, utc_now)
    click.echo(f"correction {undone.id} is undone: {_words(undone)}")


@corrections.command("list")
@click.argument("article", required=False)
@json_option
@with_app
def list_corrections(app: App, article: str | None, as_json: bool) -> None:
    """Show the log, the newest first; with ARTICLE only what was said of it.

    \b
    Example:
      ceasefire corrections list --json
    """
    with app.database.read() as connection:
        found = rows.list_all(connection, article, SHOWN)
    if as_json:
        for item in found:
            show.print_json(_json(item))
        return
    table = show.table("no.", "UTC", "by", "article", "what", "note", wide="note")
    for item in found:
        show.row(table, item.id, show.short_time(item.at), item.author, item.article, _words(item), item.note)
    show.console().print(table)


@corrections.command()
@with_app
def export(app: App) -> None:
    """Write every corrected article as a training line: its text with the labels and positions that stand now.

    The lines have the keys of the training data (actors, issues, developments, positions) and name who corrected what.

    \b
    Example:
      ceasefire corrections export > corrected.jsonl
    """
    last = ""
    while True:
        with app.database.read() as connection:
            names = rows.corrected_articles(connection, last, AT_ONCE)
            articles = documents.by_ids(connection, names)
            said = rows.for_articles(connection, names)
        for article in articles:
            show.print_json(training_line(article, said[article.id]))
        if len(names) < AT_ONCE:
            return
        last = names[-1]


def _words(item: Correction) -> str:
    return f"{item.target} {item.verdict}" + (" (undone)" if item.undone else "")


def _json(item: Correction) -> dict[str, Any]:
    return {
        "id": item.id,
        "article": item.article,
        "target": item.target,
        "verdict": item.verdict,
        "author": item.author,
        "note": item.note,
        "at": item.at,
        "undone": item.undone,
    }
