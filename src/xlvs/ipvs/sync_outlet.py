# SPDX-License-Identifier: Apache-2.0
"""Connections on their way out: those that packets changed, and the whole table."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from xlvs.ipvs import layout, running, sync_daemons
from xlvs.ipvs.observed import ENGINES, ticks_per_second
from xlvs.linux.ring import HEADER_SIZE, RingReader
from xlvs.syncwire import entry as wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.ipvs.store import Store

STRIDE: Final = HEADER_SIZE + layout.SYNC_ENTRY_SIZE
_CHUNK: Final = 2048  # connections of the table that are looked at together
_AT_ONCE: Final = 16384  # changed ones that are taken together
_TAIL: Final = Struct("<II")  # number, whether there is a Call-ID
_FULL_NAT: Final = 5
_OUTDATED: Final = 4


class Told(NamedTuple):
    """One connection: 72 bytes, the options of its engine, and its number."""

    wide: bytes
    options: bytes
    number: int


class Outlet:
    """The reading end of what the packet path tells, and of the table itself."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ring = sync_daemons.ring(store)
        self._reader = RingReader(self._ring, layout.SYNC_ENTRY_SIZE)
        self.fd = self._ring.fd

    def changes(self) -> bytes:
        """Changed connections, oldest first, each of STRIDE bytes: HEADER_SIZE, 72 as on the wire, number, Call-ID."""
        return self._reader.read(_AT_ONCE)

    def told(self, record: bytes) -> Told:
        """One of them, with the options that it needs."""
        number, called = _TAIL.unpack_from(record, HEADER_SIZE + wire.IPV6_SIZE)
        options = _engine_options(self._store, number) if called else b""
        return Told(record[HEADER_SIZE : HEADER_SIZE + wire.IPV6_SIZE], options, number)

    def close(self) -> None:
        """Give the ring back."""
        self._reader.close()
        self._ring.close()


def snapshot(store: Store) -> Iterator[list[Told]]:
    """The whole table in portions, as it is when each is taken. One that changes meanwhile is told by its packets.

    A connection has the time that is left to it, a template the one that it restarts with.
    """
    array = store.array("conns")
    end = min(store.array("pool").words[0] + 1, array.entries)
    rows = _Rows(store)
    for start in range(1, end, _CHUNK):
        yield rows.portion(start, array.memory[start * layout.CONN_SIZE : min(start + _CHUNK, end) * layout.CONN_SIZE])


class _Rows:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._pace = ticks_per_second(store)
        self._dests: dict[bytes, tuple[bytes, int]] = {}

    def portion(self, start: int, chunk: bytes) -> list[Told]:
        words = memoryview(chunk).cast("I")
        step, place = layout.CONN_SIZE >> 2, layout.CONN_EXPIRES >> 2
        expiries, timeouts = words[place::step].tolist(), words[15::step].tolist()
        now, told = running.now(self._store.directory), []
        for index, conn in enumerate(layout.CONN.iter_unpack(chunk)):
            if conn[9] == layout.CONN_LIVE:
                left = (expiries[index] - now) & 0xFFFFFFFF
                row = self._row(conn, 0 if left > 0x7FFFFFFF else left, timeouts[index])  # the past is the upper half
                if row:
                    options = b""
                    if conn[5] & layout.PROTOCOL_TEMPLATE and any(conn[12]):
                        options = _engine_options(self._store, start + index)
                    told.append(Told(row, options, start + index))
        return told

    def _row(self, conn: tuple[Any, ...], left: int, timeout: int) -> bytes:
        client, virtual, cport, vport, dport, protocol, method, _, state, _, swapped, dest, _ = conn
        bits = (swapped & 0xFF) << 8 | swapped >> 8  # little-endian in a record of big-endian numbers
        flags = method
        if protocol & layout.PROTOCOL_TEMPLATE:
            if bits & _OUTDATED or not left:
                return b""
            flags |= wire.TEMPLATE
            if method:
                flags |= wire.NO_ANSWERS
            left = timeout
            protocol ^= layout.PROTOCOL_TEMPLATE
        else:
            if not left or bits & (layout.CONN_ONE_PACKET | layout.CONN_COMPANION):
                return b""
            if bits & 2:
                flags |= wire.NO_ANSWERS
            if state >= layout.STATE_UDP:
                state -= layout.STATE_UDP
        if method >= _FULL_NAT:
            return b""
        if bits & 1:
            flags |= wire.INACTIVE
        if bits & layout.CONN_SYNCED:
            flags |= wire.SYNCED
        address, mark = self._dest(dest, client)
        ipv6 = client[:12] != wire.MAPPED
        head = wire.HEAD.pack(
            ipv6, protocol, wire.IPV6_SIZE if ipv6 else wire.IPV4_SIZE, flags, state, cport, vport, dport, mark,
            -(-left // self._pace),
        )  # fmt: skip
        return b"".join((head, client, virtual, address))

    def _dest(self, dest: bytes, client: bytes) -> tuple[bytes, int]:
        """Address and mark of a destination, by its number; nobody's is the address of nobody."""
        if not any(dest):
            return (wire.MAPPED + bytes(4) if client[:12] == wire.MAPPED else bytes(16)), 0
        found = self._dests.get(dest)
        if found is None:
            base = int.from_bytes(dest, "little") * layout.DEST_SIZE
            memory = self._store.dests.memory
            mark = int.from_bytes(memory[base + layout.DEST_KEY + 16 : base + layout.DEST_KEY + 20], "little")
            found = self._dests[dest] = memory[base : base + 16], mark
        return found


def _engine_options(store: Store, number: int) -> bytes:
    """The options of a template with a Call-ID; none when it has gone meanwhile."""
    found = store.map("calls").lookup(number.to_bytes(4, "little"))
    if found is None:
        return b""
    _, length, text = layout.CALL.unpack(found)
    return wire.engine_options(ENGINES[1].encode(), text[:length])
