"""Starting and stopping a real Elasticsearch for tests: run-node.sh behind a context manager."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "run-node.sh"
START_TIMEOUT_S = 600
"""A quiet machine needs ten seconds; a busy one with two cores has been seen to need five minutes."""


def cache_folder() -> Path:
    """Where the unpacked server lies, or will."""
    return Path(os.environ.get("ES_CACHE", Path.home() / ".cache" / "ceasefire-elasticsearch"))


def why_absent(*, may_download: bool) -> str | None:
    """Why no node can be started here, or None. Tests download nothing unless they are told that they must run."""
    if (cache_folder() / ".complete").exists():
        return None
    missing = [program for program in ("mvn", "unzip") if shutil.which(program) is None]
    if missing:
        return f"{' and '.join(missing)} is needed to fetch the server"
    if not may_download:
        return (
            f"the server is not fetched yet (946 MB, once): {SCRIPT.relative_to(SCRIPT.parents[2])} prepare"
        )
    return None


@dataclass(frozen=True, slots=True)
class Node:
    """A node that answers at `url`; `folder` holds its data and its log."""

    url: str
    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running(
    folder: Path, settings: Sequence[str] = ("xpack.security.enabled=false",), port: int = 0
) -> Iterator[Node]:
    """A node over `folder`, which may hold the data of an earlier one. Raises RuntimeError with the end of its log."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ready").unlink(missing_ok=True)
    port = port or free_port()
    with (folder / "node.log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", str(SCRIPT), str(port), str(folder), *settings], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not (folder / "ready").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                told = (folder / "node.log").read_text(errors="replace")[-3000:]
                raise RuntimeError(f"Elasticsearch did not start (exit code {process.poll()}):\n{told}")
            time.sleep(0.1)
        scheme = "https" if any("http.ssl.enabled=true" in setting for setting in settings) else "http"
        yield Node(f"{scheme}://127.0.0.1:{port}", port, folder, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
