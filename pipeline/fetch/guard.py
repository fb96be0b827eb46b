"""No request into private networks: names are resolved once, checked, and connected to at the checked address.

A check of the URL alone can be passed by a name that points inside, and a check before the connect by a name that
answers differently the second time (DNS rebinding). So the check sits between look-up and connect: it holds for every
redirect and every kept-alive connection, and TLS and `Host` still see the name.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from threading import Thread
from typing import Final

from pipeline.errors import InputError
from pipeline.fetch.wire import NoConnectionError, SlowConnectionError, TlsError, Wire

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host name and port to addresses as text, best first. Raises OSError where the name is unknown."""

_PROVIDERS_OWN: Final = (ipaddress.ip_network("168.63.129.16/32"), ipaddress.ip_network("192.0.0.0/24"))
"""Where clouds keep services for machines inside, at addresses that Python calls public: Azure's wire server and the
block of IETF protocol assignments, in which Oracle's metadata service lives."""

_ADDRESSES_TRIED: Final = 4
_FIRST_ADDRESSES_S: Final = 3.0
"""Time for each address but the last: a network whose IPv6 leads nowhere must not cost every poll its whole time."""

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddressError(InputError):
    """A host name leads to addresses that we do not connect to."""


class NameLookupError(InputError):
    """A host name cannot be resolved."""


def is_forbidden(address: str) -> bool:
    """Whether `address` (IPv4 or IPv6 as text) is not a host of the public Internet.

    Private, loopback, link-local, carrier-grade NAT, multicast, reserved and metadata addresses are forbidden, also
    where an IPv6 address only wraps them (mapped, 6to4, Teredo, NAT64). Source: IANA special-purpose registries, as
    `ipaddress` knows them. Raises ValueError where `address` is not one.
    """
    return _is_forbidden(ipaddress.ip_address(address.partition("%")[0]))


def _is_forbidden(ip: _Address) -> bool:
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return _is_forbidden(inner)
    return (
        not ip.is_global
        or ip.is_multicast
        or ip.is_reserved
        or any(ip in network for network in _PROVIDERS_OWN)
    )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


class SystemResolver:
    """The machine's own resolver, in threads of its own that nobody waits for.

    The event loop's default pool has few threads and is waited for at exit: one dead name server would hold up every
    poll, and then Ctrl-C.
    """

    def __init__(self, at_once: int = 32) -> None:
        self._places = asyncio.Semaphore(at_once)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        await self._places.acquire()  # given back by the thread, which may outlive a caller that gave up
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[str]] = loop.create_future()

        def done(outcome: list[str] | Exception) -> None:
            self._places.release()
            if answer.done():
                return
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

        def look_up() -> None:
            try:
                outcome: list[str] | Exception = _look_up(host, port)
            except (OSError, UnicodeError) as error:
                outcome = error
            with suppress(RuntimeError):  # the loop has ended meanwhile, and with it the question
                loop.call_soon_threadsafe(done, outcome)

        Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
        return await answer


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class Guard:
    """Connects to where a name leads, but only to addresses that are let through."""

    def __init__(self, resolver: Resolver, *, allow_private: bool) -> None:
        self._resolver = resolver
        self._allow_private = allow_private

    async def connect(
        self, host: str, port: int, timeout_s: float, context: ssl.SSLContext | None = None
    ) -> Wire:
        """A connection to `host`, with TLS where a `context` is given. `timeout_s` holds for look-up, TCP and TLS each.

        Raises NameLookupError, ForbiddenAddressError, NoConnectionError.
        """
        addresses = (await self._allowed(host, port, timeout_s))[:_ADDRESSES_TRIED]
        failure: NoConnectionError | None = None
        for address in addresses:
            last = address == addresses[-1]
            wait_s = timeout_s if last else min(timeout_s, _FIRST_ADDRESSES_S)
            try:
                return await _dressed(await _reached(address, port, wait_s), host, timeout_s, context)
            except TlsError:
                raise  # the same server under its other address has no other certificate
            except NoConnectionError as error:
                failure = error
        assert failure is not None
        raise failure

    async def _allowed(self, host: str, port: int, timeout_s: float) -> list[str]:
        try:
            if _is_address(host):  # nothing to look up
                found: Sequence[str] = [host.strip("[]")]
            else:
                async with asyncio.timeout(timeout_s):
                    found = await self._resolver(host, port)
        except TimeoutError as error:
            raise NameLookupError(f"the name {host} was not resolved within {timeout_s:g} s") from error
        except (OSError, UnicodeError) as error:
            if isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME:
                raise NameLookupError(f"the name {host} is not known") from error
            why = getattr(error, "strerror", None) or error
            raise NameLookupError(f"the name {host} cannot be looked up: {why}") from error
        if self._allow_private and found:
            return list(found)
        allowed = [address for address in found if not is_forbidden(address)]
        if not allowed:
            raise ForbiddenAddressError(
                f"{host} leads to {', '.join(found) or 'no address'}, which is not on the public Internet; "
                "set CEASEFIRE_ALLOW_PRIVATE_ADDRESSES=1 if that is meant"
            )
        return allowed


async def _reached(address: str, port: int, timeout_s: float) -> socket.socket:
    """A TCP connection to one address."""
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        async with asyncio.timeout(timeout_s):
            await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException as error:
        made.close()
        if isinstance(error, TimeoutError):
            raise SlowConnectionError("no connection in time") from error
        if isinstance(error, OSError):
            raise NoConnectionError(f"no connection: {error.strerror or error}") from error
        raise
    return made


async def _dressed(
    connection: socket.socket, host: str, timeout_s: float, context: ssl.SSLContext | None
) -> Wire:
    """The connection as the event loop drives it, secured where a `context` is given."""
    name = host.strip("[]") if context is not None else None
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            _, wire = await loop.create_connection(Wire, sock=connection, ssl=context, server_hostname=name)
    except BaseException as error:
        connection.close()
        if isinstance(error, TimeoutError):
            raise SlowConnectionError("no secure connection in time") from error
        if isinstance(
            error, OSError
        ):  # ssl.SSLError is one; so is a server that hangs up within the handshake
            raise TlsError(f"no secure connection: {error.strerror or error}") from error
        raise
    return wire
