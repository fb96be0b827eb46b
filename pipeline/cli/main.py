"""`ceasefire`: all commands, each loaded when it is asked for, so that `--help` and completion stay fast."""

import difflib
import importlib
import logging
import os

import click

from pipeline import __version__
from pipeline.cli.options import Group

COMMANDS: dict[str, str] = {
    "run": "pipeline.cli.run:run",
    "watch": "pipeline.cli.run:watch",
    "serve": "pipeline.cli.serve:serve",
    "search": "pipeline.cli.search:search",
    "show": "pipeline.cli.article:show",
    "brief": "pipeline.cli.brief:brief",
    "alert": "pipeline.cli.alert:alert",
    "mail": "pipeline.cli.mail:mail",
    "tag": "pipeline.cli.tag:tag",
    "group": "pipeline.cli.group:group",
    "replay": "pipeline.cli.replay:replay",
    "story": "pipeline.cli.story:story",
    "thread": "pipeline.cli.story:thread",
    "corrections": "pipeline.cli.corrections:corrections",
    "digest": "pipeline.cli.alert:digest",
    "feeds": "pipeline.cli.feeds:feeds",
    "add": "pipeline.cli.add:add",
    "status": "pipeline.cli.status:status",
    "health": "pipeline.cli.health:health",
    "import": "pipeline.cli.importing:import_",
    "export": "pipeline.cli.export:export",
    "retag": "pipeline.cli.retag:retag",
    "retention": "pipeline.cli.retention:retention",
    "reindex": "pipeline.cli.index:reindex",
    "index": "pipeline.cli.index:index",
    "kibana": "pipeline.cli.kibana:kibana",
    "db": "pipeline.cli.database:db",
}
"""Command -> module:name, in the order in which --help lists them."""


class LazyGroup(Group):
    """Loads a command's module only when the command is used (or its help is listed)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, name = target.split(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, which looks for near names only among commands that are loaded."""
        near = difflib.get_close_matches(args[0], COMMANDS)
        if args[0] not in COMMANDS and near and not ctx.resilient_parsing:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {' or '.join(near)}?")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="ceasefire")
@click.option("-v", "--verbose", count=True, help="Say more on standard error; twice: everything.")
def main(verbose: int) -> None:
    """Watch the news of a ceasefire: fetch feeds, tag every article, search, and mail what is new.

    Start with `ceasefire run`, then `ceasefire search 'development:rejected' --since 7d`.
    """
    # transformers looks for newer weights and prints advice; we run a model that is on the disk.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
