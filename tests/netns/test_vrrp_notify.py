# SPDX-License-Identifier: Apache-2.0
"""Scripts, FIFOs and dumps: ours does what the real Keepalived does in the same minute of life."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.netns.neighbours import KEEPALIVED, OURS, REAL, Daemon, Wire, wire
from tests.netns.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not Path(KEEPALIVED).exists(), reason="the package keepalived is not installed")

SIGNAL_JSON = signal.SIGRTMIN + 2


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Wire]:
    """Two hosts."""
    with wire(tmp_path) as made:
        yield made


class Pipe:
    """Reads a FIFO until its end."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._fd = os.open(path, os.O_RDWR)
        self._text = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while chunk := os.read(self._fd, 4096):
            self._text += chunk
            if chunk.endswith(b"END\n"):
                return

    def lines(self) -> list[str]:
        """Everything written to it."""
        os.write(self._fd, b"END\n")
        self._thread.join(5)
        os.close(self._fd)
        return self._text.decode().splitlines()[:-1]


def script(folder: Path) -> Path:
    """A program that writes its arguments into a file."""
    made = folder / "told"
    made.write_text(f'#!/bin/sh\necho "$*" >> {folder}/told.log\n', encoding="utf-8")
    made.chmod(0o755)
    return made


def told(folder: Path) -> list[str]:
    """What was written, sorted: which of two scripts writes first is chance."""
    file = folder / "told.log"
    return sorted(file.read_text(encoding="utf-8").splitlines()) if file.exists() else []


def says_again(daemon: Daemon, text: str, before: int) -> bool:
    """Whether a text is in the log more often than before."""
    return daemon.log.count(text) > before


def life(net: Wire, kind: str, text: str, checks: list[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Start on A, go through link changes, stop; lines of the FIFO and of the scripts. `checks`: do, then wait for."""
    folder = net.folder / kind
    folder.mkdir()
    program = script(folder)
    pipe = Pipe(folder / "fifo")
    daemon = net.start(
        "A",
        kind,
        text.replace("@TOLD", str(program)).replace("@FIFO", str(folder / "fifo")).replace("@DIR", str(folder)),
    )
    for command, awaited in checks:
        before = daemon.log.count(awaited) if command else 0
        if command:
            net.must("A", "sh", "-c", command.replace("@DIR", str(folder)))
        net.wait(partial(says_again, daemon, awaited, before), awaited)
    daemon.stop()
    return pipe.lines(), told(folder)


BOTH = """
global_defs {
 vrrp_notify_fifo @FIFO
 enable_script_security
 script_user root
}
vrrp_sync_group SG1 {
 group {
  VI_1
  VI_2
 }
 notify "@TOLD group"
 notify_master "@TOLD group master"
}
vrrp_instance VI_1 {
 interface @V
 virtual_router_id 51
 priority 100
 version 3
 advert_int 0.1
 notify "@TOLD generic one"
 notify_master "@TOLD master"
 notify_backup "@TOLD backup"
 notify_fault "@TOLD fault"
 notify_stop "@TOLD stop"
 virtual_ipaddress {
  10.77.0.100
 }
}
vrrp_instance VI_2 {
 interface @V
 virtual_router_id 52
 priority 10
 version 3
 advert_int 0.1
 notify "@TOLD other"
 virtual_ipaddress {
  10.77.0.102
 }
}
"""

ALONE = BOTH[BOTH.index("vrrp_instance VI_1") : BOTH.index("vrrp_instance VI_2")]
GLOBAL = BOTH[: BOTH.index("vrrp_sync_group")]


@pytest.mark.parametrize("text", [GLOBAL + ALONE, BOTH], ids=["one router", "a sync group"])
def test_scripts_and_fifo_are_told_the_same(tmp_path: Path, text: str) -> None:
    """Backup, master, fault by a link that goes down, backup, master, stop."""
    steps = [
        ("", "(VI_1) Entering MASTER STATE"),
        ("ip link set vA down", "(VI_1) Entering FAULT STATE"),
        ("ip link set vA up", "(VI_1) Entering MASTER STATE"),
    ]

    expected, found = side_by_side(tmp_path, life, [(kind, text, steps) for kind in (REAL, OURS)])

    assert found == expected


# After a reload the original knows nobody to own a FIFO that comes before script_user.
SCRIPT_USER_FIRST = "global_defs {\n script_user root\n enable_script_security\n vrrp_notify_fifo @FIFO\n}\n"
DELETED = SCRIPT_USER_FIRST + "".join(
    ALONE.replace("VI_1", f"VI_{number}")
    .replace("router_id 51", f"router_id 5{number}")
    .replace("10.77.0.100", f"10.77.0.10{number}")
    .replace('fault"\n', f'fault"\n {deleted}\n')
    for number, deleted in enumerate(("", "", "notify_deleted", 'notify_deleted "@TOLD deleted"'))
)


@pytest.mark.keyword("vrrp_instance.notify_deleted")
def test_routers_that_a_reload_takes_out_are_told_of(net: Wire) -> None:
    """As a fault, for which no notify_fault runs; with notify_deleted as deleted."""
    file, pid = net.folder / "A.conf", net.folder / "A.p.pid"
    steps = [
        ("", "(VI_0) Entering MASTER STATE"),
        ("", "(VI_3) Entering MASTER STATE"),
        (f"sed -i '/vrrp_instance VI_1/,$d' {file}; kill -HUP $(cat {pid})", "Reload complete"),
    ]
    expected = life(net, REAL, DELETED, steps)

    assert life(net, OURS, DELETED, steps) == expected


WEIGHED = (
    GLOBAL.replace("script_user root", "script_user root\nvrrp_notify_priority_changes on")
    + """
vrrp_script chk {
 script "/usr/bin/test -e @DIR/good"
 interval 1
 weight 20
}
track_file file {
 file @DIR/number
 weight 2
 init_file 0 overwrite
}
"""
    + ALONE.replace("notify_stop", "track_script {\nchk\n}\ntrack_file {\nfile\n}\nnotify_stop")
)


def test_weights_make_the_same_priorities(tmp_path: Path) -> None:
    """A script of weight 20 and a file whose number counts twice."""
    steps = [
        ("", "(VI_1) Entering MASTER STATE"),
        ("touch @DIR/good", "(VI_1) Changing effective priority from 100 to 120"),
        ("echo 7 > @DIR/number", "(VI_1) Changing effective priority from 120 to 134"),
        ("rm @DIR/good", "(VI_1) Changing effective priority from 134 to 114"),
    ]

    expected, found = side_by_side(tmp_path, life, [(kind, WEIGHED, steps) for kind in (REAL, OURS)])

    assert found == expected


FATAL = (
    GLOBAL
    + """
vrrp_script chk {
 script "/usr/bin/test -e @DIR/good"
 interval 1
 fall 2
 rise 2
}
"""
    + ALONE.replace("notify_stop", "track_script {\nchk\n}\nnotify_stop")
)


def test_a_script_without_a_weight_is_a_fault(tmp_path: Path) -> None:
    """It fails at the start, succeeds twice, fails twice."""
    steps = [
        ("", "VRRP_Script(chk) failed (exited with status 1)"),
        ("touch @DIR/good", "(VI_1) Entering MASTER STATE"),
        ("rm @DIR/good", "(VI_1) Entering FAULT STATE"),
    ]

    expected, found = side_by_side(tmp_path, life, [(kind, FATAL, steps) for kind in (REAL, OURS)])

    assert found == expected


def test_a_process_that_ends_is_a_fault(net: Wire) -> None:
    """The original does not notice it in a network namespace; ours does."""
    program = net.folder / "tracked-program"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "60"]) as process:
        text = f"vrrp_track_process p {{\nprocess {program.name}\n}}\n" + ALONE.replace(
            "notify_stop", "track_process {\np\n}\nnotify_stop"
        )
        daemon = net.start("A", OURS, text.replace("@TOLD", "/bin/true"))
        net.wait_master("A")
        process.kill()

    net.wait(lambda: "(VI_1) Entering FAULT STATE" in daemon.log, "the fault")


def dump(net: Wire, kind: str, number: int, name: str) -> str:
    """A file that a daemon writes on a signal."""
    daemon = net.start("A", kind, GLOBAL.replace(" vrrp_notify_fifo @FIFO\n", "") + ALONE.replace("@TOLD", "/bin/true"))
    net.wait_master("A")
    file = Path("/tmp") / name
    file.unlink(missing_ok=True)
    daemon.signal(number)
    net.wait(lambda: file.exists() and file.stat().st_size > 0 and file.read_text().rstrip()[-1:] != ",", "the file")
    text = file.read_text(encoding="utf-8")
    daemon.stop()
    return text


def test_json_has_the_same_keys_of_the_same_types(net: Wire) -> None:
    """Exporters read it."""

    def types(text: str) -> list[dict[str, dict[str, str]]]:
        return [
            {part: {key: type(value).__name__ for key, value in values.items()} for part, values in each.items()}
            for each in json.loads(text)
        ]

    expected = types(dump(net, REAL, SIGNAL_JSON, "keepalived.json"))

    assert types(dump(net, OURS, SIGNAL_JSON, "keepalived.json")) == expected


def test_statistics_have_the_same_lines(net: Wire) -> None:
    """Apart from the numbers."""

    def names(text: str) -> list[str]:
        return [line.partition(":")[0] for line in text.splitlines()]

    expected = names(dump(net, REAL, signal.SIGUSR2, "keepalived.stats"))

    assert names(dump(net, OURS, signal.SIGUSR2, "keepalived.stats")) == expected
