# SPDX-License-Identifier: Apache-2.0
"""Checks of web pages: digests over HTTP and HTTPS, a server with a wrong page, and a sorry server when none is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlvs.lab import scenes_pair as pair
from xlvs.lab.pair import Daemons, serving
from xlvs.lab.play import expect

if TYPE_CHECKING:
    from xlvs.lab.play import Scene

TITLE: Final = "Checks: the three virtual servers of «LVS/IPVS与Keepalived在云原生环境中的深度学习与实践(一)»"

_FIRST, _SECOND = pair.DIRECTORS
_SHORTER: Final = "s/delay_loop [36] /delay_loop 1 /; s/retry 3/retry 1/; s/before_retry 3/before_retry 1/"
_BACKUP: Final = "s/state MASTER/state BACKUP/; s/priority 100/priority 50/"
_PORT: Final = 1358
# Where a page is that has a digest, and that digest as it is printed.
_PRINTED: Final = (
    (f"-S -s {pair.TLS_SERVER} -p 443 -u /", "ff20ad2481f97b1754ef3e12ecd3a9cc"),
    (f"-S -s {pair.TLS_SERVER} -p 443 -u /mrtg/", "9b3a0c85a887a256d6939da88aabd8cd"),
    (f"-s {pair.WEB_SERVERS[0]} -p {_PORT} -u /testurl/test.jsp", "640205b7b0fc66c1ea91c463fac6334d"),
    (f"-s {pair.WEB_SERVERS[0]} -p {_PORT} -u /testurl2/test.jsp", "640205b7b0fc66c1ea91c463fac6334c"),
)
_TWO: Final = ("server1", "server2")
_GET: Final = f"xlvs lab get -n 3 {pair.SORRY_SERVICE}"


def play(scene: Scene) -> None:
    """Digests, what the checks make of the servers, no server left, and the backup's turn."""
    daemons = Daemons(scene, pair.GATEWAY)
    digests = _configure(scene, daemons)
    _start(scene, daemons)
    _ask(scene, digests[0])
    _apologize(scene, daemons)
    _resign(scene, daemons)


def _configure(scene: Scene, daemons: Daemons) -> list[str]:
    scene.say(
        "the configuration as it is printed; the pages here are others, so their digests take the places of those"
    )
    digests = [scene.type(f"xlvs genhash {place}", _FIRST).strip() for place, _ in _PRINTED]
    changes = "; ".join(f"s/{old}/{new}/" for (_, old), new in zip(_PRINTED, digests, strict=True))
    daemons.shorten(_SHORTER)
    for node in pair.DIRECTORS:
        scene.type(f"sed -i '{changes}' /run/keepalived.conf", node)
    scene.say("it names one director; the text says that a backup has a priority of 50 or lower")
    scene.type(f"sed -i '{_BACKUP}' /run/keepalived.conf", _SECOND)
    scene.say("what is wrong with it as it is printed; the daemon goes on with the rest, as the original does")
    scene.type("xlvs keepalived check /run/keepalived.conf | grep -F keepalived.conf:", _FIRST)
    return digests


def _start(scene: Scene, daemons: Daemons) -> None:
    scene.say("one of the six web servers has a page with another digest: it gets no requests")
    for node in pair.DIRECTORS:
        daemons.start(node)
    daemons.wait_master(_FIRST)
    daemons.wait_servers(_FIRST, pair.DIGEST_SERVICE, {pair.WEB_SERVERS[2]})
    scene.type("grep -F 'HTTP_CHECK on service' /run/keepalived.log | tail -n 1", _FIRST)
    listing = scene.run("ipvsadm -L -n", _FIRST)
    expect(serving(listing, pair.TLS_SERVICE) == {pair.TLS_SERVER}, "the server with TLS is not there")
    expect(serving(listing, pair.SORRY_SERVICE) == set(pair.WEB_SERVERS[:2]), "the first two servers are not there")


def _ask(scene: Scene, digest: str) -> None:
    scene.say("a client is served by each of the three, for fifty seconds by the same server")
    secured = scene.type(f"xlvs genhash -S -s {pair.TLS_SERVICE.replace(':', ' -p ')} -u /", "client").strip()
    expect(secured == digest, "the page behind the service with TLS is another one")
    pages = set(scene.type(_GET, "client").split())
    expect(len(pages) == 1 and pages < set(pair.WEB_SERVERS), f"a persistent client changed servers: {pages}")
    page = scene.type(f"xlvs lab get {pair.DIGEST_SERVICE}", "client").strip()
    expect(page == pair.WEB_SERVERS[2], f"{page} answered, whose page has the wrong digest")


def _apologize(scene: Scene, daemons: Daemons) -> None:
    scene.say("both servers of the second service die: the sorry server takes their place")
    for node in _TWO:
        scene.host("lab", "stop", "--lab", scene.lab.name, node)
    daemons.wait_servers(_FIRST, pair.SORRY_SERVICE, {pair.SORRY_SERVER})
    scene.type("grep -E 'quorum|sorry' /run/keepalived.log | tail -n 2", _FIRST)
    pages = scene.type(_GET, "client").split()
    expect(pages == ["sorry"] * 3, f"the sorry server was not asked: {' '.join(pages)}")
    scene.say("they are started again; each comes back when all of its pages were right once more")
    for node in _TWO:
        scene.host("lab", "start", "--lab", scene.lab.name, node)
    daemons.wait_servers(_FIRST, pair.SORRY_SERVICE, set(pair.WEB_SERVERS[:2]))
    scene.type("grep -E 'quorum|sorry' /run/keepalived.log | tail -n 2", _FIRST)


def _resign(scene: Scene, daemons: Daemons) -> None:
    scene.say("the servers' gateway is a virtual address, too: it moves with the services")
    scene.type("kill $(cat /run/keepalived.pid)", _FIRST)
    daemons.wait_master(_SECOND)
    pages = set(scene.type(_GET, "client").split())
    expect(len(pages) == 1 and pages < set(pair.WEB_SERVERS), f"the second director does not balance: {pages}")
