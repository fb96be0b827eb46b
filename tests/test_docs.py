"""What a reader is told exists, and what exists, are the same."""

from dataclasses import fields

import click
import pytest

from pipeline.cli.main import main
from pipeline.fetch.settings import FetchSettings
from pipeline.settings import Settings
from tests.conftest import ROOT


def commands() -> dict[str, click.Command]:
    """Every command that does something, by what is typed."""
    found: dict[str, click.Command] = {}

    def walk(command: click.Command, name: str) -> None:
        if isinstance(command, click.Group):
            context = click.Context(command)
            for part in command.list_commands(context):
                inner = command.get_command(context, part)
                assert inner is not None
                walk(inner, f"{name} {part}")
        else:
            found[name] = command

    walk(main, "ceasefire")
    return found


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_is_documented_and_shows_an_example(name: str) -> None:
    assert f"| `{name}" in (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    help_text = commands()[name].help or ""
    assert "Example" in help_text, f"{name} --help shows no example"
    assert name in help_text, f"the example of {name} does not use it"


@pytest.mark.parametrize("setting", [field.name for field in (*fields(Settings), *fields(FetchSettings))])
def test_every_setting_is_documented(setting: str) -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert f"| `{setting}` |" in text or setting == "fetch"


def test_every_command_takes_the_options_that_all_share() -> None:
    for name, command in commands().items():
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"--db", "--index", "--config"} <= options, name


def test_the_readme_shows_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make run" in readme
    assert "make test" in readme
