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
_HEXADECIMAL: Final = ("0A000007", "0A000011")
_MARK: Final = (
    f"iptables -t mangle -A PREROUTING -d {scenes.MARKS_VIP} -p tcp -m multiport --dports 80,443 -j MARK --set-mark 10"
)


def play(scene: Scene) -> None:
    """Marked by netfilter, scheduled as one service; then clients stay with their server, in the text's three ways."""
    if not shutil.which("iptables"):
        raise LabError("the scene needs the command `iptables`", "install the package iptables")
    _configure(scene)
    _balance(scene)
    _persist(scene)
    if not scene.quick:
        _persist_by_port(scene)
        _persist_by_client(scene)


def _configure(scene: Scene) -> None:
    scene.say("two real servers for DR; on the director netfilter marks both ports, and the mark is the service")
    for node in ("server1", "server2"):
        scene.type(f"xlvs realserver up --vip {scenes.MARKS_VIP} --method dr", node)
    scene.type(_MARK)
    scene.type("ipvsadm -C")
    _define(scene, "ipvsadm -A -f 10 -s rr", "FWM  10 rr")


def _define(scene: Scene, service: str, listed: str) -> None:
    scene.type(service)
    for address in scenes.MARKS_SERVERS:
        scene.type(f"ipvsadm -a -f 10 -r {address} -g")
    listing = scene.type("ipvsadm -Ln")
    for wanted in (listed, *(f"-> {address}:0" for address in scenes.MARKS_SERVERS)):
        expect(wanted in listing, f"the listing lacks {wanted!r}")


def _balance(scene: Scene) -> None:
    scene.say("requests to either port take turns as one service")
    pages = _ask(scene)
    expect(alternates(pages, scenes.MARKS_SERVERS), f"the requests did not alternate: {' '.join(pages)}")
    scene.say(
        "as the kernel shows it, in hexadecimal (/proc/net/ip_vs is the kernel's own, so this is a view beside it)"
    )
    view = scene.type("xlvs proc read /proc/net/ip_vs")
    for wanted in ("FWM  0000000A rr", *(f"-> {address}:0000" for address in _HEXADECIMAL)):
        expect(wanted in view, f"the view lacks {wanted!r}")
    scene.say("without -s it is scheduled by weighted least connections")
    scene.type("ipvsadm -C")
    _define(scene, "ipvsadm -A -f 10", "FWM  10 wlc")


def _persist(scene: Scene) -> None:
    scene.say("persistent by mark: whichever port this client asks, it keeps the server that it was given first")
    scene.type("ipvsadm -E -f 10 -p")
    expect("FWM  10 wlc persistent 360\n" in scene.type("ipvsadm -Ln"), "the service does not persist for 360 seconds")
    scene.type("ipvsadm -E -f 10 -p 3600")
    expect("FWM  10 wlc persistent 3600\n" in scene.type("ipvsadm -Ln"), "the service does not persist for an hour")
    kept = _keeps(scene)
    view = scene.type("xlvs proc read /proc/net/ip_vs_conn")
    template = f"C0A80006 0000 0000000A 0000 {_HEXADECIMAL[scenes.MARKS_SERVERS.index(kept)]} 0000"
    expect(template in view, f"the view lacks the template {template!r}")
    _expect_template(scene, f"192.168.0.6:0 0.0.0.10:0 {kept}:0")


def _persist_by_port(scene: Scene) -> None:
    scene.say("persistent by port: each port is a service of its own, and may keep another server")
    scene.type("ipvsadm -C")
    scene.type("iptables -t mangle -F PREROUTING")
    for port in _PORTS:
        _add(scene, f"{scenes.MARKS_VIP}:{port}")
    pages = _ask(scene)
    for number, port in enumerate(_PORTS):
        mine = set(pages[number :: len(_PORTS)])
        expect(len(mine) == 1, f"the client did not keep its server on port {port}: {' '.join(sorted(mine))}")


def _persist_by_client(scene: Scene) -> None:
    scene.say("persistent by client: port 0 is every port, so all that a client asks for comes from one server")
    scene.type("ipvsadm -C")
    _add(scene, f"{scenes.MARKS_VIP}:0")
    kept = _keeps(scene)
    _expect_template(scene, f"192.168.0.6:0 {scenes.MARKS_VIP}:0 {kept}:0", " | grep ASSURED")


def _add(scene: Scene, service: str) -> None:
    scene.type(f"ipvsadm -A -t {service} -s rr -p")
    for address in scenes.MARKS_SERVERS:
        scene.type(f"ipvsadm -a -t {service} -r {address} -g")


def _keeps(scene: Scene) -> str:
    """Ask both ports; the one server that answered."""
    pages = _ask(scene)
    expect(len(set(pages)) == 1, f"the client did not keep its server: {' '.join(pages)}")
    return pages[0]


def _expect_template(scene: Scene, ends: str, chosen: str = "") -> None:
    connections = scene.type(f"ipvsadm -Lnc{chosen}")
    found = [words for line in connections.splitlines() if (words := line.split())]
    expect(any(" ".join(words[3:]) == ends for words in found), f"there is no template {ends}")


def _ask(scene: Scene) -> list[str]:
    """Both ports in turn."""
    return [
        scene.type(f"xlvs lab get {scenes.MARKS_VIP}:{port}", "client").strip()
        for _ in range(_REQUESTS)
        for port in _PORTS
    ]
