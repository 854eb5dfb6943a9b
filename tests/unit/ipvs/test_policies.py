# SPDX-License-Identifier: Apache-2.0
"""What becomes of connections, in the numbers of the tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from xlvs.ipvs import layout, policies
from xlvs.ipvs.selection import Act, _network
from xlvs.model.connection_filter import ConnectionFilter, Network
from xlvs.model.policy import Fate

if TYPE_CHECKING:
    from pathlib import Path


def constants(header: str, prefix: str, root: Path) -> dict[str, int]:
    """Names with a prefix and their numbers."""
    text = (root / "bpf" / "ipvs" / header).read_text()
    return {name.removeprefix(prefix): int(number) for name, number in re.findall(rf"\b({prefix}\w+) = (\d+)", text)}


def test_fates_have_the_numbers_of_the_tables(project_root: Path) -> None:
    """Of `enum end_policy`."""
    assert constants("types.h", "POLICY_", project_root) == {each.name: each.value for each in Fate}


def test_acts_have_the_numbers_of_the_program(project_root: Path) -> None:
    """Of `enum select_act`."""
    declared = constants("select.h", "SELECT_", project_root)

    assert {name: declared[name] for name in ("FIND", "RESET", "DISCARD")} == {each.name: each.value for each in Act}


@pytest.mark.parametrize(
    ("fate", "flags"),
    [
        (Fate.DEFAULT, layout.USED),
        (Fate.DROP, layout.USED | layout.DROPPED),
        (Fate.KEEP, layout.USED | layout.KEPT),
        (Fate.RESET, layout.USED | layout.KEPT),
    ],
)
def test_a_deleted_destination_tells_packets_its_fate(fate: Fate, flags: int) -> None:
    """What the packet path looks at."""
    assert policies.flags_of_removed(fate) == flags


def test_a_network_is_masked_in_its_wide_form() -> None:
    """IPv4 stands behind 96 bits that all count."""
    address, mask, port = _network(Network(bytes((10, 1, 2, 3)), 9, 80))

    assert address == bytes(10) + b"\xff\xff" + bytes((10, 0, 0, 0))
    assert mask == b"\xff" * 13 + b"\x80" + bytes(2)
    assert port == 80
    assert _network(None) == (bytes(16), bytes(16), 0)
    assert _network(Network(bytes(16), 0)) == (bytes(16), bytes(16), 0)


def test_a_filter_is_narrow_when_it_leaves_something_out() -> None:
    """Templates alone make none narrow."""
    assert not ConnectionFilter(templates=True).is_narrow
    assert ConnectionFilter(states=frozenset({"UDP"})).is_narrow
