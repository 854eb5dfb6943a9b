# SPDX-License-Identifier: Apache-2.0
"""ICMP errors as they come in, and as the director must make them."""

from __future__ import annotations

from tests.progrun.director import TO_CLIENT
from tests.progrun.packets import SCTP, TCP, UDP, End, Packet, checksum, framed, icmp_message


def about(source: End, destination: End, kind: tuple[int, int], quote: bytes, *, ttl: int = 64) -> bytes:
    """An error (type, code) about the packet that `quote` is the beginning of."""
    return icmp_message(source[0], destination[0], kind, quote, rest=0x0000_0500, ttl=ttl)


def retouched(quote: bytes, *, source: End | None = None, destination: End | None = None) -> bytes:
    """A quote with another end; its layer-4 checksum stays, as in the kernel."""
    out = bytearray(quote)
    ipv4 = quote[0] >> 4 == 4
    layer4 = (quote[0] & 15) * 4 if ipv4 else 40
    size = 4 if ipv4 else 16
    place = 12 if ipv4 else 8
    for index, end in enumerate((source, destination)):
        if end is None:
            continue
        out[place + index * size : place + (index + 1) * size] = end[0]
        out[layer4 + index * 2 : layer4 + index * 2 + 2] = end[1].to_bytes(2, "big")
    if ipv4:
        out[10:12] = bytes(2)
        out[10:12] = checksum(bytes(out[:layer4])).to_bytes(2, "big")
    return bytes(out)


def answer(quoted: Packet, kind: tuple[int, int], *, rest: int = 0, to: Packet | None = None) -> bytes:
    """The frame with the director's error about a packet of the client, in the name of the virtual address.

    `quoted`: the packet as it is quoted; `to`: as it came in, when that differs.
    """
    packet = to or quoted
    assert packet.protocol in (TCP, UDP, SCTP)
    room = 576 - 28 if packet.ipv4 else 1280 - 48
    tos = 0xC0 if packet.ipv4 else 0
    message = icmp_message(
        packet.destination[0], packet.source[0], kind, quoted.ip()[:room], rest=rest, ttl=64, tos=tos
    )
    return framed(message, TO_CLIENT)
