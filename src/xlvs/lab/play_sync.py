# SPDX-License-Identifier: Apache-2.0
"""Two directors share their connections: what was begun through one goes on through the other."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from xlvs.lab import scenes_pair as pair
from xlvs.lab.pair import failed
from xlvs.lab.play import expect, numbers

if TYPE_CHECKING:
    from xlvs.lab.play import Scene

TITLE: Final = "SYNC: --start-daemon of «LVS NAT模式» on the two directors of «K8S二进制部署高可用集群»"

_SERVICE: Final = f"{pair.PAIR_VIP}:{pair.PAIR_PORT}"
_HELD: Final = f"xlvs lab get --keep-alive --every 0.1 --timeout 10 {_SERVICE}"
_SOME_REQUESTS_S: Final = 1.0
_PATIENCE_S: Final = 10.0
_FIRST, _SECOND = pair.DIRECTORS
_COUNTED: Final = re.compile(r"(\d+) requests?, (\d+) answered")


def play(scene: Scene) -> None:
    """The same rules on both, a daemon on each, a connection through the first, and then without the first."""
    _configure(scene)
    _start(scene)
    _move(scene)


def _configure(scene: Scene) -> None:
    scene.say("every real server takes the address, and does not answer who has it")
    for number in range(1, len(pair.PAIR_SERVERS) + 1):
        scene.type(f"xlvs realserver up --vip {pair.PAIR_VIP} --method dr | tail -n 1", f"server{number}")
    scene.say("both directors have the address and the same rules; the router leads to the first of them")
    rules = scene.file("rules")
    lines = [f"-A -t {_SERVICE} -s rr", *(f"-a -t {_SERVICE} -r {each} -g -w 1" for each in pair.PAIR_SERVERS)]
    rules.write_text("".join(f"{line}\n" for line in lines))
    scene.type(f"cat {rules}", _FIRST)
    for node in pair.DIRECTORS:
        scene.type(f"ip address add {pair.PAIR_VIP}/32 dev lo", node)
        scene.type(f"ipvsadm --restore < {rules}", node)
    scene.type(f"ip route show {pair.PAIR_VIP}", "router")


def _start(scene: Scene) -> None:
    scene.say("the first tells its connections to the segment, the second listens")
    scene.type("ipvsadm --start-daemon master --mcast-interface eth0", _FIRST)
    scene.type("ipvsadm --start-daemon backup --mcast-interface eth0", _SECOND)
    for node, role in zip(pair.DIRECTORS, ("master", "backup"), strict=True):
        listing = scene.type("ipvsadm -L --daemon", node)
        expect(f"{role} sync daemon (mcast=eth0, syncid=0, " in listing, f"{node} is no {role}")


def _move(scene: Scene) -> None:
    scene.say("one connection, ten requests a second on it; the second director soon knows it too")
    requests = scene.begin(_HELD, "client")
    known = scene.type_until("ipvsadm -L -n -c", lambda listing: "ESTABLISHED" in listing, _SECOND, _PATIENCE_S)
    expect(known, "the second director did not hear of the connection")
    time.sleep(_SOME_REQUESTS_S)
    scene.say("the first director is gone; the router leads to the second. The connection goes on")
    scene.type(f"ip link set {_FIRST} down", "lan")
    scene.type(f"ip route replace {pair.PAIR_VIP}/32 via {pair.PAIR_DIRECTORS[1]}", "router")
    time.sleep(_SOME_REQUESTS_S)
    said = scene.finish(requests, "client")
    counted = _COUNTED.search(said)
    expect(failed(said) == 0 and counted is not None and int(counted[2]) > 0, "the connection did not go on")
    moved = scene.type_until("ipvsadm -L -n --stats", lambda listing: _packets(listing) > 0, _SECOND)
    expect(moved, "no packet of the connection went through the second director")
    for node, role in zip(pair.DIRECTORS, ("master", "backup"), strict=True):
        scene.type(f"ipvsadm --stop-daemon {role}", node)


def _packets(listing: str) -> int:
    """The incoming packets of the service."""
    return (numbers(listing, _SERVICE) or [0, 0])[1]
