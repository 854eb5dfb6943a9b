# SPDX-License-Identifier: Apache-2.0
"""A short tour of what xlvs has beyond IPVS: full NAT, a capture, a fault, a packet explained, a server drained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlvs.lab import scenes
from xlvs.lab.pair import failed
from xlvs.lab.play import expect

if TYPE_CHECKING:
    from xlvs.lab.play import Scene

TITLE: Final = "TOUR: beyond IPVS, on the network of full NAT"

_SERVICE: Final = f"{scenes.FULLNAT_VIP}:{scenes.FULLNAT_PORT}"
_GET: Final = f"xlvs lab get -n 2 {_SERVICE}"
_CAPTURED: Final = 4
_ASKED: Final = 6
_ESTABLISHED: Final = "ipvsadm -Lnc | grep ESTABLISHED | tail -n 1"
_PATIENCE_S: Final = 10.0


def play(scene: Scene) -> None:
    """One after the other, on one lab."""
    _balance(scene)
    _capture(scene)
    _break(scene)
    _drain(scene)


def _balance(scene: Scene) -> None:
    scene.say("full NAT: real servers anywhere; their answers come back to the director's local addresses")
    for address in scenes.FULLNAT_LOCALS:
        scene.type(f"ip address add {address}/24 dev eth0")
    scene.type(f"ipvsadm -A -t {_SERVICE} -s rr")
    scene.type(f"xlvs laddr add -t {_SERVICE} {' '.join(scenes.FULLNAT_LOCALS)}")
    for address in scenes.FULLNAT_SERVERS:
        scene.type(f"ipvsadm -a -t {_SERVICE} -r {address}:80 --fullnat")
    pages = scene.type(_GET, "client").split()
    expect(set(pages) == set(scenes.FULLNAT_SERVERS), f"not both servers answered: {' '.join(pages)}")


def _capture(scene: Scene) -> None:
    scene.say("a capture (-w FILE for Wireshark): the client's first packet, and what becomes of it")
    capture = ("lab", "capture", "--lab", scene.lab.name, "-c", str(_CAPTURED), "director", "tcp")
    listening = scene.begin_on_host("listening", *capture)
    scene.type(_GET, "client")
    said = scene.wait(listening)
    lines = [line for line in said.splitlines() if " > " in line]
    expect(len(lines) == _CAPTURED, f"{len(lines)} packets were captured, not {_CAPTURED}")
    expect(f"> {_SERVICE} SYN" in lines[0] and "> 10.244." in lines[1], "the first packet did not go on to a server")


def _break(scene: Scene) -> None:
    scene.say("a fault: the cable of one server is out, and half of the requests fail")
    scene.host("lab", "fault", "cut", "--lab", scene.lab.name, "server1")
    lost = failed(scene.type(f"xlvs lab get --every 0.1 --for 0.6 --timeout 0.7 {_SERVICE}", "client"))
    expect(0 < lost < _ASKED, f"{lost} of {_ASKED} requests failed")
    scene.host("lab", "fault", "list", "--lab", scene.lab.name)
    scene.host("lab", "fault", "clear", "--lab", scene.lab.name)


def _drain(scene: Scene) -> None:
    scene.say("a connection that lasts; what would become of its next packet is explained, and nothing is sent")
    held = scene.begin(f"xlvs lab get --keep-alive --every 0.1 {_SERVICE}", "client")
    known = scene.type_until(_ESTABLISHED, lambda listing: bool(listing.strip()), patience_s=_PATIENCE_S)
    expect(known, "the connection is not there")
    _, _, _, client, _, server = scene.run(_ESTABLISHED).split()
    told = scene.type(f"xlvs explain tcp {client} {_SERVICE} --flags A")
    expect(f"{_SERVICE} -> {server}" in told, f"the packet does not go to {server}")
    scene.say("its server is drained: no new connections at once, and at the deadline what is left is reset")
    scene.type(f"xlvs drain -t {_SERVICE} -r {server} --deadline 1s")
    said = scene.wait(held)
    expect(failed(said) == 1, "the connection was not reset")
    pages = set(scene.type(_GET, "client").split())
    expect(pages == set(scenes.FULLNAT_SERVERS) - {server.rpartition(":")[0]}, f"{server} still gets requests")
