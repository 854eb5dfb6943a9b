# SPDX-License-Identifier: Apache-2.0
"""lvs_sync_daemon: the director's synchronisation daemons, whose role follows a virtual router."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xlvs.linux.threads import at_once
from xlvs.model.errors import DaemonRunning, NoDaemon, XlvsError
from xlvs.model.settings import DEFAULT_MULTICAST_GROUP, SyncDaemon

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.ipvs.interface import IpvsTables
    from xlvs.keepalived.daemon.log import Log
    from xlvs.model.settings import DaemonRole

_ROLES: Final[tuple[DaemonRole, DaemonRole]] = ("master", "backup")


def sync_daemons(config: KeepalivedConfig) -> tuple[str, tuple[SyncDaemon, ...]]:
    """The virtual router that decides, "" for none, and the daemons of both roles; no daemons: none is asked for."""
    wanted = config.settings.lvs_sync_daemon
    old = next((each for each in config.instances if each.lvs_sync_daemon_interface), None)
    if wanted is None:
        if old is None:
            return "", ()
        found = (SyncDaemon(role, old.lvs_sync_daemon_interface, old.virtual_router_id) for role in _ROLES)
        return old.name, tuple(found)
    router = next((each for each in config.instances if each.name == wanted.instance), None)
    number = wanted.syncid if wanted.syncid is not None else router.virtual_router_id if router else 0
    group = wanted.group.packed if wanted.group else DEFAULT_MULTICAST_GROUP
    daemons = (
        SyncDaemon(role, wanted.interface, number, wanted.maxlen, group, wanted.port, wanted.ttl) for role in _ROLES
    )
    return wanted.instance if router else "", tuple(daemons)


class SyncDaemons:
    """Starts and stops them. `open_tables` is called when the first is started.

    `later` is given what to do, in order: the start of a daemon takes a moment, in which advertisements are due.
    """

    def __init__(
        self,
        open_tables: Callable[[], IpvsTables],
        log: Log,
        later: Callable[[Callable[[], None]], None] = at_once,
    ) -> None:
        self._open = open_tables
        self._log = log
        self._later = later
        self._router = ""
        self._daemons: tuple[SyncDaemon, ...] = ()
        self._running: list[SyncDaemon] = []

    def use(self, router: str, daemons: tuple[SyncDaemon, ...]) -> None:
        """Go over to a configuration; without a router both run at once, with one the backup's until it is master."""
        if (router, daemons) == (self._router, self._daemons):
            return
        self.close()
        self._router, self._daemons = router, daemons
        self._bring([each for each in daemons if not router or each.role == "backup"])

    def changed(self, kind: str, name: str, state: str) -> None:
        """A router has another state: the daemon takes the role of it."""
        if kind == "INSTANCE" and name == self._router:
            role: DaemonRole = "master" if state == "MASTER" else "backup"
            self._bring([each for each in self._daemons if each.role == role])

    def close(self) -> None:
        """None runs any more."""
        self._bring([])

    def _bring(self, wanted: list[SyncDaemon]) -> None:
        """Those of the configuration that are not wanted stop, also where another process started them."""
        if wanted == self._running:
            return
        stops = [each for each in (self._daemons if wanted else self._running) if each not in wanted]
        starts = [each for each in wanted if each not in self._running]
        self._running = wanted
        self._later(lambda: self._carry_out(stops, starts))

    def _carry_out(self, stops: list[SyncDaemon], starts: list[SyncDaemon]) -> None:
        try:
            tables = self._open()
            for daemon in stops:
                self._stop(tables, daemon)
            for daemon in starts:
                self._start(tables, daemon)
        except XlvsError as error:
            self._log.write(f"lvs_sync_daemon: {error.message}")

    def _start(self, tables: IpvsTables, daemon: SyncDaemon) -> None:
        """One that was left by a process that was killed may be another one: it makes room."""
        try:
            tables.start_daemon(daemon)
        except DaemonRunning:
            self._stop(tables, daemon)
            tables.start_daemon(daemon)

    def _stop(self, tables: IpvsTables, daemon: SyncDaemon) -> None:
        with suppress(NoDaemon):
            tables.stop_daemon(daemon.role)
