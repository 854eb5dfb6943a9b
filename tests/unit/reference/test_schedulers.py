# SPDX-License-Identifier: Apache-2.0
"""The reference director's choices, against the kernel's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference import hashing, scheduler, schedulers
from tests.reference.destinations import LiveDestination
from tests.reference.scene import VIP2, VIP3, VIP6, Scene, packed
from xlvs.model.address import Family
from xlvs.model.destination import Destination, DestinationKey, ForwardingMethod
from xlvs.schedulers import source_hash
from xlvs.schedulers.registry import SCHEDULERS


def servers(name: str, *options: str, protocol: str = "-u", port: int = 53) -> Scene:
    """A service with rs1, rs2 ... in that order, each with its options."""
    service = f"{protocol} 10.0.0.1:{port}"
    destinations = (f"-a {service} -r 10.2.{number}.100 -m {text}" for number, text in enumerate(options, 1))
    return Scene(f"-A {service} -s {name}", *destinations)


def test_the_model_has_what_the_packet_path_has() -> None:
    """Each scheduler can be held against the model."""
    assert sorted(schedulers.supported()) == sorted(row.name for row in SCHEDULERS)


def test_round_robin_walks_newest_first_after_the_last_used() -> None:
    """Scene nat-rr: with edits, a deletion, an addition, and another scheduler in between."""
    scene = servers("rr", "", "", "", protocol="-t", port=80)
    assert scene.syns(9) == "rs3 rs2 rs1 rs3 rs2 rs1 rs3 rs2 rs1"
    scene.adm("-e -t 10.0.0.1:80 -r 10.2.2.100 -m -w 0")
    assert scene.syns(5) == "rs3 rs1 rs3 rs1 rs3"
    scene.adm("-e -t 10.0.0.1:80 -r 10.2.2.100 -m -w 9")
    assert scene.syns(6) == "rs2 rs1 rs3 rs2 rs1 rs3"
    scene.adm("-d -t 10.0.0.1:80 -r 10.2.3.100")
    assert scene.syns(4) == "rs2 rs1 rs2 rs1"
    scene.adm("-a -t 10.0.0.1:80 -r 10.2.3.100 -m")
    assert scene.syns(6) == "rs3 rs2 rs1 rs3 rs2 rs1"
    scene.adm("-E -t 10.0.0.1:80 -s wrr", "-E -t 10.0.0.1:80 -s rr")
    assert scene.syns(6) == "rs3 rs2 rs1 rs3 rs2 rs1"
    scene.adm(*(f"-e -t 10.0.0.1:80 -r 10.2.{number}.100 -m -w 0" for number in (1, 2, 3)))
    assert scene.syns(1) == "refused"


def test_round_robin_steps_back_when_the_last_used_is_deleted() -> None:
    """Scene traffic-rr-deletes, with one port per server in place of three."""
    scene = servers("rr", *[""] * 9, protocol="-t", port=80)
    assert scene.syns(11) == "rs9 rs8 rs7 rs6 rs5 rs4 rs3 rs2 rs1 rs9 rs8"
    for command, expected in (
        ("-d -t 10.0.0.1:80 -r 10.2.8.100", "rs7 rs6"),
        ("-d -t 10.0.0.1:80 -r 10.2.6.100", "rs5 rs4"),
        ("-d -t 10.0.0.1:80 -r 10.2.4.100", "rs3"),
        ("-d -t 10.0.0.1:80 -r 10.2.9.100", "rs2 rs1"),
        ("-a -t 10.0.0.1:80 -r 10.2.8.100 -m", "rs8 rs7"),
        ("-d -t 10.0.0.1:80 -r 10.2.7.100", "rs5 rs3"),
        ("-e -t 10.0.0.1:80 -r 10.2.3.100 -m -w 0", "rs2 rs1 rs8 rs5"),
        ("-d -t 10.0.0.1:80 -r 10.2.8.100", "rs2 rs1 rs5"),
        ("-d -t 10.0.0.1:80 -r 10.2.1.100", "rs2 rs5 rs2"),
        ("-e -t 10.0.0.1:80 -r 10.2.3.100 -m -w 1", "rs5 rs3 rs2"),
        ("-d -t 10.0.0.1:80 -r 10.2.2.100", "rs5 rs3"),
        ("-d -t 10.0.0.1:80 -r 10.2.3.100", "rs5"),
        ("-a -t 10.0.0.1:80 -r 10.2.10.100 -m", "rs10 rs5"),
        ("-a -t 10.0.0.1:80 -r 10.2.11.100 -m", "rs11 rs10 rs5"),
    ):
        scene.adm(command)
        assert (command, scene.syns(len(expected.split()))) == (command, expected)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ((4, 1, 2), "rs3 rs2 rs1 rs1 rs1 rs3 rs1 rs3 rs2 rs1 rs1 rs1 rs3 rs1 rs3 rs2 rs1"),
        ((40, 10, 20), "rs3 rs2 rs1 rs1 rs1 rs3 rs1 rs3 rs2 rs1 rs1 rs1 rs3 rs1 rs3 rs2 rs1"),
        ((2, 4, 6), "rs3 rs2 rs1 rs3 rs3 rs2 rs3 rs2 rs1 rs3 rs3 rs2 rs3 rs2 rs1"),
        ((1, 1, 1), "rs3 rs2 rs1 rs3 rs2 rs1 rs3 rs2 rs1"),
        ((3, 3, 3), "rs3 rs2 rs1 rs3 rs2 rs1 rs3 rs2 rs1"),
        ((5, 0, 3), "rs3 rs1 rs1 rs1 rs3 rs1 rs3 rs1 rs3 rs1 rs1 rs1 rs3 rs1 rs3 rs1 rs3 rs1 rs1"),
        ((0, 0, 2), "rs3 rs3 rs3 rs3 rs3"),
        ((0, 0, 0), "refused refused refused"),
        ((6, 9, 3), "rs3 rs2 rs1 rs2 rs2 rs1 rs3 rs2 rs1 rs2 rs2 rs1 rs3 rs2 rs1"),
        ((1, 7), "rs2 rs1 rs2 rs2 rs2 rs2 rs2 rs2 rs2 rs1 rs2 rs2 rs2 rs2 rs2 rs2 rs2 rs1 rs2"),
        ((7, 1), "rs2 rs1 rs1 rs1 rs1 rs1 rs1 rs1 rs2 rs1 rs1 rs1 rs1 rs1 rs1 rs1 rs2 rs1 rs1"),
        ((4, 6), "rs2 rs1 rs2 rs2 rs1 rs2 rs1 rs2 rs2 rs1 rs2 rs1 rs2"),
        ((6, 4), "rs2 rs1 rs1 rs2 rs1 rs2 rs1 rs1 rs2 rs1 rs2 rs1 rs1"),
        ((5,), "rs1 rs1 rs1 rs1 rs1"),
        ((10,), "rs1 rs1 rs1 rs1 rs1"),
    ],
)
def test_weighted_round_robin_begins_with_a_pass_for_everybody(weights: tuple[int, ...], expected: str) -> None:
    """Scene traffic-wrr-weights: a service filled server by server, then its first connections."""
    scene = servers("wrr", *(f"-w {weight}" for weight in weights))
    assert scene.datagrams(len(expected.split())) == expected


def test_weighted_round_robin_keeps_its_pass_over_edits() -> None:
    """Scene traffic-wrr-edits: each command, then the connections after it."""
    scene = servers("wrr", "-w 1", "-w 2", "-w 3")
    assert scene.datagrams(10) == "rs3 rs2 rs1 rs3 rs3 rs2 rs3 rs2 rs1 rs3"
    for command, expected in (
        ("-e -u 10.0.0.1:53 -r 10.2.1.100 -m -w 5", "rs3 rs1 rs3 rs2 rs1 rs3 rs2"),
        ("-e -u 10.0.0.1:53 -r 10.2.1.100 -m -w 5", "rs3 rs2 rs1 rs1"),
        ("-e -u 10.0.0.1:53 -r 10.2.2.100 -m -w 10", "rs2 rs1 rs2 rs1 rs3"),
        ("-e -u 10.0.0.1:53 -r 10.2.3.100 -m -w 15", "rs3 rs2 rs1 rs3 rs3 rs2 rs3 rs2 rs1 rs3 rs3"),
        ("-e -u 10.0.0.1:53 -r 10.2.3.100 -m -w 20", "rs3 rs2"),
        ("-d -u 10.0.0.1:53 -r 10.2.3.100", "rs2 rs2 rs1 rs2 rs2"),
        ("-a -u 10.0.0.1:53 -r 10.2.3.100 -m -w 4", "rs3 rs2 rs1 rs2 rs2 rs2 rs2 rs2 rs2"),
        ("-e -u 10.0.0.1:53 -r 10.2.2.100 -m -w 0", "rs1 rs3 rs1 rs3 rs1 rs3 rs1 rs3"),
        ("-e -u 10.0.0.1:53 -r 10.2.1.100 -m -w 0", "rs3 rs3 rs3 rs3"),
        ("-e -u 10.0.0.1:53 -r 10.2.3.100 -m -w 0", "refused refused"),
        ("-e -u 10.0.0.1:53 -r 10.2.2.100 -m -w 6", "rs2 rs2"),
        ("-e -u 10.0.0.1:53 -r 10.2.1.100 -m -w 9", "rs2 rs1 rs1 rs2 rs1 rs2 rs1 rs1 rs2"),
        ("-e -u 10.0.0.1:53 -r 10.2.3.100 -m -w 12", "rs3 rs2 rs1 rs3 rs2 rs1 rs3 rs3 rs1"),
        ("-e -u 10.0.0.1:53 -r 10.2.3.100 -m -w 3", "rs1 rs2 rs1 rs3 rs2 rs1 rs1 rs2 rs1"),
        ("-d -u 10.0.0.1:53 -r 10.2.1.100", "rs2 rs3 rs2 rs2 rs3 rs2"),
        ("-d -u 10.0.0.1:53 -r 10.2.2.100", "rs3 rs3 rs3"),
        ("-d -u 10.0.0.1:53 -r 10.2.3.100", "refused"),
        ("-a -u 10.0.0.1:53 -r 10.2.1.100 -m -w 8", "rs1 rs1"),
        ("-a -u 10.0.0.1:53 -r 10.2.2.100 -m -w 6", "rs2 rs1 rs1 rs2 rs1 rs2 rs1 rs2 rs1"),
        ("-E -u 10.0.0.1:53 -s wrr", "rs1 rs2 rs1 rs2 rs1"),
        ("-E -u 10.0.0.1:53 -s rr", "rs2 rs1 rs2"),
        ("-E -u 10.0.0.1:53 -s wrr", "rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs1 rs2"),
    ):
        scene.adm(command)
        assert (command, scene.datagrams(len(expected.split()))) == (command, expected)


def test_weighted_round_robin_goes_on_after_everybody_was_full() -> None:
    """Scene traffic-wrr-overload: thresholds reached by all, then free again."""
    scene = servers("wrr", "-w 3 -x 4", "-w 1 -x 3", "-w 2 -x 5")
    scene.adm("--set 0 0 2")
    assert scene.datagrams(14) == "rs3 rs2 rs1 rs1 rs3 rs1 rs3 rs2 rs1 rs3 rs3 rs2 refused refused"
    scene.sleep(2.8)
    assert scene.datagrams(14) == "rs1 rs1 rs3 rs1 rs3 rs2 rs1 rs3 rs3 rs2 rs3 rs2 refused refused"
    scene.adm("-e -u 10.0.0.1:53 -r 10.2.1.100 -m -w 3 -x 9")
    assert scene.datagrams(3) == "rs1 rs1 rs1"
    scene.sleep(2.8)
    scene.adm("-e -u 10.0.0.1:53 -r 10.2.2.100 -m -w 1")
    assert scene.datagrams(16) == "rs3 rs1 rs3 rs2 rs1 rs1 rs3 rs1 rs3 rs2 rs1 rs1 rs3 rs1 rs2 rs1"


def test_round_robin_leaves_out_who_is_full() -> None:
    """Scene traffic-rr-overload."""
    scene = servers("rr", "-x 2", "-x 3", "-x 4")
    scene.adm("--set 0 0 2")
    assert scene.datagrams(11) == "rs3 rs2 rs1 rs3 rs2 rs1 rs3 rs2 rs3 refused refused"
    scene.sleep(2.8)
    assert scene.datagrams(4) == "rs2 rs1 rs3 rs2"
    scene.adm("-e -u 10.0.0.1:53 -r 10.2.3.100 -m -w 0 -x 4")
    assert scene.datagrams(5) == "rs1 rs2 refused refused refused"


def test_least_connection_counts_an_active_connection_as_256() -> None:
    """Scene nat-lc: seven held, then all of rs2's ended."""
    scene = servers("lc", "-w 9", "", "", protocol="-t", port=80)
    held = [scene.walk(["iS", "oSA", "iA"], port) for port in range(1, 8)]
    assert " ".join(held) == "rs3 rs2 rs1 rs3 rs2 rs1 rs3"
    scene.walk(["iFA", "oFA"], 2)
    scene.walk(["iFA", "oFA"], 5)
    for port in (2, 5):
        scene.answer("rs2", "FA", port)
    assert scene.loads("-t 10.0.0.1:80") == {"rs1": (2, 0), "rs2": (0, 2), "rs3": (3, 0)}
    assert scene.syns(4) == "rs2 rs2 rs1 rs2"


def test_weighted_least_connection_divides_by_the_weight() -> None:
    """Scene nat-wlc: connections held, then weights edited."""
    scene = servers("wlc", "-w 1", "-w 3", "-w 2", protocol="-t", port=80)
    assert scene.syns(12) == "rs3 rs2 rs1 rs2 rs3 rs2 rs3 rs2 rs1 rs2 rs3 rs2"
    assert scene.loads("-t 10.0.0.1:80") == {"rs1": (2, 0), "rs2": (6, 0), "rs3": (4, 0)}
    scene.adm("-e -t 10.0.0.1:80 -r 10.2.1.100 -m -w 20")
    assert scene.syns(8) == " ".join(["rs1"] * 8)
    scene.adm("-e -t 10.0.0.1:80 -r 10.2.1.100 -m -w 0", "-e -t 10.0.0.1:80 -r 10.2.3.100 -m -w 0")
    assert scene.syns(3) == "rs2 rs2 rs2"


def test_least_loads_with_datagrams_only() -> None:
    """Scene traffic-least-load: all connections inactive."""
    scene = servers("lc", "-w 1", "-w 4", "-w 9")
    assert scene.datagrams(9) == "rs3 rs2 rs1 rs3 rs2 rs1 rs3 rs2 rs1"
    scene = servers("wlc", "-w 1", "-w 4", "-w 9")
    assert scene.datagrams(28) == (
        "rs3 rs2 rs1 rs3 rs3 rs2 rs3 rs3 rs2 rs3 rs3 rs2 rs3 rs3 "
        "rs3 rs2 rs1 rs3 rs3 rs2 rs3 rs3 rs2 rs3 rs3 rs2 rs3 rs3"
    )
    for server, weight, expected in (
        (1, 100, "rs1 rs1 rs1 rs1 rs1 rs1 rs1 rs1 rs1 rs1 rs1 rs1"),
        (3, 0, "rs1 rs1 rs1 rs1 rs1 rs1"),
        (1, 0, "rs2 rs2 rs2"),
        (2, 0, "refused refused"),
    ):
        scene.adm(f"-e -u 10.0.0.1:53 -r 10.2.{server}.100 -m -w {weight}")
        assert scene.datagrams(len(expected.split())) == expected


def test_weighted_least_connection_with_thresholds() -> None:
    """Scene traffic-least-load: TCP, weights 1 3 5, thresholds 7 5 3."""
    scene = servers("wlc", "-w 1 -x 7", "-w 3 -x 5", "-w 5 -x 3", protocol="-t", port=80)
    assert scene.syns(17) == "rs3 rs2 rs1 rs3 rs2 rs3 rs2 rs2 rs1 rs2 rs1 rs1 rs1 rs1 rs1 refused refused"


def test_source_hashing_with_both_flags() -> None:
    """Scene traffic-sh-flags: weights 3 1 6 by port, then fallback with rs3 unusable."""
    scene = servers("sh", "-w 3", "-w 1", "-w 6")
    scene.port = 1040
    scene.adm("-E -u 10.0.0.1:53 -s sh -b sh-port")
    clients = [f"10.1.8.{number}" for number in range(1, 25)]
    assert " ".join(scene.datagrams(1, source=client) for client in clients) == (
        "rs2 rs2 rs3 rs3 rs3 rs3 rs3 rs3 rs3 rs3 rs3 rs1 rs1 rs1 rs1 rs1 rs3 rs3 rs3 rs3 rs1 rs1 rs1 rs2"
    )
    scene.adm("-E -u 10.0.0.1:53 -s sh -b sh-fallback", "-e -u 10.0.0.1:53 -r 10.2.3.100 -m -w 0")
    assert " ".join(scene.datagrams(1, source=client) for client in clients) == (
        "rs1 rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs1 rs1 rs2 rs1 rs1 rs1 rs1 rs1 rs1 rs1 rs1 rs1"
    )
    scene.adm("-e -u 10.0.0.1:53 -r 10.2.2.100 -m -w 0", "-e -u 10.0.0.1:53 -r 10.2.1.100 -m -w 0")
    assert scene.datagrams(2) == "refused refused"


def test_destination_hashing_over_addresses() -> None:
    """Scene traffic-dh-addresses: a service per virtual address; weights fill no buckets, but 0 refuses."""
    scene = Scene(*(f"-A -u {vip}:53 -s dh" for vip in ("10.0.0.1", "10.0.0.2", "10.0.0.3", "[2001:db8::1]")))

    def every(command: str, server: int, options: str = "") -> str:
        for vip in ("10.0.0.1", "10.0.0.2", "10.0.0.3", "[2001:db8::1]"):
            address = f"[2001:db8:2:{server}::100]" if "[" in vip else f"10.2.{server}.100"
            scene.adm(f"{command} -u {vip}:53 -r {address}:53 {options}")
        chosen = [scene.datagrams(1, vip) for vip in ("10.0.0.1", VIP2, VIP3)]
        return " ".join([*chosen, scene.datagrams(1, VIP6, source="2001:db8:8::5")])

    assert every("-a", 1, "-m") == "rs1 rs1 rs1 rs1"
    assert every("-a", 2, "-m -w 7") == "rs1 rs1 rs1 rs1"
    assert every("-a", 3, "-m -w 0") == "refused rs1 rs2 refused"
    assert every("-e", 3, "-m -w 1") == "rs3 rs1 rs2 rs3"
    assert every("-e", 1, "-m -w 0") == "rs3 refused rs2 rs3"
    assert every("-e", 2, "-m -w 0") == "rs3 refused refused rs3"
    assert every("-d", 3) == "refused refused refused refused"
    assert every("-e", 2, "-m -w 5") == "refused refused refused refused"
    assert every("-e", 1, "-m -w 5") == "rs1 rs1 rs1 rs1"
    assert every("-a", 3, "-m") == "rs3 rs1 rs2 rs3"
    assert every("-d", 2) == "rs1 rs1 rs1 rs1"
    assert every("-d", 1) == "rs3 rs3 rs3 rs3"


def test_another_scheduler_starts_anew_the_same_goes_on() -> None:
    """Scene traffic-service-edit."""
    scene = servers("rr", "-w 1", "-w 2", "-w 3")
    assert scene.datagrams(1) == "rs3"
    for command, expected in (
        ("-E -u 10.0.0.1:53 -s rr", "rs2 rs1 rs3 rs2"),
        ("-E -u 10.0.0.1:53 -s lc", "rs1 rs3 rs2 rs1 rs3"),
        ("-E -u 10.0.0.1:53 -s rr", "rs3 rs2 rs1 rs3"),
        ("-E -u 10.0.0.1:53 -s wrr", "rs3 rs3 rs2 rs3 rs2 rs1 rs3 rs3"),
        ("-E -u 10.0.0.1:53 -s wrr", "rs2 rs3 rs2"),
        ("-E -u 10.0.0.1:53 -s wlc", "rs3 rs2 rs3 rs2 rs3 rs3 rs2 rs1"),
        ("-E -u 10.0.0.1:53 -s dh", "rs3 rs3"),
        ("-E -u 10.0.0.1:53 -s sh", "rs3 rs3 rs3 rs3"),
        ("-E -u 10.0.0.1:53 -s sh -b sh-port", "rs2 rs3 rs2 rs1 rs2 rs2 rs3 rs2"),
        ("-E -u 10.0.0.1:53 -s rr", "rs3 rs2"),
        ("-E -u 10.0.0.1:53 -s none", "refused refused"),
        ("-E -u 10.0.0.1:53", "rs1 rs1"),
    ):
        scene.adm(command)
        assert (command, scene.datagrams(len(expected.split()))) == (command, expected)


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=12),
    st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16),
    st.integers(0, 65535),
)
def test_hashing_agrees_with_the_tables_of_user_space(weights: list[int], address: bytes, port: int) -> None:
    """The model computes by its own lines what the packet path gets from user space."""
    live = [
        LiveDestination(Destination(DestinationKey(Family.IPV4, bytes(4), place), ForwardingMethod.MASQUERADE, weight))
        for place, weight in enumerate(weights)
    ]
    model = hashing.SourceHash(live)
    request = scheduler.Request(address, port, packed("10.0.0.1"), scheduler.FALLBACK | scheduler.WITH_PORT)
    buckets = source_hash.fill_by_weight(weights)
    tries = [source_hash.bucket_of(address, port), *source_hash.fallback_buckets(address, port)]
    usable = (live[buckets[bucket]] for bucket in tries if weights[buckets[bucket]])
    assert [live.index(destination) for destination in model.buckets] == buckets
    assert model.choose(request) is next(usable, None)
