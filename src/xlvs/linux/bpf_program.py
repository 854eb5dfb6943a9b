# SPDX-License-Identifier: Apache-2.0
"""BPF programs: what they are, and running one on given data (BPF_PROG_TEST_RUN)."""

import ctypes
from ctypes import addressof, byref, c_int, c_uint32, c_void_p, create_string_buffer
from typing import Final, NamedTuple, Self

from xlvs.linux.handle import Handle, open_pin
from xlvs.linux.kernel_info import ProgramInfo, program_info
from xlvs.linux.libbpf import check, library

TYPE_SCHED_CLS: Final = 3
TYPE_XDP: Final = 6
TYPE_SYSCALL: Final = 31
LIVE_FRAMES: Final = 2
_HEADROOM: Final = 512


class RunOutcome(NamedTuple):
    """Outcome of a test run: what the program returned (signed), the packet and context as it left them, ns per repetition."""

    retval: int
    data: bytes
    context: bytes
    duration_ns: int


class _TestRunOptions(ctypes.Structure):
    _fields_ = [
        ("sz", ctypes.c_size_t),
        ("data_in", c_void_p),
        ("data_out", c_void_p),
        ("data_size_in", c_uint32),
        ("data_size_out", c_uint32),
        ("ctx_in", c_void_p),
        ("ctx_out", c_void_p),
        ("ctx_size_in", c_uint32),
        ("ctx_size_out", c_uint32),
        ("retval", c_int),
        ("repeat", c_int),
        ("duration", c_uint32),
        ("flags", c_uint32),
        ("cpu", c_uint32),
        ("batch_size", c_uint32),
    ]


class Program(Handle):
    """A loaded program."""

    @classmethod
    def from_pin(cls, path: str) -> Self:
        """Open the program pinned at `path`."""
        return cls(open_pin(path))

    @classmethod
    def from_id(cls, program_id: int) -> Self:
        """Open the program with the kernel-wide number `program_id`."""
        return cls(check(f"opening program {program_id}", library().bpf_prog_get_fd_by_id(program_id)))

    @property
    def info(self) -> ProgramInfo:
        """The kernel's description, asked anew at each access."""
        return program_info(self.fd)

    def test_run(
        self, data: bytes, *, context: bytes = b"", repeat: int = 1, room: int = _HEADROOM, flags: int = 0
    ) -> RunOutcome:
        """Run a tc or XDP program on the packet `data` (from the Ethernet header on), `repeat` times.

        The packet is copied in once, so every repetition after the first sees what the one before it left.
        `context`: a `__sk_buff` or `xdp_md`; `room`: by how many bytes the packet may grow. With LIVE_FRAMES the frames
        of an XDP program really travel, and nothing comes back.
        """
        live = bool(flags & LIVE_FRAMES)
        packet = create_string_buffer(0 if live else len(data) + room)
        after = create_string_buffer(0 if live else len(context))
        options = _TestRunOptions(repeat=repeat, flags=flags, data_size_in=len(data), ctx_size_in=len(context))
        source, ctx_source = (ctypes.c_char_p(data), ctypes.c_char_p(context))
        options.data_in = ctypes.cast(source, c_void_p)
        options.data_out, options.data_size_out = _target(packet)
        if context:
            options.ctx_in = ctypes.cast(ctx_source, c_void_p)
            options.ctx_out, options.ctx_size_out = _target(after)
        self._run(options)
        return RunOutcome(
            options.retval, packet.raw[: options.data_size_out], after.raw[: options.ctx_size_out], options.duration
        )

    def call(self, context: bytes = b"") -> RunOutcome:
        """Run a SYSCALL program once on `context`; the outcome's `context` is the argument as the program left it."""
        argument = create_string_buffer(context, len(context)) if context else create_string_buffer(0)
        options = _TestRunOptions(ctx_size_in=len(context))
        if context:
            options.ctx_in = addressof(argument)  # the kernel writes the argument back here
        self._run(options)
        return RunOutcome(options.retval, b"", argument.raw, options.duration)

    def _run(self, options: _TestRunOptions) -> None:
        options.sz = ctypes.sizeof(options)
        check("running a program on test data", library().bpf_prog_test_run_opts(self.fd, byref(options)))


def _target(buffer: "ctypes.Array[ctypes.c_char]") -> tuple[int | None, int]:
    return (addressof(buffer), len(buffer)) if len(buffer) else (None, 0)
