# SPDX-License-Identifier: Apache-2.0
"""The detour of packets that may bear a mark of netfilter: a device of ours, a table of routes and rules that lead there.

`sync` brings it about, changes it or takes it away, whatever state it finds: what it wants follows from the services
alone. It leaves the host's own rules and routes alone, and repeats harmlessly after a death at any point.
"""

from __future__ import annotations

import os
from errno import EAFNOSUPPORT, EEXIST, ENOENT
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.ipvs import layout
from xlvs.ipvs.detour_plan import DEVICE, PEER, PROTOCOL, TABLE, Wanted, plan
from xlvs.ipvs.mark_ranges import marks_with_ranges, present
from xlvs.linux import device, fib_rules, tc_attach
from xlvs.linux.bpf import Program
from xlvs.linux.interface import Interface, interface
from xlvs.linux.netlink import Route
from xlvs.model.errors import KernelError

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store

FAMILIES: Final = (2, 10)
_MTU: Final = 65535  # nothing is too big for it, so netfilter's side answers nothing
_LOOSE: Final = 2
_ADDRESS: Final = bytes((127, 118, 0, 1))


class Lack(NamedTuple):
    """What is missing: `device`, `program`, `route` or `rules`, and the family that it concerns (0: all)."""

    part: str
    family: int


class Marks(NamedTuple):
    """The marks of netfilter that services want, by family, and what their detour lacks.

    `ranges`: how many ranges of ports have marks by `xlvs mark`; `checks_sources`: the host checks where packets come from by their marks (src_valid_mark).
    """

    ipv4: tuple[int, ...] = ()
    ipv6: tuple[int, ...] = ()
    ranges: int = 0
    lacks: tuple[Lack, ...] = ()
    checks_sources: bool = False


def wanted(store: Store, family: int, adding: bytes | None = None) -> Wanted:
    """What is to take the detour in a family, with a service that is about to be added (its packed key)."""
    keys = [] if adding is None else [adding]
    for number in store.live_services():
        base = number * layout.SERVICE_SIZE
        keys.append(store.services.memory[base : base + layout.SERVICE_KEY.size])
    ranged = marks_with_ranges(store, family)
    marks, services = set[int](), set[tuple[bytes, int, int]]()
    for address, mark, port, protocol, of in map(layout.SERVICE_KEY.unpack, keys):
        if of != family:
            continue
        if not mark:
            services.add((layout.narrow(address, family), protocol, int.from_bytes(port, "big")))
        elif mark not in ranged:
            marks.add(mark)
    return Wanted(frozenset(marks), frozenset(services) if marks else frozenset())


def is_there(store: Store) -> bool:
    """Whether packets take a detour."""
    return bool(store.setting(layout.SETTINGS_MARK_DEVICE))


def sync(store: Store, adding: bytes | None = None) -> None:
    """Make the detour what the services want. Under the lock. KernelError: what could be made stays, and harms nothing."""
    want = {family: wanted(store, family, adding) for family in FAMILIES}
    with Route() as route:
        if not any(want.values()):
            _remove(store, route)
            return
        made = _device(route, want)
        _attach(store, made)
        store.set_setting(layout.SETTINGS_MARK_DEVICE, made.ifindex)
        for family, each in want.items():
            if not each:
                store.set_setting(layout.SETTINGS_MARKS[family], 0)
            if each and not device.routes_all(route, family, made.ifindex, TABLE):
                device.route_all(route, family, made.ifindex, TABLE, PROTOCOL)
            _apply(route, family, each)
            if each:
                store.set_setting(layout.SETTINGS_MARKS[family], 1)


def remove(store: Store) -> None:
    """Take the detour off the host."""
    with Route() as route:
        _remove(store, route)


def reattach(store: Store) -> None:
    """Put the newest program at the mark device, where there is one."""
    if is_there(store):
        found = _find()
        if found is not None:
            _attach(store, found)


def examine(store: Store) -> Marks:
    """What `xlvs status` wants to know."""
    want = {family: wanted(store, family) for family in FAMILIES}
    return Marks(
        ipv4=tuple(sorted(want[2].marks)),
        ipv6=tuple(sorted(want[10].marks)),
        ranges=len(present(store)),
        lacks=tuple(_lacks(store, want)) if any(want.values()) else (),
        checks_sources=bool(device.switch("ipv4/conf/all/src_valid_mark")),
    )


def _lacks(store: Store, want: dict[int, Wanted]) -> list[Lack]:
    found = _find()
    if found is None or not found.up or store.setting(layout.SETTINGS_MARK_DEVICE) != found.ifindex:
        return [Lack("device", 0)]
    missing = []
    if tc_attach.query(found.ifindex, _pin(store, found), egress=True) is None:
        missing.append(Lack("program", 0))
    with Route() as route:
        for family, each in want.items():
            if each and not device.routes_all(route, family, found.ifindex, TABLE):
                missing.append(Lack("route", family))
            if each and plan(fib_rules.rules(route, family), each):
                missing.append(Lack("rules", family))
    return missing


def _device(route: Route, want: dict[int, Wanted]) -> Interface:
    made = _find()
    if made is None:
        try:
            device.make_pair(route, DEVICE, PEER, _MTU)
        except KernelError as error:
            if error.errno != EEXIST:
                raise
        made = interface(DEVICE)
    # Nothing but what we lead there: no router's advertisements, no addresses of its own.
    for name in (DEVICE, PEER):
        device.set_switch(f"ipv6/conf/{name}/addr_gen_mode", 1)
        device.set_switch(f"ipv6/conf/{name}/accept_ra", 0)
    device.set_switch(f"ipv6/conf/{PEER}/disable_ipv6", 1)
    device.set_switch(f"ipv6/conf/{DEVICE}/disable_ipv6", int(not want[10]))
    # What it gives back to the stack comes from where no route leads through it: a check of that sort that is on for
    # all devices is made a loose one, which wants an address here.
    device.set_switch(f"ipv4/conf/{DEVICE}/rp_filter", _LOOSE)
    # What the host itself sends may end here, and what answers it bears an address of the host as its source.
    device.set_switch(f"ipv4/conf/{DEVICE}/accept_local", 1)
    device.give_address(route, made.ifindex, _ADDRESS)
    if not made.up:
        device.set_up(route, interface(PEER).ifindex)
        device.set_up(route, made.ifindex)
    return interface(DEVICE)


def _find() -> Interface | None:
    try:
        return interface(DEVICE)
    except KernelError:
        return None


def _attach(store: Store, made: Interface) -> None:
    with Program.from_pin(f"{store.directory}/prog_tc") as program:
        tc_attach.attach(program.fd, made.ifindex, _pin(store, made), egress=True)


def _pin(store: Store, made: Interface) -> str:
    return f"{store.directory}/tc_{made.ifindex}"


def _apply(route: Route, family: int, wanted_: Wanted) -> None:
    """Bring the rules about, or (nothing wanted) away. A host without IPv6 has none to take away."""
    try:
        present = fib_rules.rules(route, family)
    except KernelError as error:
        if wanted_ or error.errno != EAFNOSUPPORT:
            raise
        return
    for add, rule in plan(present, wanted_):
        if not add:
            _delete(route, family, rule)
            continue
        fib_rules.add_rule(route, family, rule, again=rule.protocol != PROTOCOL)


def _delete(route: Route, family: int, rule: fib_rules.FibRule) -> None:
    try:
        fib_rules.delete_rule(route, family, rule)
    except KernelError as error:
        if error.errno != ENOENT:
            raise


def _remove(store: Store, route: Route) -> None:
    for offset in layout.SETTINGS_MARKS.values():
        store.set_setting(offset, 0)
    for family in FAMILIES:
        _apply(route, family, Wanted())
    found = _find()
    if found is not None and os.path.exists(_pin(store, found)):
        tc_attach.detach(found.ifindex, _pin(store, found), egress=True)
    if found is not None:
        device.delete(route, found.ifindex)
    store.set_setting(layout.SETTINGS_MARK_DEVICE, 0)
