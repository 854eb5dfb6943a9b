# SPDX-License-Identifier: Apache-2.0
"""The first packet of a first connection arrives, although no host knows its neighbour's hardware address yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.topology import Net, built
from xlvs.lab import scenes
from xlvs.lab.client import get

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.lab.topology import Topology

_MARK: Final = (
    "iptables -t mangle -A PREROUTING -d 172.16.0.100 -p tcp -m multiport --dports 80,443 -j MARK --set-mark 10"
)


def marked(net: Net) -> str:
    """By a firewall mark, over the mark device."""
    net.must("server1", "xlvs", "realserver", "up", "--vip", scenes.MARKS_VIP, "--method", "dr")
    net.must("director", *_MARK.split())
    net.ipvsadm("-A -f 10 -s rr")
    net.ipvsadm(f"-a -f 10 -r {scenes.MARKS_SERVERS[0]} -g")
    return scenes.MARKS_VIP


def tunnelled(net: Net) -> str:
    """To a real server on the director's own segment, which nobody has asked for yet."""
    net.must("server1", "xlvs", "realserver", "up", "--vip", scenes.TUNNEL_VIP, "--method", "tunnel")
    net.ipvsadm(f"-A -t {scenes.TUNNEL_VIP}:80 -s rr")
    net.ipvsadm(f"-a -t {scenes.TUNNEL_VIP}:80 -r {scenes.TUNNEL_SERVERS[0]} -i")
    return scenes.TUNNEL_VIP


def routed(net: Net) -> str:
    """By direct routing."""
    vip = f"{scenes.DR_VIP}:{scenes.DR_PORT}"
    net.must("server1", "xlvs", "realserver", "up", "--vip", scenes.DR_VIP, "--method", "dr")
    net.ipvsadm(f"-A -t {vip} -s rr")
    net.ipvsadm(f"-a -t {vip} -r {scenes.DR_SERVERS[0]} -g")
    return vip


def retransmitted(net: Net, node: str) -> int:
    """Segments that a host's TCP has sent again."""
    with net.lab.entered(node):
        lines = [line.split() for line in Path("/proc/thread-self/net/snmp").read_text().splitlines()]
    names, values = (line for line in lines if line[0] == "Tcp:")
    return int(values[names.index("RetransSegs")])


@pytest.mark.parametrize(
    ("topology", "prepare"),
    [(scenes.marks, marked), (scenes.tunnel, tunnelled), (scenes.dr, routed)],
    ids=["marks", "tunnel", "dr"],
)
def test_nothing_of_the_first_connection_is_sent_again(
    topology: Callable[[], Topology], prepare: Callable[[Net], str]
) -> None:
    """The kernel keeps the packet while it asks for the neighbour, and sends it where it was meant to go."""
    with built(topology()) as net:
        vip = prepare(net)
        with net.lab.entered("client"):
            get(vip)
        assert retransmitted(net, "client") == 0
