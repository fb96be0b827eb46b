"""Which addresses we connect to."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from pipeline.fetch import guard
from pipeline.fetch.guard import ForbiddenAddressError, Guard, SystemResolver, is_forbidden


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.9", "0.0.0.0", "10.0.0.1", "172.16.9.9", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "169.254.1.1", "100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16",
        "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.7", "198.18.0.1",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "2001:0:5ef5:79fd:0:0:80ff:fffe",
    ],
)  # fmt: skip
def test_addresses_inside_are_forbidden(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.216.34", "2606:4700::6810:84e5", "::ffff:8.8.8.8", "64:ff9b::808:808", "172.32.0.1"],
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert not is_forbidden(address)


def connect(addresses: Sequence[str], *, allow_private: bool = False) -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        return addresses

    asyncio.run(Guard(resolver, allow_private=allow_private).connect("news.example", 80, 1))


def test_name_that_leads_inside_is_refused_with_its_address_and_the_setting() -> None:
    with pytest.raises(
        ForbiddenAddressError, match=r"news\.example.*10\.1\.2\.3.*CEASEFIRE_ALLOW_PRIVATE_ADDRESSES"
    ):
        connect(["10.1.2.3"])


@pytest.mark.parametrize("allow_private", [False, True])
def test_name_without_any_address_is_refused(allow_private: bool) -> None:
    with pytest.raises(ForbiddenAddressError):
        connect([], allow_private=allow_private)


def test_machines_own_resolver_gives_each_address_once() -> None:
    async def look_up() -> Sequence[str]:
        return await SystemResolver(at_once=1)("127.0.0.1", 80)

    assert asyncio.run(look_up()) == ["127.0.0.1"]


def test_unknown_and_impossible_names_are_os_errors_of_the_resolver() -> None:
    async def look_up(host: str) -> None:
        await SystemResolver()(host, 80)

    for host in ("no-such-host.invalid", "a" * 300, "x..y"):
        with pytest.raises((OSError, UnicodeError)):
            asyncio.run(look_up(host))


def test_look_up_that_nobody_waits_for_any_more_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()

    def slow(host: str, port: int) -> list[str]:
        if host == "slow.example":
            answer.wait(10)
        return ["192.0.2.1"]

    monkeypatch.setattr(guard, "_look_up", slow)

    async def run() -> Sequence[str]:
        resolver = SystemResolver(at_once=1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(resolver("slow.example", 80), 0.05)
        answer.set()
        return await asyncio.wait_for(resolver("fast.example", 80), 10)

    assert asyncio.run(run()) == ["192.0.2.1"]
