# SPDX-License-Identifier: Apache-2.0
"""Spoofed first packets at a full table: what established connections lose by it.

HTTP over connections that are kept alive goes through a director whose table is full, on a core of its own. Slices of time
follow each other: quiet, a flood that a program drops by its first instruction, a flood of first packets that the director
must refuse, of the same rate, through a veth of the same kind. What the second flood takes from the requests beyond the
first is the work of refusing; the rest is the source's and the wire's. The flood comes on the other core, and then on the
core of the requests, where each nanosecond of it is one less for them.
"""

from __future__ import annotations

import os
import re
import statistics
import struct
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench import director
from bench.netns import topology as net
from bench.netns.balancers import contestants
from bench.netns.servers import await_answer, serving
from bench.objects import BenchError, compiled, loaded, map_bytes
from bench.progrun.packets import SYN, ipv4
from bench.report import Figure, Section
from xlvs.ipvs.layout import VERDICT_NAMES
from xlvs.ipvs.objects import object_path
from xlvs.linux import namespace
from xlvs.linux.bpf_link import ATTACH_TCX_INGRESS, XDP_NATIVE, Link
from xlvs.linux.bpf_map import Map
from xlvs.linux.bpf_object import Object
from xlvs.linux.bpf_program import LIVE_FRAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
ROOM = 16_384  # connections: the smallest table
RATE = 100_000  # first packets a second
SLICE_S, PACE_S, CYCLES = 0.25, 0.005, 16
CLIENTS = 64
PORT = 81  # of the service that is flooded; its server answers nothing
WIRE, DROPPED = ("f0", "f1"), ("g0", "g1")  # to the director's program, and to one that drops
QUIET, BASELINE, FLOOD = "quiet", "dropped", "refused"
_LENGTH = 64
LOST = {
    "other": f"{RATE // 1000},000 SYN/s on another core: % of the requests lost",
    "same": f"{RATE // 1000},000 SYN/s on the same core: % of the requests lost",
}
LOST_TO_QUIET = f"{RATE // 1000},000 SYN/s on another core: % lost, against no flood at all"
BROKEN = "established connections that broke"
REFUSED = "first packets refused, % of the flood's"
MEMORY = "memory of all maps: KiB more after the flood"


@dataclass
class Outcome:
    """One run: answers per second of each slice by (core, kind), and what else there is to say."""

    rates: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    broken: int = 0
    sent: int = 0
    refused: int = 0
    grown: int = 0  # bytes

    def lost(self, core: str, baseline: str = BASELINE) -> list[float]:
        """Percent of the requests that the flood takes, cycle by cycle."""
        pairs = zip(self.rates[core, FLOOD], self.rates[core, baseline], strict=True)
        return [(1 - flooded / without) * 100 for flooded, without in pairs if without]


class Source:
    """The flood: frames at a steady rate out of one of the client's devices."""

    def __init__(self, opened: Object) -> None:
        self.program = opened.program("send_syn")
        self.memory = opened.map(".bss").memory()
        frame = ipv4(SYN, source="10.128.0.0", target=net.VIP, ports=(0, PORT)).data
        # The number of a packet is 0 there, and must not be barred from being split: the two go together in the sum.
        self.frame = bytearray(frame.ljust(_LENGTH, b"\0"))
        self.context = struct.pack("6I", 0, _LENGTH, 0, net.index_of(net.CLIENT, "c0"), 0, 0)

    def aim(self, device: str, to: str) -> None:
        """Send out of this device from now on, to the director's `to`."""
        self.frame[:12] = net.mac_of(net.DIRECTOR, to) + net.mac_of(net.CLIENT, device)
        head = struct.pack("2I", net.index_of(net.CLIENT, device), 0) + bytes(self.frame[:56])
        self.memory[: len(head)] = head

    def burst(self, frames: int) -> None:
        """So many at once."""
        self.program.test_run(bytes(self.frame), context=self.context, repeat=frames, flags=LIVE_FRAMES)

    def run(self, seconds: float) -> int:
        """At the rate, for so long; how many were sent."""
        begin, sent = time.monotonic(), 0
        while (passed := time.monotonic() - begin) < seconds:
            due = int(passed * RATE) - sent
            if due > 0:
                self.burst(due)
                sent += due
            time.sleep(PACE_S)
        return sent


@contextmanager
def flooding(mode: str) -> Iterator[Source]:
    """The wires of the flood and their ends, in a network that stands."""
    with ExitStack() as stack:
        opened = stack.enter_context(loaded(compiled(HERE / "flood.bpf.c")))
        for near, far in (WIRE, DROPPED):
            add = ["link", "add", near, "netns", net.CLIENT, "type", "veth", "peer", "name", far, "netns", net.DIRECTOR]
            subprocess.run(["ip", *add], check=True)
            for where, device in ((net.CLIENT, near), (net.DIRECTOR, far)):
                net.inside(where, ["ip", "link", "set", device, "up"])
                net.set_offload(where, device, gro="on")
        director.run([str(director.BIN / "xlvs"), "attach", "--mode", mode, *net.DEVICES[net.DIRECTOR], WIRE[1]])
        end = net.index_of(net.DIRECTOR, DROPPED[1])
        with namespace.entered(net.DIRECTOR):
            if mode == "xdp":
                stack.enter_context(Link.xdp(opened.program("drop_xdp").fd, end, XDP_NATIVE))
            else:
                stack.enter_context(Link.tcx(opened.program("drop_tc").fd, end, ATTACH_TCX_INGRESS))
        yield Source(opened)


def _answers() -> int:
    """Packets that have come to the client's device."""
    with namespace.entered(net.CLIENT):
        text = Path("/proc/thread-self/net/dev").read_text()
    found = re.search(r"^\s*c0:\s*\d+\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


def _refused() -> int:
    """First packets that found the table full, on all processors."""
    key = struct.pack("I", VERDICT_NAMES.index("drop_table_full"))
    with Map.from_pin(f"{director.pins()}/verdicts") as found:
        return sum(int.from_bytes(value, "little") for value in found.lookup_cpus(key) or [])


def _memory() -> int:
    """Bytes of all maps of the director."""
    total = 0
    with Object.open(object_path("director_tc")) as opened:
        paths = [Path(director.pins(), name) for name in opened.map_names() if "." not in name]
    for path in paths:
        if path.exists():
            with Map.from_pin(str(path)) as found:
                total += map_bytes(found.fd)
    return total


def _established() -> int:
    """Connections that the client has with the VIP."""
    command = ["ss", "-Htn", "state", "established", "dst", f"{net.VIP}:{net.HTTP_PORT}"]
    return len(net.inside(net.CLIENT, command).splitlines())


def broken(report: str) -> int:
    """Connections that failed, by wrk's report."""
    found = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", report)
    return sum(map(int, found.groups())) if found else 0


def _slice(source: Source, kind: str, outcome: Outcome) -> float:
    """One of a kind: answers per second meanwhile."""
    begin, before, refused = time.monotonic(), _answers(), _refused()
    if kind == QUIET:
        time.sleep(SLICE_S)
    else:
        source.aim(*(WIRE if kind == FLOOD else DROPPED))
        with namespace.entered(net.CLIENT):
            sent = source.run(SLICE_S)
        outcome.sent += sent if kind == FLOOD else 0
    outcome.refused += _refused() - refused
    return (_answers() - before) / (time.monotonic() - begin)


def _slices(source: Source, cores: dict[str, int], outcome: Outcome) -> None:
    """All kinds on all cores in turn, cycle after cycle."""
    for _ in range(CYCLES):
        for name, core in cores.items():
            os.sched_setaffinity(0, {core})
            for kind in (QUIET, BASELINE, FLOOD):
                outcome.rates.setdefault((name, kind), []).append(_slice(source, kind, outcome))


def _fill(source: Source) -> None:
    """Until the table refuses. Raises BenchError."""
    source.aim(*WIRE)
    for _ in range(20):
        with namespace.entered(net.CLIENT):
            source.burst(ROOM // 4)
        if _refused():
            return
    raise BenchError("the table does not fill")


def _load(seconds: float) -> subprocess.Popen[str]:
    """HTTP requests over connections that are kept alive; returns when all of them are there. Raises BenchError."""
    page = f"http://{net.VIP}:{net.HTTP_PORT}/"
    command = ["ip", "netns", "exec", net.CLIENT, "wrk", "-t1", f"-c{CLIENTS}", f"-d{round(seconds)}s", page]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    end = time.monotonic() + 5
    while _established() < CLIENTS:
        if time.monotonic() > end:
            process.kill()
            raise BenchError(f"wrk has {_established()} of its connections")
        time.sleep(0.05)
    return process


def one_run(mode: str, core: int) -> Outcome:
    """One director: HTTP on `core`, the flood there and on another one, if there is one. Raises BenchError."""
    outcome = Outcome()
    others = sorted(os.sched_getaffinity(1) - {core})
    cores = {"other": others[0], "same": core} if others else {"same": core}
    balancer = next(each for each in contestants() if each.name == f"xlvs {'XDP' if mode == 'xdp' else 'tc'}")
    with net.network(), serving(), ExitStack() as stack:
        director.attach(mode, ROOM)
        balancer.up(HERE)
        source = stack.enter_context(flooding(mode))
        director.ipvsadm("-A", "-t", f"{net.VIP}:{PORT}", "-s", "rr")
        director.ipvsadm("-a", "-t", f"{net.VIP}:{PORT}", "-r", f"{net.DESTINATIONS4[0]}:{PORT}", "-m")
        await_answer(net.VIP)
        load = _load(CYCLES * len(cores) * 3 * (SLICE_S + 0.1) + 3)
        stack.callback(load.kill)
        try:
            _fill(source)
            before = _memory()
            _slices(source, cores, outcome)
            outcome.grown = _memory() - before
        finally:
            os.sched_setaffinity(0, {core})
        outcome.broken = CLIENTS - min(CLIENTS, _established()) + broken(load.communicate(timeout=60)[0])
    return outcome


def section(rounds: int, core: int) -> Section:
    """The whole table."""
    found = Section(
        "Flood of first packets at a full table",
        [],
        "as each row says; less is better",
        f"A table of {ROOM:,} connections, full; {CLIENTS} connections with HTTP requests, established before. Slices of"
        f" {SLICE_S} s in turn with {RATE:,} SYN/s from random sources that the director refuses, and with as many that a"
        " program drops by its first instruction, which is the baseline: source and wire are in both.",
    )
    for mode, column in (("tc", "xlvs tc"), ("xdp", "xlvs XDP")):
        try:
            outcomes = [one_run(mode, core) for _ in range(rounds)]
        except (BenchError, subprocess.SubprocessError) as problem:
            found.skip(column, problem)
            continue
        _put(found, column, outcomes)
    return found


def _figure(outcomes: list[Outcome], core: str, baseline: str = BASELINE) -> Figure:
    medians = [statistics.median(outcome.lost(core, baseline)) for outcome in outcomes]
    return Figure.of(medians)


def _put(found: Section, column: str, outcomes: list[Outcome]) -> None:
    cores = dict.fromkeys(core for core, _ in outcomes[0].rates)
    for core in cores:
        found.put(LOST[core], column, _figure(outcomes, core))
    if "other" in cores:
        found.put(LOST_TO_QUIET, column, _figure(outcomes, "other", QUIET))
    found.put(BROKEN, column, Figure.of([outcome.broken for outcome in outcomes]))
    found.put(REFUSED, column, Figure.of([outcome.refused / outcome.sent * 100 for outcome in outcomes]))
    found.put(MEMORY, column, Figure.of([outcome.grown / 1024 for outcome in outcomes]))
