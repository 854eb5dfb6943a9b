# SPDX-License-Identifier: Apache-2.0
"""Control over live connections: listed, ended, drained, with real clients and servers at both ends."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.listing import eventually
from tests.netns.topology import REAL_SERVERS, SERVERS6, VIP, VIP6, Net, built, nat_scene
from tests.netns.traffic import FRESH_PORTS, tcp_echo, udp_echo
from xlvs.lab.lab import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WEB, DNS, MAPPED = 80, 53, 8000
NODES: Final = ("server1", "server2")
FAMILIES: Final = pytest.mark.parametrize("vip", [VIP, VIP6], ids=["4", "6"])
AT_ONCE_S: Final = 3.0  # no keepalive and no retransmission of these tests would be as early


def written(address: str, port: int) -> str:
    """Address and port as commands take them."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@pytest.fixture(scope="module")
def director() -> Iterator[Net]:
    """The NAT scene with TCP and UDP services of both families on two servers that say their names."""
    with built(nat_scene()) as net, ExitStack() as stack:
        rules = []
        for node in NODES:
            stack.enter_context(tcp_echo(net.lab, node, WEB + MAPPED, greeting=node.encode()))
            stack.enter_context(udp_echo(net.lab, node, DNS + MAPPED, prefix=node.encode()))
        for vip, servers in ((VIP, REAL_SERVERS), (VIP6, SERVERS6)):
            for option, port in (("-t", WEB), ("-u", DNS)):
                rules.append(f"-A {option} {written(vip, port)} -s rr")
                rules += [f"-a {option} {written(vip, port)} -r {written(each, port + MAPPED)} -m" for each in servers]
        done = net.run("director", ["ipvsadm", "-R"], standard_input="\n".join([*rules, ""]))
        assert done.returncode == 0, done.stderr
        yield net


@pytest.fixture
def clean(director: Net) -> Net:
    """The director without connections."""
    director.must("director", "xlvs", "connections", "kill", "--all", "--templates", "--silent")
    return director


@contextmanager
def connected(net: Net, vip: str = VIP, port: int = WEB) -> Iterator[tuple[socket.socket, str]]:
    """A connection that stays, and the name of the node that serves it."""
    with net.lab.entered("client"):
        connection = socket.create_connection((vip, port), 10)
    with connection:
        yield connection, connection.recv(7).decode()


def is_reset(connection: socket.socket, patience_s: float) -> bool:
    """Whether a reset comes while nothing is sent."""
    connection.settimeout(patience_s)
    try:
        connection.recv(1)
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return False


def sockets_of(net: Net, node: str) -> int:
    """Connections of TCP that a server believes in."""
    return len(net.must(node, "ss", "-Htn", "state", "established").splitlines())


def listed(net: Net, *words: str) -> list[dict[str, object]]:
    """`xlvs connections list --json`."""
    found: list[dict[str, object]] = json.loads(net.must("director", "xlvs", "connections", "list", "--json", *words))
    return found


@FAMILIES
def test_a_killed_connection_is_reset_at_both_ends_at_once(clean: Net, vip: str) -> None:
    """Neither end sends anything of its own."""
    with connected(clean, vip) as (connection, node):
        assert eventually(lambda: sockets_of(clean, node) == 1)
        done = clean.must("director", "xlvs", "connections", "kill", "--service", f"tcp:{written(vip, WEB)}")

        assert "1 of TCP reset" in done
        assert is_reset(connection, AT_ONCE_S)
        assert eventually(lambda: sockets_of(clean, node) == 0, patience_s=AT_ONCE_S)
        assert listed(clean) == []


def web(vip: str) -> str:
    """The web service as `xlvs` names it."""
    return f"tcp:{written(vip, WEB)}"


def dns(vip: str) -> str:
    """The UDP service likewise."""
    return f"udp:{written(vip, DNS)}"


def real_server(vip: str, node: str, port: int) -> str:
    """The address and port of a server of either family."""
    return written((REAL_SERVERS if vip == VIP else SERVERS6)[NODES.index(node)], port + MAPPED)


def other(node: str) -> str:
    """The other server."""
    return NODES[1 - NODES.index(node)]


@contextmanager
def asking(net: Net, vip: str) -> Iterator[Callable[[], str]]:
    """A UDP client that keeps its port: asks, and says which node answered."""
    with net.lab.entered("client"):
        client = socket.socket(socket.AF_INET6 if ":" in vip else socket.AF_INET, socket.SOCK_DGRAM)
    with client:
        client.settimeout(5)
        client.bind(("", next(FRESH_PORTS)))
        client.connect((vip, DNS))

        def ask() -> str:
            client.send(b"?")
            return client.recv(100)[:7].decode()

        yield ask


def echoes(connection: socket.socket, text: bytes, patience_s: float = 5.0) -> bool:
    """Whether what is sent comes back."""
    connection.settimeout(patience_s)
    try:
        connection.sendall(text)
        return connection.recv(100) == text
    except TimeoutError:
        return False


@contextmanager
def policy(net: Net, service: str, *words: str) -> Iterator[None]:
    """A service with something of its own for a while."""
    net.must("director", "xlvs", "service", "set", service, *words)
    try:
        yield
    finally:
        back = [word for option in words[::2] for word in (option, "default")]
        net.must("director", "xlvs", "service", "set", service, *back)


def option_of(service: str) -> tuple[str, str]:
    """As ipvsadm names it."""
    kind, _, rest = service.partition(":")
    return {"tcp": "-t", "udp": "-u"}[kind], rest


@contextmanager
def changed(net: Net, service: str, server: str, how: str) -> Iterator[None]:
    """A server is removed or quiesced, and comes back in the end."""
    option, vip = option_of(service)
    rest = ["-d", option, vip, "-r", server] if how == "removed" else ["-e", option, vip, "-r", server, "-m", "-w", "0"]
    net.must("director", "ipvsadm", *rest)
    try:
        yield
    finally:
        back = "-a" if how == "removed" else "-e"
        net.must("director", "ipvsadm", back, option, vip, "-r", server, "-m", "-w", "1")


@FAMILIES
@pytest.mark.parametrize("how", ["removed", "quiesced"])
def test_a_service_resets_the_connections_of_a_server_that_goes(clean: Net, vip: str, how: str) -> None:
    """Those of the other server go on, as do those of other services."""
    with connected(clean, vip) as (one, node), connected(clean, vip) as (another, _):
        server = real_server(vip, node, WEB)
        with policy(clean, web(vip), f"--on-{how}", "reset"), changed(clean, web(vip), server, how):
            assert is_reset(one, AT_ONCE_S)
            assert eventually(lambda: sockets_of(clean, node) == 0, patience_s=AT_ONCE_S)
            assert echoes(another, b"still here")


@FAMILIES
@pytest.mark.parametrize("how", ["removed", "quiesced"])
@pytest.mark.parametrize("fate", ["move", "reset"])
def test_a_service_moves_udp_clients_of_a_server_that_goes(clean: Net, vip: str, how: str, fate: str) -> None:
    """The next datagram of the same port reaches the other server."""
    if (how, fate) == ("removed", "move"):
        done = clean.run("director", ["xlvs", "service", "set", dns(vip), "--on-removed", "move"])
        assert done.returncode == 2
        assert "none of default, drop, keep, reset" in done.stderr
        return
    with asking(clean, vip) as ask, policy(clean, dns(vip), f"--on-{how}", fate):
        node = ask()
        with changed(clean, dns(vip), real_server(vip, node, DNS), how):
            assert ask() == other(node)


@FAMILIES
def test_a_service_keeps_the_connections_of_a_removed_server(clean: Net, vip: str) -> None:
    """They go on, while new ones reach the other server."""
    with connected(clean, vip) as (connection, node), policy(clean, web(vip), "--on-removed", "keep"):
        with changed(clean, web(vip), real_server(vip, node, WEB), "removed"):
            assert echoes(connection, b"kept")
            with connected(clean, vip) as (_, second), connected(clean, vip) as (_, third):
                assert {second, third} == {other(node)}
        assert echoes(connection, b"and back")


def test_a_service_drops_packets_for_a_removed_server_whatever_is_set_for_all(clean: Net) -> None:
    """expire_nodest_conn ends connections of every other service; of this one they wait until the server is back."""
    clean.must("director", "xlvs", "sysctl", "expire_nodest_conn=1")
    try:
        with asking(clean, VIP) as ask, policy(clean, dns(VIP), "--on-removed", "drop"):
            node = ask()
            with changed(clean, dns(VIP), real_server(VIP, node, DNS), "removed"), pytest.raises(TimeoutError):
                ask()
            assert ask() == node
    finally:
        clean.must("director", "xlvs", "sysctl", "expire_nodest_conn=0")


def expiries(net: Net, service: str) -> list[int]:
    """Seconds that connections of a service have left."""
    rows = listed(net, "--service", service)
    assert all(isinstance(row["expires_s"], int) for row in rows)
    return [int(str(row["expires_s"])) for row in rows]


def test_a_service_has_timeouts_of_its_own(clean: Net) -> None:
    """Present connections get them with their next packet; other services have the director's."""
    with connected(clean) as (connection, _), asking(clean, VIP) as ask, asking(clean, VIP6) as ask6:
        ask(), ask6()
        assert 890 < expiries(clean, web(VIP))[0] <= 900
        with policy(clean, web(VIP), "--timeout-tcp", "2h"), policy(clean, dns(VIP), "--timeout-udp", "7s"):
            assert echoes(connection, b"more time")
            ask(), ask6()
            assert 7190 < expiries(clean, web(VIP))[0] <= 7200
            assert expiries(clean, dns(VIP))[0] <= 7
            assert 290 < expiries(clean, dns(VIP6))[0] <= 300
        assert echoes(connection, b"as ever")
        assert 890 < expiries(clean, web(VIP))[0] <= 900


def test_a_services_own_survives_edits_and_a_restore(clean: Net, tmp_path: Path) -> None:
    """`ipvsadm -E`, `ipvsadm -S` and `xlvs restore` know nothing of it; `show --commands` makes it anew."""
    words = ["--timeout-tcpfin", "20", "--timeout-udp", "9", "--on-removed", "keep", "--on-quiesced", "move"]
    with policy(clean, dns(VIP), *words):
        shown = clean.must("director", "xlvs", "service", "show", "--commands")
        assert shown == f"xlvs service set {dns(VIP)} {' '.join(words)}\n"
        option, vip = option_of(dns(VIP))
        saved = clean.ipvsadm("-S -n")
        clean.must("director", "ipvsadm", "-E", option, vip, "-s", "wrr")
        (path := tmp_path / "rules").write_text(saved)
        clean.must("director", "xlvs", "restore", str(path))

        assert clean.must("director", "xlvs", "service", "show", "--commands") == shown
    assert clean.must("director", "xlvs", "service", "show", "--commands") == ""


def weight_of(net: Net, server: str) -> int:
    """As ipvsadm lists it."""
    (line,) = (line.split() for line in net.ipvsadm("-L -n").splitlines() if f" {server} " in line)
    return int(line[3])


@FAMILIES
def test_draining_resets_what_is_left_at_the_deadline(clean: Net, vip: str) -> None:
    """Until then connections go on; new ones never reach the server; UDP moves."""
    with connected(clean, vip) as (mine, node), connected(clean, vip) as (others, _):
        server = real_server(vip, node, WEB)
        drain = clean.lab.command("director", ["xlvs", "drain", web(vip), server, "--deadline", "2s"])
        begun = time.monotonic()
        with subprocess.Popen(
            drain, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True
        ) as run:
            assert eventually(lambda: weight_of(clean, server) == 0)
            assert echoes(mine, b"before the deadline")
            with connected(clean, vip) as (_, second), connected(clean, vip) as (_, third):
                assert {second, third} == {other(node)}
            assert is_reset(mine, 5)
            assert time.monotonic() - begun >= 2
            out, err = run.communicate(timeout=20)
        assert (run.returncode, out) == (
            0,
            f"{server} of {web(vip)} has no connections any more: at the deadline, 1 of TCP reset\n",
        )
        assert "1 connection left" in err
        assert echoes(others, b"untouched")
        assert sockets_of(clean, node) == 0
        assert "weight 1 again" in clean.must("director", "xlvs", "drain", web(vip), server, "--undo")
