"""A program for tests: `ceasefire run` that kills itself, hard, at its n-th step towards the outside.

A step is a call into the machine that leaves a trace: a statement or commit in a database file, bytes into a socket, a
file renamed or removed. With n = 0 it lives, and writes the number of steps to the file STEPS.
Usage: python -m tests.crashing_run N STEPS ARGUMENTS-OF-CEASEFIRE...
"""

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

TRACES = frozenset({"execute", "executemany", "commit", "send", "sendall", "rename", "replace", "unlink"})


def main() -> None:
    """Count the steps, die at the n-th."""
    fatal, steps_file, *arguments = sys.argv[1:]
    count = 0

    def watch(_frame: FrameType, event: str, called: Any) -> None:
        nonlocal count
        if event == "c_call" and getattr(called, "__name__", "") in TRACES:
            count += 1
            if count == int(fatal):
                os.kill(os.getpid(), signal.SIGKILL)

    import pipeline.cli.run  # noqa: F401  loaded before the counting, which makes imports slow
    from pipeline.cli.main import main as ceasefire

    threading.setprofile(watch)
    sys.setprofile(watch)
    try:
        ceasefire(arguments, standalone_mode=False)
    finally:
        sys.setprofile(None)
        Path(steps_file).write_text(str(count), encoding="utf-8")


if __name__ == "__main__":
    main()
