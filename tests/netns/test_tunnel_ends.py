# SPDX-License-Identifier: Apache-2.0
"""From the director's end of a tunnel to the real server's, over a router: large packets, long and split ones."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns import modes
from tests.netns.topology import Net, built
from tests.netns.traffic import FRESH_PORTS, UPLOAD, bulk, tcp_ask, tcp_echo, transfer
from xlvs.lab.scenes import TUNNEL_VIP, tunnel

if TYPE_CHECKING:
    from collections.abc import Iterator

VIP6: Final = "2001:db8:8::14"
SERVERS: Final = {"by4": "192.168.0.16", "by6": "2001:db8:16::17"}
VIPS: Final = {"4": TUNNEL_VIP, "6": VIP6}
KINDS: Final = {
    "ipip": "--tun-type ipip",
    "gue": "--tun-type gue --tun-port 6080 --tun-nocsum",
    "gue-csum": "--tun-type gue --tun-port 6080 --tun-csum",
    "gue-remcsum": "--tun-type gue --tun-port 6080 --tun-remcsum",
    "gre": "--tun-type gre --tun-nocsum",
    "gre-csum": "--tun-type gre --tun-csum",
}
ECHO, BULK, UDP = 7, 5001, 53
BULK_BYTES: Final = 20_000_000
_IP_MTU_DISCOVER, _IP_PMTUDISC_DONT = 10, 0
_SET_TSO: Final = 0x1F  # ETHTOOL_STSO
TRIES: Final = 5


@contextmanager
def udp_echo_at(net: Net, node: str, address: str) -> Iterator[None]:
    """Answers come from the virtual address itself."""
    with net.lab.entered(node):
        server = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        server.bind((address, UDP))

    def serve() -> None:
        with suppress(OSError):
            while True:
                data, peer = server.recvfrom(65536)
                if not peer:  # shut down
                    return
                server.sendto(data, peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    """server2, behind the router, with servers of every kind and all types of tunnel."""
    with built(tunnel()) as lab, ExitStack() as stack:
        lab.must(
            "server2", "xlvs", "realserver", "up", "--vip", f"{TUNNEL_VIP},{VIP6}",
            "--method", "tunnel", "--type", "ipip,gue,gre",
        )  # fmt: skip
        stack.enter_context(tcp_echo(lab.lab, "server2", ECHO))
        stack.enter_context(bulk(lab.lab, "server2", BULK))
        for vip in VIPS.values():
            stack.enter_context(udp_echo_at(lab, "server2", vip))
        yield lab


@pytest.fixture(params=[(vip, end, kind) for vip in VIPS for end in SERVERS for kind in KINDS], ids="-".join)
def vip(net: Net, request: pytest.FixtureRequest) -> str:
    """A virtual address whose services go through one kind of tunnel."""
    family, end, kind = request.param
    address, server = (f"[{each}]" if ":" in each else each for each in (VIPS[family], SERVERS[end]))
    rules = ["-C"]
    for option, port in (("-t", ECHO), ("-t", BULK), ("-u", UDP)):
        rules.append(f"-A {option} {address}:{port} -s rr")
        rules.append(f"-a {option} {address}:{port} -r {server}:{port} -i {KINDS[kind]}")
    done = net.run("director", ["ipvsadm", "-R"], standard_input="\n".join([*rules, ""]))
    assert done.returncode == 0, done.stderr
    return VIPS[family]


def counts(net: Net) -> dict[str, int]:
    """What the real server's end has counted."""
    told = json.loads(net.run("server2", ["xlvs", "realserver", "status", "--json", "--no-probe"]).stdout)
    found: dict[str, int] = told["tunnel"]["packets"]
    return found


def udp_ask(address: str, data: bytes) -> bytes:
    """A datagram that may be split on its way; again while the path's MTU is being learned."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        if family == socket.AF_INET:
            client.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DONT)
        client.settimeout(1)
        client.bind(("", next(FRESH_PORTS)))
        client.connect((address, UDP))
        for _ in range(TRIES):
            with suppress(OSError):
                client.send(data)
                return client.recv(65536)
    raise TimeoutError


@contextmanager
def nothing_dropped(net: Net) -> Iterator[None]:
    """Packets come out of the tunnel, and none is lost there."""
    before = counts(net)
    yield
    after = counts(net)
    drops = [name for name in after if name.startswith("drop_")]
    assert {name: after[name] - before[name] for name in drops} == dict.fromkeys(drops, 0)
    assert after["done"] > before["done"]


@contextmanager
def checksums_ready(net: Net) -> Iterator[None]:
    """The client computes checksums itself. As left to hardware that is not there, they would be missing in fragments."""
    modes._ethtool(net, "client", "eth0", modes._SET_TX_CHECKSUM, 0)
    try:
        yield
    finally:
        for switch in (modes._SET_TX_CHECKSUM, _SET_TSO):
            modes._ethtool(net, "client", "eth0", switch, 1)


def test_connections_short_and_long(net: Net, vip: str) -> None:
    """An answer, and a bulk upload, which travels in packets of up to 64 KiB."""
    with nothing_dropped(net), net.lab.entered("client"):
        assert tcp_ask((vip, ECHO), b"hello") == b"hello"
        sent, received = transfer((vip, BULK), BULK_BYTES, UPLOAD)
    assert received == sent


def test_datagrams_whole_and_in_pieces(net: Net, vip: str) -> None:
    """Of the sizes around the tunnel's and the link's MTU, and one that the client itself splits."""
    with nothing_dropped(net), checksums_ready(net), net.lab.entered("client"):
        for size in (10, 1400, 1452, 1453, 1472, 4000):
            data = bytes((size % 251,)) * size
            assert udp_ask(vip, data) == data, size


def test_segments_fit_from_the_start(net: Net) -> None:
    """The answer's MSS is that of the tunnel, so no packet of the client meets a "too big" on the way."""
    net.ipvsadm("-C")
    net.ipvsadm(f"-A -t {TUNNEL_VIP}:{ECHO}")
    net.ipvsadm(f"-a -t {TUNNEL_VIP}:{ECHO} -r {SERVERS['by4']} -i")
    with net.lab.entered("client"), socket.create_connection((TUNNEL_VIP, ECHO), 5) as connection:
        # The client's own share of options, 12 bytes of time stamps, is off already.
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) == 1500 - 60 - 40 - 12
