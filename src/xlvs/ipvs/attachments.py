# SPDX-License-Identifier: Apache-2.0
"""The packet path on the host's interfaces: tc on each, XDP before it where the driver has it natively.

`auto` puts XDP on devices of a bus alone: on veth, bridges and other virtual links tc is the faster one, since it
sees the segments of a TCP stream unsplit.
"""

from __future__ import annotations

import os
from errno import EBUSY, EEXIST, ENODEV, ENOENT, EOPNOTSUPP
from typing import TYPE_CHECKING, Literal, NamedTuple

from xlvs.ipvs import detour, layout, output
from xlvs.ipvs.detour_plan import DEVICE, PEER
from xlvs.linux import bpffs, tc_attach, xdp_attach
from xlvs.linux.bpf import Map, Program
from xlvs.linux.interface import ARPHRD_ETHER, Interface, interfaces
from xlvs.model.errors import KernelError, UsageError

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store

Mode = Literal["auto", "tc", "xdp", "xdp-generic"]
MODES: tuple[Mode, ...] = ("auto", "tc", "xdp", "xdp-generic")


class Attachment(NamedTuple):
    """What hangs on an interface: `tc`, on the way in, is "tcx", "clsact" or ""; `egress`, on the way out, likewise.

    `xdp` is "native", "generic" or "".
    `current` is False when one of them is not the director's newest program.
    """

    interface: Interface
    tc: str
    xdp: str
    egress: str
    current: bool


def is_suitable(interface: Interface) -> bool:
    """Whether packets for services come in here: Ethernet, and no port of a bridge or bond that is a suitable one."""
    if interface.name in (DEVICE, PEER):
        return False
    return interface.hardware == ARPHRD_ETHER and not interface.loopback and not interface.master


def attach_suitable(store: Store) -> list[str]:
    """Attach every suitable interface that is not, unless the user chose the interfaces; returns their names."""
    if store.kept(layout.LEDGER_ATTACH_CHOSEN):
        return []
    names = []
    for interface in interfaces():
        if is_suitable(interface) and tc_attach.query(interface.ifindex, _tc_pin(store, interface)) is None:
            attach(store, interface, "auto")
            names.append(interface.name)
    return names


def attach(store: Store, interface: Interface, mode: Mode) -> None:
    """Attach the newest programs to an interface, or replace those that are there, between two packets.

    Raises KernelError when tc cannot be attached, or XDP where the user insists on it: the interface is then as before.
    """
    was_there = tc_attach.query(interface.ifindex, _tc_pin(store, interface)) is not None
    with Program.from_pin(f"{store.directory}/prog_tc") as program:
        tc_attach.attach(program.fd, interface.ifindex, _tc_pin(store, interface))
    output.attach(store, interface.ifindex)
    if mode == "tc" or (mode == "auto" and not interface.physical):
        _detach_xdp(store, interface)
        return
    try:
        _attach_xdp(store, interface, "generic" if mode == "xdp-generic" else "native")
    except KernelError as error:
        # Another's XDP program, or a driver without: tc does it all.
        if mode == "auto" and error.errno in (EBUSY, EEXIST, EOPNOTSUPP):
            return
        if not was_there:
            detach(store, interface)
        raise


def detach(store: Store, interface: Interface) -> bool:
    """Take the packet path off an interface; False when it was not there."""
    xdp = _detach_xdp(store, interface)
    out = output.detach(store, interface.ifindex)
    was_there = tc_attach.detach(interface.ifindex, _tc_pin(store, interface)) or xdp or out
    if not any(tc_attach.query(each.ifindex, _tc_pin(store, each)) for each in interfaces()):
        output.release_loopback(store)
    return was_there


def choose(store: Store, *, chosen: bool) -> None:
    """Remember whether the user named the interfaces."""
    store.keep(layout.LEDGER_ATTACH_CHOSEN, int(chosen))


def named(names: list[str]) -> list[Interface]:
    """The interfaces of these names. Raises UsageError for one that is not there."""
    present = {interface.name: interface for interface in interfaces()}
    for name in names:
        if name not in present:
            known = ", ".join(sorted(present))
            raise UsageError(f"there is no interface {name} (there are: {known})")
    return [present[name] for name in names]


def attachments(store: Store) -> list[Attachment]:
    """All interfaces of the namespace with what of ours hangs on them."""
    newest = set()
    for name in ("prog_tc", "prog_xdp", "prog_egress"):
        with Program.from_pin(f"{store.directory}/{name}") as program:
            newest.add(program.info.id)
    found = []
    for interface in interfaces():
        if interface.name in (DEVICE, PEER):
            continue
        on_tc = tc_attach.query(interface.ifindex, _tc_pin(store, interface))
        on_xdp = xdp_attach.query(interface.ifindex, _xdp_pin(store, interface))
        ours = on_xdp if on_xdp and on_xdp.ours else None
        out = output.query(store, interface.ifindex)
        methods = on_tc.method if on_tc else "", ours.mode if ours else "", out.method if out else ""
        ids = {each.program_id for each in (on_tc, ours, out) if each}
        found.append(Attachment(interface, *methods, current=ids <= newest))
    return found


def replace_all(store: Store) -> list[str]:
    """Put the newest programs wherever older ones of ours hang; returns the names of the interfaces."""
    names = []
    for each in attachments(store):
        if each.tc or each.xdp:
            attach(store, each.interface, _mode_of(each))
            names.append(each.interface.name)
    detour.reattach(store)
    return names


def _mode_of(attachment: Attachment) -> Mode:
    if not attachment.xdp:
        return "tc"
    return "xdp" if attachment.xdp == "native" else "xdp-generic"


def _tc_pin(store: Store, interface: Interface) -> str:
    return f"{store.directory}/tc_{interface.ifindex}"


def _xdp_pin(store: Store, interface: Interface) -> str:
    return f"{store.directory}/xdp_{interface.ifindex}"


def _attach_xdp(store: Store, interface: Interface, mode: xdp_attach.Mode) -> None:
    with Program.from_pin(f"{store.directory}/prog_xdp") as program:
        xdp_attach.attach(program.fd, interface.ifindex, _xdp_pin(store, interface), mode)
    index = interface.ifindex.to_bytes(4, "little")
    with Map.from_pin(f"{store.directory}/xdp_ports") as ports:
        if mode == "native":
            ports.update(index, index)
            if interface.kind == "veth":
                store.set_setting(layout.SETTINGS_TURN_BY_REDIRECT, 1)
        else:
            ports.delete(index)
    _forget_hops(store)


def _forget_hops(store: Store) -> None:
    """The packet path remembers through which interfaces XDP may send: it learns anew."""
    memory = store.array("hops").memory
    memory[:] = bytes(len(memory))


def _detach_xdp(store: Store, interface: Interface) -> bool:
    with Map.from_pin(f"{store.directory}/xdp_ports") as ports:
        gone = ports.delete(interface.ifindex.to_bytes(4, "little"))
    if gone:
        _forget_hops(store)
    try:
        return xdp_attach.detach(_xdp_pin(store, interface))
    except KernelError as error:
        if error.errno not in (ENOENT, ENODEV):
            raise
        return False


def remove_director(store: Store) -> None:
    """Take the packet path off everything and forget the tables: the host is as it was."""
    detour.remove(store)
    for interface in interfaces():
        detach(store, interface)
    bpffs.remove(store.directory)


def remove_leftovers() -> None:
    """Remove the folder of a director that was never loaded to the end; nothing can be attached then."""
    try:
        directory = bpffs.director(create=False)
    except KernelError as error:
        if error.errno != ENOENT:
            raise
        return
    if os.path.isdir(directory):
        with bpffs.lock(directory):
            bpffs.remove(directory)
