"""Reaching Elasticsearch: the URL with its credentials and CA, and its errors in our words."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from elasticsearch import ApiError, ConnectionTimeout, Elasticsearch, TransportError, UnsupportedProductError
from elasticsearch import ConnectionError as EsConnectionError

from pipeline.errors import IndexUnavailableError, SettingsError

REQUEST_TIMEOUT_S = 30.0
RETRIES = 3
RETRIED = (429, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the cluster is. `shown` is what messages and logs may hold: no user, no password."""

    url: str
    shown: str
    user: str | None = field(repr=False)
    password: str | None = field(repr=False)
    ca: Path | None

    @classmethod
    def parsed(cls, url: str) -> "Address":
        """From http[s]://[user:password@]host[:port][/prefix][?ca=FILE]. Raises SettingsError, without the password."""
        parts = urlsplit(url)
        options = parse_qs(parts.query)
        if not parts.hostname or set(options) - {"ca"}:
            raise SettingsError(
                "CEASEFIRE_INDEX_URL for Elasticsearch is http[s]://[user:password@]host[:port][?ca=FILE]"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        port = parts.port or (443 if parts.scheme == "https" else 9200)
        plain = urlunsplit((parts.scheme, f"{host}:{port}", parts.path.rstrip("/"), "", ""))
        ca = Path(options["ca"][0]) if "ca" in options else None
        if ca is not None and not ca.is_file():
            raise SettingsError(f"The CA certificate {ca} named in CEASEFIRE_INDEX_URL is not a file")
        user = unquote(parts.username) if parts.username else None
        return cls(plain, plain, user, unquote(parts.password or "") if user else None, ca)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster to speak to. `refresh`: how a write becomes visible: "wait_for" the next refresh, within a second, or
    force one (True), which is quick on a small index and costly on a large one."""

    client: Elasticsearch
    address: Address
    refresh: Literal["wait_for", True]


def connected(url: str, refresh: Literal["wait_for", True]) -> Cluster:
    """With a client that retries what may pass (429, 502 to 504, time-outs) with back-off. Opens no connection yet."""
    address = Address.parsed(url)
    client = Elasticsearch(
        address.url,
        basic_auth=(address.user, address.password or "") if address.user else None,
        ssl_context=_trusting(address) if address.url.startswith("https") else None,
        request_timeout=REQUEST_TIMEOUT_S,
        max_retries=RETRIES,
        retry_on_timeout=True,
        retry_on_status=RETRIED,
    )
    return Cluster(client, address, refresh)


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
        case _ if "CERTIFICATE_VERIFY_FAILED" in told:
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
