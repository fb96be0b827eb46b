"""`ceasefire tag`: label a file of texts, without any database."""

import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TextIO

import click
from rich.text import Text as RichText

from classifiers.errors import LineError
from classifiers.lines import read_line, tagged_json
from classifiers.types import Tagged, Text
from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import DONE, DONE_WITH_FAILURES, exit_with, json_option, lines_argument, with_app

BATCH = 256
"""Texts tagged together: sorted by length inside, answered in the order of the file."""


@click.command()
@lines_argument
@json_option
@with_app
def tag(app: App, file: TextIO, as_json: bool) -> None:
    """Tag the texts of FILE, one JSON object a line: {"id", "title", "text"} and, if known, "lang". `-` reads standard input.

    With --json one line comes out for each line in, in the same order. A line that is no text costs itself: it is
    named on standard error, and the exit code is 1.

    \b
    Example:
      ceasefire tag archive.jsonl --json > tagged.jsonl
    """
    failures = 0

    def texts() -> Iterator[Text]:
        nonlocal failures
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                yield read_line(line, number)
            except LineError as error:
                failures += 1
                click.echo(f"error: {error}", err=True)

    for text, tagged in _tagged(app, texts()):
        if as_json:
            show.print_json(tagged_json(tagged))
        else:
            _show(text, tagged)
        sys.stdout.flush()
    exit_with(DONE_WITH_FAILURES if failures else DONE)


def _tagged(app: App, texts: Iterable[Text]) -> Iterator[tuple[Text, Tagged]]:
    remaining = iter(texts)
    while batch := list(islice(remaining, BATCH)):
        yield from zip(batch, app.tagger.tag(batch), strict=True)


def _show(text: Text, tagged: Tagged) -> None:
    console = show.console()
    console.print(RichText(show.clean(text.title, 160) or text.id, style="bold"))
    for item in tagged.labels:
        console.print(
            RichText(f"  {item.label:32} {item.score:.2f}  {show.clean(item.sentence, 90)}"),
            no_wrap=True,
            overflow="ellipsis",
        )
    for item in tagged.uncertain:
        console.print(RichText(f"  {item.label:32} {item.score:.2f}  uncertain", style="dim"))
