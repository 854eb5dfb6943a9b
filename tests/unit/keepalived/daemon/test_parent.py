# SPDX-License-Identifier: Apache-2.0
"""The first process of the daemon and its parts: respawn, reload, end, and what the service manager is told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from xlvs.keepalived.daemon.control import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_S = 30.0
PROGRAM = Path(__file__).with_name("parts_program.py")
ALL = ("one", "two")


class Running:
    """The program, its log, and what it tells the service manager."""

    def __init__(self, folder: Path, router: str, *options: str) -> None:
        self.folder = folder
        self.configure(router)
        self._told: list[str] = []
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._manager.bind(str(folder / "manager"))
        self._manager.settimeout(PATIENCE_S)
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(PROGRAM), str(folder), *options],
                stderr=log,
                env={**os.environ, "NOTIFY_SOCKET": str(folder / "manager")},
            )

    def configure(self, router: str, more: str = "") -> None:
        """Write the configuration."""
        (self.folder / "keepalived.conf").write_text(f"global_defs {{\n router_id {router}\n {more}\n}}\n")

    def log(self) -> str:
        """What it said so far."""
        return self._log.read_text()

    def pid(self, part: str) -> int:
        """Of a part, 0 for none."""
        try:
            return int((self.folder / f"{part}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition."""
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, self.log()
            time.sleep(0.01)

    def until_said(self, text: str, times: int = 1) -> None:
        """Wait for a text in the log."""
        self.until(lambda: self.log().count(text) >= times)

    def told(self) -> str:
        """The next thing the service manager hears."""
        return self._manager.recv(4096).decode()

    def close(self) -> None:
        """End it."""
        self._manager.close()
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.until(lambda: not any(self.pid(part) for part in ALL))


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Running]:
    """It runs with router_id A, and both parts are ready."""
    running = Running(tmp_path, "A")
    try:
        assert running.told().startswith("READY=1")
        yield running
    finally:
        running.close()


def test_a_part_that_dies_comes_back_alone(daemon: Running) -> None:
    """At once the first time; the other part never notices."""
    one, two = daemon.pid("one"), daemon.pid("two")
    os.kill(one, signal.SIGKILL)
    daemon.until(lambda: daemon.pid("one") not in {0, one})
    daemon.until_said("runs as A", 3)
    assert daemon.pid("two") == two
    assert f"pid {one} exited due to signal 9 (Killed)" in daemon.log()
    assert f"One child process({one}) died: Respawning" in daemon.log()
    assert "Restart of One process delayed 0 seconds to limit respawn rate" in daemon.log()


def test_an_event_that_fails_is_said_and_ends_nothing(daemon: Running) -> None:
    """With its place, in the log: nobody sees stderr of a daemon. Statistics are asked of one part only."""
    one = daemon.pid("one")
    daemon.process.send_signal(signal.SIGUSR2)
    daemon.until_said("internal error: RuntimeError: on purpose (parts_program.py, line ")
    assert daemon.log().count("on purpose") == 1
    assert daemon.pid("one") == one


def test_a_part_that_comes_back_meets_the_configuration_that_was_good_last(daemon: Running) -> None:
    """Whatever the file says meanwhile."""
    daemon.configure("B", "nonsense")
    os.kill(daemon.pid("two"), signal.SIGKILL)
    daemon.until_said("runs as A", 3)


def test_a_reload_reaches_every_part(daemon: Running) -> None:
    """The service manager hears of its begin and of its end."""
    daemon.configure("B")
    daemon.process.send_signal(signal.SIGHUP)
    assert daemon.told().startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert daemon.told() == "READY=1\nSTATUS=running: One, Two"
    assert daemon.log().count("changed to B") == 2


def test_a_part_that_is_told_to_reload_asks_for_all(daemon: Running) -> None:
    """SIGHUP to the number in its pid file."""
    daemon.configure("B")
    os.kill(daemon.pid("two"), signal.SIGHUP)
    daemon.until_said("changed to B", 2)


def test_a_part_survives_signals_that_are_for_others(daemon: Running) -> None:
    """killall(1) sends them to every process of the name."""
    two = daemon.pid("two")
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGRTMIN + 2, signal.SIGRTMAX - 1):
        os.kill(two, number)
    daemon.configure("B")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until_said("changed to B", 2)
    assert daemon.pid("two") == two


def test_a_mistake_on_reload_changes_nothing(daemon: Running) -> None:
    """And is said, with its place."""
    daemon.configure("B", "nonsense")
    daemon.process.send_signal(signal.SIGHUP)
    assert daemon.told().startswith("RELOADING=1")
    assert daemon.told() == "READY=1\nSTATUS=running: One, Two"
    assert "reload refused" in daemon.told()
    assert "The configuration stays as it is:" in daemon.log()
    assert "nonsense" in daemon.log()
    assert "changed" not in daemon.log()


@pytest.mark.keyword("global_defs.reload_check_config")
def test_a_reload_may_ask_for_a_configuration_without_any_mistake(daemon: Running) -> None:
    """reload_check_config: a mistake that was there before refuses it too, and is written to the file."""
    log = daemon.folder / "mistakes"
    daemon.configure("B", f"reload_check_config {log}")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until_said("changed to B", 2)
    daemon.configure("C", "vrrp_version 4")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until_said(f"New config failed validation, see {log} for details")
    assert "vrrp_version" in log.read_text()
    assert "changed to C" not in daemon.log()


def test_a_reload_comes_at_its_time(daemon: Running) -> None:
    """reload_time_file."""
    when = daemon.folder / "when"
    daemon.configure("B", f"reload_time_file {when}")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until_said("changed to B", 2)
    daemon.configure("C")
    when.write_text(time.strftime("%Y-%m-%d %H:%M:%S\n", time.localtime(time.time() + 2)))
    daemon.until_said("changed to C", 2)
    assert not when.exists()


def test_what_cannot_change_refuses_a_reload(daemon: Running) -> None:
    """The instance's name is part of the names of files."""
    file = daemon.folder / "keepalived.conf"
    file.write_text(f"instance other\n{file.read_text()}")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until_said("Cannot change instance name at a reload - please restart keepalived")


def test_parts_come_and_go_with_the_configuration(daemon: Running) -> None:
    """A part with nothing to do ends, and begins when there is something."""
    daemon.configure("A", "lvs_flush")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until(lambda: not daemon.pid("two"))
    daemon.configure("A")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until(lambda: bool(daemon.pid("two")))
    assert "died" not in daemon.log()


def test_the_end_ends_every_part(daemon: Running) -> None:
    """SIGTERM; files and socket are gone, the exit code is 0."""
    daemon.process.terminate()
    assert daemon.told().startswith("STOPPING=1")
    assert daemon.process.wait(PATIENCE_S) == 0
    assert daemon.log().count(": ended") == 2
    assert not list(daemon.folder.glob("*.pid"))
    assert not (daemon.folder / "parent.sock").exists()


def test_a_killed_daemon_leaves_no_part(daemon: Running) -> None:
    """Kill -9 of the first process: the others end by themselves."""
    daemon.process.kill()
    daemon.until_said(": orphaned", 2)


def test_it_says_what_it_does(daemon: Running) -> None:
    """To who connects to its socket: processes, and the state of each part."""
    facts = ask(daemon.folder / "parent.sock")
    assert facts["pid"] == daemon.process.pid
    assert {part: facts["parts"][part]["pid"] for part in ALL} == {part: daemon.pid(part) for part in ALL}
    assert [facts[part] for part in ALL] == [{"router": "A"}] * 2
    assert facts["silent"] == []


def test_a_part_that_hangs_is_named(daemon: Running) -> None:
    """The others answer all the same."""
    os.kill(daemon.pid("two"), signal.SIGSTOP)
    try:
        facts = ask(daemon.folder / "parent.sock")
    finally:
        os.kill(daemon.pid("two"), signal.SIGCONT)
    assert facts["silent"] == ["two"]
    assert facts["one"] == {"router": "A"}


def test_without_respawn_a_death_ends_all(tmp_path: Path) -> None:
    """-R."""
    running = Running(tmp_path, "A", "--dont-respawn")
    running.told()
    os.kill(running.pid("one"), signal.SIGKILL)
    assert running.process.wait(PATIENCE_S) == 0
    assert "died: Exiting" in running.log()
    running.close()


def test_parts_that_cannot_begin_end_the_daemon(tmp_path: Path) -> None:
    """With their exit code."""
    running = Running(tmp_path, "broken")
    assert running.process.wait(PATIENCE_S) == 70
    running.close()


def test_a_part_that_does_not_end_is_killed(tmp_path: Path) -> None:
    """After child_wait_time."""
    running = Running(tmp_path, "stubborn")
    (tmp_path / "keepalived.conf").write_text("child_wait_time 1\nglobal_defs {\n router_id stubborn\n}\n")
    running.told()
    running.process.send_signal(signal.SIGHUP)
    running.until_said("changed to stubborn", 2)
    running.process.terminate()
    assert running.process.wait(PATIENCE_S) == 0
    assert running.log().count("did not end and is killed") == 2
    running.close()


def test_a_reload_that_fails_as_nobody_foresaw_changes_nothing(tmp_path: Path) -> None:
    """The first process says so and goes on."""
    running = Running(tmp_path, "A", "--odd-reload")
    try:
        assert running.told().startswith("READY=1")
        running.process.send_signal(signal.SIGHUP)
        running.until_said("internal error: ")
        running.until_said("The configuration stays as it is")
        assert ask(tmp_path / "parent.sock")["one"] == {"router": "A"}
    finally:
        running.close()
