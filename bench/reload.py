# SPDX-License-Identifier: Apache-2.0
"""A reload of a large configuration: from SIGHUP until the checks say that the tables are as the file says."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Final

from bench import director
from bench.netns import topology as net
from bench.objects import ROOT, BenchError
from bench.report import Figure

if TYPE_CHECKING:
    from pathlib import Path

    from bench.report import Section

SERVICES: Final = 1_000
SERVERS: Final = 10
_RELOADS: Final = 5
_PATIENCE_S: Final = 60
_ROW: Final = f"keepalived reload, {SERVICES:,} virtual servers of {SERVERS} real servers"
_AIM_MS: Final = 1000
_DELAY_LOOP_S: Final = 3600
"""No probe falls into a measurement: what is measured is the reload."""


def configuration(weight: int) -> str:
    """Virtual servers with a TCP check for each real server; each reload changes every weight."""
    lines = []
    for number in range(SERVICES):
        lines += [f"virtual_server 10.100.{number // 250}.{number % 250 + 1} 80 {{", f"delay_loop {_DELAY_LOOP_S}"]
        lines += ["lb_algo wlc", "lb_kind NAT", "protocol TCP"]
        for server in range(SERVERS):
            lines += [f"real_server 10.72.1.{11 + server} 80 {{", f"weight {weight}", "TCP_CHECK {", "}", "}"]
        lines.append("}")
    return "\n".join(lines) + "\n"


class _Daemon:
    """The daemon in the director's namespace, and what it logs."""

    def __init__(self, folder: Path) -> None:
        files = ["-f", f"{folder}/keepalived.conf", "-p", f"{folder}/pid", "-c", f"{folder}/checkers"]
        program = [f"{director.BIN}/xlvs", "keepalived"]
        self._process = subprocess.Popen(
            ["ip", "netns", "exec", net.DIRECTOR, *program, "-n", "-l", "-C", *files],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        )
        self._said = b""

    def wait_for(self, words: bytes) -> None:
        """Until it says so. Raises BenchError."""
        end = time.monotonic() + _PATIENCE_S
        output = self._process.stdout
        while words not in self._said:
            if not output or not select.select([output], [], [], max(end - time.monotonic(), 0))[0]:
                raise BenchError(f"keepalived did not say «{words.decode()}» in {_PATIENCE_S} s")
            portion = os.read(output.fileno(), 1 << 16)
            if not portion:
                raise BenchError("keepalived ended")
            self._said += portion
        self._said = self._said.rpartition(words)[2]

    def reload(self) -> float:
        """Milliseconds until the checks have gone over to the file."""
        begin = time.perf_counter()
        self._process.send_signal(signal.SIGHUP)
        self.wait_for(b"Reload complete")
        return (time.perf_counter() - begin) * 1e3

    def end(self) -> None:
        """It takes its services out."""
        self._process.terminate()
        self._process.communicate()


def measure(section: Section, folder: Path) -> None:
    """Reloads that change every real server; the last of them is held against the tables."""
    (folder / "keepalived.conf").write_text(configuration(1))
    daemon = _Daemon(folder)
    found = []
    try:
        daemon.wait_for(b"Startup complete")
        for weight in range(2, 2 + _RELOADS):
            (folder / "keepalived.conf").write_text(configuration(weight))
            found.append(daemon.reload())
        _hold_against_tables(1 + _RELOADS)
    except BenchError as problem:
        section.skip(_ROW, problem)
        return
    finally:
        daemon.end()
    section.put(_ROW, "xlvs", Figure.of(found))
    section.put(_ROW, "aim", Figure(_AIM_MS, _AIM_MS))


def _hold_against_tables(weight: int) -> None:
    """Raises BenchError where they are not what the file says."""
    saved = director.ipvsadm("-Sn").splitlines()
    servers = [line for line in saved if line.startswith("-a ")]
    if len(servers) != SERVICES * SERVERS or not all(line.endswith(f" -w {weight}") for line in servers):
        raise BenchError("the tables are not as the file says after a reload")
