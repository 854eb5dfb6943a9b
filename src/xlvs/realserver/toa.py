# SPDX-License-Identifier: Apache-2.0
"""The programs that make getpeername(2) and accept(2) say the client behind full NAT: loaded, attached, told whom to trust.

They hang on a control group and act on the sockets of this network namespace alone. The pins lie beside the others', in
`toa_<cookie of the namespace>`: maps by their names, links as `link_<program>`.
"""

from __future__ import annotations

import os
from contextlib import suppress
from errno import ENOENT
from struct import Struct, pack
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.ipvs import stale
from xlvs.ipvs.objects import object_path
from xlvs.linux import bpffs, cgroup
from xlvs.linux.bpf import Link, Map, Object
from xlvs.linux.bpf_link import ATTACH_GETPEERNAME_IPV4, ATTACH_GETPEERNAME_IPV6, ATTACH_SOCK_OPS
from xlvs.linux.namespace import cookie
from xlvs.model.errors import KernelError, NotSupported
from xlvs.realserver.sources import Source

if TYPE_CHECKING:
    from collections.abc import Iterable

OUTCOMES: Final = ("known", "missing", "not_trusted")  # enum toa_outcome
_PREFIX: Final = "toa_"
_ATTACH: Final = {
    "toa_getpeername4": ATTACH_GETPEERNAME_IPV4,
    "toa_getpeername6": ATTACH_GETPEERNAME_IPV6,
    "toa_sockops": ATTACH_SOCK_OPS,  # last: what it notes is shown from the first connection on
}
_KEY: Final = Struct("<I16s")  # struct director_key
_MAPPED: Final = bytes(10) + b"\xff\xff"
_MAPPED_BITS: Final = 96


class State(NamedTuple):
    """What is loaded: whom it trusts, and how many connections had which outcome."""

    sources: tuple[Source, ...]
    counts: dict[str, int]


def turn_on(sources: Iterable[Source], group: str = "") -> None:
    """Load the newest programs, and attach them to a control group (default: the root of all).

    Repeated, it replaces programs and sources. Raises KernelError, NotSupported, PermissionDenied.
    """
    for number in _abandoned():
        abandon(number)
    directory = bpffs.folder(_name())
    with bpffs.lock(directory), Object.open(object_path("toa")) as opened:
        # Connections that are open keep their client: what their sockets hold stays.
        for name in opened.map_names():
            if "." not in name:
                opened.set_pin_path(name, f"{directory}/{name}")
        opened.set_constants({"own_netns": pack("<Q", cookie())})
        opened.load()
        _trust(f"{directory}/toa_directors", sources)
        with cgroup.opened(group) as group_fd:
            for name, kind in _ATTACH.items():
                _attach(f"{directory}/link_{name}", opened.program(name).fd, group_fd, kind)


def turn_off() -> bool:
    """Detach and remove everything; False when nothing was there."""
    directory = _present()
    if directory is None:
        return False
    abandon(cookie())
    bpffs.release()
    return True


def abandon(number: int) -> None:
    """Detach and remove what a network namespace has, by its cookie; nothing is fine."""
    with suppress(KernelError, FileNotFoundError):
        bpffs.remove(bpffs.folder(f"{_PREFIX}{number:x}", create=False))


def state() -> State | None:
    """What is loaded here; None when nothing is."""
    directory = _present()
    if directory is None:
        return None
    try:
        with Map.from_pin(f"{directory}/toa_directors") as trusted:
            sources = tuple(sorted(_source(key) for key, _ in trusted.items()))
        with Map.from_pin(f"{directory}/toa_counts") as counts:
            counted = {
                name: sum(int.from_bytes(each, "little") for each in counts.lookup_cpus(pack("<I", number)) or [])
                for number, name in enumerate(OUTCOMES)
            }
    except KernelError as error:
        if error.errno != ENOENT:  # a part of it: whoever made it was cut short
            raise
        return None
    return State(sources, counted)


def _attach(pin: str, program_fd: int, group_fd: int, kind: int) -> None:
    """A link that is there before the old one goes: no connection comes between."""
    try:
        link = Link.cgroup(program_fd, group_fd, kind)
    except KernelError as error:
        raise NotSupported("telling servers the client's address", error.message) from None
    with link:
        bpffs.unpin(f"{pin}_fresh")
        link.pin(f"{pin}_fresh")
    os.rename(f"{pin}_fresh", pin)


def _trust(path: str, sources: Iterable[Source]) -> None:
    """Make the keys of the map these."""
    with Map.from_pin(path) as table:
        table.hold({_key(each) for each in sources}, bytes(4))


def _key(source: Source) -> bytes:
    if len(source.address) == 4:
        return _KEY.pack(_MAPPED_BITS + source.prefix, _MAPPED + source.address)
    return _KEY.pack(source.prefix, source.address)


def _source(key: bytes) -> Source:
    prefix, address = _KEY.unpack(key)
    if address.startswith(_MAPPED) and prefix >= _MAPPED_BITS:
        return Source(address[len(_MAPPED) :], prefix - _MAPPED_BITS)
    return Source(address, prefix)


def _abandoned() -> list[int]:
    """Cookies of network namespaces that are gone, and whose programs hang on their control group still."""
    root = bpffs.root()
    names = [name for name in os.listdir(root) if name.startswith(_PREFIX)]
    gone = {int(name.removeprefix(_PREFIX), 16) for name in names} - {cookie()}
    return sorted(gone - stale.cookies_alive()) if gone else []


def _name() -> str:
    return f"{_PREFIX}{cookie():x}"


def _present() -> str | None:
    """The folder of the pins; None when there is none."""
    try:
        directory = bpffs.folder(_name(), create=False)
    except KernelError as error:
        if error.errno != ENOENT:
            raise
        return None
    return directory if os.path.isdir(directory) else None
