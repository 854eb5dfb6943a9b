# SPDX-License-Identifier: Apache-2.0
"""The value that says what a real server is, and its text."""

import pytest

from xlvs.realserver.setup import Method, Setup, SysctlChange, TunnelType, decode, encode, parse_address

FOUR, SIX = bytes((192, 0, 2, 1)), bytes.fromhex("20010db8000000000000000000000001")
WHOLE = Setup(
    {FOUR: Method.DIRECT_ROUTE, SIX: Method.TUNNEL},
    ("eth0",),
    (TunnelType.IPIP, TunnelType.GUE),
    6081,
    (SysctlChange("ipv4/conf/eth0.10/rp_filter", "1", "2"),),
    (SIX,),
)


@pytest.mark.parametrize("setup", [Setup(), WHOLE], ids=["empty", "whole"])
def test_a_setup_survives_its_text(setup: Setup) -> None:
    """What is written is read again, the interface with a dot included."""
    assert decode(encode(setup)) == setup


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"form": 2}', encode(WHOLE).replace("192.0.2.1", "x"), encode(WHOLE).replace("gue", "vx")]
)
def test_another_text_is_refused(text: str) -> None:
    """By ValueError alone, whatever is wrong with it."""
    with pytest.raises(ValueError, match=r"."):
        decode(text)


def test_the_longest_tunnel_header_counts() -> None:
    """IPIP 20, GRE with its checksum 28, GUE with its option 40 bytes over IPv4; 20 more over IPv6."""
    by_type = {each: Setup(types=(each,)).overhead(ipv6=False) for each in TunnelType}
    assert by_type == {TunnelType.IPIP: 20, TunnelType.GRE: 28, TunnelType.GUE: 40}
    assert WHOLE.overhead(ipv6=True) == 60


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        ("192.0.2.1", FOUR),
        ("2001:db8::1", SIX),
        ("192.0.513", None),
        ("192.0.2.1/32", None),
        ("web1", None),
        ("", None),
    ],
)
def test_addresses_are_written_out(text: str, packed: bytes | None) -> None:
    """No short forms: a slip of the finger must not become another address."""
    assert parse_address(text) == packed
