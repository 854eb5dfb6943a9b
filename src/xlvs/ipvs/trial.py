# SPDX-License-Identifier: Apache-2.0
"""A second instance of the programs, over a copy of the tables that nobody else sees: packets are tried on it.

The programs are those of the packet path, from the same objects, with one constant more: copies of a packet, which alone
leave before a program is done with it, are counted and not sent. The live maps are only read.
"""

from __future__ import annotations

from contextlib import ExitStack
from errno import ENOENT
from struct import Struct, pack, pack_into, unpack_from
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Self

from xlvs.ipvs import layout, program
from xlvs.ipvs.objects import object_path
from xlvs.ipvs.trial_copy import Copy, copy_tables, read_tables
from xlvs.ipvs.work import Work, WorkReader
from xlvs.linux.bpf import Map, Object
from xlvs.linux.bpf_program import Program
from xlvs.linux.threads import beside
from xlvs.linux.ticks import ticks
from xlvs.model.errors import KernelError

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store

Hook = Literal["xdp", "tc", "egress"]

_PROGRAMS: Final = {"xdp": "director_xdp", "tc": "director_tc", "egress": "director_egress"}
_PINS: Final = {"xdp": "prog_xdp", "tc": "prog_tc", "egress": "prog_egress"}
# Nobody reads statistics here.
_SMALL: Final = {"service_estimates": 1, "dest_estimates": 1, "dest_counters": 1}
_ROOM: Final = 4096
_SKB_BYTES: Final = 192
_SKB_MARK, _SKB_INTERFACES, _SKB_SEGMENTS, _SKB_SEGMENT = 8, 36, 164, 176
_XDP_MD: Final = Struct("<6I")
_FIRST: Final = bytes(4)
_MEMBERS, _NUMBER = 16, (1 << 24) - 1  # struct locality
_PASS: Final = 1  # of the verdicts, the one that is not counted


class Arrival(NamedTuple):
    """Where a packet is.

    Numbers of the interface that it came in by (0: the host itself sends it) and of the one at which the program runs, and
    netfilter's mark. `segment` and `segments` of a GSO packet: payload of each, and how many.
    """

    came_by: int
    at: int
    mark: int = 0
    segment: int = 0
    segments: int = 0


class Run(NamedTuple):
    """What a program did with a packet: the verdict's number, its return value, the frame that it left, and what it knew."""

    verdict: int
    action: int
    frame: bytes
    work: Work


class Trial:
    """The loaded second instance. `copy` gives it the tables as they are now, `run` tries a packet on that copy."""

    def __init__(self, store: Store, *, xdp: bool = True) -> None:
        """Load it for the director of a store, with the XDP program or without. Raises KernelError, NotSupported."""
        self._store = store
        self._stack = ExitStack()
        self._xdp: Object | None = None
        try:
            self._load(xdp=xdp)
            self._reader = WorkReader(self._tc.btf())
            self._maps = self._all_maps()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the copy back."""
        self._stack.close()

    def _load(self, *, xdp: bool) -> None:
        self._tc = self._open("director_tc")
        for name in self._tc.program_names():
            self._tc.set_autoload(name, enabled=name in _PROGRAMS.values())
        if not xdp:
            self._tc.load()
            return
        # First the maps that both share.
        shared = self._open("director_xdp")
        for name in shared.program_names():
            shared.set_autoload(name, enabled=False)
        shared.load()
        self._xdp = self._open("director_xdp")
        for each in (self._tc, self._xdp):
            for name in set(each.map_names()) & set(shared.map_names()):
                if not program.is_internal(name):
                    each.reuse(name, shared.map(name))
        with beside(self._xdp.load):
            self._tc.load()

    def _open(self, name: str) -> Object:
        directory = self._store.directory
        room = program.present_sizes(directory)
        if room is None:
            raise KernelError("opening the director's tables", ENOENT)
        opened = self._stack.enter_context(Object.open(object_path(name)))
        entries = program.entries(room) | _SMALL
        for each in opened.map_names():
            if each in entries:
                opened.resize(each, entries[each])
        pace, seed = ticks(object_path("clock")), program.present_seed(directory)
        opened.set_constants(program.constants(room, seed, pace) | {"trial": pack("<I", 1)})
        return opened

    def _object(self, hook: Hook) -> Object:
        found = self._xdp if hook == "xdp" else self._tc
        if found is None:
            raise ValueError("this trial was loaded without XDP")
        return found

    def _all_maps(self) -> dict[str, Map]:
        found: dict[str, Map] = {}
        for each in (self._xdp, self._tc):
            if each is not None:
                found |= {name: each.map(name) for name in each.map_names() if not program.is_internal(name)}
        return found

    def is_current(self, hook: Hook) -> bool:
        """Whether the director's own program has the same instructions."""
        with Program.from_pin(f"{self._store.directory}/{_PINS[hook]}") as pinned:
            return pinned.info.tag == self._object(hook).program(_PROGRAMS[hook]).info.tag

    def copy(self) -> Copy:
        """Make the tables of the trial those of the director as they are now; returns what packets will find there."""
        with self._store.reading():
            return copy_tables(self._store, self._maps)

    def again(self) -> Copy:
        """What packets find in the copy after those that were tried on it."""
        return read_tables(self._store, self._maps)

    def connection(self, number: int) -> bytes:
        """A connection as it is in the copy now."""
        return self._maps["conns"].lookup(pack("<I", number)) or bytes(layout.CONN_SIZE)

    def cursor(self, service: int) -> tuple[int, int]:
        """Place of rr and wrr in a service's list, as it is in the copy now: index, current weight."""
        row = self._maps["services"].lookup(pack("<I", service)) or bytes(layout.SERVICE_SIZE)
        first, second = unpack_from("<II", row, layout.SERVICE_CURSOR)
        return first, second

    def members(self, address: bytes, service: int, tenure: int) -> tuple[int, ...] | None:
        """Destinations that lblc and lblcr keep for an address (16 bytes): numbers, oldest first; None: none are kept."""
        row = self._store.map("localities").lookup(address + pack("<II", service, tenure))
        if row is None:
            return None
        (count,) = unpack_from("<I", row, _MEMBERS - 4)
        return tuple(each & _NUMBER for each in unpack_from(f"<{count}I", row, _MEMBERS))

    def run(self, hook: Hook, frame: bytes, arrival: Arrival) -> Run:
        """Try a packet (from the Ethernet header on). What it changes, the next one finds."""
        works, verdicts = self._maps["works"], self._maps["verdicts"]
        works.update(_FIRST, bytes(works.slot_size))
        before = _counts(verdicts)
        context = _xdp_md(frame, arrival) if hook == "xdp" else _sk_buff(arrival)
        outcome = self._object(hook).program(_PROGRAMS[hook]).test_run(frame, context=context, room=_ROOM)
        counted = [
            number for number, (old, now) in enumerate(zip(before, _counts(verdicts), strict=True)) if old != now
        ]
        used = [each for each in works.lookup_cpus(_FIRST) or [] if any(each)]
        work = self._reader.read(used[0] if used else bytes(works.value_size))
        return Run(counted[0] if counted else _PASS, outcome.retval, outcome.data, work)


def _counts(verdicts: Map) -> list[bytes]:
    """The counts of each verdict, on all processors."""
    size = verdicts.slot_size
    return [values[start : start + size] for _, values in verdicts.batches() for start in range(0, len(values), size)]


def _sk_buff(arrival: Arrival) -> bytes:
    """A `struct __sk_buff`; the kernel takes nothing but the fields set here."""
    context = bytearray(_SKB_BYTES)
    pack_into("<I", context, _SKB_MARK, arrival.mark)
    pack_into("<II", context, _SKB_INTERFACES, arrival.came_by, arrival.at)
    pack_into("<I", context, _SKB_SEGMENTS, arrival.segments)
    pack_into("<I", context, _SKB_SEGMENT, arrival.segment)
    return bytes(context)


def _xdp_md(frame: bytes, arrival: Arrival) -> bytes:
    return _XDP_MD.pack(0, len(frame), 0, arrival.came_by, 0, 0)
