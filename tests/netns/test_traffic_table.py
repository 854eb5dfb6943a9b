# SPDX-License-Identifier: Apache-2.0
"""The connection table when it is full, when it is large, and when everything in it expires."""

from __future__ import annotations

import json
import resource
import socket
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.listing import eventually, stats
from tests.netns.topology import GHOST_SERVERS, REAL_SERVERS, VIP, Net
from tests.netns.traffic import tcp_ask, tcp_echo
from tests.progrun.packets import TCP, UDP, Packet, end
from tests.progrun.runner import Runner
from xlvs.ipvs import layout
from xlvs.ipvs.pinned import PinnedTables
from xlvs.linux.bpf import Program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.model.service import Protocol

SMALLEST: Final = 16384
MILLION: Final = 1_000_000
WEB, GHOST = 80, 9  # the second one's server never answers
DIRECTOR_INTERFACES: Final = ("ens37", "ens33")
SOURCE_OFFSET: Final = 26  # of the source address in an IPv4 frame
FIRST_SOURCE: Final = 0x0B000000


@contextmanager
def director(net: Net, *options: str) -> Iterator[None]:
    """A director with a web service that works, and a service of each protocol before a server that is silent."""
    net.must("director", "xlvs", "attach", "--mode", "tc", *options, *DIRECTOR_INTERFACES)
    net.add_ghost_servers()
    rules = f"-A -t {VIP}:{WEB} -s rr\n-a -t {VIP}:{WEB} -r {REAL_SERVERS[0]}:8080 -m\n" + "".join(
        f"-A {option} {VIP}:{GHOST} -s rr\n-a {option} {VIP}:{GHOST} -r {GHOST_SERVERS[0]} -m\n"
        for option in ("-t", "-u")
    )
    done = net.run("director", ["ipvsadm", "-R"], standard_input=rules)
    assert done.returncode == 0, done.stderr
    with tcp_echo(net.lab, "server1", 8080):
        yield


def template(net: Net, protocol: Protocol) -> bytearray:
    """The frame of a first packet to the silent server; its source address is to be filled in."""
    packet = Packet(end("11.0.0.0:4000"), end(f"{VIP}:{GHOST}"), protocol)
    return bytearray(net.mac("director", "ens37") + net.mac("client", "eth0") + b"\x08\x00" + packet.ip())


def flood(net: Net, protocol: Protocol, count: int) -> None:
    """First packets from so many addresses, on the wire."""
    frame = template(net, protocol)
    with net.lab.entered("client"), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("eth0", 0))
        for number in range(count):
            struct.pack_into("!I", frame, SOURCE_OFFSET, FIRST_SOURCE + number)
            sender.send(frame)


def status(net: Net) -> dict[str, dict[str, int]]:
    """What `xlvs status` says of the tables and of what became of packets."""
    found: dict[str, dict[str, int]] = json.loads(net.run("director", ["xlvs", "status", "--json"]).stdout)
    return found


@pytest.mark.parametrize("protocol", [TCP, UDP], ids=["SYNs", "datagrams"])
def test_a_full_table_refuses_new_connections_and_harms_none(net: Net, protocol: Protocol) -> None:
    """Each refusal is counted under its reason; those that are there go on."""
    with director(net, "--connections", str(SMALLEST)):
        with net.lab.entered("client"):
            present = socket.create_connection((VIP, WEB), 10)
        with present:
            flood(net, protocol, SMALLEST + 1000)
            told = status(net)

            assert told["verdicts"]["drop_table_full"] == SMALLEST + 1000 - (SMALLEST - 2)
            assert told["connections"]["used"] == SMALLEST - 1
            present.sendall(b"still here")
            assert present.recv(100) == b"still here"
            with net.lab.entered("client"), pytest.raises(TimeoutError):
                socket.create_connection((VIP, WEB), 0.5)


def test_a_full_table_has_room_again_when_entries_expire(net: Net) -> None:
    """Without anybody's help: new connections begin."""
    with director(net, "--connections", str(SMALLEST)):
        net.ipvsadm("--set 0 0 2")
        flood(net, UDP, SMALLEST + 1000)
        assert status(net)["verdicts"]["drop_table_full"] >= 1000

        def answered() -> bool:
            try:
                return tcp_ask((VIP, WEB), b"room?") == b"room?"
            except TimeoutError:
                return False

        with net.lab.entered("client"):
            assert eventually(answered)
        assert eventually(lambda: status(net)["connections"]["used"] < 10)


class Generator:
    """Runs the director's program on datagrams from a million addresses, without a wire in between."""

    def __init__(self, net: Net, program: Program) -> None:
        self._runner = Runner(program)
        self._frame = template(net, UDP)
        index = socket.if_nametoindex("ens37")
        context = bytearray(192)
        struct.pack_into("<II", context, 36, index, index)  # struct __sk_buff: ingress_ifindex, ifindex
        self._context = bytes(context)

    def send(self, count: int) -> None:
        """A datagram from each of the first `count` addresses."""
        for number in range(count):
            struct.pack_into("!I", self._frame, SOURCE_OFFSET, FIRST_SOURCE + number)
            self._runner.attempt(bytes(self._frame), self._context)


def test_a_million_connections_are_kept_found_listed_and_given_back(net: Net) -> None:
    """No process looks after them; what expired is given back by the director's own clock."""
    with director(net, "--connections", str(1 << 20)), net.lab.entered("director"):
        store = PinnedTables().store()
        with Program.from_pin(f"{store.directory}/prog_tc") as program:
            generator = Generator(net, program)
            generator.send(MILLION)
            assert inactive(net) == MILLION
            assert listed(net) == MILLION

            net.ipvsadm("--set 0 0 2")
            generator.send(MILLION)  # each finds its connection, and leaves it two seconds
        assert eventually(lambda: inactive(net) == 0)
        assert eventually(lambda: stats(net)[f"UDP {VIP}:{GHOST}"].service[1] == 2 * MILLION)
        assert stats(net)[f"UDP {VIP}:{GHOST}"].service[0] == MILLION
        assert status(net)["connections"]["used"] == 0


def listed(net: Net) -> int:
    """How many rows ``ipvsadm -Lnc`` has; it may take 5 s of a processor, whoever else wants it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    rows = net.ipvsadm("-L -n -c").count("\n") - 2
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime < 5
    return rows


def inactive(net: Net) -> int:
    """Inactive connections of all destinations as the packet path has counted them, with nothing swept before."""
    with net.lab.entered("director"):
        store = PinnedTables().store()
    counts = [
        layout.COUNTS.unpack_from(store.dests.memory, number * layout.DEST_SIZE + layout.DEST_COUNTS)
        for number in range(1, 16)
    ]
    return sum(count[1] for count in counts)
