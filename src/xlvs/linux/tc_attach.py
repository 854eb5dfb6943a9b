# SPDX-License-Identifier: Apache-2.0
"""Attaching a tc program to an interface so that it stays without a process: TCX (Linux 6.6), else clsact.

TCX: a link, pinned at the path given. clsact: a direct-action filter with a priority and a handle of its own; it needs
no pin. A clsact that we had to make is remembered by a directory beside the pin and goes with our last filter on it,
unless others have put filters there meanwhile. Both kinds are replaced between two packets.
"""

import ctypes
from ctypes import byref, c_int, c_size_t, c_uint32
from errno import EEXIST, EINVAL, ENODEV, ENOENT
from typing import Final, Literal, NamedTuple

from xlvs.linux.bpf_link import ATTACH_TCX_EGRESS, ATTACH_TCX_INGRESS, Link
from xlvs.linux.bpffs import make_directory, unpin
from xlvs.linux.libbpf import check, library, take_messages
from xlvs.model.errors import KernelError, NotSupported

Method = Literal["tcx", "clsact"]

_INGRESS, _EGRESS = 1, 2
_REPLACE: Final = 1


class Slot(NamedTuple):
    """A program's place among ours on one interface: `first` stands before all others that are there at the time.

    `priority` and `handle` are those of its clsact filter.
    """

    priority: int
    handle: int
    first: bool = False


DIRECTOR: Final = Slot(100, 0x786C76)


class TcAttachment(NamedTuple):
    """How our program hangs on an interface, and the kernel-wide id of it."""

    method: Method
    program_id: int


class _Hook(ctypes.Structure):
    _fields_ = [("sz", c_size_t), ("ifindex", c_int), ("attach_point", c_int), ("parent", c_uint32)]


class _Options(ctypes.Structure):
    _fields_ = [
        ("sz", c_size_t),
        ("prog_fd", c_int),
        ("flags", c_uint32),
        ("prog_id", c_uint32),
        ("handle", c_uint32),
        ("priority", c_uint32),
    ]


def attach(
    program_fd: int,
    ifindex: int,
    pin: str,
    *,
    egress: bool = False,
    method: Method | None = None,
    slot: Slot = DIRECTOR,
) -> Method:
    """Attach a program, or replace ours that is there; returns how.

    Args:
        program_fd: a loaded program of type SCHED_CLS.
        ifindex: the interface, in the current network namespace.
        pin: path in a bpffs, one per interface and direction, without a dot in its last part.
        egress: the direction; ingress otherwise.
        slot: the program's place among ours.
        method: force one; else TCX where the kernel has it. What hangs there by the other method is taken away after.

    Raises NotSupported when TCX is forced and missing; KernelError, with ENODEV when there is no such interface.
    """
    if method != "clsact" and _attach_tcx(
        program_fd, ifindex, pin, egress=egress, first=slot.first, forced=method == "tcx"
    ):
        _detach_clsact(ifindex, pin, egress=egress, slot=slot)
        return "tcx"
    _attach_clsact(program_fd, ifindex, pin, egress=egress, slot=slot)
    _detach_tcx(pin)
    return "clsact"


def detach(ifindex: int, pin: str, *, egress: bool = False, slot: Slot = DIRECTOR) -> bool:
    """Take our program away and leave the interface as it was before; False when nothing of ours was there."""
    tcx = _detach_tcx(pin)
    clsact = _detach_clsact(ifindex, pin, egress=egress, slot=slot)
    return tcx or clsact


def query(ifindex: int, pin: str, *, egress: bool = False, slot: Slot = DIRECTOR) -> TcAttachment | None:
    """What of ours hangs there, or None."""
    program_id = _tcx_program(ifindex, pin)
    if program_id:
        return TcAttachment("tcx", program_id)
    program_id = _clsact_program(ifindex, egress=egress, slot=slot)
    return TcAttachment("clsact", program_id) if program_id else None


def _attach_tcx(program_fd: int, ifindex: int, pin: str, *, egress: bool, first: bool, forced: bool) -> bool:
    """False when the kernel knows no TCX (it answers EINVAL to the attach type) and the caller does not insist."""
    if _tcx_program(ifindex, pin):
        with Link.from_pin(pin) as link:
            link.update(program_fd)
        return True
    unpin(pin)  # a link whose interface is gone
    try:
        link = Link.tcx(program_fd, ifindex, ATTACH_TCX_EGRESS if egress else ATTACH_TCX_INGRESS, first=first)
    except KernelError as error:
        if error.errno != EINVAL:
            raise
        if forced:
            raise NotSupported("TCX", "this kernel is older than 6.6", "attach by clsact") from None
        return False
    with link:
        link.pin(pin)
    return True


def _detach_tcx(pin: str) -> bool:
    """Detach first: after the pin alone is gone, the kernel would do it some time later."""
    try:
        with Link.from_pin(pin) as link:
            attached = link.info.ifindex != 0
            if attached:
                link.detach()
    except KernelError as error:
        if error.errno != ENOENT:
            raise
        return False
    unpin(pin)
    return attached


def _tcx_program(ifindex: int, pin: str) -> int:
    try:
        with Link.from_pin(pin) as link:
            info = link.info
    except KernelError as error:
        if error.errno != ENOENT:
            raise
        return 0
    return info.program_id if info.ifindex == ifindex else 0


def _attach_clsact(program_fd: int, ifindex: int, pin: str, *, egress: bool, slot: Slot) -> None:
    both = _hook(ifindex, _INGRESS | _EGRESS)
    result = library().bpf_tc_hook_create(byref(both))
    if result != -EEXIST:
        check("making a clsact", result)
        make_directory(_marker(ifindex, pin))
    options = _Options(prog_fd=program_fd, flags=_REPLACE, handle=slot.handle, priority=slot.priority)
    try:
        hook = _hook(ifindex, _EGRESS if egress else _INGRESS)
        check("attaching by clsact", library().bpf_tc_attach(byref(hook), byref(_sized(options))))
    except BaseException:
        _drop_own_clsact(ifindex, pin, slot)
        raise


def _detach_clsact(ifindex: int, pin: str, *, egress: bool, slot: Slot) -> bool:
    present = bool(_clsact_program(ifindex, egress=egress, slot=slot))
    if present:
        hook = _hook(ifindex, _EGRESS if egress else _INGRESS)
        options = _sized(_Options(handle=slot.handle, priority=slot.priority))
        check("detaching from clsact", library().bpf_tc_detach(byref(hook), byref(options)))
    _drop_own_clsact(ifindex, pin, slot)
    return present


def _clsact_program(ifindex: int, *, egress: bool, slot: Slot) -> int:
    hook = _hook(ifindex, _EGRESS if egress else _INGRESS)
    options = _sized(_Options(handle=slot.handle, priority=slot.priority))
    result = library().bpf_tc_query(byref(hook), byref(options))
    if result in (-ENOENT, -EINVAL, -ENODEV):  # no filter, no clsact, no interface
        take_messages()
        return 0
    check("asking for our tc filter", result)
    return int(options.prog_id)


def _drop_own_clsact(ifindex: int, pin: str, slot: Slot) -> None:
    """Remove the clsact that we made, once nothing of ours hangs on it; if others use it, it is theirs from now on."""
    import os

    from xlvs.linux.interface import has_tc_filters

    marker = _marker(ifindex, pin)
    if not os.path.isdir(marker):
        return
    if any(_clsact_program(ifindex, egress=egress, slot=slot) for egress in (False, True)):
        return
    if not has_tc_filters(ifindex):
        both = _hook(ifindex, _INGRESS | _EGRESS)
        result = library().bpf_tc_hook_destroy(byref(both))
        if result not in (-ENOENT, -EINVAL, -ENODEV):
            check("removing our clsact", result)
    os.rmdir(marker)


def _marker(ifindex: int, pin: str) -> str:
    """A bpffs holds no ordinary files, but directories; one interface has one clsact for both directions."""
    return f"{pin.rpartition('/')[0]}/clsact_{ifindex}"


def _hook(ifindex: int, attach_point: int) -> _Hook:
    return _Hook(sz=ctypes.sizeof(_Hook), ifindex=ifindex, attach_point=attach_point)


def _sized(options: _Options) -> _Options:
    options.sz = ctypes.sizeof(options)
    return options
