"""`ceasefire serve`: the analysts' page."""

import getpass
import logging
import socket
from pathlib import Path

import click

from pipeline.app import App
from pipeline.cli.options import feeds_option, with_app
from pipeline.errors import ServiceError, SettingsError
from pipeline.settings import Settings
from pipeline.web.access import Access, check_binding, hashed, networks, read_users


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8700, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")
@click.option("--read-only", is_flag=True, help="Nothing can be changed on the page.")
@click.option("--add-user", metavar="NAME", help="Ask for a password, write it to the users file, and end.")
@feeds_option
@with_app
def serve(app: App, host: str, port: int, read_only: bool, add_user: str | None) -> None:
    """Serve the analysts' page: search, follow and correct, in a browser.

    On this machine nobody is asked who they are. Elsewhere readers log in, by CEASEFIRE_WEB_USERS or a trusted proxy;
    without either it does not start.

    \b
    Examples:
      ceasefire serve
      CEASEFIRE_WEB_USERS=users ceasefire serve --add-user olena
      CEASEFIRE_WEB_USERS=users ceasefire serve --host 0.0.0.0
    """
    if add_user is not None:
        _add_user(app.settings, add_user)
        return
    import uvicorn

    from pipeline.web.server import keep_what_is_loaded, make_application

    access = access_from(app.settings, read_only=read_only)
    check_binding(host, access)
    _ = (app.database, app.index)  # a schema that is too old, or an index that is not set, is told now
    application = make_application(app, access, host)
    listening = uvicorn.Config(
        application, host=host, port=port, log_level="warning", access_log=False, proxy_headers=False,
        server_header=False, timeout_graceful_shutdown=5,
    )  # fmt: skip
    listener = _listen(host, port)
    bound = listener.getsockname()
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    click.echo(f"serving http://{shown}:{bound[1]}/ over {app.database.describe()}; Ctrl-C ends it")
    keep_what_is_loaded()
    try:
        uvicorn.Server(listening).run(sockets=[listener])
    except KeyboardInterrupt:
        click.echo("ended")


def _listen(host: str, port: int) -> socket.socket:
    """The socket to serve on. Raises ServiceError where the address is taken, or is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ServiceError(
            f"cannot listen at {host}, port {port}: {error.strerror}; choose another with --host and --port"
        ) from error


def access_from(settings: Settings, *, read_only: bool) -> Access:
    """Who may come in, by the settings. Raises SettingsError for a users file or networks that cannot be read."""
    return Access(
        operator=getpass.getuser(),
        users=read_users(Path(settings.web_users)) if settings.web_users else {},
        proxies=networks(settings.trusted_proxies),
        header=settings.proxy_user_header,
        read_only=read_only,
    )


def _add_user(settings: Settings, name: str) -> None:
    if not settings.web_users:
        raise SettingsError("set CEASEFIRE_WEB_USERS to the users file first")
    if ":" in name or not name.strip() or name.startswith("#"):
        raise SettingsError(f"{name!r} cannot be a user's name: no colon, and not empty")
    path = Path(settings.web_users)
    password = click.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if line.partition(":")[0] != name]
    if not path.exists():
        path.touch(mode=0o600)
    path.write_text("\n".join([*kept, f"{name}:{hashed(password)}", ""]), encoding="utf-8")
    click.echo(f"{name} may log in; {path} holds {len(kept) + 1} users")
