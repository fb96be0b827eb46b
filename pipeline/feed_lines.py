"""Where in the text of a feed list a table or key stands: tomllib reads values but does not tell their lines. Pure."""

import re
from typing import Final

_TABLE: Final = re.compile(r"\s*\[\[\s*(?:feed|\"feed\"|'feed')\s*\]\]")
_HEADER: Final = re.compile(r"\s*\[")
_KEY: Final = re.compile(r"\s*(?:\"([^\"]+)\"|'([^']+)'|([\w-]+))\s*[=.]")


class FeedLines:
    """Line numbers (from 1) of the [[feed]] tables of a text that is valid TOML, and of their keys.

    Only lines that begin outside strings count: a header or key within a text of several lines is not one.
    """

    def __init__(self, text: str) -> None:
        self._tables: list[int] = []
        self._keys: list[dict[str, int]] = []
        self._top: dict[str, int] = {}
        within = ""
        for number, line in enumerate(text.splitlines(), start=1):
            begins_outside = not within
            within = _open_string(line, within)
            if not begins_outside:
                continue
            if _TABLE.match(line):
                self._tables.append(number)
                self._keys.append({})
            elif _HEADER.match(line):
                self._top.setdefault(line.strip(" \t[]").partition(".")[0].strip("\"' "), number)
            elif found := _KEY.match(line):
                key = found[1] or found[2] or found[3]
                (self._keys[-1] if self._keys else self._top).setdefault(key, number)

    def table(self, number: int) -> int:
        """Line of the header of table `number` (from 0)."""
        return self._tables[number] if number < len(self._tables) else 1

    def key(self, number: int, key: str) -> int:
        """Line of `key` in that table, or of its header where the key is not there."""
        return (self._keys[number].get(key) if number < len(self._keys) else None) or self.table(number)

    def top_level(self, key: str) -> int:
        """Line of a key or table outside the [[feed]] tables."""
        return self._top.get(key, 1)


def _open_string(line: str, within: str) -> str:
    """The delimiter of the multi-line string that is open after `line`, given the one open before it."""
    position = 0
    while position < len(line):
        if within:
            end = line.find(within, position)
            if end < 0:
                return within
            position, within = end + 3, ""
            continue
        if line.startswith(('"""', "'''"), position):
            within = line[position : position + 3]
            position += 3
        elif line[position] == "#":
            return ""
        elif line[position] in "\"'":
            quote = line[position]
            position += 1
            while position < len(line) and line[position] != quote:
                position += 2 if line[position] == "\\" and quote == '"' else 1
            position += 1
        else:
            position += 1
    return within
