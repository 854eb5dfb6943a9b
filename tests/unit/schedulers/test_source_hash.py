# SPDX-License-Identifier: Apache-2.0
"""The buckets of source and destination hashing, against what the kernel chose."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlvs.schedulers.source_hash import (
    BUCKETS,
    bucket_of,
    fallback_buckets,
    fill_by_weight,
    fill_in_turn,
    fold_address,
)

# Which server each client 10.1.x.y got (scene nat-sh). Servers were added in the order of their numbers.
EQUAL_WEIGHTS = """
    4.1=rs2 4.2=rs2 4.3=rs3 4.4=rs1 4.5=rs3 4.6=rs1 4.7=rs1 4.8=rs2 4.9=rs3 4.10=rs2 4.11=rs1 4.12=rs3 4.13=rs1
    4.14=rs2 4.15=rs1 4.16=rs3 4.17=rs1 4.18=rs3 4.19=rs1 4.20=rs3 4.21=rs2 4.22=rs3 4.23=rs2 4.24=rs3 4.25=rs2
    4.26=rs1 4.27=rs2 4.28=rs1 4.29=rs2 4.30=rs1 4.31=rs3 4.32=rs1
"""
RS1_WEIGHT_4 = """
    4.1=rs1 4.2=rs2 4.3=rs1 4.4=rs1 4.5=rs1 4.6=rs1 4.7=rs1 4.8=rs1 4.9=rs3 4.10=rs1 4.11=rs1 4.12=rs1 4.13=rs1
    4.14=rs2 4.15=rs1 4.16=rs3 4.17=rs1 4.18=rs3 4.19=rs1 4.20=rs3 4.21=rs2 4.22=rs1 4.23=rs2 4.24=rs1 4.25=rs1
    4.26=rs1 4.27=rs1 4.28=rs1 4.29=rs1 4.30=rs1 4.31=rs1 4.32=rs1
"""
RS2_DELETED = """
    4.1=rs1 4.2=rs1 4.3=rs1 4.4=rs3 4.5=rs1 4.6=rs3 4.7=rs1 4.8=rs1 4.9=rs1 4.10=rs1 4.11=rs1 4.12=rs1 4.13=rs1
    4.14=rs1 4.15=rs1 4.16=rs1 4.17=rs1 4.18=rs1 4.19=rs1 4.20=rs1 4.21=rs3 4.22=rs1 4.23=rs3 4.24=rs1 4.25=rs3
    4.26=rs1 4.27=rs3 4.28=rs1 4.29=rs3 4.30=rs1 4.31=rs1 4.32=rs1
"""

# By client port, and by address at port 20000 (scene nat-sh-port).
PORTS_OF_10_1_4_1 = """
    20000=rs1 20001=rs1 20002=rs3 20003=rs1 20004=rs3 20005=rs1 20006=rs3 20007=rs2 20008=rs3 20009=rs2 20010=rs2
    20011=rs3 20012=rs2 20013=rs3 20014=rs2 20015=rs1 20016=rs2 20017=rs1 20018=rs2 20019=rs1 20020=rs1 20021=rs2
    20022=rs1 20023=rs3 20024=rs1 20025=rs3 20026=rs1 20027=rs3 20028=rs2 20029=rs1 20030=rs3 20031=rs2
"""
ADDRESSES_AT_20000 = "10.1.4.2=rs1 10.1.5.9=rs2 10.1.6.77=rs3 10.1.7.200=rs3"

# rs1 weight 3, rs2 weight 1, rs3 weight 0, with sh-fallback (scene traffic-sh-flags).
RS3_UNUSABLE_WITH_FALLBACK = """
    8.1=rs1 8.2=rs1 8.3=rs2 8.4=rs1 8.5=rs2 8.6=rs1 8.7=rs2 8.8=rs1 8.9=rs2 8.10=rs1 8.11=rs2 8.12=rs1 8.13=rs1
    8.14=rs1 8.15=rs2 8.16=rs1 8.17=rs1 8.18=rs1 8.19=rs1 8.20=rs1 8.21=rs1 8.22=rs1 8.23=rs1 8.24=rs1
"""

# By virtual address 10.7.x.y (scene nat-dh).
DESTINATION_HASH = """
    0.1=rs2 0.2=rs1 0.3=rs2 0.4=rs3 0.5=rs3 0.6=rs1 0.7=rs3 0.8=rs1 0.9=rs3 0.10=rs2 0.11=rs3 0.12=rs2 0.13=rs3
    0.14=rs2 0.15=rs1 0.16=rs2 0.17=rs3 0.18=rs2 0.19=rs1 0.20=rs3 0.21=rs1 0.22=rs2 0.23=rs2 0.24=rs3 9.200=rs1
    77.3=rs3
"""


def pairs(text: str) -> list[tuple[str, str]]:
    """`a=b c=d` as pairs."""
    return [(left, right) for left, _, right in (word.partition("=") for word in text.split())]


def packed(address: str) -> bytes:
    """An address as text, packed."""
    return ip_address(address).packed


@pytest.mark.parametrize(
    ("servers", "weights", "recorded"),
    [
        (["rs3", "rs2", "rs1"], [1, 1, 1], EQUAL_WEIGHTS),
        (["rs3", "rs2", "rs1"], [1, 1, 4], RS1_WEIGHT_4),
        (["rs3", "rs1"], [1, 4], RS2_DELETED),
    ],
)
def test_a_client_has_the_server_that_the_kernel_chose(servers: list[str], weights: list[int], recorded: str) -> None:
    """Scene nat-sh: by source address, buckets by weight."""
    buckets = fill_by_weight(weights)
    assert pairs(recorded) == [
        (client, servers[buckets[bucket_of(packed(f"10.1.{client}"))]]) for client, _ in pairs(recorded)
    ]


def test_with_sh_port_the_client_port_counts() -> None:
    """Scene nat-sh-port: three servers of weight 2."""
    buckets, servers = fill_by_weight([2, 2, 2]), ["rs3", "rs2", "rs1"]
    by_port = [
        (port, servers[buckets[bucket_of(packed("10.1.4.1"), int(port))]]) for port, _ in pairs(PORTS_OF_10_1_4_1)
    ]
    by_address = [
        (client, servers[buckets[bucket_of(packed(client), 20000)]]) for client, _ in pairs(ADDRESSES_AT_20000)
    ]
    assert pairs(PORTS_OF_10_1_4_1) == by_port
    assert pairs(ADDRESSES_AT_20000) == by_address


def test_fallback_goes_on_from_twice_the_first_bucket() -> None:
    """Scene traffic-sh-flags: the clients of the unusable rs3 go where the kernel sent them."""
    servers = ["rs3", "rs2", "rs1"]
    buckets = fill_by_weight([0, 1, 3])

    def choose(client: bytes) -> str:
        tries = [bucket_of(client), *fallback_buckets(client)]
        return next(servers[buckets[bucket]] for bucket in tries if servers[buckets[bucket]] != "rs3")

    expected = pairs(RS3_UNUSABLE_WITH_FALLBACK)
    assert expected == [(client, choose(packed(f"10.1.{client}"))) for client, _ in expected]


def test_destination_hashing_ignores_weights() -> None:
    """Scene nat-dh: three servers, by virtual address."""
    buckets, servers = fill_in_turn(3), ["rs3", "rs2", "rs1"]
    expected = pairs(DESTINATION_HASH)
    assert expected == [(vip, servers[buckets[bucket_of(packed(f"10.7.{vip}"))]]) for vip, _ in expected]


def test_an_ipv6_address_is_folded_by_exclusive_or() -> None:
    """Of its four words."""
    assert (
        fold_address(
            packed("2001:db8:1111:2222:3333:4444:5555:6666"),
        )
        == 0x20010DB8 ^ 0x11112222 ^ 0x33334444 ^ 0x55556666
    )


def test_buckets_go_over_the_list_again_and_again() -> None:
    """Each destination has as many in a row as its weight; one without weight still has one."""
    assert fill_by_weight([1, 2, 3, 0])[:14] == [0, 1, 1, 2, 2, 2, 3] * 2
    assert fill_in_turn(3)[:6] == [0, 1, 2, 0, 1, 2]


def test_no_destination_no_buckets() -> None:
    """An empty list has no table."""
    assert fill_by_weight([]) == []
    assert fill_in_turn(0) == []


def test_a_huge_weight_takes_all_that_is_left() -> None:
    """And costs no more time than a small one."""
    assert [0, *[1] * 255] == fill_by_weight([1, 2**31 - 1])


@given(st.lists(st.integers(0, 300), min_size=1, max_size=20))
def test_there_are_always_256_buckets_of_known_places(weights: list[int]) -> None:
    """Whatever the weights."""
    buckets = fill_by_weight(weights)
    assert len(buckets) == BUCKETS
    assert set(range(len(weights))) >= set(buckets)


@given(st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16), st.integers(0, 65535))
def test_fallback_tries_256_times_within_the_table(address: bytes, port: int) -> None:
    """So it ends, found or not."""
    tries = list(fallback_buckets(address, port))
    assert len(tries) == BUCKETS
    assert all(0 <= bucket < BUCKETS for bucket in tries)
