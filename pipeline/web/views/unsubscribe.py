"""Leaving an alert by the link in its mail: GET shows, POST does it (RFC 8058), without login and when read-only."""

from starlette.responses import Response

from pipeline.db import alerts as rows
from pipeline.errors import NotFoundError
from pipeline.notify.unsubscribe import alert_of, recipient_of
from pipeline.types import Alert
from pipeline.web.routing import Visit, action, page


def show(visit: Visit) -> Response:
    """What the link is for, and a button. Nothing is changed: mail scanners follow links."""
    alert, recipient = _named(visit)
    return visit.render(
        "unsubscribe.html", active="", title="Unsubscribe", alert=alert, recipient=recipient, done=False,
        token=visit.path("token"),
    )  # fmt: skip


def leave(visit: Visit) -> Response:
    """Take the recipient off the alert. The token is all the authority it needs."""
    alert, recipient = _named(visit)
    if recipient is not None:
        with visit.site.app.database.write() as connection:
            rows.unsubscribe(connection, alert.id, recipient)
    return visit.render(
        "unsubscribe.html", active="", title="Unsubscribed", alert=alert, recipient=recipient, done=True,
        token=visit.path("token"),
    )  # fmt: skip


def _named(visit: Visit) -> tuple[Alert, str | None]:
    """The alert, and the recipient where they are still on it. Raises NotFoundError for a token that is not ours."""
    token, secret = visit.path("token"), visit.site.app.settings.secret_key
    number = alert_of(secret, token) if secret else None
    if number is not None:
        with visit.site.app.database.read() as connection:
            alert = rows.by_id(connection, number)
        if alert is not None:
            return alert, recipient_of(secret, token, alert.recipients)
    raise NotFoundError(
        "This link is not, or no longer, one of ours. Nothing is sent by that alert any more."
    )


ROUTES = (page("/unsubscribe/{token}", show), action("/unsubscribe/{token}", leave, open_to_all=True))
