# SPDX-License-Identifier: Apache-2.0
"""Which destination a connection of another director has here.

It is looked for as the kernel's backup does: the service by mark, by address and port, FTP's, that of all ports; in it
the destination by address and port. Where none is configured one is noted as foreign: the connection goes there as it
did over the other director, and when the destination is configured it is the same one.
"""

from __future__ import annotations

import time
from struct import pack
from typing import TYPE_CHECKING, Final

from xlvs.ipvs import layout, numbers
from xlvs.ipvs.host import Host
from xlvs.linux import bpffs
from xlvs.model.errors import TableFull
from xlvs.syncwire import entry as wire

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store

_KNOWN_S: Final = 1.0  # how long an answer holds while services come and go
_FOREIGN_SHARE: Final = 4  # foreign ones take at most one number in so many: the own ones need room
_FTP: Final = 21
_FTP_DATA: Final = 20
_MASQUERADE, _TUNNEL, _DIRECT_ROUTE, _BYPASS = 0, 2, 3, 4

_Key = tuple[int, int, int, int, int, bytes, bytes]


class Busy(Exception):
    """Somebody edits the tables; what cannot be noted now can be a moment later.

    Not waited for: who starts a daemon in the middle of many edits waits for the process that would wait here.
    """


class Destinations:
    """Numbers of destinations by what a message says; asked a hundred thousand times, answered from memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[_Key, int | None] = {}
        self._until = 0.0
        self._deleted: dict[bytes, int] | None = None
        self._foreign = 0
        self._is_full = False

    def refresh(self) -> None:
        """Forget the answers when they are old: services and destinations may have changed."""
        self._deleted, self._is_full = None, False
        now = time.monotonic()
        if now >= self._until:
            self._known.clear()
            self._until = now + _KNOWN_S

    def find(
        self, protocol: int, flags: int, vport: int, dport: int, mark: int, virtual: bytes, address: bytes
    ) -> int | None:
        """Its number, 0 for a connection that bypasses the destinations, None when there is no room to note it. Raises Busy."""
        method = flags & wire.METHOD
        if method == _BYPASS:
            self._store.dests.memory[layout.DEST_FAMILY + 1] = _BYPASS  # destination 0 is nobody's
            return 0
        key = (protocol, method, vport, dport, mark, virtual, address)
        if key in self._known:
            return self._known[key]
        number = self._known[key] = self._look(*key)
        return number

    def _look(
        self, protocol: int, method: int, vport: int, dport: int, mark: int, virtual: bytes, address: bytes
    ) -> int | None:
        family = 2 if virtual[:12] == wire.MAPPED else 10
        service = self._service(protocol, vport, mark, virtual, family)
        ports = (dport, 0) if method == _MASQUERADE else (0, dport)
        if service:
            for port in ports:
                found = self._listed(service, address + pack(">H", port))
                if found:
                    return found
            base = service * layout.SERVICE_SIZE
            packed = self._store.services.memory[base : base + layout.SERVICE_KEY.size]
        else:
            packed = layout.SERVICE_KEY.pack(virtual, 0, vport.to_bytes(2, "big"), protocol, family)
        return self._note(packed, address, dport, method, virtual)

    def _service(self, protocol: int, vport: int, mark: int, virtual: bytes, family: int) -> int:
        find, nowhere = self._store.find_service, bytes(16)
        keys = [layout.SERVICE_KEY.pack(nowhere, mark, bytes(2), 0, family)] if mark else []
        ports = [vport]
        unprivileged = self._store.setting(layout.SETTINGS_UNPRIVILEGED_PORT)
        if protocol == wire.TCP and (vport == _FTP_DATA or vport >= unprivileged > 0):
            ports.append(_FTP)
        keys += [layout.SERVICE_KEY.pack(virtual, 0, port.to_bytes(2, "big"), protocol, family) for port in (*ports, 0)]
        return next(filter(None, map(find, keys)), 0)

    def _listed(self, service: int, end: bytes) -> int:
        memory = self._store.dests.memory
        for number in self._store.listed(service):
            base = number * layout.DEST_SIZE
            if memory[base : base + 18] == end:
                return number
        return 0

    def _note(self, service_key: bytes, address: bytes, port: int, method: int, virtual: bytes) -> int | None:
        """The number of a destination that is not configured. Raises Busy."""
        store = self._store
        identity = service_key + address + pack(">H", port)
        if self._is_full and self._deleted is not None and identity not in self._deleted:
            return None
        if not bpffs.is_free(store.directory):
            raise Busy
        with store.edit():
            number = self._remembered(identity)
            if not number:
                number = self._take()
                if not number:
                    return None
                self._write(number, service_key, address, port, method)
            store.mark_address(address, destination=True)
            store.mark_address(virtual, destination=False)
            store.set_dest_word(number, layout.DEST_DELETED, numbers.seconds())
            store.set_dest_word(number, layout.DEST_FLAGS, layout.USED | layout.FOREIGN)
            if self._deleted is not None:
                self._deleted[identity] = number
        return number

    def _remembered(self, identity: bytes) -> int:
        """The number of a deleted destination, 0 where there is none. All are looked at once for many messages."""
        if self._deleted is None:
            self._deleted = numbers.deleted_destinations(self._store)
            self._foreign = numbers.count_foreign(self._store)
        number = self._deleted.get(identity, 0)
        return number if number and numbers.is_deleted(self._store, number, identity) else 0

    def _take(self) -> int:
        """A number for one more, 0 when they have their share. Those that nobody needs any more are forgotten then."""
        most = self._store.dests.entries // _FOREIGN_SHARE
        if self._foreign >= most:
            numbers.forget(self._store)
            self._foreign = numbers.count_foreign(self._store)
        self._is_full = self._foreign >= most
        if self._is_full:
            return 0
        try:
            number = numbers.take_destination(self._store)
        except TableFull:
            return 0
        self._foreign += 1
        return number

    def _write(self, number: int, service_key: bytes, address: bytes, port: int, method: int) -> None:
        memory, base = self._store.dests.memory, number * layout.DEST_SIZE
        family = 2 if address[:12] == wire.MAPPED else 10
        known = method if method in (_TUNNEL, _DIRECT_ROUTE) else _MASQUERADE
        memory[base : base + 20] = address + pack(">HBB", port, family, known)
        memory[base + layout.DEST_KEY : base + layout.DEST_KEY + 24] = service_key
        if known != _DIRECT_ROUTE:
            source = layout.wide(Host().source_towards(layout.narrow(address, family)))
            memory[base + layout.DEST_SOURCE : base + layout.DEST_SOURCE + 16] = source
