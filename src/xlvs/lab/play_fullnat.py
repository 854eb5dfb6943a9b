# SPDX-License-Identifier: Apache-2.0
"""Full NAT: real servers in any network, whose answers come back through the director; and who the client was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlvs.lab import scenes
from xlvs.lab.play import alternates, expect

if TYPE_CHECKING:
    from xlvs.lab.play import Scene

TITLE: Final = "FULLNAT: the fourth mode of «IPVS是什么», with its node 192.168.238.130 and its pods, over a router"

_SERVICE: Final = f"{scenes.FULLNAT_VIP}:{scenes.FULLNAT_PORT}"
_GET: Final = f"xlvs lab get {_SERVICE}"
_LOCALS: Final = " ".join(scenes.FULLNAT_LOCALS)
_CLIENT: Final = "192.168.20.1"
_REQUESTS: Final = 4


def play(scene: Scene) -> None:
    """Why masquerading fails here, full NAT in its place, and the client's address on the real servers."""
    masquerade(scene)
    configure(scene)
    balance(scene)
    tell_client(scene)


def masquerade(scene: Scene) -> None:
    """The real servers answer past the director, so the client hears a stranger."""
    scene.say("masquerading first: the servers' gateway is not the director, so the client hears from a stranger")
    scene.type(f"ipvsadm -A -t {_SERVICE} -s rr")
    for address in scenes.FULLNAT_SERVERS:
        scene.type(f"ipvsadm -a -t {_SERVICE} -r {address}:80 -m")
    said = scene.type_in_vain(f"{_GET} --timeout 1", "client")
    expect("no page from" in said, f"the request did not fail for want of an answer: {said}")


def configure(scene: Scene) -> None:
    """Local addresses, and destinations behind full NAT."""
    scene.say(
        "full NAT: what goes on to a server comes from a local address of the director, so the answer comes back to it"
    )
    for address in scenes.FULLNAT_LOCALS:
        scene.type(f"ip address add {address}/24 dev eth0")
    scene.type(f"xlvs laddr add -t {_SERVICE} {_LOCALS}")
    for address in scenes.FULLNAT_SERVERS:
        scene.type(f"ipvsadm -e -t {_SERVICE} -r {address}:80 --fullnat")
    listing = scene.type("ipvsadm -ln")
    for address in scenes.FULLNAT_SERVERS:
        expect(f"-> {address}:80 " in listing, f"the listing lacks {address}")
    expect(listing.count("FullNat") == len(scenes.FULLNAT_SERVERS), "the destinations are not reached by full NAT")
    saved = scene.type("ipvsadm -Sn")
    expect(saved.count("--fullnat") == len(scenes.FULLNAT_SERVERS), "the saved rules lose full NAT")


def balance(scene: Scene) -> None:
    """Requests alternate; the servers see local addresses."""
    scene.say("every server answers in its turn; what they log is the director's address")
    pages = scene.type(f"{_GET} -n {_REQUESTS}", "client").split()
    expect(alternates(pages, scenes.FULLNAT_SERVERS), f"the requests did not alternate: {' '.join(pages)}")
    for node in ("server1", "server2"):
        seen = askers(scene.host("lab", "log", "--lab", scene.lab.name, node))
        expect(bool(seen) and set(seen) <= {*scenes.FULLNAT_LOCALS, _CLIENT}, f"{node} was asked by {seen}")
        expect(seen[-1] in scenes.FULLNAT_LOCALS, f"{node} was not asked by a local address but by {seen[-1]}")
    pool = scene.type("xlvs laddr list")
    expect(all(each in pool for each in scenes.FULLNAT_LOCALS), "the local addresses are not listed")


def tell_client(scene: Scene) -> None:
    """The same servers, unchanged, see the client."""
    scene.say("the director tells the client's address in a TCP option; the very same web servers then log the client")
    for node in ("server1", "server2"):
        scene.type(f"xlvs realserver toa --from {','.join(scenes.FULLNAT_LOCALS)}", node)
    scene.type(f"{_GET} -n {len(scenes.FULLNAT_SERVERS)}", "client")
    for node in ("server1", "server2"):
        seen = askers(scene.host("lab", "log", "--lab", scene.lab.name, node))
        expect(seen[-1:] == [_CLIENT], f"{node} does not see the client: {seen}")
    status = scene.type("xlvs realserver toa --status", "server1")
    expect("known 1" in status, "server1 read no client's address")


def askers(log: str) -> list[str]:
    """Whom a web server served, by the lines of its log."""
    return [line.split()[0] for line in log.splitlines()]
