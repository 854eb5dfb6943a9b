# SPDX-License-Identifier: Apache-2.0
"""What a program knew of a packet when it was done: `struct work` (bpf/ipvs/work.h), read by the object's own types."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from xlvs.linux.bpf import Btf


class Parsed(NamedTuple):
    """A packet as the program read it; `family` 0: it did not come that far. Addresses are 16 bytes, as in the maps."""

    src: bytes
    dst: bytes
    sport: int
    dport: int
    protocol: int
    family: int
    tcp_flags: int
    part: int
    length: int
    segment: int
    mark: int
    ttl: int
    dont_fragment: int
    icmp_type: int
    chunk: int
    detour: int
    own: int
    inward: int


class Work(NamedTuple):
    """What the program knew. Numbers of connections, services, destinations and interfaces are 0 where there is none.

    `conn`, `service`, `template`: found on its way; `reached`: see `enum trail_reached`; `copies`: sent besides the packet.
    `chosen`, `control`, `begun`: destination, template and connection of a new one; `one_packet`: for this packet alone,
    its entry in `single`. `out`, `next_hop` and `mtu`: what the routing table said, or was remembered of it, last.
    `tells`, `claims`, `makes_room`: what full NAT has to do with its TCP options, see `struct nat`.
    """

    packet: Parsed
    quote: Parsed
    conn: int
    service: int
    template: int
    reached: int
    copies: int
    chosen: int
    control: int
    begun: int
    one_packet: int
    single: bytes
    out: int
    next_hop: bytes
    mtu: int
    tells: int
    claims: int
    makes_room: int


_BIG_ENDIAN = ("__be16", "__be32")


class WorkReader:
    """Reads `struct work` where the object at hand has its members."""

    def __init__(self, types: Btf) -> None:
        self._layout = types.layout("work")
        self._fib = types.layout("bpf_fib_lookup")

    def read(self, work: bytes) -> Work:
        """The work of one processor."""
        return Work(
            packet=self._packet(work, "packet"),
            quote=self._packet(work, "quote.inner"),
            **{
                name: self._number(work, f"trail.{name}")
                for name in ("conn", "service", "template", "reached", "copies")
            },
            chosen=self._number(work, "choice.dest"),
            control=self._number(work, "choice.control"),
            begun=self._number(work, "choice.begun"),
            one_packet=self._number(work, "choice.one_packet"),
            single=self._bytes(work, "one_packet"),
            out=self._number(work, "trail.out") or self._number(work, "fib.ifindex"),
            next_hop=self._bytes(work, "fib.ipv6_dst"),
            mtu=self._number(work, "fib.mtu_result"),
            **{name: self._number(work, f"nat.{name}") for name in ("tells", "claims", "makes_room")},
        )

    def _packet(self, work: bytes, path: str) -> Parsed:
        source, destination = self._bytes(work, f"{path}.src"), self._bytes(work, f"{path}.dst")
        return Parsed(source, destination, *(self._number(work, f"{path}.{name}") for name in Parsed._fields[2:]))

    def _number(self, work: bytes, path: str) -> int:
        member = self._layout.member(path)
        raw = work[member.offset : member.offset + member.size]
        return int.from_bytes(raw, "big") if member.type_name in _BIG_ENDIAN else int.from_bytes(raw, "little")

    def _bytes(self, work: bytes, path: str) -> bytes:
        member = self._layout.member(path)
        return work[member.offset : member.offset + member.size]
