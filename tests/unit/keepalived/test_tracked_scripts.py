# SPDX-License-Identifier: Apache-2.0
"""A vrrp_script: what its results come to, as with the real Keepalived 2.2.7."""

from __future__ import annotations

import asyncio
from io import StringIO
from typing import TYPE_CHECKING, cast

import pytest

from xlvs.keepalived.daemon.log import Log
from xlvs.keepalived.notices.script_plan import Command
from xlvs.keepalived.routers.links import Links
from xlvs.keepalived.routers.tracking import RunningScript, Tracker, WatchedFile
from xlvs.keepalived.routers.vrrp_plan import Script, Tracked, TrackFile, Tracks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xlvs.keepalived.routers.session_tracking import TrackedSessions

PATIENCE_S = 20.0
WEIGHTS = [(10, False, 10, 0), (-10, False, 0, -10), (10, True, -10, 0), (-10, True, 0, 10)]
"""Weight, whether it is reversed, what it comes to while the script is up, and while it is down."""


ITS_OWN = Tracked("s")
"""As the script says itself."""


def shell(text: str) -> Command:
    """A command line for the shell."""
    return Command(("/bin/sh", "-c", text))


def life(script: Script, until: Callable[[RunningScript], bool]) -> tuple[RunningScript, list[str]]:
    """Run it until something holds; what became of it, and the log."""
    console = StringIO()

    async def run() -> RunningScript:
        running = RunningScript(script, Log("test", console, to_syslog=False), lambda: None)
        running.start()
        async with asyncio.timeout(PATIENCE_S):
            while not until(running):
                await asyncio.sleep(0.01)
        running.stop()
        return running

    running = asyncio.run(run())
    return running, [line.split(": ", 1)[1] for line in console.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("command", "up", "log"),
    [
        (shell("exit 0"), True, ["VRRP_Script(s) succeeded"]),
        (shell("exit 3"), False, ["Script `s` now returning 3", "VRRP_Script(s) failed (exited with status 3)"]),
        (shell("kill -9 $$"), False, ["VRRP_Script(s) failed (due to signal 9)"]),
        (shell("sleep 60"), False, ["VRRP_Script(s) timed_out"]),
    ],
    ids=["success", "status", "signal", "timeout"],
)
@pytest.mark.keyword("vrrp_script.timeout")
def test_the_first_result_decides_alone(command: Command, up: bool, log: list[str]) -> None:
    """Whatever rise and fall say."""
    script = Script("s", command, timeout_us=300_000, rise=3, fall=3)

    running, said = life(script, lambda each: each.up is not None)

    assert (running.up, said) == (up, log)


def test_a_timeout_ends_all_that_the_script_started(tmp_path: Path) -> None:
    """Its process group."""
    alive = tmp_path / "alive"
    script = Script("s", shell(f"(trap 'rm {alive}; exit' TERM; : > {alive}; while :; do sleep 0.02; done) & wait"),
                    timeout_us=400_000)  # fmt: skip

    life(script, lambda each: each.up is not None and not alive.exists())


@pytest.mark.keyword("vrrp_script.fall", "vrrp_script.rise")
def test_rise_and_fall_count_results_in_a_row(tmp_path: Path) -> None:
    """Good, then three times bad of which two are enough, then good twice."""
    file = tmp_path / "runs"
    command = shell(f"echo >> {file}; case $(wc -l < {file}) in 1|2|4|7|8) exit 0;; *) exit 1;; esac")
    script = Script("s", command, interval_us=30_000, timeout_us=10_000_000, rise=2, fall=2)
    states: list[tuple[int, bool | None]] = []

    def seen(running: RunningScript) -> bool:
        state = (len(file.read_text().splitlines()) if file.exists() else 0, running.up)
        if not states or states[-1][1] != state[1]:
            states.append(state)
        return len(states) == 4

    _, log = life(script, seen)

    assert [up for _, up in states] == [None, True, False, True]
    assert [line for line in log if line.startswith("VRRP_Script")] == [
        "VRRP_Script(s) succeeded",
        "VRRP_Script(s) failed (exited with status 1)",
        "VRRP_Script(s) succeeded",
    ]
    assert len(file.read_text().splitlines()) >= 8


def total(script: Script, tracked: Tracked = ITS_OWN, *, up: bool | None) -> tuple[int, bool]:
    """The weight that it adds, and whether a router waits for it."""
    running = RunningScript(script, Log("test", to_syslog=False), lambda: None)
    running.up = up

    class NoSessions:
        def sums(self, _: object) -> tuple[()]:
            return ()

    sessions = cast("TrackedSessions", NoSessions())
    tracker = Tracker(cast("Links", None), {"s": running}, {}, {}, sessions, lambda: None)
    tracks = Tracks(scripts=(tracked,))
    return tracker.sum(tracks).weight, tracker.waits(tracks)


@pytest.mark.parametrize(("weight", "reverse", "good", "bad"), WEIGHTS)
def test_a_weight_counts_from_the_first_result_on(weight: int, reverse: bool, good: int, bad: int) -> None:
    """Until then there is none, and no router waits for it."""
    script = Script("s", shell("exit 0"), weight=weight, reverse=reverse)

    assert total(script, up=None) == (0, False)
    assert total(script, up=True) == (good, False)
    assert total(script, up=False) == (bad, False)


@pytest.mark.parametrize(("reverse", "found"), [(None, -20), (True, -20), (False, 20)])
def test_a_weight_of_its_own_is_reversed_as_the_script_is(reverse: bool | None, found: int) -> None:
    """Unless it says itself."""
    script = Script("s", shell("exit 0"), weight=10, reverse=True)

    assert total(script, Tracked("s", 20, reverse), up=True) == (found, False)


def test_without_a_weight_a_router_waits_for_the_first_result() -> None:
    """It would be in FAULT or not."""
    assert total(Script("s", shell("exit 0")), up=None) == (0, True)
    assert total(Script("s", shell("exit 0")), up=True) == (0, False)


def test_a_file_that_cannot_be_written_is_no_reason_to_end(tmp_path: Path) -> None:
    """Its number is 0, and the error is there to be told."""
    file = WatchedFile(TrackFile("f", str(tmp_path / "missing" / "file"), initial=5))

    assert file.value == 0
    assert file.error == f"Track file f: {tmp_path}/missing/file cannot be written: No such file or directory"
