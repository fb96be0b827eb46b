"""Guessing passwords takes time: after a few wrong ones an address waits, twice as long each time, for a minute at most."""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE_A_NAME = 5
FREE_AN_ADDRESS = 50
"""Wrong guesses that cost nothing: for one name, and for all names together. Behind one address may sit a whole office."""
LONGEST_WAIT_S = 60.0
FORGOTTEN_AFTER_S = 900.0
MOST_KEPT = 10_000
"""Guessers remembered; beyond that the one that guessed longest ago is forgotten."""

Key = tuple[str, str]


@dataclass(slots=True)
class _Guesses:
    wrong: int
    last: float


class Throttle:
    """Wrong guesses by client address, and by address and name. Shared by threads; `clock` in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: OrderedDict[Key, _Guesses] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, peer: str, name: str) -> float:
        """How long this address must wait before its next guess at this name is looked at; 0 for not at all."""
        now = self._clock()
        with self._lock:
            return max(self._wait(key, free, now) for key, free in _keys(peer, name))

    def wrong(self, peer: str, name: str) -> None:
        """That guess was wrong."""
        now = self._clock()
        with self._lock:
            for key, _ in _keys(peer, name):
                known = self._held.pop(key, None)
                before = 0 if known is None or now - known.last > FORGOTTEN_AFTER_S else known.wrong
                self._held[key] = _Guesses(before + 1, now)
            while len(self._held) > MOST_KEPT:
                self._held.popitem(last=False)

    def right(self, peer: str, name: str) -> None:
        """That one was right: its earlier slips are forgiven, not those at other names."""
        with self._lock:
            self._held.pop((_network(peer), name), None)

    def _wait(self, key: Key, free: int, now: float) -> float:
        known = self._held.get(key)
        if known is None or known.wrong < free:
            return 0.0
        wait = min(LONGEST_WAIT_S, 2.0 ** min(known.wrong - free, 30))
        return max(0.0, known.last + wait - now)


def _keys(peer: str, name: str) -> tuple[tuple[Key, int], tuple[Key, int]]:
    network = _network(peer)
    return ((network, name), FREE_A_NAME), ((network, ""), FREE_AN_ADDRESS)


def _network(peer: str) -> str:
    """The address; of IPv6 the /64 that one customer has to choose addresses from."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return peer
