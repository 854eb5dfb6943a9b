# SPDX-License-Identifier: Apache-2.0
"""The listings of services and destinations, in all formats of ipvsadm 1.31.

Every function gives whole lines; trailing blanks are the original's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xlvs.ipvsadm.scheduler_flags import format_scheduler_flags
from xlvs.ipvsadm.sorting import sort_destinations, sort_services
from xlvs.model.address import Family, format_address
from xlvs.model.destination import (
    METHOD_NAMES,
    TUNNEL_FLAG_CHECKSUM,
    TUNNEL_FLAG_REMOTE_CHECKSUM,
    Destination,
    ForwardingMethod,
    TunnelType,
)
from xlvs.model.service import host_netmask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xlvs.ipvsadm.names import Namer
    from xlvs.model.service import ServiceKey, VirtualService
    from xlvs.model.settings import SyncDaemon, Timeouts
    from xlvs.model.views import DestinationView, ServiceView

_SERVICE_WIDTH = 33
_DESTINATION_WIDTH = 28


_CHECKSUM_MARKS = {TUNNEL_FLAG_CHECKSUM: "+c", TUNNEL_FLAG_REMOTE_CHECKSUM: "r+c"}

_SHORT_TITLE = f"{'Prot LocalAddress:Port':<{_SERVICE_WIDTH}}"
_SHORT_SECOND_TITLE = "  -> RemoteAddress:Port"


class Format(NamedTuple):
    """A format: its two title lines, and the columns behind a service's and a destination's name.

    `pads_service` fills the service's name up to the column where numbers start.
    """

    title: str
    second_title: str
    service: Callable[[ServiceView], str]
    destination: Callable[[DestinationView], str]
    pads_service: bool = False


def version_line(size: int) -> str:
    """The first line of a full listing."""
    return f"IP Virtual Server version 1.2.1 (size={size})"


def list_services(
    services: Iterable[ServiceView], listing: Format, namer: Namer, *, in_table_order: bool = False
) -> Iterator[str]:
    """Title and lines of the services, sorted unless told otherwise."""
    yield listing.title
    yield listing.second_title
    for view in services if in_table_order else sort_services(services):
        yield _service_line(view, listing, namer)
        destinations = view.destinations if in_table_order else sort_destinations(view.destinations)
        for destination in destinations:
            yield _destination_line(destination, view.service.key, listing, namer)


def _service_line(view: ServiceView, listing: Format, namer: Namer) -> str:
    key = view.service.key
    name = namer.service(key)
    if key.family is Family.IPV4:
        name = name[:_SERVICE_WIDTH]
    return f"{name:<{_SERVICE_WIDTH if listing.pads_service else 0}}{listing.service(view)}"


def _destination_line(view: DestinationView, service: ServiceKey, listing: Format, namer: Namer) -> str:
    key = view.destination.key
    name = namer.endpoint(key.address, key.port, service.protocol)
    if key.family is Family.IPV4:
        name = name[:_DESTINATION_WIDTH]
    return f"  -> {name:<{_DESTINATION_WIDTH}}{listing.destination(view)}"


def _configuration(view: ServiceView) -> str:
    """Scheduler, flags, persistence."""
    service = view.service
    text = f" {service.scheduler or 'none'}"
    if service.scheduler_flags:
        text += f" ({format_scheduler_flags(service.scheduler_flags, service.scheduler)})"
    if service.is_persistent:
        text += f" persistent {service.persistence_timeout_s}"
        if service.netmask != host_netmask(service.key.family):
            text += f" mask {format_netmask(service)}"
        if service.persistence_engine:
            text += f" pe {service.persistence_engine}"
    return text + (" ops" if service.one_packet else "")


def format_netmask(service: VirtualService) -> str:
    """The persistence netmask: dotted for IPv4, a prefix length for IPv6."""
    if service.key.family is Family.IPV6:
        return str(service.netmask)
    return format_address(service.netmask.to_bytes(4, "big"))


def _plain(view: DestinationView) -> str:
    destination = view.destination
    method = METHOD_NAMES[destination.forwarding]
    return f" {method:<7} {destination.weight:<6} {view.active:<10} {view.inactive:<10}"


def _tunnel(view: DestinationView) -> str:
    destination = view.destination
    method = METHOD_NAMES[destination.forwarding]
    info = _tunnel_info(destination)
    return f" {method:<7} {info:<13} {destination.weight:<6} {view.active:<10} {view.inactive:<10}"


def _tunnel_info(destination: Destination) -> str:
    if destination.forwarding is not ForwardingMethod.TUNNEL:
        return "n/a"
    tunnel = destination.tunnel
    if tunnel.type is TunnelType.IPIP:
        return "ipip"
    checksum = _CHECKSUM_MARKS.get(tunnel.flags, "-c")
    return f"gue:{tunnel.port}:{checksum}" if tunnel.type is TunnelType.GUE else f"gre:{checksum}"


def _thresholds(view: DestinationView) -> str:
    upper, lower = view.destination.upper_threshold, view.destination.lower_threshold
    return f" {upper:<10} {lower:<10} {view.active:<10} {view.inactive:<10}"


def _persistent_connections(view: DestinationView) -> str:
    return f" {view.destination.weight:<9} {view.persistent:<11} {view.active:<10} {view.inactive:<10}"


_SCALES = ((10**8, 1, ""), (10**9, 10**3, "K"), (10**11, 10**6, "M"), (10**14, 10**9, "G"))


def format_large(number: int) -> str:
    """A number in nine columns: plain below 100 million, else in thousands, millions, ..., cut off."""
    for limit, divisor, unit in _SCALES:
        if number < limit:
            return f" {number // divisor:>{8 - len(unit)}}{unit}"
    return f" {number // 10**12:>7}T"


def format_exact(number: int) -> str:
    """A number in full, in nine columns or as many as it needs with a blank before."""
    return f" {number:>8}"


def _counters(view: ServiceView | DestinationView, number: Callable[[int], str]) -> str:
    counters = view.counters
    values = (counters.conns, counters.inpkts, counters.outpkts, counters.inbytes, counters.outbytes)
    return "".join(map(number, values))


def _service_rates(view: ServiceView, number: Callable[[int], str]) -> str:
    rates = view.rates
    return "".join(map(number, (rates.cps, rates.inpps, rates.outpps, rates.inbps, rates.outbps)))


def _destination_rates(view: DestinationView, number: Callable[[int], str]) -> str:
    # The original never shortens a destination's packet rates.
    rates = view.rates
    plain = "".join(map(format_exact, (rates.cps, rates.inpps, rates.outpps)))
    return plain + number(rates.inbps) + number(rates.outbps)


def statistics_format(*, exact: bool) -> Format:
    """`--stats`."""
    number = format_exact if exact else format_large
    return Format(
        f"{_SHORT_TITLE}    Conns   InPkts  OutPkts  InBytes OutBytes",
        _SHORT_SECOND_TITLE,
        lambda view: _counters(view, number),
        lambda view: _counters(view, number),
        pads_service=True,
    )


def rates_format(*, exact: bool) -> Format:
    """`--rate`."""
    number = format_exact if exact else format_large
    return Format(
        f"{_SHORT_TITLE}      CPS    InPPS   OutPPS    InBPS   OutBPS",
        _SHORT_SECOND_TITLE,
        lambda view: _service_rates(view, number),
        lambda view: _destination_rates(view, number),
        pads_service=True,
    )


PLAIN = Format(
    "Prot LocalAddress:Port Scheduler Flags",
    "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn",
    _configuration,
    _plain,
)
THRESHOLDS = Format(
    f"{_SHORT_TITLE} Uthreshold Lthreshold ActiveConn InActConn ",
    _SHORT_SECOND_TITLE,
    _configuration,
    _thresholds,
)
PERSISTENT_CONNECTIONS = Format(
    f"{_SHORT_TITLE} Weight    PersistConn ActiveConn InActConn ",
    _SHORT_SECOND_TITLE,
    _configuration,
    _persistent_connections,
)
TUNNELS = Format(
    "Prot LocalAddress:Port Scheduler Flags",
    "  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn",
    _configuration,
    _tunnel,
)


def timeouts_line(timeouts: Timeouts) -> str:
    """`-L --timeout`."""
    return f"Timeout (tcp tcpfin udp): {timeouts.tcp_s} {timeouts.tcp_fin_s} {timeouts.udp_s}"


def daemon_line(daemon: SyncDaemon) -> str:
    """One line of `-L --daemon`."""
    return (
        f"{daemon.role} sync daemon (mcast={daemon.interface}, syncid={daemon.syncid}, maxlen={daemon.sync_maxlen}, "
        f"group={format_address(daemon.group)}, port={daemon.port}, ttl={daemon.ttl})"
    )
