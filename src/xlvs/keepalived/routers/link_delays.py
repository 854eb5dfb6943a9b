# SPDX-License-Identifier: Apache-2.0
"""interface_up_down_delays: a link that goes down or comes up counts later, and not at all when it changes back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from xlvs.vrrp.settings import SECOND_US

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.routers.links import Link, Links
    from xlvs.keepalived.routers.vrrp_plan import Delays


class LinkDelays:
    """The links that change and do not count yet. `changed` is called when one counts."""

    def __init__(self, links: Links, log: Log, changed: Callable[[], None]) -> None:
        self._links = links
        self._log = log
        self._changed = changed
        self._delays: Mapping[str, Delays] = {}
        self._waiting: dict[str, asyncio.TimerHandle] = {}

    def use(self, delays: Mapping[str, Delays]) -> None:
        """Other delays; what waits counts at once."""
        for name, timer in list(self._waiting.items()):
            timer.cancel()
            self._count(name)
        self._delays = delays
        self._links.patient = frozenset(delays)

    def look(self) -> None:
        """Links may have changed."""
        for name in self._delays:
            link = self._links.by_name.get(name)
            if link is None or link.carries == link.running:
                timer = self._waiting.pop(name, None)
                if timer:
                    timer.cancel()
            elif name not in self._waiting:
                self._wait(link)

    def _wait(self, link: Link) -> None:
        delays = self._delays[link.name]
        delay_us = delays.up_us if link.carries else delays.down_us
        loop = asyncio.get_running_loop()
        self._waiting[link.name] = loop.call_later(delay_us / SECOND_US, self._count, link.name)

    def _count(self, name: str) -> None:
        del self._waiting[name]
        link = self._links.by_name.get(name)
        if link and link.running != link.carries:
            link.running = link.carries
            self._log.write(f"Netlink reports {name} {'up' if link.running else 'down'}")
            self._changed()
