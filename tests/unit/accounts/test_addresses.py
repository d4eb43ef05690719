"""S-47, S-47a, S-49: who is calling, from where, and how callers are counted."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.security.addresses import address_allowed, address_group, client_address

PROXIES = tuple(map(ip_network, ("10.0.0.0/8", "fd00::/8")))


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("203.0.113.9", "10.0.0.1", "203.0.113.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "10.9.9.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.7, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, _hidden, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "198.51.100.7,", "10.0.0.1"),
        ("10.0.0.1", " 198.51.100.7 ", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7:51234", "198.51.100.7"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        ("10.0.0.1", "[2001:DB8::7]:443", "2001:db8::7"),
        ("10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("fd00::1", "198.51.100.7", "198.51.100.7"),
        ("testclient", "198.51.100.7", "testclient"),
        ("", "198.51.100.7", ""),
        ("10.0.0.1", "0x7f.1", "10.0.0.1"),
        ("10.0.0.1", ", ".join(["10.0.0.2"] * 5000), "10.0.0.2"),
    ],
)
def test_s47a_client_address_behind_trusted_proxies(peer: str, forwarded_for: str, client: str) -> None:
    assert client_address(peer, forwarded_for, PROXIES) == client


@pytest.mark.parametrize("forwarded_for", ["198.51.100.7", "127.0.0.1", "10.0.0.1, 10.0.0.1", "garbage"])
def test_s47a_without_trusted_proxies_the_header_is_ignored(forwarded_for: str) -> None:
    assert client_address("10.0.0.1", forwarded_for, ()) == "10.0.0.1"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(invented=st.text(max_size=200))
def test_s47a_nothing_the_caller_invents_moves_it(invented: str) -> None:
    assert client_address("10.0.0.1", f"{invented}, 198.51.100.7", PROXIES) == "198.51.100.7"


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_s49_ipv6_callers_are_counted_by_their_64(address: str, group: str) -> None:
    assert address_group(address) == group


def test_s47_allow_list_is_optional_and_otherwise_closed() -> None:
    allowed = (IPv4Network("198.51.100.0/24"), IPv6Network("2001:db8:1::/48"))
    assert address_allowed("8.8.8.8", ())
    for inside in ("198.51.100.7", "::ffff:198.51.100.7", "2001:db8:1::9"):
        assert address_allowed(inside, allowed)
    for outside in ("198.51.101.7", "2001:db8:2::9", "testclient", ""):
        assert not address_allowed(outside, allowed)
