# SPDX-License-Identifier: Apache-2.0
"""BPF links: an attachment as an object. It lasts as long as a descriptor or a pin of it does."""

import ctypes
import io
import os
from ctypes import byref, c_uint32, c_uint64, c_void_p
from typing import Final, Self

from xlvs.linux.handle import Handle, open_pin
from xlvs.linux.kernel_info import LinkInfo, link_info
from xlvs.linux.libbpf import check, library

ATTACH_SOCK_OPS: Final = 3
ATTACH_TRACE_ITER: Final = 28
ATTACH_GETPEERNAME_IPV4: Final = 29
ATTACH_GETPEERNAME_IPV6: Final = 30
ATTACH_XDP: Final = 37
ATTACH_TCX_INGRESS: Final = 46
ATTACH_TCX_EGRESS: Final = 47
XDP_GENERIC: Final = 2
XDP_NATIVE: Final = 4
_REPLACE: Final = 4
_BEFORE: Final = 8  # BPF_F_BEFORE; without another program named: before all of them


class _CreateOptions(ctypes.Structure):
    _fields_ = [
        ("sz", ctypes.c_size_t),
        ("flags", c_uint32),
        ("iter_info", c_void_p),
        ("iter_info_len", c_uint32),
        ("target_btf_id", c_uint32),
        ("rest", c_uint64 * 5),
    ]


class _UpdateOptions(ctypes.Structure):
    _fields_ = [("sz", ctypes.c_size_t), ("flags", c_uint32), ("old_prog_fd", c_uint32)]


class Link(Handle):
    """One attachment. Closing the last descriptor of a link that is not pinned detaches it."""

    @classmethod
    def tcx(cls, program_fd: int, ifindex: int, attach_type: int = ATTACH_TCX_INGRESS, *, first: bool = False) -> Self:
        """Attach to a device's ingress or egress, behind what is there, or before it when `first`.

        EINVAL: this kernel has no TCX (before 6.6).
        """
        options = _CreateOptions(flags=_BEFORE) if first else None
        return cls(_create(program_fd, ifindex, attach_type, options, "attaching by TCX"))

    @classmethod
    def xdp(cls, program_fd: int, ifindex: int, mode: int) -> Self:
        """Attach in mode XDP_NATIVE or XDP_GENERIC. EBUSY: taken; EEXIST: the other mode is taken; EOPNOTSUPP: none."""
        return cls(_create(program_fd, ifindex, ATTACH_XDP, _CreateOptions(flags=mode), "attaching XDP"))

    @classmethod
    def cgroup(cls, program_fd: int, group_fd: int, attach_type: int) -> Self:
        """Attach to a control group, beside what is there."""
        return cls(_create(program_fd, group_fd, attach_type, None, "attaching to a control group"))

    @classmethod
    def map_iterator(cls, program_fd: int, map_fd: int) -> Self:
        """Bind an `iter/bpf_map_elem` program to a map; pinned, it is a file that `cat` reads."""
        target = (c_uint32 * 4)(map_fd)
        options = _CreateOptions(iter_info=ctypes.addressof(target), iter_info_len=ctypes.sizeof(target))
        return cls(_create(program_fd, 0, ATTACH_TRACE_ITER, options, "binding an iterator to a map"))

    @classmethod
    def iterator(cls, program_fd: int) -> Self:
        """Bind an iterator program that walks no map of ours (for instance `iter/bpf_map`)."""
        return cls(_create(program_fd, 0, ATTACH_TRACE_ITER, None, "binding an iterator"))

    @classmethod
    def from_pin(cls, path: str) -> Self:
        """Open the link pinned at `path`."""
        return cls(open_pin(path))

    @classmethod
    def from_id(cls, link_id: int) -> Self:
        """Open the link with the kernel-wide number `link_id`."""
        return cls(check(f"opening link {link_id}", library().bpf_link_get_fd_by_id(link_id)))

    @property
    def info(self) -> LinkInfo:
        """The kernel's description, asked anew at each access."""
        return link_info(self.fd)

    def update(self, program_fd: int, expected_fd: int | None = None) -> None:
        """Put another program in place between two packets; with `expected_fd`, only if that one is there (EPERM)."""
        options = _UpdateOptions(sz=ctypes.sizeof(_UpdateOptions))
        if expected_fd is not None:
            options.flags, options.old_prog_fd = _REPLACE, expected_fd
        check("replacing an attached program", library().bpf_link_update(self.fd, program_fd, byref(options)))

    def detach(self) -> None:
        """Detach now, although descriptors or pins remain."""
        check("detaching a program", library().bpf_link_detach(self.fd))

    def read(self) -> io.FileIO:
        """One pass of an iterator link, as an unbuffered file."""
        fd = check("starting an iterator", library().bpf_iter_create(self.fd))
        return os.fdopen(fd, "rb", buffering=0)


def _create(program_fd: int, target: int, attach_type: int, options: _CreateOptions | None, operation: str) -> int:
    if options is not None:
        options.sz = ctypes.sizeof(options)
    reference = None if options is None else byref(options)
    return check(operation, library().bpf_link_create(program_fd, target, attach_type, reference))
