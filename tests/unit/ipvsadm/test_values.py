# SPDX-License-Identifier: Apache-2.0
"""Numbers, endpoints and groups on the command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.ipvs_tables import packed
from tests.oracle.replay.server import Names
from xlvs.ipvsadm.values import (
    Endpoint,
    ValueReader,
    read_ipv6_prefix,
    read_leading_number,
    read_multicast_group,
    read_number,
)
from xlvs.model.address import Family
from xlvs.model.service import Protocol


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("010", 10), ("+5", 5), (" \t7", 7), ("-0", 0), ("0" * 5000 + "5", 5), ("2147483647", 2147483647)],
)
def test_numbers_are_decimal_with_signs_blanks_and_zeros(text: str, number: int) -> None:
    """As strtol takes them."""
    assert read_number(text, 0, 2147483647) == number


@pytest.mark.parametrize(
    "text",
    ["", " ", "+", "-", "-1", "7 ", "7x", "0x10", "1.0", "1_0", "+-1", "- 1", "2147483648", "9" * 5000, "\u0661"],
)
def test_what_is_no_number_within_bounds_is_none(text: str) -> None:
    """Digits of other scripts are not digits."""
    assert read_number(text, 0, 2147483647) is None


@given(st.integers(-(1 << 70), 1 << 70), st.sampled_from(("", "x", " ", ".5")))
def test_a_leading_number_wraps_like_an_int(number: int, rest: str) -> None:
    """A long is clamped, then cut to 32 bits."""
    clamped = max(-(1 << 63), min(number, (1 << 63) - 1))
    assert read_leading_number(f"{number}{rest}") == int.from_bytes(
        (clamped & 0xFFFFFFFF).to_bytes(4, "big"), "big", signed=True
    )


@pytest.mark.parametrize(
    ("text", "prefix"), [("64", 64), ("48x", 48), ("4294967297", 1), ("0", None), ("129", None), ("x", None)]
)
def test_a_prefix_is_from_1_to_128(text: str, prefix: int | None) -> None:
    """What follows it does not matter."""
    assert read_ipv6_prefix(text) == prefix


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("224.0.0.81", "224.0.0.81"),
        ("239.255.255.255", "239.255.255.255"),
        ("FF02::81", "ff02::81"),
        ("240.0.0.1", None),
        ("224.1", None),
        ("224.0.0.81 ", None),
        ("2001:db8::1", None),
        ("", None),
    ],
)
def test_a_group_is_multicast_and_in_full(text: str, group: str | None) -> None:
    """No short forms."""
    assert read_multicast_group(text) == (packed(group) if group else None)


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("10.0.0.1:80", (Family.IPV4, "10.0.0.1", 80)),
        ("10.1:http", (Family.IPV4, "10.0.0.1", 80)),
        ("10.0.0.1:www", (Family.IPV4, "10.0.0.1", 80)),
        ("10.0.0.1", (Family.IPV4, "10.0.0.1", None)),
        ("vip.example:0", (Family.IPV4, "10.0.0.99", 0)),
        ("[2001:db8::1]:80", (Family.IPV6, "2001:db8::1", 80)),
        ("2001:db8::1", (Family.IPV6, "2001:db8::1", None)),
        ("::1:80", (Family.IPV6, "::1:80", None)),
        ("[10.0.0.1]:80", (Family.IPV4, "10.0.0.1", None)),
    ],
)
def test_endpoints(text: str, endpoint: tuple[Family, str, int | None]) -> None:
    """Both families, names, what the original makes of odd forms."""
    family, address, port = endpoint
    assert reader().read_endpoint(text, Protocol.TCP) == (family, packed(address), port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "80",
        ":80",
        "10.0.0.1:",
        "10.0.0.1:65536",
        "10.0.0.1:x",
        "nosuch:80",
        "[::1]",
        "[::1]80",
        "[]:80",
        "vip6.example:80",
    ],
)
def test_what_is_no_endpoint_is_none(text: str) -> None:
    """Digits alone, missing parts, unknown names, names with IPv6 addresses only."""
    assert reader().read_endpoint(text, Protocol.TCP) is None


def test_port_names_belong_to_a_protocol() -> None:
    """Without one there are none."""
    assert reader().read_endpoint("10.0.0.1:http", Protocol.UDP) is None
    assert reader().read_endpoint("10.0.0.1:http", Protocol.IP) is None


def reader() -> ValueReader:
    """A reader that knows the scenes' names."""
    return ValueReader(Names())


class Once(Names):
    """Names that may be asked for only so often."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def host_address(self, name: str, family: int) -> bytes | None:
        """Take note."""
        self.asked.append(name)
        return super().host_address(name, family)


def test_only_what_needs_no_resolver_is_remembered() -> None:
    """A name may change its address while input is read."""
    names = Once()
    remembering = ValueReader(names)
    first: Endpoint | None = remembering.read_endpoint("10.0.0.1:80", Protocol.TCP)
    assert remembering.read_endpoint("10.0.0.1:80", Protocol.TCP) is first
    remembering.read_endpoint("vip.example:80", Protocol.TCP)
    remembering.read_endpoint("vip.example:80", Protocol.TCP)
    assert names.asked == ["vip.example", "vip.example"]
