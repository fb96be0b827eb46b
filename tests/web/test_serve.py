"""`ceasefire serve` as an operator starts it."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
from click.testing import CliRunner

from pipeline.cli.main import main
from pipeline.web.access import fits, read_users


def test_it_serves_until_it_is_told_to_end(own_folder: Path) -> None:
    command = [sys.executable, "-c", "from pipeline.cli.main import main; main()", "serve", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--db", f"sqlite:///{own_folder / 'sample.db'}"],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "CEASEFIRE_FEEDS": str(own_folder / "feeds.toml")},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        told = process.stdout.readline()
        url = re.search(r"http://127\.0\.0\.1:\d+/", told)
        assert url is not None, told
        assert "What happened" in httpx2.get(url[0], trust_env=False, timeout=60).text
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_it_refuses_to_stand_open_and_says_what_to_do(own_folder: Path) -> None:
    done = CliRunner().invoke(
        main, ["serve", "--host", "0.0.0.0", "--db", f"sqlite:///{own_folder / 'sample.db'}"]
    )
    assert done.exit_code == 2
    assert "CEASEFIRE_WEB_USERS" in done.stderr


def test_a_user_is_added_and_their_password_changed(tmp_path: Path) -> None:
    path = tmp_path / "users"
    env = {"CEASEFIRE_WEB_USERS": str(path)}
    for name, password in (("olena", "first"), ("ivan", "other"), ("olena", "second")):
        done = CliRunner().invoke(
            main, ["serve", "--add-user", name], input=f"{password}\n{password}\n", env=env
        )
        assert done.exit_code == 0, done.output
    users = read_users(path)
    assert sorted(users) == ["ivan", "olena"]
    assert fits("second", users["olena"])
    assert not fits("first", users["olena"])
    assert path.stat().st_mode & 0o077 == 0


def test_a_user_needs_a_file_to_be_written_to() -> None:
    done = CliRunner().invoke(main, ["serve", "--add-user", "olena"])
    assert done.exit_code == 2
    assert "CEASEFIRE_WEB_USERS" in done.stderr


def test_an_address_that_is_taken_is_named_with_what_to_do(own_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = CliRunner().invoke(
            main, ["serve", "--port", port, "--db", f"sqlite:///{own_folder / 'sample.db'}"]
        )
    assert done.exit_code == 3
    assert f"error: cannot listen at 127.0.0.1, port {port}: Address already in use" in done.stderr
    assert "--port" in done.stderr
