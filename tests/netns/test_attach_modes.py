# SPDX-License-Identifier: Apache-2.0
"""The packet path balances alike however it is attached: real sockets through NAT with port mapping."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns import modes
from tests.netns.listing import Row, eventually, stats
from tests.netns.topology import REAL_SERVERS, SERVERS6, VIP, VIP6, Net, built, nat_scene
from tests.netns.traffic import DOWNLOAD, UPLOAD, bulk, tcp_ask, tcp_echo, transfer, udp_ask, udp_echo

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTIONS: Final = 500
DATAGRAMS: Final = 100
FIRST_PORT: Final = 20_000
BULK_BYTES: Final = {"tcx": 200_000_000, "clsact": 200_000_000, "xdp": 50_000_000, "xdp-generic": 50_000_000}
REQUEST: Final = b"GET / HTTP/1.1\r\nHost: k8s02\r\n\r\n"
WEB, BULK, UDP = 80, 5001, 53  # each is mapped to a port that is 8000 higher at the servers
ADDRESSES: Final = {4: (VIP, REAL_SERVERS), 6: (VIP6, SERVERS6)}


def written(address: str, port: int) -> str:
    """Address and port as ipvsadm(8) takes and shows them."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def rules() -> str:
    """Services of both families with both servers, as `ipvsadm -R` takes them."""
    lines = []
    for vip, reals in ADDRESSES.values():
        for option, port in (("-t", WEB), ("-t", BULK), ("-u", UDP)):
            lines.append(f"-A {option} {written(vip, port)} -s rr\n")
            lines += [f"-a {option} {written(vip, port)} -r {written(real, port + 8000)} -m\n" for real in reals]
    return "".join(lines)


@pytest.fixture(scope="module", params=modes.MODES)
def attached(request: pytest.FixtureRequest) -> Iterator[tuple[Net, str]]:
    """A director that is attached in one of the modes, its services of both families, and servers behind it."""
    with built(nat_scene()) as net, ExitStack() as servers:
        modes.attach(net, request.param)
        done = net.run("director", ["ipvsadm", "-R"], standard_input=rules())
        assert done.returncode == 0, done.stderr
        for node in ("server1", "server2"):
            servers.enter_context(tcp_echo(net.lab, node, WEB + 8000, greeting=node.encode()))
            servers.enter_context(bulk(net.lab, node, BULK + 8000))
            servers.enter_context(udp_echo(net.lab, node, UDP + 8000, prefix=node.encode()))
        yield net, request.param


def test_status_names_the_mode(attached: tuple[Net, str]) -> None:
    """What the tests of this file run through is what they are called."""
    net, mode = attached
    expected = {
        "tcx": ("tcx", ""),
        "clsact": ("clsact", ""),
        "xdp": ("tcx", "native"),
        "xdp-generic": ("tcx", "generic"),
    }

    status = json.loads(net.run("director", ["xlvs", "status", "--json"]).stdout)

    assert {
        (each["tc"], each["xdp"]) for each in status["interfaces"] if each["name"] in modes.DIRECTOR_INTERFACES
    } == {expected[mode]}


@pytest.mark.parametrize("family", [4, 6])
def test_many_short_connections_alternate_between_the_servers(attached: tuple[Net, str], family: int) -> None:
    """Not one of them fails, each server gets its half, and what is counted is what was sent."""
    net, _ = attached
    vip, _ = ADDRESSES[family]
    name = f"TCP {written(vip, WEB)}"

    with net.lab.entered("client"):
        answers = [tcp_ask((vip, WEB), REQUEST, length=len(b"server1" + REQUEST)) for _ in range(CONNECTIONS)]

    assert sorted(set(answers)) == [b"server1" + REQUEST, b"server2" + REQUEST]
    assert answers.count(b"server1" + REQUEST) == CONNECTIONS // 2
    assert eventually(lambda: settled(stats(net)[name], CONNECTIONS))
    conns, in_packets, out_packets, in_bytes, out_bytes = stats(net)[name].service
    assert conns == CONNECTIONS
    header = 52 if family == 4 else 72  # TCP with timestamps
    for packets, size in ((in_packets, in_bytes), (out_packets, out_bytes)):
        assert 4 * CONNECTIONS <= packets <= 8 * CONNECTIONS
        assert len(REQUEST) <= (size - packets * header) / CONNECTIONS <= len(REQUEST) + 20


@pytest.mark.parametrize("family", [4, 6])
def test_datagrams_are_echoed_by_both_servers(attached: tuple[Net, str], family: int) -> None:
    """From a new port each, small ones, those of a whole frame, and those that travel in fragments."""
    net, _ = attached
    vip, _ = ADDRESSES[family]
    sizes = [1, 1400, 4000]

    with net.lab.entered("client"):
        answers = [
            udp_ask((vip, UDP), bytes(sizes[number % len(sizes)]), source_port=FIRST_PORT + number)
            for number in range(DATAGRAMS)
        ]

    assert [len(answer) for answer in answers] == [7 + sizes[number % len(sizes)] for number in range(DATAGRAMS)]
    assert [sum(answer.startswith(server) for answer in answers) for server in (b"server1", b"server2")] == [
        DATAGRAMS // 2,
        DATAGRAMS // 2,
    ]


@pytest.mark.parametrize("direction", [UPLOAD, DOWNLOAD], ids=["upload", "download"])
@pytest.mark.parametrize("family", [4, 6])
def test_bulk_arrives_unharmed(attached: tuple[Net, str], family: int, direction: bytes) -> None:
    """Under tc with the segmentation and checksum offloads that hosts have by default."""
    net, mode = attached
    vip, _ = ADDRESSES[family]
    name = f"TCP {written(vip, BULK)}"
    before = stats(net)[name].service
    size = BULK_BYTES[mode]

    with net.lab.entered("client"):
        sent, received = transfer((vip, BULK), size, direction)

    assert received == sent
    column = 3 if direction == UPLOAD else 4
    assert eventually(lambda: size < stats(net)[name].service[column] - before[column] < 1.1 * size)
    assert eventually(lambda: settled(stats(net)[name], before[0] + 1))


def settled(row: Row, connections: int) -> bool:
    """Whether counters show so many connections, and the service what its destinations show together."""
    return row.service[0] == connections and row.service == row.total
