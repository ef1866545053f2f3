"""Which addresses are of the public network (IANA's special-purpose registries; RFC 6890)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_UNICAST = IPv6Network("2000::/3")  # all that is given out; site-local and v4-compatible are not
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052


def is_public(text: str) -> bool:
    """Whether an address, and the IPv4 one that it stands for, is of the public network.

    Raises ValueError for what is no address.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return _is_given_out(address)
    inner = _inner(address)
    if inner is not None:
        return _is_given_out(inner)
    return address in _UNICAST and _is_given_out(address)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to this one go to."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_given_out(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast
