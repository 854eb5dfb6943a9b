# SPDX-License-Identifier: Apache-2.0
"""Synchronisation on a segment that is not only ours: floods, invented parts and requests, messages that are sent again."""

from __future__ import annotations

import random
import socket
from struct import pack
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.listing import eventually
from tests.netns.sync_pair import FIRST, SECOND, SERVERS, VIP, fill, linked, processes, start, two_directors
from xlvs.syncwire import seal as seals
from xlvs.syncwire.builder import Builder, empty
from xlvs.syncwire.entry import TCP, Entry
from xlvs.syncwire.seal import Kind, Seal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.netns.topology import Net

GROUP, HOSTS, PORT = "224.0.0.81", "224.0.0.1", 8848
MESSAGES: Final = 1500  # of each kind
GROWTH_KIB: Final = 96 << 10
_UDP_PAYLOAD: Final = 14 + 20 + 8


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    """Both with the same services, without daemons and without a key."""
    monkeypatch.delenv("XLVS_SYNC_KEY", raising=False)
    with two_directors() as net:
        yield net


def stranger(net: Net) -> socket.socket:
    """A socket of somebody on the segment."""
    with net.lab.entered(FIRST):
        found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        found.bind(("10.77.0.2", 0))
        found.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.77.0.2"))
    return found


def message_of(*entries: Entry) -> bytes:
    """A message of version 1 without a seal."""
    builder = Builder(0, 1472)
    for entry in entries:
        builder.add(entry.wide(), b"", 1, 0.0)
    builder.flush()
    return builder.take()[0]


def invented(source: random.Random) -> Entry:
    """A connection to a destination that nobody has."""
    return Entry(TCP, 0, 1, 1, 80, source.randrange(1 << 16), 0, 60, source.randbytes(4), VIP, source.randbytes(4))


def hostile(source: random.Random) -> Iterator[tuple[str, int, bytes]]:
    """Datagrams and where they go: noise, connections to nobody, parts that are none, requests, and what looks like one."""
    yield GROUP, PORT, source.randbytes(source.randrange(1472))
    yield GROUP, PORT, message_of(*(invented(source) for _ in range(40)))
    head, sender = empty(0, seals.SIZE), source.randbytes(8)
    for kind in Kind:
        seal = Seal(kind, sender, 1, source.randrange(1 << 32), source.randrange(1 << 32))
        yield GROUP, PORT, seals.put(head, seal, b"")
        yield HOSTS, PORT - 1, seals.put(head, seal, b"")
    yield HOSTS, PORT - 1, source.randbytes(source.randrange(1472))


def memory_kib(pid: int) -> int:
    """Memory of a process that is nobody else's."""
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


def test_a_flood_leaves_the_daemons_alive_and_small(two: Net) -> None:
    """The processes are the same ones afterwards, have hardly grown, and do their work; commands are not kept waiting."""
    for node in (FIRST, SECOND):
        start(two, node, "master")
        start(two, node, "backup")
    ours = processes(two, FIRST) + processes(two, SECOND)
    before = sum(map(memory_kib, ours))
    source = random.Random(6)
    with stranger(two) as sender:
        for _ in range(MESSAGES):
            for address, port, data in hostile(source):
                sender.sendto(data, (address, port))
    two.must(SECOND, "ipvsadm", "-a", "-t", "10.77.9.9:80", "-r", "10.77.0.99", "-m")

    with stranger(two) as sender:
        last = Entry(TCP, 0, 1, 9999, 80, 80, 0, 900, bytes((10, 79, 0, 1)), VIP, SERVERS[0])

        def told() -> bool:
            sender.sendto(message_of(last), (GROUP, PORT))
            return is_there(two, "10.79.0.1")

        assert eventually(told)
    assert processes(two, FIRST) + processes(two, SECOND) == ours
    assert sum(map(memory_kib, ours)) - before < GROWTH_KIB


def is_there(net: Net, client: str) -> bool:
    """Whether the second director has a connection of this client."""
    return client in net.must(SECOND, "xlvs", "connections", "--client", client)


def test_a_message_with_a_key_is_taken_once_and_as_it_is(
    two: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent again, cut, or changed by a bit, it makes no connection."""
    key = tmp_path / "key"
    key.write_text("a secret", encoding="ascii")
    key.chmod(0o600)
    monkeypatch.setenv("XLVS_SYNC_KEY", str(key))
    start(two, FIRST, "master")
    start(two, SECOND, "backup")
    fill(two, FIRST, 20)
    with two.sniffer(SECOND, "eth0") as sniffer:
        two.must(FIRST, "xlvs", "sync", "send")
        caught = sniffer.next(lambda frame: b"xlvs" in frame[-48:] and len(frame) > 200)
    assert caught is not None
    message = caught.frame[_UDP_PAYLOAD:]
    assert eventually(lambda: linked(two, SECOND) == 21)
    for node in (FIRST, SECOND):
        two.must(node, "xlvs", "connections", "kill", "--all", "--silent")
    assert count(two) == 0

    cut = message[: -seals.SIZE]
    changed = bytearray(message)
    changed[12] ^= 1
    with stranger(two) as sender:
        for data in (message, cut[:2] + pack(">H", len(cut)) + cut[4:], bytes(changed), message[:-1]):
            sender.sendto(data, (GROUP, PORT))
    fill(two, FIRST, 1)
    two.must(FIRST, "xlvs", "sync", "send")
    assert eventually(lambda: count(two) > 0)
    assert count(two) == 1


def count(net: Net) -> int:
    """How many connections, templates left out, the second director has."""
    return int(net.must(SECOND, "xlvs", "connections", "--client", "10.78.0.0/16", "--protocol", "tcp", "--count"))
