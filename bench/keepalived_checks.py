# SPDX-License-Identifier: Apache-2.0
"""The real Keepalived's TCP checks, measured as ours are; a preloaded library takes its requests to IPVS."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.objects import BenchError

PROGRAM: Final = "/usr/sbin/keepalived"
LIBRARY: Final = Path(__file__).resolve().parents[1] / "tests/netns/quiet_ipvs.c"
_PER_SERVICE: Final = 100
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def why_not() -> str:
    """Why the real one cannot be measured here; empty when it can."""
    if not Path(PROGRAM).exists():
        return "the package keepalived is not installed"
    return "" if shutil.which("cc") else "no C compiler"


def configuration(servers: int, port: int, interval_s: float) -> str:
    """Virtual servers with a hundred TCP checks each, as `bench.checks.plan` has them."""
    lines = []
    for first in range(0, servers, _PER_SERVICE):
        block = first // _PER_SERVICE
        lines += [f"virtual_server 10.1.{block // 256}.{block % 256} 80 {{", f"delay_loop {interval_s:g}"]
        lines += ["lb_algo rr", "lb_kind NAT", "protocol TCP"]
        for number in range(first, min(first + _PER_SERVICE, servers)):
            lines.append(f"real_server 127.1.{number // 256}.{number % 256} {port} {{\nTCP_CHECK {{\n}}\n}}")
        lines.append("}")
    return "\n".join(lines)


def core(text: str, warm_up_s: float, seconds: float, count: Callable[[], int]) -> tuple[float, float]:
    """Checks a second and the share of a core in percent. `count` gives how many connections were opened so far."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = folder / "quiet_ipvs.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, LIBRARY], check=True)
        (folder / "keepalived.conf").write_text(text)
        files: list[str | Path] = ["-f", folder / "keepalived.conf", "-p", folder / "pid", "-c", folder / "checkers"]
        process = subprocess.Popen(
            [PROGRAM, "-n", "-l", "-G", "-C", *files],
            env={**os.environ, "LD_PRELOAD": str(library)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            checker = _checker(folder / "checkers")
            time.sleep(warm_up_s)
            begin, made, spent = time.monotonic(), count(), _used_s(checker)
            time.sleep(seconds)
            elapsed = time.monotonic() - begin
            return (count() - made) / elapsed, (_used_s(checker) - spent) / elapsed * 100
        finally:
            process.terminate()
            process.wait()


def _checker(file: Path) -> int:
    """The number of the process that checks, once it has written it down."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if file.exists() and (text := file.read_text().strip()):
            return int(text)
        time.sleep(0.05)
    raise BenchError("Keepalived did not begin to check")


def _used_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
