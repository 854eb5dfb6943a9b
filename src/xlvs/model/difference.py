# SPDX-License-Identifier: Apache-2.0
"""A difference between two tables as lines to read: `+` comes, `-` goes, `~` changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from xlvs.model.address import Family, format_address
from xlvs.model.destination import METHOD_NAMES, ForwardingMethod, TunnelType
from xlvs.model.diff import (
    AddDestination,
    AddService,
    DeleteDestination,
    DeleteService,
    UpdateDestination,
    UpdateService,
)
from xlvs.model.service import host_netmask

if TYPE_CHECKING:
    from xlvs.model.destination import Destination
    from xlvs.model.diff import Operation
    from xlvs.model.service import ServiceKey, VirtualService


def line(operation: Operation) -> str:
    """One operation, for instance ``~ TCP 10.0.0.1:80 -> 10.0.1.2:80  weight 1 -> 3``."""
    match operation:
        case AddService(service):
            return f"+ {service_name(service.key)}  {_brief(_service_facts(service))}"
        case UpdateService(service, before):
            return f"~ {service_name(service.key)}  {_changes(_service_facts(before), _service_facts(service))}"
        case DeleteService(service):
            return f"- {service_name(service.key)}"
        case AddDestination(key, destination):
            return f"+ {_destination_name(key, destination)}  {_brief(_destination_facts(destination))}"
        case UpdateDestination(key, destination, before):
            changes = _changes(_destination_facts(before), _destination_facts(destination))
            return f"~ {_destination_name(key, destination)}  {changes}"
        case DeleteDestination(key, destination):
            return f"- {_destination_name(key, destination)}"
        case _:
            assert_never(operation)


def service_name(key: ServiceKey) -> str:
    """A service as listings begin its line, with single blanks: `TCP 10.0.0.1:80`, `FWM 7`."""
    if key.fwmark:
        return f"FWM {key.fwmark}{' IPv6' if key.family is Family.IPV6 else ''}"
    return f"{key.protocol.name} {_end(key.address, key.port)}"


def _destination_name(key: ServiceKey, destination: Destination) -> str:
    return f"{service_name(key)} -> {_end(destination.key.address, destination.key.port)}"


def _end(address: bytes, port: int) -> str:
    host = format_address(address)
    return f"{host}:{port}" if len(address) == 4 else f"[{host}]:{port}"


def _service_facts(service: VirtualService) -> dict[str, str]:
    """What is configured, by name, everything always: what stays the same is left out by who compares."""
    persistent = service.persistence_timeout_s
    netmask = service.netmask
    dotted = format_address(netmask.to_bytes(4, "big")) if service.key.family is Family.IPV4 else str(netmask)
    wide = persistent and netmask != host_netmask(service.key.family)
    return {
        "scheduler": service.scheduler or "none",
        "flags": f"0x{service.scheduler_flags:x}" if service.scheduler_flags else "",
        "persistent": str(persistent) if persistent else "",
        "mask": dotted if wide else "",
        "pe": service.persistence_engine,
        "ops": "yes" if service.one_packet else "",
    }


def _destination_facts(destination: Destination) -> dict[str, str]:
    facts = {
        "forward": METHOD_NAMES[destination.forwarding],
        "weight": str(destination.weight),
        "upper": str(destination.upper_threshold or ""),
        "lower": str(destination.lower_threshold or ""),
        "tunnel": "",
    }
    if destination.forwarding is ForwardingMethod.TUNNEL:
        tunnel = destination.tunnel
        port = f":{tunnel.port}" if tunnel.type is TunnelType.GUE else ""
        facts["tunnel"] = f"{tunnel.type.name.lower()}{port}" + (f" flags {tunnel.flags}" if tunnel.flags else "")
    return facts


def _brief(facts: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items() if value)


def _changes(before: dict[str, str], after: dict[str, str]) -> str:
    return ", ".join(
        f"{name} {old or 'none'} -> {after[name] or 'none'}" for name, old in before.items() if old != after[name]
    )
