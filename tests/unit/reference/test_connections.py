# SPDX-License-Identifier: Apache-2.0
"""Connections of the reference director: ports used again, timers, answers, against the kernel."""

from __future__ import annotations

import pytest

from tests.reference import Director, Verdict
from tests.reference.outcome import Reason
from tests.reference.scene import CLIENT, PATHS, VIP, VIP2, VIP6, Scene, packed
from xlvs.model.address import Family
from xlvs.model.destination import Destination, DestinationKey, ForwardingMethod
from xlvs.model.errors import DestinationExists, NoSuchDestination, NoSuchService, ServiceExists, ServiceNotDefined
from xlvs.model.service import Protocol, ServiceKey, VirtualService

SERVICE = ServiceKey(Protocol.UDP, Family.IPV4, packed(VIP), 53)
SERVER = DestinationKey(Family.IPV4, packed("10.2.1.100"), 53)


def three_servers(scheduler: str = "rr") -> Scene:
    """A TCP service with rs1, rs2, rs3."""
    return Scene(
        f"-A -t 10.0.0.1:80 -s {scheduler}",
        *(f"-a -t 10.0.0.1:80 -r 10.2.{number}.100 -m" for number in (1, 2, 3)),
    )


@pytest.mark.parametrize(
    ("mode", "flags", "expected"),
    [
        (
            1,
            "S",
            {
                "SYN_RECV": ("rs3", "rs3", "SYN_RECV"),
                "ESTABLISHED": ("rs2", "rs2", "ESTABLISHED"),
                "FIN_WAIT": ("rs1", "rs1", "SYN_RECV"),
                "CLOSE_WAIT": ("rs3", "rs3", "SYN_RECV"),
                "TIME_WAIT": ("rs2", "rs1", "SYN_RECV"),
                "CLOSE": ("rs3", "rs2", "SYN_RECV"),
                "SYN_SENT": ("rs1", "rs1", "ESTABLISHED"),
            },
        ),
        (
            1,
            "SR",
            {
                "SYN_RECV": ("rs3", "rs3", "SYN_RECV"),
                "ESTABLISHED": ("rs2", "rs2", "CLOSE"),
                "FIN_WAIT": ("rs1", "rs1", "CLOSE"),
                "CLOSE_WAIT": ("rs3", "rs3", "CLOSE"),
                "TIME_WAIT": ("rs2", "pass", None),
                "CLOSE": ("rs1", "pass", None),
                "SYN_SENT": ("rs3", "rs3", "CLOSE"),
            },
        ),
        (
            0,
            "S",
            {
                "SYN_RECV": ("rs3", "rs3", "SYN_RECV"),
                "ESTABLISHED": ("rs2", "rs2", "ESTABLISHED"),
                "FIN_WAIT": ("rs1", "rs1", "SYN_RECV"),
                "CLOSE_WAIT": ("rs3", "rs3", "SYN_RECV"),
                "TIME_WAIT": ("rs2", "rs2", "SYN_RECV"),
                "CLOSE": ("rs1", "rs1", "SYN_RECV"),
                "SYN_SENT": ("rs3", "rs3", "ESTABLISHED"),
            },
        ),
    ],
    ids=["SYN", "SYN and RST", "SYN, conn_reuse_mode=0"],
)
def test_a_client_port_used_again(mode: int, flags: str, expected: dict[str, tuple[str, str, str | None]]) -> None:
    """Scenes traffic-conn-reuse and traffic-conn-reuse-off: server before, server after, state after."""
    scene = three_servers()
    scene.director.settings.conn_reuse_mode = mode
    for port, (state, (first, second, after)) in enumerate(expected.items(), 1001):
        assert (state, scene.walk(PATHS[state], port)) == (state, first)
        assert (state, scene.tcp(flags, port)) == (state, second)
        assert (state, scene.states().get(port)) == (state, after)


def test_the_replaced_connection_counts_while_its_successor_is_scheduled() -> None:
    """Scene traffic-conn-reuse-load: least connection, then a threshold of one."""
    scene = three_servers("lc")
    assert [scene.walk(PATHS["TIME_WAIT"], port) for port in (1001, 1002, 1003)] == ["rs3", "rs2", "rs1"]
    again = [scene.walk(PATHS["TIME_WAIT"], port) for port in (1003, 1003, 1001, 1002, 1003)]
    assert again == ["rs3", "rs1", "rs3", "rs3", "rs2"]
    assert scene.loads("-t 10.0.0.1:80") == {"rs1": (0, 0), "rs2": (0, 1), "rs3": (0, 2)}
    scene.adm("-A -t 10.0.0.2:80 -s rr", "-a -t 10.0.0.2:80 -r 10.2.1.100 -m -x 1")
    assert [scene.walk(PATHS["CLOSE"], 2000, VIP2), scene.tcp("S", 2000, VIP2)] == ["rs1", "refused"]
    assert 2000 not in scene.states()
    assert scene.tcp("S", 2000, VIP2) == "rs1"


def test_answers_go_to_the_newest_of_two_connections() -> None:
    """Scenes nat-collision and traffic-collision-expiry: and to the older one when it is gone."""
    scene = Scene(
        "-A -u 10.0.0.1:53 -s rr",
        "-a -u 10.0.0.1:53 -r 10.2.1.100 -m",
        "-A -u 10.0.0.2:53 -s rr",
        "-a -u 10.0.0.2:53 -r 10.2.1.100 -m",
    )
    assert scene.udp(2222) == "rs1"
    assert scene.answer("rs1", None, 2222, 53) == "10.0.0.1:53"
    scene.adm("--set 0 0 2")
    assert scene.udp(2222, VIP2) == "rs1"
    assert scene.answer("rs1", None, 2222, 53) == "10.0.0.2:53"
    assert scene.udp(2222) == "rs1"
    assert scene.answer("rs1", None, 2222, 53) == "10.0.0.2:53"
    scene.adm("--set 0 0 300")
    scene.udp(2222)
    scene.adm("-d -u 10.0.0.2:53 -r 10.2.1.100", "--set 0 0 2")
    assert scene.answer("rs1", None, 2222, 53) == "10.0.0.2:53"
    assert scene.udp(2222, VIP2) == "dropped"
    scene.sleep(2)
    assert scene.answer("rs1", None, 2222, 53) == "10.0.0.1:53"


def test_ports_are_mapped_and_mapped_back() -> None:
    """Scene traffic-port-mapping: other ports, the port of the request, several services on one server."""
    scene = Scene(
        "-A -t 10.0.0.1:80 -s rr",
        "-a -t 10.0.0.1:80 -r 10.2.1.100:8080 -m",
        "-a -t 10.0.0.1:80 -r 10.2.1.100:8081 -m",
        "-a -t 10.0.0.1:80 -r 10.2.2.100:0 -m",
        "-A -t 10.0.0.1:81 -s rr",
        "-a -t 10.0.0.1:81 -r 10.2.1.100:8080 -m",
        "-A -t [2001:db8::1]:80 -s rr",
        "-a -t [2001:db8::1]:80 -r [2001:db8:2:1::100]:8080 -m",
    )
    assert [scene.tcp("S", port) for port in (1, 2, 3)] == ["rs2", "rs1", "rs1"]
    assert [scene.tcp("S", 11, dport=81), scene.tcp("S", 2, VIP6, source="2001:db8:8::5")] == ["rs1", "rs1"]
    assert scene.lnc() == [
        "TCP 01:00 SYN_RECV 10.1.8.5:1 10.0.0.1:80 10.2.2.100:80",
        "TCP 01:00 SYN_RECV 10.1.8.5:11 10.0.0.1:81 10.2.1.100:8080",
        "TCP 01:00 SYN_RECV 10.1.8.5:2 10.0.0.1:80 10.2.1.100:8081",
        "TCP 01:00 SYN_RECV 10.1.8.5:3 10.0.0.1:80 10.2.1.100:8080",
        "TCP 01:00 SYN_RECV [2001:db8:8::5]:2 [2001:db8::1]:80 [2001:db8:2:1::100]:8080",
    ]
    assert scene.answer("rs1", "SA", 11, 8080) == "10.0.0.1:81"
    assert scene.answer("rs1", "SA", 2, 8080) == "10.2.1.100:8080"
    assert scene.answer("rs1", "SA", 2, 8080, client="2001:db8:8::5") == "2001:db8::1:80"


def test_timers_change_with_the_next_packet_only() -> None:
    """Scene traffic-udp-timeouts: --set, then a packet of the client, then an answer."""
    scene = Scene("-A -u 10.0.0.1:53 -s rr", *(f"-a -u 10.0.0.1:53 -r 10.2.{n}.100 -m" for n in (1, 2, 3)))
    assert scene.datagrams(3) == "rs3 rs2 rs1"
    scene.adm("--set 0 0 30")
    assert [line[4:9] for line in scene.lnc()] == ["05:00", "05:00", "05:00"]
    scene.udp(1001)
    scene.answer("rs2", None, 1002, 53)
    assert [line[4:9] for line in scene.lnc()] == ["00:30", "00:30", "05:00"]


def test_a_connection_is_gone_at_the_very_tick() -> None:
    """A packet one tick before finds it and restarts the timer; one at the tick starts anew."""
    scene = Scene("-A -u 10.0.0.1:53 -s rr", *(f"-a -u 10.0.0.1:53 -r 10.2.{n}.100 -m" for n in (1, 2)))
    scene.adm("--set 0 0 1")
    assert scene.udp(1) == "rs2"
    scene.sleep(0.999)
    assert scene.udp(1) == "rs2"
    scene.sleep(1)
    assert scene.loads("-u 10.0.0.1:53") == {"rs1": (0, 0), "rs2": (0, 0)}
    assert scene.udp(1) == "rs1"


@pytest.mark.parametrize(("seconds", "left"), [(1.9, 7), (2, 6), (3, 5), (10, 4), (60, 2), (120, 0)])
def test_each_state_has_its_timeout(seconds: float, left: int) -> None:
    """Scene traffic-tcp-timeouts: --set 3 2 0 changes ESTABLISHED and FIN_WAIT only."""
    scene = three_servers()
    scene.adm("--set 3 2 0")
    for port, path in enumerate(PATHS.values(), 3000):
        scene.walk(path, port)
    scene.sleep(seconds)
    assert len(scene.states()) == left


def test_a_packet_at_the_end_of_its_time_still_counts() -> None:
    """Scene traffic-ttl: the connection is made, the sender told; an answer at its end is the host's to tell."""
    scene = three_servers()
    ends = (packed(CLIENT), 1), (packed(VIP), 80)
    syn = scene.director.packet(*ends, Protocol.TCP, 0x02, now=0, ttl=1)
    assert (syn.verdict, syn.reason, syn.state) == (Verdict.ANSWERED, Reason.TTL_EXCEEDED, "SYN_RECV")
    answer = scene.director.packet((packed("10.2.3.100"), 80), ends[0], Protocol.TCP, 0x11, now=0, ttl=1)
    assert (answer.verdict, answer.state) == (Verdict.PASS, None)
    assert scene.states() == {1: "SYN_RECV"}
    answer = scene.director.packet((packed("10.2.3.100"), 80), ends[0], Protocol.TCP, 0x11, now=0, ttl=2)
    assert (answer.verdict, answer.source, answer.state) == (Verdict.REPLY, packed(VIP), "TIME_WAIT")


def test_no_destination_is_told_whatever_the_ttl() -> None:
    """Scenes no-destination and traffic-ttl: port unreachable, and no connection."""
    director = Director()
    director.add_service(VirtualService(SERVICE, "rr"))
    outcome = director.packet((packed(CLIENT), 1), (packed(VIP), 53), Protocol.UDP, now=0, ttl=1)
    assert (outcome.verdict, outcome.reason) == (Verdict.ANSWERED, Reason.NO_DESTINATION)
    assert list(director.connections()) == []


def test_a_full_table_refuses_and_harms_nobody() -> None:
    """New connections are dropped, those that are there go on, and one that ends makes room."""
    director = Director(ticks_per_second=1, capacity=2)
    director.add_service(VirtualService(SERVICE, "rr"))
    director.add_destination(SERVICE, Destination(SERVER, ForwardingMethod.MASQUERADE))

    def datagram(port: int, now: int) -> Verdict:
        return director.packet((packed(CLIENT), port), (packed(VIP), 53), Protocol.UDP, now=now).verdict

    assert [datagram(port, 0) for port in (1, 2, 3, 1)] == [
        Verdict.FORWARD,
        Verdict.FORWARD,
        Verdict.DROP_TABLE_FULL,
        Verdict.FORWARD,
    ]
    assert datagram(2, 299) is Verdict.FORWARD
    assert datagram(3, 300) is Verdict.FORWARD


def test_marks_come_before_addresses() -> None:
    """Scene fwmark-nat: the mark's service takes any address and port that carries it, and keeps the port."""
    scene = Scene(
        "-A -f 1 -s rr",
        "-a -f 1 -r 10.2.2.100:0 -m",
        "-A -t 10.0.0.1:443 -s rr",
        "-a -t 10.0.0.1:443 -r 10.2.1.100 -m",
    )
    director, ends = scene.director, ((packed(CLIENT), 1), (packed(VIP), 443))
    marked = director.packet(*ends, Protocol.TCP, 0x02, now=0, mark=1)
    assert (marked.destination, marked.destination_port) == (packed("10.2.2.100"), 443)
    assert scene.tcp("S", 2, dport=443) == "rs1"


def test_time_does_not_run_back() -> None:
    """A model's caller would have made a mistake."""
    with pytest.raises(ValueError, match="does not run back"):
        Director(5).advance(4)


def test_tables_refuse_what_the_kernel_refuses() -> None:
    """With the same errors as every implementation of the tables."""
    director = Director()
    destination = Destination(SERVER, ForwardingMethod.MASQUERADE)
    with pytest.raises(NoSuchService):
        director.update_service(VirtualService(SERVICE))
    with pytest.raises(NoSuchService):
        director.delete_service(SERVICE)
    with pytest.raises(ServiceNotDefined):
        director.add_destination(SERVICE, destination)
    director.add_service(VirtualService(SERVICE))
    with pytest.raises(ServiceExists):
        director.add_service(VirtualService(SERVICE))
    with pytest.raises(NoSuchDestination):
        director.update_destination(SERVICE, destination)
    with pytest.raises(NoSuchDestination):
        director.delete_destination(SERVICE, SERVER)
    director.add_destination(SERVICE, destination)
    with pytest.raises(DestinationExists):
        director.add_destination(SERVICE, destination)


def test_the_model_says_what_it_lacks() -> None:
    """Rather than be wrong about it."""
    director = Director()
    for service in (
        VirtualService(SERVICE, "unheard-of"),
        VirtualService(SERVICE, persistence_timeout_s=300, persistence_engine="sip"),
    ):
        with pytest.raises(ValueError, match="the model has no"):
            director.add_service(service)
    director.add_service(VirtualService(SERVICE))
    with pytest.raises(ValueError, match="the model has no LOCAL"):
        director.add_destination(SERVICE, Destination(SERVER, ForwardingMethod.LOCAL))
