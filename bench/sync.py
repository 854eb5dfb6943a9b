# SPDX-License-Identifier: Apache-2.0
"""Synchronisation: what a connection costs both daemons, and how soon a director that joins has the whole table.

Connections are begun by the director's own program, run on packets of UDP from ever new clients; the daemon tells the one
in the second server's namespace of each of them, over the wire between the two.
"""

from __future__ import annotations

import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from bench import director
from bench.netns import topology as net
from bench.objects import BenchError
from bench.progrun import harness
from bench.progrun.packets import ipv4
from bench.report import Figure, Section
from xlvs.ipvs import layout
from xlvs.ipvs.observed import Observed
from xlvs.linux import namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.ipvs.store import Store

RATE: Final = 50_000  # connections a second
WHOLE: Final = 100_000  # connections that a director lacks which joins
_OURS, _THEIRS, _WIRE = net.DIRECTOR, net.SERVER2, {net.DIRECTOR: "d2", net.SERVER2: "s0"}
_PATIENCE_S, _PACE_S = 20.0, 0.005
_PAUSE_S: Final = 1.2  # a master waits a second between two answers
_TURNS, _REPEAT = 3, 500_000
US_OF_A_CORE: Final = 1e6 / RATE
TOLD: Final = "telling of a connection: µs of a core"
HEARD: Final = "hearing of a connection: µs of a core"
MISSING: Final = f"{RATE:,} connections/s: % that the other director lacks"
JOINED: Final = f"restarted director: s until it has {WHOLE:,} connections"
_RULES: Final = f"-A -u {director.VIP4}:80 -s rr\n" + "".join(
    f"-a -u {director.VIP4}:80 -r {rip}:80 -m\n" for rip in net.DESTINATIONS4
)


class Flow(NamedTuple):
    """One run at the rate: processor time of each side, in µs a connection; and what the other did not get, in %."""

    told_us: float
    heard_us: float
    missing: float


class Sides:
    """Both directors."""

    def __init__(self, wrapper: harness.Wrapper, program: int) -> None:
        self._wrapper = wrapper
        self._packet = ipv4(0)
        wrapper.aim(program)
        wrapper.restart(self._packet, harness.ALL_NEW)
        self.stores: dict[str, Store] = {}
        for where in _WIRE:
            self.renew(where)

    def renew(self, where: str) -> None:
        """Set up a director's services."""
        _run(where, "ipvsadm", "-R", stdin=_RULES)
        with namespace.entered(where):
            store = Observed().present_store()
        if store is None:
            raise BenchError("sync: the director has no tables")
        self.stores[where] = store

    def begin(self, connections: int) -> None:
        """So many new ones at once. Raises BenchError."""
        with namespace.entered(_OURS):
            verdict, _ = self._wrapper.send(self._packet, connections)
        if verdict != "REDIRECT":
            raise BenchError(f"sync: the last packet's verdict is {verdict}")

    def begin_paced(self, seconds: float) -> int:
        """At the rate, for so long; how many."""
        begin, sent = time.monotonic(), 0
        while (passed := time.monotonic() - begin) < seconds:
            due = int(passed * RATE) - sent
            if due > 0:
                self.begin(due)
                sent += due
            time.sleep(_PACE_S)
        return sent

    def count(self, where: str) -> int:
        """How many connections a director has, by the counts of its destinations."""
        store = self.stores[where]
        counts = (
            layout.COUNTS.unpack_from(store.dests.memory, number * layout.DEST_SIZE + layout.DEST_COUNTS)
            for number in range(1, store.setting(layout.SETTINGS_DEST_HIGH) + 1)
        )
        return sum(sum(each[:2]) for each in counts)

    def used_us(self, where: str) -> float:
        """Processor time of a director's synchronisation daemon so far."""
        words, total = b"xlvs.syncd\0" + self.stores[where].directory.encode() + b"\0", 0
        for each in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if words in (each / "cmdline").read_bytes():
                    total += int((each / "schedstat").read_text().split()[0])
        return total / 1e3

    def await_count(self, wanted: int) -> bool:
        """Until the second director has so many connections; False when no more come."""
        had, since = -1, time.monotonic()
        while (has := self.count(_THEIRS)) < wanted:
            if has != had:
                had, since = has, time.monotonic()
            if time.monotonic() - since > _PATIENCE_S / 4:
                return False
            time.sleep(0.01)
        return True


def _run(where: str, command: str, *arguments: str, stdin: str | None = None) -> None:
    words = ["ip", "netns", "exec", where, str(director.BIN / command), *arguments]
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise BenchError(f"sync: {command} {' '.join(arguments)}: {done.stderr.strip()}")


@contextmanager
def sides() -> Iterator[Sides]:
    """The network with two directors that have the same services."""
    with net.network(), ExitStack() as stack:
        director.attach("tc")
        for where in _WIRE:
            stack.callback(net.remove_tables, where)
        _run(_OURS, "xlvs", "sysctl", "sync_threshold=1 0")
        wrapper = harness.Wrapper("wrap_tc", net.index_of(_OURS, "d0"))
        stack.callback(wrapper.close)
        yield Sides(wrapper, stack.enter_context(director.program("prog_tc")).fd)


def start(where: str, role: str) -> None:
    """Start a daemon on the wire between them."""
    _run(where, "ipvsadm", "--start-daemon", role, "--mcast-interface", _WIRE[where])


def stop(where: str, role: str) -> None:
    """End it."""
    _run(where, "ipvsadm", "--stop-daemon", role)


def restart(both: Sides) -> float:
    """The second director begins anew: seconds from the command that starts its daemon to the whole table."""
    net.remove_tables(_THEIRS)
    both.renew(_THEIRS)
    time.sleep(_PAUSE_S)
    begin = time.monotonic()
    start(_THEIRS, "backup")
    wanted = both.count(_OURS)
    if not both.await_count(wanted):
        raise BenchError(f"sync: {both.count(_THEIRS):,} of {wanted:,} connections came")
    return time.monotonic() - begin


def flow(both: Sides, seconds: float) -> Flow:
    """Connections at the rate, told and heard."""
    before = both.count(_THEIRS)
    used = [both.used_us(where) for where in _WIRE]
    sent = both.begin_paced(seconds)
    both.await_count(before + sent)
    has = both.count(_THEIRS) - before
    spent = [both.used_us(where) - each for where, each in zip(_WIRE, used, strict=True)]
    return Flow(spent[0] / sent, spent[1] / max(has, 1), (1 - has / sent) * 100)


def _measure(both: Sides, rounds: int, seconds: float) -> tuple[list[float], list[Flow]]:
    both.begin(WHOLE)
    start(_OURS, "master")
    joined = [restart(both) for _ in range(rounds)]
    return joined, [flow(both, seconds) for _ in range(rounds)]


def section(rounds: int, seconds: float) -> Section:
    """The daemons' table."""
    table = Section(
        "Synchronisation",
        ["xlvs", "aim"],
        "as each row says; less is better",
        f"{RATE:,} connections of UDP a second begin at one director, whose daemon tells the other's of each over a veth."
        " Processor time is all that a daemon's processes take, system calls included; 20 µs is one core at that rate.",
    )
    with sides() as both:
        joined, flows = _measure(both, rounds, seconds)
    for row, samples, aim in (
        (TOLD, [each.told_us for each in flows], US_OF_A_CORE),
        (HEARD, [each.heard_us for each in flows], US_OF_A_CORE),
        (MISSING, [each.missing for each in flows], 0.0),
        (JOINED, joined, 2.0),
    ):
        table.put(row, "xlvs", Figure.of(samples))
        table.put(row, "aim", Figure(aim, aim))
    return table


def packets(rounds: int) -> Section:
    """What the packets of known connections pay for a daemon that tells of them, in turn with and without one."""
    table = Section(
        "Packets of synchronised connections",
        ["xlvs", "baseline"],
        "ns per packet, in brackets the least; less is better",
        "A master daemon is told of each 50th packet of a connection; the baseline has no daemon. 65,536 connections of"
        " UDP by NAT.",
        shows_best=True,
    )
    samples: dict[tuple[str, str], list[float]] = {}
    with net.network(), ExitStack() as stack:
        director.attach("xdp")
        _run(_OURS, "ipvsadm", "-R", stdin=_RULES)
        paths = {}
        for name in ("XDP", "tc"):
            wrapper = harness.Wrapper(f"wrap_{name.lower()}", net.index_of(_OURS, "d0"))
            stack.callback(wrapper.close)
            paths[name] = wrapper, stack.enter_context(director.program(f"prog_{name.lower()}"))
        for _ in range(_TURNS * rounds):
            for column in ("baseline", "xlvs"):
                for name, (wrapper, program) in paths.items():
                    samples.setdefault((name, column), []).append(_cost(wrapper, program.fd))
                stop(_OURS, "master") if column == "xlvs" else start(_OURS, "master")
        for (name, column), costs in samples.items():
            overhead = paths[name][0].overhead(ipv4(0))
            found = Figure.of(costs)
            table.put(f"UDP NAT, 64 k, {name}", column, found.minus(overhead))
    return table


def _cost(wrapper: harness.Wrapper, program: int) -> float:
    """Of a packet, the wrapper's cost still in it."""
    packet = ipv4(0)
    wrapper.calibrate(1, [packet])
    wrapper.aim(program)
    with namespace.entered(_OURS):
        wrapper.restart(packet, harness.MASKS["64 k"])
        wrapper.send(packet, harness.MASKS["64 k"] + 1)
        return wrapper.send(packet, _REPEAT)[1]
