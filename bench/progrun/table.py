# SPDX-License-Identifier: Apache-2.0
"""Candidates for the connection table side by side: `python -m bench.progrun.table` (docs/decisions/0001).

A: BPF hash maps, with keys of 16 bytes for IPv4 and of 40 for both families. B: an index of locked buckets before a
dense pool. C: the same index without a lock. D: B with another hash function. Every round makes all maps afresh and
takes turns, row by row; the figure is the median over all runs of all rounds.
"""

from __future__ import annotations

import argparse
import struct
import time
from typing import TYPE_CHECKING

from bench.objects import compiled, loaded, map_bytes
from bench.progrun.harness import ALL_NEW, HERE, MASKS, Wrapper, pin_to_core
from bench.progrun.packets import Packet, ipv4, ipv6
from bench.report import Figure, Section, render

if TYPE_CHECKING:
    from xlvs.linux.bpf_object import Object

CONNECTIONS = 1 << 20
RUNS, REPEAT, NEW_REPEAT = 5, 400_000, 100_000
DESTINATIONS = {1: b"\0" * 8 + bytes.fromhex("0000ffff0a000001"), 2: bytes.fromhex("fc000002" + "0" * 23 + "1")}
OPTIONS: dict[str, tuple[str, ...]] = {
    "table_hash": (),
    "table_index": (),
    "table_index_cas": ("-DLOCK_FREE",),
    "table_index_jenkins": ("-DJENKINS",),
}
CANDIDATES = {
    "A hash, 16-byte keys": ("table_hash", "hash4"),
    "A hash, 40-byte keys": ("table_hash", "hash6"),
    "B index, locked buckets": ("table_index", "index"),
    "C index, compare-and-swap": ("table_index_cas", "index"),
    "D as B, Jenkins' hash": ("table_index_jenkins", "index"),
}
FRAGMENTS = {
    "fragment in LRU_HASH: put again": ("fragment_lru_put", 1023),
    "fragment in LRU_HASH: found": ("fragment_lru_find", 1023),
    "fragment in HASH: put again": ("fragment_hash_put", 1023),
    "fragment in HASH: found": ("fragment_hash_find", 1023),
    "fragment in LRU_HASH: put, full": ("fragment_lru_put", ALL_NEW),
    "fragment in LRU_HASH: absent": ("fragment_lru_find", ALL_NEW >> 1),
}
PARTS = ("line_plain", "line_locked", "line_atomic", "stack_push_pop", "stack_pop_empty", "queue_push_pop")
Samples = dict[tuple[str, str], list[float]]


def load(file: str) -> Object:
    """One candidate's object in fresh maps, its destinations set."""
    source = HERE / f"{'table_index' if file.startswith('table_index') else file}.bpf.c"
    opened = loaded(compiled(source, file, OPTIONS.get(file, ())))
    if source.name.startswith("table_index"):
        for number, address in DESTINATIONS.items():
            opened.map("destinations").update(struct.pack("I", number), address)
    return opened


def has(candidate: str, family: str) -> bool:
    """Keys of 16 bytes are for IPv4 alone."""
    return family == "IPv4" or "16-byte" not in candidate


class Round:
    """One round over all candidates, each in freshly made maps."""

    def __init__(self, wrapper: Wrapper, samples: Samples) -> None:
        self.wrapper, self.samples = wrapper, samples
        self.objects = {file: load(file) for file in OPTIONS}

    def close(self) -> None:
        """Give the maps back."""
        for opened in self.objects.values():
            opened.close()

    def program(self, candidate: str, suffix: str) -> int:
        """The descriptor of a candidate's program."""
        file, stem = CANDIDATES[candidate]
        return self.objects[file].program(f"{stem}_{suffix}").fd

    def note(self, row: str, candidate: str, suffix: str, packet: Packet, repeat: int = REPEAT) -> None:
        """Run, and keep the samples with the wrapper subtracted."""
        self.wrapper.aim(self.program(candidate, suffix))
        kept = self.samples.setdefault((row, candidate), [])
        kept.extend(sample(self.wrapper, packet, repeat) for _ in range(RUNS))

    def established(self, family: str, packet: Packet, first: Packet, suffix: str) -> None:
        """Known connections, ever more of them; `first` makes those that are not there yet."""
        for label, mask in MASKS.items():
            for candidate in (name for name in CANDIDATES if has(name, family)):
                self.wrapper.restart(first, mask)
                self.wrapper.aim(self.program(candidate, "new"))
                self.wrapper.send(first, mask + 1)
                self.wrapper.restart(packet, mask)
                self.note(f"{family} {suffix}, {label}", candidate, suffix, packet)

    def misses(self) -> None:
        """Packets of no known connection."""
        packet = ipv4(source="10.250.0.0")
        for candidate in CANDIDATES:
            self.wrapper.restart(packet, ALL_NEW)
            self.note("IPv4 miss", candidate, "known", packet)

    def insertions(self, family: str, packet: Packet) -> None:
        """New connections, until the table is nearly full (524,288 are there already)."""
        for candidate in (name for name in CANDIDATES if has(name, family)):
            self.wrapper.restart(packet, ALL_NEW)
            self.note(f"{family} new", candidate, "new", packet, NEW_REPEAT)


def sample(wrapper: Wrapper, packet: Packet, repeat: int = REPEAT) -> float:
    """One run, in ns per packet, without the wrapper."""
    return wrapper.send(packet, repeat)[1] - wrapper.overhead(packet).median


def one_round(wrapper: Wrapper, samples: Samples) -> None:
    """Every row once, all candidates in turn."""
    back = ipv4(source="10.0.0.1", target="10.128.0.0", ports=(8080, 1024), wrapper="wrap_v4_reply")
    turn = Round(wrapper, samples)
    turn.established("IPv4", ipv4(), ipv4(), "known")
    turn.established("IPv4", back, ipv4(), "reply")
    turn.misses()
    turn.insertions("IPv4", ipv4(source="10.64.0.0"))
    turn.close()
    turn = Round(wrapper, samples)
    turn.established("IPv6", ipv6(), ipv6(), "known")
    turn.insertions("IPv6", ipv6(source="fc00:98::1:0"))
    turn.close()


def sweeps(wrapper: Wrapper, candidate: str, section: Section) -> None:
    """Milliseconds to sweep a full table: none expired, all expired, none there."""
    file, stem = CANDIDATES[candidate]
    opened = load(file)
    packet = ipv4()
    wrapper.restart(packet, ALL_NEW)
    wrapper.aim(opened.program(f"{stem}_new").fd)
    wrapper.send(packet, CONNECTIONS)
    for label, ahead in (("sweep, none expired", 0), ("sweep, all expired", 1_000_000), ("sweep, table empty", 0)):
        begin = time.perf_counter()
        after = opened.program(f"{stem}_sweep").call(struct.pack("QQQ", ahead, 0, 0)).context
        took = (time.perf_counter() - begin) * 1e3
        _, seen, freed = struct.unpack("QQQ", after)
        section.put(label, candidate, Figure(took, took))
        section.put(f"{label}: connections seen", candidate, Figure(seen, seen))
        section.put(f"{label}: given back", candidate, Figure(freed, freed))
    opened.close()


def weights(section: Section) -> None:
    """Bytes of kernel memory per place, from what the maps weigh."""
    for candidate, (file, stem) in CANDIDATES.items():
        opened = load(file)
        family = stem.removeprefix("hash")
        for name in (name for name in opened.map_names() if not name.startswith(".")):
            if file != "table_hash" or name.endswith(family):
                weight = map_bytes(opened.map(name).fd) / CONNECTIONS
                section.put(f"bytes per connection: {name}", candidate, Figure(weight, weight))
        opened.close()


def single_operations(wrapper: Wrapper, samples: Samples) -> None:
    """What the parts cost, hot."""
    opened = load("parts")
    packet = ipv4()
    for row, (program, mask) in ({name: (name, 1023) for name in PARTS} | FRAGMENTS).items():
        wrapper.restart(packet, mask)
        wrapper.aim(opened.program(program).fd)
        wrapper.send(packet, 20_000)
        samples.setdefault((row, "part"), []).extend(sample(wrapper, packet) for _ in range(RUNS))
    opened.close()


def filled(title: str, samples: Samples, unit: str = "ns per packet") -> Section:
    """A section of the samples' figures."""
    section = Section(title, [], unit)
    for (row, column), values in samples.items():
        section.put(row, column, Figure.of(values))
    return section


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--core", type=int, default=1)
    chosen = options.parse_args()
    pin_to_core(chosen.core)
    wrapper = Wrapper("wrap_xdp")
    samples: Samples = {}
    parts: Samples = {}
    for _ in range(chosen.rounds):
        wrapper.calibrate(RUNS)
        one_round(wrapper, samples)
        single_operations(wrapper, parts)
    whole = Section("A full table", [], "ms and bytes")
    for candidate in CANDIDATES:
        sweeps(wrapper, candidate, whole)
    weights(whole)
    for section in (filled("Connection table", samples), filled("Single operations", parts), whole):
        print(render(section), end="\n\n")


if __name__ == "__main__":
    main()
