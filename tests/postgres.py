"""A real PostgreSQL for tests: started in a temporary folder, on a free loopback port, gone with the session."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs, or None where they are not installed."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True
    )
    found = shutil.which("initdb")
    candidates = [*debian, *([Path(found).parent] if found else [])]
    return next(
        (path for path in candidates if (path / "initdb").exists() and (path / "pg_ctl").exists()), None
    )


@contextmanager
def server(folder: Path, *, durable: bool = False) -> Iterator[str]:
    """Run a server below `folder`; yields the URL of its maintenance database. Durability is off (it is thrown away)
    unless asked for, as benchmarks do."""
    bin_folder = programs()
    assert bin_folder is not None, "PostgreSQL's server programs are not installed"
    data = folder / "data"
    folder.mkdir(parents=True, exist_ok=True)
    as_user = _unprivileged(folder)
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "timeout": 60}
    subprocess.run(
        [
            *as_user,
            bin_folder / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ],
        **quiet,
    )
    port = _free_port()
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories="
    if not durable:
        options += " -c fsync=off -c full_page_writes=off"
    subprocess.run(
        [*as_user, bin_folder / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"],
        **quiet,
    )
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*as_user, bin_folder / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **quiet)


def _unprivileged(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: root lends the folder to the user that Debian's package made."""
    if os.geteuid() != 0:
        return []
    shutil.chown(folder, "postgres")
    for parent in folder.parents:
        if parent.owner() == "root" and parent.stat().st_mode & 0o005 != 0o005:
            parent.chmod(parent.stat().st_mode | 0o055)
    return ["runuser", "-u", "postgres", "--"]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
