"""Network addresses of callers: who is behind a proxy, what limits count by, who may call from where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from custhub.kit.errors import Forbidden, Text

Network = IPv4Network | IPv6Network

_MAX_FORWARDED_HOPS = 32


class AddressNotAllowed(Forbidden):
    """This client may not call from this network address."""

    code = "address_not_allowed"
    title = "Network address not allowed"
    zh = Text("网络地址不允许", "此客户端不允许从当前网络地址访问。")


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks of a setting or a stored list. Raises ValueError."""
    return tuple(ip_network(text) for text in texts)


def client_address(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """Who is calling, as text: `peer`, or what trusted proxies say about it (S-47a).

    `forwarded_for` is `X-Forwarded-For`, several headers joined by commas, empty if there was none. It is read
    from the right, and only as long as the address reached so far is a trusted proxy; the rest is the caller's
    own invention.
    """
    address = _address(peer)
    if address is None:
        return peer
    for hop in reversed(forwarded_for.split(",")[-_MAX_FORWARDED_HOPS:]):
        earlier = _address(hop) if _within(address, trusted) else None
        if earlier is None:
            break
        address = earlier
    return str(address)


def address_group(address: str) -> str:
    """What per-address limits count by: the IPv4 address, or the /64 that one IPv6 subscriber owns."""
    parsed = _address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((int(parsed) >> 64 << 64, 64)))
    return address if parsed is None else str(parsed)


def address_allowed(address: str, allowed: Sequence[Network]) -> bool:
    """Whether a client may call from `address`; an empty list allows all (S-47)."""
    parsed = _address(address)
    return not allowed or (parsed is not None and _within(parsed, allowed))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _within(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
