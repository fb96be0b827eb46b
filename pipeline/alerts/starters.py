"""The starter alerts, and alerts out of a file that replay and the sample run take (`--alerts FILE`)."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.alerts.check import check
from pipeline.errors import SettingsError
from pipeline.types import Alert

SHIPPED = Path(__file__).resolve().parent.parent / "starter_alerts.toml"

GIVEN = frozenset(field.name for field in fields(Alert)) - {"id", "since", "created", "paused", "starter"}
TUPLES = frozenset({"recipients", "quiet"})


def read_alerts(
    path: Path, now: datetime, *, starter: bool = False, recipients: tuple[str, ...] = ()
) -> list[Alert]:
    """The alerts of a TOML file of [[alert]] tables, open from `now` on (starters: paused).

    `recipients` are for those that name none. Raises SettingsError with the file, the alert and what is wrong.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from error
    entries = document.get("alert", [])
    if set(document) - {"alert"} or not isinstance(entries, list):
        raise SettingsError(f"{path}: only [[alert]] tables may stand here")
    alerts = [
        _alert(path, number, entry, now, starter, recipients) for number, entry in enumerate(entries, 1)
    ]
    names = [alert.name for alert in alerts]
    if len(set(names)) < len(names):
        raise SettingsError(f"{path}: two alerts have the same name")
    return alerts


def _alert(
    path: Path,
    number: int,
    entry: Mapping[str, Any],
    now: datetime,
    starter: bool,
    recipients: tuple[str, ...],
) -> Alert:
    where = f"{path}: alert {number} ({entry.get('name', 'without a name')})"
    unknown = sorted(set(entry) - GIVEN)
    missing = sorted({"name", "query"} - set(entry))
    if unknown or missing:
        raise SettingsError(
            f"{where}: "
            + (f"unknown keys {', '.join(unknown)}" if unknown else f"{', '.join(missing)} missing")
        )
    values = {key: tuple(value) if key in TUPLES else value for key, value in entry.items()}
    defaults: dict[str, Any] = {"recipients": recipients, "cadence": "instant"}
    alert = Alert(
        id=0, since=now, created=now, paused=starter, starter=starter or not values.get("recipients", recipients),
        **{**defaults, **values},
    )  # fmt: skip
    try:
        check(alert)
    except (SettingsError, TypeError, AttributeError) as error:
        raise SettingsError(f"{where}: {error}") from error
    return alert
