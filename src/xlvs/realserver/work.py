# SPDX-License-Identifier: Apache-2.0
"""Making a host a real server, and making it what it was before.

Order matters: ARP is quiet and the tunnel's end is there before lo gets the address, and the address goes first.
Every step may be the last one of a killed process; the next `up` or `down` finds all that it needs in the journal.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xlvs.linux import address as addresses
from xlvs.model.address import format_address
from xlvs.model.errors import XlvsError
from xlvs.realserver import host as hosts
from xlvs.realserver import journal, plan
from xlvs.realserver.setup import Method, Setup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xlvs.realserver.host import Host

    Tell = Callable[[str], None]


def up(change: Callable[[Setup], Setup], tell: Tell, *, dry_run: bool = False) -> None:
    """Bring the setup that `change` makes of the present one about; `tell` gets a line for each thing done.

    Raises UsageError before anything is changed; PermissionDenied, KernelError, NotSupported.
    """
    with journal.locked():
        host = hosts.look()
        old = journal.load()
        wanted = change(old)
        hosts.require(host, wanted.interfaces)
        noted = plan.plan(wanted, host)
        if wanted.by(Method.TUNNEL):
            _require_tunnel(dry_run=dry_run)
        if not dry_run:
            journal.save(noted)
        try:
            _quieten(noted, host, tell, dry_run=dry_run)
            _tunnel(noted, host, tell, dry_run=dry_run)
            _take_addresses(noted, host, tell, dry_run=dry_run)
        except XlvsError:
            if not dry_run:
                _withdraw(noted, replace(noted, vips=old.vips), tell)
            raise


def down(vips: Iterable[bytes], tell: Tell) -> bool:
    """Undo all of it, or what these virtual addresses need alone; False when there was nothing to undo."""
    with journal.locked():
        old = journal.load()
        gone = list(vips) or list(old.vips)
        done = _withdraw(old, old.without(gone), tell)
    return bool(old.vips) or done


def _withdraw(old: Setup, left: Setup, tell: Tell) -> bool:
    """Undo all that `left` does not need; False when no program was there."""
    host = hosts.look()
    loopback = host.loopback
    for address in plan.to_remove(old, left):
        if addresses.remove(loopback.ifindex, address):
            tell(f"{format_address(address)} is off {loopback.name}")
    had_program = _close_tunnel(left, host, tell)
    for change in plan.to_restore(old, left):
        _restore(change.key, change.before, change.ours, tell)
    remaining = plan.undo(old, left)
    if remaining.vips:
        journal.save(remaining)
    else:
        journal.forget()
    return had_program


def _require_tunnel(*, dry_run: bool) -> None:
    from xlvs.linux import capability

    if not dry_run:
        capability.require_director("decapsulating")


def _quieten(wanted: Setup, host: Host, tell: Tell, *, dry_run: bool) -> None:
    for sysctl, value in plan.wanted_sysctls(wanted, host):
        if not dry_run:
            hosts.write(sysctl, str(value))
        tell(f"{hosts.shown(sysctl)} = {value} (was {host.sysctls.get(sysctl, 0)})")


def _tunnel(wanted: Setup, host: Host, tell: Tell, *, dry_run: bool) -> None:
    from xlvs.realserver import decap

    if not wanted.by(Method.TUNNEL):
        if not dry_run:
            _close_tunnel(wanted, host, tell)
        return
    if dry_run:
        names = [each.name for each in host.listening(wanted.interfaces)]
    else:
        names = decap.bring_up(wanted, host)
        for number in decap.abandoned():
            decap.abandon(number)
            journal.forget(number)
    types = ", ".join(each.value for each in wanted.types)
    tell(f"decapsulation ({types}) on {', '.join(names) or 'no interface: none is suitable'}")


def _close_tunnel(left: Setup, host: Host, tell: Tell) -> bool:
    """Remove the programs when no virtual address needs them any more, or tell them which ones still do."""
    from xlvs.realserver import decap

    if left.by(Method.TUNNEL):
        decap.tell(left, host)
        return True
    if not decap.take_down(host):
        return False
    tell("decapsulation is off")
    return True


def _take_addresses(wanted: Setup, host: Host, tell: Tell, *, dry_run: bool) -> None:
    loopback = host.loopback
    for vip in wanted.vips:
        there = loopback.name in host.holders(vip)
        added = not there if dry_run else addresses.add(loopback.ifindex, vip)
        what = "is on" if added else "was already on"
        tell(f"{format_address(vip)}/{len(vip) * 8} {what} {loopback.name}")


def _restore(sysctl: str, before: str, ours: str, tell: Tell) -> None:
    """Put a value back, unless somebody else changed it meanwhile: then it is theirs."""
    now = hosts.read(sysctl)
    if now == ours and before != ours:
        hosts.write(sysctl, before)
        tell(f"{hosts.shown(sysctl)} = {before}")
    elif now not in (None, before):
        tell(f"{hosts.shown(sysctl)} is {now} by now, not {ours} as it was set: left alone")
