# SPDX-License-Identifier: Apache-2.0
"""Asking a network who has an address: ARP probes (RFC 5227) and neighbour solicitations (RFC 4861, RFC 4862 5.4).

Both are asked in nobody's name, so no neighbour's cache learns anything from them.
"""

import socket
import struct
import time
from typing import Final

from xlvs.linux.interface import Interface
from xlvs.model.errors import PermissionDenied

_ETH_P_ARP: Final = 0x0806
_ETH_P_IPV6: Final = 0x86DD
_BROADCAST: Final = b"\xff" * 6
_ARP: Final = struct.Struct("!HHBBH6s4s6s4s")
_ASKS, _ANSWERS = 1, 2
_ICMPV6: Final = 58
_SOLICITS, _ADVERTISES = 135, 136
_TARGET_ADDRESS: Final = 2


def who_has(interface: Interface, address: bytes, *, patience_s: float) -> list[str]:
    """The hardware addresses of all that say they have `address` (4 or 16 bytes), this host left out.

    Waits the whole time, since a second answer is what matters. Raises PermissionDenied.
    """
    protocol = _ETH_P_ARP if len(address) == 4 else _ETH_P_IPV6
    try:
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
    except PermissionError:
        raise PermissionDenied("asking the network who has an address") from None
    with wire:
        wire.bind((interface.name, protocol))
        wire.send(_arp_probe(interface, address) if len(address) == 4 else _solicitation(interface, address))
        return sorted(_gather(wire, interface, address, time.monotonic() + patience_s))


def _gather(wire: socket.socket, interface: Interface, address: bytes, deadline: float) -> set[str]:
    found = set()
    while (left := deadline - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            frame = wire.recv(2048)
        except TimeoutError:
            break
        answerer = arp_answerer(frame, address) if len(address) == 4 else nd_answerer(frame, address)
        if answerer and answerer != interface.address:
            found.add(answerer.hex(":"))
    return found


def arp_answerer(frame: bytes, address: bytes) -> bytes | None:
    """Whose ARP answer for `address` this frame is; None when it is none."""
    if len(frame) < 14 + _ARP.size or frame[12:14] != _ETH_P_ARP.to_bytes(2, "big"):
        return None
    _, _, _, _, operation, hardware, sender, _, _ = _ARP.unpack_from(frame, 14)
    return hardware if operation == _ANSWERS and sender == address else None


def nd_answerer(frame: bytes, address: bytes) -> bytes | None:
    """Whose neighbour advertisement for `address` this frame is; None when it is none."""
    if len(frame) < 78 or frame[20] != _ICMPV6 or frame[54] != _ADVERTISES or frame[62:78] != address:
        return None
    options = frame[78:]
    if len(options) >= 8 and options[0] == _TARGET_ADDRESS:
        return options[2:8]
    return frame[6:12]


def _arp_probe(interface: Interface, address: bytes) -> bytes:
    body = _ARP.pack(1, 0x0800, 6, 4, _ASKS, interface.address, bytes(4), bytes(6), address)
    return _BROADCAST + interface.address + _ETH_P_ARP.to_bytes(2, "big") + body


def _solicitation(interface: Interface, address: bytes) -> bytes:
    group = bytes.fromhex("ff0200000000000000000001ff") + address[13:]
    message = struct.pack("!BBHI", _SOLICITS, 0, 0, 0) + address
    pseudo = bytes(16) + group + struct.pack("!II", len(message), _ICMPV6)
    total = int.from_bytes(pseudo + message, "big") % 0xFFFF
    message = message[:2] + ((~total & 0xFFFF) or 0xFFFF).to_bytes(2, "big") + message[4:]
    header = struct.pack("!IHBB", 6 << 28, len(message), _ICMPV6, 255) + bytes(16) + group
    ethernet = b"\x33\x33" + group[12:] + interface.address + _ETH_P_IPV6.to_bytes(2, "big")
    return ethernet + header + message
