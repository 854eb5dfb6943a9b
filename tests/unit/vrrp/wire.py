# SPDX-License-Identifier: Apache-2.0
"""Virtual routers on a wire of their own, with a clock that stands still between events."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from xlvs.vrrp.effects import AnnounceAddresses, Note, SendAdvertisement, State
from xlvs.vrrp.packet import Advertisement, build, parse
from xlvs.vrrp.router import VirtualRouter
from xlvs.vrrp.settings import CENTISECOND_US, RouterSettings

if TYPE_CHECKING:
    from xlvs.vrrp.effects import Effect

GROUP = ip_address("224.0.0.18").packed
VIRTUAL = ip_address("10.77.0.100").packed


def router(number: int, **settings: Any) -> RouterSettings:
    """Settings of a router whose address ends in `number`."""
    source = ip_address(f"10.77.0.{number}").packed
    return RouterSettings(f"VI_{number}", 51, source, (VIRTUAL,), **settings)


class Wire:
    """Carries advertisements, as bytes, from each router to all the others; `cut` ones neither send nor hear."""

    def __init__(self, *settings: RouterSettings) -> None:
        self.now = 0
        self.routers = [VirtualRouter(each) for each in settings]
        self.cut: set[VirtualRouter] = set()
        self.history: list[tuple[int, str, Effect]] = []

    def start(self) -> None:
        """Start all of them."""
        for each in self.routers:
            each.start(self.now)
            self.deliver()

    def deliver(self) -> None:
        """Carry what was sent until nobody says anything more."""
        while pending := [(each, effect) for each in self.routers for effect in each.effects()]:
            for sender, effect in pending:
                self.history.append((self.now, sender.settings.name, effect))
                if isinstance(effect, SendAdvertisement) and sender not in self.cut:
                    self._carry(sender, effect.priority)

    def _carry(self, sender: VirtualRouter, priority: int) -> None:
        own = sender.settings
        sent = Advertisement(own.version, own.vrid, priority, own.interval_us // CENTISECOND_US, own.addresses)
        data = build(sent, own.source, GROUP)
        for each in self.routers:
            if each is not sender and each not in self.cut:
                each.receive(parse(data, own.source, GROUP), own.source, self.now)

    def run(self, until: int) -> None:
        """Let time go on, to microsecond `until`."""
        while (
            due := min((at for each in self.routers if (at := each.next_timer()) is not None), default=until)
        ) < until:
            self.now = max(self.now, due)
            for each in self.routers:
                each.handle_timer(self.now)
            self.deliver()
        self.now = until

    def masters(self) -> list[str]:
        """Names of the routers that hold the addresses."""
        return [each.settings.name for each in self.routers if each.state is State.MASTER]

    def notes(self, name: str) -> list[str]:
        """What a router wrote into its log."""
        return [effect.text for _, who, effect in self.history if who == name and isinstance(effect, Note)]

    def announced(self, name: str) -> list[tuple[int, int]]:
        """When a router announced its addresses, and how many times each."""
        return [
            (at, effect.repeat)
            for at, who, effect in self.history
            if who == name and isinstance(effect, AnnounceAddresses)
        ]
