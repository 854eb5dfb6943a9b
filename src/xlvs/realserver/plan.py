# SPDX-License-Identifier: Apache-2.0
"""From what is wanted and what is there to what has to be changed. No I/O.

ARP settings are those that LVS texts give for DR: the host must neither answer for the virtual address, which lo
has (arp_ignore 1: only for addresses of the interface that was asked), nor name it as its own when it asks
(arp_announce 2: the address that fits the neighbour's network best).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from xlvs.model.address import format_address, is_ipv4_multicast, is_ipv6_multicast
from xlvs.model.errors import UsageError
from xlvs.realserver.host import Host, key
from xlvs.realserver.setup import Method, Setup, SysctlChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

QUIET_ARP_IGNORE: Final = frozenset((1, 2, 8))  # 3 still answers for an address of global scope
ARP_ANNOUNCE_BEST: Final = 2
STRICT, LOOSE = 1, 2  # rp_filter (RFC 3704)


def wish(old: Setup, vips: Iterable[bytes], method: Method, **tunnel: Any) -> Setup:
    """The old setup with virtual addresses added, or changed in their method; `tunnel` replaces fields where given."""
    fields = {name: value for name, value in tunnel.items() if value is not None}
    return replace(old, vips={**old.vips, **dict.fromkeys(vips, method)}, **fields)


def plan(wanted: Setup, host: Host) -> Setup:
    """`wanted` with every change noted that it takes on this host, and every one that was made before kept.

    Raises UsageError when this host cannot have such an address.
    """
    check(wanted, host)
    noted = {change.key: change for change in wanted.sysctls}
    for sysctl, value in wanted_sysctls(wanted, host):
        before = noted[sysctl].before if sysctl in noted else str(host.sysctls.get(sysctl, 0))
        noted[sysctl] = SysctlChange(sysctl, before, str(value))
    present = {each.address for each in host.addresses if each.ifindex == host.loopback.ifindex}
    added = [vip for vip in wanted.vips if vip not in present and vip not in wanted.addresses]
    return replace(wanted, sysctls=tuple(noted.values()), addresses=(*wanted.addresses, *added))


def wanted_sysctls(wanted: Setup, host: Host) -> Iterator[tuple[str, int]]:
    """Settings that are not as they must be, with the value that they get."""
    if not wanted.has_ipv4:
        return
    for name in ("all", host.loopback.name):
        if host.setting(name, "arp_ignore") not in QUIET_ARP_IGNORE:
            yield key(name, "arp_ignore"), 1
        if host.setting(name, "arp_announce") != ARP_ANNOUNCE_BEST:
            yield key(name, "arp_announce"), ARP_ANNOUNCE_BEST
    for interface in host.listening(wanted.interfaces):
        # The greater of two values counts, so the interface's own 2 softens even a 1 for all.
        if host.effective(interface.name, "rp_filter") == STRICT:
            yield key(interface.name, "rp_filter"), LOOSE


def undo(old: Setup, left: Setup) -> Setup:
    """What of `old` remains to be noted when `left` is all that is to stay."""
    if not left.vips:
        return Setup()
    return replace(left, addresses=tuple(each for each in old.addresses if each in left.vips))


def to_remove(old: Setup, left: Setup) -> Sequence[bytes]:
    """Addresses that we put on lo and that are to go."""
    return [each for each in old.addresses if each not in left.vips]


def to_restore(old: Setup, left: Setup) -> Sequence[SysctlChange]:
    """Settings that are to be as before: all of them once the last virtual address goes, newest first."""
    return () if left.vips else tuple(reversed(old.sysctls))


def check(wanted: Setup, host: Host) -> None:
    """Raise UsageError for an address that cannot be a virtual one here."""
    for vip in wanted.vips:
        text = format_address(vip)
        if _is_no_host_address(vip):
            raise UsageError(f"{text} is no address that a host can have")
        elsewhere = [name for name in host.holders(vip) if name != host.loopback.name]
        if elsewhere:
            raise UsageError(
                f"{text} is an address of {elsewhere[0]}, which answers for it; a real server has it on lo alone "
                f"(`ip address del {text}/{_prefix(host, vip)} dev {elsewhere[0]}`, then again)"
            )


def _prefix(host: Host, vip: bytes) -> int:
    return next((each.prefix for each in host.addresses if each.address == vip), len(vip) * 8)


def _is_no_host_address(vip: bytes) -> bool:
    return (
        not any(vip)
        or is_ipv4_multicast(vip)
        or is_ipv6_multicast(vip)
        or vip == b"\xff" * 4
        or (len(vip) == 4 and vip[0] == 127)
        or vip == bytes(15) + b"\1"
    )
