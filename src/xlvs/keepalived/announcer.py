# SPDX-License-Identifier: Apache-2.0
"""Gratuitous ARP and unsolicited advertisements, some at a time, so that nothing else waits for thousands of them."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xlvs.linux.announce import gratuitous_arp, sender, unsolicited_advertisement
from xlvs.linux.device import switch

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from xlvs.keepalived.links import Link

_AT_ONCE: Final = 1000


class Announcer:
    """Frames that wait for their interface. `interval_s`: the pause between two, 0 for none."""

    def __init__(self) -> None:
        self._sockets: dict[str, socket.socket] = {}
        self._waiting: dict[str, deque[bytes]] = {}
        self._intervals: dict[str, float] = {}

    def close(self) -> None:
        """Forget what waits."""
        for wire in self._sockets.values():
            wire.close()
        self._sockets, self._waiting = {}, {}

    def announce(self, link: Link, addresses: Iterable[bytes], repeat: int, interval_s: float) -> None:
        """Each address, `repeat` rounds of all of them."""
        frames = [_frame(link, each) for each in addresses]
        if not frames or len(link.hardware) != 6:
            return
        self._intervals[link.name] = interval_s
        idle = link.name not in self._waiting
        self._waiting.setdefault(link.name, deque()).extend(frames * repeat)
        if idle:
            self._drain(link.name)

    def _drain(self, name: str) -> None:
        waiting = self._waiting.get(name)
        if waiting is None:
            return
        interval_s = self._intervals[name]
        with suppress(OSError):
            wire = self._sockets.get(name) or self._sockets.setdefault(name, sender(name))
            for _ in range(min(len(waiting), 1 if interval_s else _AT_ONCE)):
                wire.send(waiting[0])
                waiting.popleft()
        if not waiting:
            del self._waiting[name]
        else:
            asyncio.get_running_loop().call_later(interval_s, self._drain, name)


def _frame(link: Link, address: bytes) -> bytes:
    if len(address) == 4:
        return gratuitous_arp(link.hardware, address)
    router = switch(f"ipv6/conf/{link.name}/forwarding") == 1
    return unsolicited_advertisement(link.hardware, address, router=router)
