# SPDX-License-Identifier: Apache-2.0
"""The master's side: changed connections become messages; who joins gets the whole table."""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from xlvs.ipvs.sync_outlet import STRIDE, Outlet, snapshot
from xlvs.linux.ring import HEADER_SIZE
from xlvs.syncd import sockets
from xlvs.syncwire import seal as seals
from xlvs.syncwire.builder import Builder, empty
from xlvs.syncwire.entry import IPV6_SIZE
from xlvs.syncwire.join import Answer
from xlvs.syncwire.reader import read
from xlvs.syncwire.seal import Freshness, Kind, Seal

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from xlvs.ipvs.store import Store
    from xlvs.ipvs.sync_outlet import Told
    from xlvs.model.settings import SyncDaemon

_OLDEST_S: Final = 2.0  # how long an entry waits for others, as in the kernel
_DUMP_BYTES: Final = 256 << 10  # of a dump, between two looks at everything else
_NUMBER_AT: Final = HEADER_SIZE + IPV6_SIZE
_TURNS: Final = 4  # portions of the ring, between two looks at everything else
_MOST_WAITING: Final = 1024  # messages: a dump goes on when fewer wait
_REQUESTS: Final = 64  # that are looked at together
_BLOCKED_S: Final = 0.001  # until the network is asked again whether it takes more


class Master:
    """One daemon, with as many ports as `ports` says. `queue_max`: messages that may wait for the network."""

    def __init__(
        self, store: Store, outlet: Outlet, daemon: SyncDaemon, key: bytes, ports: int, buffer_bytes: int
    ) -> None:
        self._store = store
        self._outlet = outlet
        self._daemon = daemon
        self._key = key
        self._sender = os.urandom(seals.SENDER_SIZE)
        self._number = 0
        sealed = seals.SIZE if key else 0
        self._builders = [Builder(daemon.syncid, daemon.sync_maxlen, sealed) for _ in range(ports)]
        self._dump_builder = Builder(daemon.syncid, daemon.sync_maxlen, seals.SIZE)
        self._waiting: deque[tuple[int, bytes, bool]] = deque()  # port, message, whether it tells of changes
        self._answer = Answer()
        self._fresh = Freshness()
        self._is_behind = False
        self._blocked_until = 0.0
        self._dump: Iterator[list[Told]] | None = None
        self._parts = 0
        self._sockets: list[socket.socket] = []
        try:
            self._sockets.extend(sockets.sender(daemon, place, buffer_bytes) for place in range(ports))
            self._requests = sockets.request_receiver(daemon)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Take the sockets away."""
        for each in self._sockets:
            each.close()
        if hasattr(self, "_requests"):
            self._requests.close()

    @property
    def ears(self) -> list[socket.socket]:
        """What is to be looked at when it is readable."""
        return [self._requests]

    @property
    def is_busy(self) -> bool:
        """Whether there is work that waits for no event."""
        return self._is_behind or (not self._blocked_until and (self._dump is not None or bool(self._waiting)))

    def work(self, version: int, queue_max: int, now: float) -> None:
        """Do what there is to do; `version` of the messages, and how many of them may wait."""
        self._take_changes(version, now)
        self._hear_requests()
        if self._answer.begins(now):
            self._dump, self._parts = snapshot(self._store), 0
        if self._dump is not None and len(self._waiting) < _MOST_WAITING:
            self._go_on_with_dump(self._dump, version, now)
        self._send_waiting(queue_max, now)

    def next_timer(self) -> float | None:
        """When a message that others did not fill goes: its first entry is two seconds old then. Or the next dump."""
        begun = [builder.begun + _OLDEST_S for builder in self._builders if builder.begun is not None]
        others = self._answer.next_timer(), self._blocked_until or None
        return min([*begun, *(each for each in others if each is not None)], default=None)

    def finish(self) -> None:
        """What there is goes out, on the way to an orderly end."""
        for place, builder in enumerate(self._builders):
            builder.flush()
            self._queue(place, builder, Kind.CHANGES)
        self._send_waiting(len(self._waiting), 0.0)

    def ask_for_dump(self) -> None:
        """Have the whole table sent: at once, or when it may be."""
        self._answer.ask()

    def _take_changes(self, version: int, now: float) -> None:
        for _ in range(_TURNS):
            records = self._outlet.changes()
            self._is_behind = bool(records)
            if not records:
                break
            self._build(records, version, now)
        for builder in self._builders:
            if builder.begun is not None and now - builder.begun >= _OLDEST_S:
                builder.flush()
        for place, builder in enumerate(self._builders):
            self._queue(place, builder, Kind.CHANGES)

    def _build(self, records: bytes, version: int, now: float) -> None:
        marks = memoryview(records).cast("I")
        # Of most there is nothing but the 72 bytes to be said, and there is one port.
        plain = len(self._builders) == 1 and version and not any(marks[(_NUMBER_AT + 4) >> 2 :: STRIDE >> 2].tolist())
        if plain and all(marks[_NUMBER_AT >> 2 :: STRIDE >> 2].tolist()):
            self._builders[0].add_plain(records, STRIDE, HEADER_SIZE, now)
            return
        for at in range(0, len(records), STRIDE):
            told = self._outlet.told(records[at : at + STRIDE])
            if told.number:  # 0: somebody woke us up
                self._builders[told.number % len(self._builders)].add(told.wide, told.options, version, now)

    def _go_on_with_dump(self, dump: Iterator[list[Told]], version: int, now: float) -> None:
        sent = 0
        for portion in dump:
            for told in portion:
                self._dump_builder.add(told.wide, told.options, version, now)
            sent += self._queue(0, self._dump_builder, Kind.DUMP)
            if sent >= _DUMP_BYTES:
                return
        self._dump_builder.flush()
        self._queue(0, self._dump_builder, Kind.DUMP)
        end = empty(self._daemon.syncid, seals.SIZE)
        self._waiting.append((0, self._seal(end, Kind.DUMP_END, 0, 0), False))
        self._dump = None
        self._answer.ended(now)

    def _queue(self, place: int, builder: Builder, kind: Kind) -> int:
        """Finished messages wait to be sent; their bytes."""
        size = 0
        for message in builder.take():
            whole = message
            if kind is not Kind.CHANGES or self._key:
                whole = self._seal(message, kind, self._parts, place)
                self._parts += kind is Kind.DUMP
            self._waiting.append((place, whole, kind is Kind.CHANGES))
            size += len(whole)
        return size

    def _seal(self, message: bytes, kind: Kind, index: int, place: int) -> bytes:
        self._number = max(self._number + 1, time.time_ns() // 1000)
        total = self._parts if kind is Kind.DUMP_END else 0
        return seals.put(message, Seal(kind, self._sender, self._number, index, total, place), self._key)

    def _send_waiting(self, queue_max: int, now: float) -> None:
        waiting, self._blocked_until = self._waiting, 0.0
        while waiting:
            place, message, _ = waiting[0]
            try:
                self._sockets[place].send(message)
            except BlockingIOError:
                self._blocked_until = now + _BLOCKED_S
                break
            except OSError:  # the interface is down, say: what cannot be sent is lost, as in the kernel
                pass
            waiting.popleft()
        if len(waiting) > max(queue_max, 1):
            self._drop_oldest(max(queue_max, 1))

    def _drop_oldest(self, most: int) -> None:
        """So many messages of changes may wait; a dump makes no more while enough of it does."""
        kept: deque[tuple[int, bytes, bool]] = deque()
        for each in reversed(self._waiting):
            most -= each[2]
            if most >= 0 or not each[2]:
                kept.appendleft(each)
        self._waiting = kept

    def _hear_requests(self) -> None:
        for _ in range(_REQUESTS):
            try:
                data = self._requests.recv(seals.REQUEST_SIZE + 1)
            except OSError:
                return
            if len(data) != seals.REQUEST_SIZE:
                continue
            message = read(data, 0)
            seal = seals.take(data, message.end, self._key) if message else None
            if seal is None or seal.kind is not Kind.REQUEST or message is None or not self._is_ours(message.syncid):
                continue
            if not self._key or self._fresh.admits(seal, now_us=time.time_ns() // 1000):
                self._answer.ask()

    def _is_ours(self, syncid: int) -> bool:
        """Who listens to all asks all."""
        return syncid in (0, self._daemon.syncid)
