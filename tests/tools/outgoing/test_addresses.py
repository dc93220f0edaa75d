"""Whether an address is public is asked of the address itself, however it is dressed."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.tools.outgoing.addresses import is_guarded, is_public, parse_address


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "8.8.8.8", "2606:4700::6810:84e5", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)
def test_an_address_that_anybody_reaches_is_public(address: str) -> None:
    """Also where a translator of the network has dressed it in IPv6."""
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - what is refused
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.8.8.8",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "192.0.0.192",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "2001:db8::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "4000::1",
    ],
)
def test_an_address_that_only_some_reach_is_not(address: str) -> None:
    """Loopback, private, link-local, reserved and translated ones: what a request from inside must not reach."""
    assert not is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_ipv6_dress(address: ipaddress.IPv4Address) -> None:
    """Else the dress would be the way round."""
    number = int(address)
    dressed = [
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x64FF9B << 96) | number),
    ]

    assert [is_public(each) for each in dressed] == [is_public(address)] * 2


@given(st.ip_addresses())
def test_what_is_guarded_is_never_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """The metadata of a cloud is nobody's public host."""
    assert not (is_guarded(address) and is_public(address))


def test_the_zone_of_an_address_does_not_hide_it() -> None:
    """A resolver gives link-local addresses with the interface they are reached by."""
    address = parse_address("fe80::1%eth0")

    assert address is not None
    assert is_guarded(address)
    assert parse_address("localhost") is None
