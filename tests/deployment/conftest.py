"""A .env as `make env` writes it, and the real Elasticsearch of the index tests with security switched on."""

import importlib.util
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import ROOT, absent
from tests.deployment import compose
from tests.elasticsearch_node import node


def script(name: str) -> ModuleType:
    """A module of deploy/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "deploy" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """A fresh .env."""
    path = tmp_path / ".env"
    script("make_env").write(ROOT / ".env.example", path)
    return path


@pytest.fixture
def secrets(env_file: Path) -> Mapping[str, str]:
    """What a fresh .env holds."""
    return compose.environment_of(env_file)


@pytest.fixture(scope="session")
def secured_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """URL of a node that wants passwords, and the one of `elastic`."""
    pytest.importorskip("elasticsearch")
    required = "elasticsearch" in os.environ.get("CEASEFIRE_TEST_REQUIRE", "").split(",")
    if reason := node.why_absent(may_download=required):
        absent("elasticsearch", reason)
    settings = (
        "xpack.security.enabled=true",
        "secure:bootstrap.password=first-password",
        "xpack.security.transport.ssl.enabled=false",
        "xpack.security.http.ssl.enabled=false",
        "xpack.license.self_generated.type=basic",
    )
    with node.running(tmp_path_factory.mktemp("secured"), settings) as running:
        _until_healthy(running.url, "first-password")
        yield running.url, "first-password"


def _until_healthy(url: str, password: str) -> None:
    """Wait as the compose file's health check does: a node that has just started refuses even the right password."""
    from elasticsearch import ApiError, Elasticsearch, TransportError

    client = Elasticsearch(url, basic_auth=("elastic", password))
    deadline = time.monotonic() + node.START_TIMEOUT_S
    while True:
        try:
            client.cluster.health(wait_for_status="yellow", timeout="5s")
            break
        except (ApiError, TransportError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
    client.close()
