# SPDX-License-Identifier: Apache-2.0
"""Packets of several sockets come in order."""

from xlvs.lab.merge import Merge, Packet


def packet(time_ns: int, ear: int = 0) -> Packet:
    """One that is told by its time."""
    return Packet(time_ns, ear, b"", outgoing=False, segment=0)


def test_what_may_have_older_ones_behind_it_waits() -> None:
    """Only what is before the time up to which all sockets were read goes."""
    merge = Merge()
    merge.add([packet(1), packet(4)])
    merge.add([packet(2, 1), packet(3, 1)])

    assert [each.time_ns for each in merge.before(3)] == [1, 2]
    assert merge
    merge.add([packet(3, 2)])
    assert [each.time_ns for each in merge.before(5)] == [3, 3, 4]
    assert not merge


def test_packets_of_one_time_keep_their_order() -> None:
    """As they were read."""
    merge = Merge()
    merge.add([packet(1, 2), packet(1, 1)])

    assert [each.ear for each in merge.rest()] == [2, 1]
    assert merge.rest() == []
