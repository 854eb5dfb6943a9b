# SPDX-License-Identifier: Apache-2.0
"""Two directors share an address: one dies under steady requests, comes back and resigns; a real server comes and goes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from xlvs.lab import scenes_pair as pair
from xlvs.lab.pair import Daemons, failed
from xlvs.lab.play import expect

if TYPE_CHECKING:
    from xlvs.lab.play import Scene

TITLE: Final = "Keepalived: the two directors of «K8S二进制部署高可用集群», with their configuration files"

_SERVICE: Final = f"{pair.PAIR_VIP}:{pair.PAIR_PORT}"
_STEADY: Final = f"xlvs lab get --every 0.05 --timeout 1 {_SERVICE}"
_SOME_REQUESTS_S: Final = 1.0
_FIRST, _SECOND = pair.DIRECTORS
_SHORTER: Final = "s/advert_int 5/advert_int 1/; s/delay_loop 10/delay_loop 1/"


def play(scene: Scene) -> None:
    """Start both, let one die, stop a server meanwhile, and let the first director come back and resign."""
    daemons = Daemons(scene, pair.PAIR_VIP)
    _prepare(scene)
    _start(scene, daemons)
    _die(scene, daemons)
    _return(scene, daemons)
    _resign(scene, daemons)


def _prepare(scene: Scene) -> None:
    scene.say("every real server takes the address, and does not answer who has it")
    for number in range(1, len(pair.PAIR_SERVERS) + 1):
        scene.type(f"xlvs realserver up --vip {pair.PAIR_VIP} --method dr", f"server{number}")


def _start(scene: Scene, daemons: Daemons) -> None:
    scene.say("the configuration files as they are printed: who is master, which servers, how they are checked")
    daemons.shorten(_SHORTER)
    scene.type("grep -vE '^ *(#|!|$)' /run/keepalived.conf | sed 's/ *#.*//' | head -n 30", _FIRST)
    scene.say("both start; three silent intervals later the higher priority is master and has the address")
    for node in pair.DIRECTORS:
        daemons.start(node)
    daemons.wait_master(_FIRST)
    scene.say("the backup checks as well: its table is ready, whatever happens")
    for node in pair.DIRECTORS:
        daemons.wait_servers(node, _SERVICE, set(pair.PAIR_SERVERS))
    scene.type("xlvs keepalived status", _FIRST)


def _die(scene: Scene, daemons: Daemons) -> None:
    scene.say("requests, twenty a second; then the master's cable is pulled and its processes are killed")
    requests = scene.begin(_STEADY, "client")
    time.sleep(_SOME_REQUESTS_S)
    daemons.pull(_FIRST)
    scene.type("kill -9 $(sort -u /run/*.pid)", _FIRST)
    daemons.wait_master(_SECOND)
    time.sleep(_SOME_REQUESTS_S)
    lost = failed(scene.finish(requests, "client"))
    expect(lost > 0, "not one request failed, though nobody had the address for a while")


def _return(scene: Scene, daemons: Daemons) -> None:
    scene.say("the first director is back; its higher priority makes it master after three more intervals")
    daemons.start(_FIRST)
    daemons.plug(_FIRST)
    _lose_and_regain(scene, daemons)
    daemons.wait_master(_FIRST)


def _lose_and_regain(scene: Scene, daemons: Daemons) -> None:
    scene.say("meanwhile a web server dies: its next check fails, and it gets no more requests")
    last = pair.PAIR_SERVERS[-1]
    scene.host("lab", "stop", "--lab", scene.lab.name, "server3")
    left = set(pair.PAIR_SERVERS[:-1])
    daemons.wait_servers(_SECOND, _SERVICE, left)
    scene.type("grep -E 'TCP_CHECK|Removing' /run/keepalived.log | tail -n 2", _SECOND)
    pages = set(scene.type(f"xlvs lab get -n 4 {_SERVICE}", "client").split())
    expect(pages == left, f"the requests did not go to the two that are left: {' '.join(sorted(pages))}")
    scene.say("started again it is back with its next successful check")
    scene.host("lab", "start", "--lab", scene.lab.name, "server3")
    daemons.wait_servers(_SECOND, _SERVICE, left | {last})
    scene.type("grep -E 'TCP|Adding' /run/keepalived.log | tail -n 2", _SECOND)


def _resign(scene: Scene, daemons: Daemons) -> None:
    scene.say("a director that is stopped says so: the other one need not wait for its silence")
    requests = scene.begin(_STEADY, "client")
    time.sleep(_SOME_REQUESTS_S)
    scene.type("kill $(cat /run/keepalived.pid)", _FIRST)
    daemons.wait_master(_SECOND)
    time.sleep(_SOME_REQUESTS_S)
    scene.finish(requests, "client")
    listing = scene.type("ipvsadm -L -n", _FIRST)
    expect(_SERVICE not in listing, "the stopped director left its table behind")
