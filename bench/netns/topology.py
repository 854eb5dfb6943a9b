# SPDX-License-Identifier: Apache-2.0
"""The network of the measurements: a client, a director, two servers, joined by veth; nothing leaves the machine.

    client  c0 10.71.0.2 --- d0 10.71.0.1  director  d1 10.72.1.1 --- s0 10.72.1.2  server 1
                              VIP 10.71.0.100        d2 10.72.2.1 --- s0 10.72.2.2  server 2

Servers route everything through the director. Beyond the client lie 10.128.0.0/9 and fc00:98::/31, beyond server 1
ten more destinations, 10.72.1.11 to .20 and fc00:2::11 to ::20, and a thousand from 10.73.0.1 on, which answer nothing:
programs alone are run on those.
Neighbours are permanent, so that no resolution is measured.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from bench.progrun.packets import ETHERNET
from xlvs.linux import bpffs, namespace
from xlvs.model.errors import XlvsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CLIENT, DIRECTOR, SERVER1, SERVER2 = (f"xlvs-bench-{role}" for role in ("client", "director", "server1", "server2"))
NAMESPACES = (CLIENT, DIRECTOR, SERVER1, SERVER2)
DEVICES = {CLIENT: ["c0"], DIRECTOR: ["d0", "d1", "d2"], SERVER1: ["s0"], SERVER2: ["s0"]}
WIRES = (((CLIENT, "c0"), (DIRECTOR, "d0")), ((SERVER1, "s0"), (DIRECTOR, "d1")), ((SERVER2, "s0"), (DIRECTOR, "d2")))
CLIENT_IP, DIRECTOR_IP, VIP, SERVER1_IP, SERVER2_IP = "10.71.0.2", "10.71.0.1", "10.71.0.100", "10.72.1.2", "10.72.2.2"
PROGRAM_VIPS = ("10.200.1.1", "fc00:1::1")
DESTINATIONS4 = [f"10.72.1.{number}" for number in range(11, 21)]
LOCAL4 = "10.72.1.100"
MANY_DESTINATIONS4 = [f"10.73.{number >> 8}.{number & 255}" for number in range(1, 1001)]
DESTINATIONS6 = [f"fc00:2::{number}" for number in range(11, 21)]
HTTP_PORT, UDP_PORT, STREAM_PORT = 80, 9000, 5201
_LOCK = Path("/run/xlvs-bench.lock")
_SYSCTLS = {
    "net/ipv4/ip_local_port_range": "1024 65535",
    "net/ipv4/tcp_tw_reuse": "1",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    "net/core/somaxconn": "8192",
    "net/ipv4/tcp_max_syn_backlog": "16384",
    "net/ipv6/conf/all/accept_dad": "0",
    "net/ipv6/conf/default/accept_dad": "0",
}
_FORWARDING = {"net/ipv4/ip_forward": "1", "net/ipv6/conf/all/forwarding": "1"}


def inside(where: str, command: Sequence[str], *, check: bool = True, seconds: float = 60) -> str:
    """Run a command in a namespace; its standard output. Raises CalledProcessError, TimeoutExpired."""
    done = subprocess.run(
        ["ip", "netns", "exec", where, *command], capture_output=True, text=True, check=check, timeout=seconds
    )
    return done.stdout


def start(where: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a command in a namespace; it is ended with `stop`."""
    null = subprocess.DEVNULL
    return subprocess.Popen(["ip", "netns", "exec", where, *command], stdin=null, stdout=null, stderr=null)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that `start` made."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def network() -> Iterator[None]:
    """Build the network, and take it down again. What a killed run left is removed first; one run at a time."""
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        remove()
        try:
            _build()
            yield
        finally:
            remove()


def remove() -> None:
    """Take down whatever of the network is there: its director's tables, its processes, its namespaces."""
    present = [name for name in NAMESPACES if name in namespace.names()]
    if DIRECTOR in present:
        remove_tables()
    for name in present:
        listed = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=True)
        for pid in listed.stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        subprocess.run(["ip", "netns", "delete", name], check=True)


def remove_tables(where: str = DIRECTOR) -> None:
    """Take down a director's tables and programs, if it has any; its network stays."""
    with namespace.entered(where):
        cookie = namespace.cookie()
    with contextlib.suppress(XlvsError, FileNotFoundError):
        bpffs.remove(bpffs.director(cookie, create=False))


def _batch(lines: Sequence[str], where: str = "") -> None:
    command = ["ip", *(["-n", where] if where else []), "-batch", "-"]
    subprocess.run(command, input="\n".join(lines) + "\n", text=True, check=True, capture_output=True)


def _build() -> None:
    _batch([f"netns add {name}" for name in NAMESPACES])
    _batch([f"link add {near} netns {one} type veth peer name {far} netns {two}" for (one, near), (two, far) in WIRES])
    for name, devices in DEVICES.items():
        with namespace.entered(name):
            for key, value in (_SYSCTLS | (_FORWARDING if name == DIRECTOR else {})).items():
                with contextlib.suppress(FileNotFoundError):
                    Path("/proc/sys", key).write_text(value)
        # What is sent to a program alone is for this host as well: tc passes frames for others.
        own = f" address {ETHERNET[:6].hex(':')}" if name == DIRECTOR else ""
        _batch(["link set lo up", *(f"link set {device}{own} up" for device in devices)], name)
    _addresses()
    for end in (end for wire in WIRES for end in wire):
        set_offload(*end, gro="on")  # NAPI on every end, so that redirected frames reach it


def _addresses() -> None:
    mac = {end: _mac(*end) for wire in WIRES for end in wire}
    client, server1, server2 = mac[CLIENT, "c0"], mac[SERVER1, "s0"], mac[SERVER2, "s0"]
    _batch(
        [
            "address add 10.71.0.2/24 dev c0",
            f"neighbour replace {DIRECTOR_IP} dev c0 lladdr {mac[DIRECTOR, 'd0']}",
            f"neighbour replace {VIP} dev c0 lladdr {mac[DIRECTOR, 'd0']}",
            f"route add default via {DIRECTOR_IP}",
        ],
        CLIENT,
    )
    for number, server in ((1, SERVER1), (2, SERVER2)):
        _batch(
            [
                f"address add 10.72.{number}.2/24 dev s0",
                f"neighbour replace 10.72.{number}.1 dev s0 lladdr {mac[DIRECTOR, f'd{number}']}",
                f"route add default via 10.72.{number}.1",
            ],
            server,
        )
    more = DESTINATIONS4 + DESTINATIONS6
    _batch(
        [
            *(f"address add {address} dev d0" for address in ("10.71.0.1/24", f"{VIP}/32", f"{PROGRAM_VIPS[0]}/32")),
            f"address add {PROGRAM_VIPS[1]}/128 dev d0 nodad",
            "address add fc00:71::1/64 dev d0 nodad",
            *(f"address add 10.72.{number}.1/24 dev d{number}" for number in (1, 2)),
            "address add fc00:2::1/64 dev d1 nodad",
            f"neighbour replace {CLIENT_IP} dev d0 lladdr {client}",
            f"neighbour replace fc00:71::2 dev d0 lladdr {client}",
            *(f"neighbour replace {address} dev d1 lladdr {server1}" for address in [SERVER1_IP, *more]),
            f"neighbour replace {SERVER2_IP} dev d2 lladdr {server2}",
            f"route add 10.128.0.0/9 via {CLIENT_IP}",
            f"route add 10.64.0.0/10 via {CLIENT_IP}",
            "route add fc00:98::/31 via fc00:71::2",
            f"route add 10.73.0.0/16 via {SERVER1_IP}",
        ],
        DIRECTOR,
    )


def _mac(where: str, device: str) -> str:
    return inside(where, ["cat", f"/sys/class/net/{device}/address"]).strip()


def mac_of(where: str, device: str) -> bytes:
    """The Ethernet address of a device, 6 bytes."""
    return bytes.fromhex(_mac(where, device).replace(":", ""))


def index_of(where: str, device: str) -> int:
    """The interface number of a device in its namespace."""
    return int(inside(where, ["cat", f"/sys/class/net/{device}/ifindex"]))


def set_offload(where: str, device: str, **features: str) -> None:
    """Switch offloads of a device by ethtool's short names; one that it lacks is passed over."""
    arguments = [word for feature, state in features.items() for word in (feature, state)]
    inside(where, ["ethtool", "-K", device, *arguments], check=False)
