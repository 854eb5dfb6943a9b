# SPDX-License-Identifier: Apache-2.0
"""xlvs as the director of the measurements' network: its commands run in the director's namespace, its pins opened."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench.netns import topology as net
from bench.objects import ROOT, BenchError
from xlvs.linux import bpffs, namespace
from xlvs.linux.bpf_program import Program

if TYPE_CHECKING:
    from collections.abc import Sequence

BIN = Path(sys.executable).parent
_PATIENCE_S = 60
VIP4, VIP6 = net.PROGRAM_VIPS
SERVICES: dict[str, tuple[str, list[str]]] = {
    f"-t {VIP4}:80": ("rr", [f"{rip}:80" for rip in net.DESTINATIONS4]),
    f"-u {VIP4}:80": ("rr", [f"{rip}:80" for rip in net.DESTINATIONS4]),
    f"-t {VIP4}:81": ("wlc", [f"{rip}:80" for rip in net.DESTINATIONS4]),
    f"-t {VIP4}:82": ("rr", [f"{net.DESTINATIONS4[0]}:8080"]),
    f"-t [{VIP6}]:80": ("rr", [f"[{rip}]:80" for rip in net.DESTINATIONS6]),
}


def ipvsadm(*arguments: str, stdin: str = "", seconds: float = _PATIENCE_S) -> str:
    """Run our ipvsadm in the director's namespace; its standard output. Raises BenchError with its own words."""
    return run([str(BIN / "ipvsadm"), *arguments], stdin, seconds)


def xlvs(*arguments: str) -> str:
    """Run our xlvs there; its standard output. Raises BenchError with its own words."""
    return run([str(BIN / "xlvs"), *arguments])


def attach(mode: str, connections: int = 0) -> None:
    """Attach the programs to all of the director's interfaces: `tc`, or `xdp` with tc behind it.

    `connections`: room in the table, 0: as much as is usual for this host.
    """
    room = ["--connections", str(connections)] if connections else []
    run([str(BIN / "xlvs"), "attach", "--mode", mode, *room, *net.DEVICES[net.DIRECTOR]])


def run(command: Sequence[str], stdin: str = "", seconds: float = _PATIENCE_S) -> str:
    """Run any command there, for so long at most."""
    whole = ["ip", "netns", "exec", net.DIRECTOR, *command]
    try:
        done = subprocess.run(
            whole, input=stdin, capture_output=True, text=True, check=False, timeout=seconds, cwd=ROOT
        )
    except subprocess.TimeoutExpired as problem:
        raise BenchError(f"not done after {seconds} s") from problem
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise BenchError(f"{' '.join(map(os.path.basename, command[:3]))}: {words[-1] if words else done.returncode}")
    return done.stdout


def rules() -> list[str]:
    """The services that programs are measured with, as lines for `ipvsadm -R`."""
    lines = []
    for service, (scheduler, destinations) in SERVICES.items():
        lines.append(f"-A {service} -s {scheduler}")
        lines += [f"-a {service} -r {destination} -m" for destination in destinations]
    return lines


def renew(lines: Sequence[str], connections: int = 0) -> None:
    """A director with empty tables in the place of the present one, with these rules for `ipvsadm -R`."""
    net.remove_tables()
    attach("xdp", connections)
    ipvsadm("-R", stdin="\n".join(lines) + "\n", seconds=_PATIENCE_S + len(lines) / 500)


def configure() -> None:
    """Set those services up, and attach both programs, so that XDP may send through every interface."""
    attach("xdp")
    ipvsadm("-R", stdin="\n".join(rules()) + "\n")


def pins() -> str:
    """The folder of the director's pins. Raises BenchError when there is none."""
    with namespace.entered(net.DIRECTOR):
        folder = bpffs.director(namespace.cookie(), create=False)
    if not Path(folder).is_dir():
        raise BenchError("the director has no tables")
    return folder


def program(name: str) -> Program:
    """A pinned program of the director; the caller closes it."""
    return Program.from_pin(f"{pins()}/{name}")
