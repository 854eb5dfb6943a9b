# SPDX-License-Identifier: Apache-2.0
"""A program run on packet after packet, with nothing allocated between two of them."""

from __future__ import annotations

import ctypes
from ctypes import addressof, byref, c_void_p
from typing import TYPE_CHECKING, Final

from xlvs.linux.bpf_program import _TestRunOptions
from xlvs.linux.libbpf import check, library

if TYPE_CHECKING:
    from xlvs.linux.bpf import Program

_ROOM: Final = 1 << 16


class Runner:
    """Runs one program; one thread at a time may use it. `context` is a `__sk_buff` or `xdp_md`."""

    def __init__(self, program: Program) -> None:
        self._fd = program.fd
        self._run = library().bpf_prog_test_run_opts
        self._data = ctypes.create_string_buffer(_ROOM)
        self._after = ctypes.create_string_buffer(_ROOM)
        self._context = ctypes.create_string_buffer(256)
        self._options = _TestRunOptions(repeat=1)
        self._options.sz = ctypes.sizeof(self._options)
        self._options.data_in = c_void_p(addressof(self._data))
        self._options.data_out = c_void_p(addressof(self._after))
        self._context_place = c_void_p(addressof(self._context))
        self._reference = byref(self._options)

    def run(self, frame: bytes, context: bytes) -> tuple[int, bytes]:
        """Return value, and the frame as the program left it. Raises KernelError where the kernel refuses the frame."""
        result = self.attempt(frame, context)
        check("running a program on test data", result)
        return self.retval, self.after

    def attempt(self, frame: bytes, context: bytes) -> int:
        """Run it; 0, or a negative errno."""
        options = self._options
        ctypes.memmove(self._data, frame, len(frame))
        ctypes.memmove(self._context, context, len(context))
        options.data_size_in = len(frame)
        options.data_size_out = _ROOM
        options.ctx_size_in = len(context)
        options.ctx_in = self._context_place if context else None
        return int(self._run(self._fd, self._reference))

    @property
    def retval(self) -> int:
        """What the program returned last."""
        return int(self._options.retval)

    @property
    def after(self) -> bytes:
        """The frame as the program left it last."""
        return ctypes.string_at(self._after, self._options.data_size_out)
