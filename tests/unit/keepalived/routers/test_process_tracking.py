# SPDX-License-Identifier: Apache-2.0
"""Which processes are meant, and when enough of them run."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from xlvs.keepalived.routers.process_tracking import Running, WatchedProcesses, matches
from xlvs.keepalived.routers.vrrp_plan import TrackProcess

if TYPE_CHECKING:
    from collections.abc import Sequence


class Fake:
    """A process that does not run."""

    def __init__(self, name: str, words: Sequence[str]) -> None:
        self.name = name
        self.words = words


def process(*words: str) -> Running:
    """With a command line."""
    return cast("Running", Fake(words[0].rpartition("/")[2][:15], words))


@pytest.mark.parametrize(
    ("wanted", "match", "expected"),
    [
        (("named",), "", True),
        (("name",), "", False),
        (("named", "-f", "-4"), "", True),
        (("named", "-f"), "", False),
        (("named", "-f"), "initial", True),
        (("named", "-4"), "initial", False),
        (("named", "-f", "-"), "partial", True),
        (("named", "-f", "-x"), "partial", False),
    ],
)
def test_a_process_is_known_by_name_and_parameters(wanted: tuple[str, ...], match: str, *, expected: bool) -> None:
    """The process is `/usr/sbin/named -f -4`."""
    assert matches(TrackProcess("p", wanted, match=match), process("/usr/sbin/named", "-f", "-4")) is expected


@pytest.mark.parametrize(
    ("quorum", "most", "expected"), [(1, None, True), (3, None, False), (1, 1, False), (1, 2, True), (1, 0, False)]
)
def test_two_processes_are_enough_or_too_many(quorum: int, most: int | None, *, expected: bool) -> None:
    """Quorum and quorum_max."""
    watched = WatchedProcesses(TrackProcess("p", ("named",), quorum=quorum, quorum_max=most))

    watched.take([process("named"), process("named")], 0, first=True)

    assert watched.up is expected


def test_a_loss_counts_after_its_delay() -> None:
    """terminate_delay 2 s; a process that is back within it was never missed."""
    watched = WatchedProcesses(TrackProcess("p", ("named",), terminate_delay_us=2_000_000))
    watched.take([process("named")], 0, first=True)

    changes = [watched.take([], at) for at in (1, 1_999_999, 2_000_001)]

    assert changes == [False, False, True]
