# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a real server, judged from the facts: each lack in one sentence, with its remedy. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xlvs.model.address import format_address
from xlvs.realserver import plan
from xlvs.realserver.decap import own_addresses
from xlvs.realserver.host import key, shown
from xlvs.realserver.setup import Method

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.realserver.decap import State
    from xlvs.realserver.facts import Facts

_SMALLEST_IPV6: Final = 1280  # RFC 8200, section 5
_ETHERNET: Final = 1500

DROPS: Final = {
    "drop_fragments": "tunnel packets came in fragments that do not fit together: see the MTU between director and here",
    "drop_malformed": "tunnel headers contradicted each other: is --tun-type of the director's destination the same?",
    "drop_checksum": "checksums of tunnel packets did not hold: a link or card on the way damages packets",
    "drop_ecn": "routers marked congestion on packets whose sender does not know of it (RFC 6040)",
    "drop_internal": "the kernel refused a step; please report it",
}
REFUSED: Final = {
    "not_own": "tunnel packets went through here to other hosts",
    "not_vip": "tunnel packets held packets for addresses that are not set up here: `xlvs realserver up --vip ...`",
    "type_off": "tunnel packets of another type came: `xlvs realserver up --type ...` as in the director's --tun-type",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` is wrong and what helps. A `grave` one keeps requests from being answered, or answers from the director."""

    what: str
    remedy: str
    grave: bool = True


def findings(facts: Facts) -> list[Finding]:
    """All that is to be said, the grave first."""
    if not facts.setup.vips:
        return [Finding("this host has not been made a real server", "`xlvs realserver up --vip ADDR --method ...`")]
    found = [
        *_of_addresses(facts),
        *_of_arp(facts),
        *_of_answers(facts),
        *_of_way_in(facts),
        *(_of_tunnel(facts) if facts.setup.by(Method.TUNNEL) else ()),
    ]
    return sorted(found, key=lambda each: not each.grave)


def _of_addresses(facts: Facts) -> Iterator[Finding]:
    host, loopback = facts.host, facts.host.loopback
    if not loopback.up:
        yield Finding(f"{loopback.name} is down, so no virtual address works", f"`ip link set {loopback.name} up`")
    for vip, method in facts.setup.vips.items():
        text, holders = format_address(vip), host.holders(vip)
        if loopback.name not in holders:
            yield Finding(f"{text} is missing on {loopback.name}: requests for it are not ours", _again(vip, method))
        for name in holders:
            if name != loopback.name:
                what = f"{text} is on {name} too, which answers ARP for it"
                yield Finding(what, f"`ip address del {text} dev {name}`, with the prefix that it has there")


def _of_arp(facts: Facts) -> Iterator[Finding]:
    """The kernel takes the greater of the settings for all and of the interface, so both are looked at."""
    if not facts.setup.has_ipv4:
        return
    loopback = facts.host.loopback.name
    for interface in facts.host.interfaces:
        if interface.name == loopback or not interface.up or not interface.address:
            continue
        ignore = facts.host.effective(interface.name, "arp_ignore")
        announce = facts.host.effective(interface.name, "arp_announce")
        if ignore not in plan.QUIET_ARP_IGNORE:
            what = f"{interface.name} answers ARP for the virtual address (arp_ignore is {ignore}): clients pass the director by"
            yield Finding(what, _set(interface.name if ignore else "all", "arp_ignore", 1))
        if announce < plan.ARP_ANNOUNCE_BEST:
            what = (
                f"{interface.name} may name the virtual address when it asks by ARP (arp_announce is {announce}): "
                "neighbours learn it from here"
            )
            yield Finding(what, _set("all", "arp_announce", plan.ARP_ANNOUNCE_BEST))


def _of_answers(facts: Facts) -> Iterator[Finding]:
    for answer in facts.answers:
        text = format_address(answer.vip)
        if len(answer.hardware) > 1:
            what = f"several hosts on {answer.interface} answer for {text}: {', '.join(answer.hardware)}"
            yield Finding(what, "one is the director; on the others, `xlvs realserver status`")
    for vip in facts.setup.vips:
        asked = [answer for answer in facts.answers if answer.vip == vip]
        near = [answer.interface for answer in asked if _is_near(facts, vip, answer.interface)]
        if near and not any(answer.hardware for answer in asked):
            what = f"nobody on {', '.join(near)} answers for {format_address(vip)}"
            yield Finding(
                what, "is the director up, and has it the address? (fine where a router leads to it)", grave=False
            )


def _is_near(facts: Facts, vip: bytes, interface: str) -> bool:
    """Whether an address of the interface has the virtual address in its network."""
    index = next((each.ifindex for each in facts.host.interfaces if each.name == interface), 0)
    for each in facts.host.addresses:
        if each.ifindex == index and len(each.address) == len(vip):
            shift = len(vip) * 8 - each.prefix
            if int.from_bytes(each.address, "big") >> shift == int.from_bytes(vip, "big") >> shift:
                return True
    return False


def _of_way_in(facts: Facts) -> Iterator[Finding]:
    wanted = facts.host.listening(facts.setup.interfaces)
    if not wanted:
        yield Finding("there is no Ethernet interface where requests could come in", "name one: --interface IF")
    for interface in wanted:
        if not interface.up:
            yield Finding(f"{interface.name} is down", f"`ip link set {interface.name} up`", grave=len(wanted) == 1)
        if facts.setup.has_ipv4 and facts.host.effective(interface.name, "rp_filter") == plan.STRICT:
            what = f"rp_filter is strict on {interface.name}: requests are dropped whose answers leave by another interface"
            yield Finding(what, _set(interface.name, "rp_filter", plan.LOOSE))


def _of_tunnel(facts: Facts) -> Iterator[Finding]:
    if facts.program is None:
        yield Finding("the program that takes tunnel headers off is not loaded", _tunnel_again(facts))
        return
    yield from _of_program(facts, facts.program)
    yield from _of_mtu(facts, facts.program)
    for name, remedy in {**DROPS, **REFUSED}.items():
        count = facts.program.counts.get(name, 0)
        if count:
            packets = "1 tunnel packet" if count == 1 else f"{count} tunnel packets"
            verb = "dropped" if name in DROPS else "left alone"
            yield Finding(f"{packets} {verb} ({name.removeprefix('drop_')})", remedy, grave=False)


def _of_program(facts: Facts, program: State) -> Iterator[Finding]:
    attached = {each.name for each in program.attached}
    for interface in facts.host.listening(facts.setup.interfaces):
        if interface.name not in attached:
            yield Finding(f"no program takes tunnel headers off on {interface.name}", _tunnel_again(facts))
    for vip in facts.setup.by(Method.TUNNEL):
        if vip not in program.vips:
            yield Finding(f"the program does not know {format_address(vip)}", _again(vip, Method.TUNNEL))
    unknown = own_addresses(facts.setup, facts.host) - program.own
    for address in sorted(unknown):
        what = f"{format_address(address)} came later: tunnel packets sent to it are not taken apart"
        yield Finding(what, _tunnel_again(facts), grave=not address.startswith(b"\xfe\x80"))


def _of_mtu(facts: Facts, program: State) -> Iterator[Finding]:
    if program.inner_mtu != facts.inner_mtu:
        what = f"the MTU changed: answers ask for segments of packets of {program.inner_mtu}, {facts.inner_mtu} fit"
        yield Finding(what, _tunnel_again(facts), grave=program.inner_mtu > facts.inner_mtu)
    if facts.inner_mtu < _SMALLEST_IPV6 and any(len(vip) == 16 for vip in facts.setup.by(Method.TUNNEL)):
        what = f"packets of {facts.inner_mtu} fit through the tunnel, IPv6 needs {_SMALLEST_IPV6}"
        yield Finding(what, "raise the MTU from the director to here, this host's interface included")
    elif facts.inner_mtu < _ETHERNET:
        what = (
            f"packets of {facts.inner_mtu} fit through the tunnel: TCP is told so by the MSS of answers, UDP of "
            f"{_ETHERNET} is not"
        )
        yield Finding(what, "a greater MTU from the director to here lets all through", grave=False)


def _again(vip: bytes, method: Method) -> str:
    return f"`xlvs realserver up --vip {format_address(vip)} --method {method.value}`"


def _tunnel_again(facts: Facts) -> str:
    return _again(facts.setup.by(Method.TUNNEL)[0], Method.TUNNEL)


def _set(interface: str, setting: str, value: int) -> str:
    return f"`sysctl -w {shown(key(interface, setting))}={value}`"
