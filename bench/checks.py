# SPDX-License-Identifier: Apache-2.0
"""What health checks cost: TCP checks a second on one core, and whether thousands of servers are probed on time.

The real servers are one listening process at as many loopback addresses, in a network namespace of their own. Processor
time is that of the checking process alone. Everything runs at a real-time priority where that is allowed: how late a
probe is shall say something of the checks, not of who else is on this machine.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench import keepalived_checks
from bench.objects import BenchError
from bench.report import Figure, Section
from xlvs.healthcheck.effects import Effect, RunProbe
from xlvs.healthcheck.probe import SECOND_US, Endpoint, Kind, TcpProbe, end_text
from xlvs.healthcheck.settings import CheckerSettings, HealthSettings, RealServerSettings, VirtualServerSettings
from xlvs.ipvs.memory import MemoryTables
from xlvs.keepalived.checks.check_plan import CheckPlan
from xlvs.keepalived.checks.checking import Checking
from xlvs.model.address import Family
from xlvs.model.destination import Destination, DestinationKey, ForwardingMethod
from xlvs.model.service import Protocol, ServiceKey, VirtualService

PORT = 18080
PER_SERVICE = 100
_SERVER = f"""
import mmap, os, socket, sys, time
count = mmap.mmap(os.open(sys.argv[1], os.O_RDWR), 8)
listener = socket.create_server(("0.0.0.0", {PORT}), backlog=4096)
listener.setblocking(False)
taken = 0
print("ready", flush=True)
while True:
    time.sleep(0.005)  # looked at now and then: woken by every connection, it would take the core from the checks
    try:
        while True:
            listener.accept()[0].close()
            taken += 1
    except BlockingIOError:
        count[:8] = taken.to_bytes(8, "little")
"""


def plan(servers: int, interval_us: int) -> CheckPlan:
    """Virtual servers with a hundred TCP checks each."""
    found = []
    for first in range(0, servers, PER_SERVICE):
        members = [_member(number, interval_us) for number in range(first, min(first + PER_SERVICE, servers))]
        vip = bytes((10, 1, first // PER_SERVICE // 256, first // PER_SERVICE % 256))
        service = VirtualService(ServiceKey(Protocol.TCP, Family.IPV4, vip, 80))
        found.append(VirtualServerSettings(end_text(vip, 80, "tcp"), (service,), tuple(members)))
    return CheckPlan(HealthSettings(tuple(found)))


def _member(number: int, interval_us: int) -> RealServerSettings:
    address = bytes((127, 1, number // 256, number % 256))
    name = end_text(address, PORT, "tcp")
    probe = TcpProbe(Endpoint(address, PORT))
    checker = CheckerSettings(Kind.TCP, name, (probe,), interval_us=interval_us, warmup_us=interval_us)
    key = DestinationKey(Family.IPV4, address, PORT)
    return RealServerSettings(name, Destination(key, ForwardingMethod.MASQUERADE), (checker,))


async def watch(servers: int, interval_us: int, seconds: float) -> dict[str, float]:
    """Check for a while, the warm-up left out: probes a second, share of a core, lateness, failed servers."""

    def no_addresses() -> Collection[bytes]:
        return ()

    checking = Checking(plan(servers, interval_us), MemoryTables(), lambda _: None, lambda _: None, no_addresses)
    checking.start()
    await asyncio.sleep(interval_us / SECOND_US)
    late: list[int] = []
    carry_out = checking.do

    def timed(effect: Effect) -> None:
        if isinstance(effect, RunProbe):
            late.append(checking.now() - effect.due)
        carry_out(effect)

    checking.do = timed  # type: ignore[method-assign]  # a stand-in
    begin, used = time.monotonic(), time.process_time()
    await asyncio.sleep(seconds)
    elapsed, spent = time.monotonic() - begin, time.process_time() - used
    late.sort()
    failed = sum(checker.failed for checker in checking.health.checkers.values())
    checking.stop()
    return {
        "rate": len(late) / elapsed,
        "core": spent / elapsed * 100,
        "late_ms": late[int(len(late) * 0.99)] / 1e3 if late else float("nan"),
        "failed": failed,
    }


@contextmanager
def answering() -> Iterator[mmap.mmap]:
    """The listening process; how many connections it took stands in the memory."""
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(8)
        taken = mmap.mmap(file.fileno(), 8)
        command = [sys.executable, "-I", "-S", "-c", _SERVER, file.name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                if server.stdout:
                    server.stdout.readline()
                yield taken
            finally:
                server.kill()


def watch_keepalived(servers: int, interval_s: float, seconds: float) -> dict[str, float]:
    """The same of the real Keepalived, which does not tell how late it is."""
    with answering() as taken:
        text = keepalived_checks.configuration(servers, PORT, interval_s)
        warm_up_s = interval_s + 2  # its checks begin a second after its start
        rate, core = keepalived_checks.core(text, warm_up_s, seconds, lambda: int.from_bytes(taken[:8], "little"))
    return {"rate": rate, "core": core}


def watch_ours(servers: int, interval_s: float, seconds: float) -> dict[str, float]:
    """Ours."""
    with answering():
        return asyncio.run(watch(servers, int(interval_s * SECOND_US), seconds))


WATCHED = {"xlvs": watch_ours, "Keepalived": watch_keepalived}


def measured(who: str, servers: int, interval_s: float, seconds: float) -> dict[str, float]:
    """One measurement in a process and a namespace of its own. Raises BenchError."""
    words = [sys.executable, "-m", "bench.checks", who, str(servers), str(interval_s), str(seconds)]
    shell = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *words]
    done = subprocess.run(shell, check=False, capture_output=True, text=True, cwd=Path(__file__).resolve().parents[1])
    if done.returncode:
        raise BenchError(f"checks: {done.stderr.strip()[-300:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def section(seconds: float) -> Section:
    """The table."""
    table = Section(
        "Health checks",
        ["xlvs", "Keepalived", "aim"],
        "as each row says",
        "TCP_CHECK against listeners on loopback, whose own share of the connection is part of the time. The real"
        " Keepalived's requests to IPVS are taken by a preloaded library.",
    )
    for servers, interval_s, core in ((5_000, 1.0, 100.0), (10_000, 6.0, 40.0)):
        what = f"{servers:,} servers every {interval_s:g} s"
        found = measured("xlvs", servers, interval_s, max(seconds, interval_s))
        if found["failed"]:
            raise BenchError(f"{what}: {found['failed']:g} servers were found dead that are not")
        found["left_out"] = max(100 - found["rate"] * interval_s / servers * 100, 0)
        rows = {"% of the checks not made": ("left_out", 5.0), "% of a core": ("core", core)}
        rows["ms late, 99 of 100 checks"] = ("late_ms", 200.0)
        _put(table, f"{what}: checks a second", "xlvs", found["rate"])
        for row, (name, aim) in rows.items():
            _put(table, f"{what}: {row}", "xlvs", found[name])
            _put(table, f"{what}: {row}", "aim", aim)
        _beside(table, what, servers, interval_s, seconds)
    return table


def _put(table: Section, row: str, column: str, value: float) -> None:
    table.put(row, column, Figure(value, value))


def _beside(table: Section, what: str, servers: int, interval_s: float, seconds: float) -> None:
    """The real Keepalived's column."""
    if why := keepalived_checks.why_not():
        table.skip(f"{what}: Keepalived", why)
        return
    found = measured("Keepalived", servers, interval_s, max(seconds, interval_s))
    _put(table, f"{what}: checks a second", "Keepalived", found["rate"])
    _put(table, f"{what}: % of a core", "Keepalived", found["core"])


def main() -> None:
    """The measuring process: WHO SERVERS INTERVAL SECONDS; its result as JSON."""
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    servers, interval_s, seconds = int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    print(json.dumps(WATCHED[sys.argv[1]](servers, interval_s, seconds)))


if __name__ == "__main__":
    main()
