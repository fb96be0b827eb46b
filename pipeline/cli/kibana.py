"""`ceasefire kibana`: dashboards and what they rest on, kept as files and applied to a Kibana."""

from dataclasses import asdict
from pathlib import Path

import click

from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import DONE, DONE_WITH_FAILURES, CommandGroup, exit_with, json_option, with_app
from pipeline.errors import SettingsError
from pipeline.kibana.apply import Outcome
from pipeline.kibana.apply import apply as applying
from pipeline.kibana.bundle import load_bundle
from pipeline.kibana.client import DEFAULT_SPACE, Kibana
from pipeline.settings import REPOSITORY

NOTES_SHOWN = 6


@click.group(cls=CommandGroup)
def kibana() -> None:
    """Kibana's dashboards."""


@kibana.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Data views, dashboards and roles (default: kibana/ here, else the one of the clone).",
)
@click.option("--space", default=DEFAULT_SPACE, metavar="ID", help="Kibana space to apply to.")
@click.option("--without-role", is_flag=True, help="Leave the analysts' role as it is.")
@click.option(
    "--wait",
    "patience_s",
    type=click.FloatRange(0),
    default=0,
    metavar="SECONDS",
    help="Wait so long for a Kibana that starts.",
)
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would be created or changed.")
@json_option
@with_app
def apply(
    app: App,
    folder: Path | None,
    space: str,
    without_role: bool,
    patience_s: float,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Create or update data views, dashboards and the analysts' role in Kibana, under fixed ids. Deletes nothing.

    Edits that were made to these dashboards in Kibana are replaced: copy a dashboard there to change it.
    CEASEFIRE_KIBANA_URL says where Kibana is and who asks: http://user:password@host:5601.

    \b
    Example:
      CEASEFIRE_KIBANA_URL=http://elastic:secret@localhost:5601 ceasefire kibana apply
    """
    url = app.settings.kibana_url
    if not url:
        raise SettingsError("no Kibana is set: CEASEFIRE_KIBANA_URL=http://user:password@host:5601")
    bundle = load_bundle(folder or _folder())
    problems = 0
    with Kibana(url, app.settings.kibana_api_key, space) as target:
        target.wait(patience_s)
        for outcome in applying(target, bundle, roles=not without_role, dry_run=dry_run):
            problems += len(outcome.problems)
            if as_json:
                show.print_json(asdict(outcome))
            else:
                _say(outcome)
        if not as_json:
            click.echo(
                f"\nDashboards: {target.address.shown}{'' if space == DEFAULT_SPACE else f'/s/{space}'}/app/dashboards"
            )
    exit_with(DONE_WITH_FAILURES if problems else DONE)


def _folder() -> Path:
    for candidate in (Path("kibana"), REPOSITORY / "kibana"):
        if (candidate / "dashboards").is_dir():
            return candidate
    raise SettingsError("no kibana/ here; name the folder of data views and dashboards with --folder DIR")


def _say(outcome: Outcome) -> None:
    notes = ", ".join(outcome.notes[:NOTES_SHOWN])
    if len(outcome.notes) > NOTES_SHOWN:
        notes += f" and {len(outcome.notes) - NOTES_SHOWN} more"
    click.echo(f"{outcome.result:<14} {outcome.kind:<10} {outcome.id}" + (f"  ({notes})" if notes else ""))
    for problem in outcome.problems:
        click.echo(f"  problem: {problem}")
