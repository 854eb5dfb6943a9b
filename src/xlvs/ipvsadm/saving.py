# SPDX-License-Identifier: Apache-2.0
"""The table as commands that make it again (`-S`). Thresholds are not among them, as in the original."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.ipvsadm.listing import format_netmask
from xlvs.ipvsadm.names import signed_mark
from xlvs.ipvsadm.scheduler_flags import format_scheduler_flags
from xlvs.ipvsadm.sorting import sort_destinations, sort_services
from xlvs.model.address import Family
from xlvs.model.destination import (
    TUNNEL_FLAG_CHECKSUM,
    TUNNEL_FLAG_REMOTE_CHECKSUM,
    Destination,
    ForwardingMethod,
    TunnelType,
)
from xlvs.model.service import Protocol, host_netmask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlvs.ipvsadm.names import Namer
    from xlvs.model.service import ServiceKey, VirtualService
    from xlvs.model.views import ServiceView

_SERVICE_OPTIONS = {Protocol.TCP: "-t", Protocol.UDP: "-u", Protocol.SCTP: "--sctp-service"}
_METHOD_OPTIONS = {
    ForwardingMethod.MASQUERADE: "-m",
    ForwardingMethod.TUNNEL: "-i",
    ForwardingMethod.FULL_NAT: "--fullnat",
}
_CHECKSUM_OPTIONS = {TUNNEL_FLAG_CHECKSUM: "--tun-csum", TUNNEL_FLAG_REMOTE_CHECKSUM: "--tun-remcsum"}


def save_services(services: Iterable[ServiceView], namer: Namer, *, thresholds: bool = False) -> Iterator[str]:
    """The commands, a service before its destinations, in the order of listings; `thresholds`: with these, where there are any."""
    for view in sort_services(services):
        named = _service_argument(view.service.key, namer)
        yield f"-A {named} -s {view.service.scheduler or 'none'}{_service_options(view.service)}"
        for each in sort_destinations(view.destinations):
            destination = each.destination
            key = destination.key
            server = namer.endpoint(key.address, key.port, view.service.key.protocol)
            limits = _thresholds(destination) if thresholds else ""
            yield f"-a {named} -r {server} {_destination_options(destination)}{limits}"


def _service_argument(key: ServiceKey, namer: Namer) -> str:
    if key.fwmark:
        return f"-f {signed_mark(key.fwmark)}{' -6' if key.family is Family.IPV6 else ''}"
    return f"{_SERVICE_OPTIONS[key.protocol]} {namer.endpoint(key.address, key.port, key.protocol)}"


def _service_options(service: VirtualService) -> str:
    text = ""
    if service.is_persistent:
        text += f" -p {service.persistence_timeout_s}"
        if service.netmask != host_netmask(service.key.family):
            text += f" -M {format_netmask(service)}"
    if service.persistence_engine:
        text += f" --pe {service.persistence_engine}"
    if service.one_packet:
        text += " -o"
    if service.scheduler_flags:
        text += f" -b {format_scheduler_flags(service.scheduler_flags, service.scheduler)}"
    return text


def _thresholds(destination: Destination) -> str:
    upper = f" -x {destination.upper_threshold}" if destination.upper_threshold else ""
    return upper + (f" -y {destination.lower_threshold}" if destination.lower_threshold else "")


def _destination_options(destination: Destination) -> str:
    text = f"{_METHOD_OPTIONS.get(destination.forwarding, '-g')} -w {destination.weight}"
    if destination.forwarding is not ForwardingMethod.TUNNEL:
        return text
    tunnel = destination.tunnel
    text += f" --tun-type {tunnel.type.name.lower()}"
    if tunnel.type is TunnelType.IPIP:
        return text
    if tunnel.type is TunnelType.GUE:
        text += f" --tun-port {tunnel.port}"
    return f"{text} {_CHECKSUM_OPTIONS.get(tunnel.flags, '--tun-nocsum')}"
