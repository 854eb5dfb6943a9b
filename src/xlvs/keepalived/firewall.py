# SPDX-License-Identifier: Apache-2.0
"""no_accept and strict mode: packets to and from the virtual addresses are dropped by nftables, as the original does.

The addresses stand in the sets from the beginning: a backup has none of them, so nothing is dropped there, and a new master
need not wait for nft(8).
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

from xlvs.keepalived.virtual_addresses import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xlvs.keepalived.vrrp_plan import FirewallSettings, Instance

_PATIENCE_S: Final = 5.0
_LINK_LOCAL: Final = b"\xfe\x80"
_IPV4: Final = """\
table ip {table} {{
 set vips {{ type ipv4_addr; }}
 chain out {{ type filter hook output priority {priority}; policy accept; ip saddr @vips{count} drop; }}
 chain in {{ type filter hook input priority {priority}; policy accept; ip daddr @vips{count} drop; }}
}}
"""
_IPV6: Final = """\
table ip6 {table} {{
 set vips {{ type ipv6_addr; }}
 set neighbor-discovery {{ type icmpv6_type; flags constant; elements = {{ nd-neighbor-solicit, nd-neighbor-advert }}; }}
 set vips_link_local {{ type ipv6_addr . iface_index; }}
 chain out {{
  type filter hook output priority {priority}; policy accept;
  icmpv6 type @neighbor-discovery{count} accept
  ip6 saddr fe80::/10{count} goto out_link_local
  ip6 saddr @vips{count} drop
 }}
 chain in {{
  type filter hook input priority {priority}; policy accept;
  icmpv6 type @neighbor-discovery{count} accept
  ip6 daddr fe80::/10{count} goto in_link_local
  ip6 daddr @vips{count} drop
 }}
 chain in_link_local {{ ip6 daddr . iif @vips_link_local{count} drop; }}
 chain out_link_local {{ ip6 saddr . oif @vips_link_local{count} drop; }}
}}
"""


def refused(instances: Iterable[Instance]) -> list[tuple[bytes, str]]:
    """The addresses whose packets are to be dropped, each with its interface."""
    return [
        (each.address, each.interface or instance.home)
        for instance in instances
        if not instance.accept
        for each in instance.all_addresses
    ]


def rules(settings: FirewallSettings, addresses: Sequence[tuple[bytes, str]]) -> str:
    """What nft(8) is told: the tables anew, or nothing but that they go."""
    words = {
        "table": settings.table,
        "priority": str(settings.priority),
        "count": " counter" if settings.counters else "",
    }
    lines = [f"table {family} {settings.table}\ndelete table {family} {settings.table}" for family in ("ip", "ip6")]
    if not addresses:
        return "\n".join(lines) + "\n"
    elements: dict[tuple[str, str], list[str]] = {}
    for address, interface in addresses:
        if len(address) == 4:
            elements.setdefault(("ip", "vips"), []).append(text(address))
        elif address.startswith(_LINK_LOCAL):
            elements.setdefault(("ip6", "vips_link_local"), []).append(f'{text(address)} . "{interface}"')
        else:
            elements.setdefault(("ip6", "vips"), []).append(text(address))
    lines += [_IPV4.format(**words), _IPV6.format(**words)]
    for (family, name), members in elements.items():
        lines.append(f"add element {family} {settings.table} {name} {{ {', '.join(members)} }}")
    return "\n".join(lines) + "\n"


class Firewall:
    """The tables of this process."""

    def __init__(self) -> None:
        self._there: tuple[FirewallSettings, tuple[tuple[bytes, str], ...]] | None = None

    def set(self, settings: FirewallSettings, addresses: Sequence[tuple[bytes, str]]) -> str:
        """Drop packets to these addresses and to no others; what went wrong, "" for nothing."""
        wanted = (settings, tuple(addresses)) if addresses else None
        if wanted == self._there:
            return ""
        before, self._there = self._there, wanted
        told = rules(before[0], ()) if before and before[0] != settings else ""
        return _nft(told + rules(settings, addresses))


def _nft(told: str) -> str:
    try:
        done = subprocess.run(
            ["nft", "-f", "-"], input=told, capture_output=True, text=True, check=False, timeout=_PATIENCE_S
        )
    except FileNotFoundError:
        return "no_accept and strict mode need nft(8): install nftables; packets to the addresses are accepted"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"cannot run nft: {error}"
    return f"nft: {done.stderr.strip()}" if done.returncode else ""
