# SPDX-License-Identifier: Apache-2.0
"""Firewall marks with persistence: two ports are one service, and a client keeps its server on both."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from xlvs.lab import scenes
from xlvs.lab.errors import LabError
from xlvs.lab.play import alternates, expect

if TYPE_CHECKING:
    from xlvs.lab.play import Scene

TITLE: Final = "Marks: the commands of «全面解析ipvsadm命令», ports 80 and 443 under mark 10, then persistence"

_REQUESTS: Final = 2
_PORTS: Final = (80, 443)
_MARK: Final = (
    f"iptables -t mangle -A PREROUTING -d {scenes.MARKS_VIP} -p tcp -m multiport --dports 80,443 -j MARK --set-mark 10"
)


def play(scene: Scene) -> None:
    """Marked by netfilter, scheduled as one service; then clients stay with their server."""
    if not shutil.which("iptables"):
        raise LabError("the scene needs the command `iptables`", "install the package iptables")
    _configure(scene)
    _balance(scene)
    _persist(scene)


def _configure(scene: Scene) -> None:
    scene.say("two real servers for DR; on the director netfilter marks both ports, and the mark is the service")
    for node in ("server1", "server2"):
        scene.type(f"xlvs realserver up --vip {scenes.MARKS_VIP} --method dr", node)
    scene.type(_MARK)
    scene.type("ipvsadm -C")
    scene.type("ipvsadm -A -f 10 -s rr")
    for address in scenes.MARKS_SERVERS:
        scene.type(f"ipvsadm -a -f 10 -r {address} -g")
    listing = scene.type("ipvsadm -Ln")
    for wanted in ("FWM  10 rr", *(f"-> {address}:0" for address in scenes.MARKS_SERVERS)):
        expect(wanted in listing, f"the listing lacks {wanted!r}")


def _balance(scene: Scene) -> None:
    scene.say("requests to either port take turns as one service")
    pages = _ask(scene)
    expect(alternates(pages, scenes.MARKS_SERVERS), f"the requests did not alternate: {' '.join(pages)}")


def _persist(scene: Scene) -> None:
    scene.say("persistent: whichever port this client asks, it keeps the server that it was given first")
    scene.type("ipvsadm -E -f 10 -p")
    expect("persistent 360" in scene.type("ipvsadm -Ln"), "the service is not persistent for 360 seconds")
    scene.type("ipvsadm -E -f 10 -p 3600")
    pages = _ask(scene)
    expect(len(set(pages)) == 1, f"the client did not keep its server: {' '.join(pages)}")
    connections = scene.type("ipvsadm -Lnc")
    template = f"192.168.0.6:0      0.0.0.10:0         {pages[0]}:0"
    expect(
        any(line.split()[0] == "IP" and line.split()[3:] == template.split() for line in _lines(connections)),
        f"there is no template {template}",
    )


def _lines(listing: str) -> list[str]:
    return [line for line in listing.splitlines() if line.split()]


def _ask(scene: Scene) -> list[str]:
    """Both ports in turn."""
    return [
        scene.type(f"xlvs lab get {scenes.MARKS_VIP}:{port}", "client").strip()
        for _ in range(_REQUESTS)
        for port in _PORTS
    ]
