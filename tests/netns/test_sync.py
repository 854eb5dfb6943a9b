# SPDX-License-Identifier: Apache-2.0
"""Two of our directors: the whole table on join, keys, and daemons whose processes are killed."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.listing import eventually
from tests.netns.topology import Net, built
from xlvs.ipvs import layout, sync_daemons
from xlvs.ipvs.observed import Observed
from xlvs.ipvs.sync_inlet import Inlet
from xlvs.lab.lab import environment
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
MANY: Final = 20_000
FIRST, SECOND = "director", "other"


def scene() -> Topology:
    """Two directors and nothing else."""
    ends = (
        Node(name, (Interface("eth0", "lan", (f"10.77.0.{last}/24", f"2001:db8:77::{last}/64")),))
        for name, last in ((FIRST, 2), (SECOND, 3))
    )
    return Topology("two", "two directors", tuple(ends))


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    """Both with the same services, without daemons and without a key."""
    monkeypatch.delenv("XLVS_SYNC_KEY", raising=False)
    with built(scene()) as net:
        for node in (FIRST, SECOND):
            assert net.run(node, ["ipvsadm", "-R"], standard_input=RULES).returncode == 0
        yield net
        for node in (FIRST, SECOND):
            for role in sync_daemons.ROLES:
                net.run(node, ["ipvsadm", "--stop-daemon", role])


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


@pytest.mark.parametrize("options", [(), ("--mcast-group", "ff02::81"), ("--sync-maxlen", "9000")], ids=str)
def test_who_joins_has_the_whole_table_soon(two: Net, options: tuple[str, ...]) -> None:
    """States, activity and templates too; the kernel would tell of changes only."""
    fill(two, FIRST, MANY)
    start(two, FIRST, "master", *options)
    start(two, SECOND, "backup", *options)
    assert eventually(lambda: linked(two, SECOND) == MANY + 1, patience_s=10.0)

    assert listed(two, SECOND) == listed(two, FIRST)
    view = two.must(SECOND, "ipvsadm", "-Ln")
    assert view.count(f"{MANY // 4:<10} 0") == view.count(f"0          {MANY // 4}") == 2


def test_several_ports_carry_all(two: Net) -> None:
    """As many as sync_ports says when the daemons start; changes go out on all of them, a dump on the first."""
    for node in (FIRST, SECOND):
        two.must(node, "xlvs", "sysctl", "sync_ports=4")
    start(two, SECOND, "backup")
    start(two, FIRST, "master")
    fill(two, FIRST, 10)
    two.must(FIRST, "xlvs", "sync", "send")
    assert eventually(lambda: linked(two, SECOND) == 11)
    with two.lab.entered(SECOND):
        lines = Path("/proc/thread-self/net/udp").read_text(encoding="ascii").splitlines()[1:]
    bound = {int(line.split()[1].split(":")[1], 16) for line in lines}
    assert {8848, 8849, 8850, 8851} <= bound


def test_a_backup_that_is_there_first_is_told_of_what_comes(two: Net) -> None:
    """And whoever asks with another id gets nothing of this group."""
    start(two, SECOND, "backup", "--syncid", "5")
    fill(two, FIRST, 10)
    start(two, FIRST, "master", "--syncid", "5")
    two.must(FIRST, "xlvs", "sync", "send")
    assert eventually(lambda: linked(two, SECOND) == 11)


def test_a_killed_process_is_replaced_and_gets_the_table_again(two: Net) -> None:
    """Whichever of the two it is; after both, the next command starts them. What is configured stays."""
    fill(two, FIRST, 100)
    start(two, FIRST, "master")
    start(two, SECOND, "backup", "--syncid", "0")
    assert eventually(lambda: linked(two, SECOND) == 101)
    before = two.must(SECOND, "ipvsadm", "-L", "--daemon")
    for victims in (slice(0, 1), slice(1, 2), slice(0, 2)):
        old = processes(two, SECOND)
        assert len(old) == 2
        for pid in old[victims]:
            os.kill(pid, signal.SIGKILL)
        assert two.must(SECOND, "ipvsadm", "-L", "--daemon") == before
        assert eventually(partial(replaced, two, old[victims]))
    fill(two, FIRST, 200)
    two.must(FIRST, "xlvs", "sync", "send")
    assert eventually(lambda: linked(two, SECOND) == 201)


def replaced(net: Net, pids: list[int]) -> bool:
    """Whether others stand in the place of these processes."""
    return gone(pids) and len(processes(net, SECOND)) == 2


def gone(pids: list[int]) -> bool:
    """Whether none of these processes is."""
    return not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def test_a_stopped_daemon_leaves_nothing_running(two: Net) -> None:
    """Processes, the packet path's switch and the memory of the daemon."""
    start(two, FIRST, "master")
    start(two, FIRST, "backup")
    store = store_of(two, FIRST)
    assert store.setting(layout.SETTINGS_SYNC) == layout.SYNC_MASTER | layout.SYNC_BACKUP
    two.must(FIRST, "ipvsadm", "--stop-daemon", "master")
    assert store.setting(layout.SETTINGS_SYNC) == layout.SYNC_BACKUP
    two.must(FIRST, "ipvsadm", "--stop-daemon", "backup")

    assert store.setting(layout.SETTINGS_SYNC) == 0
    assert eventually(lambda: not processes(two, FIRST))
    assert store.map("sync_rings").lookup(bytes(4)) is None
    assert store.map("sync_tracks").lookup(bytes(4)) is None


def test_a_director_with_a_key_takes_nothing_else(two: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of one without a key nor with another; with the same it gets all."""
    keys = {name: tmp_path / name for name in ("ours", "another")}
    for name, path in keys.items():
        path.write_text(name, encoding="ascii")
        path.chmod(0o600)
    fill(two, FIRST, 50)
    for key in (None, keys["another"], keys["ours"]):
        monkeypatch.delenv("XLVS_SYNC_KEY", raising=False)
        if key:
            monkeypatch.setenv("XLVS_SYNC_KEY", str(key))
        start(two, FIRST, "master")
        monkeypatch.setenv("XLVS_SYNC_KEY", str(keys["ours"]))
        start(two, SECOND, "backup")
        with two.sniffer(SECOND, "eth0") as sniffer:
            two.must(FIRST, "xlvs", "sync", "send")
            assert sniffer.next(lambda frame: b"xlvs" in frame[-48:])
        if key == keys["ours"]:
            assert eventually(lambda: linked(two, SECOND) == 51)
        two.must(FIRST, "ipvsadm", "--stop-daemon", "master")
        two.must(SECOND, "ipvsadm", "--stop-daemon", "backup")
        assert linked(two, SECOND) == (51 if key == keys["ours"] else 0)


@pytest.mark.parametrize(("text", "mode", "said"), [("k", 0o644, "chmod 600"), (" ", 0o600, "empty")], ids=str)
def test_a_key_that_is_none_is_refused(
    two: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, mode: int, said: str
) -> None:
    """Nothing is started, and the message says what to do."""
    path = tmp_path / "key"
    path.write_text(text, encoding="ascii")
    path.chmod(mode)
    monkeypatch.setenv("XLVS_SYNC_KEY", str(path))
    done = two.run(FIRST, ["ipvsadm", "--start-daemon", "master", "--mcast-interface", "eth0"])

    assert done.returncode == 2
    assert said in done.stderr
    assert two.must(FIRST, "ipvsadm", "-L", "--daemon") == ""


def test_an_interface_that_cannot_send_refuses_the_master(two: Net) -> None:
    """As the kernel does; nothing is configured then."""
    two.must(FIRST, "ip", "link", "set", "eth0", "down")
    done = two.run(FIRST, ["ipvsadm", "--start-daemon", "master", "--mcast-interface", "eth0"])

    assert done.returncode != 0
    assert two.must(FIRST, "ipvsadm", "-L", "--daemon") == ""


def test_the_processes_end_with_the_director(two: Net) -> None:
    """When it is taken off the host."""
    start(two, FIRST, "master")
    old = processes(two, FIRST)
    two.must(FIRST, "xlvs", "detach", "--yes")
    assert eventually(lambda: gone(old))


KEEPALIVED: Final = """
global_defs {
 lvs_sync_daemon eth0 V id 9
}
vrrp_instance V {
 interface eth0
 virtual_router_id 51
 version 3
 advert_int 0.1
 priority @PRIORITY
 virtual_ipaddress {
  10.77.0.77/32
 }
}
"""


@pytest.mark.keyword("global_defs.lvs_sync_daemon")
def test_the_daemons_follow_keepalived_s_router(two: Net, tmp_path: Path) -> None:
    """The master sends, the backup listens and gets the table; when the master ends, the other one takes its role."""
    fill(two, FIRST, 100)
    running = {}
    for node, priority in ((FIRST, 150), (SECOND, 100)):
        folder = tmp_path / node
        folder.mkdir()
        (folder / "conf").write_text(KEEPALIVED.replace("@PRIORITY", str(priority)), encoding="ascii")
        pids = [f"-{which}{folder}/{which}.pid" for which in "prcb"]
        words = ["xlvs", "keepalived", "-n", "-P", "-f", str(folder / "conf"), *pids]
        with (folder / "log").open("wb") as log:
            command = two.lab.command(node, words)
            running[node] = subprocess.Popen(command, env=environment(), stdout=log, stderr=log)
    try:
        assert eventually(lambda: has_role(two, FIRST, "master") and has_role(two, SECOND, "backup"))
        assert eventually(lambda: linked(two, SECOND) == 101)
        running[FIRST].terminate()
        assert eventually(lambda: has_role(two, SECOND, "master"))
        assert running[FIRST].wait(20) == 0
        assert two.must(FIRST, "ipvsadm", "-L", "--daemon") == ""
    finally:
        for process in running.values():
            process.terminate()
            process.wait(20)


def has_role(net: Net, node: str, role: str) -> bool:
    """Whether this daemon runs on a node, and no other one."""
    lines = net.must(node, "ipvsadm", "-L", "--daemon").splitlines()
    return len(lines) == 1 and lines[0].startswith(f"{role} sync daemon (mcast=eth0, syncid=9,")


def test_an_upgrade_keeps_the_daemons(two: Net) -> None:
    """New programs tell the same process."""
    fill(two, FIRST, 5)
    start(two, FIRST, "master")
    start(two, SECOND, "backup")
    assert eventually(lambda: linked(two, SECOND) == 6)
    old = processes(two, FIRST)
    two.must(FIRST, "xlvs", "upgrade")

    assert processes(two, FIRST) == old
    fill(two, FIRST, 8)
    two.must(FIRST, "xlvs", "sync", "send")
    assert eventually(lambda: linked(two, SECOND) == 9)
