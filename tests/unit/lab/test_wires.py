# SPDX-License-Identifier: Apache-2.0
"""Where the packets of a link are met, and what names one."""

import pytest

from xlvs.lab.capture_points import Ear, ears, split
from xlvs.lab.errors import LabError
from xlvs.lab.fault_note import LINK, UNPLUGGED, Fault, Point, Rule
from xlvs.lab.fault_points import cut, link
from xlvs.lab.lab import Lab
from xlvs.lab.scenes import nat
from xlvs.lab.topology import Interface, Node, Topology
from xlvs.lab.wires import IN, OUT, find

NAT = nat()
LAB = Lab("l", NAT)
RULE = Rule(loss=0.5)


def test_a_link_to_a_switch_is_met_at_the_switch() -> None:
    """What the node sends comes in there."""
    wire = find(NAT, "director:ens33")

    assert (wire.place, wire.device, wire.beyond) == ("inside", "director", "inside")
    assert (wire.egress(OUT), wire.egress(IN)) == (False, True)


@pytest.mark.parametrize(("node", "outgoing"), [("client", True), ("director:ens37", False)])
def test_a_link_of_two_is_met_at_the_end_that_is_no_directors(node: str, outgoing: bool) -> None:
    """Whichever of them is named."""
    wire = find(NAT, node)

    assert (wire.place, wire.device, wire.egress(OUT)) == ("client", "eth0", outgoing)


def test_a_link_of_two_directors_is_met_at_one_of_them() -> None:
    """The same from both."""
    pair = Topology("p", "", tuple(Node(name, (Interface("eth0", "wire"),)) for name in ("director1", "director2")))

    places = {(wire.place, wire.device) for wire in (find(pair, "director1"), find(pair, "director2"))}

    assert len(places) == 1


@pytest.mark.parametrize(
    ("words", "other", "complaint"),
    [
        (
            "director",
            None,
            r"director has 2 interfaces \(say director:ens37 \(to client\) director:ens33 \(to inside\)\)",
        ),
        ("nobody", None, r"no node nobody \(nodes: client director server1 server2\)"),
        ("inside", None, r"inside is a switch"),
        ("server1:eth0", None, r"server1 has no interface eth0 there \(interfaces: ens33\)"),
        ("client", "server1", r"no link joins client and server1"),
        ("server1", "server1", r"no link joins server1 and server1"),
    ],
)
def test_what_names_no_link_is_explained(words: str, other: str | None, complaint: str) -> None:
    """It says what there is."""
    with pytest.raises(LabError, match=complaint):
        find(NAT, words, other)


def test_a_fault_of_a_link_has_a_point_for_each_direction() -> None:
    """Named by where packets go."""
    fault = link(LAB, "client", "director", None, RULE)

    assert fault == Fault(
        "l",
        0,
        LINK,
        "client:eth0 - director",
        "client",
        (Point("eth0", egress=True, towards="to director"), Point("eth0", egress=False, towards="to client")),
        RULE,
    )


def test_one_direction_is_seen_from_the_node() -> None:
    """What it sends comes in at the switch."""
    fault = link(LAB, "server1", None, OUT, RULE)

    assert fault.points == (Point("server1", egress=False, towards="from server1"),)
    assert fault.where == "server1:ens33 -> inside"


def test_two_nodes_behind_a_switch_are_told_by_hardware_addresses() -> None:
    """Each where what it gets leaves the switch: multicast too."""
    fault = link(LAB, "director", "server1", None, RULE)

    assert fault.points == (
        Point("server1", egress=True, towards="to server1", source="02:00:00:00:02:02"),
        Point("director", egress=True, towards="to director", source="02:00:00:00:03:01"),
    )


def test_a_cut_takes_the_port_of_a_switch_down() -> None:
    """Elsewhere everything is lost."""
    assert (cut(LAB, "server1", None).kind, cut(LAB, "server1", None).port) == (UNPLUGGED, "server1")
    assert cut(LAB, "director", "inside").kind == UNPLUGGED
    assert cut(LAB, "client", None).what() == "cut"
    assert cut(LAB, "director", "server1").rule == Rule(loss=1.0)


def test_a_capture_listens_beyond_a_node_and_once_to_a_switch() -> None:
    """At the other end directions are the other way round."""
    assert ears(NAT, ["director", "client"]) == [
        Ear("director:ens37", "client", "eth0", far=True),
        Ear("director:ens33", "inside", "director", far=True),
        Ear("client:eth0", "client", "eth0"),
    ]
    assert ears(NAT, ["inside", "inside:bridge"]) == [
        Ear(f"inside:{port}", "inside", port, one_way=True) for port in ("director", "server1", "server2")
    ]
    assert ears(NAT, ["inside:server1"]) == [Ear("inside:server1", "inside", "server1")]
    assert ears(NAT, ["server1:lo"]) == [Ear("server1:lo", "server1", "lo", one_way=True)]


def test_a_filter_begins_where_nodes_end() -> None:
    """A word that is neither is the filter's to refuse, but for the first."""
    assert split(NAT, ["client", "director:ens33", "tcp", "port", "80"]) == (
        ["client", "director:ens33"],
        ["tcp", "port", "80"],
    )
    with pytest.raises(LabError, match="no node tcp"):
        split(NAT, ["tcp"])
    with pytest.raises(LabError, match="inside has no port eth0"):
        ears(NAT, ["inside:eth0"])
