# SPDX-License-Identifier: Apache-2.0
"""What the scenes with two directors have in common: their daemons, their cables, and waiting for what these do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from xlvs.lab.play import expect
from xlvs.lab.scenes_pair import DIRECTORS

if TYPE_CHECKING:
    from xlvs.lab.play import Scene

_PATIENCE_S: Final = 60.0
_ADDRESSES: Final = "ip -4 -brief address show eth0"
_FAILED: Final = re.compile(r"(\d+) failed")


class Daemons:
    """The daemons of a scene's directors, one of which has the address `vip`."""

    def __init__(self, scene: Scene, vip: str) -> None:
        self._scene = scene
        self._vip = vip

    def shorten(self, changes: str) -> None:
        """In a quick scene the timers of both configurations become short, by a sed script."""
        for node in DIRECTORS if self._scene.quick else ():
            self._scene.type(f"sed -i '{changes}' /run/keepalived.conf", node)

    def start(self, node: str) -> None:
        """Start the daemon of a director."""
        self._scene.type("xlvs keepalived -n -l -D -f /run/keepalived.conf >> /run/keepalived.log 2>&1 &", node)

    def pull(self, node: str) -> None:
        """Take a director's cable out."""
        self._scene.type(f"ip link set {node} down", "lan")

    def plug(self, node: str) -> None:
        """Put a director's cable in again."""
        self._scene.type(f"ip link set {node} up", "lan")

    def wait_master(self, node: str) -> None:
        """Until a director has the address; what its log says about it."""
        here = self._scene.type_until(_ADDRESSES, lambda shown: f" {self._vip}/" in shown, node, _PATIENCE_S)
        expect(here, f"{node} did not get {self._vip}")
        self._scene.type("grep STATE /run/keepalived.log | tail -n 2", node)

    def wait_servers(self, node: str, service: str, servers: set[str]) -> None:
        """Until these are the destinations of a service."""
        right = self._scene.type_until(
            "ipvsadm -L -n", lambda listing: serving(listing, service) == servers, node, _PATIENCE_S
        )
        expect(right, f"the destinations of {service} did not become {' '.join(sorted(servers))}")


def serving(listing: str, service: str) -> set[str]:
    """The addresses of a service's destinations in a listing."""
    found: set[str] = set()
    inside = False
    for line in listing.splitlines():
        words = line.split()
        if words[:1] == ["->"] and inside:
            found.add(words[1].rpartition(":")[0])
        elif words[:1] != ["->"]:
            inside = words[1:2] == [service]
    return found


def failed(summary: str) -> int:
    """How many requests failed, by the summary of ``xlvs lab get --every``; -1 when it is none."""
    found = _FAILED.search(summary)
    return int(found[1]) if found else -1
