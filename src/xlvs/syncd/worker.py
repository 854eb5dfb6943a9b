# SPDX-License-Identifier: Apache-2.0
"""The working process: brings about what is configured, and lets both daemons do their work."""

from __future__ import annotations

import os
import select
import time
from errno import EIO
from typing import TYPE_CHECKING, Final

from xlvs.ipvs import layout, sync_daemons, sysctls
from xlvs.ipvs.store import Store
from xlvs.ipvs.sync_outlet import Outlet
from xlvs.model.errors import KernelError, XlvsError
from xlvs.syncd.backup import Backup
from xlvs.syncd.master import Master

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.ipvs.sync_daemons import Configured
    from xlvs.model.settings import DaemonRole

_LOOK_S: Final = 1.0
_COMPLAIN_S: Final = 60.0
_GATHER_S: Final = 0.02  # what comes in a burst is dealt with together
_PORTS_MAX: Final = 64
_WANTED: Final = (layout.SYNC_STARTING, layout.SYNC_CONFIGURED)


class Worker:
    """Runs until nothing is configured, or its supervisor is no more."""

    def __init__(self, directory: str, is_supervised: Callable[[], bool], log: Callable[[str], None]) -> None:
        self._store = Store(directory)
        self._inode = os.stat(f"{directory}/ledger").st_ino
        self._is_supervised = is_supervised
        self._log = log
        sync_daemons.make_room(self._store)
        self._outlet = Outlet(self._store)
        self._master: Master | None = None
        self._backup: Backup | None = None
        self._poll = select.epoll()
        self._poll.register(self._outlet.fd, select.EPOLLIN)
        self._dumped = sync_daemons.entry(self._store, "master").dump
        self._complained = -_COMPLAIN_S

    def run(self) -> bool:
        """True: there is nothing more to do. False: the supervisor died."""
        looked = time.monotonic()
        while self._reconcile():
            now = time.monotonic()
            self._work(now)
            if now - looked >= _LOOK_S:
                looked = now
                self._complain(now)
                if self._is_director_gone():
                    return True
                if not self._is_supervised():
                    return False
            if not self._is_busy():
                self._wait(looked + _LOOK_S)
        self._stop("master")
        self._stop("backup")
        self._outlet.close()
        sync_daemons.drop_ring(self._store)
        return True

    def _work(self, now: float) -> None:
        if self._master:
            dump = sync_daemons.entry(self._store, "master").dump
            if dump != self._dumped:
                self._dumped = dump
                self._master.ask_for_dump()
            version, queue_max = self._sysctl("sync_version"), self._sysctl("sync_qlen_max")
            self._master.work(version, queue_max, now)
        else:
            while self._outlet.changes():
                pass
        if self._backup:
            self._backup.work(now)

    def _complain(self, now: float) -> None:
        """Say now and then that messages are refused: nothing else shows it."""
        backup = self._backup
        if backup and backup.refused and now - self._complained >= _COMPLAIN_S:
            self._complained = now
            self._log(
                f"backup sync daemon: {backup.refused} messages were refused: without our key or with another one,"
                " repeated, or the sender's clock is more than a minute off"
            )
            backup.refused = 0

    def _is_busy(self) -> bool:
        return bool(self._master and self._master.is_busy)

    def _wait(self, until: float) -> None:
        timers = (
            self._master.next_timer() if self._master else None,
            self._backup.next_timer() if self._backup else None,
        )
        until = min([until, *(timer for timer in timers if timer is not None)])
        if self._poll.poll(max(0.0, until - time.monotonic())):
            time.sleep(_GATHER_S)

    def _sysctl(self, name: str) -> int:
        return int(sysctls.read(self._store, name))

    def _is_director_gone(self) -> bool:
        try:
            return os.stat(f"{self._store.directory}/ledger").st_ino != self._inode
        except OSError:
            return True

    # What is configured

    def _reconcile(self) -> bool:
        """Start and stop daemons; whether any is left."""
        left = False
        for role in sync_daemons.ROLES:
            found = sync_daemons.entry(self._store, role)
            runs = self._master if role == "master" else self._backup
            if found.state not in _WANTED:
                if runs:
                    self._stop(role)
                continue
            if found.state == layout.SYNC_STARTING and runs:
                self._stop(role)
                runs = None
            left = bool(runs) or self._start(found) or left
        return left

    def _start(self, found: Configured) -> bool:
        role = found.daemon.role
        ports = max(1, min(self._sysctl("sync_ports"), _PORTS_MAX))
        buffer_bytes, now = self._sysctl("sync_sock_size"), time.monotonic()
        try:
            if role == "master":
                self._master = Master(self._store, self._outlet, found.daemon, found.key, ports, buffer_bytes)
                ears = self._master.ears
            else:
                self._backup = Backup(self._store, found.daemon, found.key, ports, buffer_bytes, now)
                ears = self._backup.ears
        except (OSError, XlvsError) as error:
            number = error.errno if isinstance(error, (OSError, KernelError)) else EIO
            return self._refused(found, number or EIO)
        for each in ears:
            self._poll.register(each, select.EPOLLIN)
        if self._master and role == "master" and found.state == layout.SYNC_CONFIGURED:
            self._master.ask_for_dump()  # a former process was killed with what it had not sent
        sync_daemons.answer(self._store, role)
        return True

    def _refused(self, found: Configured, error: int) -> bool:
        """A daemon that ran before waits for its interface; one that is to start is told."""
        role = found.daemon.role
        if found.state == layout.SYNC_CONFIGURED:
            self._log(f"{role} sync daemon on {found.daemon.interface}: {os.strerror(error)}; will be tried again")
            return True
        sync_daemons.answer(self._store, role, error)
        return False

    def _stop(self, role: DaemonRole) -> None:
        daemon = self._master if role == "master" else self._backup
        if daemon is None:
            return
        if isinstance(daemon, Master):
            daemon.finish()
            self._master = None
        else:
            self._backup = None
        for each in daemon.ears:
            self._poll.unregister(each)
        daemon.close()
        sync_daemons.released(self._store, role)
