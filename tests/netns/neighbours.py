# SPDX-License-Identifier: Apache-2.0
"""Two hosts on one wire that speak VRRP: the real Keepalived, FRR's vrrpd or ours on either, and an ear on the wire."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from errno import ENETDOWN
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.linux import namespace
from xlvs.linux.interface import addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEEPALIVED: Final = "/usr/sbin/keepalived"
"""The package's; one that is found first may be ours."""
OURS: Final = "ours"
REAL: Final = "keepalived"
SIDES: Final = ("A", "B")
_PATIENCE_S: Final = 45.0
_ETH_P_ALL: Final = 3
_TIMESTAMP_NS: Final = 35
_STARTED: Final = "Startup complete"
_RUN: Final = "import sys; from xlvs.cli.main import main; sys.exit(main())"


class Heard(NamedTuple):
    """An advertisement on the wire: kernel time in seconds, who sent it, what it says."""

    at: float
    source: str
    version: int
    priority: int
    payload: bytes


@dataclass
class Daemon:
    """A process on one side, with its log."""

    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def log(self) -> str:
        """What it said so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self.process.terminate()
        self.process.wait(_PATIENCE_S)

    def kill(self) -> None:
        """As a power cut would: the process and its children are gone at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(_PATIENCE_S)


@dataclass
class Wire:
    """Both hosts: side A has 10.77.0.1 and vA, side B 10.77.0.2 and vB."""

    name: str
    folder: Path
    daemons: dict[str, Daemon] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    frames: list[tuple[float, bytes]] = field(default_factory=list)

    def netns(self, side: str) -> str:
        """Name of the namespace of a side."""
        return f"{self.name}{side}"

    def must(self, side: str, *arguments: str) -> str:
        """Run a command on a side; it has to succeed."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.netns(side), *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, side: str, kind: str, configuration: str) -> Daemon:
        """Run a daemon of a kind on a side with a configuration, in which @V stands for the side's interface."""
        file = self.folder / f"{side}.conf"
        file.write_text(configuration.replace("@V", f"v{side}"), encoding="utf-8")
        program = [KEEPALIVED] if kind == REAL else [sys.executable, "-c", _RUN, "keepalived"]
        files = {letter: self.folder / f"{side}.{letter}.pid" for letter in "prbc"}
        for each in files.values():
            each.unlink(missing_ok=True)  # of one that was killed
        pids = [f"-{letter}{each}" for letter, each in files.items()]
        log = self.folder / f"{side}{len(list(self.folder.glob('*.log')))}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.netns(side), *program, "-n", "-l", "-D", "-P", "-G", "-f", file, *pids],
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.daemons[side] = daemon = Daemon(process, log)
        self.wait(lambda: _STARTED in daemon.log, f"the start of {kind} on {side}")
        return daemon

    def has(self, side: str, address: str, interface: str = "") -> bool:
        """Whether a side has an address."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with namespace.entered(self.netns(side)):
            found = [each.ifindex for each in addresses() if each.address == socket.inet_pton(family, address)]
            return any(not interface or socket.if_indextoname(each) == interface for each in found)

    def holders(self, address: str = "10.77.0.100") -> str:
        """The sides that have an address."""
        return "".join(side for side in SIDES if self.has(side, address))

    def wait(self, condition: Callable[[], bool], what: str, patience_s: float = _PATIENCE_S) -> None:
        """Until a condition holds; it has to."""
        deadline = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < deadline, f"{what}: not within {patience_s} s\n{self._logs()}"
            time.sleep(0.01)

    def wait_master(self, side: str, address: str = "10.77.0.100") -> None:
        """Until a side has the address, and only that side."""
        self.wait(lambda: self.holders(address) == side, f"{address} on {side} alone")

    def adverts(self, side: str) -> list[Heard]:
        """What a side has sent."""
        host = {"A": "1", "B": "2"}[side]
        return [each for each in list(self.heard) if each.source.endswith(host)]

    def _logs(self) -> str:
        return "\n".join(f"--- {side}\n{daemon.log}" for side, daemon in self.daemons.items())


@contextmanager
def wire(folder: Path) -> Iterator[Wire]:
    """Two namespaces joined by a veth pair, an ear on side B's end."""
    made = Wire(f"vr{secrets.token_hex(3)}", folder)
    for side in SIDES:
        namespace.create(made.netns(side))
    try:
        _connect(made)
        for side in SIDES:
            made.wait(lambda side=side: "LOWER_UP" in made.must(side, "ip", "link", "show", f"v{side}"), "the link")  # type: ignore[misc]  # bound in this round; no type is inferred for it
        with _ear(made):
            yield made
    finally:
        for daemon in made.daemons.values():
            if daemon.process.poll() is None:
                daemon.kill()
        for side in SIDES:
            namespace.delete(made.netns(side))


def _connect(made: Wire) -> None:
    a, b = (made.netns(side) for side in SIDES)
    subprocess.run(
        ["ip", "link", "add", "vA", "netns", a, "type", "veth", "peer", "name", "vB", "netns", b], check=True
    )
    for number, side in enumerate(SIDES, 1):
        made.must(side, "sysctl", "-qw", "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0")
        made.must(
            side, "sysctl", "-qw", f"net.ipv6.conf.v{side}.accept_dad=0", f"net.ipv6.conf.v{side}.addr_gen_mode=1"
        )
        made.must(side, "ip", "address", "add", f"10.77.0.{number}/24", "dev", f"v{side}")
        made.must(side, "ip", "address", "add", f"fe80::{number}/64", "dev", f"v{side}", "nodad")
        made.must(side, "ip", "link", "set", "lo", "up")
        made.must(side, "ip", "link", "set", f"v{side}", "up")


@contextmanager
def _ear(made: Wire) -> Iterator[None]:
    with namespace.entered(made.netns("B")):
        ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        ear.bind(("vB", _ETH_P_ALL))
    ear.setsockopt(socket.SOL_SOCKET, _TIMESTAMP_NS, 1)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    ear.settimeout(0.2)
    ended = threading.Event()
    thread = threading.Thread(target=_listen, args=(ear, made, ended))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        ear.close()


def _listen(ear: socket.socket, made: Wire, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            frame, extra, _, _ = ear.recvmsg(2048, 256)
        except TimeoutError:
            continue
        except OSError as error:
            if error.errno != ENETDOWN:
                raise
            continue
        seconds, nanoseconds = struct.unpack("=qq", extra[0][2][:16])
        at = seconds + nanoseconds / 1e9
        made.frames.append((at, frame))
        found = _advert(at, frame)
        if found:
            made.heard.append(found)


def _advert(at: float, frame: bytes) -> Heard | None:
    if frame[12:14] == b"\x08\x00" and frame[23] in {51, 112}:
        payload = frame[34 + (24 if frame[23] == 51 else 0) :]
        source = socket.inet_ntop(socket.AF_INET, frame[26:30])
    elif frame[12:14] == b"\x86\xdd" and frame[20] == 112:
        payload, source = frame[54:], socket.inet_ntop(socket.AF_INET6, frame[22:38])
    else:
        return None
    return Heard(at, source, payload[0] >> 4, payload[2], payload)
