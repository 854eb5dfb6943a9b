# SPDX-License-Identifier: Apache-2.0
"""Gratuitous ARP and unsolicited advertisements, some at a time, so that nothing else waits for thousands of them."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.linux.announce import gratuitous_arp, sender, unsolicited_advertisement
from xlvs.linux.device import switch

if TYPE_CHECKING:
    import socket
    from collections.abc import Collection, Iterable, Mapping

    from xlvs.keepalived.routers.links import Link
    from xlvs.keepalived.routers.vrrp_plan import Pauses

_AT_ONCE: Final = 1000


class _Waiting(NamedTuple):
    interface: str
    address: bytes
    frame: bytes
    pause_s: float
    """Before the next one."""


class Announcer:
    """Frames that wait for their interface, or for the group of interfaces that shares its pauses (garp_group)."""

    def __init__(self) -> None:
        self._sockets: dict[str, socket.socket] = {}
        self._waiting: dict[str, deque[_Waiting]] = {}
        self._pauses: Mapping[str, Pauses] = {}

    def use(self, pauses: Mapping[str, Pauses]) -> None:
        """Pauses of single interfaces."""
        self._pauses = pauses

    def close(self) -> None:
        """Forget what waits."""
        for wire in self._sockets.values():
            wire.close()
        self._sockets, self._waiting = {}, {}

    def announce(self, link: Link, addresses: Iterable[bytes], repeat: int, interval_s: float) -> None:
        """Each address, `repeat` rounds of all of them. `interval_s`: the pause where the interface has none, 0 for none."""
        if len(link.hardware) != 6:
            return
        own = self._pauses.get(link.name)
        found = []
        for each in addresses:
            pause_us = (own.garp_us if len(each) == 4 else own.gna_us) if own else None
            found.append(
                _Waiting(link.name, each, _frame(link, each), interval_s if pause_us is None else pause_us / 1e6)
            )
        if not found:
            return
        queue = own.shared if own else link.name
        idle = queue not in self._waiting
        self._waiting.setdefault(queue, deque()).extend(found * repeat)
        if idle:
            self._drain(queue)

    def forget(self, addresses: Mapping[str, Collection[bytes]]) -> None:
        """These, by interface, are not ours any more: what waits for them is not sent."""
        for queue, waiting in self._waiting.items():
            kept = (each for each in waiting if each.address not in addresses.get(each.interface, ()))
            self._waiting[queue] = deque(kept)

    def _drain(self, queue: str) -> None:
        waiting = self._waiting.get(queue)
        if waiting is None:
            return
        pause_s = 0.0
        for _ in range(min(len(waiting), _AT_ONCE)):
            each = waiting.popleft()
            self._send(each)
            pause_s = each.pause_s
            if pause_s:
                break
        if waiting or pause_s:
            asyncio.get_running_loop().call_later(pause_s, self._drain, queue)
        else:
            del self._waiting[queue]

    def _send(self, each: _Waiting) -> None:
        """A socket that fails is made anew once: its interface went down, or is another one of the same name."""
        for _ in range(2):
            with suppress(OSError):
                self._socket(each.interface).send(each.frame)
                return
            failed = self._sockets.pop(each.interface, None)
            if failed is None:
                return
            failed.close()

    def _socket(self, name: str) -> socket.socket:
        return self._sockets.get(name) or self._sockets.setdefault(name, sender(name))


def _frame(link: Link, address: bytes) -> bytes:
    if len(address) == 4:
        return gratuitous_arp(link.hardware, address)
    router = switch(f"ipv6/conf/{link.name}/forwarding") == 1
    return unsolicited_advertisement(link.hardware, address, router=router)
