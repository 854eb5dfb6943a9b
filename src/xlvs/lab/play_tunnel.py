# SPDX-License-Identifier: Apache-2.0
"""Tunnels: real servers in any network, each by another kind of tunnel; answers go the straight way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlvs.lab import scenes
from xlvs.lab.play import expect, numbers

if TYPE_CHECKING:
    from xlvs.lab.play import Scene

TITLE: Final = "TUN: the addresses and commands of «LVS/IPVS与Keepalived在云原生环境中的深度学习与实践», over a router"

_SERVICE: Final = f"{scenes.TUNNEL_VIP}:80"
_REQUESTS: Final = 6
_GET: Final = f"xlvs lab get -n {_REQUESTS} {_SERVICE}"
# Server by server: as the document writes it, and how its packets travel.
_DESTINATIONS: Final = (
    ("192.168.8.16", "--tun-type ipip", "--type ipip"),
    ("192.168.16", "--tun-type gue --tun-port 6080 --tun-csum", "--type gue --port 6080"),
    ("192.168", "--tun-type gre --tun-csum", "--type gre"),
)


def play(scene: Scene) -> None:
    """Real servers take the tunnel apart, the director sends through it, the router leads answers to the client."""
    _servers(scene)
    _configure(scene)
    _balance(scene)


def _servers(scene: Scene) -> None:
    scene.say("each real server has the address and an end of the tunnel; no tunnel module of the kernel is needed")
    for number, (_, _, types) in enumerate(_DESTINATIONS, start=1):
        scene.type(f"xlvs realserver up --vip {scenes.TUNNEL_VIP} --method tunnel {types}", f"server{number}")


def _configure(scene: Scene) -> None:
    scene.say("three destinations in three networks: -r 192.168.16 is 192.168.0.16, -r 192.168 is 192.0.0.168")
    scene.type(f"ipvsadm -A -t {_SERVICE}")
    for written, tunnel, _ in _DESTINATIONS:
        scene.type(f"ipvsadm -a -t {_SERVICE} -r {written} -i {tunnel}")
    listing = scene.type("ipvsadm -L -n --tun-info")
    for address in scenes.TUNNEL_SERVERS:
        expect(f"-> {address}:80" in listing, f"the listing lacks {address}")


def _balance(scene: Scene) -> None:
    scene.say("the scheduler is wlc, as nothing else was said; every server answers, past the director")
    pages = scene.type(_GET, "client").split()
    expect(set(pages) == set(scenes.TUNNEL_SERVERS), f"not every server answered: {' '.join(pages)}")
    right = scene.type_until("ipvsadm -L -n --stats", lambda listing: numbers(listing, _SERVICE)[:1] == [_REQUESTS])
    expect(right, f"the service did not count {_REQUESTS} connections")
    counted = numbers(scene.run("ipvsadm -L -n --stats"), _SERVICE)
    expect(counted[1] > 0 and counted[2] == 0, f"the answers did not go past the director: {counted}")
    status = scene.type("xlvs realserver status", "server2")
    expect("done " in status, "server2 took nothing out of its tunnel")
