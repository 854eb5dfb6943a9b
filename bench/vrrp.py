# SPDX-License-Identifier: Apache-2.0
"""What a failover costs, beside the real Keepalived: how late the takeover is, how long a client waits, how much it takes.

Both hosts run the same daemon. The client's echo requests tell when the first packet gets through the new master.
"""

from __future__ import annotations

import time
from ipaddress import ip_address
from shutil import which
from typing import TYPE_CHECKING

from bench.report import Figure, Section
from bench.vrrp_hosts import KEEPALIVED, VIP, XLVS, Network, network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ADDRESSES = 1000
ROUTERS = 255
LOWER = 90
SKEW = (256 - LOWER) / 256
"""In parts of a second (version 2) or of the interval (version 3)."""


def router(priority: int, *more: str, number: int = 51, vip: str = VIP) -> str:
    """A vrrp_instance; the one of priority 255 is master at once."""
    lines = [f"vrrp_instance VI_{number} {{", "interface eth0", f"virtual_router_id {number}", f"priority {priority}"]
    lines += ["state MASTER"] if priority == 255 else []
    return "\n".join([*lines, f"virtual_ipaddress {{\n{vip}/24\n}}", *more, "}", ""])


FAST = ("version 3", "advert_int 0.01")


def late_ms(net: Network, kind: str) -> float:
    """advert_int 1: how much later than the master-down interval the first advert of the next master comes."""
    master = net.start("a", kind, router(255))
    net.start("b", kind, router(LOWER))
    heard = len(net.adverts("a"))
    net.wait(lambda: len(net.adverts("a")) > heard, "an advert that the backup hears")
    master.kill()
    net.wait(lambda: bool(net.adverts("b")), "the takeover")
    return (net.adverts("b")[0].at - net.adverts("a")[-1].at - 3 - SKEW) * 1e3


def cut_ms(net: Network, kind: str) -> float:
    """Version 3 at 10 ms: from the cut wire of the master to the first answer of the next one."""
    net.start("a", kind, router(255, *FAST))
    net.start("b", kind, router(LOWER, *FAST))
    return _outage(net, lambda: net.connect("a", carries=False))


def stop_ms(net: Network, kind: str) -> float:
    """Version 3 at 10 ms: from SIGTERM of the master to the first answer of the next one."""
    master = net.start("a", kind, router(255, *FAST))
    net.start("b", kind, router(LOWER, *FAST))
    return _outage(net, master.stop)


def _outage(net: Network, end: Callable[[], float]) -> float:
    with net.pinging():
        net.wait(lambda: any(each.is_answer and each.sender == "a" for each in list(net.frames)), "an answer")
        at = end()
        net.wait(lambda: any(each.is_answer and each.sender == "b" for each in list(net.frames)), "the next one's")
    return (next(each.at for each in net.frames if each.is_answer and each.sender == "b") - at) * 1e3


def resign_ms(net: Network, kind: str) -> float:
    """From SIGTERM to the resignation on the wire."""
    master = net.start("a", kind, router(255))
    net.wait(lambda: bool(net.adverts("a")), "an advert")
    at = master.stop()
    net.wait(lambda: net.adverts("a")[-1].priority == 0, "the resignation")
    return (net.adverts("a")[-1].at - at) * 1e3


def move_ms(net: Network, kind: str) -> float:
    """A thousand addresses: from the moment that the RFC lets the next master go on until each was announced."""
    first = int(ip_address("10.88.0.1"))
    more = "\n".join(f"{ip_address(first + number)}/16" for number in range(ADDRESSES - 1))
    words = (f"virtual_ipaddress_excluded {{\n{more}\n}}", "version 3", "advert_int 0.1")
    master = net.start("a", kind, router(255, *words))
    net.start("b", kind, router(LOWER, *words))
    net.wait(lambda: len(_announced(net.frames, "a")) == ADDRESSES, "the first master's announcements")
    master.stop()
    net.wait(lambda: len(_announced(net.frames, "b")) == ADDRESSES, "the next one's announcements")
    resigned = next(each.at for each in net.adverts("a") if each.priority == 0)
    return (max(_announced(net.frames, "b").values()) - resigned) * 1e3 - SKEW * 100


def _announced(frames: Iterable[object], side: str) -> dict[bytes, float]:
    """When each address was announced by a host for the first time."""
    found: dict[bytes, float] = {}
    for each in list(frames):
        if each.announced and each.sender == side:  # type: ignore[attr-defined]  # made at run time
            found.setdefault(each.announced, each.at)  # type: ignore[attr-defined]  # made at run time
    return found


def core_percent(net: Network, kind: str, seconds: float) -> tuple[float, float]:
    """255 virtual routers with advert_int 1: share of a core as masters and as backups."""

    def routers(priority: int) -> str:
        return "".join(router(priority, number=each, vip=f"10.78.0.{each}") for each in range(1, ROUTERS + 1))

    found = []
    daemons = [net.start("a", kind, routers(255)), net.start("b", kind, routers(LOWER))]
    net.wait(lambda: len(_announced(net.frames, "a")) == ROUTERS, "the masters")
    time.sleep(6)  # until the second announcements are out
    for daemon in daemons:
        before, begin = daemon.used_s(), time.monotonic()
        time.sleep(seconds)
        found.append((daemon.used_s() - before) / (time.monotonic() - begin) * 100)
    return found[0], found[1]


ROWS: dict[str, tuple[Callable[[Network, str], float], float]] = {
    "advert_int 1: takeover later than the master-down interval, ms": (late_ms, 20.0),
    "10 ms: cut to the first packet through the new master, ms": (cut_ms, 50.0),
    "10 ms: SIGTERM to the first packet through the new master, ms": (stop_ms, 20.0),
    "SIGTERM to the resignation on the wire, ms": (resign_ms, 20.0),
    f"{ADDRESSES:,} addresses moved and announced, ms": (move_ms, 100.0),
}


def section(rounds: int, seconds: float) -> Section:
    """The table."""
    table = Section(
        "VRRP",
        [XLVS, KEEPALIVED, "aim"],
        "as each row says; less is better",
        "Both hosts run the same daemon; times are the kernel's, taken at the client. "
        "10 ms: version 3, advert_int 0.01, priority 90 takes over. "
        "Addresses: from the end of the skew time to the first announcement of the last one.",
    )
    kinds = [XLVS, *([KEEPALIVED] if which("/usr/sbin/keepalived") else [])]
    with network() as net:
        for row, (measure, aim) in ROWS.items():
            for kind in kinds:
                samples = []
                for _ in range(rounds):
                    samples.append(measure(net, kind))
                    net.end()
                table.put(row, kind, Figure.of(samples))
            table.put(row, "aim", Figure(aim, aim))
        for kind in kinds:
            for role, share in zip(("masters", "backups"), core_percent(net, kind, max(seconds, 4)), strict=True):
                table.put(f"{ROUTERS} routers, {role}: % of a core", kind, Figure(share, share))
                table.put(f"{ROUTERS} routers, {role}: % of a core", "aim", Figure(10.0, 10.0))
            net.end()
    if KEEPALIVED not in kinds:
        table.skip(KEEPALIVED, "not installed")
    return table
