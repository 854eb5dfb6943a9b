# SPDX-License-Identifier: Apache-2.0
"""Two hosts that speak VRRP and a client behind one switch, all in network namespaces; the client hears everything.

xlvs-bench-a  eth0 10.77.0.1 --+
xlvs-bench-b  eth0 10.77.0.2 --+-- br0 in xlvs-bench-switch
xlvs-bench-c  eth0 10.77.0.9 --+     (ports a, b, c)
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.objects import BenchError
from xlvs.linux import namespace
from xlvs.linux.interface import interface
from xlvs.linux.netlink import RTM_NEWLINK, Route, attribute
from xlvs.model.errors import KernelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

XLVS, KEEPALIVED = "xlvs", "Keepalived"
VIP: Final = "10.77.0.100"
SWITCH: Final = "xlvs-bench-switch"
HOSTS: Final = {"a": "10.77.0.1/24", "b": "10.77.0.2/24", "c": "10.77.0.9/24"}
HARDWARE: Final = {side: bytes((2, 0, 0, 0, 0, ord(side))) for side in HOSTS}
_PATIENCE_S: Final = 20.0
_ETH_P_ALL, _TIMESTAMP_NS, _RCVBUFFORCE = 3, 35, 33
_BUFFER_BYTES: Final = 32 << 20
_VRRP, _ICMP, _ECHO, _ECHO_REPLY = 112, 1, 8, 0
_ARP: Final = b"\x08\x06"
_OUTGOING: Final = 4
_LINK: Final = struct.Struct("=BxHiII")
_IFLA_MASTER: Final = 10
_RUN: Final = "import sys; from xlvs.cli.main import main; sys.exit(main())"
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Frame(NamedTuple):
    """A frame that the client heard, at a kernel time in seconds."""

    at: float
    data: bytes

    @property
    def sender(self) -> str:
        """The host that it came from."""
        return chr(self.data[11])

    @property
    def priority(self) -> int | None:
        """Of an advertisement; None for another frame."""
        return self.data[36] if self.data[12:14] == b"\x08\x00" and self.data[23] == _VRRP else None

    @property
    def is_answer(self) -> bool:
        """Whether it answers an echo request."""
        return self.data[12:14] == b"\x08\x00" and self.data[23] == _ICMP and self.data[34] == _ECHO_REPLY

    @property
    def announced(self) -> bytes:
        """The address of a gratuitous ARP request, else b""."""
        gratuitous = self.data[12:14] == _ARP and self.data[28:32] == self.data[38:42]
        return self.data[28:32] if gratuitous else b""


@dataclass
class Daemon:
    """A process on a host, and those it started."""

    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> float:
        """Tell it to end; when that was, in seconds of the clock of frames."""
        at = time.time()
        self.process.terminate()
        return at

    def kill(self) -> None:
        """All of it at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def used_s(self) -> float:
        """Processor time of all of its processes so far."""
        total = 0
        for each in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                words = each.read_text().rpartition(")")[2].split()
                if int(words[2]) == self.process.pid:
                    total += int(words[11]) + int(words[12])
        return total / _TICKS


@dataclass
class Network:
    """The hosts and what the client heard."""

    folder: Path
    frames: list[Frame] = field(default_factory=list)
    daemons: list[Daemon] = field(default_factory=list)

    def start(self, side: str, kind: str, configuration: str) -> Daemon:
        """A daemon on a host, once it says that it is up."""
        number = len(self.daemons)
        file, log = self.folder / f"{number}.conf", self.folder / f"{number}.log"
        file.write_text(configuration, encoding="utf-8")
        program = ["/usr/sbin/keepalived"]
        if kind == XLVS:
            program = [sys.executable, "-c", _RUN, "keepalived"]
        pids = ["-p", str(self.folder / f"{number}.pid"), "-r", str(self.folder / f"{number}.vrrp.pid")]
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["ip", "netns", "exec", name(side), *program, "-n", "-l", "-P", "-G", "-f", str(file), *pids],
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        daemon = Daemon(process, log)
        self.daemons.append(daemon)
        self.wait(lambda: b"Startup complete" in log.read_bytes(), f"{kind} starts on {side}")
        return daemon

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Until a condition holds. Raises BenchError."""
        deadline = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise BenchError(f"vrrp: {what}: not within {_PATIENCE_S:g} s")
            time.sleep(0.01)

    def adverts(self, side: str) -> list[Frame]:
        """Advertisements of a host, oldest first."""
        return [each for each in list(self.frames) if each.priority is not None and each.sender == side]

    def end(self) -> None:
        """End every daemon, free the addresses and forget what was heard."""
        for each in self.daemons:
            if each.process.poll() is None:
                each.kill()
        for side in "ab":
            inside(name(side), "ip address flush dev eth0")
            inside(name(side), f"ip address add {HOSTS[side]} dev eth0")
        self.connect("a", carries=True)
        self.frames.clear()

    def connect(self, side: str, *, carries: bool) -> float:
        """Put a host on the switch, or take it off while its own link stays up. When that was."""
        with namespace.entered(SWITCH), Route() as route:
            switch = interface("br0").ifindex if carries else 0
            port = _LINK.pack(0, 0, interface(side).ifindex, 0, 0)
            at = time.time()
            route.change(RTM_NEWLINK, 0, port + attribute(_IFLA_MASTER, switch.to_bytes(4, sys.byteorder)))
        return at

    @contextmanager
    def pinging(self, interval_s: float = 0.0005) -> Iterator[None]:
        """The client asks the virtual address for an echo again and again."""
        with namespace.entered(name("c")):
            wire = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        ended = threading.Event()
        request = struct.pack("!BBHHH", _ECHO, 0, ~(_ECHO << 8) & 0xFFFF, 0, 0)

        def ask() -> None:
            while not ended.wait(interval_s):
                with suppress(OSError):
                    wire.sendto(request, (VIP, 0))

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            wire.close()


def name(side: str) -> str:
    """The namespace of a host."""
    return f"xlvs-bench-{side}"


def inside(where: str, command: str) -> None:
    """Run a command in a namespace. Raises CalledProcessError."""
    subprocess.run(["ip", "netns", "exec", where, *command.split()], check=True, capture_output=True)


@contextmanager
def network() -> Iterator[Network]:
    """Build it, and take it down again; what a killed run left goes first."""
    _remove()
    try:
        _build()
        with tempfile.TemporaryDirectory() as folder:
            made = Network(Path(folder))
            with _ear(made):
                try:
                    yield made
                finally:
                    made.end()
    finally:
        _remove()


def _build() -> None:
    for each in (SWITCH, *map(name, HOSTS)):
        namespace.create(each)
        inside(each, "ip link set lo up")
    inside(SWITCH, "ip link add br0 type bridge mcast_snooping 0")
    inside(SWITCH, "ip link set br0 up")
    for side, address in HOSTS.items():
        hardware = HARDWARE[side].hex(":")
        inside(name(side), f"ip link add eth0 address {hardware} type veth peer name {side} netns {SWITCH}")
        inside(SWITCH, f"ip link set dev {side} master br0 up")
        inside(name(side), f"ip address add {address} dev eth0")
        inside(name(side), "ip link set eth0 up")


def _remove() -> None:
    for each in (SWITCH, *map(name, HOSTS)):
        with suppress(KernelError, OSError):
            namespace.delete(each)


@contextmanager
def _ear(made: Network) -> Iterator[None]:
    with namespace.entered(name("c")):
        ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        ear.bind(("eth0", _ETH_P_ALL))
    ear.setsockopt(socket.SOL_SOCKET, _TIMESTAMP_NS, 1)
    ear.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, _BUFFER_BYTES)
    ear.settimeout(0.2)
    ended = threading.Event()

    def listen() -> None:
        while not ended.is_set():
            with suppress(TimeoutError):
                data, extra, _, source = ear.recvmsg(2048, 256)
                seconds, nanoseconds = struct.unpack("=qq", extra[0][2][:16])
                if source[2] != _OUTGOING:
                    made.frames.append(Frame(seconds + nanoseconds / 1e9, data))

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        ear.close()
