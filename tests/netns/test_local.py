# SPDX-License-Identifier: Apache-2.0
"""Clients and destinations on the director, with real sockets: by tc on the way out, the answers by lo."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns import modes
from tests.netns.topology import REAL_SERVERS, SERVERS6, VIP, VIP6, Net, built, nat_scene
from tests.netns.traffic import DOWNLOAD, UPLOAD, bulk, tcp_ask, tcp_echo, transfer, udp_ask, udp_echo

if TYPE_CHECKING:
    from collections.abc import Iterator

WEB, BULK, UDP = 80, 5001, 53
HERE: Final = {4: "10.77.0.1", 6: "2001:db8:77::1"}
ADDRESSES: Final = {4: (VIP, REAL_SERVERS), 6: (VIP6, SERVERS6)}
BYTES: Final = 50_000_000
REQUEST: Final = b"GET / HTTP/1.1\r\nHost: k8s02\r\n\r\n"
ASKED: Final = 60
FIRST_PORT: Final = 22_000


def written(address: str, port: int) -> str:
    """Address and port as ipvsadm(8) takes and shows them."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def rules() -> str:
    """Services of both families: connections go to both real servers and to the director itself, datagrams to the former."""
    lines = []
    for family, (vip, reals) in ADDRESSES.items():
        for option, port, ends in (("-t", WEB, (*reals, HERE[family])), ("-t", BULK, reals), ("-u", UDP, reals)):
            lines.append(f"-A {option} {written(vip, port)} -s rr\n")
            lines += [f"-a {option} {written(vip, port)} -r {written(end, port + 8000)} -m\n" for end in ends]
    return "".join(lines)


@pytest.fixture(scope="module", params=["tcx", "xdp"])
def scene(request: pytest.FixtureRequest) -> Iterator[Net]:
    """A director that is client and destination, too, with an address of its own for that on lo."""
    with built(nat_scene()) as net, ExitStack() as servers:
        modes.attach(net, request.param)
        for address in (f"{HERE[4]}/32", f"{HERE[6]}/128"):
            net.must("director", "ip", "address", "add", address, "dev", "lo")
        done = net.run("director", ["ipvsadm", "-R"], standard_input=rules())
        assert done.returncode == 0, done.stderr
        servers.enter_context(tcp_echo(net.lab, "director", WEB + 8000, greeting=b"thehost"))
        for node in ("server1", "server2"):
            servers.enter_context(tcp_echo(net.lab, node, WEB + 8000, greeting=node.encode()))
            servers.enter_context(bulk(net.lab, node, BULK + 8000))
            servers.enter_context(udp_echo(net.lab, node, UDP + 8000, prefix=node.encode()))
        yield net


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("client", ["director", "client"])
def test_every_destination_serves_every_client(scene: Net, client: str, family: int) -> None:
    """Connections go in turn to both servers and to the director itself, from there and from outside."""
    vip, _ = ADDRESSES[family]

    with scene.lab.entered(client):
        answers = [tcp_ask((vip, WEB), REQUEST, length=len(b"server1" + REQUEST)) for _ in range(ASKED)]

    names = (b"server1", b"server2", b"thehost")
    assert [answers.count(name + REQUEST) for name in names] == [ASKED // 3] * 3


@pytest.mark.parametrize("family", [4, 6])
def test_datagrams_of_the_director_are_echoed(scene: Net, family: int) -> None:
    """Small ones, and those of a whole frame."""
    vip, _ = ADDRESSES[family]

    with scene.lab.entered("director"):
        answers = [udp_ask((vip, UDP), bytes(size), source_port=FIRST_PORT + size) for size in (1, 2, 1399, 1400)]

    assert [len(answer) - 7 for answer in answers] == [1, 2, 1399, 1400]
    assert sorted(answer[:7] for answer in answers) == [b"server1", b"server1", b"server2", b"server2"]


@pytest.mark.parametrize("direction", [UPLOAD, DOWNLOAD], ids=["upload", "download"])
@pytest.mark.parametrize("family", [4, 6])
def test_bulk_of_the_director_arrives_unharmed(scene: Net, family: int, direction: bytes) -> None:
    """With segmentation and checksums left to the interfaces, as the host's own packets have them."""
    vip, _ = ADDRESSES[family]

    with scene.lab.entered("director"):
        sent, received = transfer((vip, BULK), BYTES, direction)

    assert received == sent


def test_the_loopback_interface_is_put_back() -> None:
    """Attaching changes three settings of lo, and hangs a program there; detaching leaves nothing of it."""
    with built(nat_scene()) as net:
        before = settings(net)
        net.must("director", "sysctl", "-qw", "net.ipv4.conf.lo.rp_filter=2")
        net.must("director", "xlvs", "attach")
        attached = settings(net)
        listed = net.run("director", ["xlvs", "status"]).stdout
        net.must("director", "xlvs", "detach", *modes.DIRECTOR_INTERFACES)

        assert attached == ["1", "0", "1"]
        assert "tc egress" in listed
        assert settings(net) == [before[0], "2", before[2]]


def settings(net: Net) -> list[str]:
    """What attaching changes on lo."""
    names = ("accept_local", "rp_filter", "forwarding")
    return net.must("director", "sysctl", "-n", *(f"net.ipv4.conf.lo.{name}" for name in names)).split()
