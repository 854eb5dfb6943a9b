# SPDX-License-Identifier: Apache-2.0
"""The backup's side: messages become connections; whoever begins to listen asks for the whole table."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from xlvs.ipvs.sync_inlet import Inlet
from xlvs.syncd import sockets
from xlvs.syncwire import seal as seals
from xlvs.syncwire.builder import empty
from xlvs.syncwire.join import Join, Phase
from xlvs.syncwire.reader import read
from xlvs.syncwire.seal import Freshness, Kind, Seal

if TYPE_CHECKING:
    import socket

    from xlvs.ipvs.store import Store
    from xlvs.model.settings import SyncDaemon
    from xlvs.syncwire.reader import Heard

_MESSAGES: Final = 512  # of each port, between two looks at everything else
_MOST_LEFT: Final = 1 << 16  # entries that wait for others' edits; then messages wait in the sockets
_AGAIN_S: Final = 0.005


class Backup:
    """One daemon, hearing on as many ports as `ports` says."""

    def __init__(self, store: Store, daemon: SyncDaemon, key: bytes, ports: int, buffer_bytes: int, now: float) -> None:
        self._daemon = daemon
        self._key = key
        self._fresh = Freshness()
        self._join = Join(now)
        self._sender = os.urandom(seals.SENDER_SIZE)
        self.refused = 0  # messages that the key does not admit
        self._left: list[Heard] = []
        self._again: float | None = None
        self._longest = max(daemon.sync_maxlen, seals.REQUEST_SIZE)
        self._sockets: list[socket.socket] = []
        self._asking: socket.socket | None = None
        try:
            self._sockets.extend(sockets.receiver(daemon, place, buffer_bytes) for place in range(ports))
            self._inlet = Inlet(store)
        except BaseException:
            self._close_sockets()
            raise

    def close(self) -> None:
        """Take the sockets away; what was heard is in the table."""
        self._close_sockets()
        self._inlet.close()

    def _close_sockets(self) -> None:
        for each in self._sockets:
            each.close()
        if self._asking is not None:
            self._asking.close()

    @property
    def ears(self) -> list[socket.socket]:
        """What is to be looked at when it is readable."""
        return self._sockets

    @property
    def phase(self) -> Phase:
        """How far the whole table is here."""
        return self._join.phase

    def next_timer(self) -> float | None:
        """When `work` is wanted, whatever happens."""
        return min((each for each in (self._join.next_timer(), self._again) if each is not None), default=None)

    def work(self, now: float) -> None:
        """Do what there is to do."""
        if self._join.handle_timer(now):
            self._ask()
        heard, self._left = self._left, []
        for each in self._sockets:
            for _ in range(_MESSAGES):
                if len(heard) >= _MOST_LEFT:
                    break
                try:
                    data = each.recv(
                        self._longest
                    )  # what is longer than asked for is cut, and no message, as in the kernel
                except OSError:
                    break
                self._take(data, heard, now)
        if heard:
            self._left = heard[self._inlet.put(heard) :]
        self._again = now + _AGAIN_S if self._left else None

    def _take(self, data: bytes, heard: list[Heard], now: float) -> None:
        message = read(data, self._daemon.syncid)
        if message is None:
            return
        seal = seals.take(data, message.end, self._key)
        if self._key and (seal is None or not self._fresh.admits(seal, now_us=time.time_ns() // 1000)):
            self.refused += 1
            return
        heard.extend(message.entries)
        if seal is not None:
            self._join.receive(seal, now)

    def _ask(self) -> None:
        try:
            if self._asking is None:
                self._asking = sockets.request_sender(self._daemon)
            seal = Seal(Kind.REQUEST, self._sender, time.time_ns() // 1000)
            self._asking.send(seals.put(empty(self._daemon.syncid, seals.SIZE), seal, self._key))
        except OSError:  # nobody is there to answer; it is asked again
            pass
