# SPDX-License-Identifier: Apache-2.0
"""Candidates for the connection table side by side: `python -m bench.progrun.table`.

A: BPF hash maps (IPv4 keys of 16 bytes; keys of 40 bytes for both families). B: an index of locked buckets before a dense
pool. C: the same index without a lock. D: B with another hash function. Every round loads all of them afresh and takes turns, row by row; the figure is
the median over all runs of all rounds.
"""

from __future__ import annotations

import argparse
import json
import struct
import time
from collections.abc import Callable
from pathlib import Path

from bench import kernel
from bench.progrun.harness import ALL_NEW, HERE, MASKS, XDP_ACTIONS, Wrapper, pin_to_core, summary
from bench.progrun.packets import Packet, ipv4, ipv6

CONNECTIONS = 1 << 20
RUNS, REPEAT, NEW_REPEAT = 5, 400_000, 100_000
DESTINATION4, DESTINATION6 = "10.0.0.1", "fc00:2::1"
Samples = dict[tuple[str, str], list[float]]

CANDIDATES = {
    "A hash, 16-byte keys": ("table_hash", "hash4"),
    "A hash, 40-byte keys": ("table_hash", "hash6"),
    "B index, locked buckets": ("table_index", "index"),
    "C index, compare-and-swap": ("table_index_cas", "index"),
    "D as B, Jenkins' hash": ("table_index_jenkins", "index"),
}
PARTS = (
    "line_plain",
    "line_locked",
    "line_atomic",
    "stack_push_pop",
    "stack_pop_empty",
    "queue_push_pop",
)


def reply4() -> Packet:
    """A packet on its way back, the varying end now being its target."""
    return ipv4(source=DESTINATION4, target="10.128.0.0", ports=(8080, 1024), wrapper="wrap_v4_reply")


class Round:
    """One round over all candidates, each in freshly made maps."""

    def __init__(self, wrapper: Wrapper, build: Path, samples: Samples, verdicts: dict[tuple[str, str], str]) -> None:
        self.wrapper, self.samples, self.verdicts = wrapper, samples, verdicts
        self.objects = {name: kernel.Object(build / f"{name}.o") for name in {f for f, _ in CANDIDATES.values()}}
        for name, opened in self.objects.items():
            if name.startswith("table_index"):
                fill_destinations(opened)

    def close(self) -> None:
        """Give the maps back."""
        for opened in self.objects.values():
            opened.close()

    def program(self, candidate: str, suffix: str) -> int:
        """The descriptor of a candidate's program."""
        file, stem = CANDIDATES[candidate]
        return self.objects[file].programs[f"{stem}_{suffix}"]

    def note(self, row: str, candidate: str, program: int, packet: Packet, mask: int, runs: int, repeat: int) -> None:
        """Run and keep the samples, the wrapper subtracted later."""
        self.wrapper.aim(program)
        kept = self.samples.setdefault((row, candidate), [])
        for _ in range(runs):
            verdict, cost = self.wrapper.once(packet, repeat)
            kept.append(cost - self.wrapper.overhead(packet).median)
        self.verdicts[row, candidate] = XDP_ACTIONS.get(verdict, str(verdict))

    def established(self, family: str, packet: Packet, syn: Packet, suffix: str) -> None:
        """Known connections, ever more of them; the table grows by what each row lacks."""
        for label, mask in MASKS.items():
            for candidate in CANDIDATES:
                if not self.has(candidate, family):
                    continue
                self.wrapper.restart(syn, mask)
                self.wrapper.aim(self.program(candidate, "new"))
                self.wrapper.once(syn, mask + 1)
                self.wrapper.restart(packet, mask)
                self.note(f"{family} {suffix}, {label}", candidate, self.program(candidate, suffix), packet, mask, RUNS, REPEAT)

    def has(self, candidate: str, family: str) -> bool:
        """Keys of 16 bytes are for IPv4 alone."""
        return family == "IPv4" or "16-byte" not in candidate

    def misses(self) -> None:
        """Packets of no known connection."""
        packet = ipv4(source="10.250.0.0")
        for candidate in CANDIDATES:
            self.wrapper.restart(packet, ALL_NEW >> 8)
            self.note("IPv4 miss", candidate, self.program(candidate, "known"), packet, ALL_NEW >> 8, RUNS, REPEAT)

    def insertions(self, family: str, packet: Packet) -> None:
        """New connections, until the table is nearly full (524,288 are there already)."""
        for candidate in CANDIDATES:
            if self.has(candidate, family):
                self.wrapper.restart(packet, ALL_NEW >> 8)
                program = self.program(candidate, "new")
                self.note(f"{family} new", candidate, program, packet, ALL_NEW >> 8, RUNS, NEW_REPEAT)


def fill_destinations(opened: kernel.Object) -> None:
    """Destination 1 is the IPv4 one, 2 the IPv6 one."""
    for number, address in ((1, b"\0" * 8 + b"\0\0\xff\xff\x0a\0\0\x01"), (2, bytes.fromhex("fc000002" + "0" * 23 + "1"))):
        kernel.map_update(opened.maps["destinations"], struct.pack("I", number), address)


def fill(wrapper: Wrapper, program: int, count: int) -> None:
    """Make `count` connections."""
    packet = ipv4()
    wrapper.restart(packet, ALL_NEW >> 8)
    wrapper.aim(program)
    wrapper.once(packet, count)


def sweeps(wrapper: Wrapper, build: Path, candidate: str) -> dict[str, float]:
    """Milliseconds to sweep 1 M connections: none expired, all expired, none there."""
    file, stem = CANDIDATES[candidate]
    opened = kernel.Object(build / f"{file}.o")
    if "destinations" in opened.maps:
        fill_destinations(opened)
    fill(wrapper, opened.programs[f"{stem}_new"], CONNECTIONS)
    found: dict[str, float] = {}
    steps = (("1 M live", 0), ("1 M live again", 0), ("1 M expired", 1_000_000), ("empty", 0))
    for label, ahead in steps:
        begin = time.perf_counter()
        _, after = kernel.run_syscall(opened.programs[f"{stem}_sweep"], struct.pack("QQQ", ahead, 0, 0))
        found[label] = (time.perf_counter() - begin) * 1e3
        _, seen, freed = struct.unpack("QQQ", after)
        found[f"{label}: seen"], found[f"{label}: freed"] = seen, freed
    if file.startswith("table_index"):
        used, refused, later, _ = struct.unpack("IIII", opened.globals(".bss")[:16])
        found |= {"used": used, "refused": refused, "second choice or later": later}
    opened.close()
    return found


def weights(build: Path) -> dict[str, dict[str, int]]:
    """Bytes of kernel memory of each map of each object, at 1 Mi connections."""
    found: dict[str, dict[str, int]] = {}
    for file in sorted({file for file, _ in CANDIDATES.values()}):
        opened = kernel.Object(build / f"{file}.o")
        found[file] = {
            name: kernel.map_info(fd)["memlock"] for name, fd in opened.maps.items() if not name.startswith(".")
        }
        opened.close()
    return found


def parts(wrapper: Wrapper, build: Path, samples: Samples) -> None:
    """Single operations, in turn."""
    opened = kernel.Object(build / "parts.o")
    packet = ipv4()

    def note(row: str, program: str, mask: int) -> None:
        wrapper.restart(packet, mask)
        wrapper.aim(opened.programs[program])
        wrapper.once(packet, mask + 1 if mask < 1 << 20 else 20_000)
        kept = samples.setdefault((row, "part"), [])
        kept.extend(wrapper.once(packet, REPEAT)[1] - wrapper.overhead(packet).median for _ in range(RUNS))

    for program in PARTS:
        note(program, program, 1023)
    for kind in ("lru", "hash"):
        note(f"fragment {kind}: put again, 1 k", f"fragment_{kind}_put", 1023)
        note(f"fragment {kind}: find, 1 k", f"fragment_{kind}_find", 1023)
    note("fragment lru: put, full, all new", "fragment_lru_put", ALL_NEW >> 8)
    note("fragment lru: miss", "fragment_lru_find", ALL_NEW >> 9)
    opened.close()


def compile_all(build: Path) -> None:
    """Every object of this measurement."""
    for name in ("table_hash", "table_index", "parts"):
        kernel.compile_object(HERE / f"{name}.bpf.c", build / f"{name}.o")
    kernel.compile_object(HERE / "table_index.bpf.c", build / "table_index_cas.o", ("-DLOCK_FREE",))
    kernel.compile_object(HERE / "table_index.bpf.c", build / "table_index_jenkins.o", ("-DJENKINS",))


def report(samples: Samples, verdicts: dict[tuple[str, str], str], show: Callable[[str], None]) -> None:
    """One line per row, one column per candidate: median [least] ns."""
    names = [*CANDIDATES]
    show("| row | " + " | ".join(names) + " |")
    for row in dict.fromkeys(row for row, candidate in samples if candidate != "part"):
        cells = []
        for name in names:
            cost = summary(samples[row, name]) if (row, name) in samples else None
            cells.append(f"{cost.median:.0f} [{cost.least:.0f}] {verdicts[row, name]}" if cost else "-")
        show(f"| {row} | " + " | ".join(cells) + " |")
    for (row, candidate), values in samples.items():
        if candidate == "part":
            cost = summary(values)
            show(f"| {row} | {cost.median:.0f} [{cost.least:.0f}] |")


def main() -> None:
    """Measure, print the table, write the figures as JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--core", type=int, default=1)
    options.add_argument("--build", type=Path, default=Path("build/bench"))
    chosen = options.parse_args()
    pin_to_core(chosen.core)
    compile_all(chosen.build)
    wrapper = Wrapper("wrap_xdp", chosen.build)
    samples: Samples = {}
    verdicts: dict[tuple[str, str], str] = {}
    for _ in range(chosen.rounds):
        wrapper.calibrate(RUNS)
        turn = Round(wrapper, chosen.build, samples, verdicts)
        turn.established("IPv4", ipv4(), ipv4(), "known")
        turn.established("IPv4", reply4(), ipv4(), "reply")
        turn.misses()
        turn.insertions("IPv4", ipv4(source="10.64.0.0"))
        turn.close()
        turn = Round(wrapper, chosen.build, samples, verdicts)
        turn.established("IPv6", ipv6(), ipv6(), "known")
        turn.insertions("IPv6", ipv6(source="fc00:98::1:0"))
        turn.close()
        parts(wrapper, chosen.build, samples)
    found = {name: sweeps(wrapper, chosen.build, name) for name in CANDIDATES}
    report(samples, verdicts, print)
    print(json.dumps(found, indent=1))
    print(json.dumps(weights(chosen.build), indent=1))
    print("wrapper", {name: summary(values) for name, values in wrapper.empty.items()})


if __name__ == "__main__":
    main()
