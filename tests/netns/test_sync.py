# SPDX-License-Identifier: Apache-2.0
"""Two of our directors: the whole table on join, keys, and daemons whose processes are killed."""

from __future__ import annotations

import os
import signal
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.listing import eventually
from tests.netns.sync_pair import (
    FIRST,
    RULES,
    SECOND,
    fill,
    gone,
    linked,
    listed,
    processes,
    start,
    store_of,
    two_directors,
)
from xlvs.ipvs import layout
from xlvs.lab.lab import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.netns.topology import Net

MANY: Final = 20_000
WHOLE: Final = 100_000


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    """Both with the same services, without daemons and without a key."""
    monkeypatch.delenv("XLVS_SYNC_KEY", raising=False)
    with two_directors() as net:
        yield net


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


def test_a_restarted_director_has_all_of_a_large_table(two: Net) -> None:
    """A hundred thousand connections, of which it knew nothing any more."""
    fill(two, FIRST, WHOLE)
    start(two, FIRST, "master")
    start(two, SECOND, "backup")
    two.must(SECOND, "xlvs", "detach", "--yes")
    assert two.run(SECOND, ["ipvsadm", "-R"], standard_input=RULES).returncode == 0
    start(two, SECOND, "backup")
    assert eventually(lambda: linked(two, SECOND) == WHOLE + 1, patience_s=20.0)

    assert listed(two, SECOND) == listed(two, FIRST)


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


def test_what_a_killed_master_had_not_sent_is_sent_by_the_next_process(two: Net) -> None:
    """Of all that its director has: nobody asks for it, as the other one did not miss anything."""
    start(two, SECOND, "backup")
    start(two, FIRST, "master")
    fill(two, FIRST, 100)
    old = processes(two, FIRST)
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: gone(old))
    assert linked(two, SECOND) == 0
    two.must(FIRST, "ipvsadm", "-Ln")

    assert eventually(lambda: linked(two, SECOND) == 101)


def replaced(net: Net, pids: list[int]) -> bool:
    """Whether others stand in the place of these processes."""
    return gone(pids) and len(processes(net, SECOND)) == 2


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
