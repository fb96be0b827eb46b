"""docker-compose.yml without a Docker: the specification's schema, and that everything it names exists and fits together."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator

from pipeline.cli.main import main
from pipeline.settings import load_settings
from tests.conftest import ROOT, absent
from tests.deployment import compose

PROFILES = ((), ("watch",), ("airflow",), ("watch", "dashboards"))
SECRET = re.compile(r"PASSWORD|SECRET|KEY$|FERNET|TOKEN")


def every_service(secrets: Mapping[str, str]) -> dict[str, Any]:
    return compose.services(secrets, "watch", "airflow", "dashboards")


def one_shots(services: Mapping[str, Any]) -> set[str]:
    return {name for name, service in services.items() if service.get("restart") == "no"}


def test_it_follows_the_compose_specification() -> None:
    schema = (
        Path(os.environ.get("CEASEFIRE_SHARED", ROOT.parent / "shared")) / "compose" / "compose-spec.json"
    )
    if not schema.exists():
        absent("shared", f"no {schema}")
    validator = Draft7Validator(json.loads(schema.read_text(encoding="utf-8")))
    assert [
        f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(compose.raw())
    ] == []


def test_every_variable_is_in_the_example_and_every_line_of_the_example_is_used() -> None:
    used = {name for name, _, _ in compose.variables(compose.raw())}
    listed = set(compose.environment_of(compose.EXAMPLE))
    assert used - listed == set()
    assert listed - used == {"COMPOSE_PROFILES"}, "Compose itself reads that one"


def test_defaults_in_the_file_are_those_of_the_example() -> None:
    example = compose.environment_of(compose.EXAMPLE)
    for name, how, rest in compose.variables(compose.raw()):
        if how == ":-" and rest:
            assert rest == example[name], name


def test_no_secret_has_a_default_and_a_missing_one_says_what_to_do() -> None:
    example = compose.environment_of(compose.EXAMPLE)
    for name, how, rest in compose.variables(compose.raw()):
        if SECRET.search(name):
            assert (how, rest) == (":?", "run make env"), name
            assert example[name] == "", name
    with pytest.raises(KeyError, match=r"required variable .* is missing a value: run make env"):
        compose.services({})


def test_every_line_of_the_example_is_explained() -> None:
    text = compose.EXAMPLE.read_text(encoding="utf-8")
    for block in re.split(r"^# ---.*$", text, flags=re.MULTILINE)[1:]:
        for paragraph in block.strip().split("\n\n"):
            assert re.match(r"#|\w+_PORT=", paragraph), f"no word on {paragraph.splitlines()[0]}"


def test_no_secret_stands_in_a_command(secrets: Mapping[str, str]) -> None:
    """Commands show in `docker ps` and `ps`; containers get their secrets from the environment."""
    hidden = {value for name, value in secrets.items() if SECRET.search(name)}
    for name, service in every_service(secrets).items():
        for key in ("command", "entrypoint", "healthcheck", "labels"):
            assert not [value for value in hidden if value in json.dumps(service.get(key, ""))], name


def test_images_have_a_fixed_version_and_ours_is_built_once(secrets: Mapping[str, str]) -> None:
    for name, service in every_service(secrets).items():
        image = service["image"]
        if image == "ceasefire-monitor:local":
            assert service["build"] == {"context": ".", "args": {"AIRFLOW_VERSION": "3.3.2"}}, name
        else:
            assert re.search(r":v?\d+(\.\d+)*$", image), f"{name}: {image}"
    versions = {
        service["image"].rpartition(":")[2]
        for name, service in every_service(secrets).items()
        if name in ("elasticsearch", "kibana")
    }
    assert len(versions) == 1, "Kibana wants the version of its Elasticsearch"


def test_volumes_are_declared_and_used_and_files_that_are_mounted_exist(secrets: Mapping[str, str]) -> None:
    used = set()
    for name, service in every_service(secrets).items():
        for volume in service.get("volumes", ()):
            source, target, *how = volume.split(":")
            assert target.startswith("/"), name
            if source.startswith("."):
                assert (ROOT / source).is_file(), source
                assert how == ["ro"], source
            else:
                used.add(source)
    assert used == set(compose.raw()["volumes"])


def test_ports_are_open_on_this_machine_only_and_each_once(secrets: Mapping[str, str]) -> None:
    outside = []
    for service in every_service(secrets).values():
        for port in service.get("ports", ()):
            host, published, _ = port.split(":")
            assert host == "127.0.0.1"
            outside.append(published)
    assert len(outside) == len(set(outside)) == 5


@pytest.mark.parametrize("profiles", PROFILES, ids=" ".join)
def test_dependencies_exist_and_can_be_met(profiles: tuple[str, ...], secrets: Mapping[str, str]) -> None:
    services = compose.services(secrets, *profiles)
    for name, service in services.items():
        for wanted, told in service.get("depends_on", {}).items():
            assert wanted in services, f"{name} waits for {wanted}, which {profiles} does not start"
            if told["condition"] == "service_healthy":
                assert "healthcheck" in services[wanted], f"{name} waits for the health of {wanted}"
            else:
                assert told["condition"] == "service_completed_successfully"
                assert wanted in one_shots(services), f"{name} waits for the end of {wanted}"
    assert not list(circles(services))


def circles(services: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    def walk(name: str, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if name in above:
            yield (*above, name)
            return
        for wanted in services[name].get("depends_on", {}):
            yield from walk(wanted, (*above, name))

    for name in services:
        yield from walk(name, ())


@pytest.mark.parametrize("profiles", [("watch",), ("airflow",)], ids=" ".join)
def test_up_and_wait_ends_well(profiles: tuple[str, ...], secrets: Mapping[str, str]) -> None:
    """`docker compose up --wait` takes the end of a container for a failure unless a running one waits for that end."""
    services = compose.services(secrets, *profiles)
    for shot in one_shots(services):
        running = set(services) - one_shots(services)
        waiting = {name for name, service in services.items() if shot in service.get("depends_on", {})}
        assert waiting & running, f"no service that goes on waits for {shot}"
    for name, service in services.items():
        if name not in one_shots(services) and name != "watch":
            assert "healthcheck" in service, f"{name} has no health"


def test_watch_and_airflow_take_each_others_place(secrets: Mapping[str, str]) -> None:
    watch, airflow = compose.services(secrets, "watch"), compose.services(secrets, "airflow")
    assert set(watch) - set(airflow) == {"watch"}
    assert {name for name in airflow if name not in watch} == {
        "airflow-init", "airflow-apiserver", "airflow-scheduler", "airflow-dag-processor",
    }  # fmt: skip
    assert secrets["COMPOSE_PROFILES"] == "watch"


def test_urls_name_services_and_ports_that_are_there(secrets: Mapping[str, str]) -> None:
    ports = {
        "elasticsearch": 9200,
        "kibana": 5601,
        "postgres": 5432,
        "mailpit": 1025,
        "airflow-apiserver": 8080,
    }
    services = every_service(secrets)
    assert set(ports) <= set(services)
    found = 0
    for name, service in services.items():
        for variable, value in (service.get("environment") or {}).items():
            if "://" not in str(value):
                continue
            parts = urlsplit(value)
            if parts.hostname == "localhost":
                continue
            assert ports.get(parts.hostname or "") == parts.port, f"{name}: {variable}={value}"
            found += 1
    assert found > 20


def test_our_services_have_settings_that_our_program_takes(secrets: Mapping[str, str]) -> None:
    for name, service in every_service(secrets).items():
        ours = {
            key: value
            for key, value in (service.get("environment") or {}).items()
            if key.startswith("CEASEFIRE_")
        }
        if service["image"] == "ceasefire-monitor:local" and ours:
            settings = load_settings(None, ours)
            assert settings.kibana_url or settings.database_url.startswith("postgresql://ceasefire:"), name


def test_airflow_services_share_one_environment(secrets: Mapping[str, str]) -> None:
    services = compose.services(secrets, "airflow")
    shared = services["airflow-scheduler"]["environment"]
    for name in ("airflow-init", "airflow-apiserver", "airflow-dag-processor"):
        own = {
            key: value
            for key, value in services[name]["environment"].items()
            if key != "AIRFLOW_ADMIN_PASSWORD"
        }
        assert own == shared, name
    assert len(shared["AIRFLOW__API_AUTH__JWT_SECRET"]) >= 64
    watch = compose.services(secrets, "watch")["watch"]["environment"]
    assert {key: value for key, value in shared.items() if key.startswith("CEASEFIRE_")} == watch


def test_every_command_of_ours_exists(secrets: Mapping[str, str]) -> None:
    found = set()
    for service in every_service(secrets).values():
        if service.get("entrypoint") == ["ceasefire"]:
            words = [str(word) for word in service["command"]]
            assert CliRunner().invoke(main, [*words, "--help"]).exit_code == 0, words
            found.add(" ".join(words))
    assert found == {"watch", "db upgrade", "kibana apply --wait 300"}


def copied(dockerfile: str) -> dict[str, str]:
    """Source in the project -> place in the image of every COPY."""
    found = {}
    for line in re.sub(r"\\\n", " ", dockerfile).splitlines():
        if line.startswith("COPY"):
            *sources, target = [word for word in line.split()[1:] if not word.startswith("--")]
            for source in sources:
                inside = target.removeprefix("./")
                found[source] = (
                    f"{inside}{Path(source).name}" if not inside or inside.endswith("/") else inside
                )
    return found


def test_the_image_has_every_file_that_a_service_names(secrets: Mapping[str, str]) -> None:
    places = set(copied((ROOT / "Dockerfile").read_text(encoding="utf-8")).values())
    named = set()
    for service in every_service(secrets).values():
        if service["image"] == "ceasefire-monitor:local":
            text = json.dumps([service.get("entrypoint"), service.get("command"), service.get("environment")])
            named |= set(re.findall(r"/opt/ceasefire/([\w./-]+)", text))
    made_by_the_image_or_a_volume = {"var/mail"}
    for name in named - made_by_the_image_or_a_volume:
        assert any(name == place or name.startswith(f"{place}/") for place in places), (
            f"{name} is not in the image"
        )


def test_what_the_dockerfile_copies_is_there_and_reaches_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored
    for source in copied((ROOT / "Dockerfile").read_text(encoding="utf-8")):
        assert (ROOT / source).exists(), source
        assert Path(source).parts[0] in allowed, f"{source} is kept from the build by .dockerignore"
    assert not {".env", ".git", "var"} & allowed


def test_the_dockerfile_and_the_compose_file_agree_on_airflow(secrets: Mapping[str, str]) -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert (
        f"ARG AIRFLOW_VERSION={secrets['AIRFLOW_VERSION']}\nFROM apache/airflow:${{AIRFLOW_VERSION}}-python3.11"
        in text
    )
