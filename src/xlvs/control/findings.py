# SPDX-License-Identifier: Apache-2.0
"""What is missing on a director, judged from the facts: each lack in one sentence, with its remedy. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlvs.control.finding import Finding
from xlvs.control.findings_marks import findings_of_marks
from xlvs.ipvs.layout import VERDICT_NAMES
from xlvs.model.destination import ForwardingMethod
from xlvs.model.difference import service_name

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from xlvs.ipvs.health import Health, Line, Room
    from xlvs.model.service import ServiceKey
    from xlvs.model.views import ServiceView

_NEARLY_FULL: Final = 0.9
_IPV4, _IPV6 = 2, 10
_NAMED: Final = 3  # services, before the rest is counted

DROPS: Final = {
    "drop_no_destination": "no server could take the connection: see weights and thresholds with ipvsadm -L --thresholds",
    "drop_destination_gone": "the server of the connection was deleted",
    "drop_table_full": "the connection table was full",
    "drop_no_route": "there was no route to a server or a client: see `ip route get ADDRESS`",
    "drop_forwarding_off": "forwarding was off on the interface where the packet came in",
    "drop_ttl": "the TTL ran out on the way",
    "drop_too_big": "a packet was larger than the MTU of its route",
    "drop_malformed": "headers contradicted each other",
    "drop_method": "the destination's forwarding method is not in this version, or not for the protocol (AH, ESP by full NAT)",
    "drop_icmp_limit": "more ICMP errors were due than may be sent in a second",
    "drop_fragments": "fragments of one packet overlapped, contradicted each other or were too many",
    "drop_defence": "drop_packet dropped every n-th packet that would have begun a connection",
    "drop_mark_loop": "a rule of the routing policy leads marked packets back to xlvs-mark: see `ip rule`",
    "drop_no_call_id": "a message to a service with the engine sip had no Call-ID (`ipvsadm -E` without --pe takes it)",
    "drop_no_local_port": "full NAT had no local address and port free: see `xlvs laddr list`, and add some",
    "drop_internal": "the kernel refused a step; please report it",
}
REFUSED: Final = {"unreachable": "there was no route to a server: see `ip route get ADDRESS`"}


def findings(health: Health) -> list[Finding]:
    """All that is to be said, the grave first."""
    found = [
        *_of_attachments(health),
        *_of_programs(health),
        *_of_forwarding(health),
        *findings_of_marks(health),
        *_of_tables(health),
        *_of_host(health),
    ]
    return sorted(found, key=lambda each: not each.grave)


def findings_without_director(lines: tuple[Line, ...]) -> list[Finding]:
    """On a host where nothing is loaded."""
    nothing = Finding("nothing is loaded or attached here", "`xlvs attach`, or the first `ipvsadm -A` does it")
    return [nothing, *_no_suitable(lines)]


def findings_of_services(views: Iterable[ServiceView], pools: Container[ServiceKey] = ()) -> list[Finding]:
    """What packets of the services as configured do not find, each lack once with the services that have it.

    `pools`: services that have local addresses.
    """
    concerned: dict[tuple[str, str], list[str]] = {}
    for view in views:
        for lack in _lacks(view, pools):
            concerned.setdefault(lack, []).append(service_name(view.service.key))
    return [
        Finding(f"{', '.join(names[:_NAMED])}{_more(names)}: {what}", remedy, grave=False)
        for (what, remedy), names in concerned.items()
    ]


def _lacks(view: ServiceView, pools: Container[ServiceKey]) -> Iterator[tuple[str, str]]:
    service = view.service
    if not view.destinations:
        yield "no destination, so connections are refused", "`ipvsadm -a ...` adds one"
    if not service.scheduler:
        yield "no scheduler, so connections are refused", "`ipvsadm -E ... -s wlc` gives it one"
    full = any(each.destination.forwarding is ForwardingMethod.FULL_NAT for each in view.destinations)
    if full and service.key not in pools:
        yield "no local addresses, so connections by full NAT are dropped", "`xlvs laddr add ...` gives it some"


def _more(names: list[str]) -> str:
    return f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""


def _no_suitable(lines: tuple[Line, ...]) -> Iterator[Finding]:
    if not any(line.suitable for line in lines):
        yield Finding("there is no Ethernet interface to attach to", "name one: `xlvs attach INTERFACE`")


def _of_attachments(health: Health) -> Iterator[Finding]:
    attached = [line for line in health.lines if line.attached]
    if not attached:
        yield Finding("the packet path is on no interface", "`xlvs attach`")
        yield from _no_suitable(health.lines)
        return
    if not health.chosen:
        for line in health.lines:
            if line.suitable and not line.attached:
                yield Finding(f"{line.name} came later and has no packet path", f"`xlvs attach {line.name}`")
    for line in attached:
        if not line.current:
            yield Finding(f"{line.name} still has an older program", "`xlvs upgrade`")
        if line.foreign_xdp:
            what = f"{line.name} has another's XDP program (id {line.foreign_xdp}): ours works at tc alone there"
            yield Finding(what, f"`ip link set {line.name} xdp off`, then `xlvs attach {line.name}`", grave=False)
        if not line.up:
            yield Finding(f"{line.name} is down", f"`ip link set {line.name} up`", grave=False)


def _of_programs(health: Health) -> Iterator[Finding]:
    if not health.clock_runs:
        what = "the clock stands still: connections are not given back, statistics stay as they are"
        yield Finding(what, "`xlvs upgrade` starts it")
    if not health.views:
        what = "this kernel has no BPF iterators, so there are no files ip_vs, ip_vs_conn and ip_vs_stats"
        yield Finding(what, "`xlvs proc read /proc/net/ip_vs` prints the same", grave=False)
    if health.broken_edit:
        what = "a tool died amid a change of the tables; packets are not concerned"
        yield Finding(what, "nothing to do: the next change repairs what was left", grave=False)


def _of_forwarding(health: Health) -> Iterator[Finding]:
    """The kernel routes our packets as the host's own where the loopback interface forwards, else as received ones."""
    attached = [line for line in health.lines if line.attached]
    own = [line for line in health.lines if line.egress and not line.attached]
    ipv4 = [line.name for line in attached if not line.forwarding_ipv4]
    if (_IPV4 in health.families or not health.families) and ipv4 and not any(line.forwarding_ipv4 for line in own):
        yield _forwarding_off("IPv4", ipv4, "ipv4.ip_forward")
    ipv6 = [line.name for line in attached if not line.forwarding_ipv6]
    if _IPV6 in health.families and ipv6 and not any(line.forwarding_ipv6 for line in own):
        yield _forwarding_off("IPv6", ipv6, "ipv6.conf.all.forwarding")


def _forwarding_off(family: str, names: list[str], switch: str) -> Finding:
    return Finding(
        f"{family} forwarding is off on {', '.join(names)}: packets of services are dropped",
        f"`sysctl -w net.{switch}=1`",
    )


def _of_tables(health: Health) -> Iterator[Finding]:
    for room, what in (
        (health.services, "services"),
        (health.destinations, "destinations"),
        (health.connections, "connections"),
    ):
        if _nearly_full(room):
            full = f"the table of {what} is nearly full ({room.used} of {room.room})"
            yield Finding(full, "save the rules, `xlvs detach`, `xlvs attach --connections N`, restore")


def _nearly_full(room: Room) -> bool:
    return room.used >= room.room * _NEARLY_FULL


def _of_host(health: Health) -> Iterator[Finding]:
    strict = [line.name for line in health.lines if line.attached and line.strict_rp_filter]
    if strict:
        what = (
            f"rp_filter is strict on {', '.join(strict)}: balanced packets pass, but the host itself drops what comes in "
            "another way than it would answer"
        )
        yield Finding(
            what, f"`sysctl -w net.ipv4.conf.{strict[0]}.rp_filter=2` where routes are not symmetric", grave=False
        )
    for name in VERDICT_NAMES:
        count = health.verdicts.get(name, 0)
        packets = "1 packet" if count == 1 else f"{count} packets"
        if count and name in DROPS:
            yield Finding(f"{packets} dropped ({name.removeprefix('drop_')})", DROPS[name], grave=False)
        if count and name in REFUSED:
            yield Finding(f"{packets} refused ({name})", REFUSED[name], grave=False)
