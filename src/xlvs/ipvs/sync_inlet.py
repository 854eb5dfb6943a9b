# SPDX-License-Identifier: Apache-2.0
"""Connections that another director tells of, on their way into the table.

Python finds the destination of each and writes them into a mapped array; one run of a BPF program links them all
(`sync_hear.h`).
"""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING, Final

from xlvs.ipvs import layout, program
from xlvs.ipvs.sync_dests import Busy, Destinations
from xlvs.syncwire import entry as wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.ipvs.store import Store
    from xlvs.syncwire.reader import Heard

_AT_ONCE: Final = 1024  # HEARD_ENTRIES in sync_hear.h
_CALLS: Final = 64  # HEARD_CALLS
_LONGEST_S: Final = 31 * 24 * 3600
_FULL_NAT: Final = 5
_FRAME: Final = bytes(64)


class Inlet:
    """The writing end. `put` never raises for what is in the entries."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pace = 1
        self._dests = Destinations(store)
        self._object = program.open_beside(store.directory, "sync")
        try:
            self._object.load()
            self._program = self._object.program("sync_hear")
            self._entries = self._object.map("heard").memory()
            self._calls = self._object.map("heard_calls").memory()
        except BaseException:
            self._object.close()
            raise

    def close(self) -> None:
        """Give the program and its maps back."""
        self._entries.close()
        self._calls.close()
        self._object.close()

    def put(self, heard: Sequence[Heard]) -> int:
        """Create or update connections, in this order; how many of them were dealt with: not all while others edit."""
        self._dests.refresh()
        self._pace = self._store.kept(layout.LEDGER_TICKS_PER_SECOND)
        records: list[bytes] = []
        calls = 0
        for place, each in enumerate(heard):
            try:
                record = self._record(each, calls)
            except Busy:
                self._run(records)
                return place
            if record is None:
                continue
            calls += bool(each.engine)
            records.append(record)
            if len(records) == _AT_ONCE or calls == _CALLS:
                self._run(records)
                calls = 0
                records.clear()
        self._run(records)
        return len(heard)

    def _run(self, records: list[bytes]) -> None:
        if records:
            packed = b"".join(records)
            self._entries[: len(packed)] = packed
            context = pack("<III", 0, 0, len(records)).ljust(256, b"\0")
            self._program.test_run(_FRAME, context=context)

    def _record(self, heard: Heard, calls: int) -> bytes | None:
        wide, engine, data = heard
        _, protocol, _, flags, state, _, vport, dport, mark, timeout_s = wire.HEAD.unpack_from(wide)
        if flags & wire.METHOD >= _FULL_NAT:
            return None
        if not timeout_s or timeout_s > _LONGEST_S:
            wide = (
                wide[:20]
                + pack(">I", min(timeout_s, _LONGEST_S) or self._default_s(protocol, flags, state))
                + wide[24:]
            )
        number = self._dests.find(protocol, flags, vport, dport, mark, wide[40:56], wide[56:72])
        if number is None:
            return None
        if not engine:
            return wide + pack("<II", number, 0)
        if engine != b"sip" or not flags & wire.TEMPLATE:
            return None if engine != b"sip" else wide + pack("<II", number, 0)
        size = layout.CALL.size
        self._calls[calls * size : (calls + 1) * size] = layout.CALL.pack(0, len(data), data)
        return wide + pack("<II", number, calls + 1)

    def _default_s(self, protocol: int, flags: int, state: int) -> int:
        """What version 0 does not say."""
        if flags & wire.TEMPLATE:
            return wire.TEMPLATE_TIMEOUT_S
        if protocol == wire.UDP:
            state = layout.STATE_UDP
        elif protocol == wire.SCTP and state:
            state += layout.STATE_UDP
        return max(1, self._store.setting(layout.SETTINGS_TIMEOUTS + state * 4) // self._pace)
