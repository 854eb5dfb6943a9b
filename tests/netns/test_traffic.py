# SPDX-License-Identifier: Apache-2.0
"""What a router does well the director does too: neighbours, routes, VLAN tags, path MTU, in both families."""

from __future__ import annotations

import socket
import struct
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.topology import REAL_SERVERS, SERVERS6, VIP, VIP6, Net, built, nat_scene
from tests.netns.traffic import DOWNLOAD, FRESH_PORTS, UPLOAD, bulk, tcp_ask, tcp_echo, transfer, udp_ask, udp_echo
from xlvs.lab.topology import Interface, Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.lab.topology import Topology

TCP_PORT, UDP_PORT, BULK_PORT, MAPPED = 80, 53, 5001, 8000
BULK_BYTES: Final = 30_000_000
NARROW: Final = 1300
FAMILIES: Final = pytest.mark.parametrize("vip", [VIP, VIP6], ids=["4", "6"])
FAR: Final = ("192.168.30.2", "2001:db8:30::2")
_IP_MTU_DISCOVER, _IP_PMTUDISC_DONT = 10, 0  # ip(7); Python names them from 3.14 on
_INSIDE4, _INSIDE6 = "192.168.10.132", "2001:db8:10::132"


def written(address: str, port: int) -> str:
    """Address and port as ipvsadm(8) takes them."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@contextmanager
def balanced(net: Net, node: str, servers: dict[str, str]) -> Iterator[None]:
    """Services of each virtual address for short connections, long ones and datagrams, with one server that is there."""
    with ExitStack() as stack:
        stack.enter_context(tcp_echo(net.lab, node, TCP_PORT + MAPPED))
        stack.enter_context(bulk(net.lab, node, BULK_PORT + MAPPED))
        stack.enter_context(udp_echo(net.lab, node, UDP_PORT + MAPPED))
        rules = []
        for vip, real in servers.items():
            for option, port in (("-t", TCP_PORT), ("-t", BULK_PORT), ("-u", UDP_PORT)):
                rules.append(f"-A {option} {written(vip, port)} -s rr")
                rules.append(f"-a {option} {written(vip, port)} -r {written(real, port + MAPPED)} -m")
        done = net.run("director", ["ipvsadm", "-R"], standard_input="\n".join([*rules, ""]))
        assert done.returncode == 0, done.stderr
        yield


@pytest.fixture(scope="module")
def director() -> Iterator[Net]:
    """The NAT scene with everything on server1."""
    with built(nat_scene()) as net, balanced(net, "server1", {VIP: REAL_SERVERS[0], VIP6: SERVERS6[0]}):
        yield net


@pytest.fixture(scope="module")
def routed() -> Iterator[Net]:
    """The scene with everything on the server behind routers."""
    with built(routed_scene()) as net, balanced(net, "far", {VIP: FAR[0], VIP6: FAR[1]}):
        yield net


def routed_scene() -> Topology:
    """The NAT scene with a server that stands behind two routers of the inner network."""
    scene = nat_scene()
    routers = tuple(
        Node(
            f"router{number}",
            (
                Interface("near", "inside", (f"192.168.10.{50 + number}/24", f"2001:db8:10::{50 + number}/64")),
                Interface("far", "remote", (f"192.168.30.{250 + number}/24", f"2001:db8:30::{250 + number}/64")),
            ),
            routes=(f"default via {_INSIDE4}", f"default via {_INSIDE6}"),
            sysctls=(("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1")),
        )
        for number in (1, 2)
    )
    far = Node(
        "far",
        (Interface("ens33", "remote", ("192.168.30.2/24", "2001:db8:30::2/64")),),
        routes=("default via 192.168.30.251", "default via 2001:db8:30::251"),
    )
    ways = ("192.168.30.0/24 via 192.168.10.51", "2001:db8:30::/64 via 2001:db8:10::51")
    nodes = [replace(node, routes=node.routes + ways) if node.name == "director" else node for node in scene.nodes]
    return replace(scene, name="routed", nodes=(*nodes, *routers, far))


def forget_neighbours(net: Net) -> None:
    """What the director knows of its neighbours is gone."""
    for family in ("-4", "-6"):
        net.must("director", "ip", family, "neighbour", "flush", "all", "nud", "all")


@FAMILIES
@pytest.mark.parametrize("size", [10, 4000], ids=["small", "fragmented"])
def test_the_first_packet_waits_for_its_neighbour(director: Net, vip: str, size: int) -> None:
    """A single datagram, which nobody repeats, gets through to a server whose address is still to be resolved."""
    forget_neighbours(director)
    with director.lab.entered("client"):
        assert udp_ask((vip, UDP_PORT), bytes(size)) == bytes(size)


@FAMILIES
def test_a_connection_to_an_unresolved_neighbour_begins_at_once(director: Net, vip: str) -> None:
    """Sooner than a SYN would be repeated (1 s)."""
    forget_neighbours(director)
    started = time.monotonic()
    with director.lab.entered("client"):
        assert tcp_ask((vip, TCP_PORT), b"hello") == b"hello"
    assert time.monotonic() - started < 0.9


@FAMILIES
def test_a_server_behind_a_router_and_another_way_to_it(routed: Net, vip: str) -> None:
    """A route that changes under traffic is followed within half a second, by connections that are there already."""
    with routed.lab.entered("client"):
        assert tcp_ask((vip, TCP_PORT), b"hello") == b"hello"
        assert udp_ask((vip, UDP_PORT), b"one", source_port=20_000) == b"one"
    network = "192.168.30.0/24 via 192.168.10.52" if vip == VIP else "2001:db8:30::/64 via 2001:db8:10::52"
    with routed.sniffer("router2", "near") as second:
        routed.must("director", "ip", "route", "replace", *network.split())
        changed, packets = time.monotonic(), 0
        with routed.lab.entered("client"):
            while second.next(lambda frame: b"again" in frame, timeout_s=0.001) is None:
                assert udp_ask((vip, UDP_PORT), b"again", source_port=20_000) == b"again"
                packets += 1
                assert time.monotonic() - changed < 0.5
    assert packets > 0


@FAMILIES
def test_a_tagged_frame_is_balanced(director: Net, vip: str) -> None:
    """The 802.1Q tag of the client's network ends at the director; what it sends on carries none."""
    with director.sniffer("server1", "ens33") as arriving:
        director.inject("client", "eth0", tagged_datagram(director, vip))
        caught = arriving.next(lambda frame: b"tagged" in frame)

    assert caught is not None
    assert caught.frame[12:14] == (b"\x08\x00" if vip == VIP else b"\x86\xdd")


def tagged_datagram(net: Net, vip: str) -> bytes:
    """A UDP datagram from the client to the service, in VLAN 7; over IPv4 without, over IPv6 with checksum."""
    from tests.progrun.packets import UDP, Packet, end

    source = "192.168.21.9:4000" if "." in vip else "[2001:db8:21::9]:4000"
    packet = Packet(end(source), end(written(vip, UDP_PORT)), UDP, data=b"tagged")
    macs = net.mac("director", "ens37") + net.mac("client", "eth0")
    kind = b"\x08\x00" if "." in vip else b"\x86\xdd"
    return macs + struct.pack("!HH", 0x8100, 7) + kind + packet.ip()


@contextmanager
def narrowed(net: Net, interface: str) -> Iterator[None]:
    """The director's link is narrow for a while; the others do not know it at first, nor afterwards."""
    net.must("director", "ip", "link", "set", interface, "mtu", str(NARROW))
    try:
        yield
    finally:
        net.must("director", "ip", "link", "set", interface, "mtu", "1500")
        for node in ("client", "server1"):
            for family in ("-4", "-6"):
                net.must(node, "ip", family, "route", "flush", "cache")


@FAMILIES
@pytest.mark.parametrize(
    ("direction", "interface"), [(UPLOAD, "ens33"), (DOWNLOAD, "ens37")], ids=["upload", "download"]
)
def test_the_path_mtu_is_found_through_the_director(director: Net, vip: str, direction: bytes, interface: str) -> None:
    """With segmentation offload on: who sends too much is told by the director, and goes on with less."""
    with narrowed(director, interface), director.lab.entered("client"):
        sent, received = transfer((vip, BULK_PORT), BULK_BYTES, direction)

    assert received == sent


@FAMILIES
def test_the_client_learns_the_mtu_from_the_virtual_address(director: Net, vip: str) -> None:
    """It never hears of the real server: the error comes from the address that it talks to."""
    with narrowed(director, "ens33"):
        with director.sniffer("client", "eth0") as errors, director.lab.entered("client"):
            transfer((vip, BULK_PORT), BULK_BYTES // 30, UPLOAD)
            caught = errors.next(icmp_frag_needed if vip == VIP else icmp6_too_big)
        learnt = director.must("client", "ip", "route", "get", vip)

    assert caught is not None
    assert f"mtu {NARROW}" in learnt


@pytest.mark.parametrize("resolved", [True, False], ids=["neighbour known", "neighbour unknown"])
def test_a_datagram_that_may_be_split_is_split(director: Net, *, resolved: bool) -> None:
    """Without DF the sender need not know how narrow the way is (IPv4 alone allows it)."""
    way = ["192.168.10.0/24", "dev", "ens33", "proto", "kernel", "scope", "link", "src", "192.168.10.132"]
    director.must("director", "ip", "route", "replace", *way, "mtu", "lock", str(NARROW))
    if not resolved:
        forget_neighbours(director)
    try:
        with director.lab.entered("client"):
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with sender:
            sender.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DONT)
            sender.settimeout(2)
            sender.bind(("", next(FRESH_PORTS)))
            sender.connect((VIP, UDP_PORT))
            sender.send(bytes(1400))
            assert sender.recv(2000) == bytes(1400)
    finally:
        director.must("director", "ip", "route", "replace", *way)


def icmp_frag_needed(frame: bytes) -> bool:
    """From the virtual address: type 3, code 4 (RFC 792)."""
    from socket import inet_aton

    return frame[12:14] == b"\x08\x00" and frame[23] == 1 and frame[26:30] == inet_aton(VIP) and frame[34:36] == b"\3\4"


def icmp6_too_big(frame: bytes) -> bool:
    """From the virtual address: type 2 (RFC 4443)."""
    from socket import AF_INET6, inet_pton

    return (
        frame[12:14] == b"\x86\xdd" and frame[20] == 58 and frame[22:38] == inet_pton(AF_INET6, VIP6) and frame[54] == 2
    )
