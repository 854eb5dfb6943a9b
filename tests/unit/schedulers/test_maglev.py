# SPDX-License-Identifier: Apache-2.0
"""Maglev's table, against what the kernel chose."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlvs.schedulers.maglev import TABLE_SIZE, Member, build, entry_of, fallback_entries, turns_per_round

# Which server each client 10.1.x.y got (scene nat-mh). Each was 10.2.N.2:80.
FOUR_EQUAL = """
    4.1=rs3 4.2=rs4 4.3=rs1 4.4=rs4 4.5=rs3 4.6=rs4 4.7=rs3 4.8=rs2 4.9=rs1 4.10=rs2 4.11=rs1 4.12=rs1 4.13=rs1
    4.14=rs2 4.15=rs4 4.16=rs1 4.17=rs1 4.18=rs4 4.19=rs4 4.20=rs3 4.21=rs4 4.22=rs4 4.23=rs2 4.24=rs4 4.25=rs1
    4.26=rs3 4.27=rs4 4.28=rs4 4.29=rs3 4.30=rs2 4.31=rs4 4.32=rs4
"""
RS3_DELETED = """
    4.1=rs4 4.2=rs4 4.3=rs1 4.4=rs4 4.5=rs4 4.6=rs4 4.7=rs4 4.8=rs2 4.9=rs1 4.10=rs2 4.11=rs1 4.12=rs1 4.13=rs1
    4.14=rs2 4.15=rs4 4.16=rs1 4.17=rs1 4.18=rs4 4.19=rs4 4.20=rs4 4.21=rs4 4.22=rs4 4.23=rs2 4.24=rs4 4.25=rs1
    4.26=rs1 4.27=rs4 4.28=rs4 4.29=rs1 4.30=rs2 4.31=rs4 4.32=rs4
"""
RS3_ADDED_AGAIN = """
    4.1=rs3 4.2=rs4 4.3=rs1 4.4=rs4 4.5=rs3 4.6=rs4 4.7=rs3 4.8=rs2 4.9=rs1 4.10=rs2 4.11=rs1 4.12=rs1 4.13=rs1
    4.14=rs2 4.15=rs4 4.16=rs1 4.17=rs1 4.18=rs4 4.19=rs4 4.20=rs3 4.21=rs4 4.22=rs4 4.23=rs2 4.24=rs4 4.25=rs1
    4.26=rs3 4.27=rs4 4.28=rs4 4.29=rs3 4.30=rs2 4.31=rs4 4.32=rs4
"""
RS1_WEIGHT_5 = """
    4.1=rs3 4.2=rs1 4.3=rs1 4.4=rs4 4.5=rs1 4.6=rs4 4.7=rs3 4.8=rs1 4.9=rs1 4.10=rs1 4.11=rs1 4.12=rs1 4.13=rs1
    4.14=rs2 4.15=rs4 4.16=rs1 4.17=rs1 4.18=rs1 4.19=rs1 4.20=rs3 4.21=rs1 4.22=rs1 4.23=rs1 4.24=rs4 4.25=rs1
    4.26=rs1 4.27=rs4 4.28=rs1 4.29=rs1 4.30=rs2 4.31=rs4 4.32=rs1
"""

# With mh-fallback, rs2 and rs3 of weight 0 (scene nat-mh-fallback).
TWO_UNUSABLE = """
    4.1=rs1 4.2=rs4 4.3=rs1 4.4=rs4 4.5=rs4 4.6=rs4 4.7=rs4 4.8=rs1 4.9=rs1 4.10=rs4 4.11=rs1 4.12=rs1 4.13=rs1
    4.14=rs4 4.15=rs4 4.16=rs1 4.17=rs1 4.18=rs4 4.19=rs4 4.20=rs4 4.21=rs4 4.22=rs4 4.23=rs1 4.24=rs4
"""


def pairs(text: str) -> list[tuple[str, str]]:
    """`a=b c=d` as pairs."""
    return [(left, right) for left, _, right in (word.partition("=") for word in text.split())]


def client(text: str) -> bytes:
    """Address of the client 10.1.x.y."""
    return ip_address(f"10.1.{text}").packed


def members(**weights: int) -> list[Member]:
    """Members in the order given, by name and last weight."""
    return [Member(ip_address(f"10.2.{name[2:]}.2").packed, 80, weight) for name, weight in weights.items()]


@pytest.mark.parametrize(
    ("weights", "recorded"),
    [
        ({"rs4": 1, "rs3": 1, "rs2": 1, "rs1": 1}, FOUR_EQUAL),
        ({"rs4": 1, "rs2": 1, "rs1": 1}, RS3_DELETED),
        ({"rs3": 1, "rs4": 1, "rs2": 1, "rs1": 1}, RS3_ADDED_AGAIN),
        ({"rs3": 1, "rs4": 1, "rs2": 1, "rs1": 5}, RS1_WEIGHT_5),
    ],
)
def test_a_client_has_the_server_that_the_kernel_chose(weights: dict[str, int], recorded: str) -> None:
    """Scene nat-mh: newest first, by weight."""
    table, names = build(members(**weights)), list(weights)
    assert pairs(recorded) == [(text, names[table[entry_of(client(text))]]) for text, _ in pairs(recorded)]


def test_fallback_tries_other_entries_in_the_kernels_order() -> None:
    """Scene nat-mh-fallback: the table is kept when a weight becomes 0, the clients move on."""
    table, names = build(members(rs4=1, rs3=1, rs2=1, rs1=1)), ["rs4", "rs3", "rs2", "rs1"]

    def choose(address: bytes) -> str:
        tries = [entry_of(address), *fallback_entries(address)]
        return next(names[table[entry]] for entry in tries if names[table[entry]] in {"rs1", "rs4"})

    assert pairs(TWO_UNUSABLE) == [(text, choose(client(text))) for text, _ in pairs(TWO_UNUSABLE)]


def test_without_weight_there_is_no_table() -> None:
    """Nobody, or nobody who ever had weight."""
    assert build([]) == []
    assert build(members(rs1=0, rs2=0)) == []


def test_who_never_had_weight_has_no_entries() -> None:
    """The others share the table."""
    assert {0, 2} == set(build(members(rs1=1, rs2=0, rs3=2)))


@pytest.mark.parametrize(
    ("weights", "turns"),
    [
        ([1, 1], [1, 1]),
        ([10, 20, 0], [1, 2, 0]),
        ([63, 1], [63, 1]),
        ([64, 1], [32, 1]),
        ([65535, 1], [63, 1]),
        ([1000, 500, 3], [62, 31, 1]),
        ([0, 0], [0, 0]),
        ([], []),
    ],
)
def test_large_weights_are_scaled_down_to_six_bits(weights: list[int], turns: list[int]) -> None:
    """So that one round of the filling stays short; everybody with weight keeps a turn."""
    assert turns == turns_per_round(weights)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 65535), st.integers(1, 100)), min_size=1, max_size=12, unique_by=lambda m: m[0])
)
def test_the_table_is_full_and_fair(servers: list[tuple[int, int]]) -> None:
    """Every entry has a destination, and each has its share to within one round's turns."""
    listed = [Member(bytes((10, 9, *port.to_bytes(2, "big"))), port, weight) for port, weight in servers]
    table = build(listed)
    turns = turns_per_round([weight for _, weight in servers])
    assert len(table) == TABLE_SIZE
    for place, share in enumerate(turns):
        assert abs(table.count(place) - TABLE_SIZE * share / sum(turns)) <= share
