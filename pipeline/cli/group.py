"""`ceasefire group`: stories and copies of a file of articles, without any database."""

from typing import TextIO

import click

from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import DONE, DONE_WITH_FAILURES, exit_with, json_option, lines_argument, with_app
from pipeline.errors import InputError
from pipeline.group_file import GroupLine, group_lines, read_line


@click.command()
@lines_argument
@json_option
@with_app
def group(app: App, file: TextIO, as_json: bool) -> None:
    """Group the articles of FILE into stories. `-` reads standard input.

    Lines in: {"id", "title", "text", "published", "outlet"}. Lines out, in the same order: {"id", "story", "copy_of"};
    a story is named by its earliest article, copy_of names the first article of the same text. The order of the lines
    does not matter. A line that is no article costs itself: it is named on standard error, and the exit code is 1.

    \b
    Example:
      ceasefire group day.jsonl --json
    """
    lines: list[GroupLine] = []
    failures = 0
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            lines.append(read_line(line, number))
        except InputError as error:
            failures += 1
            click.echo(f"error: {error}", err=True)
    grouped = group_lines(lines, app.tagger)
    if as_json:
        for item in grouped:
            show.print_json(item.as_json())
    else:
        titles = {line.id: line.title for line in lines}
        stories: dict[str, list[str]] = {}
        for item in grouped:
            stories.setdefault(item.story, []).append(
                item.id + (f" (copy of {item.copy_of})" if item.copy_of else "")
            )
        table = show.table("articles", "story", "members", wide="members")
        for story, members in sorted(stories.items(), key=lambda pair: -len(pair[1])):
            show.row(table, len(members), show.clean(titles[story], 60), ", ".join(members))
        show.console().print(table)
    exit_with(DONE_WITH_FAILURES if failures else DONE)
