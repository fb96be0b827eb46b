"""Which addresses we connect to."""

import asyncio
from collections.abc import Sequence

import pytest

from pipeline.fetch.guard import ForbiddenAddressError, GuardedBackend, SystemResolver, is_forbidden


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

    backend = GuardedBackend(resolver, allow_private=allow_private)
    asyncio.run(backend.connect_tcp("news.example", 80, timeout=1))


def test_name_that_leads_inside_is_refused_with_its_address_and_the_setting() -> None:
    with pytest.raises(
        ForbiddenAddressError, match=r"news\.example.*10\.1\.2\.3.*CEASEFIRE_ALLOW_PRIVATE_ADDRESSES"
    ):
        connect(["10.1.2.3"])


def test_name_without_any_address_is_refused() -> None:
    with pytest.raises(ForbiddenAddressError):
        connect([])


def test_unix_sockets_are_refused() -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        return []

    backend = GuardedBackend(resolver, allow_private=True)
    with pytest.raises(ForbiddenAddressError):
        asyncio.run(backend.connect_unix_socket("/run/docker.sock"))


def test_machines_own_resolver_gives_each_address_once() -> None:
    async def look_up() -> Sequence[str]:
        resolver = SystemResolver(threads=1)
        try:
            return await resolver("127.0.0.1", 80)
        finally:
            resolver.close()

    assert asyncio.run(look_up()) == ["127.0.0.1"]
