# SPDX-License-Identifier: Apache-2.0
"""The scene of a first LVS lesson: NAT with two real servers, each command typed and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlvs.lab import scenes
from xlvs.lab.play import alternates, expect, numbers

if TYPE_CHECKING:
    from xlvs.lab.play import Scene

TITLE: Final = "NAT: the commands of «LVS NAT模式», with its director k8s02 and its servers k8s03 and k8s04"

_REQUESTS: Final = 6
_OWN_REQUESTS: Final = 2
_BURST: Final = 100
_SERVICE: Final = f"{scenes.VIP}:80"
_GET: Final = f"xlvs lab get {scenes.VIP}"


def play(scene: Scene) -> None:
    """The scene from the first look at the addresses to the restored rules."""
    _look_around(scene)
    _configure(scene)
    _balance(scene)
    _watch(scene)
    _set_timeouts(scene)
    _clear_and_restore(scene)


def _look_around(scene: Scene) -> None:
    scene.say("the director has an outer and an inner address; each real server has a page of its own")
    scene.type("ip -4 -brief address")
    expect("= 1" in scene.type("sysctl net.ipv4.ip_forward"), "the director does not forward")
    for address in scenes.REAL_SERVERS:
        page = scene.type(f"xlvs lab get {address}")
        expect(page == f"{address}\n", f"the real server {address} answered {page!r} when asked directly")


def _configure(scene: Scene) -> None:
    scene.say("one virtual service, scheduled round robin, with two destinations behind NAT")
    scene.type(f"ipvsadm -A -t {_SERVICE} -s rr")
    for address in scenes.REAL_SERVERS:
        scene.type(f"ipvsadm -a -t {_SERVICE} -r {address} -m")
    listing = scene.type("ipvsadm -L -n")
    for wanted in (f"TCP  {_SERVICE} rr", *(f"-> {address}:80" for address in scenes.REAL_SERVERS)):
        expect(wanted in listing, f"the listing lacks {wanted!r}")
    scene.type(f"ipvsadm --save > {scene.file('rules')}")
    saved = scene.type(f"cat {scene.file('rules')}")
    expect("-A -t k8s02:http -s rr" in saved, "the saved rules lack the virtual service")


def _balance(scene: Scene) -> None:
    scene.say("requests to the virtual service alternate between the real servers")
    pages = [scene.type(_GET, "client").strip()]
    pages += scene.type(f"{_GET} -n {_REQUESTS - 1}", "client").split()
    expect(alternates(pages, scenes.REAL_SERVERS), f"the requests did not alternate: {' '.join(pages)}")
    scene.say("the director itself may ask, too")
    own = scene.type(f"{_GET} -n {_OWN_REQUESTS}").split()
    expect(alternates(own, scenes.REAL_SERVERS), f"the director's own requests did not alternate: {' '.join(own)}")
    scene.say("a hundred more")
    burst = scene.type(f"{_GET} --count {_BURST}", "client")
    expect(
        all(f"{_BURST // 2} x {address}" in burst for address in scenes.REAL_SERVERS),
        f"{_BURST} requests were not shared evenly",
    )


def _watch(scene: Scene) -> None:
    scene.say("connections, then counters and rates, which are taken every two seconds")
    connections = scene.type("ipvsadm -L -n -c | head -n 8")
    expect(f"{_SERVICE}" in connections, "the connection table shows no connection to the virtual service")
    total = _REQUESTS + _OWN_REQUESTS + _BURST
    counted = scene.type_until("ipvsadm -L -n --stats", lambda listing: numbers(listing, _SERVICE)[:1] == [total])
    expect(counted, f"the service did not count {total} connections")
    rated = scene.type_until("ipvsadm -L -n --rate", lambda listing: numbers(listing, _SERVICE)[:1] > [0])
    expect(rated, "the rates stayed at zero under traffic")
    scene.type("ipvsadm -Z")
    zeroed = scene.type("ipvsadm -L -n --stats")
    expect(not any(numbers(zeroed, _SERVICE)), "the counters are not zero after -Z")


def _set_timeouts(scene: Scene) -> None:
    scene.say("how long connections are kept: established, after a FIN, and for UDP, in seconds")
    scene.type("ipvsadm --set 120 20 100")
    shown = scene.type("ipvsadm -L --timeout")
    expect("Timeout (tcp tcpfin udp): 120 20 100" in shown, "the timeouts are not those that were set")


def _clear_and_restore(scene: Scene) -> None:
    scene.say("clearing the table, and bringing it back from the saved rules")
    scene.type("ipvsadm -C")
    expect(_SERVICE not in scene.type("ipvsadm -L -n"), "the service is still there after -C")
    scene.type(f"ipvsadm --restore < {scene.file('rules')}")
    expect(_SERVICE in scene.type("ipvsadm -L -n"), "the service is not back after --restore")
