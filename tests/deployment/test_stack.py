"""The commands of the compose file's services, run one after the other against real parts, as Compose would start them."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import create_engine, text

from tests import postgres
from tests.conftest import ROOT, absent
from tests.deployment import compose
from tests.deployment.conftest import script
from tests.servers import FeedServer, item, rss

elasticsearch = pytest.importorskip("elasticsearch")

PATIENCE_S = 300
"""A worker that has not taken in one feed by then hangs."""


def beside(environment: Mapping[str, str], **addresses: str) -> dict[str, str]:
    """A service's environment with the addresses of the parts under test in place of Compose's host names."""
    found = {}
    for name, value in environment.items():
        for service, address in addresses.items():
            value = value.replace(service, address)
        found[name] = value
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **found}


def client(url: str, user: str, password: str) -> Any:
    return elasticsearch.Elasticsearch(url, basic_auth=(user, password))


def set_up(url: str, environment: Mapping[str, str], **changes: str) -> subprocess.CompletedProcess[str]:
    """The command of the service `elasticsearch-setup`."""
    given = beside(environment, **{"http://elasticsearch:9200": url}) | {"PYTHONPATH": str(ROOT)} | changes
    return subprocess.run(
        [sys.executable, ROOT / "deploy/elasticsearch_setup.py"],
        env=given,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def stack(secured_node: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A .env whose ELASTIC_PASSWORD is the node's, and the set-up job done."""
    url, password = secured_node
    path = tmp_path_factory.mktemp("stack") / ".env"
    script("make_env").write(ROOT / ".env.example", path)
    values = compose.environment_of(path) | {"ELASTIC_PASSWORD": password}
    environment = compose.services(values, "watch")["elasticsearch-setup"]["environment"]
    for _ in range(2):  # it runs at every start
        done = set_up(url, environment)
        assert done.returncode == 0, done.stderr
    assert "templates and the index of this month are there" in done.stdout
    assert not [
        value for name, value in values.items() if "PASSWORD" in name and value in done.stdout + done.stderr
    ]
    return values | {"url": url}


def test_kibana_gets_its_own_password(stack: Mapping[str, str]) -> None:
    me = client(stack["url"], "kibana_system", stack["KIBANA_SYSTEM_PASSWORD"]).security.authenticate()
    assert me["username"] == "kibana_system"


def test_kibanas_data_views_find_their_indices_on_the_first_day(stack: Mapping[str, str]) -> None:
    told = client(stack["url"], "ceasefire", stack["ELASTICSEARCH_WRITER_PASSWORD"])
    assert told.indices.exists(index="ceasefire-articles")
    assert told.indices.exists(index="ceasefire-feeds")
    fields = told.field_caps(index="ceasefire-articles", fields="acts.*")["fields"]
    assert "acts.rejected_by" in fields


def test_the_writer_may_write_our_indices_and_no_others(stack: Mapping[str, str]) -> None:
    writer = client(stack["url"], "ceasefire", stack["ELASTICSEARCH_WRITER_PASSWORD"])
    with pytest.raises(elasticsearch.AuthorizationException):
        writer.index(index="others", document={})
    with pytest.raises(elasticsearch.AuthorizationException):
        writer.security.get_user()


def test_the_analyst_reads_and_cannot_write(stack: Mapping[str, str]) -> None:
    role = json.loads((ROOT / "kibana/roles/ceasefire-analyst.json").read_text(encoding="utf-8"))[
        "elasticsearch"
    ]
    root = client(stack["url"], "elastic", stack["ELASTIC_PASSWORD"])
    root.security.put_role(name="ceasefire-analyst", indices=role["indices"], cluster=role["cluster"])
    analyst = client(stack["url"], "analyst", stack["ANALYST_PASSWORD"])
    assert analyst.search(index="ceasefire-articles")["hits"]["total"]["value"] >= 0
    with pytest.raises(elasticsearch.AuthorizationException):
        analyst.index(index="ceasefire-articles", document={})
    with pytest.raises(elasticsearch.AuthorizationException):
        analyst.search(index="ceasefire-index-state")


def test_a_password_that_the_volume_does_not_know_is_explained(stack: Mapping[str, str]) -> None:
    environment = compose.services(stack, "watch")["elasticsearch-setup"]["environment"]
    done = set_up(stack["url"], environment, ELASTIC_PASSWORD="another")
    assert done.returncode == 3
    assert "Its volume keeps the password that it was made with" in done.stderr
    missing = set_up(stack["url"], environment, ANALYST_PASSWORD="")
    assert (missing.returncode, missing.stderr.startswith("error: ANALYST_PASSWORD must be set")) == (2, True)


def databases(server: str, environment: Mapping[str, str]) -> None:
    """The script that the PostgreSQL image runs once."""
    folder = postgres.programs()
    assert folder is not None
    parts = urlsplit(server)
    subprocess.run(
        ["bash", ROOT / "deploy/postgres_databases.sh"],
        check=True,
        env={
            **environment,
            "PATH": f"{folder}:{os.environ['PATH']}",
            "POSTGRES_USER": "postgres",
            "PGHOST": str(parts.hostname),
            "PGPORT": str(parts.port),
        },
    )


def postgres_needed() -> None:
    """Skip, or fail where it is required, without a PostgreSQL."""
    if postgres.programs() is None:
        absent("postgres", "PostgreSQL's server programs (Debian: postgresql) are not installed")


def test_the_database_script_makes_two_databases_that_keep_to_themselves(
    tmp_path: Path, secrets: Mapping[str, str]
) -> None:
    postgres_needed()
    with postgres.server(tmp_path) as server:
        awkward = secrets | {"AIRFLOW_DB_PASSWORD": 'it\'s "odd" $HOME'}
        databases(server, compose.services(awkward)["postgres"]["environment"])
        admin = create_engine(server.replace("postgresql:", "postgresql+psycopg:"))
        with admin.connect() as connection:
            owners = dict(
                connection.execute(text("SELECT datname, datdba::regrole::text FROM pg_database")).all()
            )
            strangers = connection.execute(
                text("SELECT has_database_privilege('airflow', 'ceasefire', 'CONNECT')")
            ).scalar_one()
        admin.dispose()
    assert (owners["ceasefire"], owners["airflow"], strangers) == ("ceasefire", "airflow", False)


def test_migrate_and_watch_take_news_from_feed_to_index_and_stop_when_told(
    stack: Mapping[str, str], tmp_path: Path
) -> None:
    postgres_needed()
    services = compose.services(stack, "watch")
    with postgres.server(tmp_path / "postgres") as server, FeedServer() as web:
        databases(server, services["postgres"]["environment"])
        feed = web.feed("/rss", rss(item(1, title="Russia rejects the 30-day truce")))
        feeds = tmp_path / "feeds.toml"
        feeds.write_text(
            f'[[feed]]\nname = "one"\nurl = "{feed}"\noutlet = "One"\nowner = "One"\ncountry = "US"\n'
            'side = "third-party"\nlanguage = "en"\nkind = "news"\n',
            encoding="utf-8",
        )
        parts = urlsplit(server)
        environment = beside(
            services["watch"]["environment"],
            **{
                "postgres:5432": f"{parts.hostname}:{parts.port}",
                "elasticsearch:9200": urlsplit(stack["url"]).netloc,
                "/opt/ceasefire/feeds.toml": str(feeds),
                "/opt/ceasefire/var": str(tmp_path / "var"),
                "smtp://mailpit:1025?starttls=off": "",
            },
        ) | {"CEASEFIRE_ALLOW_PRIVATE_ADDRESSES": "1", "PYTHONUNBUFFERED": "1"}
        ceasefire = str(Path(sys.executable).with_name("ceasefire"))
        for _ in range(2):
            subprocess.run(
                [ceasefire, *services["migrate"]["command"]], env=environment, check=True, timeout=300
            )
        with subprocess.Popen(
            [ceasefire, *services["watch"]["command"]], env=environment, stdout=subprocess.PIPE, text=True
        ) as watch:
            assert watch.stdout is not None
            patience = threading.Timer(PATIENCE_S, watch.kill)
            patience.start()
            said = ""
            for line in watch.stdout:
                said += line
                if "1 new" in line or "problem" in line:
                    watch.send_signal(signal.SIGTERM)
            patience.cancel()
            assert watch.wait() == 0, said
        assert "stopped; nothing is half done" in said
        reader = client(stack["url"], "ceasefire", stack["ELASTICSEARCH_WRITER_PASSWORD"])
        found = reader.search(index="ceasefire-articles", query={"match": {"title": "truce"}})
        assert [hit["_source"]["title"] for hit in found["hits"]["hits"]] == [
            "Russia rejects the 30-day truce"
        ]
        assert reader.get(index="ceasefire-feeds", id="one")["_source"]["state"] == "well"
