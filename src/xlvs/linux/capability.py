# SPDX-License-Identifier: Apache-2.0
"""What this host must have before anything else is tried; each lack is one sentence with its remedy."""

import os
import sys
from typing import Final

from xlvs.model.errors import KernelError, NotSupported, PermissionDenied

OLDEST_KERNEL: Final = (6, 1)
CAP_NET_ADMIN: Final = 12
CAP_SYS_ADMIN: Final = 21
CAP_BPF: Final = 39


def kernel_version() -> tuple[int, int]:
    """Major and minor version of the running kernel."""
    return parse_release(os.uname().release)


def parse_release(release: str) -> tuple[int, int]:
    """Major and minor version in a release name such as `6.1.0-18-amd64`; (0, 0) when there is none."""
    parts = release.replace("-", ".").replace("+", ".").split(".")
    try:
        return int(parts[0]), int(parts[1])
    except (ValueError, IndexError):
        return 0, 0


def effective_capabilities() -> int:
    """This thread's effective capabilities as a bit set."""
    with open("/proc/thread-self/status", encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith("CapEff:"):
                return int(line.split()[1], 16)
    return 0


def has_capability(number: int) -> bool:
    """Whether the effective set holds capability `number`; CAP_SYS_ADMIN stands in for CAP_BPF, as in the kernel."""
    capabilities = effective_capabilities()
    alternatives = (number, CAP_SYS_ADMIN) if number == CAP_BPF else (number,)
    return any(capabilities >> each & 1 for each in alternatives)


def require_rights(operation: str) -> None:
    """Raise PermissionDenied unless we may load BPF programs, attach them and edit their tables."""
    if has_capability(CAP_BPF) and has_capability(CAP_NET_ADMIN):
        return
    if os.geteuid() == 0:  # in a container, mostly
        raise PermissionDenied(operation, "root lacks CAP_BPF or CAP_NET_ADMIN here: allow them, or run it on the host")
    raise PermissionDenied(operation)


def require_kernel() -> None:
    """Raise NotSupported on a kernel older than 6.1."""
    if kernel_version() < OLDEST_KERNEL:
        why = f"this is Linux {os.uname().release}, and 6.1 is the oldest that works"
        raise NotSupported("xlvs", why, "boot a newer kernel")


def require_libbpf() -> None:
    """Raise NotSupported when libbpf 1.x is missing."""
    from xlvs.linux.libbpf import library

    library()


def require_bpf() -> None:
    """Raise when bpf(2) is refused although we have the rights: not in this kernel, or forbidden in this container."""
    from xlvs.linux.bpf_map import TYPE_ARRAY, Map

    try:
        Map.create(TYPE_ARRAY, "xlvs_probe", 4, 4, 1).close()
    except PermissionDenied:
        remedy = "allow bpf(2) in the container's seccomp profile, or run it on the host"
        raise PermissionDenied("the system call bpf(2)", remedy) from None
    except KernelError as error:
        why = f"the system call bpf(2) fails: {os.strerror(error.errno)}"
        raise NotSupported("eBPF", why, "use a kernel with CONFIG_BPF_SYSCALL") from None


def require_byte_order() -> None:
    """Raise NotSupported on a big-endian machine, for which no packet path is built."""
    if sys.byteorder != "little" or sys.maxsize < 1 << 32:
        raise NotSupported("xlvs", "the packet path is built for 64-bit little-endian machines only")


def require_director(operation: str) -> None:
    """All of the above, the most likely lack first."""
    require_kernel()
    require_byte_order()
    require_rights(operation)
    require_libbpf()
    require_bpf()
