# SPDX-License-Identifier: Apache-2.0
"""From a topology to the lines of ip -batch."""

import pytest

from xlvs.lab import plan
from xlvs.lab.topology import Interface, Node, Topology

PAIR = Topology(
    "pair",
    "",
    (
        Node("left", (Interface("eth0", "wire", ("10.0.0.1/24", "fd00::1/64")),), routes=("default via 10.0.0.2",)),
        Node("right", (Interface("ens1", "wire", ("10.0.0.2/24",)),)),
    ),
    hosts=(("10.0.0.2", "right"),),
)
LAN = Topology("lan", "", tuple(Node(name, (Interface("eth0", "net"),)) for name in ("a", "b", "c")))


def test_every_node_gets_a_namespace_with_the_lab_in_its_name() -> None:
    """Two labs never meet."""
    assert plan.namespace_lines("one", PAIR) == ["netns add xlvs-one-left", "netns add xlvs-one-right"]


def test_a_wire_is_born_with_each_end_in_its_node() -> None:
    """Nothing is made on the host and moved afterwards."""
    assert plan.link_lines("one", PAIR) == [
        (
            "link add name eth0 netns xlvs-one-left address 02:00:00:00:01:01 "
            "type veth peer name ens1 netns xlvs-one-right address 02:00:00:00:02:01"
        )
    ]


def test_a_switch_has_a_port_named_after_each_node() -> None:
    """So that `bridge link` in it reads as the drawing of the lab."""
    assert plan.link_lines("one", LAN)[0] == (
        "link add name eth0 netns xlvs-one-a address 02:00:00:00:01:01 type veth peer name a netns xlvs-one-net"
    )
    assert plan.switch_lines(LAN, "net") == [
        "link add bridge type bridge mcast_snooping 0",
        "link set dev bridge up",
        "link set dev a master bridge up",
        "link set dev b master bridge up",
        "link set dev c master bridge up",
    ]


def test_links_are_up_before_addresses_and_addresses_before_routes() -> None:
    """The kernel refuses a route to a gateway that it cannot reach yet; IPv6 addresses skip duplicate detection."""
    assert plan.node_lines(PAIR.nodes[0]) == [
        "link set dev lo up",
        "link set dev eth0 up",
        "address add 10.0.0.1/24 dev eth0",
        "address add fd00::1/64 dev eth0 nodad",
        "route add default via 10.0.0.2",
    ]


def test_hosts_are_the_lab_s_and_localhost() -> None:
    """Nothing of the host's own file shows through."""
    assert plan.hosts_file(PAIR) == "127.0.0.1 localhost\n::1 localhost\n10.0.0.2 right\n"


def test_the_hardware_address_of_no_interface_is_an_error() -> None:
    """A misspelt interface in a test must not pass as some address."""
    with pytest.raises(KeyError, match="left has no interface eth7"):
        plan.mac_address(PAIR, "left", "eth7")
