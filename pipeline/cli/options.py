"""Options that all commands share, and how a command ends: its messages and its exit code."""

import functools
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import click

from classifiers.errors import ClassifierError
from pipeline.app import App
from pipeline.errors import PipelineError, SettingsError
from pipeline.settings import settings_from_process

P = ParamSpec("P")
R = TypeVar("R")

DONE, DONE_WITH_FAILURES = 0, 1
"""Exit codes of a command that came to its end; 2 (wrong usage) and 3 (service out of reach) come with an error."""


def with_app(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command `--db`, `--index` and `--config`, and an `App` as its first argument, closed at the end."""

    @click.option("--db", metavar="URL", help="Database: sqlite:///PATH or postgresql://…")
    @click.option("--index", metavar="URL", help="Search index: sqlite:///PATH or http(s)://host:9200.")
    @click.option("--config", metavar="FILE", type=click.Path(path_type=Path), help="Settings file (TOML).")
    @functools.wraps(command)
    def wrapper(*args: Any, db: str | None, index: str | None, config: Path | None, **kwargs: Any) -> R:
        feeds = kwargs.pop("feeds_file", None)
        settings = settings_from_process(config, database_url=db, index_url=index, feeds=feeds)
        app = App(settings)
        try:
            return command(app, *args, **kwargs)
        finally:
            app.close()

    return wrapper


def feeds_option(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command `--feeds FILE`; `with_app` takes it into the settings."""
    return click.option("--feeds", "feeds_file", metavar="FILE", help="Source list (default: feeds.toml).")(
        command
    )


def given_options(*, feeds: bool = False) -> str:
    """The shared options with which the running command was called, as they are typed behind another one ("" if none).

    `feeds`: that other one reads the source list, so --feeds goes along.
    """
    context = click.get_current_context(silent=True)
    given = context.params if context is not None else {}
    named = {"--db": "db", "--index": "index", "--config": "config"} | (
        {"--feeds": "feeds_file"} if feeds else {}
    )
    return "".join(
        f" {option} {shlex.quote(str(given[name]))}" for option, name in named.items() if given.get(name)
    )


def typed(command: str, *, feeds: bool = False) -> str:
    """Another command as it is typed in an answer to the running one: it goes to the same database."""
    return f"`ceasefire {command}{given_options(feeds=feeds)}`"


json_option = click.option("--json", "as_json", is_flag=True, help="JSON lines instead of a table.")

lines_argument = click.argument("file", type=click.File("r", encoding="utf-8-sig", errors="surrogateescape"))
"""FILE of JSON lines, or `-`. Bytes that are not UTF-8 become lone surrogates, so that only their own line is refused."""


def exit_with(code: int) -> NoReturn:
    """End the command with this exit code, quietly: everything was said."""
    raise click.exceptions.Exit(code)


class CommandGroup(click.Group):
    """A group whose help tells each command's whole first sentence: click would cut it to the width of a line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, command.get_short_help_str(limit=1000)) for name, command in commands if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class Group(CommandGroup):
    """The group of all commands: turns our errors into one clear message and the promised exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PipelineError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(error.exit_code)
        except ClassifierError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(SettingsError.exit_code)
        except BrokenPipeError:
            # The reader of our output (head, less) has enough: no error of ours.
            sys.stderr.close()
            ctx.exit(DONE)
        except OSError as error:
            if error.filename is None:
                raise
            # A file or folder that was named by the user: one line, as for any other wrong argument.
            click.echo(f"error: {error.filename}: {error.strerror}", err=True)
            ctx.exit(SettingsError.exit_code)
