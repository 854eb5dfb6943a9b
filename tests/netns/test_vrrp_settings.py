# SPDX-License-Identifier: Apache-2.0
"""What the rarer settings of a virtual router do on a host: firewall, static items, delays, devices, announcements."""

from __future__ import annotations

import signal
import socket
from errno import ECONNREFUSED
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.neighbours import KEEPALIVED, OURS, REAL, Daemon, Wire, wire
from tests.netns.side_by_side import side_by_side
from xlvs.linux import namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

VIP: Final = "10.77.0.100"
MASTER, BACKUP, FAULT = (f"(VI_1) Entering {state} STATE" for state in ("MASTER", "BACKUP", "FAULT"))


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Wire]:
    """Two hosts; A has a second interface, eth2."""
    with wire(tmp_path) as made:
        made.must("A", *["ip", "link", "add", "eth2", "type", "veth", "peer", "name", "e3"])
        for name in ("eth2", "e3"):
            made.must("A", "ip", "link", "set", name, "up")
        yield made


def router(*lines: str, interface: str = "@V") -> str:
    """A vrrp_instance with one address."""
    words = [f"interface {interface}", "virtual_router_id 51", "version 3", "advert_int 0.1", *lines]
    return "\n".join(["vrrp_instance VI_1 {", *words, f"virtual_ipaddress {{\n{VIP} dev vA\n}}", "}", ""])


def says(net: Wire, daemon: Daemon, text: str, times: int = 1) -> None:
    """Wait for a text in a log."""
    net.wait(lambda: daemon.log.count(text) >= times, f"{text} x {times}")


def answers(net: Wire, address: str) -> bool:
    """Whether a client on B is refused, rather than left alone."""
    with namespace.entered(net.netns("B")), socket.socket() as client:
        client.settimeout(0.5)
        return client.connect_ex((address, 9)) == ECONNREFUSED


def announced(net: Wire) -> list[tuple[float, str]]:
    """Gratuitous ARP that B heard: when, and from which hardware address."""
    found = [
        (at, frame) for at, frame in list(net.frames) if frame[12:14] == b"\x08\x06" and frame[28:32] == frame[38:42]
    ]
    return [(at, frame[6:12].hex(":")) for at, frame in found]


@pytest.mark.skipif(not Path(KEEPALIVED).exists(), reason="the package keepalived is not installed")
def test_strict_mode_drops_packets_to_the_addresses_as_the_original_does(net: Wire) -> None:
    """The same rules of nftables, with use_vmac too; no answer to a client; nothing of it is left."""
    text = "global_defs {\nvrrp_strict\nnftables_counters\nnftables_priority -7\n}\n" + router(
        "virtual_ipaddress_excluded {\nfe80::55\n10.79.0.1 dev eth2\n2001:db8::1\n}"
    )
    rules: dict[tuple[str, str], list[str]] = {}
    own = router("use_vmac", "no_accept", "virtual_ipaddress_excluded {\nfe80::55\n}").replace(" dev vA", "")
    for given in (text, own):
        for kind in (REAL, OURS):
            daemon = net.start("A", kind, given)
            net.wait_master("A")
            shown = net.must("A", "nft", "-s", "list", "ruleset")
            rules[given, kind] = [line for line in shown.splitlines() if line]
            assert not answers(net, VIP)
            daemon.stop()

    assert rules[text, OURS] == rules[text, REAL]
    assert rules[own, OURS] == rules[own, REAL]
    assert net.must("A", "nft", "list", "ruleset") == ""
    assert answers(net, "10.77.0.1")


STATIC: Final = """
static_ipaddress {
 10.79.0.1/24 dev eth2 track_group G
}
static_routes {
 10.80.0.0/16 via 10.79.0.2 dev eth2
}
static_rules {
 from 10.81.0.0/16 table 100 priority 700
}
track_group G {
 group {
  VI_1
 }
}
"""


def test_static_items_are_kept_restored_and_changed_by_difference(net: Wire) -> None:
    """Somebody takes the address off, the file changes, the interface goes: that is a fault of its track_group."""
    daemon = net.start("A", OURS, STATIC + router())
    net.wait_master("A")
    net.must("A", *["ip", "addr", "del", "10.79.0.1/24", "dev", "eth2"])
    says(net, daemon, "Restoring deleted static address 10.79.0.1/24 dev eth2")
    net.wait(lambda: "10.80.0.0/16" in net.must("A", "ip", "route"), "the route, which went with it")
    net.must("A", *["ip", "route", "del", "10.80.0.0/16"])
    says(net, daemon, "Restoring deleted static route 10.80.0.0/16 via 10.79.0.2 dev eth2")
    net.wait(lambda: "10.80.0.0/16" in net.must("A", "ip", "route"), "the route again")
    file = net.folder / "A.conf"
    changed = file.read_text(encoding="utf-8").replace("10.81.0.0", "10.82.0.0")
    file.write_text(changed.replace("static_routes", "static_ipaddress {\n10.78.0.1/24 dev eth2\n}\nstatic_routes"))
    daemon.signal(signal.SIGHUP)
    net.wait(lambda: net.has("A", "10.78.0.1", "eth2"), "the new address")
    net.wait(lambda: "from 10.82.0.0/16" in net.must("A", "ip", "rule"), "the new rule")
    assert "from 10.81.0.0/16" not in net.must("A", "ip", "rule")
    assert net.has("A", "10.79.0.1", "eth2")
    assert FAULT not in daemon.log

    net.must("A", "ip", "link", "del", "eth2")

    says(net, daemon, FAULT)


@pytest.mark.skipif(not Path(KEEPALIVED).exists(), reason="the package keepalived is not installed")
def test_interfaces_of_addresses_and_routes_are_tracked_and_routes_come_back(tmp_path: Path) -> None:
    """FAULT while one is down, but not for what has no_track; a route that somebody deletes is there again."""
    found, expected = side_by_side(tmp_path, lose_another_interface, [(OURS,), (REAL,)])

    assert found == expected == ["FAULT", "BACKUP", "MASTER"]


def lose_another_interface(net: Wire, kind: str) -> list[str]:
    """The states that a router goes through from the second interface's end on."""
    for name, other in (("eth2", "e3"), ("eth4", "e5")):
        net.must("A", "ip", "link", "add", name, "type", "veth", "peer", "name", other)
        net.must("A", "ip", "link", "set", other, "up")
        net.must("A", "ip", "link", "set", name, "up")
    addresses = "virtual_ipaddress_excluded {\n10.79.0.1/24 dev eth2\n10.78.0.1/24 dev eth4 no_track\n}"
    daemon = net.start("A", kind, router(addresses, "virtual_routes {\n10.80.0.0/16 via 10.79.0.2 dev eth2\n}"))
    net.wait_master("A")
    net.wait(lambda: "10.80.0.0/16" in net.must("A", "ip", "route"), "the route")
    before = len(daemon.log)
    net.must("A", *["ip", "link", "set", "eth4", "down"])
    net.must("A", *["ip", "link", "set", "eth2", "down"])
    says(net, daemon, FAULT)
    net.must("A", *["ip", "link", "set", "eth2", "up"])
    says(net, daemon, MASTER, 2)
    states = [word for line in daemon.log[before:].splitlines() for word in line.split() if "Entering" in line]
    net.wait(lambda: "proto keepalived" in net.must("A", "ip", "route", "show", "10.80.0.0/16"), "the route")
    net.must("A", *["ip", "route", "del", "10.80.0.0/16"])
    net.wait(lambda: "10.80.0.0/16" in net.must("A", "ip", "route"), "the route again")
    return [word for word in states if word in {"FAULT", "BACKUP", "MASTER"}]


def test_a_source_address_that_is_tracked_has_to_be_there(net: Wire) -> None:
    """track_src_ip: FAULT until it comes and when it goes."""
    daemon = net.start("A", OURS, router("mcast_src_ip 10.77.0.7", "track_src_ip"))
    says(net, daemon, f"{FAULT} (init)")

    net.must("A", *["ip", "addr", "add", "10.77.0.7/24", "dev", "vA"])
    says(net, daemon, MASTER)
    net.must("A", *["ip", "addr", "del", "10.77.0.7/24", "dev", "vA"])

    says(net, daemon, FAULT, 2)


def test_a_link_that_is_down_for_a_moment_does_not_count(net: Wire) -> None:
    """interface_up_down_delays: as long as two advertisements at most, as in the original."""
    text = "interface_up_down_delays {\n@V 0.5 0\n}\n" + router("advert_int 0.3")
    daemon = net.start("A", OURS, text)
    net.wait_master("A")

    net.must("B", "sh", "-c", "ip link set vB down; ip link set vB up")
    net.wait(lambda: "LOWER_UP" in net.must("A", "ip", "link", "show", "vA"), "the link")
    net.must("B", "ip", "link", "set", "vB", "down")
    says(net, daemon, FAULT)

    assert daemon.log.count("Netlink reports vA down") == 1


def test_an_address_elsewhere_gets_a_device_and_announcements_of_its_own(net: Wire) -> None:
    """use_vmac_addr and garp_extra_if: again and again, from the virtual hardware address."""
    lines = ("use_vmac_addr", "garp_extra_if 1", "garp_master_delay 0", "garp_master_repeat 1")
    daemon = net.start("A", OURS, router(*lines, "mcast_src_ip 10.79.0.1", interface="eth2"))

    net.wait(lambda: len(announced(net)) >= 2, "announcements")
    assert net.has("A", VIP, "vrrp.51")
    file = net.folder / "A.conf"
    file.write_text(file.read_text(encoding="utf-8").replace("use_vmac_addr", ""), encoding="utf-8")
    daemon.signal(signal.SIGHUP)
    net.wait(lambda: net.has("A", VIP, "vA"), "the address on the interface itself")

    (first, sender), (second, _) = announced(net)[:2]
    assert sender == "00:00:5e:00:01:33"
    assert second - first > 0.9
    assert "vrrp.51" not in net.must("A", "ip", "link")


@pytest.mark.skipif(not Path(KEEPALIVED).exists(), reason="the package keepalived is not installed")
def test_unicast_with_a_device_of_its_own_is_as_the_original_s(tmp_path: Path) -> None:
    """use_vmac with name and address, vmac_xmit_base, unicast_ttl: who sends what, and where the address is."""
    found, expected = side_by_side(tmp_path, speak_on_base, [(OURS,), (REAL,)])

    assert found == expected
    assert found == ({("vA", 7)}, {"02:00:00:00:01:33"}, True)


def speak_on_base(net: Wire, kind: str) -> tuple[set[tuple[str, int]], set[str], bool]:
    """(device whose address sends advertisements, their time to live), senders of announcements, address on the device."""
    base = net.must("A", "cat", "/sys/class/net/vA/address").strip()
    lines = ("use_vmac own 02:00:00:00:01", "vmac_xmit_base", "unicast_ttl 7", "unicast_peer {\n10.77.0.2\n}")
    net.start("A", kind, router(*lines).replace(" dev vA", ""))
    net.wait(lambda: len(net.adverts("A")) > 1 and len(announced(net)) > 0, "advertisements and announcements")
    frames = [frame for _, frame in list(net.frames) if frame[12:14] == b"\x08\x00" and frame[23] == 112]
    names = {base: "vA"}
    speakers = {(names.get(frame[6:12].hex(":"), "another"), frame[22]) for frame in frames}
    return speakers, {sender for _, sender in announced(net)}, net.has("A", VIP, "own")


def test_interfaces_of_a_group_share_its_pauses(net: Wire) -> None:
    """garp_group: 50 ms between two announcements."""
    text = "garp_group {\ngarp_interval 0.05\ninterface @V\n}\n" + router("garp_master_delay 0", "garp_master_repeat 4")
    net.start("A", OURS, text)

    net.wait(lambda: len(announced(net)) >= 4, "announcements")

    assert all(later - earlier > 0.04 for (earlier, _), (later, _) in pairwise(announced(net)))


def test_an_interface_may_come_later(net: Wire) -> None:
    """dynamic_interfaces; and unicast_fault_no_peer keeps another router from speaking at all."""
    text = "global_defs {\ndynamic_interfaces\n}\n" + router(interface="late").replace("dev vA", "dev late")
    lonely = router("unicast_fault_no_peer", "unicast_src_ip 10.77.0.1").replace("VI_1", "VI_2").replace("51", "52")
    daemon = net.start("A", OURS, text + lonely.replace(VIP, "10.77.0.101"))
    says(net, daemon, f"{FAULT} (init)")

    net.must("A", *["ip", "link", "add", "late", "type", "veth", "peer", "name", "early"])
    net.must("A", *["ip", "addr", "add", "10.76.0.1/24", "dev", "late"])
    for name in ("late", "early"):
        net.must("A", "ip", "link", "set", name, "up")

    says(net, daemon, MASTER)
    net.wait(lambda: net.has("A", VIP, "late"), "the address")
    assert "(VI_2) Entering FAULT STATE (init)" in daemon.log
    assert "(VI_2) Entering MASTER STATE" not in daemon.log
