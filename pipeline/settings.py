"""Every setting, read once at start from a TOML file and the environment, and passed down from there.

The environment wins over the file; a command's own options win over both. Keys of the file are the field names below.
"""

import difflib
import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

import platformdirs

from pipeline.errors import IndexNotSetError, SettingsError
from pipeline.fetch.settings import FetchSettings

Backend = Literal["onnx", "huggingface", "zero-shot", "aliases"]
OnDoubt = Literal["resend", "hold"]

REPOSITORY = Path(__file__).resolve().parent.parent
"""Where feeds.toml and examples/ stand in a clone; absent in a plain installation, which names its own files."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decided. Each field's environment variable is CEASEFIRE_ and its name in capitals."""

    database_url: str = ""
    """sqlite:///PATH or postgresql://user@host/name. Default: a SQLite file in the user's data folder."""
    index_url: str = ""
    """sqlite:///PATH or http(s)://host:9200. Default: the same SQLite file."""
    kibana_url: str = field(default="", repr=False)
    """Kibana, for `ceasefire kibana apply`: http[s]://user:password@host:5601[/base][?ca=FILE]."""
    kibana_api_key: str = field(default="", repr=False)
    """An encoded API key for Kibana, in place of user and password."""
    feeds: str = ""
    """The source list. Default: feeds.toml in the working folder, else the one of the clone."""
    smtp_url: str = field(default="", repr=False)
    """smtp://user:password@host:587?starttls=required or smtps://…; without it mails become .eml files."""
    mail_from: str = ""
    """The sender's address of every mail."""
    mail_folder: str = ""
    """Where .eml files go. Default: mail/ beside the database."""
    operator_mail: str = ""
    """Who hears of failing feeds; also the contact address that the User-Agent shows to servers."""
    public_url: str = ""
    """Where analysts reach the web page; without it mails are complete in themselves and link nothing of ours."""
    secret_key: str = field(default="", repr=False)
    """Signs unsubscribe links and webhook bodies; needed only where public_url or a webhook is used."""
    allow_private_addresses: bool = False
    """Feeds on loopback and private hosts may be fetched."""
    horizon_h: float = 24.0
    """What was published longer ago than this never fires an instant alert."""
    versions_per_day: int = 10
    """A text that changes more often in a day is kept at its last state, without further versions."""
    tagger: Backend = "onnx"
    """The backend that labels English texts; docs/taggers.md says when to choose which."""
    tagger_model: str = ""
    """Model folder or hub name for the backend. Default: the shipped model."""
    taxonomy: str = ""
    """Taxonomy file. Default: the shipped Russia-Ukraine taxonomy."""
    threads: int = 0
    """Threads of the tagger; 0: as many as there are cores."""
    fetch: FetchSettings = field(default_factory=FetchSettings)
    """How feeds are fetched: the table [fetch] of the settings file, keys as in `pipeline.fetch.settings`."""
    keep_articles_days: int = 0
    """Stories whose last report is older go, with their articles; 0: they stay for ever."""
    keep_versions_days: int = 90
    """Earlier texts of articles that changed go after this; 0: they stay."""
    keep_messages_days: int = 365
    """Messages that were sent go after this, never what they announced; 0: they stay."""
    keep_log_days: int = 90
    """Rows of polls and cycles, notes of what was set aside, mutes that ended and what is remembered of hosts (robots.txt,
    pauses that they asked for, leases) go after this; at least 35, or 0: they stay."""
    web_users: str = ""
    """File of the page's users and password hashes; `ceasefire serve --add-user NAME` writes it."""
    trusted_proxies: str = ""
    """Addresses or networks of proxies whose word on who asks is believed, separated by commas."""
    proxy_user_header: str = "X-Forwarded-User"
    """The header in which such a proxy names the user it logged in."""
    on_doubt: OnDoubt = "resend"
    """What happens to a message of which nobody knows whether it left: send it once more, or hold it for the operator."""

    def data_folder(self) -> Path:
        """The user's data folder of this program."""
        return Path(platformdirs.user_data_dir("ceasefire", appauthor=False))

    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_folder() / 'ceasefire.db'}"

    def resolved_index_url(self) -> str:
        """The index as set, else the SQLite file of the database. Raises IndexNotSetError where neither can be."""
        if self.index_url:
            return self.index_url
        database = self.resolved_database_url()
        if not database.startswith(("sqlite:", "postgres")):
            raise SettingsError(
                f"database {database.partition(':')[0]!r} is not supported; use sqlite:///PATH or postgresql://…"
            )
        if not database.startswith("sqlite:///"):
            raise IndexNotSetError(
                "no search index is set for this database: set CEASEFIRE_INDEX_URL (or --index) to http(s)://host:9200 "
                "or sqlite:///PATH; without one, feeds are taken in and wait to be searched"
            )
        return database

    def fetch_settings(self) -> FetchSettings:
        """How to fetch, with what other settings decide of it: the contact address and private hosts."""
        return replace(
            self.fetch,
            contact=self.fetch.contact or self.operator_mail,
            allow_private_addresses=self.fetch.allow_private_addresses or self.allow_private_addresses,
        )

    def resolved_mail_folder(self) -> Path:
        """Where .eml files go: as set, else mail/ beside a SQLite database, else in the user's data folder."""
        if self.mail_folder:
            return Path(self.mail_folder)
        url = self.resolved_database_url()
        path = url.removeprefix("sqlite:///").partition("?")[0]
        is_file = url.startswith("sqlite:///") and path not in ("", ":memory:")
        return (Path(path).parent if is_file else self.data_folder()) / "mail"

    def resolved_feeds(self) -> Path:
        """The source list to use. Raises SettingsError where there is none."""
        if self.feeds:
            return Path(self.feeds)
        for candidate in (Path("feeds.toml"), REPOSITORY / "feeds.toml"):
            if candidate.exists():
                return candidate
        raise SettingsError("no feeds.toml here; name the source list with --feeds FILE or CEASEFIRE_FEEDS")


PREFIX = "CEASEFIRE_"
ENVIRONMENT = "the environment (CEASEFIRE_…)"
"""What messages call it."""
OUTSIDE = frozenset({"CONFIG", "SHARED", "DB_PASSWORD"})
"""CEASEFIRE_ variables that are no fields: the settings file itself, the data that tests and training read, and what
only docker-compose.yml reads of .env, which people also export. CEASEFIRE_TEST_… belong to the tests."""

CHOICES: Mapping[str, tuple[str, ...]] = {"tagger": get_args(Backend), "on_doubt": get_args(OnDoubt)}
POSITIVE = frozenset(
    {
        "horizon_h",
        "versions_per_day",
        "fetch.concurrency",
        "fetch.per_domain",
        "fetch.total_timeout_s",
        "fetch.max_body_bytes",
    }
)


def load_settings(config: Path | None, environment: Mapping[str, str], **options: str | None) -> Settings:
    """Settings from the defaults, then `config` (or CEASEFIRE_CONFIG), then the environment, then `options`.

    Options that are None or empty do not count. Raises SettingsError with the key, where it stands, and what would be
    right: unknown keys are errors, so that a misspelt setting cannot be silently ignored.
    """
    settings = Settings()
    path = config or (Path(environment[PREFIX + "CONFIG"]) if environment.get(PREFIX + "CONFIG") else None)
    if path is not None:
        settings = _apply(settings, _read(path), str(path))
    from_environment = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX)
        and name.removeprefix(PREFIX) not in OUTSIDE
        and not name.startswith(PREFIX + "TEST_")
        and value
    }
    settings = _apply(settings, from_environment, ENVIRONMENT)
    return _apply(settings, {name: value for name, value in options.items() if value}, "the command line")


def settings_from_process(config: Path | None = None, **options: str | None) -> Settings:
    """`load_settings` over this process's own environment: for the faces (CLI, web, DAGs) only."""
    return load_settings(config, os.environ, **options)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read the settings file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings file {path} is not valid TOML: {error}") from error


def _apply(settings: Settings, values: Mapping[str, Any], where: str) -> Settings:
    known = {item.name: getattr(settings, item.name) for item in fields(Settings)}
    changes: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            also = [] if where == ENVIRONMENT else [f"fetch.{item.name}" for item in fields(FetchSettings)]
            raise SettingsError(_unknown(key, [*known, *also], where))
        if key == "fetch":
            changes[key] = _apply_fetch(settings.fetch, value, where)
        else:
            changes[key] = _convert(key, value, type(known[key]), where)
    return replace(settings, **changes)


def _apply_fetch(settings: FetchSettings, values: Any, where: str) -> FetchSettings:
    """The table [fetch]; its two tables of numbers by kind change only the kinds they name."""
    if not isinstance(values, Mapping):
        raise SettingsError(f"setting 'fetch' in {where}: write a table [fetch] in the settings file")
    known = {item.name: getattr(settings, item.name) for item in fields(FetchSettings)}
    changes: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise SettingsError(_unknown(f"fetch.{key}", [f"fetch.{name}" for name in known], where))
        if isinstance(known[key], Mapping):
            changes[key] = MappingProxyType(
                {**known[key], **_numbers(f"fetch.{key}", value, known[key], where)}
            )
        else:
            changes[key] = _convert(f"fetch.{key}", value, type(known[key]), where)
    return replace(settings, **changes)


def _unknown(key: str, known: Collection[str], where: str) -> str:
    """What to say of a misspelt setting: the names that may be meant, else all that there are, as they are written there."""
    near = difflib.get_close_matches(key, sorted(known), n=2, cutoff=0.6)
    if where == ENVIRONMENT:
        key, near, known = (
            PREFIX + key.upper(), [PREFIX + name.upper() for name in near], [PREFIX + name.upper() for name in known],
        )  # fmt: skip
    advice = f"did you mean {' or '.join(near)}?" if near else f"known are: {', '.join(sorted(known))}"
    return f"unknown setting {key!r} in {where}; {advice}"


def _numbers(key: str, values: Any, known: Mapping[str, float], where: str) -> dict[str, float]:
    if not isinstance(values, Mapping) or not set(values) <= set(known):
        raise SettingsError(f"setting {key!r} in {where}: a table with keys among {', '.join(sorted(known))}")
    return {name: _convert(f"{key}.{name}", value, float, where) for name, value in values.items()}


def _convert(key: str, value: Any, kind: type, where: str) -> Any:
    try:
        converted = _to_bool(value) if kind is bool else kind(value)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"setting {key!r} in {where}: {value!r} is not a {kind.__name__}") from error
    if key in CHOICES and converted not in CHOICES[key]:
        raise SettingsError(f"setting {key!r} in {where}: {value!r} is not one of {', '.join(CHOICES[key])}")
    if (
        isinstance(converted, int | float)
        and kind is not bool
        and (converted < 0 or (key in POSITIVE and converted == 0))
    ):
        raise SettingsError(f"setting {key!r} in {where}: {value!r} must be more than 0")
    return converted


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if str(value).lower() not in words:
        raise ValueError(value)
    return words[str(value).lower()]
