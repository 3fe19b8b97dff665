"""Which addresses the bot may connect to when somebody else chose the link; pure."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# IANA IPv4 Special-Purpose Address Registry, multicast and the withdrawn 6to4 relays. Spelled out,
# since what ``ipaddress`` calls private or global differs between releases of Python.
_SPECIAL_V4 = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# IPv6 hands out global unicast addresses from here alone: loopback, unique local, link-local,
# multicast, mapped and compatible IPv4 and NAT64 all lie outside.
_GLOBAL_V6 = ip_network("2000::/3")
_SPECIAL_V6 = tuple(
    ip_network(block)
    for block in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: an IPv4 address in the last 32 bits

_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_MAX_NAME = 253  # RFC 1035, 2.3.4, without the closing dot


def is_public(address: str) -> bool:
    """Whether an address, as a resolver gives it, is a host of the public internet."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return not any(parsed in block for block in _SPECIAL_V4)
    return _is_public_v6(parsed)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None or address not in _GLOBAL_V6:
        return False
    if int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        return False
    return not any(address in block for block in _SPECIAL_V6)


def is_literal(host: str) -> bool:
    """Whether a host is an address in its usual spelling, for which nobody need be asked."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_name(host: str) -> bool:
    """Whether a host is a DNS name in lower case that no resolver can take for a number.

    ``127.1``, ``2130706433``, ``0x7f.1`` and ``0177.0.0.1`` end in a number and are none (WHATWG
    URL, "ends-in-a-number checker").
    """
    labels = host.removesuffix(".").split(".")
    if len(host) > _MAX_NAME + 1 or _NUMBER.fullmatch(labels[-1]):
        return False
    return all(_LABEL.fullmatch(label) for label in labels)
