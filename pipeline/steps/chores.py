"""What `watch` does by the clock besides its cycles: look after the feeds every hour, delete what has had its time daily.

Both can be repeated without harm, so when they ran last is kept in memory only.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.errors import ServiceError
from pipeline.steps.health import check_health
from pipeline.steps.retention import apply_retention, cut_offs

if TYPE_CHECKING:
    from pipeline.app import App

log = logging.getLogger(__name__)

HEALTH_EVERY = timedelta(hours=1)
RETENTION_EVERY = timedelta(days=1)
FIRST_RETENTION = timedelta(hours=1)
"""A monitor that was just started has more urgent things to do."""


class Chores:
    """The two of one process that goes on."""

    def __init__(self, app: "App", now: datetime) -> None:
        """Raises SettingsError for a retention policy that cannot be, before anything runs."""
        cut_offs(app.settings, now)
        self._app = app
        self._health_due = now
        self._retention_due = now + FIRST_RETENTION

    def run(self, now: Callable[[], datetime], stopped: Callable[[], bool]) -> None:
        """Do what is due. A service out of reach is logged, and tried again when it is due next."""
        moment = now()
        try:
            if moment >= self._health_due and not stopped():
                self._health_due = moment + HEALTH_EVERY
                for finding in check_health(self._app, now).unwell:
                    log.warning("%s: %s: %s", finding.subject, finding.state, finding.detail)
            if moment >= self._retention_due and not stopped():
                self._retention_due = moment + RETENTION_EVERY
                report = apply_retention(self._app, now, apply=True, stopped=stopped)
                log.info("retention: %s", {name: count for name, count in report.counts.items() if count})
        except ServiceError as error:
            log.error("a timed step could not be done, it comes again when it is due: %s", error)
