# SPDX-License-Identifier: Apache-2.0
"""The rules of nftables that the original makes: no_accept and strict mode, and devices of use_vmac.

Packets to and from addresses that are not accepted are dropped. The addresses stand in the sets from the beginning: a backup
has none of them, so nothing is dropped there, and a new master need not wait for nft(8). Reports of group membership leave
by the interface below a device, so that a switch sees the group where the frames come from.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xlvs.keepalived.routers.virtual_addresses import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xlvs.keepalived.routers.links import Links
    from xlvs.keepalived.routers.vrrp_plan import FirewallSettings, Instance

_PATIENCE_S: Final = 5.0
_LINK_LOCAL: Final = b"\xfe\x80"
_ND: Final = "set neighbor-discovery { type icmpv6_type; flags constant; elements = { nd-neighbor-solicit, nd-neighbor-advert }; }"
_DUPLICATE: Final = 'meta oifkind "macvlan" dup to {} daddr device oif map @vmac_map{} drop'


@dataclass(frozen=True, slots=True)
class Device:
    """A device of use_vmac with the interface below it; `ifindex` tells a new one of the same name."""

    name: str
    base: str
    ifindex: int
    families: frozenset[int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Addresses that are not accepted, each with its interface, and the devices."""

    addresses: tuple[tuple[bytes, str], ...] = ()
    devices: tuple[Device, ...] = ()

    def of(self, family: int) -> Wanted:
        """What concerns a family."""
        size = 4 if family == 4 else 16
        return Wanted(
            tuple(each for each in self.addresses if len(each[0]) == size),
            tuple(each for each in self.devices if family in each.families),
        )


def wanted(instances: Iterable[Instance], links: Links) -> Wanted:
    """What the instances need, as far as their devices are there."""
    addresses: list[tuple[bytes, str]] = []
    devices = []
    for instance in instances:
        if not instance.accept:
            addresses += [(each.address, each.interface or instance.home) for each in instance.all_addresses]
        families = frozenset(4 if len(each.address) == 4 else 6 for each in instance.all_addresses)
        for name, base in instance.devices:
            if name in links.by_name and base in links.by_name:
                devices.append(Device(name, base, links.by_name[name].ifindex, families))
    return Wanted(tuple(addresses), tuple(devices))


def rules(settings: FirewallSettings, told: Wanted) -> str:
    """What nft(8) is told: the tables anew, or nothing but that they go."""
    lines = [f"table {family} {settings.table}\ndelete table {family} {settings.table}" for family in ("ip", "ip6")]
    for family, make in ((4, _ipv4), (6, _ipv6)):
        own = told.of(family)
        if own.addresses or own.devices:
            lines += [f"table ip{'6' if family == 6 else ''} {settings.table} {{", *make(settings, own), "}"]
    return "\n".join(lines) + "\n"


def _ipv4(settings: FirewallSettings, told: Wanted) -> list[str]:
    count, hook = _words(settings)
    closed = told.addresses
    addresses = [text(address) for address, _ in closed]
    lines = _maps(told)
    lines += [_set("vips", "ipv4_addr", addresses)] if closed else []
    lines += [f"chain out {{ {hook('output')}"]
    lines += [f"ip protocol igmp {_DUPLICATE.format('ip', count)}"] if told.devices else []
    lines += [f"ip saddr @vips{count} drop"] if closed else []
    lines += ["}"]
    lines += [f"chain in {{ {hook('input')}", f"ip daddr @vips{count} drop", "}"] if closed else []
    return lines


def _ipv6(settings: FirewallSettings, told: Wanted) -> list[str]:
    count, hook = _words(settings)
    lines = _maps(told)
    if told.devices:
        lines += [_set("vmac_set", "iface_index", [f'"{each.name}"' for each in told.devices])]
    out = [f"chain out {{ {hook('output')}"]
    if told.devices:
        out += [f"icmpv6 type mld2-listener-report {_DUPLICATE.format('ip6', count)}"]
        out += [f'icmpv6 type nd-router-solicit meta oifkind "macvlan" oif @vmac_set{count} drop']
    if not told.addresses:
        return [*lines, *out, "}"]
    local = [f'{text(address)} . "{name}"' for address, name in told.addresses if address.startswith(_LINK_LOCAL)]
    others = [text(address) for address, _ in told.addresses if not address.startswith(_LINK_LOCAL)]
    lines += [_set("vips", "ipv6_addr", others), _ND, _set("vips_link_local", "ipv6_addr . iface_index", local)]
    for name, begin, way in (("out", out, "saddr"), ("in", [f"chain in {{ {hook('input')}"], "daddr")):
        lines += begin
        lines += [
            f"icmpv6 type @neighbor-discovery{count} accept",
            f"ip6 {way} fe80::/10{count} goto {name}_link_local",
            f"ip6 {way} @vips{count} drop",
            "}",
        ]
    lines += [f"chain in_link_local {{ ip6 daddr . iif @vips_link_local{count} drop; }}"]
    lines += [f"chain out_link_local {{ ip6 saddr . oif @vips_link_local{count} drop; }}"]
    return lines


def _words(settings: FirewallSettings) -> tuple[str, Callable[[str], str]]:
    """The word for a counter, and the beginning of a chain at a hook."""
    count = " counter" if settings.counters else ""
    return count, lambda name: f"type filter hook {name} priority {settings.priority}; policy accept;"


def _maps(told: Wanted) -> list[str]:
    pairs = ", ".join(f'"{each.name}" : "{each.base}"' for each in told.devices)
    if not pairs:
        return []
    return [f"map vmac_map {{ type iface_index : iface_index; elements = {{ {pairs} }}; }}"]


def _set(name: str, kind: str, members: list[str]) -> str:
    elements = f" elements = {{ {', '.join(members)} }};" if members else ""
    return f"set {name} {{ type {kind};{elements} }}"


class Firewall:
    """The tables of this process."""

    def __init__(self) -> None:
        self._there: tuple[FirewallSettings, Wanted] | None = None

    @property
    def has_rules(self) -> bool:
        """Whether there are any."""
        return self._there is not None

    def set(self, settings: FirewallSettings, told: Wanted) -> str:
        """Have these rules and no others; what went wrong, "" for nothing."""
        now = (settings, told) if told != Wanted() else None
        if now == self._there:
            return ""
        before, self._there = self._there, now
        gone = rules(before[0], Wanted()) if before and before[0] != settings else ""
        error = _nft(gone + rules(settings, told))
        if error and told.devices and told.addresses and not _nft(gone + rules(settings, Wanted(told.addresses))):
            return f"{error}: the rules for devices of use_vmac are left out"
        return error


def _nft(told: str) -> str:
    try:
        done = subprocess.run(
            ["nft", "-f", "-"], input=told, capture_output=True, text=True, check=False, timeout=_PATIENCE_S
        )
    except FileNotFoundError:
        return "no_accept, strict mode and use_vmac want rules of nft(8), which is not here: install nftables"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"cannot run nft: {error}"
    return f"nft: {' '.join(done.stderr.split())}" if done.returncode else ""
