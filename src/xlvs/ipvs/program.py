# SPDX-License-Identifier: Apache-2.0
"""The programs of a director: loaded once, pinned beside its maps, replaced under traffic.

Everything of one director lies in one folder of the bpffs: maps by their names, programs as `prog_*`, views as
`ip_vs*`, attachments as `tc_<ifindex>` and `xdp_<ifindex>`. A load that was cut short is taken up by the next one:
what is pinned already is used, and `prog_tc` comes last.
"""

from __future__ import annotations

import errno
import os
import time
from struct import pack
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.ipvs import layout, sysctls
from xlvs.ipvs.objects import object_path
from xlvs.ipvs.views import load_views
from xlvs.linux import bpffs
from xlvs.linux.bpf import Map, Object, possible_cpus
from xlvs.linux.kernel_memory import memory_is_readable
from xlvs.linux.threads import beside
from xlvs.linux.ticks import Ticks, ticks
from xlvs.model.errors import KernelError

if TYPE_CHECKING:
    from collections.abc import Callable

_INTERNAL: Final = "."  # .rodata and the like stay with their program
_OBJECTS: Final = ("director_tc", "director_xdp", "views")
_PRIVATE: Final = (
    "scratches",
    "works",
    "calls_at_hand",
    "readings",
    "selections",
    "heard",
    "heard_calls",
)  # used within one packet or one reading: nothing to keep
_FRESH: Final = "_fresh"
_FRAME: Final = bytes(64)
_CLOCK_PAUSES_S: Final = (0.001, 0.01, 0.1, 0.5)
_CONNECTIONS_MAX: Final = 1 << 20
_CONNECTIONS_MIN: Final = 1 << 14
_BYTES_OF_MEMORY_PER_CONNECTION: Final = 4096


class Sizes(NamedTuple):
    """Room in the tables, chosen when they are made: numbers of entries."""

    connections: int
    buckets: int
    services: int
    destinations: int
    slot_lines: int  # 16 places each


def sizes(connections: int) -> Sizes:
    """Tables for so many connections; numbers are powers of two, and number 0 is nobody's."""
    return Sizes(connections, connections // 8, connections // 64, connections // 16, connections // 8)


def default_sizes() -> Sizes:
    """For the memory of this host: a 4 KiB page of it per connection, at most 1,048,576 connections."""
    room = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _BYTES_OF_MEMORY_PER_CONNECTION
    connections = _CONNECTIONS_MIN
    while connections * 2 <= min(room, _CONNECTIONS_MAX):
        connections *= 2
    return sizes(connections)


def load(directory: str, wanted: Sizes | None = None) -> None:
    """Load the programs over the maps in `directory`, made when they are not there, and start the clock.

    Call it under the director's lock. On a loaded director it is an upgrade: the maps stay, the pinned programs are
    the new ones, attachments go on with the old ones until they are attached again.
    Raises KernelError, NotSupported, PermissionDenied.
    """
    present = present_sizes(directory)
    room = present or wanted or default_sizes()
    fresh = present is None or not _has_first_values(directory)
    seed = os.urandom(8) if fresh else present_seed(directory)
    pace = ticks(object_path("clock"))
    with _open("director_xdp", directory, room, seed, pace) as maps:
        # First the maps that both share, so that neither makes and pins them under the other's hands.
        for name in maps.program_names():
            maps.set_autoload(name, enabled=False)
        maps.load()
    with (
        _open("director_tc", directory, room, seed, pace) as tc,
        _open("director_xdp", directory, room, seed, pace) as xdp,
    ):
        with beside(xdp.load):  # nearly all of the time is the verifier's, which works for both at once
            tc.load()
        if fresh:
            _first_values(tc, seed, pace)
        _pin_programs(
            tc,
            directory,
            {
                "prog_sweep": "sweep_now",
                "prog_clock": "clock_read",
                "prog_defend": "defend_now",
                "prog_egress": "director_egress",
                "prog_sync_wake": "sync_wake",
            },
        )
        _pin_programs(xdp, directory, {"prog_xdp": "director_xdp"})
        clock = tc.program("clock_start")
        start_clock(lambda: clock.test_run(_FRAME).retval)
        with _open("views", directory, room, seed, pace) as views:
            load_views(views, directory, room)
        _pin_programs(tc, directory, {"prog_tc": "director_tc"})


def open_beside(directory: str, name: str) -> Object:
    """Open another object over the maps of a loaded director; the caller loads and closes it. Raises KernelError."""
    room = present_sizes(directory)
    if room is None:
        raise KernelError("opening the director's tables", errno.ENOENT)
    return _open(name, directory, room, present_seed(directory), ticks(object_path("clock")))


def start_clock(run: Callable[[], int]) -> None:
    """Start the timer of a director by `run`, which gives the kernel's error number or 0. Raises KernelError.

    The timer's memory is taken without waiting for any to come free: short of it, the kernel refuses at times.
    """
    pauses = iter(_CLOCK_PAUSES_S)
    while failure := run():
        pause = next(pauses, None) if failure == errno.ENOMEM else None
        if pause is None:
            raise KernelError("starting the director's clock", failure)
        time.sleep(pause)


def is_internal(name: str) -> bool:
    """Whether a map holds the variables of an object, and no table."""
    return _INTERNAL in name


def changed_maps(directory: str) -> list[str]:
    """Names of the maps whose entries the objects at hand declare in another size than the director has them."""
    changed = set()
    for name in _OBJECTS:
        with Object.open(object_path(name)) as opened:
            for each in opened.map_names():
                path = f"{directory}/{each}"
                if is_internal(each) or each in _PRIVATE or not os.path.exists(path):
                    continue
                with Map.from_pin(path) as present:
                    if opened.entry_size(each) != (present.key_size, present.value_size):
                        changed.add(each)
    return sorted(changed)


def present_sizes(directory: str) -> Sizes | None:
    """The room in the tables of a director, None when it has none yet."""
    names = ("conns", "buckets", "services", "dests", "slots")
    if not all(os.path.exists(f"{directory}/{name}") for name in names):
        return None
    entries = []
    for name in names:
        with Map.from_pin(f"{directory}/{name}") as present:
            entries.append(present.max_entries)
    return Sizes(*entries)


def _has_first_values(directory: str) -> bool:
    """False after a first load that was cut short: the pace is written last."""
    with Map.from_pin(f"{directory}/ledger") as ledger, ledger.memory() as memory:
        return any(memory[layout.LEDGER_TICKS_PER_SECOND : layout.LEDGER_TICKS_PER_SECOND + 4])


def present_seed(directory: str) -> bytes:
    """The secret of a director's index of connections."""
    with Map.from_pin(f"{directory}/ledger") as ledger, ledger.memory() as memory:
        return memory[layout.LEDGER_HASH_SEED : layout.LEDGER_HASH_SEED + 8]


def _open(name: str, directory: str, room: Sizes, seed: bytes, pace: Ticks) -> Object:
    opened = Object.open(object_path(name))
    try:
        _prepare(opened, directory, room, seed, pace)
    except BaseException:
        opened.close()
        raise
    return opened


def entries(room: Sizes) -> dict[str, int]:
    """The maps whose sizes are chosen when they are made, with their numbers of entries."""
    return {
        "conns": room.connections,
        "buckets": room.buckets,
        "services": room.services,
        "service_estimates": room.services,
        "service_numbers": room.services,
        "dests": room.destinations,
        "dest_estimates": room.destinations,
        "dest_counters": room.destinations,
        "slots": room.slot_lines,
        "calls": room.destinations,
        "local_addresses": room.services,
    }


def constants(room: Sizes, seed: bytes, pace: Ticks) -> dict[str, bytes]:
    """What the programs are told before they are loaded."""
    return {
        "tick_shift": pack("<I", pace.shift),
        "ticks_per_second": pack("<I", pace.per_second),
        "conn_entries": pack("<I", room.connections),
        "bucket_level": pack("<I", room.buckets.bit_length() - 1),
        "possible_cpus": pack("<I", possible_cpus()),
        "memory_readable": pack("<I", memory_is_readable()),
        "hash_seed": seed,
    }


def _prepare(opened: Object, directory: str, room: Sizes, seed: bytes, pace: Ticks) -> None:
    wanted = entries(room)
    for name in opened.map_names():
        if is_internal(name):
            continue
        if name in wanted:
            opened.resize(name, wanted[name])
        path = f"{directory}/{name}"
        if name == "xdp_ports" and os.path.exists(path):
            # The kernel adds a flag of its own to device maps, which libbpf takes for a mismatch.
            with Map.from_pin(path) as ports:
                opened.reuse(name, ports)
        elif name not in _PRIVATE:
            opened.set_pin_path(name, path)
    opened.set_constants(constants(room, seed, pace))


def _first_values(tc: Object, seed: bytes, pace: Ticks) -> None:
    with tc.map("settings").memory() as settings:
        for state, seconds in enumerate(layout.STATE_TIMEOUTS_S):
            offset = layout.SETTINGS_TIMEOUTS + state * 4
            settings[offset : offset + 4] = pack("<I", seconds * pace.per_second)
        defaults = sysctls.defaults()
        settings[layout.SETTINGS_SYSCTLS : layout.SETTINGS_SYSCTLS + len(defaults)] = defaults
    with tc.map("ledger").memory() as ledger:
        ledger[layout.LEDGER_SLOT_FREE : layout.LEDGER_SLOT_FREE + layout.SLOT_CLASSES * 4] = (
            pack("<I", layout.NO_SLOTS) * layout.SLOT_CLASSES
        )
        ledger[layout.LEDGER_HASH_SEED : layout.LEDGER_HASH_SEED + 8] = seed
        offset = layout.LEDGER_LAYOUT
        ledger[offset : offset + 4] = pack("<I", layout.LAYOUT)
        offset = layout.LEDGER_TICKS_PER_SECOND
        ledger[offset : offset + 4] = pack("<I", pace.per_second)


def _pin_programs(loaded: Object, directory: str, pins: dict[str, str]) -> None:
    for pin, name in pins.items():
        path = f"{directory}/{pin}"
        bpffs.unpin(f"{path}{_FRESH}")
        loaded.program(name).pin(f"{path}{_FRESH}")
        os.rename(f"{path}{_FRESH}", path)  # who looks meanwhile finds the old one or the new one
