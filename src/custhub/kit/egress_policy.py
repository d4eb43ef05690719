"""Which places the hub may call when somebody else named them (S-105, W-12). Pure: asks no DNS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal

import httpx

from custhub.kit.errors import RuleBroken, Text

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Refusal = Literal["url", "scheme", "userinfo", "host", "port", "address"]

_DEFAULT_PORTS = {"https": 443, "http": 80}
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
# Resolvers read these as IPv4 addresses too: 2130706433, 127.1, 0x7f.1, 0177.0.0.1.
_NUMERIC_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")

# `is_global` alone calls some of these public, which of them depends on the version of Python.
_CLOSED_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier NAT, where one cloud keeps its metadata service
        "168.63.129.16/32",  # the host agent of another cloud, under a public number
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",
        "224.0.0.0/3",  # multicast and reserved
    )
)
# Leaves out ::/96, v4-mapped, v4-translated, NAT64, 100::/64, 5f00::/16, local addresses and multicast.
_OPEN_6 = IPv6Network("2000::/3")
_CLOSED_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries an IPv4 address inside
        "3fff::/20",
    )
)


class EgressRefused(RuleBroken):
    """This address may not be called: only https addresses on the public internet are allowed."""

    code = "destination_blocked"
    title = "Destination blocked"
    zh = Text("目标地址被阻止", "不允许访问此地址：仅允许公网上的 https 地址。")

    def __init__(self, reason: Refusal) -> None:
        super().__init__()
        self.reason: Refusal = reason


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL that may be called once every address of `host` is permitted; `literal` when it names one itself."""

    url: httpx.URL
    host: str
    port: int
    literal: Address | None


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """What may be called. `allow` opens ranges that are not public; it comes from the configuration only."""

    allow: Sequence[Network] = ()
    allow_http: bool = False
    ports: Sequence[int] = (443, 80)

    def check(self, url: str) -> Destination:
        """Where a URL leads, as far as its text tells. Raises EgressRefused."""
        try:
            parsed = httpx.URL(url).copy_with(fragment=None)
        except (httpx.InvalidURL, ValueError):
            raise EgressRefused("url") from None
        if parsed.scheme != "https" and not (parsed.scheme == "http" and self.allow_http):
            raise EgressRefused("scheme")
        if parsed.userinfo:
            raise EgressRefused("userinfo")
        host = parsed.raw_host.decode("ascii")
        literal = _literal(host)
        if literal is None and (not _NAME.fullmatch(host) or _NUMERIC_END.fullmatch(host)):
            raise EgressRefused("host")
        port = _DEFAULT_PORTS[parsed.scheme] if parsed.port is None else parsed.port
        if port not in self.ports:
            raise EgressRefused("port")
        if literal is not None and not self.permits(literal):
            raise EgressRefused("address")
        return Destination(parsed, host, port, literal)

    def permits(self, address: Address) -> bool:
        """Whether a connection to this very address is allowed."""
        return is_public(address) or (not _zoned(address) and any(address in network for network in self.allow))


def is_public(address: Address) -> bool:
    """Whether an address lies on the public internet and cannot lead back inside (table of S-105)."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _CLOSED_4)
    outside = address in _OPEN_6 and address.is_global and not _zoned(address)
    return outside and not any(address in network for network in _CLOSED_6)


def _zoned(address: Address) -> bool:
    # A zone names an interface of this machine.
    return isinstance(address, IPv6Address) and address.scope_id is not None


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
