"""The labels as data: a TOML file to a checked, frozen Taxonomy.

A taxonomy file has `[[actor]]`, `[[issue]]` and `[[development]]` tables; taxonomies/ukraine.toml explains
their keys. Column order everywhere (models, scores) is: actors, issues, developments, each in file order.
"""

import hashlib
import itertools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from classifiers.errors import TaxonomyError
from classifiers.folding import folded

FACETS = ("actor", "issue", "development")
ALIAS_KINDS = ("names", "people", "bodies", "demonyms", "capitals")

_TOP_KEYS = frozenset({"id", "name", "parties", "ignore", "endings", *FACETS})
_LABEL_TEXTS = ("id", "name", "definition", "not_this")
_LABEL_KEYS = frozenset({*_LABEL_TEXTS, "examples", "query_aliases", "exclusive", "needs", *ALIAS_KINDS})
_MAX_FORMS = 5000


@dataclass(frozen=True, slots=True)
class Alias:
    """One spelling of a label in texts, endings already applied.

    `kind` is one of ALIAS_KINDS, `language` a BCP 47 tag. With `capitals` a text must write capitals where
    `form` does. `since` and `until` bound a person's office, both days included; None leaves that end open.
    """

    form: str
    label: str
    kind: str
    language: str
    capitals: bool = False
    since: date | None = None
    until: date | None = None

    def holds(self, on: date | None) -> bool:
        """Whether the alias stands for its label on that day; always, where no day is known."""
        return on is None or (
            (self.since is None or self.since <= on) and (self.until is None or on <= self.until)
        )


@dataclass(frozen=True, slots=True)
class Label:
    """One label: `key` is "facet:id".

    An `exclusive` label never stands beside another one of its facet. A development stands only beside one
    of the issues that it `needs` (keys; any issue where that is empty).
    """

    key: str
    name: str
    definition: str
    not_this: str
    examples: tuple[str, ...]
    query_aliases: tuple[str, ...]
    aliases: tuple[Alias, ...]
    exclusive: bool = False
    needs: tuple[str, ...] = ()

    @property
    def facet(self) -> str:
        return self.key.partition(":")[0]

    @property
    def id(self) -> str:
        return self.key.partition(":")[2]


@dataclass(frozen=True)
class Taxonomy:
    """The labels in column order.

    `parties` are the keys of the actors whose conflict it is; `ignore` are spellings that contain an alias
    and mean something else; `content_hash` changes with any change of the file, `hash` only with the
    columns.
    """

    id: str
    name: str
    labels: tuple[Label, ...]
    parties: tuple[str, ...]
    ignore: tuple[str, ...]
    content_hash: str

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The k label keys in column order."""
        return tuple(label.key for label in self.labels)

    @cached_property
    def columns(self) -> Mapping[str, int]:
        """Label key to its column."""
        return {key: column for column, key in enumerate(self.keys)}

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) over the keys in order: what a model must have been trained on."""
        return hashlib.sha256("\n".join(self.keys).encode()).hexdigest()

    def facet(self, facet: str) -> tuple[Label, ...]:
        """The labels of one facet, in order."""
        return tuple(label for label in self.labels if label.facet == facet)

    def label(self, key: str) -> Label:
        """The label of that key; KeyError if there is none."""
        return self.labels[self.columns[key]]

    @cached_property
    def _resolutions(self) -> Mapping[tuple[str, str], str]:
        return {
            (label.facet, folded(spelling)): label.key
            for label in reversed(self.labels)
            for spelling in (*label.query_aliases, label.id)
        }

    def resolve(self, facet: str, value: str) -> str | None:
        """The key that a query's value means (`actor`, "US" -> "actor:united-states"), or None."""
        return self._resolutions.get((facet, folded(value.strip())))


def load_taxonomy(source: str | Path = "ukraine") -> Taxonomy:
    """Reads and checks a taxonomy: the name of a shipped one ("ukraine", "gaza") or a path ending in .toml.

    Raises TaxonomyError, naming the file and the line or label, on a file that cannot be read, broken TOML,
    unknown or missing keys, duplicate ids, spellings or query aliases that clash, and parties that are no
    actors.
    """
    path = Path(source)
    shipped = path.suffix != ".toml"
    file = resources.files("classifiers") / "taxonomies" / f"{source}.toml" if shipped else path
    try:
        content = file.read_bytes()
        document = tomllib.loads(content.decode())
    except OSError as error:
        names = ", ".join(shipped_taxonomies())
        raise TaxonomyError(f"{file}", "", f"cannot be read; give a path or one of {names}") from error
    except UnicodeDecodeError as error:
        raise TaxonomyError(f"{file}", "", f"is not UTF-8 (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise TaxonomyError(f"{file}", "", f"is not valid TOML: {error}") from error  # it names the line
    return _Reader(Path(f"{file}"), document).taxonomy(hashlib.sha256(content).hexdigest())


def shipped_taxonomies() -> list[str]:
    """The names that `load_taxonomy` knows."""
    folder = resources.files("classifiers") / "taxonomies"
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))


def expand(pattern: str, endings: Mapping[str, list[str]]) -> Iterator[str]:
    """The forms of an alias pattern: "велик~adj мир~m" gives each ending of "adj" with each of "m".

    Raises KeyError with the name of an ending row that does not exist.
    """
    words = []
    for word in pattern.split(" "):
        stem, marked, row = word.partition("~")
        words.append([stem + ending for ending in endings[row]] if marked else [word])
    return map(" ".join, itertools.product(*words))


class _Reader:
    """One file being read. Every complaint goes through `_fail` and so names the file and the place."""

    def __init__(self, path: Path, document: dict[str, Any]) -> None:
        self._path = path
        self._document = document
        self._endings: dict[str, list[str]] = {}

    def _fail(self, place: str, problem: str) -> TaxonomyError:
        return TaxonomyError(self._path, place, problem)

    def taxonomy(self, content_hash: str) -> Taxonomy:
        self._check_keys(self._document, _TOP_KEYS, "")
        endings = self._document.get("endings", {})
        if not isinstance(endings, dict):
            raise self._fail("endings", "must be a table of lists")
        self._endings = {row: self._strings(endings, row, "endings") for row in endings}
        labels = tuple(
            self._label(facet, number, entry)
            for facet in FACETS
            for number, entry in enumerate(self._tables(facet), start=1)
        )
        self._check_unique(labels)
        parties = tuple(f"actor:{party}" for party in self._strings(self._document, "parties", ""))
        known = {label.key for label in labels}
        for party in parties:
            if party not in known:
                raise self._fail("parties", f"{party.removeprefix('actor:')!r} is not the id of an actor")
        for label in labels:
            for issue in label.needs:
                if issue not in known:
                    raise self._fail(
                        label.key, f"needs {issue.removeprefix('issue:')!r}, which is not the id of an issue"
                    )
        ignore = self._strings(self._document, "ignore", "") if "ignore" in self._document else []
        forms = tuple(form for pattern in ignore for form in self._forms(pattern, "ignore"))
        return Taxonomy(
            self._text(self._document, "id", ""),
            self._text(self._document, "name", ""),
            labels,
            parties,
            forms,
            content_hash,
        )

    def _tables(self, facet: str) -> list[Any]:
        tables = self._document.get(facet)
        if not isinstance(tables, list) or not tables:
            raise self._fail("", f"has no [[{facet}]] table")
        return tables

    def _label(self, facet: str, number: int, entry: Any) -> Label:
        place = f"{facet} {number}"
        if not isinstance(entry, dict):
            raise self._fail(place, "must be a table")
        key = f"{facet}:{self._text(entry, 'id', place)}"
        self._check_keys(entry, _LABEL_KEYS, key)
        name, definition, not_this = (self._text(entry, field, key) for field in _LABEL_TEXTS[1:])
        examples = self._strings(entry, "examples", key)
        if len(examples) < 2:
            raise self._fail(key, "needs two examples")
        exclusive = entry.get("exclusive", False)
        if not isinstance(exclusive, bool):
            raise self._fail(key, "'exclusive' must be true or false")
        queries = tuple(self._strings(entry, "query_aliases", key)) if "query_aliases" in entry else ()
        aliases = {
            alias: None for kind in ALIAS_KINDS for alias in self._aliases(entry.get(kind, {}), kind, key)
        }
        needs = self._strings(entry, "needs", key) if "needs" in entry else []
        if needs and facet != "development":
            raise self._fail(key, "'needs' is for developments only")
        issues = tuple(f"issue:{issue}" for issue in needs)
        return Label(
            key, name, definition, not_this, tuple(examples), queries, tuple(aliases), exclusive, issues
        )

    def _aliases(self, by_language: Any, kind: str, key: str) -> Iterator[Alias]:
        if not isinstance(by_language, dict):
            raise self._fail(key, f"{kind!r} must be a table of languages")
        for language, entries in by_language.items():
            if not isinstance(entries, list):
                raise self._fail(key, f"{kind}.{language} must be a list")
            for entry in entries:
                yield from self._forms_of(entry, kind, language, key)

    def _forms_of(self, entry: Any, kind: str, language: str, key: str) -> Iterator[Alias]:
        dated = entry if isinstance(entry, dict) else {"alias": entry}
        self._check_keys(dated, frozenset({"alias", "since", "until"}), key)
        pattern = self._text(dated, "alias", key)
        since, until = dated.get("since"), dated.get("until")
        for day in (since, until):
            if day is not None and type(day) is not date:
                raise self._fail(key, f"{pattern!r}: 'since' and 'until' must be dates such as 2025-01-20")
        for form in self._forms(pattern.removeprefix("^"), key):
            yield Alias(form, key, kind, language, pattern.startswith("^"), since, until)

    def _forms(self, pattern: str, place: str) -> list[str]:
        try:
            forms = list(itertools.islice(expand(pattern, self._endings), _MAX_FORMS + 1))
        except KeyError as error:
            raise self._fail(place, f"{pattern!r} names the unknown endings {error}") from error
        if len(forms) > _MAX_FORMS:
            raise self._fail(place, f"{pattern!r} has more than {_MAX_FORMS} forms; give fewer words endings")
        return forms

    def _check_unique(self, labels: tuple[Label, ...]) -> None:
        keys: set[str] = set()
        spellings: dict[tuple[str, str], Label] = {}
        queries = {(label.facet, folded(label.id)): label for label in labels}
        for label in labels:
            if label.key in keys:
                raise self._fail(label.key, "stands twice")
            keys.add(label.key)
            for query in label.query_aliases:
                other = queries.setdefault((label.facet, folded(query)), label)
                if other is not label:
                    raise self._fail(label.key, f"the query alias {query!r} already means {other.key}")
            for alias in label.aliases:
                other = spellings.setdefault((label.facet, folded(alias.form)), label)
                if other is not label:
                    raise self._fail(label.key, f"the alias {alias.form!r} already means {other.key}")

    def _check_keys(self, table: Mapping[str, Any], known: frozenset[str], place: str) -> None:
        for key in table:
            if key not in known:
                raise self._fail(place, f"unknown key {key!r}; known are {', '.join(sorted(known))}")

    def _text(self, table: Mapping[str, Any], field: str, place: str) -> str:
        value = table.get(field)
        if not isinstance(value, str) or not value.strip():
            raise self._fail(place, f"{field!r} must be a text that is not empty")
        return value

    def _strings(self, table: Mapping[str, Any], field: str, place: str) -> list[str]:
        values = table.get(field)
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self._fail(place, f"{field!r} must be a list of texts")
        return values
