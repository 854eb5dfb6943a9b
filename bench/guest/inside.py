# SPDX-License-Identifier: Apache-2.0
"""The measurement itself, in the emulated machine: each contestant in a fresh network, in turn, round after round.

The machine has one processor and does nothing else, so the time from the first frame to the last one's arrival is the
work of the whole path. Its clock counts instructions.
"""

from __future__ import annotations

import argparse
import os
import struct
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bench import report
from bench.guest import flows, result
from bench.guest.contestants import Contestant, contestants, xdp_attached
from bench.netns import topology as net
from bench.objects import BenchError, compiled, loaded
from xlvs.linux import namespace
from xlvs.linux.bpf_program import LIVE_FRAMES
from xlvs.linux.interface import Interface, interfaces

if TYPE_CHECKING:
    from bench.guest.flows import Flow
    from xlvs.linux.bpf_object import Object

PROGRAMS = Path(__file__).resolve().parent / "frames.bpf.c"
_FRAME = 64
_COUNTS = struct.Struct("=4Q")  # arrived, awaited, begin, end
_HEAD_AT = _COUNTS.size + _FRAME
_PATIENCE_S = 1
_FAR_ENDS = [(net.CLIENT, "c0"), (net.SERVER1, "s0"), (net.SERVER2, "s0")]

Ports = dict[tuple[str, str], Interface]


def ports_found() -> Ports:
    """The network's devices, by namespace and name."""
    found: Ports = {}
    for where in net.NAMESPACES:
        with namespace.entered(where):
            found |= {(where, each.name): each for each in interfaces()}
    return found


class Bench:
    """The programs of frames.bpf.c, and their memory: `struct state`."""

    def __init__(self, programs: Object) -> None:
        self.programs = programs
        self._source = programs.program("source")
        self._memory = programs.map(".bss").memory()

    def close(self) -> None:
        """Give the memory back."""
        self._memory.close()

    def last(self) -> bytes:
        """The first 64 bytes of the frame that arrived last."""
        return bytes(self._memory[_COUNTS.size : _HEAD_AT])

    def aim(self, flow: Flow, ports: Ports) -> int:
        """Have the source make this flow's frames; returns the interface that they leave by."""
        own, onward = ports[flow.sender], ports[net.DIRECTOR, "d1"]
        macs = ports[net.DIRECTOR, flow.enters].address + own.address
        settings = flow.settings(own.ifindex, onward.ifindex, macs)
        self._memory[_HEAD_AT : _HEAD_AT + len(settings)] = settings
        return own.ifindex

    def send(self, flow: Flow, ifindex: int, frames: int) -> int:
        """Send so many frames and await them; returns ns. Raises BenchError when one is lost."""
        context = struct.pack("6I", 0, _FRAME, 0, ifindex, 0, 0)
        self._memory[: _COUNTS.size] = _COUNTS.pack(0, frames, 0, 0)
        with namespace.entered(flow.sender[0]):
            self._source.test_run(flow.frame(), context=context, repeat=frames, flags=LIVE_FRAMES)
        until = time.monotonic() + _PATIENCE_S
        while True:
            arrived, _, begin, end = _COUNTS.unpack_from(self._memory)
            if end:
                return int(end - begin)
            if time.monotonic() > until:
                raise BenchError(f"{flow.name}: of {frames} frames {arrived} arrived")

    def measure(self, flow: Flow, ports: Ports, options: argparse.Namespace) -> list[float]:
        """Time per packet in ns, of several runs, once its connections are known."""
        for earlier in flow.before():
            self.send(earlier, self.aim(earlier, ports), earlier.connections)
        ifindex = self.aim(flow, ports)
        samples = [self.send(flow, ifindex, options.frames) / options.frames for _ in range(options.runs)]
        if not flow.has_arrived(self.last()):
            raise BenchError(f"{flow.name}: what arrives is wrong: {self.last().hex(' ')}")
        return samples


def take_turn(bench: Bench, contestant: Contestant, options: argparse.Namespace, samples: result.Samples) -> None:
    """One contestant in a network of its own: all its flows."""
    with net.network(), ExitStack() as stack:
        for where, device in _FAR_ENDS:
            stack.enter_context(xdp_attached(where, device, bench.programs.program("sink").fd))
        contestant.begin(stack, bench.programs)
        ports = ports_found()
        for flow in contestant.flows:
            found = bench.measure(flow, ports, options)
            samples.setdefault((contestant.name, flow.name), []).extend(found)
            print(
                f"{contestant.name}, {flow.name}: {', '.join(map(report.number, found))}",
                flush=True,
            )


def main() -> None:
    """Measure, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.guest.inside")
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--frames", type=int, required=True)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    # Whatever the kernel has left to do for the frames comes before the next ones.
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    samples: result.Samples = {}
    with loaded(compiled(PROGRAMS)) as programs:
        bench = Bench(programs)
        for _ in range(options.rounds):
            for contestant in contestants():
                take_turn(bench, contestant, options, samples)
        bench.close()
    sections = result.sections(samples, flows.BALANCED)
    for section in sections:
        print("\n" + report.render(section))
    options.json.write_text(report.as_json(sections) + "\n")


if __name__ == "__main__":
    main()
