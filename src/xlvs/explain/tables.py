# SPDX-License-Identifier: Apache-2.0
"""What of the tables a packet met: service, connection, template, and the scheduler's choice. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlvs.explain import choice
from xlvs.explain.passing import REACHED_CHOICE, REACHED_SCHEDULER
from xlvs.explain.question import End
from xlvs.explain.rows import narrow, pool, slots
from xlvs.model.address import Family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.explain.facts import Met, Step
    from xlvs.explain.rows import ConnectionRow, DestinationRow, ServiceRow

_QUIET = ("pass", "back", "hand_up")


def lines(step: Step) -> Iterator[tuple[str, str]]:
    """Labels and texts."""
    met = step.met
    yield from _service_lines(step)
    yield from _connection_lines(met)
    yield from _template_lines(met)
    yield from _scheduler_lines(step)
    if step.verdict == "drop_no_local_port":
        yield from _pool_lines(step)


def _scheduler_lines(step: Step) -> Iterator[tuple[str, str]]:
    met, told = step.met, scheduled(step)
    if met.service is None or told is None:
        return
    name = met.service.scheduler or "no scheduler"
    taken = next((f"{each.row.end}, " for each in told.candidates if each.chosen), "")
    yield "scheduler", f"{name}: {taken}{told.reason}"
    yield from (("", _candidate(each)) for each in told.candidates)


def document(step: Step) -> dict[str, Any]:
    """The same for programs."""
    met = step.met
    chosen, told = chosen_of(step), scheduled(step)
    owner = met.service or met.owner
    return {
        "service": _service_document(owner) if owner else None,
        "connection": _connection_document(met.connection, met.destination),
        "connection_after": _connection_document(met.connection_after, met.destination),
        "new_connection": _connection_document(met.begun, met.destination),
        "template": _connection_document(met.template, None),
        "new_template": _connection_document(met.made, None),
        "destination": _destination_document(chosen) if chosen else None,
        "scheduler": None if told is None else _choice_document(told),
    }


def _pool_lines(step: Step) -> Iterator[tuple[str, str]]:
    destination = step.met.destination
    of = step.met.service or step.met.owner
    locals_ = [str(each) for each in pool(step.copy, of)] if of else []
    to = f" with {destination.end}" if destination else ""
    yield "pool", f"no pair of local address and port is free{to}" if locals_ else "the service has no local addresses"
    yield from (("", each) for each in locals_)


def chosen_of(step: Step) -> DestinationRow | None:
    """The destination of the packet, None where it has none."""
    return step.met.destination


def scheduled(step: Step) -> choice.Choice | None:
    """What the scheduler did, None where it was not asked."""
    met, work = step.met, step.work
    service = met.service
    if service is None or work.reached < REACHED_SCHEDULER:
        return None
    client, virtual = End(narrow(work.packet.src), work.packet.sport), End(narrow(work.packet.dst), work.packet.dport)
    if work.quote.family and met.begun is not None:
        client, virtual = met.begun.client, met.begun.virtual
    place = choice.hashed_entry(service, client, virtual)
    entry = slots(step.copy, service.table[0] + place, 1) if place is not None and place < service.table[1] else ()
    seen = choice.Seen(
        service, met.cursor_after, met.candidates, client, virtual, entry[0] if entry else 0, met.remembered
    )
    return choice.explain(seen, work.chosen)


def _service_lines(step: Step) -> Iterator[tuple[str, str]]:
    met = step.met
    service = met.service
    if service is None:
        if met.owner is not None:
            yield "service", _service_text(met.owner)
        return
    if not service.fwmark:
        yield "service", _service_text(service)
        if _is_other_port(step, service):
            yield "", f"without persistence it takes its own port alone, not {step.work.packet.dport}"
        return
    by = (
        "netfilter's mark"
        if step.work.packet.mark == service.fwmark
        else "the mark that `xlvs mark` gives its address and port"
    )
    yield "service", f"{_service_text(service)}, by {by}"


def _is_other_port(step: Step, service: ServiceRow) -> bool:
    """Whether the packet found a service for further ports, which only a persistent one has."""
    other = step.work.packet.dport != service.end.port
    return other and not service.persistence_s and step.work.reached == REACHED_CHOICE


def _service_text(service: ServiceRow) -> str:
    parts = [str(service), service.scheduler or "no scheduler", *service.scheduler_flags]
    if service.persistence_s:
        parts.append(f"persistent {service.persistence_s} s")
    if service.one_packet:
        parts.append("one packet each")
    return " ".join(parts[:2]) + "".join(f", {part}" for part in parts[2:])


def _connection_lines(met: Met) -> Iterator[tuple[str, str]]:
    found, begun = met.connection, met.begun
    if found is None:
        if begun is not None:
            what = "for this packet alone" if met.service and met.service.one_packet else "a new one begins"
            yield "connection", f"none is known: {what}"
        elif met.service is not None:
            yield "connection", "none is known"
        return
    if found.ended:
        yield "connection", f"to {_server(met, found)}: it was ended on command, and both ends are told by a reset"
        return
    text = f"{found.state}, {_seconds(found.left_s)} left, to {_server(met, found)}"
    if found.synced:
        text += ", told by another director"
    if begun is not None or (met.connection_after is not None and not met.connection_after.live):
        yield "connection", f"{text}: gives way to a new one"
        return
    yield "connection", text
    after = met.connection_after
    if after is not None and (after.state, after.left_s) != (found.state, found.left_s):
        changed = f"{found.state} -> {after.state}" if after.state != found.state else f"stays {after.state}"
        yield "", f"{changed}, {_seconds(after.left_s)} from now"


def _server(met: Met, found: ConnectionRow) -> str:
    if met.destination is None or met.destination.number != found.dest:
        return f"where it was sent, past all destinations ({found.method})"
    server = met.destination.end._replace(port=found.port)
    return f"{server} ({found.method}){_absence(met.destination)}"


def _absence(destination: DestinationRow) -> str:
    """What is to be said of one that is not in the tables of its service."""
    if destination.available:
        return ""
    if destination.foreign:
        return ", which no service here has: another director's connections go there"
    return f", which has been deleted{', and keeps its connections' if destination.kept else ''}"


def _template_lines(met: Met) -> Iterator[tuple[str, str]]:
    found = met.template
    if found is not None and met.template_after is not None and met.template_after.outdated:
        yield (
            "persistence",
            "the client's template leads to a destination that is not to be used any more: scheduled anew",
        )
    elif found is not None:
        more = f", {found.controls} connections" if found.controls else ""
        yield "persistence", f"the client {found.client} keeps its destination, {_seconds(found.left_s)} left{more}"
    if met.made is not None:
        yield "persistence" if found is None else "", f"{met.made.client} keeps it for {_seconds(met.made.left_s)}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s"


def _candidate(each: choice.Candidate) -> str:
    row = each.row
    parts = [f"{'>' if each.chosen else ' '} {row.end!s:<24} {row.method:<6} weight {row.weight:<4}"]
    parts.append(f"active {row.active} inactive {row.inactive}")
    if each.load:
        parts.append(each.load)
    if each.barred:
        parts.append(f"not usable: {each.barred}")
    return "  ".join(parts)


def _service_document(service: ServiceRow) -> dict[str, Any]:
    return {
        "text": str(service),
        "fwmark": service.fwmark,
        "scheduler": service.scheduler,
        "flags": service.scheduler_flags,
        "persistence_s": service.persistence_s,
        "one_packet": service.one_packet,
        "family": "IPv4" if service.family is Family.IPV4 else "IPv6",
    }


def _connection_document(row: ConnectionRow | None, destination: DestinationRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    server = destination.end._replace(port=row.port) if destination and destination.number == row.dest else None
    return {
        "client": str(row.client),
        "virtual": str(row.virtual),
        "server": str(server) if server else None,
        "method": row.method,
        "state": row.state,
        "expires_s": round(row.left_s, 3),
        "live": row.live,
        "ended": row.ended,
        "synced": row.synced,
    }


def _destination_document(row: DestinationRow) -> dict[str, Any]:
    return {
        "address": str(row.end),
        "method": row.method,
        "weight": row.weight,
        "active": row.active,
        "inactive": row.inactive,
        "available": row.available,
    }


def _choice_document(told: choice.Choice) -> dict[str, Any]:
    return {
        "reason": told.reason,
        "candidates": [
            _destination_document(each.row) | {"load": each.load, "barred": each.barred, "chosen": each.chosen}
            for each in told.candidates
        ],
    }
