# SPDX-License-Identifier: Apache-2.0
"""Labs for tests: the builder of xlvs.lab, with what tests do in a lab on top.

The scene is the lab's NAT scene. For packets written by hand it has addresses that are routed but nobody's, so that
no kernel answers for them: GHOST_CLIENTS lie behind the client, GHOST_SERVERS have a neighbour entry for server1.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tests.netns.wire import Sniffer, inject
from xlvs.lab import build, plan
from xlvs.lab.client import get
from xlvs.lab.scenes import REAL_SERVERS, VIP, nat

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Sequence

    from xlvs.lab.lab import Lab
    from xlvs.lab.topology import Topology

__all__ = ["GHOST_CLIENTS", "GHOST_SERVERS", "REAL_SERVERS", "SERVERS6", "VIP", "VIP6", "Net", "built", "nat_scene"]

VIP6: Final = "2001:db8:20::129"
SERVERS6: Final = ("2001:db8:10::133", "2001:db8:10::134")
GHOST_CLIENTS: Final = ("192.168.21.0/24", "2001:db8:21::/64")
GHOST_SERVERS: Final = ("192.168.10.200", "2001:db8:10::200")


def nat_scene() -> Topology:
    """The lab's NAT scene with routes to the ghosts."""
    scene = nat()
    ghosts = ("192.168.21.0/24 via 192.168.20.1", "2001:db8:21::/64 via 2001:db8:20::1")
    nodes = [replace(node, routes=node.routes + ghosts) if node.name == "director" else node for node in scene.nodes]
    return replace(scene, name="test", nodes=tuple(nodes))


@dataclass(frozen=True, slots=True)
class Net:
    """One lab of one test."""

    lab: Lab

    def run(
        self, node: str, arguments: Sequence[str], *, standard_input: str = "", timeout_s: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a node, whatever its exit code."""
        return self.lab.run(node, arguments, standard_input=standard_input, timeout_s=timeout_s)

    def must(self, node: str, *arguments: str) -> str:
        """Run a command that has to succeed; its output."""
        done = self.run(node, arguments)
        assert done.returncode == 0, f"{' '.join(arguments)}: exit {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def ipvsadm(self, command_line: str) -> str:
        """Run ``ipvsadm COMMAND-LINE`` on the director; it has to succeed."""
        return self.must("director", "ipvsadm", *command_line.split())

    def client_get(self, count: int = 1, url: str = VIP, *, timeout_s: float = 5.0) -> list[str]:
        """Fetch a page `count` times from the client, each on a new connection; the pages without their newlines."""
        with self.lab.entered("client"):
            return [get(url, timeout_s=timeout_s).strip() for _ in range(count)]

    def mac(self, node: str, interface: str) -> bytes:
        """The hardware address of an interface, six bytes."""
        return bytes.fromhex(plan.mac_address(self.lab.topology, node, interface).replace(":", ""))

    def inject(self, node: str, interface: str, frame: bytes) -> None:
        """Put a whole Ethernet frame on the wire, as if this interface had sent it."""
        with self.lab.entered(node):
            inject(interface, frame)

    @contextmanager
    def sniffer(self, node: str, interface: str) -> Iterator[Sniffer]:
        """Catch what arrives at an interface from now on."""
        with self.lab.entered(node):
            sniffer = Sniffer(interface)
        with sniffer:
            yield sniffer

    def add_ghost_servers(self) -> None:
        """Let the director send packets for GHOST_SERVERS to server1, which owns none of them and so never answers."""
        mac = plan.mac_address(self.lab.topology, "server1", "ens33")
        for address in GHOST_SERVERS:
            self.must("director", "ip", "neighbour", "replace", address, "lladdr", mac, "dev", "ens33")


@contextmanager
def built(topology: Topology) -> Iterator[Net]:
    """A private lab with a name of its own, gone at the end; should the test be killed, gone with the next lab."""
    name = f"t{secrets.token_hex(4)}"
    try:
        yield Net(build.up(topology, name, owned=True))
    finally:
        build.down(name)
