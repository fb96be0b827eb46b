"""`ceasefire alert`: saved queries with recipients; and the digests that are due."""

import shlex
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click
from rich.text import Text

from pipeline import cycle
from pipeline.alerts.check import language_warnings
from pipeline.alerts.facts import Mute
from pipeline.alerts.simulate import Simulation
from pipeline.app import App
from pipeline.cli import show
from pipeline.cli.options import CommandGroup, json_option, typed, with_app
from pipeline.clock import utc_now
from pipeline.db import alerts as alert_rows
from pipeline.db import ids, overview
from pipeline.db import stories as story_rows
from pipeline.db import threads as thread_rows
from pipeline.errors import SettingsError
from pipeline.notify.compose import would_say
from pipeline.notify.words import Phrases
from pipeline.periods import parse_moment
from pipeline.query import language
from pipeline.steps.alerts import alert_desk
from pipeline.steps.digests import send_digests
from pipeline.types import Alert

SHOWN = 20


@click.group(cls=CommandGroup)
def alert() -> None:
    """Saved queries that mail what is new, and only that."""


def alert_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that `add` and `edit` share; those not given stay as they are."""
    for option in reversed(
        (
            click.option("--to", "recipients", multiple=True, metavar="ADDRESS", help="Mail address or https:// webhook; may be repeated."),
            click.option("--cadence", type=click.Choice(["instant", "hourly", "daily"]), help="When it speaks (default: instant)."),
            click.option("--at", "daily_at", metavar="HH:MM", help="Time of the daily digest."),
            click.option("--zone", metavar="ZONE", help="The recipients' time zone, for example Europe/Kyiv."),
            click.option("--quiet", metavar="FROM-TO", help="Hours without mails, for example 22:00-06:30; what happens then comes after."),
            click.option("--cap", "daily_cap", type=click.IntRange(1), help="Most mails a day; the rest goes into a digest."),
            click.option("--expires", metavar="WHEN", help="When it ends, for example 2026-12-31."),
            click.option("--min-score", type=click.FloatRange(0, 1), help="Least score of the labels it fires on."),
            click.option("--uncertain/--certain", "include_uncertain", default=None, help="Also fire on uncertain labels."),
            click.option("--all-forms/--reports-only", "all_forms", default=None, help="Also round-ups, explainers, opinion."),
            click.option("--nothing-new/--only-news", "say_nothing_new", default=None, help="A daily digest says when nothing is new."),
            click.option("--thread", metavar="THREAD", help="Only stories of this thread (id or name)."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def _given(app: App, now: datetime, options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as fields of an Alert. Raises NotFoundError for a thread that is not there."""
    given = {key: value for key, value in options.items() if value not in (None, ())}
    if "quiet" in given:
        start, dash, end = str(given["quiet"]).partition("-")
        if not dash:
            raise SettingsError(f"--quiet {given['quiet']!r}: write FROM-TO, for example 22:00-06:30")
        given["quiet"] = (start.strip(), end.strip())
    if "expires" in given:
        given["expires"] = parse_moment(str(given["expires"]), now, given.get("zone", "UTC"))
    if "thread" in given:
        with app.database.read() as connection:
            given["thread"] = thread_rows.find(connection, ids.thread(connection, given["thread"])).id
    return given


@alert.command()
@click.argument("name")
@click.argument("query")
@alert_options
@with_app
def add(app: App, name: str, query: str, **options: Any) -> None:
    """Save QUERY under NAME. It fires on what arrives from now on.

    \b
    Example:
      ceasefire alert add Rejections 'development:rejected' --to you@example.org --zone Europe/Kyiv
    """
    now = utc_now()
    given = {"cadence": "instant", "recipients": (), **_given(app, now, options)}
    made = alert_desk(app).add(Alert(id=0, name=name, query=query, since=now, created=now, **given), now)
    click.echo(f"alert {made.name!r} is on; {where_mails_go(app)}")
    _warn(app, query, now)


def where_mails_go(app: App) -> str:
    """How messages leave with the present settings."""
    if app.settings.smtp_url:
        return "mails go out over SMTP"
    return f"no mail server is set (CEASEFIRE_SMTP_URL), so mails are written to {app.settings.resolved_mail_folder()} as .eml files"


def _warn(app: App, query: str, now: datetime) -> None:
    parsed = language.parse(query, labels=app.labels, now=now)
    for warning in language_warnings(parsed):
        click.echo(f"note: {warning}", err=True)


@alert.command()
@click.argument("name")
@click.option("--name", "new_name", help="A new name.")
@click.option("--query", help="A new query.")
@alert_options
@with_app
def edit(app: App, name: str, new_name: str | None, query: str | None, **options: Any) -> None:
    """Change alert NAME. One that asks for something else sees later arrivals only: no storm of old news.

    \b
    Example:
      ceasefire alert edit "The plant" --to you@example.org
    """
    now = utc_now()
    changes = _given(app, now, {**options, "name": new_name, "query": query})
    if not changes:
        raise SettingsError("nothing to change; `ceasefire alert edit --help` lists what can be")
    changed = alert_desk(app).edit(name, changes, now)
    click.echo(f"alert {changed.name!r} is changed" + ("; it is paused" if changed.paused else ""))
    _warn(app, changed.query, now)


@alert.command("list")
@json_option
@with_app
def list_alerts(app: App, as_json: bool) -> None:
    """Show every alert.

    \b
    Example:
      ceasefire alert list
    """
    with app.database.read() as connection:
        alerts = alert_rows.list_all(connection)
        said = overview.messages_by_alert(connection)
    if as_json:
        for item in alerts:
            show.print_json({**asdict(item), "messages": said.get(item.id, 0)})
        return
    if not alerts:
        click.echo(f"no alerts yet; {typed('run')} brings five to start from, {typed('alert add')} makes one")
        return
    table = show.table("alert", "state", "cadence", "to", "said", "query", wide="query")
    for item in alerts:
        state = "paused" if item.paused else "on"
        recipients = ", ".join(item.recipients) or "nobody yet"
        show.row(table, item.name, state, item.cadence, recipients, said.get(item.id, 0), item.query)
    show.console().print(table)


@alert.command("show")
@click.argument("name")
@with_app
def show_alert(app: App, name: str) -> None:
    """Show alert NAME: its settings, what is muted, and what it said last and why.

    \b
    Example:
      ceasefire alert show Rejections
    """
    now = utc_now()
    with app.database.read() as connection:
        item = alert_rows.get(connection, name)
        mutes = {
            number: mute
            for number, mute in alert_rows.mutes(connection, now).items()
            if mute.alert in (None, item.id)
        }
        messages = overview.messages_of(connection, item.id, SHOWN)
    console = show.console()
    table = show.table("", "", wide="")
    table.show_header = False
    for key, value in asdict(item).items():
        if value not in (None, "", ()):
            show.row(table, key.replace("_", " "), ", ".join(value) if isinstance(value, tuple) else value)
    console.print(table)
    for number, mute in mutes.items():
        console.print(f"mute {number}: {_mute_words(mute)}", markup=False)
    if messages:
        said = show.table("UTC", "said", "to", title="\nLast messages", wide="said")
        for message in messages:
            show.row(said, show.short_time(message.at), message.subject, ", ".join(message.recipients))
        console.print(said)


@alert.command()
@click.argument("name")
@with_app
def remove(app: App, name: str) -> None:
    """Forget alert NAME with all that it announced.

    \b
    Example:
      ceasefire alert remove Rejections
    """
    with app.database.write() as connection:
        alert_rows.remove(connection, name)
    click.echo(f"alert {name!r} is removed")


@alert.command()
@click.argument("name")
@with_app
def pause(app: App, name: str) -> None:
    """Let alert NAME rest. What happens meanwhile is not sent later.

    \b
    Example:
      ceasefire alert pause Rejections
    """
    alert_desk(app).pause(name)
    click.echo(f"alert {name!r} is paused; {typed(f'alert resume {shlex.quote(name)}')} opens it again")


@alert.command()
@click.argument("name")
@with_app
def resume(app: App, name: str) -> None:
    """Open alert NAME again, for what arrives from now on.

    \b
    Example:
      ceasefire alert resume "The plant"
    """
    alert_desk(app).resume(name, utc_now())
    click.echo(f"alert {name!r} is on; {where_mails_go(app)}")


@alert.command()
@click.argument("name")
@click.option("--days", type=click.FloatRange(0.01, 3650), default=30.0, show_default=True)
@json_option
@with_app
def test(app: App, name: str, days: float, as_json: bool) -> None:
    """Show what alert NAME would have sent over the last days, and how many mails grouping saved. Sends nothing.

    \b
    Example:
      ceasefire alert test Rejections --days 30
    """
    now = utc_now()
    desk = alert_desk(app)
    with app.database.read() as connection:
        item = alert_rows.get(connection, name)
    result = desk.test(item, days, now)
    if as_json:
        show.print_json(_simulation_json(result, desk.desk.words))
        return
    table = show.table("UTC", "outlet", "would have said", wide="would have said")
    for news in result.news:
        said = show.clean(would_say(news, desk.desk.words))
        title = show.clean(news.article.title, 160)
        cell = Text(said)
        if title not in said:
            cell.append(f"\n{title}", "dim")
        show.row(table, show.short_time(news.at), show.clean(news.article.outlet, 20), cell)
    console = show.console()
    console.print(table if result.news else "nothing would have been sent")
    for day in result.days:
        console.print(
            f"{day.day}: {show.plural(day.messages, 'mail')} for {show.plural(day.articles, 'article')}"
        )
    console.print(
        f"\n{show.plural(result.messages, 'mail')} for {show.plural(result.articles, 'matching article')} "
        f"in {days:g} days; grouping saved {show.plural(result.saved, 'mail')}"
    )


def _simulation_json(result: Simulation, words: Phrases) -> dict[str, Any]:
    return {
        "messages": result.messages,
        "articles": result.articles,
        "saved": result.saved,
        "days": [asdict(day) for day in result.days],
        "news": [
            {
                "at": news.at,
                "story": news.story,
                "article": news.article.id,
                "said": would_say(news, words),
                "keys": [str(key) for key in news.keys],
            }
            for news in result.news
        ],
    }


@alert.command()
@click.argument("kind", type=click.Choice(["story", "thread", "outlet", "phrase"]))
@click.argument("value")
@click.option("--alert", "name", help="Only for this alert (default: all).")
@click.option("--recipient", help="Only for this recipient (default: all).")
@click.option("--until", metavar="WHEN", help="When it ends (default: never).")
@with_app
def mute(app: App, kind: str, value: str, name: str | None, recipient: str | None, until: str | None) -> None:
    """Silence a story, thread, outlet or phrase.

    \b
    Example:
      ceasefire alert mute outlet "Neva Bulletin" --alert Rejections --until 2026-12-31
    """
    now = utc_now()
    end = parse_moment(until, now) if until else None
    if end is not None and end <= now:
        raise SettingsError(
            f"--until {until} is past: nothing would be muted; write a day to come, or now+7d for the next week"
        )
    with app.database.write() as connection:
        if kind == "story":
            value = story_rows.resolve(connection, ids.story(connection, value))
        elif kind == "thread":
            value = thread_rows.find(connection, ids.thread(connection, value)).id
        number = alert_rows.get(connection, name).id if name else None
        made = alert_rows.mute(connection, Mute(kind, value, number, recipient, end), now)
    click.echo(f"mute {made}: {kind} {value!r}; {typed(f'alert unmute {made}')} takes it back")


@alert.command()
@click.argument("number", type=int)
@with_app
def unmute(app: App, number: int) -> None:
    """Take mute NUMBER back.

    \b
    Example:
      ceasefire alert unmute 3
    """
    with app.database.write() as connection:
        alert_rows.unmute(connection, number)
    click.echo(f"mute {number} is gone")


def _mute_words(mute: Mute) -> str:
    whom = mute.recipient or "everybody"
    until = f" until {mute.until:%d %b %Y %H:%M} UTC" if mute.until else ""
    return f"{mute.kind} {mute.value!r} for {whom}{until}"


@click.command()
@with_app
def digest(app: App) -> None:
    """Send the hourly and daily digests that are due. `watch` does it by itself.

    \b
    Example:
      ceasefire digest
    """
    report = send_digests(app, utc_now)
    sent = cycle.send(app, utc_now)
    click.echo(f"{show.plural(report.digests, 'digest')} made, {show.plural(sent.sent, 'message')} sent")
    for problem in report.problems:
        click.echo(f"problem: {problem}", err=True)
