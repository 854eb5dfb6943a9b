# SPDX-License-Identifier: Apache-2.0
"""Full NAT before servers as they are: they see their clients, whatever way they accept and whatever state they hold."""

from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns import fullnat, modes
from tests.netns.fullnat import CLIENTS, LOCALS, PORT, SERVER_PORT, VIPS, balance, speaking, written
from tests.netns.listing import eventually
from tests.netns.live import AT_ONCE_S, is_reset, sockets_of
from tests.netns.topology import Net, built
from tests.progrun.packets import MORE_FRAGMENTS, TCP, Packet, option
from tests.reference.tcp_states import ACK
from xlvs.lab.topology import Interface, Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FAMILIES: Final = pytest.mark.parametrize("family", ["4", "6"])
SECOND_CLIENTS: Final = {"4": "192.168.20.2", "6": "2001:db8:20::2"}
NARROW_MTU: Final = "1400"
FAR: Final = {"4": "192.168.30.133", "6": "2001:db8:30::133"}
_PACKAGES: Final = {"nginx": "nginx-light", "busybox": "busybox-static", "node": "nodejs"}

_NGINX: Final = """
daemon off;
worker_processes 2;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
    log_format clients '$remote_addr $remote_port';
    access_log {folder}/log clients;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{ listen {port} reuseport; listen [::]:{port} reuseport; root {folder}; autoindex on; }}
}}
"""
_NODE: Final = """
require("http").createServer((asked, answer) => {
    console.log(asked.socket.remoteAddress, asked.socket.remotePort);
    answer.end("here");
}).listen(%d, "::");
"""
# A child for each connection, which has only what it inherits.
_FORKING: Final = """
import socket, socketserver
class Say(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline().strip():
            pass
        print(*self.connection.getpeername()[:2], flush=True)
        self.wfile.write(b"HTTP/1.0 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nhere")
class Server(socketserver.ForkingTCPServer):
    address_family, allow_reuse_address = socket.AF_INET6, True
with Server(("::", %d), Say) as server:
    server.serve_forever()
"""


@pytest.fixture
def net() -> Iterator[Net]:
    """A client, a director, a server that has no route to the client."""
    with built(fullnat.topology()) as lab:
        yield lab


def command_of(server: str, folder: Path) -> list[str]:
    """What starts a server; it writes its clients to `log` in the folder, or says them."""
    if server == "nginx":
        (folder / "conf").write_text(_NGINX.format(folder=folder, port=SERVER_PORT), encoding="ascii")
        return ["nginx", "-p", str(folder), "-c", str(folder / "conf")]
    if server == "busybox":
        return ["busybox", "httpd", "-f", "-vv", "-p", str(SERVER_PORT), "-h", str(folder)]
    if server == "node":
        return ["node", "-e", _NODE % SERVER_PORT]
    if server == "python":
        return [sys.executable, "-u", "-m", "http.server", "--bind", "::", "-d", str(folder), str(SERVER_PORT)]
    return [sys.executable, "-c", _FORKING % SERVER_PORT]


def _is_there(server: str) -> bool:
    """Whether this machine has it; there are two packages of busybox, and one has no web server."""
    if server == "busybox" and shutil.which(server):
        return "httpd" in subprocess.run([server, "--list"], check=True, capture_output=True, text=True).stdout.split()
    return server not in _PACKAGES or shutil.which(server) is not None


@contextmanager
def serving(net: Net, words: Sequence[str], log: Path) -> Iterator[None]:
    """A server whose output goes into a file."""
    with (
        log.open("ab") as out,
        subprocess.Popen(net.lab.command("server1", list(words)), stdout=out, stderr=out) as server,
    ):
        try:
            yield
        finally:
            server.terminate()


def fetch(net: Net, family: str, times: int) -> int:
    """Ask so often over one connection, if the server lets it live; the last port that was the client's."""
    with net.lab.entered("client"):
        asking = http.client.HTTPConnection(VIPS[family], PORT, timeout=5)
        asking.connect()
    port = 0
    for _ in range(times):
        if asking.sock is None:
            with net.lab.entered("client"):
                asking.connect()
        port = asking.sock.getsockname()[1]
        asking.request("GET", "/")
        asking.getresponse().read()
    asking.close()
    return port


@FAMILIES
@pytest.mark.parametrize("server", ["python", "forking", "nginx", "busybox", "node"])
def test_a_server_that_knows_nothing_of_it_logs_its_client(net: Net, tmp_path: Path, server: str, family: str) -> None:
    """accept, accept4 and getpeername; one process, a child for each connection, workers; connections that stay."""
    words = command_of(server, tmp_path)
    if not _is_there(server):
        pytest.skip(f"{server} is not installed: apt-get install {_PACKAGES[server]}")
    balance(net, family)
    net.must("server1", "xlvs", "realserver", "toa", "--from", ",".join(LOCALS[family]))
    log = tmp_path / "log"
    try:
        with serving(net, words, log):
            assert eventually(lambda: str(SERVER_PORT) in net.must("server1", "ss", "-Hltn"))
            port = fetch(net, family, 3)
            lines = [line for line in log.read_text().splitlines() if CLIENTS[family] in line]
            assert eventually(lambda: log.read_text().count(CLIENTS[family]) >= 3), lines
    finally:
        net.must("server1", "xlvs", "realserver", "toa", "--off")

    assert not any(local in log.read_text() for local in LOCALS[family])
    assert server == "python" or str(port) in log.read_text()


@FAMILIES
def test_a_server_with_syn_cookies_sees_its_client(net: Net, family: str) -> None:
    """It keeps nothing of the SYN; the third segment makes the socket."""
    balance(net, family)
    net.must("server1", "sysctl", "-qw", "net.ipv4.tcp_syncookies=2")
    net.must("server1", "xlvs", "realserver", "toa", "--from", ",".join(LOCALS[family]))
    with speaking(net, "::"):
        said = heard(net, family)
        net.must("server1", "xlvs", "realserver", "toa", "--off")

    assert said.removeprefix("::ffff:") == CLIENTS[family]


def heard(net: Net, family: str, source: str = "") -> str:
    """The client's address as the server says it."""
    with (
        net.lab.entered("client"),
        socket.create_connection((VIPS[family], PORT), 8, (source, 0) if source else None) as connection,
    ):
        return connection.makefile().read().split()[0]


@FAMILIES
@pytest.mark.parametrize("timestamps", ["1", "0"])
def test_a_pair_that_the_server_holds_in_time_wait_serves_another_client(
    net: Net, family: str, timestamps: str
) -> None:
    """RFC 6191 lets a later SYN in; an earlier one is acknowledged, the client resets that and asks again."""
    balance(net, family, "--ports", "40000", LOCALS[family][0])
    plain = "128" if family == "6" else "32"
    net.must("client", "ip", "address", "add", f"{SECOND_CLIENTS[family]}/{plain}", "dev", "eth0")
    net.must("client", "sysctl", "-qw", f"net.ipv4.tcp_timestamps={timestamps}")
    net.must("server1", "xlvs", "realserver", "toa", "--from", ",".join(LOCALS[family]))
    both = [CLIENTS[family], SECOND_CLIENTS[family]] * 2
    with speaking(net, "::"):
        said = []
        for source in both:
            said.append(heard(net, family, source).removeprefix("::ffff:"))
            assert net.must("server1", "ss", "-Htn", "state", "time-wait")
            net.must("director", "xlvs", "connections", "kill", "--all", "--silent")
        net.must("server1", "xlvs", "realserver", "toa", "--off")

    assert said == both


@FAMILIES
@pytest.mark.parametrize("mode", ["tcx", "xdp"])
def test_both_ends_are_reset_when_it_is_killed(net: Net, family: str, mode: str) -> None:
    """At once, though the server knows the director alone."""
    modes_of(net, mode)
    balance(net, family)
    with speaking(net, "::", silent=True), ExitStack() as stack:
        with net.lab.entered("client"):
            held = [stack.enter_context(socket.create_connection((VIPS[family], PORT), 5)) for _ in range(3)]
        assert eventually(lambda: sockets_of(net, "server1") == len(held))
        net.must("director", "xlvs", "connections", "kill", "-t", written(VIPS[family], PORT))

        assert all(is_reset(each, AT_ONCE_S) for each in held)
        assert eventually(lambda: sockets_of(net, "server1") == 0, patience_s=AT_ONCE_S)


def modes_of(net: Net, mode: str) -> None:
    """Hang the packet path on the director's interfaces."""
    if mode == "tcx":
        modes.attach(net, mode)
        return
    for node, interface in (("client", "eth0"), ("server1", "ens33"), ("director", "ens33"), ("director", "ens37")):
        modes._ethtool(net, node, interface, modes._SET_TX_CHECKSUM, 0)
    for node, interface in (("client", "eth0"), ("server1", "ens33")):
        modes._ethtool(net, node, interface, modes._SET_GRO, 1)
    net.must("director", "xlvs", "attach", "--mode", "xdp", *modes.DIRECTOR_INTERFACES)


@pytest.mark.parametrize("mode", ["tc", "xdp"])
def test_clients_and_servers_may_share_a_network(mode: str) -> None:
    """A director with one arm: the servers' own answers would go past it by any other translating method."""
    whole = fullnat.topology()
    client, director, server = whole.nodes
    near = Interface("eth0", "inside", ("192.168.10.1/24", "2001:db8:10::1/64"))
    inside = Interface(
        "ens33", "inside", (*director.interfaces[1].addresses, "192.168.10.129/24", "2001:db8:10::129/64")
    )
    nodes = replace(client, interfaces=(near,)), replace(director, interfaces=(inside,)), server
    with built(replace(whole, nodes=nodes)) as net:
        modes.suit_xdp_with_one_arm(net, "inside", {"client": "eth0", "server1": "ens33", "director": "ens33"})
        net.must("director", "xlvs", "attach", "--mode", mode, "ens33")
        for vip, real, locals_ in (
            ("192.168.10.129", "192.168.10.133", LOCALS["4"]),
            ("2001:db8:10::129", "2001:db8:10::133", LOCALS["6"]),
        ):
            net.ipvsadm(f"-A -t {written(vip, PORT)} -s rr")
            net.must("director", "xlvs", "laddr", "add", "-t", written(vip, PORT), *locals_)
            net.ipvsadm(f"-a -t {written(vip, PORT)} -r {written(real, SERVER_PORT)} --fullnat")
            with speaking(net, real), net.lab.entered("client"):
                for _ in range(3):
                    with socket.create_connection((vip, PORT), 5) as connection:
                        assert connection.makefile().read().split()[0] in locals_


@FAMILIES
def test_a_path_that_narrows_behind_the_director_carries_what_a_client_sends(family: str) -> None:
    """The segments of its first flight bear the option, and no link tells the client of that."""
    whole = fullnat.topology()
    client, director, server = whole.nodes
    routes = "192.168.30.0/24 via 192.168.10.9", "2001:db8:30::/64 via 2001:db8:10::9"
    router = Node(
        "router",
        (
            Interface("eth0", "inside", ("192.168.10.9/24", "2001:db8:10::9/64")),
            Interface("eth1", "far", ("192.168.30.9/24", "2001:db8:30::9/64")),
        ),
        sysctls=director.sysctls,
    )
    back = "192.168.10.0/24 via 192.168.30.9", "2001:db8:10::/64 via 2001:db8:30::9"
    far = Interface("ens33", "far", ("192.168.30.133/24", "2001:db8:30::133/64"))
    nodes = client, replace(director, routes=routes), router, replace(server, interfaces=(far,), routes=back)
    with built(replace(whole, nodes=nodes)) as net:
        for node, interface in (("director", "ens33"), ("client", "eth0"), ("director", "ens37")):
            modes._ethtool(net, node, interface, modes._SET_TX_CHECKSUM, 0)  # segments leave as they are on a wire
        for node, interface in (("router", "eth1"), ("server1", "ens33")):
            net.must(node, "ip", "link", "set", interface, "mtu", NARROW_MTU)
        # The server's MSS would keep the client within it: it knows nothing of its own link's MTU.
        net.must("server1", "ip", "link", "set", "ens33", "mtu", "1500")
        service = ["-t", written(VIPS[family], PORT)]
        net.ipvsadm(f"-A -t {service[1]} -s rr")
        net.must("director", "xlvs", "laddr", "add", *service, *LOCALS[family])
        net.ipvsadm(f"-a -t {service[1]} -r {written(FAR[family], SERVER_PORT)} --fullnat")
        total = 20_000
        words = [sys.executable, "-c", _SWALLOW, FAR[family], str(SERVER_PORT)]
        with subprocess.Popen(net.lab.command("server1", words), stdout=subprocess.PIPE) as server_process:
            try:
                assert server_process.stdout
                assert server_process.stdout.readline() == b"ready\n"
                with net.lab.entered("client"), socket.create_connection((VIPS[family], PORT), 8) as connection:
                    connection.sendall(bytes(total))
                    connection.shutdown(socket.SHUT_WR)
                    assert int(connection.makefile().read()) == total
            finally:
                server_process.kill()


_SWALLOW: Final = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
with socket.create_server((sys.argv[1], int(sys.argv[2])), family=family) as server:
    print("ready", flush=True)
    connection, _ = server.accept()
    with connection:
        connection.sendall(str(sum(map(len, iter(lambda: connection.recv(65536), b"")))).encode())
"""


def test_a_segment_in_fragments_claims_nothing(net: Net) -> None:
    """A server takes its header from the first fragment."""
    balance(net, "4")
    client, virtual = (socket.inet_aton("192.168.20.77"), 4000), (socket.inet_aton(VIPS["4"]), PORT)
    macs = net.mac("director", "ens37") + net.mac("client", "eth0")
    forged = option((socket.inet_aton("10.9.9.9"), 4711))
    whole = Packet(client, virtual, TCP, ACK, tcp_options=forged, data=bytes(64), macs=macs)
    with speaking(net, "0.0.0.0"), net.sniffer("server1", "ens33") as arrives:
        net.inject("client", "eth0", Packet(client, virtual, macs=macs).frame())
        assert arrives.next(lambda frame: frame[23] == TCP and frame[36:38] == SERVER_PORT.to_bytes(2, "big"))
        net.inject("client", "eth0", replace(whole, cut=(0, 48), bits=MORE_FRAGMENTS).frame())
        net.inject("client", "eth0", replace(whole, cut=(48, 44), bits=6).frame())
        first = arrives.next(lambda frame: frame[20] & 0x20 == 0x20 and frame[23] == TCP)

    assert first is not None
    assert first.frame[54:62] == b"\x01" * 8
