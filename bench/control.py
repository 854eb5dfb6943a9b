# SPDX-License-Identifier: Apache-2.0
"""What the commands cost: time from start to end and memory, on small and on very large tables."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench import director, reload, ticks
from bench.netns import topology as net
from bench.objects import BenchError, map_bytes
from bench.progrun.harness import ALL_NEW, Wrapper
from bench.progrun.packets import SYN, ipv4, ipv6
from bench.progrun.path import await_settled
from bench.progrun.path import connections as in_table
from bench.report import Figure, Section
from xlvs.linux import namespace
from xlvs.linux.bpf_map import Map

if TYPE_CHECKING:
    from bench.progrun.packets import Packet

SERVICES, SERVERS, CONNECTIONS = 10_000, 5, 1_000_000
CONNECTION_MAPS = ("conns", "buckets")
# A process of its own starts the command, so that neither time nor peak memory hold anything of this one.
_LAUNCHER = """
import os, sys, time
begin = time.perf_counter()
source = os.open(sys.argv[1], os.O_RDONLY)
null = os.open(os.devnull, os.O_WRONLY)
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ,
                      file_actions=[(os.POSIX_SPAWN_DUP2, source, 0), (os.POSIX_SPAWN_DUP2, null, 1)])
_, status, used = os.wait4(pid, 0)
print(time.perf_counter() - begin, used.ru_maxrss, os.waitstatus_to_exitcode(status))
"""


def timed(command: list[str], source: str = os.devnull) -> tuple[float, float]:
    """Run a command in the director's namespace: (seconds from start to end, MiB at its peak). Raises BenchError."""
    words = director.run([sys.executable, "-I", "-S", "-c", _LAUNCHER, source, *command]).split()
    if len(words) != 3 or words[2] != "0":
        raise BenchError(f"{Path(command[0]).name} {' '.join(command[1:])} failed")
    return float(words[0]), float(words[1]) / 1024


class Table:
    """The section being filled: each command's time, its memory, and the baseline's time."""

    def __init__(self) -> None:
        self.section = Section(
            "Commands",
            ["xlvs", "baseline", "aim"],
            "ms, or as each row says; less is better",
            "Time from start to end of the process. Baselines: the bare interpreter; for -R, nft -f of as many rules;"
            " for -Lnc, cat of the kernel's view of the same connections. Reload: from SIGHUP to «Reload complete».",
        )

    def measure(
        self, row: str, command: list[str], runs: int, *, source: str = os.devnull, memory: bool = False, aim: float = 0
    ) -> bool:
        """Time a command of ours; False when that failed."""
        try:
            found = [timed(command, source) for _ in range(runs)]
        except BenchError as problem:
            self.section.skip(row, problem)
            return False
        self.section.put(row, "xlvs", Figure.of([seconds * 1e3 for seconds, _ in found]))
        if aim:
            self.section.put(row, "aim", Figure(aim, aim))
        if memory:
            self.section.put(f"{row}: peak memory, MiB", "xlvs", Figure.of([peak for _, peak in found]))
        return True

    def baseline(self, row: str, command: list[str], runs: int, *, source: str = os.devnull) -> None:
        """Time what stands beside it."""
        if not shutil.which(command[0]):
            self.section.skip(f"baseline of {row}", f"{command[0]} is not installed")
            return
        try:
            found = [timed(command, source)[0] * 1e3 for _ in range(runs)]
        except BenchError as problem:
            self.section.skip(f"baseline of {row}", problem)
            return
        self.section.put(row, "baseline", Figure.of(found))


BYTES = "bytes per connection, NAT with both directions"
BYTES6 = "bytes per connection, IPv6, NAT with both directions"
SWEEPS, FILLED = 5, 100_000
EXPIRY = f"expiry with {CONNECTIONS:,} idle connections: % of a core"
LONGEST_TICK = f"expiry with {CONNECTIONS:,} idle connections: ms of the longest tick"
IPVSADM = str(director.BIN / "ipvsadm")
XLVS = str(director.BIN / "xlvs")
_FIRST = "first load of a director (ipvsadm -A)"
_LOADS = 3
LISTINGS = ("--plain", "--json", "--protocol tcp --json", "--count")
BARE = [sys.executable, "-I", "-S", "-c", "pass"]


def service_of(number: int) -> str:
    """The address and port of one of many services."""
    return f"10.{100 + number // 2500}.{number // 250 % 10}.{number % 250 + 1}:80"


def many_services(count: int = SERVICES, servers: int = SERVERS) -> str:
    """Lines for `ipvsadm -R`."""
    lines = []
    for number in range(count):
        lines.append(f"-A -t {service_of(number)} -s wlc")
        lines += [f"-a -t {service_of(number)} -r 10.72.1.{11 + step}:80 -m -w 1" for step in range(servers)]
    return "\n".join(lines) + "\n"


def many_nft_rules(count: int = SERVICES, servers: int = SERVERS) -> str:
    """The same as nft rules."""
    pool = ", ".join(f"{step} : 10.72.1.{11 + step}" for step in range(servers))
    rules = []
    for number in range(count):
        vip, _, port = service_of(number).partition(":")
        rules.append(f"ip daddr {vip} tcp dport {port} dnat to numgen inc mod {servers} map {{ {pool} }}")
    return "table ip many { chain pre { type nat hook prerouting priority -100;\n" + "\n".join(rules) + "\n}\n}\n"


def short_commands(table: Table, runs: int) -> None:
    """What needs no tables, and the first service of a director, for which its programs are loaded."""
    for command in ("ipvsadm", "xlvs"):
        row = f"{command} --help"
        table.measure(row, [str(director.BIN / command), "--help"], runs, aim=50)
        table.baseline(row, BARE, runs)
    first = [IPVSADM, "-A", "-t", service_of(0)]
    try:
        found = []
        for _ in range(_LOADS):
            found.append(timed(first)[0] * 1e3)
            director.run([XLVS, "detach", "--yes"])
    except BenchError as problem:
        table.section.skip(_FIRST, problem)
        return
    table.section.put(_FIRST, "xlvs", Figure.of(found))
    table.section.put(_FIRST, "aim", Figure(1000, 1000))


def small_table(table: Table, runs: int) -> None:
    """One listing of a small table."""
    row = "ipvsadm -Ln, start to end"
    director.configure()
    table.measure(row, [IPVSADM, "-Ln"], runs, memory=True, aim=50)
    table.baseline(row, BARE, runs)


def large_table(table: Table, folder: Path, runs: int) -> None:
    """Ten thousand services, and one server of one of them."""
    rules, nft = folder / "rules", folder / "nft"
    rules.write_text(many_services())
    nft.write_text(many_nft_rules())
    load = f"ipvsadm -R, {SERVICES:,} services of {SERVERS} servers"
    change = f"ipvsadm -e, one server among {SERVICES:,} services"
    director.ipvsadm("-C")
    restored = table.measure(load, [IPVSADM, "-R"], 1, source=str(rules), memory=True, aim=1200)
    table.baseline(load, ["nft", "-f", str(nft)], 1)
    if not restored:
        table.section.skip(change, "the services could not be set up")
        return
    edit = [IPVSADM, "-e", "-t", service_of(SERVICES // 2), "-r", "10.72.1.12:80", "-m", "-w", "7"]
    table.measure(change, edit, runs, memory=True, aim=150)
    table.baseline(change, BARE, runs)
    table.measure(f"ipvsadm -Ln, {SERVICES:,} services", [IPVSADM, "-Ln"], 3, memory=True, aim=700)


def fill_connections(count: int, packet: Packet) -> None:
    """Real connections, by as many first packets through our program."""
    with namespace.entered(net.DIRECTOR), director.program("prog_tc") as program:
        wrapper = Wrapper("wrap_tc", net.index_of(net.DIRECTOR, "d0"))
        wrapper.aim(program.fd)
        wrapper.restart(packet, ALL_NEW)
        wrapper.send(packet, count)
        wrapper.close()


def connections(table: Table) -> None:
    """A listing of a million connections, and what each of them weighs."""
    director.ipvsadm("-C")
    director.configure()
    empty = ticks.windows()
    fill_connections(CONNECTIONS, ipv4(SYN))
    row = f"ipvsadm -Lnc, {CONNECTIONS:,} connections"
    table.measure(row, [IPVSADM, "-Lnc"], 1, memory=True, aim=1500)
    table.baseline(row, ["cat", f"{director.pins()}/ip_vs_conn"], 1)
    for words in LISTINGS:
        table.measure(
            f"xlvs connections {words}, {CONNECTIONS:,} connections",
            [XLVS, "connections", *words.split()],
            1,
            memory=True,
        )
        table.baseline(
            f"xlvs connections {words}, {CONNECTIONS:,} connections", ["cat", f"{director.pins()}/ip_vs_conn"], 1
        )
    listed = len(director.ipvsadm("-Lnc").splitlines()) - 2
    table.section.put("connections listed", "xlvs", Figure(listed, listed))
    expire(table)
    tick(table, empty)
    for row, packet in ((BYTES, ipv4(SYN)), (BYTES6, ipv6(SYN))):
        director.renew(director.rules())
        weigh(table, row, packet)


def weigh(table: Table, row: str, packet: Packet) -> None:
    """Bytes per connection, from what the maps weigh and how many places it takes; beside the kernel's (320 in a slab)."""
    total, places = 0, 1
    for name in CONNECTION_MAPS:
        with Map.from_pin(f"{director.pins()}/{name}") as found:
            total += map_bytes(found.fd)
            places = found.max_entries if name == "conns" else places
    fill_connections(FILLED, packet)
    weight = total / places * in_table() / FILLED
    aim = 160 if row == BYTES else 240
    for column, value in (("xlvs", weight), ("baseline", 320), ("aim", aim)):
        table.section.put(row, column, Figure(value, value))


def expire(table: Table) -> None:
    """What looking for expired connections costs where none is: the director's clock goes through all once a second."""
    frame = ipv4().data
    with director.program("prog_sweep") as sweep:
        passes = [sweep.test_run(frame).duration_ns for _ in range(SWEEPS)]
    table.section.put(EXPIRY, "xlvs", Figure.of([spent / 1e7 for spent in passes]))
    table.section.put(EXPIRY, "aim", Figure(3, 3))


def tick(table: Table, empty: list[ticks.Ticks]) -> None:
    """The longest tick of several whiles, beside that with an empty table, which only others' work can make long."""
    await_settled()
    found = ticks.windows()
    table.section.put(LONGEST_TICK, "xlvs", Figure.of([each.longest_ms for each in found]))
    table.section.put(LONGEST_TICK, "aim", Figure(ticks.LONG_MS, ticks.LONG_MS))
    table.section.put(f"{LONGEST_TICK}, with none", "xlvs", Figure.of([each.longest_ms for each in empty]))
    row = f"{LONGEST_TICK}: so many of {ticks.LONG_MS} ms and more"
    table.section.put(row, "xlvs", Figure.of([each.long for each in found]))


def section(runs: int = 15) -> Section:
    """The whole table."""
    table = Table()
    with net.network(), tempfile.TemporaryDirectory(prefix="xlvs-bench-") as folder:
        short_commands(table, runs)
        small_table(table, runs)
        large_table(table, Path(folder), runs)
    with net.network():
        connections(table)
    with net.network(), tempfile.TemporaryDirectory(prefix="xlvs-bench-") as folder:
        reload.measure(table.section, Path(folder))
    return table.section
