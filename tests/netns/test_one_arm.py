# SPDX-License-Identifier: Apache-2.0
"""A director with one arm: packets go out where they came in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.netns import modes
from tests.netns.topology import Net, built
from tests.netns.traffic import DOWNLOAD, UPLOAD, bulk, tcp_ask, tcp_echo, transfer
from xlvs.lab.topology import Interface, Node, Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

VIPS: Final = {4: "192.168.10.200", 6: "2001:db8:10::200"}
WEB: Final = 80
BULK: Final = 5001
BYTES: Final = 5_000_000
METHODS: Final = {"dr": "-g", "tunnel": "-i"}
ROUTER: Final = (("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1"))


def node(name: str, last: int, *more: str, sysctls: tuple[tuple[str, str], ...] = ()) -> Node:
    """One of the segment."""
    addresses = f"192.168.10.{last}/24", f"2001:db8:10::{last}/64", *more
    return Node(name, (Interface("eth0", "lan", addresses),), sysctls=sysctls)


@pytest.fixture(scope="module", params=["tc", "xdp"])
def net(request: pytest.FixtureRequest) -> Iterator[Net]:
    """Client, director and server on one segment."""
    vips = f"{VIPS[4]}/32", f"{VIPS[6]}/128"
    nodes = node("client", 1), node("director", 2, *vips, sysctls=ROUTER), node("server1", 3)
    with built(Topology("onearm", "one arm", nodes)) as lab:
        modes.suit_xdp_with_one_arm(lab, "lan", {each.name: "eth0" for each in nodes})
        lab.must("director", "xlvs", "attach", "--mode", request.param, "eth0")
        yield lab


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("method", METHODS)
def test_what_comes_in_goes_out_again_at_once(net: Net, method: str, family: int) -> None:
    """Short connections and bulk; nothing waits for a packet that comes later."""
    vip, server = VIPS[family], {4: "192.168.10.3", 6: "2001:db8:10::3"}[family]
    net.must("server1", "xlvs", "realserver", "up", "--vip", vip, "--method", method)
    for port in (WEB, BULK):
        written, real = (f"[{each}]:{port}" if family == 6 else f"{each}:{port}" for each in (vip, server))
        net.ipvsadm(f"-A -t {written} -s rr")
        net.ipvsadm(f"-a -t {written} -r {real} {METHODS[method]}")
    try:
        with (
            tcp_echo(net.lab, "server1", WEB, greeting=b"one"),
            bulk(net.lab, "server1", BULK),
            net.lab.entered("client"),
        ):
            assert [tcp_ask((vip, WEB), b"arm", length=6) for _ in range(5)] == [b"onearm"] * 5
            for direction in (UPLOAD, DOWNLOAD):
                sent, received = transfer((vip, BULK), BYTES, direction)
                assert sent == received
    finally:
        net.ipvsadm("-C")
        net.must("server1", "xlvs", "realserver", "down")
