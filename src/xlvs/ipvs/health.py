# SPDX-License-Identifier: Apache-2.0
"""Facts about a director and its host, as `xlvs status` wants them. Nothing is judged here."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from errno import EWOULDBLOCK
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from struct import unpack_from
from time import sleep
from typing import TYPE_CHECKING, Final

from xlvs.ipvs import attachments, detour, layout, running
from xlvs.ipvs.views import VIEWS
from xlvs.linux.bpf import Map, Program
from xlvs.linux.interface import interfaces
from xlvs.linux.xdp_attach import query as xdp_query

if TYPE_CHECKING:
    from xlvs.ipvs.detour import Marks
    from xlvs.ipvs.store import Store
    from xlvs.linux.interface import Interface

_SYSCTL: Final = Path("/proc/sys/net")
_CLOCK_TICK_S: Final = 0.1
_CLOCK_PATIENCE: Final = 8  # ticks


@dataclass(frozen=True, slots=True)
class Line:
    """One interface: what of ours hangs on it, and what of the host's settings concerns it.

    `tc` is "tcx", "clsact" or "", `egress` likewise on the way out; `xdp` "native", "generic" or ""; `foreign_xdp` the id of another's XDP program or
    0; `current` is False when an older program of ours still hangs there.
    """

    name: str
    up: bool
    suitable: bool
    tc: str
    xdp: str
    foreign_xdp: int
    current: bool
    forwarding_ipv4: bool
    forwarding_ipv6: bool
    strict_rp_filter: bool
    egress: str = ""

    @property
    def attached(self) -> bool:
        """Whether the packet path is on it."""
        return bool(self.tc)


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a table is used."""

    used: int
    room: int


@dataclass(frozen=True, slots=True)
class Health:
    """A director. `lines` holds every interface but loopbacks; `verdicts` the packets by verdict, zeros too."""

    tc_program: int
    xdp_program: int
    clock_runs: bool
    broken_edit: bool
    chosen: bool
    views: tuple[str, ...]
    lines: tuple[Line, ...]
    families: frozenset[int]
    services: Room
    destinations: Room
    connections: Room
    marks: Marks
    memory_bytes: int
    verdicts: dict[str, int]


def examine(store: Store) -> Health:
    """Look at everything; takes about a tenth of a second, for the clock is watched until it ticks."""
    directory = store.directory
    running.sweep(directory)
    with Program.from_pin(f"{directory}/prog_tc") as tc, Program.from_pin(f"{directory}/prog_xdp") as xdp:
        programs = tc.info.id, xdp.info.id
    numbers = list(store.live_services())
    return Health(
        tc_program=programs[0],
        xdp_program=programs[1],
        clock_runs=_clock_runs(store),
        broken_edit=_broken_edit(store),
        chosen=bool(store.kept(layout.LEDGER_ATTACH_CHOSEN)),
        views=tuple(view for view in VIEWS if os.path.exists(f"{directory}/{view}")),
        lines=_lines(store),
        families=frozenset(store.family_of(number) for number in numbers),
        services=Room(len(numbers), store.services.entries - 1),
        destinations=Room(sum(len(store.listed(number)) for number in numbers), store.dests.entries - 1),
        connections=Room(_live_connections(store), store.room("conns") - 1),
        marks=detour.examine(store),
        memory_bytes=_memory_bytes(directory),
        verdicts=verdicts(store),
    )


def hosts_lines() -> tuple[Line, ...]:
    """The interfaces of a host without a director."""
    return tuple(_line(each, "", "", each.xdp_program_id, current=True) for each in interfaces() if not each.loopback)


def _lines(store: Store) -> tuple[Line, ...]:
    found = []
    for each in attachments.attachments(store):
        interface = each.interface
        if interface.loopback and not (each.tc or each.egress):
            continue
        on_xdp = xdp_query(interface.ifindex, f"{store.directory}/xdp_{interface.ifindex}")
        foreign = on_xdp.program_id if on_xdp and not on_xdp.ours else 0
        line = _line(interface, each.tc, each.xdp, foreign, current=each.current)
        found.append(replace(line, egress=each.egress))
    return tuple(found)


def _line(interface: Interface, tc: str, xdp: str, foreign_xdp: int, *, current: bool) -> Line:
    name = interface.name
    rp_filter = max(_setting(f"ipv4/conf/{each}/rp_filter") for each in ("all", name))
    return Line(
        name,
        interface.up,
        attachments.is_suitable(interface),
        tc,
        xdp,
        foreign_xdp,
        current,
        bool(_setting(f"ipv4/conf/{name}/forwarding")),
        bool(_setting(f"ipv6/conf/{name}/forwarding")),
        rp_filter == 1,
    )


def _setting(name: str) -> int:
    """A number below /proc/sys/net; 0 when the host has none of that name."""
    try:
        return int((_SYSCTL / name).read_text())
    except (OSError, ValueError):
        return 0


def _clock_runs(store: Store) -> bool:
    first = _clock_ticks(store)
    for _ in range(_CLOCK_PATIENCE):
        if _clock_ticks(store) != first:
            return True
        sleep(_CLOCK_TICK_S / 2)
    return _clock_ticks(store) != first


def _clock_ticks(store: Store) -> int:
    clockwork = store.map("clockworks").lookup(bytes(4)) or bytes(layout.CLOCKWORK_TICKS + 4)
    return int(unpack_from("<I", clockwork, layout.CLOCKWORK_TICKS)[0])


def _broken_edit(store: Store) -> bool:
    """An edit is announced, and nobody holds the lock: its editor died."""
    if not store.kept(layout.LEDGER_EDITING):
        return False
    fd = os.open(store.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flock(fd, LOCK_EX | LOCK_NB)
    except OSError as error:
        if error.errno != EWOULDBLOCK:
            raise
        return False
    else:
        return bool(store.kept(layout.LEDGER_EDITING))
    finally:
        os.close(fd)


def _live_connections(store: Store) -> int:
    """Counted by destination, deleted ones too."""
    end = (store.setting(layout.SETTINGS_DEST_HIGH) + 1) * layout.DEST_SIZE >> 2
    first, step = layout.DEST_COUNTS >> 2, layout.DEST_SIZE >> 2
    words = store.dests.words
    return sum(words[first:end:step].tolist()) + sum(words[first + 1 : end : step].tolist())


def _memory_bytes(directory: str) -> int:
    """What the kernel accounts for the director's maps."""
    total = 0
    for name in os.listdir(directory):
        if name.startswith(("prog_", "tc_", "xdp_", "clsact_", "lo_", "ip_vs")) and name != "xdp_ports":
            continue
        with Map.from_pin(f"{directory}/{name}") as opened, open(f"/proc/self/fdinfo/{opened.fd}") as information:
            total += sum(int(line.split()[1]) for line in information if line.startswith("memlock:"))
    return total


def verdicts(store: Store) -> dict[str, int]:
    """Packets by verdict since the tables were made, zeros too."""
    counts = {}
    for number, name in enumerate(layout.VERDICT_NAMES):
        values = store.map("verdicts").lookup_cpus(number.to_bytes(4, "little")) or []
        counts[name] = sum(int.from_bytes(each, "little") for each in values)
    return counts
