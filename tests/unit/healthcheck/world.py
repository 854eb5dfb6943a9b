# SPDX-License-Identifier: Apache-2.0
"""Real servers that answer or do not, a table, and time that runs only when told: what `Health` is tried in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from xlvs.healthcheck.effects import CheckerChanged, Edit, Effect, Note, QuorumChanged, RunProbe, ServerChanged
from xlvs.healthcheck.health import Health
from xlvs.healthcheck.probe import SECOND_US, Endpoint, HttpProbe, Kind, Probe, ProbeResult, TcpProbe, end_text
from xlvs.healthcheck.settings import CheckerSettings, HealthSettings, RealServerSettings, VirtualServerSettings
from xlvs.ipvs.desired import bring, carry_out, configured
from xlvs.ipvs.memory import MemoryTables
from xlvs.model.address import Family
from xlvs.model.destination import Destination, DestinationKey, ForwardingMethod
from xlvs.model.service import Protocol, ServiceKey, VirtualService

VIP = bytes((192, 0, 2, 1))


def address(number: int) -> bytes:
    """A real server's."""
    return bytes((10, 0, 0, number))


def name(number: int) -> str:
    """A real server as the log has it."""
    return end_text(address(number), 80, "tcp")


def destination(number: int, weight: int = 1) -> Destination:
    """A real server in a table."""
    return Destination(DestinationKey(Family.IPV4, address(number), 80), ForwardingMethod.MASQUERADE, weight)


def tcp(number: int, **settings: Any) -> CheckerSettings:
    """A TCP_CHECK every 6 s, retries 1 s apart."""
    probes = (TcpProbe(Endpoint(address(number), 80)),)
    return CheckerSettings(Kind.TCP, name(number), probes, **{"interval_us": 6 * SECOND_US, **settings})


def http(number: int, paths: tuple[str, ...], **settings: Any) -> CheckerSettings:
    """An HTTP_GET every 6 s, retries 3 s apart."""
    probes = tuple(HttpProbe(Endpoint(address(number), 80), path, "host") for path in paths)
    defaults = {"interval_us": 6 * SECOND_US, "retry_delay_us": 3 * SECOND_US}
    return CheckerSettings(Kind.HTTP, name(number), probes, **{**defaults, **settings})


def server(number: int, *checkers: CheckerSettings, weight: int = 1, inhibit: bool = False) -> RealServerSettings:
    """A real server with its checkers, with a TCP_CHECK when none is given."""
    return RealServerSettings(name(number), destination(number, weight), checkers or (tcp(number),), inhibit)


def service(port: int = 80) -> VirtualService:
    """A service at the VIP."""
    return VirtualService(ServiceKey(Protocol.TCP, Family.IPV4, VIP, port), "rr")


def virtual_server(*servers: RealServerSettings, port: int = 80, **settings: Any) -> VirtualServerSettings:
    """A virtual server with these."""
    return VirtualServerSettings(end_text(VIP, port, "tcp"), (service(port),), servers, **settings)


@dataclass
class World:
    """Runs `Health`; probes take no time, and succeed unless what they ask is in `broken`."""

    settings: HealthSettings
    draw: float = 0.0
    now: int = 0
    broken: set[object] = field(default_factory=set)
    """Addresses of servers, or (address, path)."""
    answers: dict[Kind, ProbeResult] = field(default_factory=dict)
    seen: list[tuple[int, Effect]] = field(default_factory=list)
    health: Health = field(init=False)
    tables: MemoryTables = field(default_factory=MemoryTables)

    def __post_init__(self) -> None:
        self.health = Health(self.settings)

    def start(self, *present: bytes) -> World:
        """Begin at time 0."""
        bring(self.tables, self.health.desired())
        self.health.start(self.now, lambda: self.draw, present)
        self._settle()
        return self

    def reload(self, settings: HealthSettings) -> None:
        """Another configuration."""
        self.settings, self.health = settings, Health(settings, self.health)
        bring(self.tables, self.health.desired())
        self.health.start(self.now, lambda: self.draw)
        self._settle()

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + int(seconds * SECOND_US)
        while (due := self.health.next_timer()) is not None and due <= end:
            self.now = max(self.now, due)
            self.health.handle_timer(self.now)
            self._settle()
        self.now = end

    def _settle(self) -> None:
        while effects := self.health.effects():
            for effect in effects:
                self.seen.append((self.now, effect))
                if isinstance(effect, Edit):
                    carry_out(self.tables, effect.operation)
                if isinstance(effect, RunProbe):
                    result = self.answer(effect.checker.settings.kind, effect.checker.probe)
                    self.health.finished(effect.checker, effect.turn, result, self.now)

    def answer(self, kind: Kind, probe: Probe) -> ProbeResult:
        """What a probe finds."""
        if kind in self.answers:
            return self.answers[kind]
        assert isinstance(probe, TcpProbe | HttpProbe)
        asked = [probe.endpoint.address]
        path = getattr(probe, "path", "")
        return ProbeResult(not self.broken & {*asked, (asked[0], path)}, said="HTTP status code")

    # What came of it

    def weights(self, port: int = 80) -> dict[int, int]:
        """Weights in the table by the number of the server; it is what Health says that it should be, too."""
        table = {each.service.key: each for each in configured(self.tables)}
        wanted = {each.service.key: set(each.destinations) for each in self.health.desired()}
        assert {key: set(each.destinations) for key, each in table.items()} == wanted
        return {each.key.address[3]: each.weight for each in table[service(port).key].destinations}

    def probes(self) -> list[float]:
        """When something was probed, in seconds."""
        return [at / SECOND_US for at, effect in self.seen if isinstance(effect, RunProbe)]

    def lines(self) -> list[str]:
        """The log."""
        return [effect.text for _, effect in self.seen if isinstance(effect, Note)]

    def changes(self) -> list[tuple[float, str, bool]]:
        """What was told: time, who, up or down."""
        told: dict[type, Callable[..., str]] = {
            CheckerChanged: lambda effect: f"checker {effect.checker.settings.service}",
            ServerChanged: lambda effect: effect.server.name,
            QuorumChanged: lambda _: "quorum",
        }
        return [
            (at / SECOND_US, told[type(effect)](effect), effect.up)
            for at, effect in self.seen
            if isinstance(effect, ServerChanged | QuorumChanged)
        ]
