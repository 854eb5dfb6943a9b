# SPDX-License-Identifier: Apache-2.0
"""The way out: what the host itself sends is judged at tc egress, on every attached interface and on the loopback one.

There is a local client's request to a virtual address of the host, and the answer of a destination on the host itself.
What a local client gets enters by the loopback interface, with a virtual address of the host as its source; so that the
stack takes that, three settings of this interface change while anything is attached. What they were is noted in the
names of folders beside the pins, since a bpffs holds no ordinary files.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xlvs.linux import bpffs, tc_attach
from xlvs.linux.bpf import Program

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store

LOOPBACK: Final = 1  # ifindex, in every network namespace
_SETTINGS: Final = Path("/proc/sys/net/ipv4/conf")
_WANTED: Final = {
    "accept_local": 1,
    "rp_filter": 0,
    "forwarding": 1,  # the routing table is asked as for a packet from here, which is refused without
}


def attach(store: Store, ifindex: int) -> None:
    """Attach the newest program to an interface and to the loopback one, or replace it there. Raises KernelError."""
    with Program.from_pin(f"{store.directory}/prog_egress") as program:
        for each in (LOOPBACK, ifindex):
            tc_attach.attach(program.fd, each, _pin(store, each), egress=True)
    for name, wanted in _WANTED.items():
        _set(store, name, wanted)


def detach(store: Store, ifindex: int) -> bool:
    """Take it off an interface; False when it was not there."""
    return tc_attach.detach(ifindex, _pin(store, ifindex), egress=True)


def release_loopback(store: Store) -> None:
    """No interface is attached any more: the loopback one becomes as it was."""
    detach(store, LOOPBACK)
    for name in _WANTED:
        _restore(store, name)


def query(store: Store, ifindex: int) -> tc_attach.TcAttachment | None:
    """What of ours hangs on an interface's way out, or None."""
    return tc_attach.query(ifindex, _pin(store, ifindex), egress=True)


def _pin(store: Store, ifindex: int) -> str:
    return f"{store.directory}/tc_egress_{ifindex}"


def _set(store: Store, name: str, wanted: int) -> None:
    """Where the host's settings are not to be written, as in some containers, local clients alone do without."""
    setting = _SETTINGS / "lo" / name
    with suppress(OSError):
        before = int(setting.read_text())
        if before != wanted:
            setting.write_text(str(wanted))
            bpffs.make_directory(_note(store, name, before))


def _restore(store: Store, name: str) -> None:
    for before in range(3):
        if not os.path.isdir(_note(store, name, before)):
            continue
        # Who made the host a router meanwhile meant this interface too.
        value = (_SETTINGS / "all" / name).read_text() if name == "forwarding" else str(before)
        with suppress(OSError):
            (_SETTINGS / "lo" / name).write_text(value)
        os.rmdir(_note(store, name, before))


def _note(store: Store, name: str, before: int) -> str:
    return f"{store.directory}/lo_{name}_{before}"
