# SPDX-License-Identifier: Apache-2.0
"""A tap device: what is sent to it is read from a descriptor, what is written there comes in by it.

Each frame has a struct virtio_net_hdr before it, so that large packets (GSO) and checksums that are left to the device go
through as they are.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import struct
from contextlib import suppress
from errno import ENODEV, ENOENT
from typing import Final

from xlvs.linux import device
from xlvs.model.errors import KernelError, NotSupported, PermissionDenied

FRAME_MAX: Final = 10 + 65536 + 64
_NODE: Final = "/dev/net/tun"
_MAJOR, _MINOR = 10, 200
_TUNSETIFF: Final = 0x400454CA
_TUNSETOFFLOAD: Final = 0x400454D0
_IFF_TAP, _IFF_NO_PI, _IFF_VNET_HDR = 0x0002, 0x1000, 0x4000
# Checksums, TSO of both families and with ECN; UDP's from Linux 6.2 on.
_OFFLOADS: Final = (0x01 | 0x02 | 0x04 | 0x08 | 0x20 | 0x40, 0x01 | 0x02 | 0x04 | 0x08)
_SIOCSIFFLAGS: Final = 0x8914
_SIOCSIFTXQLEN: Final = 0x8943
_IFF_UP, _IFF_NOARP = 0x01, 0x80
_QUEUE: Final = 10_000  # packets that wait for the reader


def open_tap(name: str) -> int:
    """A descriptor, not blocking, of a new tap device that is up and says nothing of itself; it ends with the descriptor.

    Raises NotSupported where the kernel has no tap devices, KernelError.
    """
    descriptor = _open_node()
    try:
        fcntl.ioctl(
            descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TAP | _IFF_NO_PI | _IFF_VNET_HDR)
        )
        _offload(descriptor)
        # Its kernel end would announce itself to multicast groups, and the reader would take that for packets.
        device.set_switch(f"ipv6/conf/{name}/disable_ipv6", 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, _SIOCSIFTXQLEN, struct.pack("16si20x", name.encode(), _QUEUE))
            fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH22x", name.encode(), _IFF_UP | _IFF_NOARP))
    except OSError as error:
        os.close(descriptor)
        raise KernelError(f"making the device {name}", error.errno or 0) from None
    return descriptor


def _open_node() -> int:
    """Opening it loads the driver. Where nobody made the node, as in small systems and containers, it is made."""
    if not os.path.exists(_NODE):
        with suppress(OSError):
            os.makedirs(os.path.dirname(_NODE), exist_ok=True)
            os.mknod(_NODE, stat.S_IFCHR | 0o666, os.makedev(_MAJOR, _MINOR))
    try:
        return os.open(_NODE, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    except PermissionError:
        raise PermissionDenied(f"opening {_NODE}") from None
    except OSError as error:
        why = "the kernel has no tap devices" if error.errno in (ENOENT, ENODEV) else f"{_NODE}: {error.strerror}"
        raise NotSupported("holding packets", why, "try `modprobe tun`") from None


def _offload(descriptor: int) -> None:
    for offloads in _OFFLOADS:
        with suppress(OSError):
            fcntl.ioctl(descriptor, _TUNSETOFFLOAD, offloads)
            return
