# SPDX-License-Identifier: Apache-2.0
"""What a reload, and others on the host, leave of a virtual router."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.neighbours import OURS, Daemon, Wire, wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VIP: Final = "10.77.0.100"
MASTER, BACKUP, FAULT = (f"(VI_1) Entering {state} STATE" for state in ("MASTER", "BACKUP", "FAULT"))
GROUP: Final = "vrrp_sync_group G {\ngroup {\nVI_1\nVI_3\nVI_2\n}\n}\n"


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Wire]:
    """Two hosts; A has a second interface, eth2."""
    with wire(tmp_path) as made:
        made.must("A", *["ip", "link", "add", "eth2", "type", "veth", "peer", "name", "e3"])
        for name in ("eth2", "e3"):
            made.must("A", "ip", "link", "set", name, "up")
        yield made


def router(*lines: str, number: int = 1) -> str:
    """A vrrp_instance with one address."""
    words = [f"virtual_router_id {50 + number}", "version 3", "advert_int 0.1", *lines]
    address = f"virtual_ipaddress {{\n10.77.0.{99 + number} dev vA\n}}"
    return "\n".join([f"vrrp_instance VI_{number} {{", "interface @V", *words, address, "}", ""])


def reload(net: Wire, daemon: Daemon, *changes: tuple[str, str]) -> None:
    """Change the file and have it read."""
    file = net.folder / "A.conf"
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    done = daemon.log.count("Reload complete")
    daemon.signal(signal.SIGHUP)
    net.wait(lambda: daemon.log.count("Reload complete") > done, "the end of the reload")


def test_routes_by_another_gateway_are_not_lost_ones(net: Wire) -> None:
    """The master stays master, and nothing is restored; what somebody deletes is lost as before."""
    static = "global_defs {\nxlvs_mend off\n}\nstatic_routes {\n10.80.0.0/16 via 10.77.0.8 dev vA\n}\n"
    daemon = net.start("A", OURS, static + router("virtual_routes {\n10.81.0.0/16 via 10.77.0.8 dev vA\n}"))
    net.wait_master("A")
    net.wait(lambda: "10.81.0.0/16" in net.must("A", "ip", "route"), "the route of the router")

    reload(net, daemon, ("10.77.0.8", "10.77.0.9"))

    assert net.must("A", "ip", "route").count("via 10.77.0.9 dev vA") == 2
    net.must("A", *["ip", "route", "del", "10.80.0.0/16"])
    net.wait(lambda: "Restoring deleted static route 10.80.0.0/16 via 10.77.0.9 dev vA" in daemon.log, "the route")
    assert daemon.log.count("Restoring") == 1
    assert daemon.log.count(BACKUP) == 1
    net.must("A", *["ip", "route", "del", "10.81.0.0/16"])
    net.wait(lambda: daemon.log.count(BACKUP) == 2, "an election")


def test_a_group_without_its_faulty_member_comes_back(net: Wire) -> None:
    """And is in FAULT again with it."""
    away = router("track_interface {\ne3\n}", number=2)
    daemon = net.start("A", OURS, router() + away + router(number=3) + GROUP)
    net.wait_master("A")
    net.must("A", *["ip", "link", "set", "eth2", "down"])
    net.wait(lambda: not net.has("A", VIP), "a fault")

    reload(net, daemon, ("VI_3\nVI_2\n}", "VI_3\n}"))
    net.wait(lambda: net.has("A", VIP), "the address")
    reload(net, daemon, ("VI_3\n}", "VI_3\nVI_2\n}"))

    net.wait(lambda: not net.has("A", VIP), "the fault again")


def test_a_master_whose_refresh_goes_is_quiet(net: Wire) -> None:
    """No announcement is due any more."""
    daemon = net.start("A", OURS, router("garp_master_delay 0", "garp_master_refresh 1", "priority 100"))
    net.wait_master("A")

    reload(net, daemon, ("garp_master_refresh 1\n", ""), ("priority 100", "priority 255"))

    net.wait(lambda: any(each.priority == 255 for each in net.adverts("A")), "the other priority")
    announced = [frame for _, frame in list(net.frames) if frame[12:14] == b"\x08\x06" and frame[28:32] == frame[38:42]]
    assert len(announced) < 20
    assert "effective priority" not in daemon.log


def test_a_device_that_somebody_deletes_is_made_again(net: Wire) -> None:
    """With its address, at once."""
    daemon = net.start("A", OURS, router("use_vmac").replace(" dev vA", ""))
    net.wait(lambda: net.has("A", VIP, "vrrp.51"), "the address")

    net.must("A", *["ip", "link", "del", "vrrp.51"])

    net.wait(lambda: "put back 10.77.0.100" in daemon.log, "the address again")
    net.wait(lambda: net.has("A", VIP, "vrrp.51"), "a device that has it")


def test_a_router_whose_interface_leaves_a_bridge_stays(net: Wire) -> None:
    """The interface is not gone for that, nor are its addresses."""
    daemon = net.start("A", OURS, router())
    net.wait_master("A")

    net.must("A", *["ip", "link", "add", "br9", "type", "bridge"])
    net.must("A", *["ip", "link", "set", "vA", "master", "br9"])
    net.must("A", *["ip", "link", "set", "vA", "nomaster"])
    net.must("A", *["ip", "link", "set", "eth2", "down"])

    net.wait(lambda: "Netlink reports eth2 down" in daemon.log, "what came after it")
    assert FAULT not in daemon.log
