# SPDX-License-Identifier: Apache-2.0
"""Attaching an XDP program to an interface by a pinned link, so that it stays without a process."""

from errno import ENOENT
from typing import Final, Literal, NamedTuple

from xlvs.linux.bpf_link import XDP_GENERIC, XDP_NATIVE, Link
from xlvs.linux.bpffs import unpin
from xlvs.model.errors import KernelError

Mode = Literal["native", "generic"]

_FLAGS: Final[dict[Mode, int]] = {"native": XDP_NATIVE, "generic": XDP_GENERIC}


class XdpAttachment(NamedTuple):
    """The XDP program of an interface: its mode, its kernel-wide id, and whether it is the one pinned by us."""

    mode: str
    program_id: int
    ours: bool


def attach(program_fd: int, ifindex: int, pin: str, mode: Mode) -> None:
    """Attach a program, or replace ours between two packets; another mode than before takes ours away first.

    `pin` is a path in a bpffs, one per interface, without a dot in its last part. Raises KernelError: EBUSY or EEXIST
    when somebody else's program is there, EOPNOTSUPP when the driver has no native XDP, ENODEV without the interface.
    """
    present = query(ifindex, pin)
    if present and present.ours:
        if present.mode == mode:
            with Link.from_pin(pin) as link:
                link.update(program_fd)
            return
        detach(pin)
    unpin(pin)  # a link whose interface is gone
    with Link.xdp(program_fd, ifindex, _FLAGS[mode]) as link:
        link.pin(pin)


def detach(pin: str) -> bool:
    """Take our program away at once; False when it was not attached."""
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


def query(ifindex: int, pin: str) -> XdpAttachment | None:
    """The XDP program of an interface, ours or not; None without one. Raises KernelError with ENODEV."""
    from xlvs.linux.interface import interface_by_index

    found = interface_by_index(ifindex)
    if not found.xdp_mode:
        return None
    return XdpAttachment(found.xdp_mode, found.xdp_program_id, _pinned_ifindex(pin) == ifindex)


def _pinned_ifindex(pin: str) -> int:
    try:
        with Link.from_pin(pin) as link:
            return link.info.ifindex
    except KernelError as error:
        if error.errno != ENOENT:
            raise
        return 0
