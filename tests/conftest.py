"""What tests share: databases of both kinds, the data beside the project, and the rule on parts that are absent."""

import os
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from pipeline.db import migrate
from pipeline.db.engine import Database, open_database
from tests import postgres

ROOT = Path(__file__).resolve().parent.parent

os.environ.setdefault("HF_HUB_OFFLINE", "1")
for name in list(os.environ):
    # The operator's own settings must not leak into tests.
    if (
        name.startswith("CEASEFIRE_")
        and not name.startswith("CEASEFIRE_TEST_")
        and name != "CEASEFIRE_SHARED"
    ):
        del os.environ[name]


def absent(part: str, why: str) -> None:
    """A real part that a test needs is not there: skip, or fail where CEASEFIRE_TEST_REQUIRE names it."""
    if part in os.environ.get("CEASEFIRE_TEST_REQUIRE", "").split(","):
        pytest.fail(f"{part} is required here (CEASEFIRE_TEST_REQUIRE): {why}")
    pytest.skip(f"{part}: {why}")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the project."""
    folder = Path(os.environ.get("CEASEFIRE_SHARED", ROOT.parent / "shared"))
    if not (folder / "data" / "dev.jsonl").exists():
        absent("shared", f"no data folder at {folder}; set CEASEFIRE_SHARED")
    return folder


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the maintenance database of a PostgreSQL that this session started."""
    if postgres.programs() is None:
        absent("postgres", "PostgreSQL's server programs (Debian: postgresql) are not installed")
    with postgres.server(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of an empty database of its own."""
    name = f"test_{uuid.uuid4().hex}"
    admin = create_engine(
        postgres_server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield postgres_server.rsplit("/", 1)[0] + "/" + name
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with the present schema, of each kind in turn."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'test.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    opened = open_database(url)
    migrate.upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database with the present schema, for what does not depend on the kind."""
    opened = open_database(f"sqlite:///{tmp_path / 'test.db'}")
    migrate.upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def now() -> datetime:
    """A fixed moment: tests never read the machine's clock."""
    return datetime(2025, 3, 18, 18, 0, tzinfo=UTC)


@pytest.fixture
def clock(now: datetime) -> Callable[[], datetime]:
    """A clock that stands still at `now`."""
    return lambda: now
