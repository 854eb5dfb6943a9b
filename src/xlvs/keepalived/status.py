# SPDX-License-Identifier: Apache-2.0
"""``xlvs keepalived status``: what the running daemon does."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from xlvs.keepalived.daemon import pid_file
from xlvs.keepalived.daemon.control import ask
from xlvs.keepalived.status_report import is_well, report
from xlvs.model.errors import PermissionDenied, XlvsError

if TYPE_CHECKING:
    from collections.abc import Sequence

_DIRECTORY: Final = Path("/run")


class NotRunning(XlvsError):
    """No daemon, or one that does not answer."""

    exit_code = 3


def main(argv: Sequence[str]) -> int:
    """Run ``xlvs keepalived status ARGV``: 0 when all is well, 1 when something is not, 3 when no daemon runs."""
    options = _parser().parse_args(argv)
    facts = daemon(options.pid)
    for own in ("mistakes", "configured"):
        facts.pop(own, None)
    if options.json:
        print(json.dumps(facts, indent=2))
    else:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        print("\n".join(report(facts, time.time(), colour=colour)))
    return 0 if is_well(facts) else 1


def daemon(pid: str | None) -> dict[str, Any]:
    """What the daemon of a pid file, or the one that runs, says of itself. Raises NotRunning, PermissionDenied."""
    return _ask(Path(pid) if pid else _found())


def _found() -> Path:
    """The pid file of the daemon that runs. Raises NotRunning for none, and for several."""
    usual = _DIRECTORY / "keepalived.pid"
    others = sorted((_DIRECTORY / "keepalived").glob("**/keepalived*.pid"))
    running = [each for each in (usual, *others) if pid_file.running(each)]
    if len(running) > 1:
        raise NotRunning(f"several daemons run; say which with -p: {', '.join(map(str, running))}")
    return running[0] if running else usual


def _ask(file: Path) -> dict[str, Any]:
    number = pid_file.running(file)
    if not number:
        raise NotRunning(
            f"no daemon runs ({file} names none); start it with `xlvs keepalived` or name its file with -p"
        )
    try:
        return ask(pid_file.control(file))
    except PermissionError:
        raise PermissionDenied("asking the daemon") from None
    except (FileNotFoundError, ConnectionRefusedError):
        raise NotRunning(f"process {number} of {file} is another Keepalived, which cannot be asked") from None
    except (OSError, ValueError):
        raise NotRunning(f"process {number} of {file} does not answer; see its log") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs keepalived status",
        description="What the daemon does: virtual routers, their addresses, virtual servers and the last check of each "
        "real server.",
        epilog="exit code: 0 all is well, 1 something is down or in FAULT, 3 no daemon runs",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("-p", "--pid", metavar="FILE", help="the daemon's pid file (default: the one that runs)")
    return parser
