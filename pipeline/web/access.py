"""Who may come in: nobody is asked on loopback; elsewhere a password, or a proxy's word.

Passwords are kept as scrypt hashes (RFC 7914) in a file of lines `name:scrypt$SALT$HASH`, both in base64.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import logging
import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import PipelineError, SettingsError
from pipeline.web.throttle import Throttle

log = logging.getLogger(__name__)

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
SCRYPT = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}
"""16 MB and about 50 ms a try: the interactive parameters of RFC 7914's authors."""
MOST_REMEMBERED = 100

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of one server. `users`: name to scrypt hash. `header` names the user where a proxy in `proxies` asks.

    `local`: bound to loopback and nobody is asked who they are; the reader is then called `operator`.
    """

    operator: str = "analyst"
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    proxies: tuple[Network, ...] = ()
    header: str = "X-Forwarded-User"
    read_only: bool = False

    @property
    def asks(self) -> bool:
        """Whether readers must say who they are."""
        return bool(self.users or self.proxies)


def check_binding(host: str, access: Access) -> None:
    """Raises SettingsError where the page would stand open to others than this machine's own users."""
    if is_loopback(host) or access.asks:
        return
    raise SettingsError(
        f"{host} is reachable from other machines, and nothing says who may come in. Either stay on this machine "
        "(--host 127.0.0.1), or set CEASEFIRE_WEB_USERS to a file of users (`ceasefire serve --add-user NAME` writes "
        "one), or set CEASEFIRE_TRUSTED_PROXIES to the address of the proxy that logs people in"
    )


def is_loopback(host: str) -> bool:
    """Whether an address or name to bind to is this machine only."""
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks, separated by commas. Raises SettingsError."""
    try:
        return tuple(
            ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()
        )
    except ValueError as error:
        raise SettingsError(f"trusted_proxies {text!r}: {error}; write 10.0.0.5 or 10.0.0.0/24") from error


def read_users(path: Path) -> dict[str, str]:
    """The users file. Raises SettingsError that names the line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SettingsError(f"cannot read the users file {path}: {error.strerror}") from error
    users: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, stored = line.strip().partition(":")
        if not colon or not name or len(stored.split("$")) != 3:
            raise SettingsError(f"{path}:{number}: write lines with `ceasefire serve --add-user NAME`")
        users[name] = stored
    if not users:
        raise SettingsError(f"the users file {path} names nobody; `ceasefire serve --add-user NAME` adds one")
    return users


def hashed(password: str) -> str:
    """A password as the users file keeps it."""
    salt = secrets.token_bytes(16)
    return f"scrypt${_text(salt)}${_text(_scrypt(password, salt))}"


def fits(password: str, stored: str) -> bool:
    """Whether this is the password behind a hash; False too for a hash that cannot be read."""
    try:
        kind, salt, expected = stored.split("$")
        if kind != "scrypt":
            return False
        return hmac.compare_digest(_scrypt(password, base64.b64decode(salt)), base64.b64decode(expected))
    except (ValueError, binascii.Error):
        return False


class TooManyGuessesError(PipelineError):
    """This address guessed wrong too often. `wait_s`: seconds until a password is looked at again."""

    def __init__(self, wait_s: float) -> None:
        self.wait_s = math.ceil(wait_s)
        super().__init__(f"Too many wrong passwords from this address; try again in {self.wait_s} s.")


class Door:
    """Finds out who asks, by the rules of an `Access`. Passwords that were right are remembered as keyed hashes, so
    that a page of ten requests does not cost ten times 50 ms, and that who is in stays in while somebody else guesses."""

    def __init__(self, access: Access, throttle: Throttle | None = None) -> None:
        self.access = access
        self._throttle = throttle or Throttle()
        self._key = secrets.token_bytes(32)
        self._right: dict[bytes, str] = {}

    def reader(self, peer: str, headers: Mapping[str, str]) -> str | None:
        """The reader's name, or None where they must say (better) who they are. `headers` in lower case. Raises
        TooManyGuessesError, unseen whether this one is right, where an address must wait."""
        if not self.access.asks:
            return self.access.operator
        if self.access.proxies and _within(peer, self.access.proxies):
            named = headers.get(self.access.header.lower(), "").strip()
            return named[:200] if named else None
        return self._by_password(peer, headers.get("authorization", ""))

    def _by_password(self, peer: str, authorization: str) -> str | None:
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic" or len(encoded) > 2000:
            return None
        mark = hmac.digest(self._key, encoded.encode("utf-8", "replace"), "sha256")
        if (remembered := self._right.get(mark)) is not None:
            return remembered
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
        except (ValueError, binascii.Error):
            return None
        if wait_s := self._throttle.wait_s(peer, name):
            raise TooManyGuessesError(wait_s)
        known = self.access.users.get(name)
        if not fits(password, known or _NOBODY) or known is None:
            self._throttle.wrong(peer, name)
            log.warning("a wrong password for %r from %s", name[:60], peer)
            return None
        self._throttle.right(peer, name)
        if len(self._right) >= MOST_REMEMBERED:
            self._right.clear()
        self._right[mark] = name
        return name


def _within(peer: str, allowed: tuple[Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in allowed)


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, maxmem=64 << 20, **SCRYPT)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


_NOBODY = f"scrypt${_text(bytes(16))}${_text(bytes(32))}"
"""A hash that no password has: an unknown name costs as much time as a wrong password."""
