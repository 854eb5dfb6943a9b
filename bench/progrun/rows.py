# SPDX-License-Identifier: Apache-2.0
"""Our programs, packet by packet, beside the least that any program could do and Katran's figures."""

from __future__ import annotations

import struct
import time
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address

from bench import director
from bench.netns import topology as net
from bench.objects import BenchError, compiled, loaded
from bench.progrun.harness import ALL_NEW, HERE, MASKS, Wrapper
from bench.progrun.packets import SYN, Packet, ipv4, ipv6, ones_complement_sum
from bench.report import Figure, Section
from xlvs.linux import namespace

RUNS, REPEAT, NEW_REPEAT, CHECKED = 3, 300_000, 15_000, 500
OURS = {"XDP": "prog_xdp", "tc": "prog_tc"}
SENT = {"TX", "REDIRECT"}
PASSED = {"PASS", "OK", "NEXT"}
# Net ns per packet of Katran's XDP program, measured once on this kind of machine with the same method. It tunnels one
# way with a per-CPU LRU table; ours translates, with a table that both directions share and that loses nothing.
KATRAN = {
    "not ours": 63,
    "TCP established, 1": 140,
    "TCP established, 1 k": 141,
    "TCP established, 64 k": 252,
    "TCP established, 512 k": 319,
    "UDP known, 1": 188,
    "UDP known, 1 k": 192,
    "UDP known, 64 k": 313,
    "IPv6 TCP established, 1": 139,
    "IPv6 TCP established, 64 k": 249,
    "TCP new connection, rr": 798,
    "UDP new connection, rr": 885,
}
Samples = dict[tuple[str, str], list[float]]


@dataclass(frozen=True)
class Case:
    """One row: its packet, how many connections it walks, what makes them known first, what must become of it."""

    packet: Packet
    mask: int
    known_by: tuple[Packet, ...] = ()
    verdicts: frozenset[str] = frozenset(SENT)
    repeat: int = REPEAT


def known_cases() -> dict[str, Case]:
    """Rows of connections that are in the table; later rows find those of earlier ones there too."""
    rows = {"not ours": Case(ipv4(target="10.200.9.9"), 65535, verdicts=frozenset(PASSED))}
    for label, mask in MASKS.items():
        rows[f"TCP established, {label}"] = Case(ipv4(), mask, (ipv4(SYN), ipv4()))
    answer = ipv4(source=net.DESTINATIONS4[0], target="10.128.0.0", ports=(8080, 1024), wrapper="wrap_v4_reply")
    asked = (ipv4(SYN, ports=(1024, 82)), ipv4(ports=(1024, 82)))
    for label in ("1", "64 k"):
        rows[f"TCP reply, {label}"] = Case(answer, MASKS[label], asked)
    for label in ("1", "1 k", "64 k"):
        rows[f"UDP known, {label}"] = Case(ipv4(0), MASKS[label], (ipv4(0),))
    for label in ("1", "64 k"):
        rows[f"IPv6 TCP established, {label}"] = Case(ipv6(), MASKS[label], (ipv6(SYN), ipv6()))
    return rows


def new_cases(path: str) -> dict[str, Case]:
    """Rows where every packet is a new connection: clients of their own for each path, since both fill one table."""
    base = IPv4Address("10.64.0.0" if path == "XDP" else "10.96.0.0")
    sources = [str(base + step * 65536) for step in range(2)]
    return {
        "TCP new connection, rr": Case(ipv4(SYN, source=sources[0]), ALL_NEW, repeat=NEW_REPEAT),
        "TCP new connection, wlc": Case(ipv4(SYN, source=sources[1], ports=(1024, 81)), ALL_NEW, repeat=NEW_REPEAT),
        "UDP new connection, rr": Case(ipv4(0, source=sources[0]), ALL_NEW, repeat=NEW_REPEAT),
    }


class Path:
    """One way of running programs, XDP or tc: its wrapper, the floor under it, and our program."""

    def __init__(self, name: str, stack: ExitStack) -> None:
        self.name = name
        self.wrapper = Wrapper(f"wrap_{name.lower()}", net.index_of(net.DIRECTOR, "d0"))
        stack.callback(self.wrapper.close)
        floor = stack.enter_context(loaded(compiled(HERE / f"floor_{name.lower()}.bpf.c")))
        self.ours = stack.enter_context(director.program(OURS[name]))
        self.columns = {
            f"xlvs {name}": self.ours.fd,
            f"floor {name}": floor.program("lowest").fd,
            f"floor {name}, routed": floor.program("lowest_routed").fd,
        }
        self.bystander = floor.program("pass").fd

    def prepare(self, case: Case) -> None:
        """Make a case's connections known to our program."""
        self.wrapper.aim(self.ours.fd)
        for packet in case.known_by:
            self.wrapper.restart(packet, case.mask)
            self.wrapper.send(packet, case.mask + 1)

    def measure(self, row: str, case: Case, samples: Samples, section: Section) -> None:
        """All columns of one row in turn."""
        for column, program in self._programs(row, case).items():
            self.wrapper.aim(program)
            self.wrapper.restart(case.packet, case.mask)
            self._sample(row, column, case, samples, section)

    def _programs(self, row: str, case: Case) -> dict[str, int]:
        """What stands beside ours in a row; the floors know the way towards a destination only."""
        ours, floor, routed = self.columns.items()
        if row == "not ours":
            return dict([ours, (floor[0], self.bystander)])
        return dict([ours] if case.packet.wrapper.endswith("reply") else [ours, floor, routed])

    def _sample(self, row: str, column: str, case: Case, samples: Samples, section: Section) -> None:
        for _ in range(RUNS):
            verdict, cost = self.wrapper.send(case.packet, case.repeat)
            if verdict not in case.verdicts:
                section.skip(f"{column}, {row}", f"the last packet's verdict is {verdict}")
                return
            samples.setdefault((row, column), []).append(cost - self.wrapper.overhead(case.packet).median)

    def check(self) -> None:
        """Send packets one by one: each must leave for a destination with right checksums. Raises BenchError."""
        self._await_routes()
        bad: list[str] = []
        for number in range(CHECKED):
            packet = ipv4(SYN, source="10.130.0.0", ports=(1024 + number, 80))
            context = self.wrapper.context(self.wrapper.ifindex, len(packet.data))
            outcome = self.ours.test_run(packet.data, context=context)
            if problem := faulty(outcome.data):
                bad.append(f"{problem}, return value {outcome.retval}")
        if bad:
            raise BenchError(f"{self.name}: {len(bad)} of {CHECKED} packets are wrong, the first: {bad[0]}")

    def _await_routes(self, seconds: float = 3) -> None:
        """Until the devices are up, packets are handed on."""
        packet = ipv4(SYN, source="10.130.0.0")
        end = time.monotonic() + seconds
        self.wrapper.aim(self.ours.fd)
        self.wrapper.restart(packet, 0)
        while self.wrapper.send(packet, 1)[0] not in SENT and time.monotonic() < end:
            time.sleep(0.05)


def faulty(frame: bytes) -> str:
    """What is wrong with a translated IPv4 packet, if anything."""
    head, size = frame[14:34], struct.unpack_from("!H", frame, 16)[0]
    target = str(IPv4Address(head[16:20]))
    if target not in net.DESTINATIONS4:
        return f"sent to {target}"
    if ones_complement_sum(head):
        return "IP checksum"
    pseudo = head[12:20] + struct.pack("!HH", head[9], size - 20)
    return "TCP checksum" if ones_complement_sum(pseudo + frame[34 : 14 + size]) else ""


def one_round(samples: Samples, section: Section) -> None:
    """Every row once, in a fresh director: the table must have room for all new connections of a round."""
    with net.network(), ExitStack() as stack:
        director.configure()
        stack.enter_context(namespace.entered(net.DIRECTOR))
        for path in [Path(name, stack) for name in OURS]:
            path.check()
            path.wrapper.calibrate(RUNS)
            for row, case in known_cases().items():
                path.prepare(case)
                path.measure(row, case, samples, section)
            for row, case in new_cases(path.name).items():
                path.measure(row, case, samples, section)


def section(rounds: int) -> Section:
    """The whole table: medians over the rounds."""
    found = Section(
        "Programs alone",
        ["xlvs XDP", "Katran XDP", "floor XDP", "floor XDP, routed", "xlvs tc", "floor tc", "floor tc, routed"],
        "ns per packet; less is better",
        "BPF_PROG_TEST_RUN behind a wrapper that is subtracted. Floor: parse, one look-up in 1 Mi entries of 64 bytes,"
        " the least rewrite, send; «not ours»: return. Routed: with bpf_fib_lookup, which any router needs. Katran's"
        " figures are fixed ones, measured with this method on a machine of this kind.",
    )
    samples: Samples = {}
    for _ in range(rounds):
        one_round(samples, found)
    for row in [*known_cases(), *new_cases("XDP")]:
        if row in KATRAN:
            found.put(row, "Katran XDP", Figure(KATRAN[row], KATRAN[row]))
        for column in found.columns:
            if values := samples.get((row, column)):
                found.put(row, column, Figure.of(values))
    found.missing = list(dict.fromkeys(found.missing))
    return found
