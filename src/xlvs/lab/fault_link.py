# SPDX-License-Identifier: Apache-2.0
"""One direction of a link that loses, doubles or holds packets: its BPF programs, and the packets that it holds."""

from __future__ import annotations

import os
from contextlib import suppress
from errno import EINVAL
from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.ipvs.objects import object_path
from xlvs.lab import match, state
from xlvs.lab.hold import Hold
from xlvs.linux import tc_attach
from xlvs.linux.bpf import ATTACH_TCX_EGRESS, ATTACH_TCX_INGRESS, Link, Map, Object
from xlvs.linux.interface import interface
from xlvs.linux.tap import FRAME_MAX, open_tap
from xlvs.model.errors import KernelError, NotSupported

if TYPE_CHECKING:
    from xlvs.lab.fault_note import Fault, Point
    from xlvs.linux.bpf import Program

_SETTINGS: Final = Struct("=4Q4I")  # struct fault_settings
_STATE: Final = Struct("=9Q")  # struct fault_state
_UNTIL, _OVERFLOWED, _CORRUPTED = 0, 7, 8
_CERTAIN: Final = 1 << 32
_MARKED: Final = 0x786C0000  # bpf/lab/marked.h
_INGRESS: Final = 1  # BPF_F_INGRESS
_AT_ONCE: Final = 256
# On the wire: before what comes in meets programs of real servers and directors, whose priorities are 90 and 100, and
# after what leaves has met them.
_PRIORITIES: Final = {False: 50, True: 150}
_HANDLE: Final = 0x786C0000


class Counts(NamedTuple):
    """Packets of one direction that the fault is about; large (GSO) ones count as one."""

    seen: int = 0
    passed: int = 0
    lost: int = 0
    duplicated: int = 0
    delayed: int = 0
    reordered: int = 0
    overflowed: int = 0
    corrupted: int = 0


def counts(map_id: int) -> Counts:
    """What became of packets so far. Raises KernelError when the fault is gone."""
    with Map.from_id(map_id) as states:
        value = states.lookup(bytes(4)) or bytes(_STATE.size)
    return Counts(*_STATE.unpack(value)[1:])


class FaultyDirection:
    """In force from the making on, in the current network namespace, until `close`, or the end of this process."""

    def __init__(self, fault: Fault, index: int) -> None:
        self._fault = fault
        self._point = fault.points[index]
        rule = fault.rule
        seed = rule.seed + index
        self._hold = Hold(rule.delay_s, rule.jitter_s, seed)
        self._tap = -1
        self._links: list[Link] = []
        self._object = Object.open(object_path("fault"))
        try:
            if rule.holds:
                self._tap = open_tap(_tap_name(fault.number, index))
            self._load(seed, index)
            states = self._object.map("fault_states")
            self.map_id = states.info.id
            self._memory = states.memory()
            self._state = memoryview(self._memory)[: _STATE.size].cast("Q")
        except BaseException:
            self._close_kernel()
            raise

    def fileno(self) -> int:
        """Readable when there is a packet to hold; -1 when this direction holds none."""
        return self._tap

    def renew(self, until_ns: int) -> None:
        """Be in force until then."""
        self._state[_UNTIL] = until_ns

    def attach(self) -> None:
        """Meet packets."""
        device = interface(self._point.device)
        if self._tap >= 0:
            holder = interface(_tap_name(self._fault.number, self._fault.points.index(self._point)))
            self._attach(self._object.program("fault_again"), holder.ifindex, egress=False)
        self._attach(self._object.program("fault"), device.ifindex, egress=self._point.egress)

    def take(self, now: float) -> bool:
        """Hold what came, some packets at a time; whether that was all."""
        for _ in range(_AT_ONCE):
            try:
                frame = os.read(self._tap, FRAME_MAX)
            except BlockingIOError:
                return True
            if self._hold.is_hit(self._fault.rule.corrupt):
                frame = self._hold.damage(frame)
                self._state[_CORRUPTED] += 1
            if frame and not self._hold.add(frame, now):
                self._state[_OVERFLOWED] += 1
        return False

    def next_due(self) -> float | None:
        """When the next packet has been held long enough."""
        return self._hold.next_due()

    def let_go(self, now: float) -> None:
        """Send on what was held long enough."""
        self._send(self._hold.due(now))

    def close(self) -> None:
        """Packets pass again; those that are held go on at once."""
        # The last one is that of the link; the holding device's, before it, has to send what is left.
        for link in self._links[-1:]:
            link.detach()
        if not self._links:
            detach_filter(self._fault, self._point)
        if self._tap >= 0:
            while not self.take(0.0):
                continue
            self._send(self._hold.rest())
        self._state.release()
        self._memory.close()
        self._close_kernel()

    def _load(self, seed: int, index: int) -> None:
        rule = self._fault.rule
        terms = match.parse(rule.match)
        if self._point.source:
            terms = (match.from_mac(self._point.source), *terms)
        chances = [round(each * _CERTAIN) for each in (rule.loss, rule.duplicate, rule.reorder)]
        holder = interface(_tap_name(self._fault.number, index)).ifindex if self._tap >= 0 else 0
        device = interface(self._point.device).ifindex
        again = 0 if self._point.egress else _INGRESS
        settings = _SETTINGS.pack(seed, *chances, device, holder, _MARKED | self._fault.number, again)
        self._object.set_constants({"settings": settings, "terms": match.pack(terms)})
        self._object.load()

    def _attach(self, program: Program, ifindex: int, *, egress: bool) -> None:
        if self._fault.method != "clsact":
            try:
                kind = ATTACH_TCX_EGRESS if egress else ATTACH_TCX_INGRESS
                self._links.append(Link.tcx(program.fd, ifindex, kind, first=not egress))
            except KernelError as error:
                if error.errno != EINVAL:
                    raise
                if self._fault.method == "tcx":
                    raise NotSupported("TCX", "this kernel is older than 6.6", "leave --method out") from None
            else:
                return
        slot, pin = _place(self._fault, egress=egress)
        tc_attach.attach(program.fd, ifindex, pin, egress=egress, method="clsact", slot=slot)

    def _send(self, frames: list[bytes]) -> None:
        for frame in frames:
            try:
                os.write(self._tap, frame)
            except OSError:
                self._state[_OVERFLOWED] += 1

    def _close_kernel(self) -> None:
        for link in self._links:
            link.close()
        if self._tap >= 0:
            os.close(self._tap)
        self._object.close()


def detach_filter(fault: Fault, point: Point) -> None:
    """Take a filter of clsact off, in the current network namespace; nothing there is fine."""
    slot, pin = _place(fault, egress=point.egress)
    with suppress(KernelError):
        tc_attach.detach(interface(point.device).ifindex, pin, egress=point.egress, slot=slot)


def _place(fault: Fault, *, egress: bool) -> tuple[tc_attach.Slot, str]:
    """Where a filter of clsact stands. Directories beside this path remember what was made for it; nothing is pinned."""
    directory = state.DIRECTORY / f"{fault.lab}.clsact.{fault.place}"
    directory.mkdir(exist_ok=True)
    return tc_attach.Slot(_PRIORITIES[egress], _HANDLE | fault.number), f"{directory}/fault"


def _tap_name(number: int, index: int) -> str:
    return f"fault{number}n{index}"
