"""S-105, W-12: which addresses and URLs may be called."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.kit.egress_policy import EgressPolicy, EgressRefused, Refusal, is_public

INSIDE: dict[str, str] = {
    "this network": "0.0.0.0",  # noqa: S104 - refused, not bound
    "this network, other": "0.1.2.3",
    "private 10": "10.0.0.1",
    "private 172.16": "172.16.0.1",
    "private 172.31": "172.31.255.255",
    "private 192.168": "192.168.1.1",
    "loopback": "127.0.0.1",
    "loopback, other": "127.8.9.10",
    "carrier nat": "100.64.0.1",
    "carrier nat metadata": "100.100.100.200",
    "carrier nat end": "100.127.255.255",
    "link-local": "169.254.1.1",
    "metadata": "169.254.169.254",
    "container metadata": "169.254.170.2",
    "metadata under a public number": "168.63.129.16",
    "ietf assignments": "192.0.0.1",
    "ietf assignments that is_global lets through": "192.0.0.9",
    "metadata in ietf assignments": "192.0.0.192",
    "documentation 1": "192.0.2.1",
    "documentation 2": "198.51.100.1",
    "documentation 3": "203.0.113.1",
    "6to4 relay": "192.88.99.1",
    "benchmark": "198.18.0.1",
    "benchmark end": "198.19.255.255",
    "multicast": "224.0.0.1",
    "multicast end": "239.255.255.255",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "v6 unspecified": "::",
    "v6 loopback": "::1",
    "v4-compatible": "::8.8.8.8",
    "v4-compatible loopback": "::127.0.0.1",
    "v4-mapped public": "::ffff:8.8.8.8",
    "v4-mapped loopback": "::ffff:127.0.0.1",
    "v4-mapped metadata": "::ffff:169.254.169.254",
    "v4-translated": "::ffff:0:10.0.0.1",
    "nat64 of private": "64:ff9b::10.0.0.1",
    "nat64 of public": "64:ff9b::8.8.8.8",
    "local nat64": "64:ff9b:1::10.0.0.1",
    "discard": "100::1",
    "teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "benchmark v6": "2001:2::1",
    "amt": "2001:3::1",
    "orchid": "2001:10::1",
    "orchid v2": "2001:20::1",
    "documentation v6": "2001:db8::1",
    "6to4 of private": "2002:a00:1::1",
    "6to4 of public": "2002:808:808::1",
    "documentation v6, new": "3fff::1",
    "not assigned": "4000::1",
    "segment routing": "5f00::1",
    "unique local": "fc00::1",
    "metadata in unique local": "fd00:ec2::254",
    "link-local v6": "fe80::1",
    "link-local v6 with a zone": "fe80::1%eth0",
    "public v6 with a zone": "2606:4700:4700::1111%eth0",
    "site-local": "fec0::1",
    "multicast v6": "ff02::1",
    "multicast v6, global": "ff0e::1",
}
OUTSIDE = ("8.8.8.8", "1.1.1.1", "114.114.114.114", "223.5.5.5", "100.63.255.255", "100.128.0.0", "168.63.129.15")
OUTSIDE_6 = ("2606:4700:4700::1111", "2400:3200::1", "2001:4860:4860::8888", "2a00:1450:4001::200e")


@pytest.mark.parametrize("address", INSIDE.values(), ids=INSIDE)
def test_s105_address_that_leads_inside_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", [*OUTSIDE, *OUTSIDE_6])
def test_s105_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


CLOSED = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/96",
            "::ffff:0:0/96",
            "::ffff:0:0:0/96",
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "100::/64",
            "2001::/32",
            "2001:db8::/32",
            "2002::/16",
            "3fff::/20",
            "5f00::/16",
            "fc00::/7",
            "fe80::/10",
            "fec0::/10",
            "ff00::/8",
        ),
    )
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(network=st.sampled_from(CLOSED), offset=st.integers(0, 2**128))
def test_s105_no_address_of_a_closed_network_is_public(network: IPv4Network | IPv6Network, offset: int) -> None:
    assert not is_public(network[offset % network.num_addresses])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(inner=st.integers(0, 2**32 - 1))
def test_s105_no_ipv4_address_wrapped_in_ipv6_is_public(inner: int) -> None:
    prefixes = (0, 0xFFFF << 32, 0xFFFF << 48, 0x64FF9B << 96, 0x64FF9B0001 << 80)
    assert not any(is_public(IPv6Address(prefix | inner)) for prefix in prefixes)
    assert not is_public(IPv6Address((0x2002 << 112) | (inner << 80) | 1))


REFUSED: dict[str, Refusal] = {
    "": "scheme",
    "example.com": "scheme",
    "//example.com": "scheme",
    "http://example.com/": "scheme",
    "ftp://example.com/": "scheme",
    "file:///etc/passwd": "scheme",
    "gopher://example.com/": "scheme",
    "javascript:alert(1)": "scheme",
    "https://example.com/\n": "url",
    "https://exa\rmple.com/": "url",
    "https://[::1": "url",
    "https://[v1.x]/": "url",
    "https://example.com:99999999/": "port",
    "https://ⓔxample.com/": "url",
    "https://１２７.0.0.1/": "url",
    "https://999.1.1.1/": "url",
    "https://user@example.com/": "userinfo",
    "https://user:secret@example.com/": "userinfo",
    "https://example.com%2f@example.org/": "userinfo",
    "https://example.com\\@example.org/": "userinfo",
    "https:///path": "host",
    "https://:443/": "host",
    "https://example.com./": "host",
    "https://a..b/": "host",
    "https://.example.com/": "host",
    "https://-a.example.com/": "host",
    "https://exa mple.com/": "host",
    "https://%31%32%37.0.0.1/": "host",
    "https://127.0.0.1%00.example.com/": "host",
    f"https://{'a' * 64}.example.com/": "host",
    f"https://{'a.' * 127}com/": "host",
    "https://2130706433/": "host",
    "https://134744072/": "host",
    "https://0/": "host",
    "https://127.1/": "host",
    "https://127.0.1/": "host",
    "https://0x7f000001/": "host",
    "https://0x7f.0x0.0x0.0x1/": "host",
    "https://0X7F.1/": "host",
    "https://017700000001/": "host",
    "https://0x/": "host",
    "https://evil.example.0x7f/": "host",
    "https://example.1/": "host",
    "https://0177.0.0.1/": "url",
    "https://[fe80::1%25eth0]/": "address",
    "https://example.com:22/": "port",
    "https://example.com:0/": "port",
    "https://example.com:8443/": "port",
    "https://127.0.0.1/": "address",
    "https://127。0。0。1/": "address",
    "https://169.254.169.254/latest/meta-data/": "address",
    "https://[::1]/": "address",
    "https://[::ffff:127.0.0.1]/": "address",
    "https://[::ffff:7f00:1]/": "address",
    "https://[0:0:0:0:0:0:0:1]/": "address",
    "https://[64:ff9b::a00:1]/": "address",
}


@pytest.mark.parametrize(("url", "reason"), REFUSED.items(), ids=[ascii(url)[:60] for url in REFUSED])
def test_w12_hostile_url_is_refused_before_any_name_is_resolved(url: str, reason: Refusal) -> None:
    with pytest.raises(EgressRefused) as refused:
        EgressPolicy().check(url)
    error = refused.value
    # Whether a name exists inside is nobody's business, so the reason stays out of the answer.
    assert (error.reason, error.code, error.members) == (reason, "destination_blocked", {})


def test_check_gives_host_and_port_as_they_will_be_used() -> None:
    destination = EgressPolicy().check("HTTPS://Hook.Example.COM/a?b=c#fragment")
    assert (destination.host, destination.port, destination.literal) == ("hook.example.com", 443, None)
    assert str(destination.url) == "https://hook.example.com/a?b=c"


def test_check_spells_an_international_name_in_ascii() -> None:
    assert EgressPolicy().check("https://例子.测试/").host == "xn--fsqu00a.xn--0zwm56d"


def test_check_takes_a_public_literal_address() -> None:
    assert EgressPolicy().check("https://8.8.8.8/").literal == IPv4Address("8.8.8.8")
    assert EgressPolicy().check("https://[2606:4700:4700::1111]:443/").literal == IPv6Address("2606:4700:4700::1111")


def test_http_only_by_configuration_and_on_its_port() -> None:
    policy = EgressPolicy(allow_http=True)
    assert policy.check("http://example.com/").port == 80
    with pytest.raises(EgressRefused):
        policy.check("ftp://example.com/")


def test_allowed_range_opens_itself_and_no_other_spelling() -> None:
    policy = EgressPolicy(allow=(IPv4Network("10.1.0.0/16"), IPv6Network("fd12::/16")))
    assert policy.permits(IPv4Address("10.1.2.3"))
    assert policy.permits(IPv6Address("fd12::1"))
    for closed in ("10.2.0.1", "127.0.0.1", "::ffff:10.1.2.3", "fd12::1%eth0", "64:ff9b::10.1.2.3", "fd13::1"):
        assert not policy.permits(ip_address(closed))
