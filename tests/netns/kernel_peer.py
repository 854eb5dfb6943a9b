# SPDX-License-Identifier: Apache-2.0
"""The kernel's own IPVS as a neighbour on a segment of a lab: User-Mode Linux with a tap device on the bridge.

Its root is this machine's, read-only. Commands go to it and outputs come back as files in a folder that both see.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xlvs.lab.topology import BRIDGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.lab.lab import Lab

PROGRAM: Final = shutil.which("linux.uml")
TOOL: Final = Path("/usr/sbin/ipvsadm")
MISSING: Final = "the packages user-mode-linux and ipvsadm are not both installed"
_MODULES: Final = Path("/usr/lib/uml/modules")
_PATIENCE_S: Final = 30.0
_INIT: Final = """#!/bin/bash
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /mnt
mkdir /mnt/w
mount -t hostfs none /mnt/w -o "$peer_folder"
cd /mnt/w
exec >console.txt 2>&1 </dev/null
echo 0 > /proc/sys/kernel/printk
modprobe -a ipv6 ip_vs
ip link set lo up
ip link set vec0 up
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
: > ready
n=0
while :; do
    if [ -e "$n.run" ]; then
        bash "./$n.sh" > "$n.out" 2>&1
        echo $? > "$n.code"
        : > "$n.done"
        n=$((n + 1))
    else
        sleep 0.02
    fi
done
"""


class KernelPeer:
    """A running guest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._next = 0

    def run(self, script: str) -> tuple[int, str]:
        """Run shell commands in the guest: exit code and what they wrote."""
        number, self._next = self._next, self._next + 1
        (self._folder / f"{number}.sh").write_text(script, encoding="utf-8")
        (self._folder / f"{number}.run").touch()
        self._await(f"{number}.done")
        code = int((self._folder / f"{number}.code").read_text(encoding="utf-8"))
        return code, (self._folder / f"{number}.out").read_text(encoding="utf-8")

    def must(self, script: str) -> str:
        """Run shell commands that have to succeed; their output."""
        code, text = self.run(f"set -e\n{script}")
        assert code == 0, f"{script}: exit {code}: {text}"
        return text

    def await_ready(self) -> None:
        """Returns when the guest takes commands."""
        self._await("ready")

    def _await(self, name: str) -> None:
        until = time.monotonic() + _PATIENCE_S
        while not (self._folder / name).exists():
            assert time.monotonic() < until, f"the guest did not do it: {name}"
            time.sleep(0.02)


@contextmanager
def kernel_peer(lab: Lab, segment: str, folder: Path) -> Iterator[KernelPeer]:
    """The guest, with its interface `vec0` on a segment that has a bridge. Only where PROGRAM and TOOL are."""
    assert PROGRAM is not None
    _find_modules()
    init = folder / "init.sh"
    init.write_text(_INIT, encoding="utf-8")
    init.chmod(0o755)
    with lab.entered(segment):
        for words in ("tuntap add tap0 mode tap", f"link set tap0 master {BRIDGE}", "link set tap0 up"):
            subprocess.run(["ip", *words.split()], check=True)
        with (folder / "guest.txt").open("wb") as log:
            guest = subprocess.Popen(
                [
                    PROGRAM, "mem=256M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", f"init={init}",
                    f"peer_folder={folder}", "vec0:transport=tap,ifname=tap0,depth=256,gro=0",
                    "con0=null,fd:1", "con=null", "quiet",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "TMPDIR": str(folder)},
            )  # fmt: skip
    try:
        peer = KernelPeer(folder)
        peer.await_ready()
        yield peer
    finally:
        os.killpg(guest.pid, 9)
        guest.wait()


def _find_modules() -> None:
    """Where modprobe looks for them."""
    for version in _MODULES.iterdir():
        place = Path("/lib/modules") / version.name
        if not place.exists():
            place.parent.mkdir(exist_ok=True)
            place.symlink_to(version)
