# SPDX-License-Identifier: Apache-2.0
"""The texts of /proc/net/ip_vs*, in the kernel's format (Linux 6.1, measured).

Pure; the BPF iterators print the same. Addresses are hexadecimal, numbers of the statistics too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.model.address import Family
from xlvs.model.destination import METHOD_NAMES
from xlvs.model.service import Protocol
from xlvs.model.statistics import NO_COUNTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlvs.model.connection import Connection
    from xlvs.model.service import VirtualService
    from xlvs.model.statistics import Counters, Rates, Totals
    from xlvs.model.views import DestinationView, ServiceView

KERNEL_TICKS_PER_SECOND = 100


def ip_vs(services: Iterable[ServiceView], size: int, *, ticks_per_second: int = KERNEL_TICKS_PER_SECOND) -> str:
    """`ip_vs`: services and destinations in table order. Persistence timeouts are in kernel ticks."""
    lines = [
        f"IP Virtual Server version 1.2.1 (size={size})",
        "Prot LocalAddress:Port Scheduler Flags",
        "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn",
    ]
    for view in services:
        lines.append(_service_line(view.service, ticks_per_second))
        lines += map(_destination_line, view.destinations)
    return _text(lines)


def _service_line(service: VirtualService, ticks_per_second: int) -> str:
    key = service.key
    scheduler = service.scheduler or "none"
    one_packet = "ops " if service.one_packet else ""
    if key.fwmark:
        line = f"FWM  {key.fwmark:08X} {scheduler} {one_packet}"
    elif key.family is Family.IPV6:
        line = f"{key.protocol.name}  [{_full_ipv6(key.address)}]:{key.port:04X} {scheduler} "
    else:
        line = f"{key.protocol.name}  {key.address.hex().upper()}:{key.port:04X} {scheduler} {one_packet} "
    if service.is_persistent:
        line += f"persistent {service.persistence_timeout_s * ticks_per_second} {_netmask(service):08X}"
    return line


def _netmask(service: VirtualService) -> int:
    """The netmask as the kernel prints it: a prefix length goes through the byte order of an IPv4 mask."""
    if service.key.family is Family.IPV4:
        return service.netmask
    return int.from_bytes(service.netmask.to_bytes(4, "little"), "big")


def _destination_line(view: DestinationView) -> str:
    destination = view.destination
    address = _hex_address(destination.key.address, brackets=True)
    return (
        f"  -> {address}:{destination.key.port:04X}      {METHOD_NAMES[destination.forwarding]:<7} "
        f"{destination.weight:<6} {view.active:<10} {view.inactive:<10}"
    )


def ip_vs_conn(connections: Iterable[Connection]) -> str:
    """`ip_vs_conn`: one line per connection or template."""
    title = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData"
    return _text([title, *(_connection_line(connection) for connection in connections)])


def ip_vs_conn_sync(connections: Iterable[Connection]) -> str:
    """`ip_vs_conn_sync`: the same with where the entry came from."""
    title = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires"
    return _text([title, *(_connection_sync_line(connection) for connection in connections)])


def _connection_line(connection: Connection) -> str:
    line = f"{_ends(connection)} {connection.expires_s:7}"
    if connection.pe_name:
        line += f" {connection.pe_name} {connection.pe_data.decode(errors='surrogateescape')}"
    return line


def _connection_sync_line(connection: Connection) -> str:
    return f"{_ends(connection)} {connection.origin:<6} {connection.expires_s:7}"


def _ends(connection: Connection) -> str:
    protocol = "IP" if connection.protocol is Protocol.IP else connection.protocol.name
    return (
        f"{protocol:<3} {_hex_address(connection.client_address)} {connection.client_port:04X}"
        f" {_hex_address(connection.virtual_address)} {connection.virtual_port:04X}"
        f" {_hex_address(connection.destination_address)} {connection.destination_port:04X}"
        f" {connection.state:<11}"
    )


def ip_vs_stats(totals: Totals) -> str:
    """`ip_vs_stats`: the director's sums and rates, in hexadecimal."""
    return _text(
        [
            "   Total Incoming Outgoing         Incoming         Outgoing",
            "   Conns  Packets  Packets            Bytes            Bytes",
            _counters(totals.counters),
            "",
            " Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s",
            _rates(totals.rates),
        ]
    )


def ip_vs_stats_percpu(totals: Totals) -> str:
    """`ip_vs_stats_percpu`: a line per CPU that has counted anything, which zeroing leaves alone, and the sums.

    CPU 0 has a line in any case. The kernel has one for each possible CPU, most of which many machines never have.
    """
    lines = list(enumerate(totals.per_cpu or (NO_COUNTERS,)))
    return _text(
        [
            "       Total Incoming Outgoing         Incoming         Outgoing",
            "CPU    Conns  Packets  Packets            Bytes            Bytes",
            *(f"{cpu:3X} {_counters(counted)}" for cpu, counted in lines if cpu == 0 or counted != NO_COUNTERS),
            f"  ~ {_counters(totals.counters)}",
            "",
            "     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s",
            f"    {_rates(totals.rates)}",
        ]
    )


def ip_vs_app() -> str:
    """`ip_vs_app`: application helpers, of which there are none."""
    return _text(["prot port    usecnt name"])


def _counters(counters: Counters) -> str:
    return (
        f"{counters.conns:8X} {counters.inpkts:8X} {counters.outpkts:8X} {counters.inbytes:16X} {counters.outbytes:16X}"
    )


def _rates(rates: Rates) -> str:
    return f"{rates.cps:8X} {rates.inpps:8X} {rates.outpps:8X} {rates.inbps:16X} {rates.outbps:16X}"


def _hex_address(address: bytes, *, brackets: bool = False) -> str:
    if len(address) == 4:
        return address.hex().upper()
    return f"[{_full_ipv6(address)}]" if brackets else _full_ipv6(address)


def _full_ipv6(address: bytes) -> str:
    return address.hex(":", 2)


def _text(lines: Iterable[str]) -> str:
    return "".join(_with_newlines(lines))


def _with_newlines(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line
        yield "\n"
