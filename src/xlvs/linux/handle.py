# SPDX-License-Identifier: Apache-2.0
"""A kernel object held by a file descriptor: the common part of maps, programs and links."""

import os
from typing import Self

from xlvs.linux.libbpf import check, library


class Handle:
    """Owns a file descriptor (or borrows one from an `Object`) and gives it back at `close` or the end of `with`.

    Every descriptor is close-on-exec: the kernel makes those of bpf(2) so.
    """

    def __init__(self, fd: int, *, owned: bool = True) -> None:
        self.fd = fd
        self._owned = owned

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """The descriptor, so that `select` and `os` functions take the handle itself."""
        return self.fd

    def close(self) -> None:
        """Give the descriptor back; harmless when repeated, and for a borrowed one."""
        fd, self.fd = self.fd, -1
        if self._owned and fd >= 0:
            os.close(fd)

    def pin(self, path: str) -> None:
        """Give the object a name in a bpffs, so that it outlives every process. The name may hold no dot."""
        check(f"pinning {path}", library().bpf_obj_pin(self.fd, os.fsencode(path)))


def open_pin(path: str) -> int:
    """A new descriptor of whatever is pinned at `path`; the caller closes it."""
    return check(f"opening {path}", library().bpf_obj_get(os.fsencode(path)))
