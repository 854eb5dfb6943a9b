# SPDX-License-Identifier: Apache-2.0
"""Services, destinations and connections as they stand in a copy of the tables. Pure."""

from __future__ import annotations

from struct import unpack_from
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.explain.question import NAMES, End
from xlvs.ipvs import layout
from xlvs.model.address import Family
from xlvs.model.destination import METHOD_NAMES, ForwardingMethod
from xlvs.schedulers import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.ipvs.trial_copy import Copy

_MAPPED: Final = bytes(10) + b"\xff\xff"
_OUTDATED: Final = 4  # of the bits
_TUNNELS: Final = ("ipip", "gue", "gre")


class DestinationRow(NamedTuple):
    """A destination. `service`: number of its service, 0: it is deleted. `tunnel` is its type where it is one's."""

    number: int
    end: End
    method: str
    weight: int
    upper: int
    lower: int
    active: int
    inactive: int
    overloaded: bool
    available: bool
    service: int
    tunnel: str
    tunnel_port: int

    @property
    def usable(self) -> bool:
        """Whether it gets new connections."""
        return bool(self.weight) and not self.overloaded


class ServiceRow(NamedTuple):
    """A service. `list` and `table` are (start, length) in the slots, `cursor` is rr's and wrr's place (index, weight)."""

    number: int
    protocol: int
    family: Family
    end: End
    fwmark: int
    scheduler: str
    flags: int
    persistence_s: int
    netmask: int
    engine: int
    live: bool
    one_packet: bool
    listed: tuple[int, ...]
    table: tuple[int, int]
    cursor: tuple[int, int]
    wrr: tuple[int, int]
    tenure: int

    def __str__(self) -> str:
        """As listings name it."""
        if self.fwmark:
            return f"FWM {self.fwmark}{' IPv6' if self.family is Family.IPV6 else ''}"
        end = str(self.end) if self.end.port else f"{self.end} port 0"
        return f"{NAMES[self.protocol].upper()} {end}"

    @property
    def scheduler_flags(self) -> list[str]:
        """Names of the flags that are set."""
        row = registry.find(self.scheduler)
        return [name for name, bit in row.flags if self.flags & bit] if row else []


class ConnectionRow(NamedTuple):
    """A connection, or a persistence template. `left_s`: seconds until it ends. `controls`: connections of a template."""

    number: int
    protocol: int
    client: End
    virtual: End
    port: int
    method: str
    state: str
    left_s: float
    live: bool
    outdated: bool
    dest: int
    control: int
    template: bool
    controls: int


def narrow(address: bytes) -> bytes:
    """An address of the maps in 4 bytes where it is IPv4."""
    return address[12:] if address[:12] == _MAPPED else address


def service(copy: Copy, number: int) -> ServiceRow | None:
    """A service by its number, None where the copy has none."""
    base = number * layout.SERVICE_SIZE
    if not number or base >= len(copy.services):
        return None
    row = copy.services[base : base + layout.SERVICE_SIZE]
    address, mark, port, protocol, family, flags, scheduler, engine, listed, table, persistence, netmask, top, gcd = (
        layout.SERVICE.unpack_from(row)
    )
    known = registry.find_number(scheduler)
    return ServiceRow(
        number=number,
        protocol=protocol,
        family=Family(family) if family else Family.IPV4,
        end=End(layout.narrow(address, family), int.from_bytes(port, "big")),
        fwmark=mark,
        scheduler=known.name if known else "",
        flags=flags & layout.SCHEDULER_FLAGS,
        persistence_s=persistence,
        netmask=netmask,
        engine=engine,
        live=bool(flags & layout.LIVE),
        one_packet=bool(flags & layout.ONE_PACKET),
        listed=slots(copy, listed & 0xFFFFFFFF, listed >> 32),
        table=(table & 0xFFFFFFFF, table >> 32),
        cursor=unpack_from("<II", row, layout.SERVICE_CURSOR),
        wrr=(top, gcd),
        tenure=int.from_bytes(row[layout.SERVICE_TENURE : layout.SERVICE_TENURE + 4], "little"),
    )


def services(copy: Copy) -> Iterator[ServiceRow]:
    """All live services."""
    for number in range(1, len(copy.services) // layout.SERVICE_SIZE):
        found = service(copy, number)
        if found is not None and found.live:
            yield found


def slots(copy: Copy, start: int, length: int) -> tuple[int, ...]:
    """Numbers of destinations in a range of the slots."""
    piece = copy.slots[start * 4 : (start + length) * 4]
    return unpack_from(f"<{len(piece) // 4}I", piece)


def destination(copy: Copy, number: int) -> DestinationRow | None:
    """A destination by its number, None where the copy has none."""
    base = number * layout.DEST_SIZE
    if not number or base >= len(copy.dests):
        return None
    row = copy.dests[base : base + layout.DEST_SIZE]
    address, port, family, method, of, flags, weight, upper, lower, tunnel, _, tunnel_port, _, _ = (
        layout.DEST.unpack_from(row)
    )
    active, inactive, _, overloaded = layout.COUNTS.unpack_from(row, layout.DEST_COUNTS)
    return DestinationRow(
        number=number,
        end=End(layout.narrow(address, family), int.from_bytes(port, "big")),
        method=METHOD_NAMES[ForwardingMethod(method)],
        weight=weight,
        upper=upper,
        lower=lower,
        active=active,
        inactive=inactive,
        overloaded=bool(overloaded),
        available=bool(flags & layout.AVAILABLE),
        service=of,
        tunnel=_TUNNELS[tunnel] if method == ForwardingMethod.TUNNEL else "",
        tunnel_port=int.from_bytes(tunnel_port, "big"),
    )


def owner_of_companion(row: bytes) -> int:
    """Number of the connection whose answers a packet finds by an entry: one of full NAT; 0: the entry is no companion."""
    *_, bits, _, control = layout.CONN.unpack(row) if row else (0, b"", b"")
    flag = int.from_bytes(layout.CONN_COMPANION.to_bytes(2, "little"), "big")  # a record of big-endian numbers
    return int.from_bytes(control, "little") if bits & flag else 0


def connection(number: int, row: bytes, now: int, pace: int) -> ConnectionRow:
    """A connection from its bytes; `now` in ticks, of which `pace` make a second."""
    client, virtual, cport, vport, dport, protocol, method, _, state, life, bits, dest, _ = layout.CONN.unpack(row)
    expires, bits, dest, control = (
        int.from_bytes(row[start:end], "little") for start, end in ((40, 44), (46, 48), (48, 52), (52, 56))
    )
    left = (expires - now + (1 << 31)) % (1 << 32) - (1 << 31)
    template = bool(protocol & layout.PROTOCOL_TEMPLATE)
    controls = int.from_bytes(row[56:60], "little") if template else 0
    return ConnectionRow(
        number=number,
        protocol=protocol & ~layout.PROTOCOL_TEMPLATE,
        client=End(narrow(client), cport),
        virtual=End(narrow(virtual), vport),
        port=dport,
        method=METHOD_NAMES[ForwardingMethod(method)],
        state=layout.TEMPLATE_STATES[state] if template else layout.STATE_NAMES[state],
        left_s=left / pace,
        live=life == layout.CONN_LIVE and (left > 0 or (template and controls > 0)),
        outdated=bool(bits & _OUTDATED),
        dest=dest,
        control=0 if template else control,
        template=template,
        controls=controls,
    )
