# SPDX-License-Identifier: Apache-2.0
"""The measurements' own BPF objects: compiled as the packet path is, loaded by the same library; what a map weighs."""

from __future__ import annotations

import sys
from pathlib import Path

from xlvs.linux.bpf_object import Object

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "bench"


class BenchError(Exception):
    """A measurement cannot be made here; the text says why."""


def compiled(source: Path, name: str = "", extra: tuple[str, ...] = ()) -> Path:
    """The object of one BPF C file below the project, made if need be; `extra` are compiler options, `name` its own name."""
    sys.path.insert(0, str(ROOT / "tools"))
    import build_bpf

    target = BUILD / f"{name or source.name.removesuffix('.bpf.c')}.bpf.o"
    found = build_bpf.choose_compiler(ROOT)
    compiler = build_bpf.Compiler([*found.command, *extra], found.environment)
    stamp = target.with_suffix(".stamp")
    wanted = build_bpf.fingerprint(compiler, source, sorted(source.parent.glob("*.h")))
    if not (target.exists() and stamp.exists() and stamp.read_text() == wanted):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            build_bpf.compile_object(compiler, ROOT, source, target)
        except build_bpf.BuildError as problem:
            raise BenchError(str(problem)) from problem
        stamp.write_text(wanted)
    return target


def loaded(path: Path) -> Object:
    """A compiled object, loaded; the caller closes it."""
    opened = Object.open(str(path))
    opened.load()
    return opened


def map_bytes(fd: int) -> int:
    """Kernel memory of a map in bytes (/proc/self/fdinfo)."""
    for line in Path(f"/proc/self/fdinfo/{fd}").read_text().splitlines():
        if line.startswith("memlock:"):
            return int(line.split()[1])
    return 0
