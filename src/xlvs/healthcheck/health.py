# SPDX-License-Identifier: Apache-2.0
"""All virtual servers and their checkers, driven by events and time (microseconds of a clock that never goes back).

    health = Health(settings, former)     former: what ran before a reload, whose verdicts are kept
    health.start(now, draw)               draw gives numbers from 0 to 1 for the first probes' delays
    health.finished(checker, turn, result, now)   health.handle_timer(now)   health.set_addresses(present, now)
    health.effects()                      what is to be done, in order

`desired()` is the whole of what the tables should hold at this moment; `next_timer()` says when `handle_timer` is due.
"""

from __future__ import annotations

from functools import cached_property
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from xlvs.healthcheck.checker import Checker
from xlvs.healthcheck.effects import Cause, CheckerChanged, Note, QuorumChanged, RunProbe, ServerChanged
from xlvs.healthcheck.probe import BfdProbe, FileProbe, Kind, ProbeResult
from xlvs.healthcheck.virtual_server import RealServer, VirtualServer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from xlvs.healthcheck.effects import Effect
    from xlvs.healthcheck.settings import (
        CheckerSettings,
        HealthSettings,
        RealServerSettings,
        VirtualServerSettings,
    )
    from xlvs.model.destination import DestinationKey
    from xlvs.model.diff import ConfiguredService
    from xlvs.model.service import ServiceKey

ServerKey = tuple[tuple["ServiceKey", ...], "DestinationKey"]


class Health:
    """State, timers and pending effects of all checks."""

    def __init__(
        self,
        settings: HealthSettings,
        former: Health | None = None,
        look: Callable[[FileProbe], ProbeResult] | None = None,
    ) -> None:
        """`look` reads a file: its number counts from the start."""
        self.settings = settings
        self._look = look
        self.checkers: dict[CheckerSettings, Checker] = {}
        self._effects: list[Effect] = []
        self._due: list[tuple[int, int, Checker]] = []
        self._sequence = 0
        self._ramp_at: int | None = None
        self._former = former
        self._kept: set[CheckerSettings] = set()
        self._former_servers = former.by_key() if former else {}
        self._had_quorum = {_keys(each.settings): each.quorum_up for each in former.virtual_servers} if former else {}
        self.virtual_servers: list[VirtualServer] = [self._virtual_server(each) for each in settings.servers]
        self._users: dict[Checker, list[tuple[VirtualServer, RealServer]]] = {}
        for virtual_server in self.virtual_servers:
            for server in virtual_server.servers:
                for checker in server.checkers:
                    self._users.setdefault(checker, []).append((virtual_server, server))

    # What the shell asks

    def effects(self) -> list[Effect]:
        """Take the pending effects, oldest first."""
        taken, self._effects = self._effects, []
        return taken

    def next_timer(self) -> int | None:
        """When `handle_timer` wants to be called, None: not at all."""
        while self._due and self._due[0][2].due != self._due[0][0]:
            heappop(self._due)
        due = self._due[0][0] if self._due else None
        if due is None or self._ramp_at is None:
            return self._ramp_at if due is None else due
        return min(due, self._ramp_at)

    def desired(self) -> list[ConfiguredService]:
        """What the tables should hold."""
        return [each for virtual_server in self.virtual_servers for each in virtual_server.desired()]

    def by_key(self) -> dict[ServerKey, RealServer]:
        """Real servers by their services and their own key."""
        return {
            (_keys(virtual_server.settings), server.settings.destination.key): server
            for virtual_server in self.virtual_servers
            for server in virtual_server.servers
        }

    # Events

    def start(self, now: int, draw: Callable[[], float], present: Collection[bytes] = ()) -> None:
        """Begin, the tables holding what is desired. `present` are the addresses of this host."""
        former = {_keys(each.settings): each for each in self._former.virtual_servers} if self._former else {}
        for checker in self.checkers.values():
            if checker.settings not in self._kept:
                checker.due = now + int(draw() * checker.settings.warmup_us)
        self._note_changes()
        for virtual_server in self.virtual_servers:
            for server in virtual_server.servers:
                known = (_keys(virtual_server.settings), server.settings.destination.key) in self._former_servers
                if server.up and self.settings.notify_at_start and not known:
                    self._emit(ServerChanged(virtual_server.settings, server.settings, up=True))
            virtual_server.begin(former.get(_keys(virtual_server.settings)))
            self._ramp_next(virtual_server.handle_ramp(now))
        for virtual_server in self.virtual_servers:
            self._suspend_or_resume(virtual_server, present, now)
        self._emit(Note("Activating BFD healthchecker"))
        self._former = None
        self._former_servers = {}

    def _note_changes(self) -> None:
        """What a reload took out, and whose weight it changed."""
        present = {_keys(each.settings): each for each in self.virtual_servers}
        for old in self._former.virtual_servers if self._former else ():
            virtual_server = present.get(_keys(old.settings))
            if virtual_server is None:
                self._emit(Note(f"Removing Virtual Server {old.settings.name}"))
                for server in old.servers:
                    self._tell_removed(old.settings, server)
                if old.quorum_up:
                    self._emit(QuorumChanged(old.settings, up=False))
                continue
            there = {each.settings.destination.key: each for each in virtual_server.servers}
            for server in old.servers:
                again = there.get(server.settings.destination.key)
                if again is None:
                    self._emit(Note(f"service {server.settings.name} no longer exist"))
                    self._tell_removed(virtual_server.settings, server)
                elif again.weight != server.weight:
                    virtual_server.note_weight(again, server.weight)

    def _tell_removed(self, settings: VirtualServerSettings, server: RealServer) -> None:
        if server.up:
            self._emit(Note(f"Removing service {server.settings.name} from VS {settings.name}"))
            self._emit(ServerChanged(settings, server.settings, up=False, cause=Cause.REMOVED))
        elif server.settings.inhibit:
            self._emit(Note(f"Removing (inhibited) service {server.settings.name} from VS {settings.name}"))

    def finished(self, checker: Checker, turn: int, result: ProbeResult, now: int) -> None:
        """A probe ended. One that was given up meanwhile does not count."""
        if turn != checker.turn or not checker.running or checker not in self._users:
            return
        checker.running = False
        self._conclude(checker, result, now)
        if checker.users:
            self._schedule(checker)

    def handle_timer(self, now: int) -> None:
        """Do what is due."""
        while self._due and self._due[0][0] <= now:
            due, _, checker = heappop(self._due)
            if checker.due != due:
                continue
            checker.due = None
            checker.running = True
            checker.turn += 1
            self._emit(RunProbe(checker, checker.turn, due))
        if self._ramp_at is not None and now >= self._ramp_at:
            self._ramp_at = None
            for virtual_server in self.virtual_servers:
                self._ramp_next(virtual_server.handle_ramp(now))

    def set_addresses(self, present: Collection[bytes], now: int) -> None:
        """The addresses of this host, packed: services with ha_suspend are checked while theirs is among them."""
        for virtual_server in self.virtual_servers:
            if virtual_server.settings.ha_suspend:
                self._suspend_or_resume(virtual_server, present, now)

    def set_session(self, name: str, now: int, *, up: bool) -> None:
        """A BFD session came up or went down."""
        for checker in self.checkers.values():
            if checker.settings.probes == (BfdProbe(name),) and (checker.failed == up or not checker.has_run):
                text = f"BFD check of [{name}] RS({checker.settings.service}) is {'UP' if up else 'DOWN'}"
                self._conclude(checker, ProbeResult(up, text), now)

    def stop(self) -> None:
        """End; the tables are the caller's to clear."""
        for checker in self.checkers.values():
            checker.due, checker.running = None, False
        for virtual_server in self.virtual_servers:
            virtual_server.stop()

    # Inside

    def _emit(self, effect: Effect) -> None:
        self._effects.append(effect)

    def _virtual_server(self, settings: VirtualServerSettings) -> VirtualServer:
        keys = _keys(settings)
        servers = [self._real_server((keys, each.destination.key), each, settings) for each in settings.servers]
        return VirtualServer(settings, servers, self._emit, had_quorum=self._had_quorum.get(keys, False))

    def _real_server(
        self, key: ServerKey, settings: RealServerSettings, virtual_server: VirtualServerSettings
    ) -> RealServer:
        former = self._former_servers.get(key)
        server = RealServer(settings, [self._checker(each, virtual_server.name) for each in settings.checkers])
        if former is not None:
            server.resume(former, slowly=virtual_server.slow_start_us > 0)
        return server

    @cached_property
    def _doubted(self) -> dict[CheckerSettings, bool]:
        """After a reload: whether a new checker begins as failed; one of several servers, whether all of them want that."""
        failed: dict[CheckerSettings, bool] = {}
        for virtual_server in self.settings.servers:
            keys = _keys(virtual_server)
            for server in virtual_server.servers:
                former = self._former_servers.get((keys, server.destination.key))
                for each in server.checkers:
                    failed[each] = failed.get(each, True) and self._is_doubted(each, server, former)
        return failed

    def _is_doubted(self, settings: CheckerSettings, server: RealServerSettings, former: RealServer | None) -> bool:
        """A reload takes no server away that is up, and brings none back unchecked."""
        if former is None:
            return settings.alpha
        if former.up or settings.alpha:
            return not former.up
        known = self._former.checkers if self._former else {}
        # A check that is as before keeps it down: others need not.
        return not any(each in known and known[each].failed for each in server.checkers)

    def _checker(self, settings: CheckerSettings, virtual_server: str) -> Checker:
        """The one with these settings: from before a reload, from another virtual server, or new."""
        checker = self.checkers.get(settings)
        if checker is None:
            checker = self._former.checkers.get(settings) if self._former else None
            if checker is None:
                checker = Checker(settings, virtual_server, failed=self._doubted[settings] if self._former else None)
                probe = checker.probe
                if isinstance(probe, FileProbe) and self._look:
                    checker.begin_with(self._look(probe))
            else:
                self._kept.add(settings)
                checker.users = 0
            self.checkers[settings] = checker
        return checker

    def _suspend_or_resume(self, virtual_server: VirtualServer, present: Collection[bytes], now: int) -> None:
        settings = virtual_server.settings
        active = not settings.ha_suspend or any(service.key.address in present for service in settings.services)
        before, virtual_server.active = virtual_server.active, active
        if active == before:
            return
        for server in virtual_server.servers:
            for checker in server.checkers:
                word = "Activating" if active else "Suspending" if before else "Deactivating"
                if checker.settings.kind not in {Kind.FILE, Kind.BFD}:
                    self._emit(Note(f"{word} healthchecker for service {server.settings.name} for VS {settings.name}"))
                checker.users += active - bool(before)
                self._switch(checker, now)

    def _switch(self, checker: Checker, now: int) -> None:
        """Begin or cease to probe, as it is wanted. A BFD session is watched elsewhere."""
        if isinstance(checker.probe, BfdProbe):
            return
        if not checker.users:
            checker.due, checker.running = None, False
        elif not checker.running:
            checker.due = now if checker.due is None else checker.due
            self._schedule(checker)

    def _schedule(self, checker: Checker) -> None:
        if checker.due is not None:
            self._sequence += 1
            heappush(self._due, (checker.due, self._sequence, checker))

    def _conclude(self, checker: Checker, result: ProbeResult, now: int) -> None:
        weight = checker.weight
        conclusion = checker.conclude(result, now)
        checker.due = now + conclusion.wait_us
        verdict = conclusion.verdict
        if checker.weight != weight:
            quiet = verdict is False or (verdict is not None and checker.settings.kind is Kind.FILE)
            for virtual_server, server in self._users[checker]:
                virtual_server.reweigh(server, now, quiet=quiet)
        for text in conclusion.notes:
            self._emit(Note(text))
        for virtual_server, server in self._users[checker] if conclusion.confirms else ():
            if checker.settings.alpha or not result.ok:
                self._emit(ServerChanged(virtual_server.settings, server.settings, up=server.up))
        # A program is worth a mail when it ends for the first time, although nothing changes.
        told = verdict is not None or (conclusion.confirms and checker.settings.kind is Kind.MISC)
        for virtual_server, server in self._users[checker] if told else ():
            was_up = server.up
            if verdict is not None:
                virtual_server.judge(server, now)
            about = (virtual_server.settings, server.settings, checker)
            decisive = server.up != was_up
            self._emit(CheckerChanged(*about, result.ok, result, server_up=server.up, decisive=decisive))
            if server.ramp_from is not None:
                self._ramp_next(virtual_server.handle_ramp(now))

    def _ramp_next(self, due: int | None) -> None:
        if due is not None and (self._ramp_at is None or due < self._ramp_at):
            self._ramp_at = due


def _keys(settings: VirtualServerSettings) -> tuple[ServiceKey, ...]:
    return tuple(service.key for service in settings.services)
