"""Speaking to Kibana's HTTP API: the address with its credentials, and every failure in our words."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit

import httpx2

from pipeline.errors import KibanaRefusedError, KibanaUnavailableError, SettingsError

OLDEST = (9, 4)
"""The first release with the Dashboards API (preview there, general in 9.5)."""

TIMEOUT_S = 60.0
"""A Kibana that has just started takes up to half a minute for its first answers."""

PAUSE_S = 1.0
"""Between two looks at a Kibana that starts."""

HEADERS = {"kbn-xsrf": "true", "Elastic-Api-Version": "2023-10-31", "Accept": "application/json"}
DEFAULT_SPACE = "default"


@dataclass(frozen=True, slots=True)
class Address:
    """Where Kibana is. `shown` is what messages may hold: no user, no password."""

    shown: str
    user: str | None = field(repr=False)
    password: str = field(repr=False)
    ca: Path | None

    @classmethod
    def parsed(cls, url: str) -> "Address":
        """From http[s]://[user:password@]host[:port][/base][?ca=FILE]. Raises SettingsError, without the password."""
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 5601)
        except ValueError as error:
            raise SettingsError(f"CEASEFIRE_KIBANA_URL: {error}") from error
        options = parse_qs(parts.query)
        if parts.scheme not in ("http", "https") or not parts.hostname or set(options) - {"ca"}:
            raise SettingsError(
                "CEASEFIRE_KIBANA_URL is http[s]://user:password@host[:5601][/base][?ca=FILE]"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        ca = Path(options["ca"][0]) if "ca" in options else None
        if ca is not None and not ca.is_file():
            raise SettingsError(f"The CA certificate {ca} named in CEASEFIRE_KIBANA_URL is not a file")
        shown = urlunsplit((parts.scheme, f"{host}:{port}", parts.path.rstrip("/"), "", ""))
        user = unquote(parts.username) if parts.username else None
        return cls(shown, user, unquote(parts.password or ""), ca)


class Kibana:
    """One Kibana and one of its spaces. `with Kibana(url, api_key) as kibana:`"""

    def __init__(self, url: str, api_key: str = "", space: str = DEFAULT_SPACE) -> None:
        self.address = Address.parsed(url)
        self.space = space
        address = self.address
        self._http = httpx2.Client(
            auth=(address.user, address.password) if address.user and not api_key else None,
            headers=HEADERS | ({"Authorization": f"ApiKey {api_key}"} if api_key else {}),
            verify=ssl.create_default_context(cafile=str(address.ca) if address.ca else None),
            timeout=TIMEOUT_S,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def check(self) -> None:
        """Is this a Kibana that is ready, new enough, and takes our credentials? Raises KibanaUnavailableError if not."""
        answer = self._request("GET", "/api/status")
        if answer.status_code in (401, 403):
            raise self._unavailable(_login(answer))
        told = _json(answer)
        level = told.get("status", {}).get("overall", {}).get("level") if isinstance(told, dict) else None
        if level is None and answer.status_code == 503:
            raise self._unavailable("is not ready yet", passing=True)
        if level is None:
            raise self._unavailable(
                f"does not answer as Kibana does ({answer.status_code} to /api/status); is that its address?"
            )
        number = str(told.get("version", {}).get("number", ""))
        if number and _version(number) < OLDEST:
            raise self._unavailable(f"is Kibana {number}; dashboards need 9.4 or newer")
        if level not in ("available", "degraded"):
            raise self._unavailable(
                f"is not ready yet ({level}); wait until {self.address.shown}/api/status says available",
                passing=True,
            )
        if (
            self.space != DEFAULT_SPACE
            and self.get(f"/api/spaces/space/{quote(self.space, safe='')}", spaced=False) is None
        ):
            raise SettingsError(
                f"Kibana at {self.address.shown} has no space {self.space!r}; make it there, or leave --space out"
            )

    def wait(self, patience_s: float) -> None:
        """`check` again and again while what is wrong may pass, for so long; then raise what was wrong last."""
        until = time.monotonic() + patience_s
        while True:
            try:
                return self.check()
            except KibanaUnavailableError as error:
                if not error.passing or time.monotonic() + PAUSE_S > until:
                    raise
            time.sleep(PAUSE_S)

    def get(self, path: str, *, spaced: bool = True) -> Any:
        """The answer, or None where the object is not there. Raises as `send` does."""
        answer = self._request("GET", self._in_space(path) if spaced else path)
        return None if answer.status_code == 404 else self._accepted(answer, f"read {path}")

    def send(self, method: str, path: str, body: Mapping[str, Any], *, spaced: bool = True) -> Any:
        """Write. Raises KibanaRefusedError where Kibana refuses this object, KibanaUnavailableError where it takes none."""
        answer = self._request(method, self._in_space(path) if spaced else path, body)
        if answer.status_code == 404 and path.startswith("/api/dashboards"):
            raise self._unavailable("has no Dashboards API; Kibana 9.4 or newer is needed")
        return self._accepted(answer, f"write {path}")

    def _in_space(self, path: str) -> str:
        return path if self.space == DEFAULT_SPACE else f"/s/{quote(self.space, safe='')}{path}"

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx2.Response:
        try:
            return self._http.request(method, self.address.shown + path, json=body)
        except httpx2.TimeoutException as error:
            raise self._unavailable(f"did not answer within {TIMEOUT_S:.0f} s", passing=True) from error
        except httpx2.TransportError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise self._unavailable(
                    "shows a certificate of an unknown CA; name the CA's file with ?ca=FILE in CEASEFIRE_KIBANA_URL"
                ) from error
            raise self._unavailable(
                f"cannot be reached ({error}); is it running, and is the address right?", passing=True
            ) from error

    def _accepted(self, answer: httpx2.Response, what: str) -> Any:
        status = answer.status_code
        if status in (200, 201):
            return _json(answer)
        if status == 204:
            return None
        if status == 401:
            raise self._unavailable(_login(answer))
        if status in (301, 302, 307, 308):
            raise self._unavailable(
                f"redirects to {answer.headers.get('location', 'elsewhere')}; use its own address"
            )
        if status == 403:
            raise KibanaRefusedError(f"this user has no right to {what} ({_message(answer)})")
        if status == 429 or status >= 500:
            raise self._unavailable(
                f"answered {status} on trying to {what}: {_message(answer)}", passing=True
            )
        raise KibanaRefusedError(f"answered {status} on trying to {what}: {_message(answer)}")

    def _unavailable(self, matter: str, *, passing: bool = False) -> KibanaUnavailableError:
        return KibanaUnavailableError(f"Kibana at {self.address.shown} {matter}", passing=passing)


def _login(answer: httpx2.Response) -> str:
    given = answer.request.headers.get("authorization", "")
    if not given:
        return "wants a user; write CEASEFIRE_KIBANA_URL=http://user:password@host:5601, or set CEASEFIRE_KIBANA_API_KEY"
    if given.startswith("ApiKey"):
        return "refuses the API key; check CEASEFIRE_KIBANA_API_KEY"
    return "refuses the user or the password; check CEASEFIRE_KIBANA_URL"


def _json(answer: httpx2.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _message(answer: httpx2.Response) -> str:
    """What Kibana says is wrong, panels by their own messages."""
    told = _json(answer)
    if not isinstance(told, dict):
        return answer.text[:300].strip() or answer.reason_phrase
    panels = told.get("panelErrors")
    if isinstance(panels, list) and panels:
        return "; ".join(f"panel of type {item.get('panel_type')}: {item.get('message')}" for item in panels)[
            :900
        ]
    return str(told.get("message") or told.get("error") or answer.reason_phrase)[:600]


def _version(number: str) -> tuple[int, ...]:
    parts = number.split("-", maxsplit=1)[0].split(".")[:2]
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else OLDEST
