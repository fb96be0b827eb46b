"""The Dockerfile's own steps, outside a container: what the build gets installs, runs, and has its model."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deployment.conftest import script
from tests.deployment.test_compose import copied

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def kept_out(path: str) -> bool:
    """Whether .dockerignore keeps a file from the build: the last rule that fits decides, as Docker has it."""
    out = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        rule, keeps = line.removeprefix("!"), line.startswith("!")
        patterns = [rule.removeprefix("**/")] if rule.startswith("**/") else [rule]
        parts = Path(path).parts
        candidates = (
            parts if rule.startswith("**/") else ["/".join(parts[: n + 1]) for n in range(len(parts))]
        )
        if any(fnmatch.fnmatch(one, pattern) for one in candidates for pattern in patterns):
            out = not keeps
    return out


def run_steps() -> list[str]:
    """The commands of every RUN, in order."""
    joined = re.sub(r"\\\n", " ", DOCKERFILE)
    return [line.removeprefix("RUN ") for line in joined.splitlines() if line.startswith("RUN ")]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands in the image's /opt/ceasefire before its RUN steps: the files that git has, .dockerignore leaves and COPY takes."""
    folder = tmp_path_factory.mktemp("image")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        for source, target in copied(DOCKERFILE).items():
            if (
                (name == source or name.startswith(f"{source}/"))
                and not kept_out(name)
                and (ROOT / name).exists()
            ):
                place = folder / (target + name.removeprefix(source))
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, place)
    return folder


@pytest.fixture(scope="module")
def installed(context: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The bin folder of a fresh environment with our package out of that context. Its dependencies are this one's: they
    are read from here, so that nothing is fetched."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    inside = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    wheels = folder / "wheels"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, context / "source"],
        check=True,
        capture_output=True,
    )
    (wheel,) = wheels.glob("*.whl")
    subprocess.run(
        [*pip, "--python", python, "install", "--no-deps", "--no-index", wheel],
        check=True,
        capture_output=True,
    )
    (Path(inside) / "of-the-tests.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    yield folder / "bin"


def in_image(command: str, bin_folder: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the Dockerfile or of a service as the image would: its own folder, our scripts first, no network model."""
    environment = {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "HOME": str(folder),
        "HF_HUB_OFFLINE": "1",
        "LANG": "C.UTF-8",
    }
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )


def test_the_build_gets_the_package_and_its_model_and_no_training_data(context: Path) -> None:
    assert (context / "source/classifiers/model/model.onnx").stat().st_size > 1_000_000
    assert (context / "kibana/dashboards/ceasefire-overview.json").exists()
    assert (context / "dags/ingest.py").exists()
    assert (context / "feeds.toml").exists()
    assert not (context / "source/classifiers/training/corpus").exists()
    assert not [path for path in context.rglob("*") if path.name.startswith(".env")]


def test_the_package_runs_from_what_the_build_gets_and_its_model_labels_a_text(
    context: Path, installed: Path
) -> None:
    (check,) = [step for step in run_steps() if "ceasefire tag" in step]
    done = in_image(check, installed, context)
    assert done.returncode == 0, done.stdout + done.stderr
    where = in_image("python -c 'import pipeline; print(pipeline.__file__)'", installed, context)
    assert str(installed.parent) in where.stdout, "it must not be the clone that ran"


def test_every_file_that_the_package_reads_travels_with_it(context: Path, installed: Path) -> None:
    code = (
        "from pipeline.app import App; from pipeline.settings import Settings; "
        "app = App(Settings(database_url='sqlite:///x.db')); app.database; app.labels; app.close(); "
        "from pipeline.index import elasticsearch_state, elasticsearch_feeds; elasticsearch_state.template(); elasticsearch_feeds.template(); "
        "from pipeline.kibana.bundle import load_bundle; from pathlib import Path; "
        "print(len(load_bundle(Path('kibana')).dashboards))"
    )
    done = in_image(f'python -c "{code}"', installed, context)
    assert (done.returncode, done.stdout.strip()) == (0, "5"), done.stderr


def test_only_what_airflow_does_not_bring_is_held_to_our_versions() -> None:
    beside = script("beside_airflow").beside
    lines = [
        "# a comment",
        "",
        "Jinja2==3.1.6",
        "typing_extensions==4.16.0",
        "luqum==1.0.0",
        "ruamel.yaml==1",
    ]
    assert list(beside(lines, ["jinja2", "typing-extensions", "ruamel-yaml"])) == ["luqum==1.0.0"]


def test_every_line_of_the_constraints_is_one_version_of_one_package() -> None:
    lines = list(
        script("beside_airflow").beside(
            (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines(), []
        )
    )
    assert len(lines) > 50
    assert all(re.fullmatch(r"[\w.-]+==[\w.+!]+", line) for line in lines)


def test_airflows_dags_are_where_the_scheduler_looks(context: Path) -> None:
    pools = json.loads((context / "dags/pools.json").read_text(encoding="utf-8"))
    assert pools["tagger"]["slots"] == 1
