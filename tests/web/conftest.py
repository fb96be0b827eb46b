"""The page over the sample day of examples/, asked without a browser. Built once a process; tests that write get a copy."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from pipeline.alerts.starters import SHIPPED, read_alerts
from pipeline.app import App
from pipeline.db import schema
from pipeline.sample import START, SimulatedClock, play, sample_app
from pipeline.settings import Settings
from pipeline.steps.alerts import alert_desk
from pipeline.web.access import Access
from pipeline.web.routing import CSRF_COOKIE
from pipeline.web.server import make_application

LATE = datetime(2025, 3, 18, 23, 5, tzinfo=UTC)
READER = "olena"
SECRET = "signs links in tests"
TOKEN = "a token that the test chose"


@dataclass
class Desk:
    """A page and what stands behind it. `clock` is moved by tests."""

    client: TestClient
    app: App
    clock: SimulatedClock

    def get(self, path: str, **more: Any) -> str:
        """The text of a page that is there."""
        answer = self.client.get(path, **more)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:400]}"
        return answer.text

    def post(self, path: str, fields: dict[str, Any]) -> str:
        """Send a form as our own page does; the text of the page behind the redirect."""
        answer = self.client.post(path, data={"csrf": TOKEN, **fields})
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:400]}"
        return answer.text

    def article(self, title: str) -> str:
        """The id of the article whose title begins so."""
        table = schema.article.c
        with self.app.database.read() as connection:
            return str(connection.execute(select(table.id).where(table.title.startswith(title))).scalar_one())

    def story(self, title: str) -> str:
        """The living story of that article."""
        table = schema.article.c
        with self.app.database.read() as connection:
            return str(
                connection.execute(select(table.story).where(table.title.startswith(title))).scalar_one()
            )


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the database of the sample day, its feeds and mails."""
    folder = tmp_path_factory.mktemp("sample")
    with sample_app(folder, Settings(threads=1)) as app:
        for alert in read_alerts(SHIPPED, START, recipients=("analyst@example.org",)):
            alert_desk(app).add(alert, START)
        play(app, folder, SimulatedClock(START))
    return folder


Opener = Callable[..., AbstractContextManager[Desk]]


@contextmanager
def opened(folder: Path, access: Access | None = None, **settings: Any) -> Iterator[Desk]:
    """The page over the database in `folder`."""
    base = Settings(
        database_url=f"sqlite:///{folder / 'sample.db'}",
        feeds=str(folder / "feeds.toml"),
        mail_folder=str(folder / "mail"),
        secret_key=SECRET,
        threads=1,
    )
    app, clock = App(replace(base, **settings)), SimulatedClock(LATE)
    application = make_application(app, access or Access(operator=READER), clock=clock)
    client = TestClient(application, base_url="http://127.0.0.1:8700", cookies={CSRF_COOKIE: TOKEN})
    try:
        yield Desk(client, app, clock)
    finally:
        app.close()


@pytest.fixture
def desk(sample_folder: Path) -> Iterator[Desk]:
    """The page, for reading only: its visits are another reader's, so that tests do not see each other's."""
    with opened(sample_folder, Access(operator="guest")) as found:
        yield found


@pytest.fixture
def own_folder(sample_folder: Path, tmp_path: Path) -> Path:
    """A copy of the sample that the test may change."""
    for name in ("sample.db", "feeds.toml"):
        shutil.copy(sample_folder / name, tmp_path)
    return tmp_path


@pytest.fixture
def own_desk(own_folder: Path) -> Iterator[Desk]:
    """The page over a copy, for tests that write."""
    with opened(own_folder) as found:
        yield found
