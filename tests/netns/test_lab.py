# SPDX-License-Identifier: Apache-2.0
"""Labs come up whole, are private, and leave nothing behind, however their owner ends."""

from __future__ import annotations

import ctypes
import fcntl
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.netns.topology import REAL_SERVERS, SERVERS6, VIP, Net, built, nat_scene
from tests.netns.traffic import DOWNLOAD, UPLOAD, bulk, tcp_ask, tcp_echo, transfer, udp_ask, udp_echo
from xlvs.lab import build, state
from xlvs.lab.errors import LabError
from xlvs.lab.inside import processes_in
from xlvs.lab.topology import Interface, Node, Topology
from xlvs.linux import bpffs, namespace


def traces(name: str) -> list[str]:
    """Whatever exists of a lab on this host."""
    prefix = f"xlvs-{name}-"
    found = [entry for entry in namespace.names() if entry.startswith(prefix)]
    found += [str(path) for path in Path("/etc/netns").glob(f"{prefix}*")]
    return found + [str(path) for path in state.DIRECTORY.glob(f"{name}.*")]


@pytest.mark.parametrize("address", [*REAL_SERVERS, *(f"http://[{server}]/" for server in SERVERS6)])
def test_the_client_reaches_every_real_server_through_the_director(net: Net, address: str) -> None:
    """Plain routing works before anything balances, over IPv4 and IPv6."""
    expected = REAL_SERVERS[int("134" in address)]

    assert net.client_get(url=address) == [expected]


def test_nodes_know_the_names_of_the_scene_and_nobody_elses(net: Net) -> None:
    """The director's name is its outer address; no name server is asked for others."""
    assert net.must("director", "getent", "hosts", "k8s02").split() == [VIP, "k8s02"]
    assert net.run("director", ["getent", "hosts", "www.example.org"]).returncode != 0


def test_a_lab_is_up_in_less_than_two_seconds() -> None:
    """Tests build one each, so building has to be quick."""
    started = time.monotonic()
    with built(nat_scene()):
        assert time.monotonic() - started < 2


def test_nothing_of_a_lab_is_left_on_the_host() -> None:
    """Namespaces, files and processes go."""
    with built(nat_scene()) as net:
        name = net.lab.name
        servers = processes_in([net.lab.namespace("server1"), net.lab.namespace("server2")])
        assert len(servers) == 2

    assert traces(name) == []
    assert [pid for pid in servers if Path(f"/proc/{pid}").exists()] == []


def test_the_tables_of_a_director_go_with_its_lab() -> None:
    """A director's pins would otherwise outlive its namespace."""
    with built(nat_scene()) as net:
        with net.lab.entered("director"):
            pins = Path(bpffs.director())
        (pins / "maps").mkdir()

    assert not pins.exists()


def test_whom_a_real_server_trusts_goes_with_its_lab() -> None:
    """The programs hang on a control group of the host, and would otherwise be run for every connection of it."""
    with built(nat_scene()) as net:
        net.must("server1", "xlvs", "realserver", "toa", "--from", "192.168.10.132")
        with net.lab.entered("server1"):
            pins = Path(bpffs.folder(f"toa_{namespace.cookie():x}", create=False))
        assert (pins / "link_toa_sockops").exists()

    assert not pins.exists()


def test_what_a_killed_run_leaves_is_removed_by_the_next() -> None:
    """SIGKILL of the owner ends the servers at once and the rest with the next lab."""
    owner = subprocess.Popen([sys.executable, "-c", _OWNER], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    name = owner.stdout.readline().strip()
    assert traces(name)

    owner.kill()
    owner.communicate()
    build.sweep()

    assert traces(name) == []


@pytest.mark.parametrize("after_s", [0.01, 0.04, 0.07, 0.1])
def test_a_run_killed_while_it_builds_is_removed_as_well(after_s: float) -> None:
    """Whatever had been built until then is found."""
    owner = subprocess.Popen([sys.executable, "-c", _OWNER], stdout=subprocess.PIPE, text=True)
    while not (mine := [lab.name for lab in state.load_all() if lab.owner and lab.owner.pid == owner.pid]):
        assert owner.poll() is None
    time.sleep(after_s)

    owner.kill()
    owner.communicate()
    build.sweep()

    assert traces(mine[0]) == []


def test_a_lab_of_the_same_name_is_replaced() -> None:
    """A second run needs no cleaning up after the first."""
    with built(nat_scene()) as net:
        again = Net(build.up(nat_scene(), net.lab.name, owned=True))

        assert again.client_get(url=REAL_SERVERS[0]) == [REAL_SERVERS[0]]


def test_a_topology_that_the_kernel_refuses_leaves_nothing() -> None:
    """The error names the line that failed and the node; what was built before it is removed."""
    bad = Topology("bad", "", (Node("one", (Interface("eth0", "wire"),), ("default via 192.0.2.1",)),))

    with pytest.raises(LabError, match=r"ip route add default via 192\.0\.2\.1` in one: "):
        build.up(bad, "tbad", owned=True)

    assert traces("tbad") == []


def test_a_segment_of_two_is_a_plain_wire_and_of_three_a_switch(net: Net) -> None:
    """Only the inner segment has a namespace of its own."""
    assert net.lab.topology.switches() == ["inside"]
    ports = net.must("inside", "bridge", "link").splitlines()
    assert len(ports) == 3


def test_offloads_are_left_as_they_are(net: Net) -> None:
    """Segmentation offload stays on, as on a real host, so that the packet path meets large packets."""
    get_tso, request = 0x1E, 0x8946  # ETHTOOL_GTSO by SIOCETHTOOL
    answer = ctypes.create_string_buffer(struct.pack("=II", get_tso, 0))
    with net.lab.entered("client"), socket.socket() as control:
        fcntl.ioctl(control, request, struct.pack("16sP16x", b"eth0", ctypes.addressof(answer)))

    assert struct.unpack("=II", answer.raw[:8]) == (get_tso, 1)


def test_a_frame_put_on_the_wire_arrives_as_it_was(net: Net) -> None:
    """Inject and sniff see the same bytes, the VLAN tag included."""
    frame = net.mac("director", "ens37") + net.mac("client", "eth0") + bytes.fromhex("8100002a88b5") + b"x" * 50

    with net.sniffer("director", "ens37") as sniffer:
        net.inject("client", "eth0", frame)
        caught = sniffer.next(lambda data: b"x" * 50 in data)

    assert caught
    assert caught.frame == frame


@pytest.mark.parametrize("direction", [UPLOAD, DOWNLOAD])
def test_bulk_transfer_is_checked(net: Net, direction: bytes) -> None:
    """Both ends agree on what went over."""
    with bulk(net.lab, "server1", 9000), net.lab.entered("client"):
        sent, received = transfer((REAL_SERVERS[0], 9000), 3_000_001, direction)

    assert received == sent


def test_echo_servers_answer_from_their_node(net: Net) -> None:
    """One for TCP and one for UDP, over both families."""
    with (
        tcp_echo(net.lab, "server1", 7, greeting=b"one "),
        udp_echo(net.lab, "server2", 7, prefix=b"two "),
        net.lab.entered("client"),
    ):
        assert tcp_ask((SERVERS6[0], 7), b"hello", length=9) == b"one hello"
        assert udp_ask((REAL_SERVERS[1], 7), b"hello") == b"two hello"


def test_entering_a_node_ends_with_the_block(net: Net) -> None:
    """The thread is back in its own network afterwards, even after an error."""
    home = Path("/proc/thread-self/ns/net").readlink()

    with suppress(KeyError), net.lab.entered("client"):
        assert "eth0" in [name for _, name in socket.if_nameindex()]
        raise KeyError

    assert Path("/proc/thread-self/ns/net").readlink() == home


def test_hanging_up_reaches_processes_in_a_node(net: Net) -> None:
    """A shell left open in a lab ends when the lab goes, unless it was told to outlive its terminal (nohup)."""
    inherited = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    shell = subprocess.Popen(net.lab.command("client", ["sleep", "60"]))
    signal.signal(signal.SIGHUP, inherited)
    while shell.pid not in processes_in([net.lab.namespace("client")]):
        assert shell.poll() is None

    build.down(net.lab.name)

    assert shell.wait(5) == -signal.SIGHUP


_OWNER = """
from tests.netns.topology import built, nat_scene
with built(nat_scene()) as net:
    print(net.lab.name, flush=True)
    input()
"""
