# SPDX-License-Identifier: Apache-2.0
"""The checking daemon on a director: its tables follow the real servers, its reloads and other people's hands."""

from __future__ import annotations

import re
import signal
import socket
import ssl
import subprocess
import time
from contextlib import ExitStack, contextmanager
from hashlib import md5
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.netns import listing, services
from tests.netns.listing import eventually
from tests.netns.topology import REAL_SERVERS, VIP
from xlvs.lab.lab import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.netns.topology import Net

PATIENCE_S = 45.0
ONE = f"{VIP}:80 {REAL_SERVERS[0]}:8080"
BASE = f"""
virtual_server {VIP} 80 {{
    delay_loop 0.3
    warmup 0
    lb_algo rr
    lb_kind NAT
    protocol TCP
    OPTIONS
    real_server {REAL_SERVERS[0]} 8080 {{
        weight 2
        HTTP_GET {{
            url {{ path / }}
            connect_timeout 1
            retry 0
            delay_before_retry 0.3
        }}
    }}
    real_server {REAL_SERVERS[1]} 8080 {{
        TCP_CHECK {{
            connect_timeout 1
            retry 0
        }}
    }}
}}
"""


class Start(Protocol):
    """Starts a daemon with a configuration."""

    def __call__(self, text: str, options: Sequence[str] = ...) -> Daemon:
        """Start it."""


class Daemon:
    """A running daemon, its configuration and its log."""

    def __init__(self, net: Net, folder: Path, text: str, options: Sequence[str]) -> None:
        self.net = net
        self.file = folder / "keepalived.conf"
        self.file.write_text(text)
        self._log = folder / "log"
        self.pid_file = folder / "first.pid"
        pids = ["-p", str(self.pid_file), "-c", str(folder / "checkers.pid"), "-r", str(folder / "vrrp.pid")]
        with self._log.open("w") as log:
            words = ["xlvs", "keepalived", "-n", "-l", "-G", *options, *pids, "-f", str(self.file)]
            command = net.lab.command("director", words)
            self.process = subprocess.Popen(command, stderr=log, env=environment())

    def log(self) -> str:
        """What it said so far."""
        return self._log.read_text()

    def table(self) -> dict[str, int]:
        """Weights by service and destination, as `VIP:PORT RIP:PORT`."""
        found: dict[str, int] = {}
        service = ""
        for line in self.net.ipvsadm("-L -n").splitlines():
            words = line.split()
            if words[0] in ("TCP", "UDP", "FWM"):
                service = words[1]
            elif words[0] == "->" and words[3].isdigit():
                found[f"{service} {words[1]}"] = int(words[3])
        return found

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition."""
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < end, f"{self.table()}\n{self.log()}"
            time.sleep(0.05)

    def until_table(self, **weights: int) -> None:
        """Wait for the weights of the base configuration's destinations: one, two, sorry."""
        names = {
            "one": ONE,
            "two": f"{VIP}:80 {REAL_SERVERS[1]}:8080",
            "sorry": f"{VIP}:80 {REAL_SERVERS[1]}:8081",
        }
        self.until(lambda: self.table() == {names[name]: weight for name, weight in weights.items()})

    def reload(self, text: str) -> None:
        """Another configuration."""
        self.file.write_text(text)
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """SIGTERM; it ends well."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE_S) == 0, self.log()


@contextmanager
def served(net: Net, node: str, number: int, page: bytes = b"page") -> Iterator[None]:
    """An HTTP server on port 8080 of a node."""
    with net.lab.entered(node):
        running = services.listening(REAL_SERVERS[number], 8080, services.http_server({"/": page}))
        running.__enter__()
    try:
        yield
    finally:
        running.__exit__(None, None, None)


@pytest.fixture
def start(net: Net, tmp_path: Path) -> Iterator[Start]:
    """Starts daemons, and ends those that still run."""
    begun: list[Daemon] = []

    def begin(text: str, options: Sequence[str] = ("-C",)) -> Daemon:
        begun.append(Daemon(net, tmp_path, text, options))
        return begun[-1]

    yield begin
    for daemon in begun:
        daemon.process.kill()
        daemon.process.wait()


def base(options: str = "") -> str:
    """The configuration with more lines in its virtual server."""
    return BASE.replace("OPTIONS", options)


def test_servers_leave_and_come_back(net: Net, start: Start) -> None:
    """A dead server is out within a loop, is back with its next success; with none alive the sorry server serves."""
    with ExitStack() as first, served(net, "server2", 1):
        first.enter_context(served(net, "server1", 0))
        daemon = start(base(f"sorry_server {REAL_SERVERS[1]} 8081"))
        daemon.until_table(one=2, two=1)
        first.close()
        daemon.until_table(two=1)
        with served(net, "server1", 0):
            daemon.until_table(one=2, two=1)
        daemon.until_table(two=1)
    daemon.until_table(sorry=1)
    with served(net, "server2", 1):
        daemon.until_table(two=1)
        daemon.stop()
    assert daemon.table() == {}
    lines = [re.sub(r"^.{24}: ", "", line) for line in daemon.log().splitlines()]
    service, vs = f"[{REAL_SERVERS[1]}]:tcp:8080", f"[{VIP}]:tcp:80"
    sorry = f"[{REAL_SERVERS[1]}]:tcp:8081"
    begin = lines.index(f"Removing service {service} from VS {vs}")
    assert lines[begin : begin + 3] == [
        f"Removing service {service} from VS {vs}",
        f"Lost quorum 1-0=1 > 0 for VS {vs}",
        f"Adding sorry server {sorry} to VS {vs}",
    ]
    assert f"Removing sorry server {sorry} from VS {vs}" in lines


def test_requests_reach_live_servers_only(net: Net, start: Start) -> None:
    """Packets follow the verdicts."""
    with ExitStack() as first, served(net, "server2", 1, b"two"):
        first.enter_context(served(net, "server1", 0, b"one"))
        daemon = start(base())
        daemon.until_table(one=2, two=1)
        assert set(net.client_get(4)) == {"one", "two"}
        first.close()
        daemon.until_table(two=1)
        assert net.client_get(4) == ["two"] * 4


def test_inhibited_servers_stay(net: Net, start: Start) -> None:
    """inhibit_on_failure: weight 0."""
    with served(net, "server2", 1):
        start(base("inhibit_on_failure")).until_table(one=0, two=1)


def test_drift_is_mended_and_other_services_stay(net: Net, start: Start) -> None:
    """Somebody clears the table, deletes a destination, changes one, adds one; a service of theirs is none of our business."""
    with served(net, "server1", 0), served(net, "server2", 1):
        daemon = start(base())
        daemon.until_table(one=2, two=1)
        net.ipvsadm("-C")
        daemon.until_table(one=2, two=1)
        net.ipvsadm(f"-d -t {VIP}:80 -r {REAL_SERVERS[1]}:8080")
        daemon.until_table(one=2, two=1)
        net.ipvsadm(f"-e -t {VIP}:80 -r {REAL_SERVERS[0]}:8080 -m -w 7")
        net.ipvsadm(f"-a -t {VIP}:80 -r {REAL_SERVERS[0]}:9 -m")
        daemon.until_table(one=2, two=1)
        net.ipvsadm(f"-A -t {VIP}:81")
        net.ipvsadm("-C")
        net.ipvsadm(f"-A -t {VIP}:82")
        daemon.until_table(one=2, two=1)
        assert "TCP  192.168.20.129:82 wlc" in net.ipvsadm("-L -n")
        daemon.stop()
        assert "TCP  192.168.20.129:82 wlc" in net.ipvsadm("-L -n")
        assert f"{VIP}:80" not in net.ipvsadm("-L -n")


@pytest.mark.keyword("virtual_server.xlvs_slow_start")
def test_a_server_that_returns_starts_slowly(net: Net, start: Start) -> None:
    """xlvs_slow_start: its weight grows from 1 to the configured one over the time; its first start is at full weight."""
    weight = base("xlvs_slow_start 4").replace("weight 2", "weight 100")
    with ExitStack() as first, served(net, "server2", 1):
        first.enter_context(served(net, "server1", 0))
        daemon = start(weight)
        daemon.until_table(one=100, two=1)
        first.close()
        daemon.until_table(two=1)
        grown = [0]
        with served(net, "server1", 0):
            while grown[-1] < 100:
                daemon.until(lambda: daemon.table().get(ONE, 0) != grown[-1])
                grown.append(daemon.table()[ONE])
        assert grown == sorted(grown)
        assert grown[1] < 50
        assert len(grown) > 3


def test_a_reload_goes_over_by_difference(net: Net, start: Start) -> None:
    """A failed server stays out, an established connection stays, what is gone from the file is gone."""
    with served(net, "server2", 1):
        daemon = start(base() + base().replace(f"{VIP} 80", f"{VIP} 90"))
        daemon.until(lambda: set(daemon.table().values()) == {1} and len(daemon.table()) == 2)
        net.client_get(3)
        assert eventually(lambda: listing.stats(net)[f"TCP {VIP}:80"].service[0] == 3)
        counted = net.ipvsadm("-L -n --stats").splitlines()
        daemon.reload(base().replace("retry 0", "retry 1"))
        daemon.until_table(two=1)
        again = net.ipvsadm("-L -n --stats").splitlines()
        assert [line for line in again if f"{VIP}:80" in line] == [line for line in counted if f"{VIP}:80" in line]


def test_open_connections_survive_reloads_and_restarts(net: Net, start: Start) -> None:
    """As long as their server stays: other options, another server gone, another service, a kill -9."""
    first, second = (f"real_server {each} 80 {{\nweight 2\nTCP_CHECK {{\nretry 0\n}}\n}}\n" for each in REAL_SERVERS)
    frame = f"virtual_server {VIP} %s {{\ndelay_loop 0.3\nwarmup 0\nlb_kind NAT\nprotocol TCP\n%s}}\n"
    daemon = start(frame % (80, f"lb_algo rr\n{first}{second}"))
    daemon.until(lambda: len(daemon.table()) == 2)
    with net.lab.entered("client"):
        opened = [socket.create_connection((VIP, 80), timeout=10) for _ in REAL_SERVERS]
    with ExitStack() as stack:
        for each in opened:
            stack.enter_context(each)
        pages = [asked(each) for each in opened]
        assert sorted(pages) == sorted(REAL_SERVERS)
        changed = second.replace("weight 2", "weight 7").replace("TCP_CHECK {", "PING_CHECK {")
        daemon.reload(frame % (80, f"lb_algo wlc\n{first}{changed}") + frame % (81, f"lb_algo rr\n{first}"))
        daemon.until(lambda: sorted(daemon.table().values()) == [2, 2, 7])
        assert [asked(each) for each in opened] == pages
        kept = opened[pages.index(REAL_SERVERS[1])]
        daemon.reload(frame % (80, f"lb_algo wlc\n{changed}"))
        daemon.until(lambda: list(daemon.table().values()) == [7])
        assert asked(kept) == REAL_SERVERS[1]
        daemon.process.kill()
        daemon.process.wait()
        assert asked(kept) == REAL_SERVERS[1]
        again = start(frame % (80, f"lb_algo wlc\n{changed}") + frame % (82, f"lb_algo rr\n{first}"))
        again.until(lambda: len(again.table()) == 2)
        assert asked(kept) == REAL_SERVERS[1]


def asked(connection: socket.socket) -> str:
    """The page that one more request on a connection gets."""
    connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    return connection.recv(4096).partition(b"\r\n\r\n")[2].decode().strip()


def test_a_killed_daemon_leaves_the_tables_to_the_next(net: Net, start: Start) -> None:
    """Kill -9: packets go on; the next one compares, and what is right is not touched."""
    with served(net, "server2", 1):
        daemon = start(base())
        daemon.until_table(two=1)
        daemon.process.kill()
        daemon.process.wait()
        assert net.client_get(3) == ["page"] * 3
        assert eventually(lambda: listing.stats(net)[f"TCP {VIP}:80"].service[0] == 3)
        counted = net.ipvsadm("-L -n --stats").splitlines()[3:]
        again = start(base())
        again.until(lambda: "Activating" in again.log())
        again.until_table(two=1)
        assert net.ipvsadm("-L -n --stats").splitlines()[3:4] == counted[:1]


def test_a_drained_server_stays_drained(net: Net, start: Start) -> None:
    """Through mending, a failure and a return, a reload and a restart, until somebody undoes it; then with the weight of by then."""
    drain, one = (
        ("xlvs", "drain", f"tcp:{VIP}:80", f"{REAL_SERVERS[0]}:8080"),
        f"{REAL_SERVERS[0]}:8080 of tcp:{VIP}:80",
    )
    two = f"{VIP}:80 -r {REAL_SERVERS[1]}:8080"
    with ExitStack() as first, served(net, "server2", 1):
        first.enter_context(served(net, "server1", 0))
        daemon = start(base())
        daemon.until_table(one=2, two=1)
        assert "gets no new connections" in net.must("director", *drain, "--no-wait")
        net.ipvsadm(f"-e -t {two} -m -w 9")
        daemon.until_table(one=0, two=1)
        first.close()
        daemon.until_table(two=1)
        assert net.must("director", "xlvs", "drain", "--list") == (
            f"{one}: 0 connections left, weight 2 by --undo; removed at present\n"
        )
        with served(net, "server1", 0):
            daemon.until_table(one=0, two=1)
            daemon.reload(base().replace("weight 2", "weight 5").replace("TCP_CHECK", "weight 3\nTCP_CHECK"))
            daemon.until_table(one=0, two=3)
            assert "weight 5 by --undo\n" in net.must("director", "xlvs", "drain", "--list")
            net.must("director", "xlvs", "keepalived", "plan", "-p", str(daemon.pid_file), str(daemon.file))
            daemon.stop()
            again = start(base())
            again.until_table(one=0, two=1)
            assert net.must("director", *drain, "--undo") == f"{one} has weight 2 again\n"
            again.until_table(one=2, two=1)
            net.must("director", *drain, "--no-wait")
            net.ipvsadm(f"-e -t {VIP}:80 -r {REAL_SERVERS[0]}:8080 -m -w 7")
            again.until_table(one=2, two=1)
            assert net.must("director", "xlvs", "drain", "--list") == "no server is drained\n"


def test_a_drain_of_a_server_that_failed_is_undone(net: Net, start: Start) -> None:
    """It is not in the table then, and comes back as ever."""
    drain = ("xlvs", "drain", f"tcp:{VIP}:80", f"{REAL_SERVERS[0]}:8080")
    with ExitStack() as first, served(net, "server2", 1):
        first.enter_context(served(net, "server1", 0))
        daemon = start(base())
        daemon.until_table(one=2, two=1)
        net.must("director", *drain, "--no-wait")
        first.close()
        daemon.until_table(two=1)
        assert "has weight 2 again" in net.must("director", *drain, "--undo")
        with served(net, "server1", 0):
            daemon.until_table(one=2, two=1)


def test_both_halves_run_side_by_side(net: Net, start: Start) -> None:
    """Without -C and -P there are two processes: an end, a reload and a kill of the first reach the second."""
    router = (
        "vrrp_instance V {\ninterface ens33\nvirtual_router_id 51\npriority 100\nvirtual_ipaddress {\n10.9.9.9\n}\n}\n"
    )
    with served(net, "server2", 1):
        daemon = start(router + base(), ())
        daemon.until_table(two=1)
        daemon.until(lambda: "(V) Entering BACKUP STATE" in daemon.log())
        daemon.reload(router + base().replace("weight 2", "weight 3") + base().replace(f"{VIP} 80", f"{VIP} 90"))
        daemon.until(lambda: len(daemon.table()) == 2)
        daemon.stop()
        assert daemon.table() == {}
        again = start(router + base(), ())
        again.until_table(two=1)
        again.process.kill()
        again.process.wait()
        end = time.monotonic() + PATIENCE_S
        while "Shutting down service" not in again.log():
            assert time.monotonic() < end
            time.sleep(0.05)
        assert list(again.table().values()) == [1]


def test_scripts_are_told(net: Net, start: Start, tmp_path: Path) -> None:
    """quorum_up runs at the start, as the original's does, quorum_down and quorum_up when it is lost and gained."""
    told = tmp_path / "told"
    options = f"quorum_down \"/bin/sh -c 'echo down >> {told}'\"\nquorum_up \"/bin/sh -c 'echo up >> {told}'\""
    daemon = start(base(options))
    daemon.until(lambda: told.exists() and sorted(told.read_text().split()) == ["down", "up"])
    with served(net, "server2", 1):
        daemon.until(lambda: told.read_text().endswith("\nup\n") and told.read_text().count("up") == 2)


def test_the_documents_virtual_servers(net: Net, start: Start, tmp_path: Path) -> None:
    """SSL_GET with digests of two pages; HTTP_GET with three pages and a sorry server; a third like the second."""
    pages = {f"/testurl{n}/test.jsp": f"page {n}".encode() for n in ("", "2", "3")} | {
        "/": b"root",
        "/mrtg/": b"graphs",
    }
    digest = {path: md5(page, usedforsecurity=False).hexdigest() for path, page in pages.items()}
    options = "delay_loop 0.2\nwarmup 0\nlb_algo rr\nlbKind NAT\npersistence_timeout 50\nprotocol TCP\n"
    limits = "connect_timeout 3\nretry 0\ndelay_before_retry 0.2\n"

    def checked(address: str, port: int, kind: str, *paths: str) -> str:
        urls = "\n".join(f"url {{\npath {path}\ndigest {digest[path]}\n}}" for path in paths)
        return f"real_server {address} {port} {{\nweight 1\n{kind} {{\n{urls}\n{limits}}}\n}}\n"

    jsp = [path for path in pages if path.endswith("jsp")]
    text = (
        f"virtual_server 192.168.200.100 443 {{\n{options}{checked('192.168.201.100', 443, 'SSL_GET', '/', '/mrtg/')}}}\n"
        f"virtual_server 10.10.10.2 1358 {{\n{options}sorry_server 192.168.200.200 1358\n"
        f"{checked('192.168.200.2', 1358, 'HTTP_GET', *jsp)}{checked('192.168.200.3', 1358, 'HTTP_GET', *jsp)}}}\n"
        f"virtual_server 10.10.10.3 1358 {{\n{options}"
        f"{checked('192.168.200.4', 1358, 'HTTP_GET', *jsp)}{checked('192.168.200.5', 1358, 'HTTP_GET', *jsp)}}}\n"
    )
    for address in ("192.168.201.100", *(f"192.168.200.{n}" for n in (2, 3, 4, 5))):
        net.must("server1", "ip", "address", "add", f"{address}/32", "dev", "lo")
        net.must("director", "ip", "route", "add", f"{address}/32", "via", REAL_SERVERS[0])
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=s"
    files = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "certificate")]
    subprocess.run([*words.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    serve = services.http_server(pages)
    with ExitStack() as stack, ExitStack() as second:
        with net.lab.entered("server1"):
            stack.enter_context(services.listening("192.168.201.100", 443, services.https_server(context, serve)))
            for n in (2, 3):
                second.enter_context(services.listening(f"192.168.200.{n}", 1358, serve))
            stack.enter_context(services.listening("192.168.200.4", 1358, serve))
            wrong = services.http_server(dict.fromkeys(pages, b"another page"))
            stack.enter_context(services.listening("192.168.200.5", 1358, wrong))
        daemon = start(text)
        https = {"192.168.200.100:443 192.168.201.100:443": 1}
        third = {"10.10.10.3:1358 192.168.200.4:1358": 1}
        both = {f"10.10.10.2:1358 192.168.200.{n}:1358": 1 for n in (2, 3)}
        daemon.until(lambda: daemon.table() == https | both | third)
        assert "persistent 50" in net.ipvsadm("-L -n")
        second.close()
        daemon.until(lambda: daemon.table() == https | {"10.10.10.2:1358 192.168.200.200:1358": 1} | third)
        with ExitStack() as again:
            with net.lab.entered("server1"):
                for n in (2, 3):
                    again.enter_context(services.listening(f"192.168.200.{n}", 1358, serve))
            daemon.until(lambda: daemon.table() == https | both | third)
        assert "HTTP_CHECK on service [192.168.200.5]:tcp:1358 failed" in daemon.log()
