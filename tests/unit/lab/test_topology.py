# SPDX-License-Identifier: Apache-2.0
"""Topologies refuse what could not be built."""

import pytest

from xlvs.lab.scenes import nat
from xlvs.lab.topology import HttpServer, Interface, Node, Topology, check_names


def node(name: str, *segments: str) -> Node:
    """A node with one unnumbered interface per segment."""
    return Node(name, tuple(Interface(f"eth{number}", segment) for number, segment in enumerate(segments)))


def test_a_segment_lists_its_ends_in_the_order_of_the_nodes() -> None:
    """That order names the near and the far end of a wire."""
    topology = Topology("t", "", (node("a", "left"), node("b", "left", "right"), node("c", "right")))

    ends = {segment: [end.name for end, _ in ends] for segment, ends in topology.segments().items()}

    assert ends == {"left": ["a", "b"], "right": ["b", "c"]}


def test_only_a_segment_of_other_than_two_ends_is_a_switch() -> None:
    """Two ends need no bridge between them."""
    topology = Topology("t", "", (node("a", "wire", "lan"), node("b", "wire", "lan"), node("c", "lan", "stub")))

    assert topology.switches() == ["lan", "stub"]


def test_the_nat_scene_is_the_lesson_s() -> None:
    """Its addresses and names are those that the commands of the lesson use."""
    scene = nat()

    assert scene.namespace_names() == ["client", "director", "server1", "server2", "inside"]
    assert dict(scene.hosts) == {"192.168.20.129": "k8s02", "192.168.10.133": "k8s03", "192.168.10.134": "k8s04"}
    assert [server.page for server in scene.servers] == ["192.168.10.133\n", "192.168.10.134\n"]


@pytest.mark.parametrize("name", ["", "Director", "a-b", "1st", "x" * 33, "a b", "../up"])
def test_names_that_would_confuse_are_refused(name: str) -> None:
    """Names become parts of file and namespace names."""
    with pytest.raises(ValueError, match="is not a name"):
        check_names(name)


@pytest.mark.parametrize(
    ("nodes", "complaint"),
    [
        ((node("a", "x"), node("a", "x")), "share a name"),
        ((node("a", "b"), node("b"), node("c", "b"), node("d", "b")), "share a name"),
        ((Node("a", (Interface("eth0", "x"), Interface("eth0", "y"))),), "two interfaces of one name"),
        ((Node("a", (Interface("a-name-too-long-for-linux", "x"),)),), "1 to 15 characters"),
        ((Node("a", (Interface("lo", "x"),)),), "not an interface's name"),
        ((Node("a", (Interface("a/b", "x"),)),), "not an interface's name"),
        ((Node("a", (Interface("e0", "x"), Interface("e1", "x"))), node("b", "x")), "two interfaces on the segment x"),
        ((node("bridge", "x"), node("b", "x"), node("c", "x")), "names a port of the segment x"),
        ((node("a" * 16, "x"), node("b", "x"), node("c", "x")), "names a port of the segment x"),
    ],
)
def test_a_topology_that_contradicts_itself_is_refused(nodes: tuple[Node, ...], complaint: str) -> None:
    """Better here than half-way through building it."""
    with pytest.raises(ValueError, match=complaint):
        Topology("t", "", nodes)


def test_a_server_stands_on_a_node() -> None:
    """A misspelt node is found at once."""
    with pytest.raises(ValueError, match="unknown node b"):
        Topology("t", "", (node("a", "x"),), servers=(HttpServer("b", "page"),))


def test_a_port_has_one_server() -> None:
    """The second would find it taken."""
    with pytest.raises(ValueError, match="two servers of a have the port 80"):
        Topology("t", "", (node("a", "x"),), servers=(HttpServer("a", "page"), HttpServer("a", "other")))
