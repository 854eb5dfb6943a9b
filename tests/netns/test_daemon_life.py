# SPDX-License-Identifier: Apache-2.0
"""The whole daemon on a director: started, asked, killed in parts and altogether, with a connection through it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.netns import services
from tests.netns.test_checking import served
from tests.netns.topology import REAL_SERVERS, VIP
from xlvs.lab.lab import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.netns.topology import Net

PATIENCE_S = 45.0
ADDRESS = "192.168.20.77"
CONFIGURATION = f"""
vrrp_instance V {{
 interface ens33
 virtual_router_id 51
 version 3
 advert_int 0.1
 virtual_ipaddress {{
  {ADDRESS}/32
 }}
}}
virtual_server {VIP} 80 {{
 delay_loop 0.3
 warmup 0
 lb_algo rr
 lb_kind NAT
 protocol TCP
 real_server {REAL_SERVERS[1]} 8080 {{
  TCP_CHECK {{
   connect_timeout 2
   retry 3
   delay_before_retry 0.3
  }}
 }}
}}
"""


class Life:
    """A daemon with its files in a folder."""

    def __init__(self, net: Net, folder: Path) -> None:
        self.net = net
        self.folder = folder
        self.file = folder / "keepalived.conf"
        self.file.write_text(CONFIGURATION)
        self.log_file = folder / "log"
        self.pids = [f"-p{folder}/d.pid", f"-r{folder}/v.pid", f"-c{folder}/c.pid", f"-b{folder}/b.pid"]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of ours on the director."""
        command = self.net.lab.command("director", ["xlvs", "keepalived", *words])
        return subprocess.run(command, capture_output=True, text=True, env=environment(), check=False, timeout=120)

    def start(self) -> int:
        """In the background, as without -n; the exit code of the one that was called."""
        options = ["-D", "-G", f"-g{self.log_file}", "--flush-log-file", "-f", str(self.file)]
        return self.run(*options, *self.pids).returncode

    def pid(self, which: str) -> int:
        """From a pid file, 0 for none."""
        try:
            return int((self.folder / f"{which}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def log(self) -> str:
        """Of all processes."""
        return "".join(file.read_text() for file in sorted(self.folder.glob("log*")))

    def status(self) -> dict[str, object]:
        """As programs get it, {} while there is none."""
        done = self.run("status", "--json", self.pids[0])
        return dict(json.loads(done.stdout)) if done.returncode in {0, 1} else {}

    def has_address(self) -> bool:
        """Whether the virtual address is there."""
        return ADDRESS in self.net.must("director", "ip", "-o", "address")

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition."""
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, self.log()
            time.sleep(0.05)

    def kill_all(self) -> None:
        """Kill -9 of every process, as if at one instant: none can do anything about the end of another."""
        os.kill(self.pid("d"), signal.SIGSTOP)
        for which in "vcbd":
            if number := self.pid(which):
                os.kill(number, signal.SIGKILL)
        self.until(lambda: not any(Path(f"/proc/{number}").exists() for number in map(self.pid, "dvcb") if number))

    def stop(self) -> None:
        """SIGTERM; all files go."""
        os.kill(self.pid("d"), signal.SIGTERM)
        self.until(lambda: not list(self.folder.glob("*.pid")))


@pytest.fixture
def life(net: Net, tmp_path: Path) -> Iterator[Life]:
    """A daemon that is not started yet."""
    made = Life(net, tmp_path)
    try:
        yield made
    finally:
        for which in "dvcb":
            if number := made.pid(which):
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)


@pytest.fixture
def pages(net: Net) -> Iterator[None]:
    """The real server answers requests."""
    with served(net, "server2", 1):
        yield


@contextmanager
def held(net: Net) -> Iterator[socket.socket]:
    """A connection from the client through the director."""
    with net.lab.entered("client"):
        opened = socket.create_connection((VIP, 80), PATIENCE_S)
    with opened:
        yield opened


def echo(connection: socket.socket) -> None:
    """Send back what comes, however long nothing does."""
    connection.settimeout(None)
    while heard := connection.recv(100):
        connection.sendall(heard)


def lives(connection: socket.socket) -> bool:
    """Whether an answer comes through it."""
    connection.sendall(b"hello")
    return connection.recv(100) == b"hello"


def test_a_connection_outlives_every_kind_of_death(life: Life) -> None:
    """Each part killed, then all of it, then a reload: the connection goes on, addresses and tables are as before."""
    with life.net.lab.entered("server2"):
        echoing = services.listening(REAL_SERVERS[1], 8080, echo)
        echoing.__enter__()
    try:
        _die_and_live(life)
    finally:
        echoing.__exit__(None, None, None)


def _die_and_live(life: Life) -> None:
    assert life.start() == 0, life.log()
    life.until(life.has_address)
    table = life.net.ipvsadm("-Ln")
    with held(life.net) as connection:
        parent, checkers, vrrp = (life.pid(each) for each in "dcv")
        os.kill(checkers, signal.SIGKILL)
        life.until(lambda: life.pid("c") not in {0, checkers})
        assert (life.pid("d"), life.pid("v")) == (parent, vrrp)
        assert lives(connection)
        os.kill(vrrp, signal.SIGKILL)
        life.until(lambda: life.log().count("(V) Entering MASTER STATE") == 2)
        life.until(life.has_address)
        assert lives(connection)
        life.kill_all()
        assert life.has_address()
        assert lives(connection)
        assert life.start() == 0, life.log()
        life.until(lambda: life.log().count("(V) Entering MASTER STATE") == 3)
        life.until(life.has_address)
        os.kill(life.pid("d"), signal.SIGHUP)
        life.until(lambda: life.log().count("Reload complete") == 2)
        assert lives(connection)
        assert [each.split()[:4] for each in life.net.ipvsadm("-Ln").splitlines()] == [
            each.split()[:4] for each in table.splitlines()
        ]
    life.stop()
    assert not life.has_address()
    assert f"{VIP}:80" not in life.net.ipvsadm("-Ln")


@pytest.mark.usefixtures("pages")
def test_a_killed_first_process_takes_the_address_and_leaves_the_tables(life: Life) -> None:
    """Priority 0 is sent, so that another may have the address; packets to services go on, and a start goes through."""
    assert life.start() == 0, life.log()
    life.until(life.has_address)
    os.kill(life.pid("d"), signal.SIGKILL)
    life.until(lambda: not life.has_address())
    assert "(V) sent 0 priority" in life.log()
    assert life.net.client_get(2) == ["page"] * 2
    assert life.start() == 0, life.log()
    life.until(life.has_address)
    life.stop()


@pytest.mark.usefixtures("pages")
def test_status_plan_and_a_second_start(life: Life) -> None:
    """What a running daemon is asked; a second one is refused, as the original does it: with 0 and a line."""
    assert life.run("status", life.pids[0]).returncode == 3
    assert life.start() == 0, life.log()
    life.until(life.has_address)
    life.until(lambda: "TCP_CHECK ok" in life.run("status", life.pids[0]).stdout)
    shown = life.run("status", life.pids[0])
    assert shown.returncode == 0, shown.stdout
    assert "V  MASTER" in shown.stdout
    assert f"{ADDRESS}/32 on ens33" in shown.stdout
    assert "\033" not in shown.stdout
    again = life.run("-G", "-f", str(life.file), *life.pids)
    assert (again.returncode, "already running" in again.stderr) == (0, True)
    assert life.run("plan", life.pids[0]).stdout == "nothing would change\n"
    changed = life.folder / "changed.conf"
    changed.write_text(CONFIGURATION.replace("lb_algo rr", "lb_algo wrr").replace(f"{ADDRESS}/32", "192.168.20.78/32"))
    planned = life.run("plan", life.pids[0], str(changed))
    assert (planned.returncode, planned.stdout.splitlines()) == (
        1,
        [
            "routers:",
            f"  ~ router V: virtual_ipaddress - {ADDRESS}/32",
            "  ~ router V: virtual_ipaddress + 192.168.20.78/32",
            "tables:",
            f"  ~ TCP {VIP}:80  scheduler rr -> wrr",
        ],
    )
    changed.write_text(CONFIGURATION + "nonsense\n")
    refused = life.run("plan", life.pids[0], str(changed))
    assert (refused.returncode, "nonsense" in refused.stderr) == (2, True)
    life.stop()
