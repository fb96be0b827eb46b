"""Print those lines of a constraints file whose package is not installed yet: `python beside_airflow.py constraints.txt`.

In the image Airflow's packages keep the versions that Airflow was tested with, and only what we add is held to ours.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import distributions
from pathlib import Path


def beside(lines: Iterable[str], installed: Iterable[str]) -> Iterator[str]:
    """`lines`: name==version, comments, blanks. Names are compared as packaging does (PEP 503)."""
    there = {_same(name) for name in installed}
    for line in lines:
        name = line.partition("==")[0].strip()
        if name and not name.startswith("#") and _same(name) not in there:
            yield line.strip()


def _same(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    names = [found.metadata["Name"] for found in distributions()]
    for line in beside(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines(), names):
        print(line)
