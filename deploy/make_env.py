"""Write .env from .env.example, with a fresh random value for every empty variable that is marked so there.

    python3 deploy/make_env.py [EXAMPLE [ENV]]

A variable whose comment ends in "random" gets 32 random bytes in hexadecimal (64 characters, safe in URLs), "random fernet"
a Fernet key. What .env holds already is kept, so that running it again after an upgrade only adds what is new. The
standard library alone: it runs before anything is installed.
"""

import base64
import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Variable:
    """One variable of .env.example with the comment above it."""

    name: str
    value: str
    comment: tuple[str, ...]

    @property
    def fresh(self) -> str:
        """Its value in a new .env."""
        told = " ".join(self.comment)
        if told.endswith("random fernet"):
            return base64.urlsafe_b64encode(os.urandom(32)).decode()
        return secrets.token_hex(32) if told.endswith("random") else self.value


def variables(text: str) -> Iterator[Variable]:
    """The variables of a .env file in order; a blank line or a heading ends a comment."""
    comment: list[str] = []
    for line in text.splitlines():
        if line.startswith("# ---") or not line.strip():
            comment = []
        elif line.startswith("#"):
            comment.append(line)
        else:
            name, _, value = line.partition("=")
            yield Variable(name.strip(), value.strip(), tuple(comment))
            comment = []


def filled(example: str) -> str:
    """The text of a new .env: the example with its random values."""
    fresh = {variable.name: variable.fresh for variable in variables(example)}
    lines = []
    for line in example.splitlines():
        name = line.partition("=")[0].strip()
        lines.append(f"{name}={fresh[name]}" if name in fresh and not line.startswith("#") else line)
    return "\n".join(lines) + "\n"


def added(example: str, present: str) -> list[Variable]:
    """What a .env of an older version lacks."""
    there = {variable.name for variable in variables(present)}
    return [variable for variable in variables(example) if variable.name not in there]


def write(example: Path, target: Path) -> str:
    """Write or complete .env, readable by its owner alone; returns what was done, in a sentence without any secret."""
    text = example.read_text(encoding="utf-8")
    if not target.exists():
        _private(target, filled(text))
        return f"{target} written, with fresh secrets; look at its mail settings before `make up`"
    present = target.read_text(encoding="utf-8")
    missing = added(text, present)
    if not missing:
        return f"{target} is complete; nothing changed"
    new = "".join(
        "\n".join((*variable.comment, f"{variable.name}={variable.fresh}")) + "\n" for variable in missing
    )
    _private(target, present.rstrip("\n") + "\n\n" + new)
    return f"{target}: {', '.join(variable.name for variable in missing)} added; what was there is kept"


def _private(target: Path, text: str) -> None:
    """Whole or not at all: under a temporary name, then renamed."""
    unfinished = target.with_name(target.name + ".new")
    unfinished.touch(mode=0o600)
    unfinished.chmod(0o600)
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(target)


if __name__ == "__main__":
    folder = Path(__file__).resolve().parent.parent
    given = [Path(argument) for argument in sys.argv[1:]]
    print(write(*(given + [folder / ".env.example", folder / ".env"][len(given) :])))
