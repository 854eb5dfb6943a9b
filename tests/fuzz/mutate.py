# SPDX-License-Identifier: Apache-2.0
"""Packets that are nearly right, and packets that are noise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.fuzz.judge import DIRECT
from tests.fuzz.sctp import ip_packet, sctp_packet
from tests.progrun.director import FROM_SERVER
from tests.progrun.icmp import about
from tests.progrun.packets import (
    FRAGMENT_HEADER,
    INBOUND_MACS,
    MORE_FRAGMENTS,
    TCP,
    UDP,
    Packet,
    checksum,
    end,
    framed,
)
from tests.reference.tcp_states import ACK, FIN, RST, SYN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

CLIENTS = (end("10.1.8.5:1000"), end("[2001:db8:8::5]:1000"))
VIRTUALS = ("10.0.0.1:{}", "[2001:db8::1]:{}")
REALS = ("10.2.1.100:{}", "[2001:db8:2:1::100]:{}")
ROUTERS = ("10.2.1.1:0", "[2001:db8:2:1::1]:0")
INTERESTING = bytes((0, 1, 4, 6, 17, 44, 58, 60, 64, 127, 128, 254, 255))
_ESP, _AH = 50, 51
NUMBERS = (0, 1, 7, 8, 19, 20, 39, 40, 60, 1279, 1280, 1499, 1500, 1501, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF)


def seeds() -> list[tuple[bytes, bool]]:
    """Valid frames, and whether they come from the servers' side."""
    found = [(packet.frame(), packet.macs == FROM_SERVER) for packet in _packets()]
    return found + list(_errors()) + list(_other_protocols())


def _packets() -> Iterator[Packet]:
    for client, virtual, real in zip(CLIENTS, VIRTUALS, REALS, strict=True):
        ipv4 = len(client[0]) == 4
        for protocol in (TCP, UDP):
            for port in (80, 81, 82, DIRECT, 84, 85):
                for flags in (SYN, ACK, FIN | ACK, RST, SYN | ACK):
                    yield Packet(client, end(virtual.format(port)), protocol, flags, data=b"data of it")
                    yield Packet(end(real.format(port)), client, protocol, flags, macs=FROM_SERVER)
            whole = Packet(client, end(virtual.format(80)), protocol, data=bytes(range(256)) * 5)
            yield whole
            yield replace(whole, ttl=1)
            if ipv4:
                yield replace(whole, bits=0, destination=end(virtual.format(82)))
                yield replace(whole, bits=MORE_FRAGMENTS, cut=(0, 96))
                yield replace(whole, bits=12, cut=(96, 200))
                yield replace(whole, options=b"\x94\x04\0\0" * 3)
                yield replace(whole, summed=False)
            else:
                head = (FRAGMENT_HEADER, b"\0" + (1).to_bytes(2, "big") + bytes(4))
                tail = (FRAGMENT_HEADER, b"\0" + (96).to_bytes(2, "big") + bytes(4))
                pad, wide = (0, b"\0\x01\x04\0\0\0\0"), (60, b"\x01\x01\x0c" + bytes(12))
                yield replace(whole, extensions=(head,), cut=(0, 96))
                yield replace(whole, extensions=(tail,), cut=(96, 200))
                yield replace(whole, extensions=(pad, wide), data=b"x")
                yield replace(whole, extensions=(wide,) * 5, data=b"x")


def _other_protocols() -> Iterator[tuple[bytes, bool]]:
    """SCTP with the chunks that move states, and AH and ESP beside the datagrams that they follow."""
    for client, virtual, real in zip(CLIENTS, VIRTUALS, REALS, strict=True):
        for kind in (0, 1, 2, 6, 7, 8, 10, 11, 14):
            for port, mapped in ((80, 80), (81, 8081), (82, 82), (DIRECT, DIRECT)):
                yield framed(sctp_packet(client, end(virtual.format(port)), kind, b"data of it"), INBOUND_MACS), False
                yield framed(sctp_packet(end(real.format(mapped)), client, kind, b"answer"), FROM_SERVER), True
        keys, served = (client[0], 500), end(real.format(500))
        yield Packet(keys, end(virtual.format(500)), UDP, data=b"keys").frame(), False
        yield Packet(served, keys, UDP, data=b"keys", macs=FROM_SERVER).frame(), True
        for protocol in (_ESP, _AH):
            secret = bytes((59, 4, 0, 0)) + b"\0\0\0\7" * 6
            yield framed(ip_packet(keys[0], end(virtual.format(0))[0], protocol, secret), INBOUND_MACS), False
            yield framed(ip_packet(served[0], keys[0], protocol, secret), FROM_SERVER), True


def _errors() -> Iterator[tuple[bytes, bool]]:
    for client, virtual, real, router in zip(CLIENTS, VIRTUALS, REALS, ROUTERS, strict=True):
        kinds = ((3, 3), (11, 0), (8, 0)) if len(client[0]) == 4 else ((1, 4), (2, 0), (128, 0))
        for kind in kinds:
            for protocol in (TCP, UDP):
                went = Packet(client, end(real.format(80)), protocol, data=b"request").ip()
                came = Packet(end(virtual.format(80)), client, protocol, ACK, data=b"answer").ip()
                yield framed(about(end(router), client, kind, went), FROM_SERVER), True
                yield framed(about(end(router), end(virtual.format(80)), kind, came), INBOUND_MACS), False


class Mutator:
    """An endless row of frames; the same for the same random numbers."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._seeds = seeds()
        self._ways = (
            self._flip,
            self._flip,
            self._overwrite,
            self._overwrite,
            self._cut,
            self._lengthen,
            self._numbers,
            self._extend,
            self._fragment,
            self._repeat,
        )

    def next(self) -> tuple[bytes, bool]:
        """A frame, and whether it comes from the servers' side."""
        random = self._random
        dice = random.getrandbits(8)
        frame, inner = random.choice(self._seeds)
        if dice < 4:
            return frame[: 14 * (dice & 1)].ljust(14, b"\x08") + random.randbytes(random.getrandbits(8)), inner
        out = bytearray(frame)
        if dice >= 32:
            self._client_port(out)
        if dice >= 96:
            for _ in range(1 + (random.getrandbits(2) & random.getrandbits(2))):
                random.choice(self._ways)(out)
            if dice & 1:
                mend(out)
        return bytes(out), inner

    def _client_port(self, out: bytearray) -> None:
        """One of some thousand clients' ports, in TCP and UDP without extras; elsewhere it is noise."""
        start = 34 if out[14] == 0x45 else 54
        if len(out) < start + 20 or out[23 if start == 34 else 20] not in (TCP, UDP):
            return
        place = start if out[6:12] != FROM_SERVER[6:] else start + 2
        old, new = bytes(out[place : place + 2]), (1000 + self._random.getrandbits(11)).to_bytes(2, "big")
        out[place : place + 2] = new
        place = start + (16 if out[23 if start == 34 else 20] == TCP else 6)
        # RFC 1624, so that whole and cut packets stay as right or wrong as they were.
        value = ~int.from_bytes(out[place : place + 2], "big") & 0xFFFF
        value = (value + (~int.from_bytes(old, "big") & 0xFFFF) + int.from_bytes(new, "big")) % 0xFFFF
        out[place : place + 2] = (~value & 0xFFFF).to_bytes(2, "big")

    def _flip(self, out: bytearray) -> None:
        for _ in range(1 + self._random.getrandbits(2)):
            # Mostly in the headers.
            place = self._random.randrange(12, min(len(out), 90)) if len(out) > 12 else 0
            out[place] ^= 1 << self._random.getrandbits(3)

    def _overwrite(self, out: bytearray) -> None:
        if len(out) > 14:
            out[self._random.randrange(14, len(out))] = self._random.choice(INTERESTING)

    def _cut(self, out: bytearray) -> None:
        del out[max(14, self._random.randrange(len(out) + 1)) :]

    def _lengthen(self, out: bytearray) -> None:
        out += self._random.randbytes(self._random.getrandbits(6))

    def _numbers(self, out: bytearray) -> None:
        """A length field, or any two bytes, get a number of note."""
        place = self._random.choice((16, 18, 38, 58, self._random.randrange(14, max(15, len(out)))))
        if place + 2 <= len(out):
            out[place : place + 2] = self._random.choice(NUMBERS).to_bytes(2, "big")

    def _extend(self, out: bytearray) -> None:
        """Extension headers of any kind behind the IPv6 header, options behind the IPv4 one."""
        count = 1 + self._random.getrandbits(3)
        if len(out) > 54 and out[14] >> 4 == 6:
            for _ in range(count):
                kind = self._random.choice((0, 43, 44, 51, 60, 59, 135))
                out[54:54] = bytes((out[20], self._random.choice((0, 0, 1, 2, 255)))) + self._random.randbytes(6)
                out[20] = kind
            if self._random.getrandbits(2):
                out[18:20] = (len(out) - 54 & 0xFFFF).to_bytes(2, "big")
        elif len(out) > 34 and out[14] == 0x45:
            out[34:34] = self._random.randbytes(4 * count)
            out[14] += count
            out[16:18] = (len(out) - 14 & 0xFFFF).to_bytes(2, "big")

    def _fragment(self, out: bytearray) -> None:
        if len(out) > 34 and out[14] >> 4 == 4:
            out[20:22] = self._random.choice((0x2000, 0x0001, 0x200C, 0x1FFF, 0x8000, 0x0000)).to_bytes(2, "big")

    def _repeat(self, out: bytearray) -> None:
        """A piece of the packet once more, somewhere else: headers in headers."""
        if len(out) > 40:
            start, place = self._random.randrange(14, len(out)), self._random.randrange(14, len(out))
            out[place:place] = out[start : start + 8 * (1 + self._random.getrandbits(3))]
            del out[3000:]


def mend(out: bytearray) -> None:
    """Make the IPv4 header's checksum right, where there is a header."""
    if len(out) < 34 or out[14] >> 4 != 4:
        return
    size = (out[14] & 15) * 4
    if 20 <= size <= len(out) - 14:
        out[24:26] = bytes(2)
        out[24:26] = checksum(bytes(out[14 : 14 + size])).to_bytes(2, "big")
