# SPDX-License-Identifier: Apache-2.0
"""Somebody else takes a virtual address away: it is put back, or the routers elect again as with the original."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.netns.neighbours import KEEPALIVED, OURS, REAL, Wire, wire

if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDS_KEEPALIVED = pytest.mark.skipif(not Path(KEEPALIVED).exists(), reason="the package keepalived is not installed")
VIPS = ("10.77.0.100", "10.77.0.101")
CONFIGURATION = """
OPTION
vrrp_instance VI_1 {
 interface @V
 virtual_router_id 51
 priority 100
 version 3
 advert_int 0.3
 virtual_ipaddress {
  10.77.0.100
  10.77.0.101
 }
 virtual_routes {
  192.0.2.0/24 src 10.77.0.100 dev @V
 }
}
"""


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Wire]:
    """Two hosts."""
    with wire(tmp_path) as made:
        yield made


def gratuitous(net: Wire, since: float) -> int:
    """How often the first address was announced from then on."""
    target = bytes((10, 77, 0, 100))
    return sum(at > since and frame[12:14] == b"\x08\x06" and frame[38:42] == target for at, frame in net.frames)


@pytest.mark.keyword("global_defs.xlvs_mend")
def test_a_lost_address_is_put_back(net: Wire) -> None:
    """At once, with its routes and an announcement; who is master does not change; who insists is answered each second."""
    daemon = net.start("A", OURS, CONFIGURATION.replace("OPTION", ""))
    net.wait_master("A", VIPS[1])
    net.wait(lambda: "192.0.2.0/24" in net.must("A", "ip", "route"), "the route")
    since = time.time()

    net.must("A", "ip", "address", "del", "10.77.0.100/32", "dev", "vA")
    net.wait(lambda: "put back 10.77.0.100" in daemon.log, "the address", 1.0)
    net.must("A", "ip", "address", "flush", "dev", "vA", "to", "10.77.0.100/31")
    net.wait(lambda: "put back 2 addresses" in daemon.log, "both")

    assert [net.has("A", each) for each in VIPS] == [True, True]
    net.wait(lambda: "192.0.2.0/24" in net.must("A", "ip", "route"), "the route")
    net.wait(lambda: gratuitous(net, since) >= 10, "announcements")
    assert daemon.log.count("Entering MASTER STATE") == 1
    assert "Entering BACKUP STATE" not in daemon.log.partition("Entering MASTER STATE")[2]
    daemon.stop()
    assert not net.has("A", VIPS[0])


@pytest.mark.keyword("global_defs.xlvs_mend")
@pytest.mark.parametrize("kind", [OURS, pytest.param(REAL, marks=NEEDS_KEEPALIVED)])
def test_with_mending_off_the_routers_elect_again(net: Wire, kind: str) -> None:
    """As the original: backup first, and master again when nobody else is."""
    option = "global_defs {\nxlvs_mend off\n}" if kind == OURS else ""
    daemon = net.start("A", kind, CONFIGURATION.replace("OPTION", option))
    net.wait_master("A")

    net.must("A", "ip", "address", "del", "10.77.0.100/32", "dev", "vA")
    net.wait(lambda: "(VI_1) Entering BACKUP STATE" in daemon.log.partition("Entering MASTER STATE")[2], "BACKUP")
    net.wait(lambda: daemon.log.count("(VI_1) Entering MASTER STATE") == 2, "MASTER")

    assert net.has("A", VIPS[0])


STATIC = """
static_ipaddress {
 10.88.0.1/24 dev @V
}
static_routes {
 198.51.100.0/24 via 10.88.0.9 dev @V
}
"""


@pytest.mark.keyword("static_ipaddress")
@pytest.mark.keyword("static_routes")
@pytest.mark.parametrize("kind", [OURS, pytest.param(REAL, marks=NEEDS_KEEPALIVED)])
def test_a_lost_static_address_is_put_back(net: Wire, kind: str) -> None:
    """With the routes by way of it; a reload and the end take away what is not asked for any more. As the original."""
    text = CONFIGURATION.replace("OPTION", "")
    daemon = net.start("A", kind, STATIC + text)
    net.wait(lambda: "via 10.88.0.9" in net.must("A", "ip", "route"), "the route")

    net.must("A", "ip", "address", "del", "10.88.0.1/24", "dev", "vA")
    net.wait(lambda: "Restoring deleted static address 10.88.0.1/24 dev vA" in daemon.log, "the address")
    net.wait(lambda: "via 10.88.0.9" in net.must("A", "ip", "route"), "the route")
    assert net.has("A", "10.88.0.1")

    changed = (STATIC + text).replace("10.88.0.", "10.89.0.").replace("@V", "vA")
    (net.folder / "A.conf").write_text(changed, encoding="utf-8")
    daemon.signal(signal.SIGHUP)
    net.wait(lambda: "via 10.89.0.9" in net.must("A", "ip", "route"), "the other route")
    net.wait(lambda: not net.has("A", "10.88.0.1"), "the end of the former address")
    daemon.stop()
    assert not net.has("A", "10.89.0.1")
