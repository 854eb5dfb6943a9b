# SPDX-License-Identifier: Apache-2.0
"""What begins a connection, what is kept from it, and where it goes: defences, marks, templates by mark, reuse."""

from __future__ import annotations

import pytest

from tests.reference.director import Director
from tests.reference.scene import CLIENT, VIP, VIP2, VIP3, Scene, packed
from xlvs.model.destination import ForwardingMethod
from xlvs.model.service import Protocol

OTHER = "10.1.8.6"
ELSEWHERE = "10.2.1.100"


def three(service: str, *, port: str = "", options: str = "", method: str = "-m") -> list[str]:
    """Commands of a service with rs1, rs2 and rs3."""
    servers = (f"-a {service} -r 10.2.{number}.100{port} {method}" for number in (1, 2, 3))
    return [f"-A {service} -s rr {options}", *servers]


def test_drop_packet_drops_the_first_and_then_every_nth() -> None:
    """Scene traffic-drop-packet: counted over services and protocols; what begins nothing is not; -1 drops all."""
    scene = Scene(
        "-A -t 10.0.0.1:80 -s rr",
        "-a -t 10.0.0.1:80 -r 10.2.1.100 -m",
        "-A -u 10.0.0.1:53 -s rr",
        "-a -u 10.0.0.1:53 -r 10.2.1.100 -g",
        "-A -t 10.0.0.1:81 -s rr",
    )
    settings = scene.director.settings
    settings.am_droprate, settings.drop_packet = 3, 3
    assert scene.syns(8) == "drop rs1 rs1 drop rs1 rs1 drop rs1"
    assert scene.datagrams(8) == "rs1 drop rs1 rs1 drop rs1 rs1 drop"
    assert [scene.tcp("S", 5000, dport=82), scene.tcp("A", 5001)] == ["pass", "pass"]
    assert scene.syns(3, dport=81) == "refused refused drop"
    settings.drop_packet = 0
    assert scene.syns(2) == "rs1 rs1"
    settings.drop_packet = 3
    assert scene.syns(3) == "rs1 rs1 drop"
    for rate, expected in ((1, "rs1 rs1 drop drop"), (0, "rs1 rs1 rs1 rs1"), (-1, "drop drop drop drop")):
        settings.am_droprate = rate
        assert scene.syns(4) == expected


def test_a_mark_goes_before_the_address() -> None:
    """Scene traffic-marks-packets: one of no service is none; a known connection needs none."""
    scene = Scene(*three("-f 7"), "-A -t 10.0.0.1:80 -s rr", "-a -t 10.0.0.1:80 -r 10.2.5.100 -m")
    assert [scene.tcp("S", port, mark=mark) for port, mark in ((1, 7), (2, 8), (3, 0))] == ["rs3", "rs5", "rs5"]
    assert [scene.tcp("A", 1), scene.tcp("S", 4, VIP2, 443, mark=7)] == ["rs3", "rs2"]
    scene.adm("-D -f 7")
    assert [scene.tcp("A", 1), scene.tcp("S", 5, mark=7)] == ["dropped", "rs5"]


def test_a_marks_template_joins_all_its_addresses_and_ports() -> None:
    """Scene traffic-persist-marks: of port 0 alone there is another one; the service by address has its own."""
    scene = Scene(*three("-f 7", port=":8080", options="-p 100"), *three("-t 10.0.0.1:80", options="-p 400"))

    def syn(port: int, vip: str = VIP, dport: int = 80, source: str = CLIENT, mark: int = 7) -> str:
        return scene.tcp("S", port, vip, dport, source=source, mark=mark)

    assert [syn(1001), syn(1002, dport=81), scene.udp(1004, mark=7), syn(1005, VIP2)] == ["rs3"] * 4
    assert [syn(1007, VIP2, 0), syn(1008, dport=81, source=OTHER), syn(1009, source=OTHER)] == ["rs2", "rs1", "rs1"]
    assert syn(1010, mark=0) == "rs3"
    templates = [(each.client, each.virtual, each.server) for each in scene.director.templates()]
    assert templates == [
        (packed(CLIENT), (packed("0.0.0.7"), 0), (packed("10.2.3.100"), 0)),
        (packed(CLIENT), (packed(VIP2), 0), (packed("10.2.2.100"), 8080)),
        (packed(OTHER), (packed("0.0.0.7"), 0), (packed("10.2.1.100"), 0)),
        (packed(CLIENT), (packed(VIP), 80), (packed("10.2.3.100"), 80)),
    ]
    scene.adm("-d -f 7 -r 10.2.3.100:8080")
    assert [syn(1011), syn(1012, dport=81)] == ["rs2", "rs2"]


def test_what_a_mark_chose_may_pass_by_its_missing_destinations() -> None:
    """Scene traffic-marks-bypass: with cache_bypass, and not what is addressed to the director."""
    scene = Scene("-A -f 7 -s rr")
    scene.director = Director(own_addresses={packed(VIP)})
    scene.adm("-A -f 7 -s rr")
    assert [scene.udp(1, ELSEWHERE, mark=7), scene.udp(2, mark=7)] == ["lost", "refused"]
    scene.director.settings.cache_bypass = 1
    assert [scene.udp(3, ELSEWHERE, mark=7), scene.udp(4, mark=7)] == ["rs1", "refused"]
    (connection,) = scene.director.connections()
    assert (connection.method, connection.server) == (ForwardingMethod.BYPASS, (bytes(4), 0))
    scene.adm("-a -f 7 -r 10.2.5.100 -m")
    assert [scene.udp(3, ELSEWHERE), scene.udp(5, ELSEWHERE, mark=7)] == ["rs1", "rs5"]


@pytest.mark.parametrize(("mode", "anew"), [(-1, True), (0, False), (1, False), (2, True), (4, False)])
def test_a_closed_connection_of_direct_routing_begins_anew_by_a_bit(mode: int, anew: bool) -> None:
    """Scene traffic-reuse-modes: in FIN_WAIT, as long as no answer has passed."""
    scene = Scene(*three("-t 10.0.0.2:80", method="-g"))
    scene.director.settings.conn_reuse_mode = mode
    scene.walk(["iS", "iA", "iFA"], 1, VIP2)
    assert scene.states() == {1: "FIN_WAIT"}
    assert scene.tcp("S", 1, VIP2) == ("rs2" if anew else "rs3")


@pytest.mark.parametrize("mode", [0, 1])
def test_a_quiesced_server_loses_its_templates_by_a_setting(mode: int) -> None:
    """Scene traffic-persist-nodest-more: expire_quiescent_template outdates them with the next connection."""
    scene = Scene(*three("-t 10.0.0.1:80", options="-p 500"))
    scene.director.settings.expire_quiescent_template = mode
    assert scene.tcp("S", 1) == "rs3"
    scene.adm("-e -t 10.0.0.1:80 -r 10.2.3.100 -m -w 0")
    assert [scene.tcp("S", 2), scene.tcp("A", 1)] == (["rs2", "rs3"] if mode else ["rs3", "rs3"])
    assert [each.outdated for each in scene.director.templates()] == ([True, False] if mode else [False])


def test_direct_routing_sends_to_the_server_and_leaves_the_packet() -> None:
    """Scene traffic-dr-more: addresses stay."""
    scene = Scene(*three("-t 10.0.0.3:80", method="-g"))
    outcome = scene.director.packet((packed(CLIENT), 1), (packed(VIP3), 80), Protocol.TCP, 2, now=0)
    assert (outcome.destination, outcome.server) == (packed(VIP3), packed("10.2.3.100"))
