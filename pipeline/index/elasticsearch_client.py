"""Reaching Elasticsearch: the URL with its credentials and CA, patience with a busy server, its errors in our words."""

import random
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from elastic_transport import TlsError, Transport, TransportApiResponse
from elasticsearch import ApiError, ConnectionTimeout, Elasticsearch, TransportError, UnsupportedProductError
from elasticsearch import ConnectionError as EsConnectionError

from pipeline.errors import IndexUnavailableError, SettingsError
from pipeline.index.elasticsearch_layout import Layout

REQUEST_TIMEOUT_S = 30.0
PAUSES_S = (0.25, 1.0, 4.0)
"""Rests before the second, third and fourth try, each drawn between half and the whole of it, so that writers who were
refused together do not come back together. Longer troubles are the queue's to wait for, not a request's."""

RETRIED = (429, 502, 503, 504)
_OPTIONS = frozenset({"ca", "shards", "replicas"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where the cluster is. `shown` is what messages and logs may hold: no user, no password."""

    url: str
    shown: str
    user: str | None = field(repr=False)
    password: str | None = field(repr=False)
    ca: Path | None
    layout: Layout = field(default_factory=Layout)

    @classmethod
    def parsed(cls, url: str) -> "Address":
        """From http[s]://[user:password@]host[:port][/prefix][?ca=FILE&shards=N&replicas=N]. Raises SettingsError,
        without the password."""
        parts = urlsplit(url)
        options = parse_qs(parts.query, keep_blank_values=True)
        if not parts.hostname or set(options) - _OPTIONS:
            raise SettingsError(
                "CEASEFIRE_INDEX_URL for Elasticsearch is"
                " http[s]://[user:password@]host[:port][?ca=FILE&shards=N&replicas=N]"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        port = parts.port or (443 if parts.scheme == "https" else 9200)
        plain = urlunsplit((parts.scheme, f"{host}:{port}", parts.path.rstrip("/"), "", ""))
        ca = Path(options["ca"][0]) if "ca" in options else None
        if ca is not None and not ca.is_file():
            raise SettingsError(f"The CA certificate {ca} named in CEASEFIRE_INDEX_URL is not a file")
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password or "") if user else None
        layout = Layout(_number(options, "shards", 1, 1024) or 1, _number(options, "replicas", 0, 16))
        return cls(plain, plain, user, password, ca, layout)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster to speak to. `refresh`: how a write becomes visible: "wait_for" the next refresh, within a second, or
    force one (True), which is quick on a small index and costly on a large one."""

    client: Elasticsearch
    address: Address
    refresh: Literal["wait_for", True]


def connected(url: str, refresh: Literal["wait_for", True]) -> Cluster:
    """With a client that tries again, after a rest, what may pass. Opens no connection yet."""
    address = Address.parsed(url)
    client = Elasticsearch(
        address.url,
        basic_auth=(address.user, address.password or "") if address.user else None,
        ssl_context=_trusting(address) if address.url.startswith("https") else None,
        request_timeout=REQUEST_TIMEOUT_S,
        transport_class=PatientTransport,
    )
    return Cluster(client, address, refresh)


class PatientTransport(Transport):
    """Rests between tries; the client's own retries come at once, which keeps a busy server busy.

    Tried again are answers of 429 and 502 to 504 and time-outs, as often as PAUSES_S says; a connection that failed is
    tried once more, since it may only have been idle for too long. A certificate that is not trusted stays so, and the
    second refusal would no longer name it.
    """

    def perform_request(self, method: str, target: str, **options: Any) -> TransportApiResponse:
        options["max_retries"] = 0
        for tried, pause_s in enumerate(PAUSES_S):
            try:
                answer = super().perform_request(method, target, **options)
                if answer.meta.status not in RETRIED:
                    return answer
            except ConnectionTimeout:
                pass  # tried again below; the last try's error is raised
            except TlsError:
                raise
            except EsConnectionError:
                if tried:
                    raise
            rest(pause_s)
        return super().perform_request(method, target, **options)


def rest(pause_s: float) -> None:
    """Wait for between half and the whole of it."""
    time.sleep(random.uniform(pause_s / 2, pause_s))


@contextmanager
def speaking(address: Address) -> Iterator[None]:
    """Every error of the client leaves as IndexUnavailableError that says what is the matter."""
    try:
        yield
    except (ApiError, TransportError, UnsupportedProductError) as error:
        raise unavailable(address, error) from error


def unavailable(address: Address, error: Exception) -> IndexUnavailableError:
    """The client's error in our words."""
    return IndexUnavailableError(f"The search index at {address.shown} {_matter(error)}")


def _number(options: dict[str, list[str]], name: str, least: int, most: int) -> int | None:
    """A whole number among the URL's options. Raises SettingsError."""
    if name not in options:
        return None
    told = options[name][0]
    if not told.isdecimal() or not least <= int(told) <= most:
        raise SettingsError(f"{name} in CEASEFIRE_INDEX_URL is a number from {least} to {most}, not {told!r}")
    return int(told)


def _trusting(address: Address) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(address.ca) if address.ca else None)


def _matter(error: Exception) -> str:
    told = str(error)
    match error:
        case ApiError() if error.status_code == 401:
            return "refuses the user or the password; check CEASEFIRE_INDEX_URL"
        case ApiError() if "cluster_block_exception" in told or "read_only_allow_delete" in told:
            return (
                "is read-only, as a rule because its disk is nearly full; free space, then set"
                " index.blocks.read_only_allow_delete to null"
            )
        case ApiError() if error.status_code == 403:
            return f"does not allow this user to do that; give it the writer's role ({_reason(error)})"
        case ApiError() if error.status_code == 429:
            return "has too much to do and kept refusing; what was taken in stays queued"
        case ApiError():
            return f"answered {error.status_code}: {_reason(error)}"
        case ConnectionTimeout():
            return f"did not answer within {REQUEST_TIMEOUT_S:.0f} s"
        case TlsError() if "CERTIFICATE_VERIFY_FAILED" in str(error.__cause__):
            return "shows a certificate of an unknown CA; name the CA's file with ?ca=FILE in CEASEFIRE_INDEX_URL"
        case EsConnectionError():
            return "cannot be reached; is it running, and is the host right?"
        case _:
            return f"is no Elasticsearch that we can speak to ({told[:200]})"


def _reason(error: ApiError) -> str:
    body = error.body
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        return str(body["error"].get("reason", ""))[:300]
    return str(body)[:300]
