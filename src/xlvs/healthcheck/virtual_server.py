# SPDX-License-Identifier: Apache-2.0
"""A virtual server: which of its real servers take connections, and whether they are enough.

    quorum   sum of weights of live servers        becomes   with a sorry server
    up       0, or below quorum - hysteresis       down      live servers leave the table, then it enters
    down     quorum + hysteresis or more           up        it leaves the table, then live servers enter

While the sorry server serves, real servers that come and go are named and told, but not put into the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.healthcheck.effects import Cause, Edit, Note, QuorumChanged, ServerChanged
from xlvs.healthcheck.probe import SECOND_US
from xlvs.model.diff import AddDestination, ConfiguredService, DeleteDestination, UpdateDestination

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.healthcheck.checker import Checker
    from xlvs.healthcheck.effects import Effect
    from xlvs.healthcheck.settings import RealServerSettings, VirtualServerSettings
    from xlvs.model.destination import Destination, DestinationKey

WEIGHT_MAX = 2**31 - 1


class RealServer:
    """A real server of one virtual server: up unless one of its checkers failed."""

    __slots__ = ("changed_at", "checkers", "ramp_from", "settings", "up", "weight")

    def __init__(self, settings: RealServerSettings, checkers: list[Checker]) -> None:
        self.settings = settings
        self.checkers = checkers
        self.up = self.is_well()
        self.weight = self.wanted_weight()
        self.changed_at = 0
        self.ramp_from: int | None = None
        """Since when its weight grows; None: it has all of it."""

    def resume(self, former: RealServer, *, slowly: bool) -> None:
        """Go on where the same server was before a reload; `slowly`: its weight may still grow."""
        self.changed_at = former.changed_at
        self.ramp_from = former.ramp_from if slowly else None

    def is_well(self) -> bool:
        """No checker failed."""
        return not any(checker.failed for checker in self.checkers)

    def wanted_weight(self) -> int:
        """The configured weight, and what programs and files make of it: each adds its difference."""
        configured = weight = self.settings.destination.weight
        for checker in self.checkers:
            if checker.weight:
                weight += checker.weight.value - (configured if checker.weight.absolute else 0)
        return min(max(weight, 0), WEIGHT_MAX)


class VirtualServer:
    """State of one virtual server. `emit` takes effects; `had_quorum`: before a reload it had its quorum."""

    def __init__(
        self,
        settings: VirtualServerSettings,
        servers: list[RealServer],
        emit: Callable[[Effect], None],
        *,
        had_quorum: bool = False,
    ) -> None:
        self.settings = settings
        self.servers = servers
        weight = self._live_weight()
        threshold = settings.quorum + (-settings.hysteresis if had_quorum else settings.hysteresis)
        self.quorum_up = weight > 0 and weight >= threshold
        self.active: bool | None = None
        """Its checkers run; None: not started."""
        self.changed_at = 0
        self._emit = emit
        self._present: dict[DestinationKey, Destination] = {}
        self._silent = True
        self._fill()

    # What the tables hold

    def desired(self) -> list[ConfiguredService]:
        """Its services with their destinations, as they should be in the tables now."""
        destinations = tuple(self._present.values())
        return [ConfiguredService(service, destinations) for service in self.settings.services]

    def destinations(self) -> set[Destination]:
        """Those that each of its services should have now."""
        return set(self._present.values())

    @property
    def is_sorry(self) -> bool:
        """The sorry server serves."""
        return self.settings.sorry is not None and not self.quorum_up

    # Events

    def begin(self, former: VirtualServer | None) -> None:
        """The tables hold what is desired; take up the quorum of before a reload."""
        self._silent = False
        settings = self.settings
        if former is not None:
            if former.quorum_up != self.quorum_up:
                self._emit(QuorumChanged(settings, self.quorum_up, self._live_weight()))
        elif self.quorum_up:
            self._note_gained(self._live_weight())
            self._emit(QuorumChanged(settings, up=True, weight=self._live_weight(), starting=True))
        elif settings.sorry:
            self._note_sorry()

    def judge(self, server: RealServer, now: int) -> None:
        """A checker of the server has another verdict."""
        well = server.is_well()
        if well != server.up:
            server.changed_at = now
            self._rise(server, now) if well else self._fall(server)
        self._count(now)

    def reweigh(self, server: RealServer, now: int, *, quiet: bool = False) -> None:
        """A checker of the server has another weight; `quiet`: because of its verdict, which is told instead."""
        weight = server.wanted_weight()
        if weight == server.weight:
            return
        before, server.weight = server.weight, weight
        if quiet:
            return
        self.note_weight(server, before)
        if server.up and not self.is_sorry:
            self._put(self._destination(server, now))
        self._count(now)

    def note_weight(self, server: RealServer, before: int) -> None:
        """Say that a weight is another."""
        state = "active" if server.up else "inactive"
        name, service = server.settings.name, self.settings.name
        self._note(f"Changing weight from {before} to {server.weight} for {state} service {name} of VS {service}")

    def handle_ramp(self, now: int) -> int | None:
        """Let the weights of servers that returned grow; when to be called next."""
        due = None
        for server in self.servers:
            if server.ramp_from is None:
                continue
            if now >= server.ramp_from + self.settings.slow_start_us:
                server.ramp_from = None
            else:
                due = now + SECOND_US
            if server.up and not self.is_sorry:
                self._put(self._destination(server, now))
        return due

    def stop(self) -> None:
        """End: who is to be told, is told that everything goes down."""
        for server in self.servers:
            state = "(inhibited) " if server.settings.inhibit and not server.up else ""
            self._note(f"Shutting down {state}service {server.settings.name} from VS {self.settings.name}")
            if server.up and self.settings.omega:
                self._emit(ServerChanged(self.settings, server.settings, up=False, cause=Cause.ENDING))
        if self.settings.omega and self.quorum_up:
            self._emit(QuorumChanged(self.settings, up=False))

    # Inside

    def _note(self, text: str) -> None:
        self._emit(Note(text))

    def _live_weight(self) -> int:
        return sum(server.weight for server in self.servers if server.up)

    def _destination(self, server: RealServer, now: int) -> Destination:
        weight = server.weight
        if server.ramp_from is not None:
            weight = max(weight * (now - server.ramp_from) // self.settings.slow_start_us, min(weight, 1))
        return server.settings.destination._replace(weight=weight)

    def _fill(self) -> None:
        """Put in what belongs there, in the order of the configuration."""
        for server in self.servers:
            if server.up and not self.is_sorry:
                self._put(self._destination(server, 0))
            elif server.settings.inhibit:
                self._put(server.settings.destination._replace(weight=0))
        if self.settings.sorry and (self.is_sorry or self.settings.sorry_inhibit):
            self._put(self.settings.sorry if self.is_sorry else self.settings.sorry._replace(weight=0))

    def _put(self, destination: Destination) -> None:
        before = self._present.get(destination.key)
        if before == destination:
            return
        self._present[destination.key] = destination
        for service in () if self._silent else self.settings.services:
            if before is None:
                self._emit(Edit(AddDestination(service.key, destination)))
            else:
                self._emit(Edit(UpdateDestination(service.key, destination, before)))

    def _drop(self, destination: Destination, *, inhibit: bool) -> None:
        """Out of the table, or with `inhibit` to weight 0."""
        before = self._present.get(destination.key)
        if before is None:
            return
        if inhibit:
            self._put(before._replace(weight=0))
            return
        del self._present[destination.key]
        for service in self.settings.services:
            self._emit(Edit(DeleteDestination(service.key, before)))

    def _rise(self, server: RealServer, now: int) -> None:
        name, service = server.settings.name, self.settings.name
        server.up = True
        if server.settings.inhibit:
            self._note(f"Enabling service {name} of VS {service}")
        else:
            self._note(f"Adding service {name} to VS {service}")
        if self.settings.slow_start_us:
            server.ramp_from = now
        if not self.is_sorry:
            self._put(self._destination(server, now))
        self._emit(ServerChanged(self.settings, server.settings, up=True))

    def _fall(self, server: RealServer) -> None:
        name, service = server.settings.name, self.settings.name
        server.up = False
        server.ramp_from = None
        if server.settings.inhibit:
            self._note(f"Disabling service {name} of VS {service}")
        else:
            self._note(f"Removing service {name} from VS {service}")
        if not self.is_sorry:
            self._drop(server.settings.destination, inhibit=server.settings.inhibit)
        self._emit(ServerChanged(self.settings, server.settings, up=False))

    def _count(self, now: int) -> None:
        """Compare the live weight with the quorum."""
        quorum, hysteresis, name = self.settings.quorum, self.settings.hysteresis, self.settings.name
        weight = self._live_weight()
        if self.quorum_up and (not weight or weight < quorum - hysteresis):
            self._note(f"Lost quorum {quorum}-{hysteresis}={quorum - hysteresis} > {weight} for VS {name}")
            self._lose(now)
        elif not self.quorum_up and weight >= quorum + hysteresis:
            self._note_gained(weight)
            self._gain(now)

    def _note_gained(self, weight: int) -> None:
        quorum, hysteresis, name = self.settings.quorum, self.settings.hysteresis, self.settings.name
        self._note(f"Gained quorum {quorum}+{hysteresis}={quorum + hysteresis} <= {weight} for VS {name}")

    def _note_sorry(self) -> None:
        settings = self.settings
        verb = "Enabling" if settings.sorry_inhibit else "Adding"
        self._note(f"{verb} sorry server {settings.sorry_name} to VS {settings.name}")
        self._note(f"Removing alive servers from the pool for VS {settings.name}")

    def _lose(self, now: int) -> None:
        settings = self.settings
        self.quorum_up = False
        self.changed_at = now
        self._emit(QuorumChanged(settings, up=False, weight=self._live_weight()))
        if not settings.sorry:
            return
        self._note_sorry()
        for server in self.servers:
            if server.up:
                self._drop(server.settings.destination, inhibit=server.settings.inhibit)
        self._put(settings.sorry)

    def _gain(self, now: int) -> None:
        settings = self.settings
        self.quorum_up = True
        self.changed_at = now
        if settings.sorry:
            verb = "Disabling" if settings.sorry_inhibit else "Removing"
            self._note(f"{verb} sorry server {settings.sorry_name} from VS {settings.name}")
            self._drop(settings.sorry, inhibit=settings.sorry_inhibit)
            self._note(f"Adding alive servers to the pool for VS {settings.name}")
            for server in self.servers:
                if server.up:
                    self._put(self._destination(server, now))
                elif server.settings.inhibit:
                    self._put(server.settings.destination._replace(weight=0))
        self._emit(QuorumChanged(settings, up=True, weight=self._live_weight()))
