# SPDX-License-Identifier: Apache-2.0
"""The decapsulation program of this network namespace: loaded, attached, told which packets are meant for it.

Its pins lie in a folder of their own beside the directors', `rs_<cookie of the namespace>`: maps by their names, the
program as `prog_decap`, attachments as `tc_<ifindex>` and, for the answers' MSS, `out_<ifindex>`.
"""

from __future__ import annotations

import os
from contextlib import suppress
from errno import ENOENT
from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.ipvs import stale
from xlvs.ipvs.objects import object_path
from xlvs.linux import bpffs, tc_attach
from xlvs.linux.bpf import Map, Object, Program
from xlvs.linux.namespace import cookie
from xlvs.linux.tc_attach import Slot
from xlvs.model.errors import KernelError
from xlvs.realserver.setup import Method, TunnelType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlvs.linux.interface import Interface
    from xlvs.realserver.host import Host
    from xlvs.realserver.setup import Setup

OUTCOMES: Final = (
    "done",
    "not_own",
    "not_vip",
    "type_off",
    "held",
    "drop_fragments",
    "drop_malformed",
    "drop_checksum",
    "drop_ecn",
    "drop_internal",
)  # enum decap_outcome
_BITS: Final = {TunnelType.IPIP: 1, TunnelType.GUE: 2, TunnelType.GRE: 4}  # enum tunnel_type
# Before a director's program: what it takes off is for this host, and no director's business any more.
SLOT: Final = Slot(90, 0x786C72, first=True)
_PREFIX: Final = "rs_"
_PROGRAMS: Final = {"prog_decap": "decap", "prog_answer": "answer"}
_PRIVATE: Final = ("decap_chunks", "decap_parts", "decap_payloads")  # used within one packet, or for some seconds
_SETTINGS: Final = Struct("=I2sH")  # struct decap_settings
_LINK_LOCAL: Final = b"\xfe\x80"
_MAPPED: Final = bytes(10) + b"\xff\xff"


class Attached(NamedTuple):
    """An interface where the program hangs: `method` as in tc_attach."""

    name: str
    method: str


class State(NamedTuple):
    """What is loaded: where it hangs, what it knows, what it counted."""

    attached: tuple[Attached, ...]
    inner_mtu: int
    vips: frozenset[bytes]
    own: frozenset[bytes]
    counts: dict[str, int]


def bring_up(setup: Setup, host: Host) -> list[str]:
    """Load the newest program, tell it all, attach it wherever requests come in; returns the interfaces' names."""
    directory = bpffs.folder(_name())
    with bpffs.lock(directory), Object.open(object_path("decap")) as opened:
        for name in opened.map_names():
            if "." not in name and name not in _PRIVATE:
                opened.set_pin_path(name, f"{directory}/{name}")
        opened.load()
        # Told before it is attached, so that no packet meets half of it.
        tell(setup, host)
        for pin, name in _PROGRAMS.items():
            _pin(opened.program(name), f"{directory}/{pin}")
        wanted = host.listening(setup.interfaces)
        for interface in host.interfaces:
            if interface in wanted:
                _attach(directory, interface)
            else:
                _detach(directory, interface)
    return [each.name for each in wanted]


def tell(setup: Setup, host: Host) -> None:
    """Bring the program's tables up to date."""
    directory = bpffs.folder(_name(), create=False)
    types = sum(_BITS[each] for each in set(setup.types))
    port = setup.gue_port if TunnelType.GUE in setup.types else 0
    with Map.from_pin(f"{directory}/decap_settings") as settings:
        settings.update(bytes(4), _SETTINGS.pack(types, port.to_bytes(2, "big"), inner_mtu(setup, host)))
    _replace(f"{directory}/decap_own", own_addresses(setup, host))
    _replace(f"{directory}/decap_vips", set(setup.by(Method.TUNNEL)))


def take_down(host: Host) -> bool:
    """Detach and remove everything; False when nothing was there."""
    directory = _present()
    if directory is None:
        return False
    with bpffs.lock(directory):
        for interface in host.interfaces:
            _detach(directory, interface)
        bpffs.remove(directory)
    bpffs.release()
    return True


def abandoned() -> list[int]:
    """Cookies of network namespaces that are gone and whose pins, and with them the memory of their tables, remain."""
    root = bpffs.root(create=False)
    names = [name for name in os.listdir(root) if name.startswith(_PREFIX)]
    return list(stale.abandoned({int(name.removeprefix(_PREFIX), 16): f"{root}/{name}" for name in names}))


def abandon(number: int) -> None:
    """Remove the pins of a network namespace that is going, by its cookie; what is attached there ends with it."""
    with suppress(KernelError, FileNotFoundError):
        bpffs.remove(bpffs.folder(_name(number), create=False))


def state(host: Host) -> State | None:
    """What is loaded here; None when nothing is."""
    directory = _present()
    if directory is None:
        return None
    try:
        with Map.from_pin(f"{directory}/decap_counts") as counts:
            counted = {name: _sum(counts.lookup(number.to_bytes(4, "little"))) for number, name in enumerate(OUTCOMES)}
        attached = [
            Attached(interface.name, found.method)
            for interface in host.interfaces
            if (found := tc_attach.query(interface.ifindex, f"{directory}/tc_{interface.ifindex}", slot=SLOT))
        ]
        with Map.from_pin(f"{directory}/decap_settings") as settings:
            told = _SETTINGS.unpack(settings.lookup(bytes(4)) or bytes(_SETTINGS.size))
        return State(
            tuple(attached), told[2], _keys(f"{directory}/decap_vips"), _keys(f"{directory}/decap_own"), counted
        )
    except KernelError as error:
        if error.errno != ENOENT:  # a part of it: whoever made it was cut short
            raise
        return None


def own_addresses(setup: Setup, host: Host) -> set[bytes]:
    """Where tunnel packets may be sent: the host's addresses but the virtual ones and those of lo."""
    loopback = host.loopback.ifindex
    return {each.address for each in host.addresses if each.ifindex != loopback and each.address not in setup.vips}


def inner_mtu(setup: Setup, host: Host) -> int:
    """The longest packet of a client that comes through the tunnel whole; 0 when there is no interface to come by."""
    mtus = [each.mtu for each in host.listening(setup.interfaces)]
    by_ipv6 = any(len(each) == 16 and not each.startswith(_LINK_LOCAL) for each in own_addresses(setup, host))
    return min(max(min(mtus, default=0) - setup.overhead(ipv6=by_ipv6), 0), 0xFFFF)


def _name(number: int | None = None) -> str:
    return f"{_PREFIX}{cookie() if number is None else number:x}"


def _present() -> str | None:
    """The folder of the pins; None when there is none."""
    try:
        directory = bpffs.folder(_name(), create=False)
    except KernelError as error:
        if error.errno != ENOENT:
            raise
        return None
    return directory if os.path.isdir(directory) else None


def _attach(directory: str, interface: Interface) -> None:
    for pin, program, egress in (("tc", "prog_decap", False), ("out", "prog_answer", True)):
        with Program.from_pin(f"{directory}/{program}") as opened:
            path = f"{directory}/{pin}_{interface.ifindex}"
            tc_attach.attach(opened.fd, interface.ifindex, path, egress=egress, slot=SLOT)


def _detach(directory: str, interface: Interface) -> None:
    for pin, egress in (("tc", False), ("out", True)):
        tc_attach.detach(interface.ifindex, f"{directory}/{pin}_{interface.ifindex}", egress=egress, slot=SLOT)


def _pin(program: Program, path: str) -> None:
    bpffs.unpin(f"{path}_fresh")
    program.pin(f"{path}_fresh")
    os.rename(f"{path}_fresh", path)


def _replace(path: str, addresses: Iterable[bytes]) -> None:
    """Make the keys of a map these addresses, in their mapped form."""
    with Map.from_pin(path) as table:
        table.hold({_mapped(each) for each in addresses}, bytes(4))


def _keys(path: str) -> frozenset[bytes]:
    with Map.from_pin(path) as table:
        return frozenset(_plain(key) for key, _ in table.items())


def _mapped(address: bytes) -> bytes:
    return _MAPPED + address if len(address) == 4 else address


def _plain(address: bytes) -> bytes:
    return address.removeprefix(_MAPPED)


def _sum(counts: bytes | None) -> int:
    """Over the processors."""
    values = counts or b""
    return sum(int.from_bytes(values[at : at + 8], "little") for at in range(0, len(values), 8))
