"""`make env`: a .env with fresh secrets, kept at every later run, readable by its owner alone."""

import base64
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deployment import compose
from tests.deployment.conftest import script

make_env = script("make_env")


def random_names() -> set[str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return {
        one.name
        for one in make_env.variables(text)
        if " ".join(one.comment).endswith(("random", "random fernet"))
    }


def test_every_secret_is_fresh_and_long_and_nothing_else_changes(tmp_path: Path) -> None:
    example = compose.environment_of(ROOT / ".env.example")
    written = []
    for name in ("one", "two"):
        make_env.write(ROOT / ".env.example", tmp_path / name)
        written.append(compose.environment_of(tmp_path / name))
    one, two = written
    assert list(one) == list(example)
    for name in example:
        if name in random_names():
            assert example[name] == ""
            assert len(one[name]) >= 44
            assert one[name] != two[name]
        else:
            assert one[name] == example[name]
    assert len(one["AIRFLOW_JWT_SECRET"]) >= 64
    assert len(base64.urlsafe_b64decode(one["AIRFLOW_FERNET_KEY"])) == 32
    for name in random_names() - {"AIRFLOW_FERNET_KEY"}:
        assert one[name].isalnum(), "it stands in URLs"


def test_only_the_owner_can_read_it(env_file: Path) -> None:
    assert env_file.stat().st_mode & 0o777 == 0o600


def test_a_second_run_keeps_everything_and_adds_what_a_newer_version_needs(
    tmp_path: Path, env_file: Path
) -> None:
    before = env_file.read_text(encoding="utf-8")
    assert make_env.write(ROOT / ".env.example", env_file).endswith("nothing changed")
    assert env_file.read_text(encoding="utf-8") == before
    lines = [line for line in before.splitlines() if not line.startswith(("ANALYST_PASSWORD", "KIBANA_PORT"))]
    env_file.write_text("\n".join(lines), encoding="utf-8")
    said = make_env.write(ROOT / ".env.example", env_file)
    assert "ANALYST_PASSWORD, KIBANA_PORT added" in said
    after = compose.environment_of(env_file)
    kept = {
        name: value
        for name, value in compose.environment_of_text(before).items()
        if name != "ANALYST_PASSWORD"
    }
    assert {name: after[name] for name in kept} == kept
    assert len(after["ANALYST_PASSWORD"]) == 64
    assert env_file.stat().st_mode & 0o777 == 0o600


def test_it_runs_with_the_bare_interpreter_and_says_no_secret(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", ROOT / "deploy/make_env.py", ROOT / ".env.example", tmp_path / ".env"],
        capture_output=True,
        text=True,
        check=True,
    )
    written = compose.environment_of(tmp_path / ".env")
    assert done.stdout.startswith(f"{tmp_path / '.env'} written")
    assert not [name for name in random_names() if written[name] in done.stdout]


@pytest.mark.parametrize(
    ("docker", "missing"),
    [
        (None, "docker is not installed"),
        ('echo "docker: unknown command: docker $1" >&2; exit 1', "install docker-compose-plugin"),
    ],
    ids=["no docker", "docker without compose"],
)
def test_make_up_without_docker_compose_says_what_to_install(
    tmp_path: Path, env_file: Path, docker: str | None, missing: str
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "make"):
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    if docker is not None:
        (programs / "docker").write_text(f"#!/bin/sh\n{docker}\n", encoding="utf-8")
        (programs / "docker").chmod(0o755)
    done = subprocess.run(
        ["make", "--file", ROOT / "Makefile", "up"],
        cwd=env_file.parent, env={"PATH": str(programs)}, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 2
    assert missing in done.stderr
    assert "unknown flag" not in done.stderr
