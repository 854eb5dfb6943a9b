# SPDX-License-Identifier: Apache-2.0
"""Tables and works made up for tests, in the layouts of the maps."""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import pack_into

from xlvs.explain.question import TCP, End, parse_end
from xlvs.explain.rows import DestinationRow, ServiceRow
from xlvs.ipvs import layout
from xlvs.ipvs.trial_copy import Copy
from xlvs.ipvs.work import Parsed, Work
from xlvs.model.address import Family
from xlvs.schedulers import registry

_NUMBERS = {"Masq": 0, "Local": 1, "Tunnel": 2, "Route": 3}
NOTHING = Parsed(*(bytes(16), bytes(16)), *(0 for _ in Parsed._fields[2:]))


def end(text: str) -> End:
    """An address with a port."""
    return parse_end(text, port=True)


def destination(text: str, number: int = 1, **fields: object) -> DestinationRow:
    """A destination by NAT with weight 1, but for what is said."""
    row = DestinationRow(
        number=number, end=end(text), method="Masq", weight=1, upper=0, lower=0, active=0, inactive=0,
        overloaded=False, available=True, kept=False, foreign=False, service=1, tunnel="", tunnel_port=0,
    )  # fmt: skip
    return row._replace(**fields)  # type: ignore[arg-type]  # names of fields


def service(text: str = "10.0.0.1:80", number: int = 1, **fields: object) -> ServiceRow:
    """A TCP service by round robin, but for what is said."""
    row = ServiceRow(
        number=number, protocol=TCP, family=end(text).family, end=end(text), fwmark=0, scheduler="rr", flags=0,
        persistence_s=0, netmask=0xFFFFFFFF, engine=0, live=True, one_packet=False, listed=(), table=(0, 0),
        cursor=(layout.NO_CURSOR, 0), wrr=(0, 0), tenure=0, pool=(),
    )  # fmt: skip
    return row._replace(**fields)  # type: ignore[arg-type]  # names of fields


def parsed(source: str, to: str, protocol: int = TCP, **fields: int) -> Parsed:
    """A packet as a program reads it."""
    first, second = end(source), end(to)
    return NOTHING._replace(
        src=layout.wide(first.address),
        dst=layout.wide(second.address),
        sport=first.port,
        dport=second.port,
        protocol=protocol,
        family=first.family,
        ttl=64,
        **fields,
    )


def work(packet: Parsed = NOTHING, **fields: int) -> Work:
    """What a program knew: the packet, and what else is said."""
    whole = Work(
        packet=packet, quote=NOTHING, conn=0, service=0, template=0, reached=0, copies=0, chosen=0, control=0, begun=0,
        one_packet=0, single=bytes(64), out=0, next_hop=bytes(16), mtu=0, tells=0, claims=0, makes_room=0,
    )  # fmt: skip
    return whole._replace(**fields)  # type: ignore[arg-type]  # names of numbers


@dataclass
class Tables:
    """A copy of tables with these services, numbered from 1 on; marks count in `marked` families."""

    services: list[ServiceRow] = field(default_factory=list)
    destinations: list[DestinationRow] = field(default_factory=list)
    marked: tuple[Family, ...] = ()

    def copy(self) -> Copy:
        """As bytes."""
        settings = bytearray(layout.MAP_VALUES["settings"])
        bits = bytearray(layout.FILTER_WORDS * 8 * 2)
        rows = bytearray(layout.SERVICE_SIZE * (len(self.services) + 1))
        for family in Family:
            count = sum(each.family is family for each in self.services)
            pack_into("<I", settings, layout.SETTINGS_SERVICES[family], count)
            pack_into("<I", settings, layout.SETTINGS_MARKS[family], int(family in self.marked))
        for number, each in enumerate(self.services, 1):
            _put_service(rows, number, each)
            if not each.fwmark:
                _put_bit(bits, layout.wide(each.end.address), 0)
        for destination in self.destinations:
            _put_bit(bits, layout.wide(destination.end.address), layout.FILTER_DEST)
        return Copy(bytes(settings), bytes(bits), bytes(rows), bytes(layout.DEST_SIZE), b"", b"", b"", bytes(64))


def _put_service(rows: bytearray, number: int, each: ServiceRow) -> None:
    address = bytes(16) if each.fwmark else layout.wide(each.end.address)
    scheduler = registry.find(each.scheduler)
    layout.SERVICE.pack_into(
        rows, number * layout.SERVICE_SIZE, address, each.fwmark, each.end.port.to_bytes(2, "big"), each.protocol,
        each.family, layout.LIVE | each.flags, scheduler.number if scheduler else 0, each.engine, 0, 0,
        each.persistence_s, each.netmask, 0, 0,
    )  # fmt: skip


def _put_bit(bits: bytearray, address: bytes, base: int) -> None:
    bit = layout.filter_bit(address)
    bits[base + (bit >> 3)] |= 1 << (bit & 7)
