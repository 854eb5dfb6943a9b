# SPDX-License-Identifier: Apache-2.0
"""Frames in and out of interfaces of the calling thread's network namespace, over AF_PACKET (packet(7))."""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable

_ETH_P_ALL: Final = 0x0003
_SOL_PACKET: Final = 263
_PACKET_AUXDATA: Final = 8
_PACKET_OUTGOING: Final = 4
# struct tpacket_auxdata: status, len, snaplen (u32), mac, net, vlan_tci, vlan_tpid (u16)
_AUXDATA: Final = struct.Struct("=IIIHHHH")
_CHECKSUM_NOT_READY: Final = 1 << 3
_VLAN_VALID: Final = 1 << 4
_ETHERNET_ADDRESSES: Final = 12
_LONGEST_FRAME: Final = 70_000


@dataclass(frozen=True, slots=True)
class Caught:
    """A frame that arrived. Without `checksum_ready` its sender left the checksum to hardware that is not there."""

    frame: bytes
    checksum_ready: bool


class Sniffer:
    """Everything that arrives at one interface, in order; what the interface sends itself is left out."""

    def __init__(self, interface: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self._socket.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        self._socket.bind((interface, _ETH_P_ALL))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def next(self, wanted: Callable[[bytes], bool] = bool, *, timeout_s: float = 2.0) -> Caught | None:
        """The next frame for which `wanted` is true; None when none came in time."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                data, ancillary, _, origin = self._socket.recvmsg(_LONGEST_FRAME, socket.CMSG_SPACE(_AUXDATA.size))
            except TimeoutError:
                return None
            caught = _caught(data, ancillary[0][2]) if ancillary else Caught(data, checksum_ready=True)
            if origin[2] != _PACKET_OUTGOING and wanted(caught.frame):
                return caught
        return None


def inject(interface: str, frame: bytes) -> None:
    """Send a whole Ethernet frame."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((interface, 0))
        sender.send(frame)


def _caught(data: bytes, auxiliary: bytes) -> Caught:
    """Put back the VLAN tag, which the kernel takes out of the frame on its way to us."""
    status, _, _, _, _, tag, protocol = _AUXDATA.unpack(auxiliary[: _AUXDATA.size])
    if status & _VLAN_VALID:
        tagged = struct.pack("!HH", protocol, tag)
        data = data[:_ETHERNET_ADDRESSES] + tagged + data[_ETHERNET_ADDRESSES:]
    return Caught(data, checksum_ready=not status & _CHECKSUM_NOT_READY)
