# SPDX-License-Identifier: Apache-2.0
"""Pins outlive the command that made them, also one run by `ip netns exec` in its private mount namespace."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.linux.scratch import scratch_namespace
from xlvs.linux import bpffs, namespace
from xlvs.linux.bpf import TYPE_HASH, Map
from xlvs.model.errors import KernelError

pytestmark = pytest.mark.netns


@pytest.fixture
def name() -> Iterator[str]:
    """A named namespace; its director's pins go with it."""
    with scratch_namespace() as name:
        yield name


def python(*prefix: str, code: str) -> str:
    """Run code in a Python of its own, below `prefix`; returns what it prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [*prefix, sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120, env=environment).stdout


PIN = (
    "from xlvs.linux import bpffs; from xlvs.linux.bpf import Map;"
    "m = Map.create(1, 'kept', 4, 4, 8); m.update(bytes(4), b'kept'); m.pin(bpffs.director() + '/kept')"
)
READ = (
    "from xlvs.linux import bpffs; from xlvs.linux.bpf import Map;"
    "print(Map.from_pin(bpffs.director() + '/kept').lookup(bytes(4)))"
)


def test_pins_of_one_netns_exec_are_seen_by_the_next(name: str) -> None:
    """And by a process that entered the namespace without ip(8)."""
    python("ip", "netns", "exec", name, code=PIN)
    assert python("ip", "netns", "exec", name, code=READ) == "b'kept'\n"
    with namespace.entered(name), Map.from_pin(f"{bpffs.director()}/kept") as kept:
        assert kept.lookup(bytes(4)) == b"kept"


def test_the_first_mount_may_come_from_netns_exec() -> None:
    """In a process tree with its own process 1, nothing is mounted yet: the whole story inside it."""
    script = (
        "mount -t tmpfs none /run && mkdir /run/netns && ip netns add inner &&"
        ' ip netns exec inner "$0" -c "$1" && ip netns exec inner "$0" -c "$2" && ls /run/xlvs | grep -vc debug'
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", script, sys.executable, PIN, READ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env=environment)
    assert (done.stdout.split(), done.stderr) == (["b'kept'", "1"], "")


def test_unmounting_leaves_other_mount_namespaces_alone() -> None:
    """Two process trees with one /run and a bpffs each: what one pinned is there after the other needed its own no more."""
    ours = "from xlvs.linux import bpffs; bpffs.root(); print(bpffs.release())"
    script = (
        "mount -t tmpfs none /run && mkfifo /run/pinned /run/released || exit;"
        " unshare --mount --pid --fork --mount-proc --propagation private sh -c"
        """ '"$0" -c "$1" && echo > /run/pinned && cat /run/released && "$0" -c "$2"' "$0" "$1" "$2" &"""
        ' cat /run/pinned && "$0" -c "$3" && echo > /run/released && wait'
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--mount-proc",
        "sh",
        "-c",
        script,
        sys.executable,
        PIN,
        READ,
        ours,
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env=environment)
    assert (done.stdout.split(), done.stderr) == (["True", "b'kept'"], "")


def test_directors_do_not_see_each_other(name: str) -> None:
    """The directory is that of the namespace; another has another."""
    here = bpffs.director(create=False)
    with namespace.entered(name):
        there = bpffs.director()
        assert namespace.cookie() in bpffs.directors()
    assert here != there


def test_asking_creates_nothing(name: str) -> None:
    """`create=False` only tells where it would be."""
    with namespace.entered(name):
        assert not Path(bpffs.director(create=False)).exists()


def test_two_writers_wait_for_each_other(name: str) -> None:
    """The second takes the lock when the first is killed, and readers share it."""
    with namespace.entered(name):
        directory = bpffs.director()
    code = (
        f"from xlvs.linux import bpffs; l = bpffs.lock({directory!r}); l.__enter__();"
        "print('locked', flush=True); import sys; sys.stdin.read()"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, **pipes) as holder:  # type: ignore[call-overload]  # keywords of any overload
        assert holder.stdout.readline() == b"locked\n"
        import fcntl

        fd = os.open(directory, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        os.close(fd)
        holder.kill()
        with bpffs.lock(directory, shared=True), bpffs.lock(directory, shared=True):
            pass


def test_a_tree_of_pins_is_removed_whole(name: str) -> None:
    """With the directories in it."""
    with namespace.entered(name):
        directory = bpffs.director()
    bpffs.make_directory(f"{directory}/inner")
    with Map.create(TYPE_HASH, "pinned", 4, 4, 8) as pinned:
        pinned.pin(f"{directory}/inner/pinned")
    assert bpffs.unpin(f"{directory}/inner/pinned")
    assert not bpffs.unpin(f"{directory}/inner/pinned")
    bpffs.remove(directory)
    assert not Path(directory).exists()


def test_namespaces_are_those_of_ip_netns(name: str) -> None:
    """Made here, seen there; a name is given once."""
    listed = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True, timeout=120).stdout
    assert name in listed.split()
    with pytest.raises(KernelError, match="File exists"):
        namespace.create(name)
    assert name in namespace.names()


def test_a_missing_namespace_is_an_error_and_leaves_us_where_we_were() -> None:
    """No half of a move."""
    before = namespace.cookie()
    with (
        pytest.raises(KernelError, match="entering namespace no-such-namespace"),
        namespace.entered("no-such-namespace"),
    ):
        pass
    assert before == namespace.cookie()
