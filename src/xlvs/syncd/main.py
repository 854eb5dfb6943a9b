# SPDX-License-Identifier: Apache-2.0
"""Two processes: one that works, and one that starts it again when it dies.

The lock that says that the director has its process is held by both, through one descriptor. The first to be killed is
replaced by the other; when both are, the next command that opens the tables starts them.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Final

_LOCK: Final = "--lock"
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 30.0
_STEADY_S: Final = 60.0


def main(argv: list[str]) -> int:
    """Become the director's process, unless it has one. Returns in the caller's process at once."""
    directory = argv[0]
    if _LOCK in argv:
        lock = int(argv[argv.index(_LOCK) + 1])
        os.set_inheritable(lock, False)  # noqa: FBT003 - positional only
    else:
        from xlvs.ipvs.sync_daemons import take_lock

        taken = take_lock(directory)
        if taken is None:
            return 0
        lock = taken
        if os.fork():
            return 0
        os.setsid()
    for each in (signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    os.umask(0o077)
    return _supervise(directory, lock)


def _supervise(directory: str, lock: int) -> int:
    pause = _FIRST_PAUSE_S
    tables = _tables(directory)
    while tables is not None and _tables(directory) == tables:
        begun, own = time.monotonic(), os.getpid()
        pid = os.fork()
        if not pid:
            os._exit(_work(directory, lock, own))
        _, status = os.waitpid(pid, 0)
        if os.waitstatus_to_exitcode(status) == 0:
            return 0
        if time.monotonic() - begun > _STEADY_S:
            pause = _FIRST_PAUSE_S
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_S)
    return 0


def _tables(directory: str) -> int | None:
    """What tells the director's tables from those of a later one in their place; None when there are none."""
    try:
        return os.stat(f"{directory}/ledger").st_ino
    except OSError:
        return None


def _work(directory: str, lock: int, supervisor: int) -> int:
    """The working process; its exit code. It takes the supervisor's place when that dies."""
    finished = _run(directory, supervisor)
    if finished is None:
        os.set_inheritable(lock, True)  # noqa: FBT003 - positional only
        words = [sys.executable, "-m", "xlvs.syncd", directory, _LOCK, str(lock)]
        os.execv(sys.executable, words)  # noqa: S606 - the same program again
    return 0 if finished else 1


def _run(directory: str, supervisor: int) -> bool | None:
    """True: there is nothing more to do. False: it failed, the log says why. None: the supervisor is no more."""
    import syslog

    syslog.openlog("xlvs-syncd", syslog.LOG_PID, syslog.LOG_DAEMON)
    from xlvs.model.errors import XlvsError
    from xlvs.syncd.worker import Worker

    try:
        worker = Worker(directory, lambda: os.getppid() == supervisor, syslog.syslog)
        return worker.run() or None
    except XlvsError as error:
        syslog.syslog(syslog.LOG_ERR, error.message)
    except Exception as error:  # noqa: BLE001 - the last line before the log
        syslog.syslog(syslog.LOG_ERR, f"internal error: {type(error).__name__}: {error}")
    return False
