"""Airflow in this process, for `dag.test()`: its metadata in the session's PostgreSQL, its home in a temporary folder."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from pipeline.db import migrate
from pipeline.db.engine import open_database
from tests.conftest import ROOT, absent
from tests.pipeline.test_scheduled import OUTLETS, Newsroom
from tests.servers import FeedServer
from tests.smtp import MailServer

if TYPE_CHECKING:
    from airflow.sdk import DAG

DAGS = ROOT / "dags"

AIRFLOWS_OWN_WARNINGS = (
    "ignore:GitWildMatchPattern:DeprecationWarning",  # Airflow reads .airflowignore with an old class of pathspec
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Warnings are errors here too, but for those that Airflow gives of itself."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for warning in AIRFLOWS_OWN_WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(warning))


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory, postgres_server: str) -> dict[str, "DAG"]:
    """Every DAG by its id, Airflow being set up: nothing of it may be imported before."""
    try:
        import importlib.metadata

        importlib.metadata.version("apache-airflow")
    except importlib.metadata.PackageNotFoundError:
        absent("airflow", "apache-airflow is not installed (the extra `airflow`)")
    admin = create_engine(
        postgres_server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE airflow"))
    admin.dispose()
    metadata = postgres_server.replace("postgresql:", "postgresql+psycopg:").rsplit("/", 1)[0] + "/airflow"
    os.environ |= {
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__FERNET_KEY": "cGFzc3dvcmRwYXNzd29yZHBhc3N3b3JkcGFzc3dvcmQ=",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": metadata,
    }
    from airflow.dag_processing.dagbag import BundleDagBag
    from airflow.utils.db import initdb

    initdb()
    bag = BundleDagBag(
        dag_folder=DAGS,
        bundle_path=DAGS,
        bundle_name="dags-folder",
        known_pools={"default_pool", "tagger", "archive"},
    )
    assert bag.import_errors == {}
    assert bag.captured_warnings == {}, "of deprecated names or unknown pools"
    return dict(bag.dags)


@pytest.fixture
def newsroom(
    airflow: dict[str, "DAG"], postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Newsroom]:
    """Three outlets, a mail server and an open alert, on PostgreSQL; Airflow's variables are empty."""
    database = open_database(postgres_url)
    migrate.upgrade(database)
    database.close()
    servers = {name: FeedServer(host) for name, host in OUTLETS.items()}
    with servers["east"], servers["west"], servers["north"], MailServer() as mails:
        made = Newsroom(tmp_path, servers, mails, postgres_url)
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(os, "nice", lambda _more: 0)  # this process is the tests', not a task's
        made.prepare()
        yield made
    forget_variables()


def forget_variables() -> None:
    """What the operator was told is remembered in Airflow's variables, across tests otherwise."""
    from airflow.models.variable import Variable
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        session.execute(delete(Variable))
