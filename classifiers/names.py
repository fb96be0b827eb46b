"""Names and places that an article mentions: two fields from spellings alone, in three languages, no model.

`name` holds people, bodies and states (the states without an actor id above all), `place` regions, towns, plants and
seas. The files in gazetteer/ are the data; the shipped ones are read once and passed down.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from classifiers.aliases import AliasMatcher, Hit
from classifiers.errors import TaxonomyError
from classifiers.sentences import Sentence
from classifiers.taxonomy import Alias, Label, Taxonomy, expand

NAME, PLACE = "name", "place"
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "people": NAME,
        "bodies": NAME,
        "states": NAME,
        "regions": PLACE,
        "towns": PLACE,
        "plants": PLACE,
        "seas": PLACE,
    }
)
"""Table of a gazetteer file -> the field that its entries go into."""

_LANGUAGES = ("en", "uk", "ru")
_KEYS = frozenset({"id", "name", "of", "in", "held", *_LANGUAGES})
_DATELINE = re.compile(
    r"""\s*(?:[^\W\d_][^\W\d_.'’-]*+[ .'’-]{0,2}){1,4}      # a town of one to four words
        (?:,\s[^,()–—\n]{2,24})?                            # its country
        (?:,\s\w{3,9}\.?\s\d{1,2})?                         # the day
        \s?(?:\(\w[\w\s/.-]{1,24}\)\s?)?                    # the agency
        (?:[–—]|--?)\s""",
    re.VERBOSE,
)
_LONGEST_DATELINE = 90


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a gazetteer. `key` is "name:osce" or "place:crimea", `name` what a reader sees, `kind` its table.

    `land_of`: for places the actor id whose land it is by international law, `held_by` who holds it (the same as a
    rule; "" for seas). `acts_for`: for people the actor or name id that they speak for ("" for nobody).
    """

    key: str
    name: str
    kind: str
    land_of: str = ""
    held_by: str = ""
    acts_for: str = ""

    @property
    def id(self) -> str:
        return self.key.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """All entries by key, and where a text names them. May be shared by threads."""

    entries: Mapping[str, Entry]
    matcher: AliasMatcher
    content_hash: str

    def hits(self, text: str) -> list[Hit]:
        """Where `text` names an entry, in order: `label` is the entry's key, offsets count in `text`."""
        return self.matcher.hits(text)


def load_gazetteer(folder: Path | None = None) -> Gazetteer:
    """Reads and checks the *.toml files of a folder, the shipped gazetteer/ if None.

    Raises TaxonomyError, naming the file and the entry, on unknown keys or tables, ids that stand twice and
    endings that do not exist.
    """
    package = resources.files("classifiers")
    endings = tomllib.loads((package / "taxonomies" / "ukraine.toml").read_text(encoding="utf-8"))["endings"]
    entries: dict[str, Entry] = {}
    labels: list[Label] = []
    digest = hashlib.sha256()
    for file in sorted((folder or package / "gazetteer").iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".toml"):
            continue
        content = file.read_bytes()
        digest.update(content)
        for kind, rows in tomllib.loads(content.decode()).items():
            if kind not in KINDS:
                raise TaxonomyError(f"{file}", kind, f"unknown table; known are {', '.join(KINDS)}")
            for row in rows:
                entry, aliases = _entry(row, kind, endings, f"{file}")
                if entry.key in entries:
                    raise TaxonomyError(f"{file}", entry.key, "stands twice")
                entries[entry.key] = entry
                labels.append(Label(entry.key, entry.name, "", "", (), (), aliases))
    content_hash = digest.hexdigest()
    matcher = AliasMatcher(Taxonomy("gazetteer", "Names and places", tuple(labels), (), (), content_hash))
    return Gazetteer(MappingProxyType(entries), matcher, content_hash)


def named(gazetteer: Gazetteer, hits: Iterable[Hit]) -> tuple[str, ...]:
    """The ids for the field `name` ("osce", "steve-witkoff"), each once, in order of appearance."""
    return _ids(gazetteer, hits, NAME)


def places(
    gazetteer: Gazetteer,
    hits: Sequence[Hit],
    text: str,
    sentences: Sequence[Sentence],
    developments: Iterable[int] = (),
) -> tuple[str, ...]:
    """The ids for the field `place` ("kursk-region", "black-sea"), each once; the dateline's town is left out.

    `text` is what `hits` count in, `sentences` are its own, `developments` the indices of the sentences that
    developments rest on: what these sentences, or else the ones right after them, name comes first.
    """
    start, end = dateline(text)
    told = [hit for hit in hits if not start <= hit.start < end]
    first: list[Hit] = []
    for index in developments:
        first += _within(told, sentences[index]) or _within(told, *sentences[index + 1 : index + 2])
    return _ids(gazetteer, [*first, *told], PLACE)


def place_of(
    gazetteer: Gazetteer, hits: Sequence[Hit], text: str, sentences: Sequence[Sentence], index: int
) -> tuple[str, ...]:
    """Where the development of sentence `index` took place: what that sentence names, or else the next one."""
    start, end = dateline(text)
    told = [hit for hit in hits if not start <= hit.start < end]
    near = _within(told, sentences[index]) or _within(told, *sentences[index + 1 : index + 2])
    return _ids(gazetteer, near, PLACE)


def dateline(text: str) -> tuple[int, int]:
    """Start and end of "KYIV, May 3 (Agency) - " in a joined text: after its title; an empty span if there is none.

    Only a town in capitals, or one that an agency or a day follows, counts: "Kyiv - a city" is no dateline.
    """
    start = text.find("\n") + 1
    found = _DATELINE.match(text[start : start + _LONGEST_DATELINE])
    if not found:
        return start, start
    words = found[0]
    town = words.split(",")[0].split("(")[0].rstrip(" -–—")
    marked = "(" in words or any(character.isdigit() for character in words) or town.isupper()
    return (start, start + found.end()) if marked else (start, start)


def _within(hits: Iterable[Hit], *sentences: Sentence) -> list[Hit]:
    return [hit for hit in hits for one in sentences if one.start <= hit.start < one.end]


def _ids(gazetteer: Gazetteer, hits: Iterable[Hit], field: str) -> tuple[str, ...]:
    keys = dict.fromkeys(hit.label for hit in hits if hit.label.startswith(field + ":"))
    return tuple(gazetteer.entries[key].id for key in keys)


def _entry(
    row: Mapping[str, Any], kind: str, endings: Mapping[str, list[str]], file: str
) -> tuple[Entry, tuple[Alias, ...]]:
    if "id" not in row or "name" not in row:
        raise TaxonomyError(file, kind, "an entry needs 'id' and 'name'")
    key = f"{KINDS[kind]}:{row['id']}"
    unknown = sorted(row.keys() - _KEYS)
    if unknown:
        raise TaxonomyError(file, key, f"unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    aliases: dict[str, Alias] = {}
    for language in _LANGUAGES:
        for pattern in row.get(language, []):
            try:
                forms = list(expand(pattern.removeprefix("^"), endings))
            except KeyError as error:
                raise TaxonomyError(file, key, f"{pattern!r} names the unknown endings {error}") from error
            for form in forms:
                aliases.setdefault(form, Alias(form, key, kind, language, pattern.startswith("^")))
    land_of = row.get("in", "")
    entry = Entry(key, row["name"], kind, land_of, row.get("held", land_of), row.get("of", ""))
    return entry, tuple(aliases.values())
