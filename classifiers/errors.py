"""The errors that classifiers/ raises.

    ClassifierError
    ├── TaxonomyError    a taxonomy file is wrong: path, place in it, problem
    ├── ModelError       a model folder is missing, damaged or does not match: folder, problem, remedy
    ├── BackendError     a backend cannot be had here: backend, problem, remedy
    └── LineError        a line of input is not a text: line number, problem

Each message says what failed, where, and what to do about it.
"""

from pathlib import Path


class ClassifierError(Exception):
    """Anything that classifiers/ refuses to go on with."""


class TaxonomyError(ClassifierError):
    """A taxonomy file breaks a rule. `place` is a label ("issue:sanctions"), a key, or "" for the file."""

    def __init__(self, path: Path | str, place: str, problem: str) -> None:
        self.path, self.place, self.problem = Path(path), place, problem
        where = f"{path}, {place}" if place else f"{path}"
        super().__init__(f"{where}: {problem}")


class ModelError(ClassifierError):
    """A model cannot be used: `folder` is the folder or hub name, `remedy` what the operator can do."""

    def __init__(self, folder: Path | str, problem: str, remedy: str) -> None:
        self.folder, self.problem, self.remedy = str(folder), problem, remedy
        super().__init__(f"model {folder}: {problem}; {remedy}")


class BackendError(ClassifierError):
    """A backend does not exist or lacks a package that it needs."""

    def __init__(self, backend: str, problem: str, remedy: str) -> None:
        self.backend, self.problem, self.remedy = backend, problem, remedy
        super().__init__(f"tagger backend {backend!r}: {problem}; {remedy}")


class LineError(ClassifierError):
    """Line `number` (from 1) of a JSON-lines input cannot be read as a text to tag."""

    def __init__(self, number: int, problem: str) -> None:
        self.number, self.problem = number, problem
        super().__init__(f"line {number}: {problem}")
