"""A real Airflow for tests and benchmarks: api-server, scheduler and dag-processor as in production, on PostgreSQL.

Everything is below one folder and on free loopback ports; time-outs that guard against dead processes are shorter than
in production, so that a test does not wait for minutes.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import httpx2
import psutil

from tests.conftest import ROOT
from tests.elasticsearch_node.node import free_port

PATIENCE_S = 300.0
"""Longest wait for anything: a quiet machine needs a tenth of it."""

COMPONENTS = ("api-server", "scheduler", "dag-processor")


class LiveAirflow:
    """`with LiveAirflow(folder, metadata_url, environment) as airflow:` then trigger, wait, look, kill, start again."""

    def __init__(self, folder: Path, metadata_url: str, environment: Mapping[str, str]) -> None:
        self.folder = folder
        port = free_port()
        metadata = metadata_url.replace("postgresql:", "postgresql+psycopg:")
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            **os.environ,
            **environment,
            "PYTHONPATH": str(ROOT),
            "AIRFLOW_HOME": str(folder / "home"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__FERNET_KEY": "cGFzc3dvcmRwYXNzd29yZHBhc3N3b3JkcGFzc3dvcmQ=",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": metadata,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.25",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2",
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._http = httpx2.Client(base_url=f"{self.url}/api/v2", timeout=60)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self.command("db", "migrate")
            self.command("pools", "import", str(ROOT / "dags" / "pools.json"))
            for name in COMPONENTS:
                self.start(name)
            self._wait("Airflow is healthy", self._healthy)
            for dag in ("ingest", "digest", "retag", "backfill", "retention", "health"):
                self._wait(
                    f"the DAG {dag} is there", lambda dag=dag: self._ask("GET", f"/dags/{dag}") is not None
                )
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in ("scheduler", "dag-processor", "api-server"):  # the API last: running tasks report to it
            self.stop(name)
        self._http.close()

    def command(self, *arguments: str) -> str:
        """Run `airflow ARGUMENTS` to its end; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "airflow", *arguments], env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )  # fmt: skip
        assert done.returncode == 0, (
            f"airflow {' '.join(arguments)}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        )
        return done.stdout

    def start(self, name: str) -> None:
        """Start a component; its log is NAME.log in the folder."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "airflow", name], env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def kill(self, name: str) -> None:
        """End a component and everything below it at once, running tasks too, as a power cut would."""
        family = self._family(name)
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.suspend()  # nobody gets to notice the death of another
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._processes[name].wait()

    def stop(self, name: str) -> None:
        """Ask a component to end; after 30 s (the scheduler is known to hang now and then) it is killed."""
        process = self._processes.get(name)
        if process is None or process.poll() is not None:
            return
        family = self._family(name)
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        process.wait()

    def _family(self, name: str) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self._processes[name].pid)
            return [parent, *parent.children(recursive=True)]
        return []

    def _ask(self, method: str, path: str, body: Any = None) -> Any | None:
        """JSON of a successful answer; None while the API does not answer or does not know the thing yet."""
        try:
            answer = self._http.request(method, path, json=body)
        except httpx2.HTTPError:
            return None
        return answer.json() if answer.is_success else None

    def _healthy(self) -> bool:
        health = self._ask("GET", "/monitor/health") or {}
        return all(
            health.get(part, {}).get("status") == "healthy"
            for part in ("metadatabase", "scheduler", "dag_processor")
        )

    def trigger(self, dag: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run through REST; returns its id. Raises ValueError with the answer where Airflow refuses."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self._http.post(
                f"/dags/{dag}/dagRuns", json={"logical_date": None, "conf": dict(conf or {})}
            )
            if answer.is_success:
                return str(answer.json()["dag_run_id"])
            if answer.status_code < 500 or time.monotonic() > deadline:
                raise ValueError(f"{answer.status_code}: {answer.text}")
            time.sleep(1)

    def state(self, dag: str, run: str) -> str:
        """State of a run: queued, running, success or failed; "" while the API does not answer."""
        return str((self._ask("GET", f"/dags/{dag}/dagRuns/{quote(run, safe='')}") or {}).get("state", ""))

    def runs(self, dag: str) -> list[dict[str, Any]]:
        """Every run of a DAG, the earliest first."""
        return list(
            (self._ask("GET", f"/dags/{dag}/dagRuns?order_by=run_after&limit=100") or {}).get("dag_runs", [])
        )

    def tasks(self, dag: str, run: str = "~") -> list[dict[str, Any]]:
        """Task instances of a run, or of all runs."""
        path = f"/dags/{dag}/dagRuns/{quote(run, safe='~')}/taskInstances?limit=1000"
        return list((self._ask("GET", path) or {}).get("task_instances", []))

    def wait(self, dag: str, run: str) -> str:
        """Wait until a run has ended; returns how."""
        self._wait(f"the run {run} of {dag} ends", lambda: self.state(dag, run) in ("success", "failed"))
        return self.state(dag, run)

    def idle(self, dag: str) -> bool:
        """No run of the DAG is under way or waits."""
        return all(run["state"] in ("success", "failed") for run in self.runs(dag))

    def _wait(self, what: str, done: Any) -> None:
        wait_for(what, done, self.report)

    def report(self) -> str:
        """The end of every log, for a failed test."""
        logs = "\n".join(
            f"== {path.name}\n{path.read_text(errors='replace')[-2500:]}"
            for path in self.folder.glob("*.log")
        )
        return f"{json.dumps([(t['task_id'], t['map_index'], t['state'], t['try_number']) for t in self.tasks('ingest')])}\n{logs}"


def wait_for(what: str, done: Any, report: Any = lambda: "") -> None:
    """Wait until `done()`; AssertionError with `report()` where it does not come about."""
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_S:.0f} s\n{report()}"
        time.sleep(0.25)


def asker_of(port: int) -> psutil.Process:
    """Wait for a process of another's that holds a connection to this port of ours."""
    found: list[int] = []

    def look() -> bool:
        found[:] = [
            connection.pid
            for connection in psutil.net_connections("tcp4")
            if connection.raddr
            and connection.raddr.port == port
            and connection.pid not in (None, os.getpid())
        ]
        return bool(found)

    wait_for(f"somebody asks port {port}", look)
    return psutil.Process(found[0])
