# SPDX-License-Identifier: Apache-2.0
"""Our VRRP beside the real Keepalived on one wire: who is master, and how fast."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.netns.lateness import lateness
from tests.netns.neighbours import KEEPALIVED, OURS, REAL, Wire, wire
from tests.netns.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(not Path(KEEPALIVED).exists(), reason="the package keepalived is not installed")

V2, V3, V6 = "v2", "v3", "v3 over IPv6"
INTERVAL = {V2: 1.0, V3: 0.2, V6: 0.2}
ADDRESS = {V2: "10.77.0.100", V3: "10.77.0.100", V6: "fe80::100"}
PAIRS = [(OURS, REAL), (REAL, OURS)]


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Wire]:
    """Two hosts."""
    with wire(tmp_path) as made:
        yield made


def configuration(kind: str, priority: int, *more: str) -> str:
    """A router of a version with one address."""
    return "\n".join(
        (
            "vrrp_instance VI_1 {",
            "interface @V",
            "virtual_router_id 51",
            f"priority {priority}",
            f"advert_int {INTERVAL[kind]:g}",
            f"version {2 if kind == V2 else 3}",
            f"virtual_ipaddress {{\n{ADDRESS[kind]}\n}}",
            *more,
            "}",
        )
    )


def test_the_higher_priority_is_master_gives_way_on_stop_and_comes_back(tmp_path: Path) -> None:
    """Election, resignation at the skew time, give-back; each version, both roles."""
    side_by_side(tmp_path, elect, [(kind, *pair) for kind in (V2, V3, V6) for pair in PAIRS], most=3)


def elect(net: Wire, kind: str, high: str, low: str) -> None:
    """One election, resignation and give-back."""
    strong = net.start("A", high, configuration(kind, 100))
    net.start("B", low, configuration(kind, 90))
    net.wait_master("A", ADDRESS[kind])

    with lateness() as machine:
        strong.stop()
        net.wait_master("B", ADDRESS[kind])
    resigned = next(each.at for each in net.adverts("A") if each.priority == 0)
    taken = next(each.at for each in net.adverts("B") if each.at > resigned)
    skew = (256 - 90) / 256 * (1 if kind == V2 else INTERVAL[kind])
    net.start("A", high, configuration(kind, 100))
    net.wait_master("A", ADDRESS[kind])

    assert taken - resigned == pytest.approx(skew, abs=0.02 + machine.worst_s)


def test_we_take_over_when_the_real_one_falls_silent(tmp_path: Path) -> None:
    """Within 20 ms of the master-down interval, each version, and of when the machine wakes anybody."""
    side_by_side(tmp_path, fall_silent, [(V2,), (V3,), (V6,)])


def fall_silent(net: Wire, kind: str) -> None:
    """One cut of the power."""
    master = net.start("A", REAL, configuration(kind, 255, "state MASTER"))
    net.wait_master("A", ADDRESS[kind])
    backup = net.start("B", OURS, configuration(kind, 90))
    net.wait(lambda: "Startup complete" in backup.log, "our start")
    before = len(net.adverts("A"))
    net.wait(lambda: len(net.adverts("A")) > before + 1, "two adverts that we hear")

    with lateness() as machine:
        master.kill()
        net.wait(lambda: bool(net.adverts("B")), "our first advert")

    silence = net.adverts("B")[0].at - net.adverts("A")[-1].at
    skew = (256 - 90) / 256 * (1 if kind == V2 else INTERVAL[kind])
    assert silence == pytest.approx(3 * INTERVAL[kind] + skew, abs=0.02 + machine.worst_s)


def test_of_equal_priorities_the_higher_address_wins(tmp_path: Path) -> None:
    """Both masters while the wire is cut; B has the higher address."""
    side_by_side(tmp_path, be_equal, PAIRS)


def be_equal(net: Wire, first: str, second: str) -> None:
    """One such meeting."""
    net.must("A", "ip", "link", "set", "vA", "down")
    net.start("B", second, configuration(V3, 100, "dont_track_primary"))
    net.start("A", first, configuration(V3, 100, "dont_track_primary"))
    net.wait(lambda: net.holders() == "AB", "two masters apart")

    net.must("A", "ip", "link", "set", "vA", "up")

    net.wait_master("B")


def test_routers_hear_each_other_by_secret_and_unicast_and_not_with_another_password(tmp_path: Path) -> None:
    """PASS, AH, unicast_peer on both sides: one master, the stronger. With different passwords two, who say why."""
    secrets = [(V2, f"authentication {{\nauth_type {kind}\nauth_pass secret\n}}") for kind in ("PASS", "AH")]
    unicast = [(kind, "unicast_peer {\n@PEER\n}") for kind in (V2, V3)]
    heard = [(hear_each_other, *lines, *pair) for lines in secrets + unicast for pair in PAIRS]
    side_by_side(tmp_path, play, heard + [(disagree, *pair) for pair in PAIRS], most=10)


def play(net: Wire, scene: Callable[..., None], *case: object) -> None:
    """One scene of several."""
    scene(net, *case)


def hear_each_other(net: Wire, kind: str, lines: str, high: str, low: str) -> None:
    """One such pair."""
    net.start("A", high, configuration(kind, 255, "state MASTER", lines.replace("@PEER", "10.77.0.2")))
    net.start("B", low, configuration(kind, 90, lines.replace("@PEER", "10.77.0.1")))
    net.wait_master("A")
    heard = len(net.adverts("A"))

    net.wait(lambda: len(net.adverts("A")) > heard + 4, "adverts of more than a master-down interval")

    assert net.holders() == "A"
    assert net.adverts("B") == []


def disagree(net: Wire, first: str, second: str) -> None:
    """One such pair."""
    secret = "authentication {{\nauth_type PASS\nauth_pass {}\n}}"
    one = net.start("A", first, configuration(V2, 100, secret.format("one")))
    two = net.start("B", second, configuration(V2, 90, secret.format("two")))

    net.wait(lambda: net.holders() == "AB", "two masters")

    for each in (one, two):
        net.wait(lambda log=each: "(VI_1) received an invalid passwd!" in log.log, "the reason")  # type: ignore[misc]  # bound in this round; no type is inferred for it


def test_a_killed_daemon_takes_its_addresses_again(net: Wire) -> None:
    """Kill -9 leaves them on the host; the next run begins as a backup without them."""
    net.start("A", OURS, configuration(V3, 100)).kill()
    first = net.start("A", OURS, configuration(V3, 100))
    net.wait_master("A")
    first.kill()
    assert net.holders() == "A"

    again = net.start("A", OURS, configuration(V3, 100))

    net.wait(lambda: "Entering MASTER STATE" in again.log and net.holders() == "A", "the addresses again")


def test_a_link_that_goes_down_is_a_fault_and_its_return_a_new_election(tmp_path: Path) -> None:
    """The same words in both logs."""
    side_by_side(tmp_path, lose_the_link, [(OURS,), (REAL,)])


def lose_the_link(net: Wire, kind: str) -> None:
    """One of them."""
    daemon = net.start("A", kind, configuration(V3, 100))
    net.wait_master("A")

    net.must("B", "ip", "link", "set", "vB", "down")
    net.wait(lambda: "(VI_1) Entering FAULT STATE" in daemon.log and net.holders() == "", "the fault")
    net.must("B", "ip", "link", "set", "vB", "up")

    net.wait_master("A")
    assert "Netlink reports vA down" in daemon.log


def test_a_virtual_hardware_address_moves_with_the_router(tmp_path: Path) -> None:
    """use_vmac: frames come from it, and the device is gone at the end."""
    side_by_side(tmp_path, move_hardware, [(kind, *pair) for kind in (V3, V6) for pair in PAIRS])


def move_hardware(net: Wire, kind: str, high: str, low: str) -> None:
    """One such pair."""
    strong = net.start("A", high, configuration(kind, 100, "use_vmac"))
    net.start("B", low, configuration(kind, 90, "use_vmac"))
    net.wait_master("A", ADDRESS[kind])
    assert net.has("A", ADDRESS[kind], "vrrp.51")

    strong.stop()
    net.wait_master("B", ADDRESS[kind])

    senders = {frame[6:12].hex(":") for _, frame in net.frames if 112 in {frame[23], frame[20]}}
    assert senders == {f"00:00:5e:00:0{2 if kind == V6 else 1}:33"}
    assert "vrrp.51" not in net.must("A", "ip", "link")


def test_routes_and_rules_come_and_go_with_the_addresses(tmp_path: Path) -> None:
    """virtual_routes and virtual_rules, as the original does."""
    side_by_side(tmp_path, route, [(OURS,), (REAL,)])


def route(net: Wire, kind: str) -> None:
    """One of them."""
    daemon = net.start(
        "A",
        kind,
        configuration(
            V3,
            100,
            "virtual_routes {\n10.99.0.0/16 via 10.77.0.2 dev @V metric 7\nblackhole 10.98.0.0/16 table 100\n}",
            "virtual_rules {\nfrom 10.97.0.0/16 table 100 priority 555\n}",
        ),
    )
    net.wait_master("A")
    net.wait(lambda: "10.97.0.0/16" in net.must("A", "ip", "rule"), "the rule, which comes last")

    there = [net.must("A", "ip", *words) for words in (("route",), ("route", "show", "table", "100"), ("rule",))]
    daemon.stop()
    after = [net.must("A", "ip", *words) for words in (("route",), ("route", "show", "table", "100"), ("rule",))]

    wanted = ("10.99.0.0/16 via 10.77.0.2 dev vA", "blackhole 10.98.0.0/16", "555:\tfrom 10.97.0.0/16 lookup 100")
    assert [text in shown for text, shown in zip(wanted, there, strict=True)] == [True] * 3
    assert [text in shown for text, shown in zip(wanted, after, strict=True)] == [False] * 3


def test_a_reload_changes_what_differs_and_keeps_the_master(net: Wire) -> None:
    """Another address, no election; and a wrong file changes nothing."""
    daemon = net.start("A", OURS, configuration(V3, 100))
    net.wait_master("A")
    net.start("B", REAL, configuration(V3, 90))
    file = net.folder / "A.conf"
    text = file.read_text(encoding="utf-8")

    file.write_text(text.replace("}\n}", "}\nvirtual_ipaddress_excluded {\n10.77.0.107\n}\n}"), encoding="utf-8")
    daemon.signal(signal.SIGHUP)
    net.wait(lambda: net.has("A", "10.77.0.107"), "the new address")
    file.write_text(text.replace("virtual_router_id 51", "virtual_router_ip 51"), encoding="utf-8")
    daemon.signal(signal.SIGHUP)
    net.wait(lambda: "The configuration stays as it is" in daemon.log, "the refusal")

    assert net.has("A", "10.77.0.107")
    assert daemon.log.count("Entering") == 2
    assert net.adverts("B") == []


def test_advertisements_are_the_same_bytes(tmp_path: Path) -> None:
    """Ours and the original's of the same configuration, each alone."""
    found, expected = side_by_side(tmp_path, first_advertisement, [(OURS,), (REAL,)])

    assert found == expected


def first_advertisement(net: Wire, kind: str) -> bytes:
    """From the IP header on."""
    net.start("A", kind, configuration(V2, 255, "state MASTER", "authentication {\nauth_type PASS\nauth_pass abc\n}"))
    net.wait(lambda: bool(net.adverts("A")), "an advert")
    return next(frame[14:] for _, frame in net.frames if frame[23:24] == b"\x70")
