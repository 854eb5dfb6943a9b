# SPDX-License-Identifier: Apache-2.0
"""Direct routing: requests pass the director, answers do not; three real servers share the director's address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlvs.lab import plan, scenes
from xlvs.lab.play import alternates, expect, numbers

if TYPE_CHECKING:
    from xlvs.lab.play import Scene

TITLE: Final = "DR: the addresses and commands of «K8S二进制部署高可用集群», three masters on one segment"

_SERVICE: Final = f"{scenes.DR_VIP}:{scenes.DR_PORT}"
_REQUESTS: Final = 6
_GET: Final = f"xlvs lab get -n {_REQUESTS} {_SERVICE}"
_SYSCTLS: Final = (
    "net.ipv4.conf.lo.arp_ignore=1",
    "net.ipv4.conf.lo.arp_announce=2",
    "net.ipv4.conf.all.arp_ignore=1",
    "net.ipv4.conf.all.arp_announce=2",
)


def play(scene: Scene) -> None:
    """Real servers by hand and by xlvs realserver, the service, requests, and where the answers went."""
    _by_hand(scene)
    _by_command(scene)
    _configure(scene)
    _balance(scene)


def _by_hand(scene: Scene) -> None:
    scene.say("a real server as the document makes it: the address on lo, and ARP kept quiet about it")
    scene.type(f"ip address add {scenes.DR_VIP}/32 dev lo label lo:10", "server1")
    file = scene.file("k8s_keepalive.conf")
    file.write_text("".join(f"{line}\n" for line in _SYSCTLS))
    scene.type(f"sysctl -p {file}", "server1")


def _by_command(scene: Scene) -> None:
    scene.say("the same by one command, which can also be undone")
    for node in ("server2", "server3"):
        scene.type(f"xlvs realserver up --vip {scenes.DR_VIP} --method dr", node)
    scene.type("xlvs realserver status", "server2")
    scene.type(f"xlvs realserver status --vip {scenes.DR_VIP}", "server1")


def _configure(scene: Scene) -> None:
    scene.say("on the director one virtual service, round robin over three destinations")
    scene.type(f"ipvsadm -A -t {_SERVICE} -s rr")
    for address in scenes.DR_SERVERS:
        scene.type(f"ipvsadm -a -t {_SERVICE} -r {address} -w 1")
    listing = scene.type("ipvsadm -L -n")
    for address in scenes.DR_SERVERS:
        expect(f"-> {address}:{scenes.DR_PORT}" in listing, f"the listing lacks {address}")
    expect(listing.count("Route") == len(scenes.DR_SERVERS), "the destinations are not reached by direct routing")


def _balance(scene: Scene) -> None:
    scene.say("the client asks its segment for the address and hears the director alone; each server has its turn")
    pages = scene.type(_GET, "client").split()
    expect(alternates(pages, scenes.DR_SERVERS), f"the requests were not shared in turn: {' '.join(pages)}")
    neighbour = scene.type(f"ip neighbour show {scenes.DR_VIP}", "client")
    director = plan.mac_address(scene.lab.topology, "director", "eth0")
    expect(director in neighbour, f"the client takes another host than the director for {scenes.DR_VIP}")
    right = scene.type_until("ipvsadm -L -n --stats", lambda listing: numbers(listing, _SERVICE)[:1] == [_REQUESTS])
    expect(right, f"the service did not count {_REQUESTS} connections")
    counted = numbers(scene.run("ipvsadm -L -n --stats"), _SERVICE)
    expect(counted[1] > 0 and counted[2] == 0, f"the answers did not go past the director: {counted}")
