# SPDX-License-Identifier: Apache-2.0
"""Programs that the daemon runs: started without waiting, and told of when they end."""

from __future__ import annotations

import asyncio
import grp
import os
import pwd
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xlvs.keepalived.vrrp_plan import Command

DEFAULT_USER: Final = "keepalived_script"
_KILL_AFTER_S: Final = 2.0


class Program:
    """One that runs. `ended` gets its exit status, negative for a signal; `timed_out` tells whether it was stopped."""

    def __init__(self, process: subprocess.Popen[bytes], ended: Callable[[Program, int], None] | None) -> None:
        self._process = process
        self._ended = ended
        self.timed_out = False
        self._limit: asyncio.TimerHandle | None = None
        self._handle = os.pidfd_open(process.pid)
        asyncio.get_running_loop().add_reader(self._handle, self._reap)

    def limit(self, seconds: float) -> None:
        """Stop it after so long: asked to first, then killed."""
        self._limit = asyncio.get_running_loop().call_later(seconds, self._stop, signal.SIGTERM)

    def kill(self) -> None:
        """End it and all that it started, now."""
        self._ended = None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)

    def _stop(self, number: signal.Signals) -> None:
        self.timed_out = True
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
        self._limit = asyncio.get_running_loop().call_later(_KILL_AFTER_S, self._stop, signal.SIGKILL)

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._handle)
        os.close(self._handle)
        if self._limit:
            self._limit.cancel()
        status = self._process.wait()
        if self._ended:
            self._ended(self, status)


def run(
    command: Command, *more: str, owner: tuple[str, str] = ("", ""), ended: Callable[[Program, int], None] | None = None
) -> Program:
    """Start a command with more arguments. `owner`: user and group where the command names none. Raises OSError."""
    return Program(_start((*command.arguments, *more), command, owner), ended)


def run_and_wait(command: Command, *more: str, owner: tuple[str, str] = ("", ""), limit_s: float = 1.0) -> None:
    """Start a command and wait for its end, not for ever. Raises OSError."""
    process = _start((*command.arguments, *more), command, owner)
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _start(arguments: Sequence[str], command: Command, owner: tuple[str, str]) -> subprocess.Popen[bytes]:
    user, group = (command.user, command.group) if command.user else owner
    uid, gid = ids(user, group)
    program = os.path.realpath(arguments[0]) if "/" in arguments[0] else arguments[0]
    other = (uid, gid) != (os.geteuid(), os.getegid())
    return subprocess.Popen(
        [program, *arguments[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
        user=uid if other else None,
        group=gid if other else None,
        extra_groups=[] if other else None,
    )


def default_user() -> str:
    """Who runs scripts that name nobody: keepalived_script if there is such a user, "" for the daemon's own."""
    try:
        pwd.getpwnam(DEFAULT_USER)
    except KeyError:
        return ""
    return DEFAULT_USER


def ids(user: str, group: str) -> tuple[int, int]:
    """Numbers of a user and a group; without a name keepalived_script's if there is such a user. Raises UsageError."""
    try:
        if not user:
            try:
                found = pwd.getpwnam(DEFAULT_USER)
            except KeyError:
                return os.geteuid(), os.getegid()
        else:
            found = pwd.getpwnam(user)
        return found.pw_uid, grp.getgrnam(group).gr_gid if group else found.pw_gid
    except KeyError as error:
        raise UsageError(f"there is no user or group {error.args[0]}") from None
