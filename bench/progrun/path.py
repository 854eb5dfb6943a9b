# SPDX-License-Identifier: Apache-2.0
"""One way of running programs, XDP or tc: our program and the floors under it, made to know connections and measured."""

from __future__ import annotations

import functools
import statistics
import struct
import time
from pathlib import Path as File
from typing import TYPE_CHECKING

from bench import director
from bench.netns import topology as net
from bench.objects import BenchError, compiled, loaded
from bench.progrun import cases, verify
from bench.progrun.harness import HERE, Wrapper
from bench.progrun.packets import Packet, ipv4, ipv6
from bench.report import Figure
from xlvs.ipvs.objects import object_path
from xlvs.linux import namespace
from xlvs.linux.bpf_map import Map
from xlvs.linux.btf import Btf

if TYPE_CHECKING:
    from contextlib import ExitStack

    from bench.progrun.cases import Case, Group

RUNS, CHECKED, PATIENCE_S = 3, 20, 20
OURS = {"XDP": "prog_xdp", "tc": "prog_tc"}
FLOORS = {
    cases.FLOOR: "lowest",
    cases.ROUTED: "lowest_routed",
    cases.BYSTANDER: "pass",
    cases.HASH: "lowest_hash",
}
NEW_HASH = "lowest_hash_new"
_KINDS = (ipv4(), ipv6(), ipv4(wrapper="wrap_v4_reply"), Packet(ipv4().data, "wrap_v4_targets", 10))
_FIRST = struct.pack("I", 0)


class Samples:
    """Costs of packets without the wrapper's, by row and column; and what could not be measured."""

    def __init__(self) -> None:
        self._costs: dict[tuple[str, str], list[tuple[float, Figure]]] = {}
        self.missing: list[tuple[str, str]] = []

    def add(self, row: str, column: str, cost: float, overhead: Figure) -> None:
        """One run, the wrapper's cost still in it."""
        self._costs.setdefault((row, column), []).append((cost, overhead))

    def figure(self, row: str, column: str) -> Figure | None:
        """The median and the least of all runs: of what the wrapper costs likewise."""
        found = self._costs.get((row, column), [])
        if not found:
            return None
        median = statistics.median(cost - overhead.median for cost, overhead in found)
        return Figure(median, min(median, *(cost - overhead.best for cost, overhead in found)))

    def columns(self) -> list[str]:
        """Every column there is a figure in."""
        return list(dict.fromkeys(column for _, column in self._costs))


def column(name: str, path: str) -> str:
    """A column of one path: `floor, routed` of XDP is `floor XDP, routed`."""
    first, comma, rest = name.partition(",")
    return f"{first} {path}{comma}{rest}"


class Path:
    """XDP or tc, over the time that the network stands; `begin` turns to another director."""

    def __init__(self, name: str, stack: ExitStack) -> None:
        self.name = name
        self.start = 0 if name == "XDP" else 1 << 22  # of new connections: both paths fill one table
        self.wrapper = Wrapper(f"wrap_{name.lower()}", net.index_of(net.DIRECTOR, "d0"))
        stack.callback(self.wrapper.close)
        self.wrapper.calibrate(RUNS, _KINDS)

    def begin(self, stack: ExitStack) -> None:
        """Take the present director's program, and floors that know no connection yet."""
        self.ours = stack.enter_context(director.program(OURS[self.name]))
        self.floor = stack.enter_context(loaded(compiled(HERE / f"floor_{self.name.lower()}.bpf.c")))

    def make_known(self, case: Case) -> str:
        """Make a case's connections known to our program; the last packet's verdict."""
        self.wrapper.aim(self.ours.fd)
        verdict = ""
        for packet, mask in case.known_by:
            self.wrapper.restart(packet, mask, order=case.order)
            verdict, _ = self.wrapper.send(packet, mask + 1)
        return verdict

    def fill_floor(self, case: Case) -> None:
        """Make the connections that are walked known to the floor with a hash table."""
        if cases.HASH in case.beside and case.known_by:
            self.wrapper.aim(self.floor.program(NEW_HASH).fd)
            self.wrapper.restart(case.packet, case.mask, order=case.order)
            self.wrapper.send(case.packet, case.mask + 1)

    def measure(self, row: str, case: Case, samples: Samples, runs: range) -> None:
        """All columns of one row, run after run in turn, so that a neighbour's work meets all of them."""
        programs = {column("xlvs", self.name): self.ours.fd}
        for name in case.beside:
            known = NEW_HASH if name == cases.HASH and case.is_new else FLOORS[name]
            programs[column(name, self.name)] = self.floor.program(known).fd
        for run in runs:
            for shown, program in programs.items():
                self.wrapper.aim(program)
                self._sample(row, shown, case, samples, run)

    def _sample(self, row: str, shown: str, case: Case, samples: Samples, run: int) -> None:
        self.wrapper.restart(case.packet, case.mask, self.start + run * case.repeat)
        verdict, cost = self.wrapper.send(case.packet, case.repeat)
        if verdict in case.verdicts:
            overhead = self.wrapper.overhead(case.packet, pushed=self._pushes(shown, case))
            samples.add(row, shown, cost, overhead)
        else:
            samples.missing.append((f"{shown}, {row}", f"the last packet's verdict is {verdict}"))

    def _pushes(self, shown: str, case: Case) -> bool:
        """Whether a program leaves a longer packet: the floor with a hash table tunnels what it knows."""
        if shown == column(cases.HASH, self.name):
            return case.is_new or bool(case.known_by)
        return shown == column("xlvs", self.name) and case.pushes

    def await_routes(self, case: Case) -> None:
        """Until the devices are up, packets are handed on. Raises BenchError."""
        packet = case.known_by[0][0] if case.known_by else case.packet
        if case.verdicts <= cases.PASSED:
            return
        end = time.monotonic() + PATIENCE_S
        self.wrapper.aim(self.ours.fd)
        self.wrapper.restart(packet, 0)
        while (verdict := self.wrapper.send(packet, 1)[0]) not in case.verdicts:
            if time.monotonic() > end:
                raise BenchError(f"{self.name}: the first packet's verdict is {verdict}")
            time.sleep(0.05)

    def check(self, group: Group, case: Case) -> None:
        """Send packets of known connections one by one: each must leave as it ought to. Raises BenchError."""
        context = self.wrapper.context(self.wrapper.ifindex, len(case.packet.data))
        for number in range(1 if case.packet.targets else min(CHECKED, case.mask + 1)):
            sent = case.packet.of_port(number)
            outcome = self.ours.test_run(sent, context=context)
            if problem := verify.faulty(outcome.data, sent, group.forwards):
                raise BenchError(f"{self.name}, {group.forwards}: a packet is wrong: {problem}")


@functools.cache
def _offset_of(struct_name: str, member: str) -> int:
    return Btf.from_elf(File(object_path("director_tc")).read_bytes()).layout(struct_name).member(member).offset


def _word(map_name: str, struct_name: str, member: str, place: int = 0) -> int:
    """A 32-bit member of the only element of one of the director's maps, or a word of a longer one."""
    with namespace.entered(net.DIRECTOR), Map.from_pin(f"{director.pins()}/{map_name}") as found:
        value = found.lookup(_FIRST) or b""
    number: int = struct.unpack_from("<I", value, _offset_of(struct_name, member) + 4 * place)[0]
    return number


def connections() -> int:
    """How many connections are in the director's table."""
    head = _word("pool", "pool", "free") | _word("pool", "pool", "free", 1) << 32
    return _word("pool", "pool", "next") - (head >> 24 & 0xFFFFFF)


def await_settled() -> None:
    """Wait until the index has the size that its connections need, and all of them are there. Raises BenchError."""
    end = time.monotonic() + PATIENCE_S
    while _word("index_states", "index_state", "former"):
        if time.monotonic() > end:
            raise BenchError(f"the index of the connections has not settled after {PATIENCE_S} s")
        time.sleep(0.05)
