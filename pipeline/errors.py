"""Every error the pipeline raises on purpose. Each names what failed, where, and what to do.

PipelineError
├── SettingsError         a setting, feeds.toml or an argument is wrong          (exit code 2)
│   ├── FeedListError
│   └── IndexNotSetError
├── QueryError            a search string is wrong; carries the place            (exit code 2)
├── NotFoundError         an alert, article, story or feed that is not there     (exit code 2)
├── ServiceError          something that is needed cannot be reached             (exit code 3)
│   ├── DatabaseUnavailableError
│   ├── SchemaOutdatedError
│   ├── IndexUnavailableError
│   ├── KibanaUnavailableError
│   └── MailError
├── RunIncompleteError    a part of a scheduled run ended without a result       (exit code 1)
└── InputError            one input is wrong and costs itself only               (exit code 1)
    ├── KibanaRefusedError
    ├── ParseError
    └── ExtractError
"""


class PipelineError(Exception):
    """Root of the tree. `exit_code` is what a command that ends with this error returns."""

    exit_code = 1


class SettingsError(PipelineError):
    """A setting or an argument is wrong. The message says which, where it was read, and what would be right."""

    exit_code = 2


class FeedListError(SettingsError):
    """feeds.toml or an OPML file is wrong; the message starts with `file:line:`."""


class IndexNotSetError(SettingsError):
    """A database server without a search index: feeds are taken in, searching and alerting wait for the setting."""


class QueryError(PipelineError):
    """A search string cannot be understood. `position` is the 0-based offset in `query` that the caret points at."""

    exit_code = 2

    def __init__(self, message: str, query: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.query = query
        self.position = position

    def __str__(self) -> str:
        return f"{self.message}\n  {self.query}\n  {' ' * self.position}^"


class NotFoundError(PipelineError):
    """Something asked for by name or id is not there; the message says what exists."""

    exit_code = 2


class ServiceError(PipelineError):
    """A service that is needed cannot be reached or refuses us. What was taken in stays queued."""

    exit_code = 3


class DatabaseUnavailableError(ServiceError):
    """The database cannot be opened or written."""


class SchemaOutdatedError(ServiceError):
    """The database's schema is older or newer than this program; `ceasefire db upgrade` is what to do."""


class IndexUnavailableError(ServiceError):
    """The search index cannot be reached, refuses the credentials, or is read-only."""


class KibanaUnavailableError(ServiceError):
    """Kibana cannot be reached, is too old or not ready, or refuses the credentials. `passing`: waiting may help."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class MailError(ServiceError):
    """A message cannot be sent. `permanent` tells a 5xx-like refusal from a fault worth another try."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class RunIncompleteError(PipelineError):
    """Parts of a scheduled run ended without a result, in every try. Their work stays due, and the next run has it."""


class InputError(PipelineError):
    """One input is wrong; the run goes on without it."""


class KibanaRefusedError(InputError):
    """Kibana takes no such object, or not from this user; the others go on. The message is Kibana's own."""


class ParseError(InputError):
    """A document is not a feed; the message says what it is instead. `url` is where it came from."""

    def __init__(self, message: str, url: str) -> None:
        super().__init__(f"{url}: {message}")
        self.url = url


class ExtractError(InputError):
    """An entry has neither link, guid, title nor text: nothing to identify or show it by."""
