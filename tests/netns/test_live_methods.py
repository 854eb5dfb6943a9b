# SPDX-License-Identifier: Apache-2.0
"""Connections are reset at both ends by every forwarding method, however the packet path hangs on the interfaces."""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.netns import modes
from tests.netns.listing import eventually
from tests.netns.live import (
    AT_ONCE_S,
    FAMILIES,
    WEB,
    connected,
    echoes,
    forget_connections,
    is_reset,
    listed,
    live_director,
    real_server,
    sockets_of,
    written,
)
from tests.netns.topology import VIP, built
from tests.netns.traffic import tcp_echo
from xlvs.lab import scenes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.netns.topology import Net

PORT = 7000
# Scene, virtual address, its server's, options of ipvsadm, those of xlvs realserver.
METHODS = {
    "dr-4": ("dr", scenes.DR_VIP, scenes.DR_SERVERS[0], "-g", "dr"),
    "dr-6": ("dr", "2001:db8:100::40", "2001:db8:100::41", "-g", "dr"),
    "ipip-4": ("tunnel", scenes.TUNNEL_VIP, scenes.TUNNEL_SERVERS[0], "-i", "tunnel --type ipip"),
    "ipip-6": ("tunnel", "2001:db8:8::14", "2001:db8:8::16", "-i", "tunnel --type ipip"),
    "gue-4": (
        "tunnel",
        scenes.TUNNEL_VIP,
        scenes.TUNNEL_SERVERS[0],
        "-i --tun-type gue --tun-port 6080",
        "tunnel --type gue",
    ),
}


@pytest.fixture(scope="module")
def scene(request: pytest.FixtureRequest) -> Iterator[Net]:
    """A scene in which answers go past the director."""
    with built(scenes.SCENES[request.param]()) as net:
        yield net


@pytest.mark.parametrize(("scene", "name"), [(METHODS[name][0], name) for name in METHODS], indirect=["scene"])
def test_both_ends_are_reset_where_answers_go_past_the_director(scene: Net, name: str) -> None:
    """The client's answer tells the director what the server waits for."""
    _, vip, server, method, kept = METHODS[name]
    net = scene
    service = ["-t", written(vip, PORT)]
    net.must("server1", "xlvs", "realserver", "up", "--vip", vip, "--method", *kept.split())
    net.must("director", "ipvsadm", "-A", *service, "-s", "rr")
    net.must("director", "ipvsadm", "-a", *service, "-r", written(server, PORT), *method.split())
    try:
        with tcp_echo(net.lab, "server1", PORT, greeting=b"server1"), connected(net, vip, PORT) as (connection, _):
            assert echoes(connection, b"before")
            assert sockets_of(net, "server1") == 1
            net.must("director", "xlvs", "connections", "kill", *service)

            assert is_reset(connection, AT_ONCE_S)
            assert eventually(lambda: sockets_of(net, "server1") == 0, patience_s=AT_ONCE_S)
            assert listed(net) == []
    finally:
        net.must("director", "ipvsadm", "-D", *service)
        net.must("server1", "xlvs", "realserver", "down")


@pytest.fixture(scope="module")
def nat() -> Iterator[Net]:
    """Masquerading, whose way on and off the interfaces changes."""
    with live_director() as net:
        yield net


@pytest.mark.parametrize("mode", modes.MODES)
def test_both_ends_are_reset_in_every_mode(nat: Net, mode: str) -> None:
    """XDP leaves it to tc."""
    modes.attach(nat, mode)
    forget_connections(nat)
    with ExitStack() as stack:
        ends = [stack.enter_context(connected(nat, VIP)) for _ in range(4)]
        assert all(echoes(connection, b"before") for connection, _ in ends)
        nat.must("director", "xlvs", "connections", "kill", "--service", f"tcp:{written(VIP, WEB)}")

        assert all(is_reset(connection, AT_ONCE_S) for connection, _ in ends)
        assert eventually(lambda: sockets_of(nat, "server1") + sockets_of(nat, "server2") == 0, patience_s=AT_ONCE_S)


@FAMILIES
@pytest.mark.parametrize("where", ["client", "server"])
def test_processes_of_the_director_itself_are_reset_as_any_other(nat: Net, vip: str, where: str) -> None:
    """A client of its own, or a server: either end hears of it at once."""
    modes.attach(nat, "tcx")
    forget_connections(nat)
    own = "192.168.10.132" if vip == VIP else "2001:db8:10::132"
    service, server = ["-t", written(vip, PORT)], own if where == "server" else real_server(vip, "server1", WEB)
    serves = "director" if where == "server" else "server1"
    nat.must("director", "ipvsadm", "-A", *service, "-s", "rr")
    try:
        with ExitStack() as stack:
            if where == "server":
                stack.enter_context(tcp_echo(nat.lab, "director", PORT + 1, greeting=b"server1"))
                server = written(own, PORT + 1)
            nat.must("director", "ipvsadm", "-a", *service, "-r", server, "-m")
            with nat.lab.entered("director" if where == "client" else "client"):
                connection = stack.enter_context(socket.create_connection((vip, PORT), 10))
            assert connection.recv(7) == b"server1"
            before = sockets_of(nat, serves)
            nat.must("director", "xlvs", "connections", "kill", *service)

            assert is_reset(connection, AT_ONCE_S)
            assert eventually(lambda: sockets_of(nat, serves) == before - 1, patience_s=AT_ONCE_S)
    finally:
        nat.must("director", "ipvsadm", "-D", *service)


@contextmanager
def unheard(net: Net) -> Iterator[None]:
    """What the director itself sends to the client and to the servers is lost."""
    for interface in modes.DIRECTOR_INTERFACES:
        net.must("director", "ip", "link", "set", interface, "down")
    try:
        yield
    finally:
        for interface in modes.DIRECTOR_INTERFACES:
            net.must("director", "ip", "link", "set", interface, "up")


def test_an_end_that_hears_nothing_is_reset_when_it_sends(nat: Net) -> None:
    """As behind a filter that drops what is out of window; here the links are down."""
    modes.attach(nat, "tcx")
    forget_connections(nat)
    with connected(nat) as (connection, node):
        assert echoes(connection, b"before")
        with unheard(nat):
            nat.must("director", "xlvs", "connections", "kill", "--all")
            assert not is_reset(connection, 0.5)
        with pytest.raises(ConnectionResetError):
            echoes(connection, b"anybody?", AT_ONCE_S)
        assert eventually(lambda: sockets_of(nat, node) == 0, patience_s=AT_ONCE_S)
