"""Does mail work? One test message, sent as alerts are."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.notify.content import Plain
from pipeline.steps.direct import send_directly

if TYPE_CHECKING:
    from pipeline.app import App


def send_test(app: "App", recipient: str, now: datetime) -> str:
    """Send a test message the way alerts are sent; returns where it went, in words.

    Raises MailError where it cannot be sent, SettingsError for an address or setting that is wrong.
    """
    message = Plain(
        "Test mail of the ceasefire monitor",
        (
            "This is how an alert would reach you: the mail settings work.",
            "Nobody has subscribed you to anything; somebody who runs the monitor typed `ceasefire mail test`.",
        ),
    )
    return send_directly(app, recipient, message, now, f"test-{uuid.uuid4().hex}")
