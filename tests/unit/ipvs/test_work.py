# SPDX-License-Identifier: Apache-2.0
"""What a tried program knew, and the tables that it is tried on: read where the compiled object has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.ipvs.test_layout import constants
from xlvs.explain import passing
from xlvs.ipvs import trial, trial_copy
from xlvs.ipvs.objects import object_path
from xlvs.ipvs.work import WorkReader
from xlvs.linux.btf import Btf
from xlvs.model.errors import NotSupported


@pytest.fixture(scope="module")
def btf() -> Btf:
    """The types of the packet path at tc."""
    try:
        return Btf.from_elf(Path(object_path("director_tc")).read_bytes())
    except NotSupported as error:
        pytest.skip(error.message)


def test_a_work_is_read_member_by_member(btf: Btf) -> None:
    """Numbers in their own byte order, addresses as they are."""
    layout = btf.layout("work")
    work = bytearray(layout.size)

    def put(path: str, value: bytes) -> None:
        offset = layout.member(path).offset
        work[offset : offset + len(value)] = value

    put("packet.src", bytes(range(16)))
    put("packet.dport", b"\x00\x50")
    put("packet.ttl", b"\x40")
    put("quote.inner.sport", b"\x01\x00")
    put("trail.service", b"\x07\x00\x00\x00")
    put("choice.dest", b"\x00\x01\x00\x00")
    put("fib.ifindex", b"\x05\x00\x00\x00")
    read = WorkReader(btf).read(bytes(work))
    assert (read.packet.src, read.packet.dport, read.packet.ttl) == (bytes(range(16)), 80, 64)
    assert (read.quote.sport, read.service, read.chosen, read.out) == (256, 7, 256, 5)
    put("trail.out", b"\x06\x00\x00\x00")
    assert WorkReader(btf).read(bytes(work)).out == 6


def test_locks_and_members_are_where_they_are_looked_for(btf: Btf) -> None:
    """A copied lock would be held for ever."""
    places = {"datagrams": ("datagram", "lock"), "localities": ("locality", "lock")}
    assert {
        name: btf.layout(struct).member(member).offset for name, (struct, member) in places.items()
    } == trial_copy._LOCKS
    assert btf.layout("locality").member("members").offset == trial._MEMBERS


def test_places_on_the_way_have_the_packet_paths_numbers(project_root: Path) -> None:
    """Enum trail_reached."""
    assert constants("work.h", "trail_reached", project_root) == {
        "REACHED_NOTHING": 0,
        "REACHED_PROTOCOL": passing.REACHED_PROTOCOL,
        "REACHED_SERVICE": passing.REACHED_SERVICE,
        "REACHED_CHOICE": passing.REACHED_CHOICE,
        "REACHED_SCHEDULER": passing.REACHED_SCHEDULER,
    }
