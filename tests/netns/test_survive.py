# SPDX-License-Identifier: Apache-2.0
"""Connections outlive edits, editors, upgrades and new attachments: they lose at most what IPVS would drop."""

from __future__ import annotations

import random
import socket
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.listing import active_inactive, eventually, stats
from tests.netns.modes import DIRECTOR_INTERFACES, suit_xdp
from tests.netns.topology import REAL_SERVERS, VIP, Net
from tests.netns.traffic import DOWNLOAD, UPLOAD, bulk, tcp_ask, tcp_echo, transfer
from xlvs.lab.lab import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WEB, BULK, MAPPED = 80, 5001, 8000
STREAM_BYTES: Final = 60_000_000
WEB_SERVICE: Final = f"-t {VIP}:{WEB}"
FIRST, SECOND = (f"{server}:{WEB + MAPPED}" for server in REAL_SERVERS)


@pytest.fixture
def director(net: Net) -> Iterator[Net]:
    """A director with a service of short connections and one of long ones, and the servers behind it."""
    rules = "".join(
        f"-A -t {VIP}:{port} -s rr\n"
        + "".join(f"-a -t {VIP}:{port} -r {server}:{port + MAPPED} -m\n" for server in REAL_SERVERS)
        for port in (WEB, BULK)
    )
    assert net.run("director", ["ipvsadm", "-R"], standard_input=rules).returncode == 0
    with ExitStack() as servers:
        for node in ("server1", "server2"):
            servers.enter_context(tcp_echo(net.lab, node, WEB + MAPPED, greeting=node.encode()))
            servers.enter_context(bulk(net.lab, node, BULK + MAPPED))
        yield net


class Load:
    """Bulk transfers in both directions and a stream of short connections, until they are told to end."""

    def __init__(self, net: Net) -> None:
        self._net = net
        self._ending = threading.Event()
        self.failures: list[str] = []
        self.transfers = 0
        self.answers = 0

    def begin(self) -> list[threading.Thread]:
        """Start the clients."""
        works = [lambda: self._stream(UPLOAD), lambda: self._stream(DOWNLOAD), self._ask]
        threads = [threading.Thread(target=self._run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        return threads

    def end(self) -> None:
        """Let each client finish what it is at."""
        self._ending.set()

    def _run(self, work: Callable[[], None]) -> None:
        with self._net.lab.entered("client"):
            while not self._ending.is_set():
                try:
                    work()
                except OSError as error:
                    self.failures.append(repr(error))

    def _stream(self, direction: bytes) -> None:
        sent, received = transfer((VIP, BULK), STREAM_BYTES, direction)
        self.transfers += 1
        if sent != received:
            self.failures.append("the digests differ")

    def _ask(self) -> None:
        answer = tcp_ask((VIP, WEB), b"question", length=len(b"server1question"))
        self.answers += 1
        if not answer.endswith(b"question"):
            self.failures.append(repr(answer))


@contextmanager
def under_load(net: Net) -> Iterator[Load]:
    """Traffic for the with block; at its end nothing may have failed."""
    load = Load(net)
    threads = load.begin()
    try:
        assert eventually(lambda: load.answers > 20)
        yield load
        assert eventually(lambda: load.transfers > 0)
    finally:
        load.end()
        for thread in threads:
            thread.join(60)
    assert load.failures == []


@contextmanager
def connected(net: Net, port: int = WEB) -> Iterator[tuple[socket.socket, str]]:
    """A connection that stays, and the name of the node that serves it."""
    with net.lab.entered("client"):
        connection = socket.create_connection((VIP, port), 10)
    with connection:
        yield connection, connection.recv(7).decode()


def echoes(connection: socket.socket, text: bytes) -> bool:
    """Whether what is sent comes back within the connection's patience."""
    connection.sendall(text)
    try:
        return connection.recv(100) == text
    except TimeoutError:
        return False


def served_by(net: Net, count: int = 6) -> set[str]:
    """The nodes that new connections reach."""
    with net.lab.entered("client"):
        return {tcp_ask((VIP, WEB), b"", length=7).decode() for _ in range(count)}


def web_connections(net: Net) -> set[str]:
    """Client, virtual and real address of every connection to the web service."""
    rows = [line.split() for line in net.ipvsadm("-L -n -c").splitlines()[2:]]
    return {" ".join(row[3:]) for row in rows if row[4] == f"{VIP}:{WEB}"}


def other_service(address: str) -> str:
    """Lines for `ipvsadm -R`."""
    return f"-A -t {address} -s wrr\n-a -t {address} -r 10.9.9.9 -m\n"


def test_killing_editors_at_any_moment_loses_no_connection(director: Net) -> None:
    """`ipvsadm` is killed amid edits of other services, again and again; the next edit repairs what it left."""
    draw = random.Random(7)
    with under_load(director):
        for number in range(30):
            commands = "".join(other_service(f"192.168.99.{n}:{number + 1}") for n in range(40))
            editor = subprocess.Popen(
                director.lab.command("director", ["ipvsadm", "-R"]), stdin=subprocess.PIPE, env=environment(), text=True
            )
            assert editor.stdin
            editor.stdin.write(commands)
            editor.stdin.close()
            time.sleep(draw.uniform(0.05, 0.2))  # any moment of the editor's life is as good as another
            editor.kill()
            editor.wait()
        director.ipvsadm("-A -t 192.168.99.99:1 -s rr")
        director.ipvsadm("-D -t 192.168.99.99:1")

    assert VIP in director.ipvsadm("-L -n")


def test_upgrades_break_nothing_and_keep_counting(director: Net) -> None:
    """Programs are replaced between two packets; table, connections and counters stay."""
    with connected(director) as (connection, _), under_load(director) as load:
        table = web_connections(director)
        counted = []
        for _ in range(3):
            director.must("director", "xlvs", "upgrade")
            assert eventually(lambda enough=load.answers + 50: load.answers > enough)  # type: ignore[misc]  # bound in this round; no type is inferred for it
            counted.append(stats(director)[f"TCP {VIP}:{WEB}"].service[0])
            assert echoes(connection, b"still here")
        assert table <= web_connections(director)
    name = f"TCP {VIP}:{WEB}"

    assert counted == sorted(counted)
    assert eventually(lambda: stats(director)[name].service[0] == load.answers + 1)


@pytest.mark.parametrize("mode", ["tc", "xdp-generic", "auto"])
def test_attaching_again_breaks_nothing(director: Net, mode: str) -> None:
    """The same programs or another mode, on interfaces that carry traffic."""
    with under_load(director):
        for _ in range(2):
            director.must("director", "xlvs", "attach", "--mode", mode)


def test_changing_between_modes_breaks_nothing(director: Net) -> None:
    """XDP in the driver, in the kernel and not at all, one after the other under the same traffic."""
    suit_xdp(director)
    with under_load(director) as load:
        for mode in ("xdp", "xdp-generic", "xdp", "tc"):
            director.must("director", "xlvs", "attach", "--mode", mode, *DIRECTOR_INTERFACES)
            assert eventually(lambda enough=load.answers + 50: load.answers > enough)  # type: ignore[misc]  # bound in this round; no type is inferred for it


def test_a_server_without_weight_keeps_its_connections(director: Net) -> None:
    """Weight 0: the old ones go on, new ones go to the other."""
    with connected(director) as (connection, node):
        mine, other = (FIRST, "server2") if node == "server1" else (SECOND, "server1")
        director.ipvsadm(f"-e {WEB_SERVICE} -r {mine} -m -w 0")

        assert echoes(connection, b"weight 0")
        assert served_by(director) == {other}
        director.ipvsadm(f"-e {WEB_SERVICE} -r {mine} -m -w 3")
        assert echoes(connection, b"weight 3")
        assert eventually(lambda: served_by(director) == {"server1", "server2"})


def test_a_deleted_server_drops_its_connections_until_it_is_back(director: Net) -> None:
    """Nothing answers meanwhile, neither a reset; then what was sent arrives, and the counts are as before."""
    with connected(director) as (connection, node):
        mine, other = (FIRST, "server2") if node == "server1" else (SECOND, "server1")
        before = active_inactive(director)[mine]
        director.ipvsadm(f"-d {WEB_SERVICE} -r {mine}")
        connection.settimeout(0.5)

        assert not echoes(connection, b"lost")
        assert served_by(director) == {other}
        director.ipvsadm(f"-a {WEB_SERVICE} -r {mine} -m")
        connection.settimeout(10)
        assert connection.recv(100) == b"lost"
        assert active_inactive(director)[mine] == before


def test_an_edit_to_direct_routing_leaves_present_connections_alone(director: Net) -> None:
    """A connection keeps the method that it began with."""
    unmapped = WEB + MAPPED
    director.ipvsadm(f"-A -t {VIP}:{unmapped} -s rr")
    director.ipvsadm(f"-a -t {VIP}:{unmapped} -r {FIRST} -m")
    with connected(director, unmapped) as (connection, _):
        director.ipvsadm(f"-e -t {VIP}:{unmapped} -r {FIRST} -g")

        assert echoes(connection, b"translated as before")


def test_the_last_service_goes_and_a_save_brings_it_back(director: Net) -> None:
    """After -C the own stack resets; connections that were quiet meanwhile go on after `ipvsadm-restore`."""
    with connected(director) as (quiet, _), connected(director) as (loud, _):
        saved = director.ipvsadm("-S -n")
        director.ipvsadm("-C")
        with pytest.raises(ConnectionResetError):
            echoes(loud, b"anybody?")
        done = director.run("director", ["ipvsadm-restore"], standard_input=saved)

        assert (done.returncode, done.stderr) == (0, "")
        assert echoes(quiet, b"restored")


def test_restoring_a_file_keeps_the_connections_of_servers_that_stay(director: Net, tmp_path: Path) -> None:
    """`xlvs restore` brings about the difference alone, here under traffic."""
    path = tmp_path / "rules"
    saved = director.ipvsadm("-S -n")
    with under_load(director), connected(director) as (connection, node):
        mine, other = (FIRST, SECOND) if node == "server1" else (SECOND, FIRST)
        path.write_text(saved.replace(f"-a {WEB_SERVICE} -r {other} -m -w 1\n", ""))
        director.must("director", "xlvs", "restore", str(path))
        assert echoes(connection, b"one server less")
        assert served_by(director) == {node}

        path.write_text(saved)
        director.must("director", "xlvs", "restore", str(path))
        assert echoes(connection, b"as before")
        assert eventually(lambda: served_by(director) == {"server1", "server2"})
        assert mine in director.ipvsadm("-L -n")
