# SPDX-License-Identifier: Apache-2.0
"""How the kernel treats the process of a part."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.unit.keepalived.effects import Effect, Made, rows, shows
from tests.unit.keepalived.sessions.test_bfd_process import Lines
from xlvs.keepalived.daemon.scheduling import Scheduling, wish
from xlvs.keepalived.dumps import dump_global
from xlvs.linux.process import in_child

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_CPU = min(os.sched_getaffinity(0))
KEYWORDS = [
    Effect(
        f"global_defs.{part}_{name}",
        f"{part}_{name} {value}".strip(),
        lambda it, part=part, name=name: getattr(wish(it.config.settings, part), name),  # type: ignore[misc]  # bound in this round; no type is inferred for it
        wanted,
    )
    for part in ("vrrp", "checker", "bfd")
    for name, value, wanted in (
        ("priority", "5", 5),
        ("rt_priority", "7", 7),
        ("cpu_affinity", "0 2", (0, 2)),
        ("no_swap", "", True),
    )
]


@pytest.mark.parametrize("effect", rows(KEYWORDS))
def test_keyword_is_for_its_part(effect: Effect) -> None:
    """With it there is what it says, without it something else."""
    shows(effect)


def test_dump_shows_what_was_asked_for() -> None:
    """As the original's, which has a limit for real-time processes."""
    shown = list(dump_global.lines(settings("bfd_priority -5", "bfd_no_swap", "bfd_cpu_affinity 0 2").config))
    at = shown.index(" BFD process priority = -5")
    assert shown[at + 1 : at + 4] == [
        " BFD don't swap = true",
        " BFD realtime priority = 0",
        " BFD CPU Affinity = 0 2",
    ]


def settings(*lines: str) -> Made:
    """A configuration that says these things about processes."""
    return Made("global_defs {\n" + "\n".join(lines) + "\n}\n")


def in_process(action: Callable[[], bool]) -> None:
    """It has to hold in a process that nobody needs afterwards."""

    def checked() -> None:
        if not action():
            raise OSError(95, "it does not hold")

    in_child("a check", checked)


def test_process_is_treated_as_asked_and_as_before_without() -> None:
    """What anybody may ask for: less than the usual, and fewer CPUs."""

    def holds() -> bool:
        all_cpus, nice = os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0)
        scheduling = Scheduling("bfd", Lines())
        scheduling.follow(settings("bfd_priority 19", f"bfd_cpu_affinity {FIRST_CPU}").config.settings)
        found = os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0)
        scheduling.follow(settings("bfd_priority 19").config.settings)
        return (
            found == (19, {FIRST_CPU})
            and os.sched_getaffinity(0) == all_cpus
            and os.getpriority(os.PRIO_PROCESS, 0) == 19 >= nice
        )

    in_process(holds)


def test_real_time_is_not_for_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """SCHED_RR for the part, and its children begin as usual ones."""
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr("os.sched_setscheduler", lambda _, policy, it: asked.append((policy, it.sched_priority)))
    scheduling = Scheduling("vrrp", Lines())
    scheduling.follow(settings("vrrp_rt_priority 7", "bfd_rt_priority 9").config.settings)
    scheduling.follow(settings().config.settings)
    reset = os.SCHED_RESET_ON_FORK
    assert asked == [(os.SCHED_RR | reset, 7), (os.SCHED_OTHER | reset, 0)]


def test_what_cannot_be_had_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the process goes on."""
    log = Lines()

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.sched_setscheduler", refuse)
    monkeypatch.setattr("os.sched_setaffinity", refuse)
    Scheduling("bfd", log).follow(settings("bfd_rt_priority 7", "bfd_cpu_affinity 4000").config.settings)
    assert log.lines == [
        "bfd_cpu_affinity cannot be had: Operation not permitted",
        "bfd_rt_priority cannot be had: Operation not permitted",
    ]
