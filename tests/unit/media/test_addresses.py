import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.media import addresses

SPECIAL_BLOCKS = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
    *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    *("::/128", "::1/128", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23"),
    *("2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10"),
    *("fec0::/10", "ff00::/8", "::ffff:0:0/96", "::/96"),
)
EMBEDDING_PREFIXES = (  # of IPv6 addresses whose last 32 bits are an IPv4 address
    *("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::"),
    *("2001:4860:4860::5efe:0:0", "2001:4860:4860::200:5efe:0:0"),
)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "104.16.132.229", "2606:4700::6810:84e5", "2a00:1450::1"]
)
def test_address_of_the_public_internet_is_public(address: str) -> None:
    assert addresses.is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "0.0.0.1", "169.254.169.254", "100.100.100.200", "255.255.255.255"),
        *("::", "::1", "::ffff:8.8.8.8", "fd00:ec2::254", "fe80::1%eth0", "2606:4700::1%eth0"),
        *("", "localhost", "0x7f.1", "2130706433", "8.8.8.8 ", "008.8.8.8"),
    ],
)
def test_address_that_leads_inside_or_is_none_is_not_public(address: str) -> None:
    assert not addresses.is_public(address)


@settings(deadline=None)
@given(st.sampled_from(SPECIAL_BLOCKS).flatmap(lambda block: st.ip_addresses(network=block)))
def test_no_address_of_a_special_block_is_public(address: IPv4Address | IPv6Address) -> None:
    assert not addresses.is_public(str(address))


@settings(deadline=None)
@given(st.sampled_from(SPECIAL_BLOCKS))
def test_neither_end_of_a_special_block_is_public(block: str) -> None:
    network = ip_network(block)
    assert not addresses.is_public(str(network[0]))
    assert not addresses.is_public(str(network[-1]))


@settings(deadline=None)
@given(st.sampled_from(EMBEDDING_PREFIXES), st.ip_addresses(v=4))
def test_no_ipv4_address_in_disguise_is_public(prefix: str, hidden: IPv4Address) -> None:
    disguised = IPv6Address(int(IPv6Address(prefix)) | int(hidden))
    assert not addresses.is_public(str(disguised))


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_no_6to4_address_is_public(hidden: IPv4Address) -> None:
    disguised = IPv6Address(int(IPv6Address("2002::")) | int(hidden) << 80)
    assert not addresses.is_public(str(disguised))


@settings(deadline=None)
@given(st.ip_addresses())
def test_whatever_is_public_is_global_and_unicast_for_python_too(
    address: IPv4Address | IPv6Address,
) -> None:
    if addresses.is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast


@settings(deadline=None)
@given(st.ip_addresses(network=IPv6Network("2000::/3")))
def test_nearly_all_of_global_unicast_is_public(address: IPv6Address) -> None:
    special = [ip_network(block) for block in SPECIAL_BLOCKS if ":" in block]
    if addresses.is_public(str(address)):
        return
    assert (
        any(address in block for block in special)
        or "5efe" in address.exploded
        or (address in IPv6Network("2620:4f:8000::/48"))
    )


@settings(deadline=None)
@given(st.text())
def test_no_text_that_is_no_address_is_public(text: str) -> None:
    try:
        ip_address(text)
    except ValueError:
        assert not addresses.is_public(text)
        assert not addresses.is_literal(text)


SPELLINGS = (str, hex, lambda number: f"0{number:o}", lambda number: f"0x{number:08x}")


@settings(deadline=None)
@given(st.ip_addresses(v=4), st.sampled_from(SPELLINGS), st.integers(1, 4))
def test_numeric_spelling_that_the_system_would_take_is_no_name(
    address: IPv4Address, spell: object, parts: int
) -> None:
    assert callable(spell)
    *first, _ = [address.packed[index] for index in range(parts)]
    last = int.from_bytes(address.packed[parts - 1 :], "big")
    host = ".".join(spell(number) for number in [*first, last])
    assert socket.inet_aton(host) == address.packed
    assert not addresses.is_name(host)
    assert not addresses.is_name(f"{host}.")


@settings(deadline=None)
@given(st.text(alphabet="0123456789abcdefx.-_ \t\x00%o", max_size=20))
def test_no_name_is_a_number_for_the_system(host: str) -> None:
    if addresses.is_name(host):
        with pytest.raises(OSError, match="illegal IP address string"):
            socket.inet_aton(host)


@pytest.mark.parametrize(
    "host", ["example.com", "a.b.c.example.", "xn--bcher-kva.example", "localhost", "my_host"]
)
def test_dns_name_is_a_name(host: str) -> None:
    assert addresses.is_name(host)


@pytest.mark.parametrize(
    "host", ["", ".", "a..b", "-a.com", "a-.com", "A.com", "a b", "a%2eb", "a\n", f"{'a' * 64}.com"]
)
def test_what_no_resolver_should_see_is_no_name(host: str) -> None:
    assert not addresses.is_name(host)


def test_name_longer_than_dns_allows_is_no_name() -> None:
    assert addresses.is_name(".".join(["a" * 49] * 5))
    assert not addresses.is_name(".".join(["a" * 49] * 6))
