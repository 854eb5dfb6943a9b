# SPDX-License-Identifier: Apache-2.0
"""Choosing connections by a filter, and ending the chosen: `bpf/live.bpf.c` does both, so that they are the same."""

from __future__ import annotations

from enum import IntEnum
from struct import pack_into, unpack_from
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from xlvs.ipvs import layout, pool, running
from xlvs.ipvs.observed import pack_service_key
from xlvs.ipvs.program import open_beside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.ipvs.store import Store
    from xlvs.model.connection import ConnectionRow
    from xlvs.model.connection_filter import ConnectionFilter, Network

_FRAME: Final = bytes(64)
_PART: Final = 65536
_BITS: Final = [bytes(byte >> bit & 1 for bit in range(8)) for byte in range(256)]
_CONNECTIONS, _TEMPLATES, _ENDED = 1, 2, 4


class Act(IntEnum):
    """What becomes of the chosen: `enum select_act`."""

    FIND = 0
    RESET = 1
    DISCARD = 2


class Chosen(NamedTuple):
    """How many were chosen, and were still there."""

    tcp: int = 0
    others: int = 0
    templates: int = 0

    @property
    def connections(self) -> int:
        """All but templates."""
        return self.tcp + self.others


class Selection:
    """A filter at work on a director's table; with `dest` on the entries of that destination. Close it after use."""

    def __init__(self, store: Store, wanted: ConnectionFilter, dest: int = 0) -> None:
        self._store = store
        self._object = open_beside(store.directory, "live")
        try:
            self._object.load()
            self._program = self._object.program("select_now")
            self._order = self._object.map("selections").memory()
        except BaseException:
            self._object.close()
            raise
        self._write(wanted, dest)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._order.close()
        self._object.close()

    def rows(self) -> Iterator[ConnectionRow]:
        """The chosen connections."""
        running.sweep(self._store.directory)
        yield from pool.rows(self._store, self._choose)

    def ended(self, since: int) -> Iterator[pool.Ended]:
        """Connections of TCP that were ended since a tick, of those that fit the filter."""
        pack_into("<I", self._order, layout.SELECTION_KINDS, _ENDED)
        pack_into("<I", self._order, layout.SELECTION_SINCE, since)
        return pool.ended(self._store, self._choose)

    def count(self) -> Chosen:
        """How many are chosen at present."""
        return self._carry_out(Act.FIND)

    def end(self, act: Act) -> Chosen:
        """End the chosen ones, each in one step against packets; how many."""
        with self._store.edit():
            if act is Act.RESET:
                until = running.now(self._store.directory) + layout.ENDED_LIFE_S * self._pace
                self._store.set_setting(layout.SETTINGS_ENDED_UNTIL, (until + self._pace) & 0xFFFFFFFF)
            return self._carry_out(act)

    @property
    def _pace(self) -> int:
        return self._store.kept(layout.LEDGER_TICKS_PER_SECOND)

    def _carry_out(self, act: Act) -> Chosen:
        tcp = templates = chosen = 0
        for start in range(1, pool.end_of_pool(self._store), _PART):
            self._look(start, _PART, act)
            part = unpack_from("<3I", self._order, layout.SELECTION_CHOSEN)
            chosen, tcp, templates = chosen + part[0], tcp + part[1], templates + part[2]
        return Chosen(tcp, chosen - tcp - templates, templates)

    def _choose(self, start: int, length: int) -> bytes:
        self._look(start, length, Act.FIND)
        found = self._order[layout.SELECTION_FOUND : layout.SELECTION_FOUND + (length + 7) // 8]
        return b"".join([_BITS[byte] for byte in found])[:length] if any(found) else b""

    def _look(self, start: int, length: int, act: Act) -> None:
        count = min(length, pool.end_of_pool(self._store) - start)
        end = layout.SELECTION_FOUND + (count + 63) // 64 * 8
        self._order[layout.SELECTION_CHOSEN : end] = bytes(end - layout.SELECTION_CHOSEN)
        pack_into("<III", self._order, 0, start, count, act)
        self._program.test_run(_FRAME)

    def _write(self, wanted: ConnectionFilter, dest: int) -> None:
        kinds = wanted.connections * _CONNECTIONS | wanted.templates * _TEMPLATES
        client, mask, client_port = _network(wanted.client)
        server, _, server_port = _network(wanted.server)
        left = 0 if wanted.expires_s is None else max(1, int(wanted.expires_s * self._pace))
        layout.SELECTION.pack_into(
            self._order, 0, 0, 0, 0, kinds, _states(wanted.states), 0, client, mask, server,
            pack_service_key(wanted.service) if wanted.service else bytes(layout.SERVICE_KEY.size),
            client_port.to_bytes(2, "big"), server_port.to_bytes(2, "big"),
            wanted.protocol or 0, wanted.service is not None, dest, left,
        )  # fmt: skip


def _states(names: frozenset[str]) -> int:
    """Bits by state; one name may stand for the states of several protocols."""
    return sum(1 << number for number, name in enumerate(layout.STATE_NAMES) if name in names)


def _network(network: Network | None) -> tuple[bytes, bytes, int]:
    """Address and mask in 16 bytes, and the port."""
    if network is None:
        return bytes(16), bytes(16), 0
    bits = network.prefix + (96 if len(network.address) == 4 else 0)
    mask = ((1 << bits) - 1 << 128 - bits).to_bytes(16, "big")
    masked = bytes(map(int.__and__, layout.wide(network.address), mask))
    return masked, mask, network.port
