# SPDX-License-Identifier: Apache-2.0
"""The wrapper at work: run a program over many connections and say what one packet costs, the wrapper subtracted.

BPF_PROG_TEST_RUN hands the same buffer to every repetition; a program that rewrites or encapsulates would see its own
output from the second one on. The wrapper runs first each time: it takes off what was put before the packet, restores the
headers, steps to the next connection and tail-calls the program under test. Its own cost is measured the same way and
subtracted; so is that of undoing a push, half of what pushing and undoing cost. The figure is the kernel's own, whole
ns; it holds neither driver nor DMA nor cache misses on packet data, so it compares programs, not machines.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from bench.objects import compiled, loaded
from bench.progrun.packets import Packet, ipv4, ipv6
from bench.report import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HERE = Path(__file__).resolve().parent
ALL_NEW = 0x7FFFFF
MASKS = {"1": 0, "1 k": 1023, "64 k": 65535, "512 k": 524287}
XDP_ACTIONS = {0: "ABORTED", 1: "DROP", 2: "PASS", 3: "TX", 4: "REDIRECT"}
TC_ACTIONS = {-1: "NEXT", 0: "OK", 2: "SHOT", 7: "REDIRECT"}
HEAD_BYTES = 80
ORDER, OTHER_ORDER = 0x9E3779B1, 0x85EBCA6B  # in which connections come
PUSHES = {"wrap_v6": "bare_push_v6"}  # what a tunnelling program does at least; others: bare_push


def xdp_context(ifindex: int, length: int) -> bytes:
    """A `struct xdp_md` of a packet that came in on an interface."""
    return struct.pack("6I", 0, length, 0, ifindex, 0, 0) if ifindex else b""


def tc_context(ifindex: int, _length: int) -> bytes:
    """A `struct __sk_buff` of a packet that came in on an interface: `ingress_ifindex` and `ifindex` are words 9 and 10."""
    return struct.pack("9I2I", *[0] * 9, ifindex, ifindex).ljust(192, b"\0") if ifindex else b""


class Wrapper:
    """A loaded wrapper object, `wrap_xdp` or `wrap_tc`, that sends packets as if from interface `ifindex`."""

    def __init__(self, name: str, ifindex: int = 0) -> None:
        self.is_xdp = name == "wrap_xdp"
        self.ifindex = ifindex
        self.context: Callable[[int, int], bytes] = xdp_context if self.is_xdp else tc_context
        self.object = loaded(compiled(HERE / f"{name}.bpf.c"))
        self.memory = self.object.map(".bss").memory()
        self.target = self.object.map("target")
        self.empty: dict[tuple[str, str], list[float]] = {}

    def close(self) -> None:
        """Give the wrapper's programs and maps back."""
        self.memory.close()
        self.object.close()

    def aim(self, program_fd: int) -> None:
        """Make the program behind this descriptor the one under test."""
        self.target.update(struct.pack("I", 0), struct.pack("I", program_fd))

    def restart(self, packet: Packet, mask: int, counter: int = 0, order: int = ORDER) -> None:
        """Load the packet's template and begin at connection `counter` of `mask` + 1."""
        head = packet.data.ljust(HEAD_BYTES, b"\0")[:HEAD_BYTES]
        config = struct.pack("6I", len(packet.data), mask, counter, order, packet.targets, 0) + head
        self.memory[: len(config)] = config

    def send(self, packet: Packet, repeat: int) -> tuple[str, float]:
        """Send `repeat` packets: the last verdict, and ns per packet with the wrapper in it."""
        context = self.context(self.ifindex, len(packet.data))
        outcome = self.object.program(packet.wrapper).test_run(packet.data, context=context, repeat=repeat)
        names = XDP_ACTIONS if self.is_xdp else TC_ACTIONS
        return names.get(outcome.retval, str(outcome.retval)), float(outcome.duration_ns)

    def calibrate(self, runs: int, packets: Sequence[Packet] = (), repeat: int = 300_000) -> None:
        """Add `runs` samples of what the wrapper itself costs, for each kind of packet."""
        for packet in packets or (ipv4(), ipv6(), ipv4(wrapper="wrap_v4_reply")):
            for end in ("bare_end", PUSHES.get(packet.wrapper, "bare_push")):
                self.aim(self.object.program(end).fd)
                self.restart(packet, 65535)
                kept = self.empty.setdefault((packet.wrapper, end), [])
                kept.extend(self.send(packet, repeat)[1] for _ in range(runs))

    def overhead(self, packet: Packet, *, pushed: bool = False) -> Figure:
        """What to subtract from a figure taken with this kind of packet; `pushed`: the program tunnels."""
        bare = Figure.of(self.empty[packet.wrapper, "bare_end"])
        if not pushed:
            return bare
        both = Figure.of(self.empty[packet.wrapper, PUSHES.get(packet.wrapper, "bare_push")])
        return Figure((bare.median + both.median) / 2, (bare.best + both.best) / 2)


def pin_to_core(core: int) -> None:
    """Keep this process on one core, ahead of its neighbours."""
    os.sched_setaffinity(0, {core})
    os.setpriority(os.PRIO_PROCESS, 0, -15)
