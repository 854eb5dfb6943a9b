# SPDX-License-Identifier: Apache-2.0
"""Why a packet is none of the director's, and which services come nearest. Pure."""

from __future__ import annotations

from struct import unpack_from
from typing import TYPE_CHECKING, Final

from xlvs.explain import rows
from xlvs.explain.question import ICMP, ICMPV6, SCTP, TCP, End, chunk_name, flag_letters
from xlvs.ipvs import layout
from xlvs.model.address import Family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.explain.facts import Step
    from xlvs.explain.rows import ServiceRow
    from xlvs.ipvs.trial_copy import Copy
    from xlvs.ipvs.work import Parsed

REACHED_PROTOCOL, REACHED_SERVICE, REACHED_CHOICE, REACHED_SCHEDULER = 1, 2, 3, 4  # enum trail_reached
_FTP_DATA: Final = 20
_NEAREST: Final = 4
_SCORES: Final = 8, 4, 2, 1  # the same address, a mark's service, the same port, the same protocol
_SYN, _RST = 2, 4
# Of a service that is the packet's own, but is looked for only on the mark device.
_NOT_SAID: Final = "takes it once netfilter has said its mark, if this host's rules lead it to the mark device"


def reason(step: Step) -> str:
    """Why the program left the packet to the host's own stack, with the verdict `pass`."""
    packet, copy = step.work.packet, step.copy
    if not packet.family:
        return "it is no IPv4 or IPv6 packet that the director reads"
    counts = {family: setting(copy, layout.SETTINGS_SERVICES[family]) for family in Family}
    if not any(counts.values()):
        return "there are no virtual services"
    if not counts[Family(packet.family)]:
        return f"no virtual service is for {'IPv4' if packet.family == Family.IPV4 else 'IPv6'}"
    if packet.protocol in (ICMP, ICMPV6):
        return _icmp(step)
    if step.met.connection is not None:
        return _noticed(step)
    return _unknown(step)


def _unknown(step: Step) -> str:
    """Of a packet that belongs to no connection."""
    packet, copy = step.work.packet, step.copy
    if step.work.reached == REACHED_PROTOCOL:
        return _may_not_begin(packet)
    if step.work.reached >= REACHED_SERVICE:
        return _no_service(step)
    if filtered(copy, packet.src, destination=True):
        return "its source may be the address of a destination, but it answers no connection, and nothing is sent to a virtual address"
    if mark_is_awaited(step):
        return "its address is no virtual one, and netfilter has not said its mark yet"
    return "neither is it sent to a virtual address, nor does it come from a destination"


def asks_for_service(step: Step) -> bool:
    """Whether a service is what the packet lacks."""
    packet = step.work.packet
    if not packet.family or packet.protocol in (ICMP, ICMPV6) or step.met.connection or step.met.service:
        return False
    if step.work.reached:
        return step.work.reached >= REACHED_SERVICE
    return not filtered(step.copy, packet.src, destination=True)


def nearest(step: Step, mark: int) -> list[str]:
    """The services that it misses by the least, each with what would have to be otherwise; `mark` is netfilter's."""
    packet = step.work.packet
    wanted = End(rows.narrow(packet.dst), packet.dport)
    scored = []
    for service in rows.services(step.copy):
        score, why = _compare(service, wanted, packet, mark)
        if score:
            scored.append((-score, str(service), why))
    return [f"{name}: {why}" for _, name, why in sorted(scored)[:_NEAREST]]


def setting(copy: Copy, offset: int) -> int:
    """A 32-bit member of the settings."""
    return int(unpack_from("<I", copy.settings, offset)[0])


def filtered(copy: Copy, address: bytes, *, destination: bool) -> bool:
    """Whether the bits say that an address (16 bytes) may be a virtual one, or a destination's."""
    bit = layout.filter_bit(address)
    base = layout.FILTER_DEST if destination else 0
    return bool(copy.filter[base + (bit >> 3)] >> (bit & 7) & 1)


def mark_is_awaited(step: Step) -> bool:
    """Whether netfilter's marks count for the packet, and have not been said yet."""
    packet = step.work.packet
    return bool(not packet.detour and not packet.own and setting(step.copy, layout.SETTINGS_MARKS[packet.family]))


def _icmp(step: Step) -> str:
    quote = step.work.quote
    if not quote.family:
        return "it is ICMP, and no error about a packet"
    if step.met.connection is not None:
        return "it is an error about a request of a known connection, and is as its client wants it"
    about = f"{End(rows.narrow(quote.src), quote.sport)} -> {End(rows.narrow(quote.dst), quote.dport)}"
    return f"the packet that it is about ({about}) belongs to no connection"


def _noticed(step: Step) -> str:
    connection = step.met.connection
    method = connection.method if connection else ""
    return f"it is an answer by {method}, which leaves in the virtual address's own name: noted, and forwarded as by any router"


def _may_not_begin(packet: Parsed) -> str:
    if packet.sport == _FTP_DATA:
        return "it belongs to no connection, and one from port 20, FTP's for data, begins none"
    if packet.protocol == TCP:
        if packet.tcp_flags & _RST:
            return "it belongs to no connection, and an RST begins none"
        letters = flag_letters(packet.tcp_flags)
        return f"it belongs to no connection, and begins none: flags {letters} without S (`xlvs sysctl sloppy_tcp=1` lets it)"
    if packet.protocol == SCTP:
        name = "without a chunk" if packet.chunk == 0xFF else chunk_name(packet.chunk)
        return f"it belongs to no connection, and begins none: {name}, not INIT (`xlvs sysctl sloppy_sctp=1` lets it)"
    return "it belongs to no connection, and its protocol begins none"


def _no_service(step: Step) -> str:
    service = step.met.service
    if service is not None and service.live:
        return f"{service} has no destination for it, and other ports beside FTP's are the host's own business"
    if mark_is_awaited(step):
        return "it belongs to no connection, and netfilter says its mark before a service is looked for"
    return "it belongs to no connection and to no service"


def _compare(service: ServiceRow, wanted: End, packet: Parsed, mark: int) -> tuple[int, str]:
    """How near a service comes, 0 for not at all, and what keeps them apart."""
    address, by_mark, port, protocol = _SCORES
    if service.family != packet.family:
        return 0, ""
    if service.fwmark:
        if mark == service.fwmark:
            return by_mark, _NOT_SAID
        borne = f"it bears {mark}" if mark else "it bears none (`--mark` says which netfilter gives it)"
        return by_mark, f"takes packets with mark {service.fwmark}, and {borne}"
    score = 0
    if service.end.address == wanted.address:
        score += address
    if service.end.port == wanted.port:
        score += port
    if service.protocol == packet.protocol:
        score += protocol
    return (score if score > protocol else 0), "; ".join(_apart(service, wanted, packet)) or _NOT_SAID


def _apart(service: ServiceRow, wanted: End, packet: Parsed) -> Iterator[str]:
    if service.end.address != wanted.address:
        yield "another address"
    if service.protocol != packet.protocol:
        yield "another protocol"
    if service.end.port != wanted.port:
        yield "another port"
