# SPDX-License-Identifier: Apache-2.0
"""Full NAT with real packets: real servers answer without a route to the client, and may know its address."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.netns import fullnat
from tests.netns.fullnat import CLIENTS, LOCALS, PORT, SERVER_PORT, VIPS, balance, speaking, written
from tests.netns.listing import eventually
from tests.netns.topology import Net, built
from xlvs.ipvs import health
from xlvs.ipvs.pinned import PinnedTables
from xlvs.lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAMILIES = pytest.mark.parametrize("family", ["4", "6"])


@pytest.fixture
def net() -> Iterator[Net]:
    """A client, a director, a server that has no route to the client."""
    with built(fullnat.topology()) as lab:
        yield lab


@contextmanager
def connected(net: Net, vip: str, timeout_s: float = 5.0) -> Iterator[socket.socket]:
    """A connection of the client to the service."""
    with net.lab.entered("client"):
        connection = socket.create_connection((vip, PORT), timeout_s)
    with connection:
        yield connection


def seen(net: Net, vip: str) -> tuple[list[str], tuple[str, int]]:
    """What the server says that accept and getpeername said; and the client's own end."""
    with connected(net, vip) as connection:
        own = connection.getsockname()
        heard = b"".join(iter(lambda: connection.recv(200), b""))
    return heard.decode().split(), own[:2]


def drops(net: Net) -> int:
    """Packets that found no local port."""
    with net.lab.entered("director"):
        return health.verdicts(PinnedTables().store())["drop_no_local_port"]


@FAMILIES
def test_a_server_without_a_route_to_the_client_answers(net: Net, family: str) -> None:
    """It sees a local address of the director's, and none of the client."""
    balance(net, family)
    with speaking(net, fullnat.SERVERS[family]):
        said = [seen(net, VIPS[family])[0] for _ in range(4)]

    assert {each[0] for each in said} == set(LOCALS[family])
    assert all(each[0] == each[2] for each in said)


@pytest.mark.parametrize(("family", "listens"), [("4", "0.0.0.0"), ("6", "::"), ("4", "::")])
def test_accept_and_getpeername_say_the_client(net: Net, family: str, listens: str) -> None:
    """Once the real server has the programs; also on a socket for both families."""
    balance(net, family)
    with speaking(net, listens):
        net.must("server1", "xlvs", "realserver", "toa", "--from", ",".join(LOCALS[family]))
        said, own = seen(net, VIPS[family])
        status = json.loads(net.must("server1", "xlvs", "realserver", "toa", "--status", "--json"))
        net.must("server1", "xlvs", "realserver", "toa", "--off")
        after, _ = seen(net, VIPS[family])

    client = f"::ffff:{own[0]}" if family == "4" and listens == "::" else own[0]
    assert own[0] == CLIENTS[family]
    assert said == [client, str(own[1]), client, str(own[1])]
    assert status["connections"] == {"known": 1, "missing": 0, "not_trusted": 0}
    assert after[0].removeprefix("::ffff:") in LOCALS[family]


def test_nobody_else_is_believed(net: Net) -> None:
    """The option counts from the addresses that were named alone."""
    balance(net, "4")
    with speaking(net, "0.0.0.0"):
        net.must("server1", "xlvs", "realserver", "toa", "--from", "192.168.10.200/30")
        try:
            said, _ = seen(net, VIPS["4"])
            status = json.loads(net.must("server1", "xlvs", "realserver", "toa", "--status", "--json"))
        finally:
            net.must("server1", "xlvs", "realserver", "toa", "--off")

    assert said[0] in LOCALS["4"]
    assert status["connections"]["not_trusted"] == 1


def test_an_http_server_logs_the_client(net: Net, tmp_path: Path) -> None:
    """An unmodified one: that of Python's standard library writes what accept said into its log."""
    balance(net, "4")
    net.must("server1", "xlvs", "realserver", "toa", "--from", ",".join(LOCALS["4"]))
    log = tmp_path / "log"
    words = [sys.executable, "-u", "-m", "http.server", "--directory", str(tmp_path), str(SERVER_PORT)]
    with (
        log.open("wb") as written_to,
        subprocess.Popen(net.lab.command("server1", words), stdout=subprocess.DEVNULL, stderr=written_to) as server,
    ):
        try:
            eventually(lambda: "Directory listing" in _page(net))
            eventually(lambda: '"GET / HTTP/1.' in log.read_text())
        finally:
            server.kill()
            net.must("server1", "xlvs", "realserver", "toa", "--off")

    assert log.read_text().startswith(f"{CLIENTS['4']} - - ")


def _page(net: Net) -> str:
    try:
        return net.client_get(url=VIPS["4"])[0]
    except LabError:
        return ""


@FAMILIES
def test_a_pool_that_runs_dry_drops_counts_and_recovers(net: Net, family: str) -> None:
    """Four pairs bear four connections; the fifth has to wait until one of them is over."""
    balance(net, family, "--ports", "40000-40003", LOCALS[family][0])
    with speaking(net, "::", silent=True), ExitStack() as stack:
        held = [stack.enter_context(connected(net, VIPS[family])) for _ in range(4)]
        before = drops(net)
        with pytest.raises(TimeoutError), connected(net, VIPS[family], timeout_s=0.5):
            pass
        refused = drops(net) - before
        pool = json.loads(net.must("director", "xlvs", "laddr", "list", "--json"))
        # The next packet of each gives it the timeout that is set by then.
        net.ipvsadm("--set 1 0 0")
        for each in held:
            each.sendall(b"last words")

        def recovered() -> bool:
            try:
                with connected(net, VIPS[family], timeout_s=0.5):
                    return True
            except TimeoutError:
                return False

        assert eventually(recovered)

    assert refused >= 1
    assert [each["connections"] for each in pool] == [4]


def test_pools_outlive_their_service_and_come_back_as_commands(net: Net) -> None:
    """A table that is saved and restored finds its local addresses; the commands make them on another director."""
    balance(net, "4")
    rules = net.ipvsadm("-S -n")
    commands = net.must("director", "xlvs", "laddr", "list", "--commands").splitlines()
    net.ipvsadm("-C")
    net.run("director", ["ipvsadm", "-R"], standard_input=rules)
    with speaking(net, "0.0.0.0"):
        said, _ = seen(net, VIPS["4"])
    for each in LOCALS["4"]:
        net.must("director", "xlvs", "laddr", "del", "-t", written(VIPS["4"], PORT), each)
    empty = net.must("director", "xlvs", "laddr", "list", "--json")
    for command in commands * 2:  # to add what is there is harmless
        net.must("director", *command.split())

    assert "--fullnat -w 1" in rules
    assert said[0] in LOCALS["4"]
    assert json.loads(empty) == []
    assert net.must("director", "xlvs", "laddr", "list", "--commands").splitlines() == commands
    assert "FullNat" in net.ipvsadm("-L -n")
