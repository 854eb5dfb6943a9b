# SPDX-License-Identifier: Apache-2.0
"""Whole frames as an interface sends and gets them: packet(7), with what offloads leave open and the kernel's own stamps."""

from __future__ import annotations

import socket
import struct
from errno import EINVAL, ENETDOWN
from typing import Final, NamedTuple

from xlvs.model.errors import KernelError, PermissionDenied

_ETH_P_ALL: Final = 0x0003
_SOL_PACKET: Final = 263
_ADD_MEMBERSHIP, _STATISTICS, _AUXDATA, _VNET_HDR = 1, 6, 8, 15
_PROMISCUOUS: Final = 1
_SO_RCVBUFFORCE, _SO_ATTACH_BPF, _SO_TIMESTAMPNS_NEW = 33, 50, 64
_BUFFER: Final = 32 << 20
_OUTGOING: Final = 4
_VLAN_VALID, _VLAN_TPID_VALID = 1 << 4, 1 << 6
_ETH_P_8021Q: Final = 0x8100
_AUX: Final = struct.Struct("=IIIHHHH")
_OFFLOAD: Final = struct.Struct("=BBHHHH")
_STAMP: Final = struct.Struct("=qq")
_ANCILLARY: Final = 128
_NEEDS_CHECKSUM: Final = 1
_NANOSECONDS: Final = 1_000_000_000


class Frame(NamedTuple):
    """One frame, VLAN tag included; `time_ns` since 1970.

    `checksum`: where the sum of the rest has still to be put, as (start, offset of the field from it), or None; `segment`:
    payload of each packet that a large one (GSO) is to be cut into, 0 when it is none.
    """

    time_ns: int
    data: bytes
    outgoing: bool
    checksum: tuple[int, int] | None
    segment: int


class PacketSocket:
    """Frames of one interface of the current network namespace, which it keeps to."""

    def __init__(self, interface: str, program_fd: int) -> None:
        """Frames that the BPF program, a socket filter, lets through. Raises PermissionDenied, KernelError."""
        self.unreadable = 0
        try:
            # Bound last: nothing comes before the filter is there.
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        except PermissionError:
            raise PermissionDenied("opening a packet socket") from None
        try:
            self._socket.settimeout(0)
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS_NEW, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_BPF, program_fd)
            self._socket.setsockopt(_SOL_PACKET, _VNET_HDR, 1)
            self._socket.setsockopt(_SOL_PACKET, _AUXDATA, 1)
            self._socket.bind((interface, _ETH_P_ALL))
            membership = struct.pack("=iHH8s", socket.if_nametoindex(interface), _PROMISCUOUS, 0, b"")
            self._socket.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, membership)
        except OSError as error:
            self._socket.close()
            raise KernelError(f"listening to {interface}", error.errno or 0) from None

    def fileno(self) -> int:
        """Readable when there is a frame."""
        return self._socket.fileno()

    def read(self) -> Frame | None:
        """The next frame; None when there is none now."""
        while True:
            try:
                data, ancillary, _, address = self._socket.recvmsg(_OFFLOAD.size + 65536 + 64, _ANCILLARY)
            except BlockingIOError:
                return None
            except OSError as error:
                if error.errno == EINVAL:  # a large one of a kind that this kernel cannot describe
                    self.unreadable += 1
                    continue
                if error.errno == ENETDOWN:  # told once; frames come again when the interface is up
                    continue
                raise KernelError("reading a frame", error.errno or 0) from None
            return _frame(data, {(level, kind): value for level, kind, value in ancillary}, address[2] == _OUTGOING)

    def dropped(self) -> int:
        """How many were lost since the last call, since nobody read them in time."""
        return int(struct.unpack("=II", self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 8))[1])

    def close(self) -> None:
        """No more of them."""
        self._socket.close()


def _frame(data: bytes, ancillary: dict[tuple[int, int], bytes], outgoing: bool) -> Frame:  # noqa: FBT001 - a field
    flags, kind, _, segment, start, offset = _OFFLOAD.unpack_from(data)
    seconds, rest = _STAMP.unpack(ancillary.get((socket.SOL_SOCKET, _SO_TIMESTAMPNS_NEW), bytes(_STAMP.size)))
    status, _, _, _, _, tci, tpid = _AUX.unpack(ancillary.get((_SOL_PACKET, _AUXDATA), bytes(_AUX.size)))
    frame, shift = data[_OFFLOAD.size :], 0
    if status & _VLAN_VALID:
        tag = struct.pack(">HH", tpid if status & _VLAN_TPID_VALID else _ETH_P_8021Q, tci)
        frame, shift = frame[:12] + tag + frame[12:], len(tag)
    checksum = (start + shift, offset) if flags & _NEEDS_CHECKSUM else None
    return Frame(seconds * _NANOSECONDS + rest, frame, outgoing, checksum, segment if kind else 0)
