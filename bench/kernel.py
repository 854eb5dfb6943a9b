# SPDX-License-Identifier: Apache-2.0
"""What the measurements need of libbpf: load objects, run programs, read what maps weigh.

Deliberately not the binding of the package under test: a bench that loads the package's own loader would measure, and
break, with it.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

PROG_TYPE_SCHED_CLS = 3
PROG_TYPE_XDP = 6
_MAP_UPDATE, _MAP_LOOKUP = 2, 1
_OBJ_GET = 7
_SYS_BPF = 321 if os.uname().machine == "x86_64" else 280


class BenchError(Exception):
    """A measurement cannot be made here; the message says why."""


class _RunOpts(ctypes.Structure):
    """struct bpf_test_run_opts of libbpf 1.0."""

    _fields_ = [
        ("sz", ctypes.c_size_t),
        ("data_in", ctypes.c_char_p),
        ("data_out", ctypes.c_void_p),
        ("data_size_in", ctypes.c_uint32),
        ("data_size_out", ctypes.c_uint32),
        ("ctx_in", ctypes.c_void_p),
        ("ctx_out", ctypes.c_void_p),
        ("ctx_size_in", ctypes.c_uint32),
        ("ctx_size_out", ctypes.c_uint32),
        ("retval", ctypes.c_uint32),
        ("repeat", ctypes.c_int),
        ("duration", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("cpu", ctypes.c_uint32),
        ("batch_size", ctypes.c_uint32),
    ]


_PRINT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)


def _open_library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libbpf.so.1", use_errno=True)
    except OSError as problem:
        raise BenchError(f"libbpf.so.1 is missing: {problem}") from problem
    for name in ("bpf_object__open_file", "bpf_object__next_map", "bpf_object__next_program"):
        getattr(library, name).restype = ctypes.c_void_p
    library.bpf_map__name.restype = ctypes.c_char_p
    library.bpf_program__name.restype = ctypes.c_char_p
    return library


_library: ctypes.CDLL | None = None


def library() -> ctypes.CDLL:
    """libbpf, opened once."""
    global _library
    if _library is None:
        _library = _open_library()
    return _library


def run(fd: int, packet: bytes, repeat: int = 1, context: bytes | None = None) -> tuple[int, int, bytes]:
    """Run a program `repeat` times on one packet: (return value, ns per run as the kernel counts it, packet out)."""
    out = ctypes.create_string_buffer(4096)
    held = ctypes.create_string_buffer(context, len(context)) if context else None
    opts = _RunOpts(
        sz=ctypes.sizeof(_RunOpts),
        data_in=packet,
        data_size_in=len(packet),
        data_out=ctypes.addressof(out),
        data_size_out=len(out),
        repeat=repeat,
    )
    if held is not None and context is not None:
        opts.ctx_in, opts.ctx_size_in = ctypes.addressof(held), len(context)
    if library().bpf_prog_test_run_opts(fd, ctypes.byref(opts)) < 0:
        problem = ctypes.get_errno()
        raise BenchError(f"test run failed: {os.strerror(problem)}")
    return opts.retval, opts.duration, out.raw[: opts.data_size_out]


def run_syscall(fd: int, context: bytes) -> tuple[int, bytes]:
    """Run a BPF_PROG_TYPE_SYSCALL program once: (return value, its context afterwards)."""
    held = ctypes.create_string_buffer(context, len(context))
    opts = _RunOpts(sz=ctypes.sizeof(_RunOpts), ctx_in=ctypes.addressof(held), ctx_size_in=len(context))
    if library().bpf_prog_test_run_opts(fd, ctypes.byref(opts)) < 0:
        raise BenchError(f"test run failed: {os.strerror(ctypes.get_errno())}")
    return opts.retval, held.raw


def open_pinned(path: Path) -> int:
    """The descriptor of a pinned program or map."""
    library().bpf_obj_get.argtypes = [ctypes.c_char_p]
    fd: int = library().bpf_obj_get(os.fsencode(path))
    if fd < 0:
        raise BenchError(f"{path}: {os.strerror(ctypes.get_errno())}")
    return fd


def map_update(fd: int, key: bytes, value: bytes) -> None:
    """Set one element of a map."""
    if library().bpf_map_update_elem(fd, key, value, ctypes.c_uint64(0)) < 0:
        raise BenchError(f"map update: {os.strerror(ctypes.get_errno())}")


def map_info(fd: int) -> dict[str, int]:
    """The numbers of /proc/self/fdinfo for a map: `map_type`, `max_entries`, `memlock` (bytes), ..."""
    fields: dict[str, int] = {}
    for line in Path(f"/proc/self/fdinfo/{fd}").read_text().splitlines():
        name, _, value = line.partition(":")
        if value.strip().isdigit():
            fields[name.strip()] = int(value)
    return fields


class Object:
    """A loaded BPF object; its programs and maps go when it is closed."""

    def __init__(self, path: Path, program_type: int | None = None) -> None:
        self.path = path
        libbpf = library()
        self._silence = _PRINT(lambda level, form, rest: 0)
        if not os.environ.get("BENCH_LIBBPF"):
            libbpf.libbpf_set_print(self._silence)
        self._handle = ctypes.c_void_p(libbpf.bpf_object__open_file(os.fsencode(path), None))
        if not self._handle:
            raise BenchError(f"{path}: cannot be opened as a BPF object")
        if program_type is not None:
            for program in self._programs():
                libbpf.bpf_program__set_type(program, program_type)
        if libbpf.bpf_object__load(self._handle) < 0:
            raise BenchError(f"{path}: the kernel refuses it (BENCH_LIBBPF=1 shows why)")
        self.programs = {libbpf.bpf_program__name(p).decode(): libbpf.bpf_program__fd(p) for p in self._programs()}
        self.maps = {libbpf.bpf_map__name(m).decode(): libbpf.bpf_map__fd(m) for m in self._maps()}

    def _programs(self) -> Iterator[ctypes.c_void_p]:
        item = library().bpf_object__next_program(self._handle, None)
        while item:
            yield ctypes.c_void_p(item)
            item = library().bpf_object__next_program(self._handle, ctypes.c_void_p(item))

    def _maps(self) -> Iterator[ctypes.c_void_p]:
        item = library().bpf_object__next_map(self._handle, None)
        while item:
            yield ctypes.c_void_p(item)
            item = library().bpf_object__next_map(self._handle, ctypes.c_void_p(item))

    def globals(self, section: str = ".bss") -> mmap.mmap:
        """The object's global variables of one section as shared memory."""
        for name, fd in self.maps.items():
            if name.endswith(section):
                return mmap.mmap(fd, 4096)
        raise BenchError(f"{self.path}: no {section}")

    def close(self) -> None:
        """Give the object's programs and maps back to the kernel."""
        library().bpf_object__close(self._handle)


def compile_object(source: Path, target: Path, extra: tuple[str, ...] = ()) -> Path:
    """Compile one BPF C file with clang, or with the clang inside ziglang; skipped when `target` is newer."""
    newest = max(path.stat().st_mtime for path in source.parent.glob("*.[ch]"))
    if target.exists() and target.stat().st_mtime >= newest:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    include = f"-I/usr/include/{os.uname().machine}-linux-gnu"
    flags = ["-O2", "-g", "-mcpu=v3", "-Wall", include, *extra, "-c", str(source), "-o", str(target)]
    done = subprocess.run(["clang", "-target", "bpfel", *flags], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{source}: {done.stderr.strip()}")
    return target
