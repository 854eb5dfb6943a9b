# SPDX-License-Identifier: Apache-2.0
"""Two of our directors on one segment, and what is asked of their synchronisation daemons."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from tests.netns.topology import Net, built
from xlvs.ipvs import layout, sync_daemons
from xlvs.ipvs.observed import Observed
from xlvs.ipvs.sync_inlet import Inlet
from xlvs.lab.topology import Interface, Node, Topology
from xlvs.syncwire.entry import INACTIVE, TCP, TEMPLATE, Entry
from xlvs.syncwire.reader import Heard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.ipvs.store import Store

VIP: Final = bytes((10, 77, 9, 9))
SERVERS: Final = tuple(bytes((10, 77, 0, 10 + number)) for number in range(4))
RULES: Final = "-A -t 10.77.9.9:80 -s rr\n" + "".join(
    f"-a -t 10.77.9.9:80 -r 10.77.0.{server[3]}:80 -m\n" for server in SERVERS
)
FIRST, SECOND = "director", "other"


def scene() -> Topology:
    """Two directors and nothing else."""
    ends = (
        Node(name, (Interface("eth0", "lan", (f"10.77.0.{last}/24", f"2001:db8:77::{last}/64")),))
        for name, last in ((FIRST, 2), (SECOND, 3))
    )
    return Topology("two", "two directors", tuple(ends))


def store_of(net: Net, node: str) -> Store:
    """A node's tables."""
    with net.lab.entered(node):
        store = Observed().present_store()
    assert store is not None
    return store


def fill(net: Net, node: str, count: int) -> None:
    """Let a director have so many connections, as if it had heard of them, and a template."""
    entries = [
        Entry(TCP, INACTIVE * (number % 2), 1 + 3 * (number % 2), 1024 + number % 60000, 80, 80, 0, 900,
              bytes((10, 78, number // 60000, 1)), VIP, SERVERS[number % 4])
        for number in range(count)
    ]  # fmt: skip
    entries.append(Entry(TCP, TEMPLATE, 1, 0, 80, 80, 0, 500, bytes((10, 78, 0, 1)), VIP, SERVERS[0]))
    with net.lab.entered(node):
        inlet = Inlet(store_of(net, node))
        assert inlet.put([Heard(entry.wide()) for entry in entries]) == count + 1
        inlet.close()


def listed(net: Net, node: str) -> list[str]:
    """A node's connections without their times, sorted."""
    lines = net.must(node, "ipvsadm", "-Lnc").splitlines()[2:]
    return sorted(" ".join(line.split()[:1] + line.split()[2:]) for line in lines)


def linked(net: Net, node: str) -> int:
    """How many connections a node has, by the counts of its destinations."""
    store = store_of(net, node)
    counts = (
        layout.COUNTS.unpack_from(store.dests.memory, number * layout.DEST_SIZE + layout.DEST_COUNTS)
        for number in range(1, store.setting(layout.SETTINGS_DEST_HIGH) + 1)
    )
    return sum(sum(each[:3]) for each in counts)


def start(net: Net, node: str, role: str, *options: str) -> None:
    """Start a daemon on the segment between them."""
    net.must(node, "ipvsadm", "--start-daemon", role, "--mcast-interface", "eth0", *options)


def processes(net: Net, node: str) -> list[int]:
    """The processes that a node's daemons have: who watches, who works."""
    directory = store_of(net, node).directory.encode()
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError), open(f"/proc/{name}/cmdline", "rb") as words:
            if b"xlvs.syncd\0" + directory + b"\0" in words.read():
                found.append(int(name))
    return sorted(found)


@contextmanager
def two_directors() -> Iterator[Net]:
    """Both with the same services, without daemons."""
    with built(scene()) as net:
        for node in (FIRST, SECOND):
            assert net.run(node, ["ipvsadm", "-R"], standard_input=RULES).returncode == 0
        yield net
        for node in (FIRST, SECOND):
            for role in sync_daemons.ROLES:
                net.run(node, ["ipvsadm", "--stop-daemon", role])


def gone(pids: list[int]) -> bool:
    """Whether none of these processes is."""
    return not any(os.path.exists(f"/proc/{pid}") for pid in pids)
