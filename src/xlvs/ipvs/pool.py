# SPDX-License-Identifier: Apache-2.0
"""The connection table as rows: read from mapped memory in portions, without a lock or a system call for each."""

from __future__ import annotations

from itertools import compress, count
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.ipvs import layout, running
from xlvs.model.destination import ForwardingMethod

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xlvs.ipvs.store import Store
    from xlvs.model.connection import ConnectionRow

    # First entry and number of entries of a part of the table -> which of them are wanted, a byte with 0 or 1 each;
    # nothing when none is.
    Choice = Callable[[int, int], bytes]

PORTION: Final = 4096  # connections that are copied at once
_NOBODY: Final = bytes(4)
_MAPPED: Final = bytes(10) + b"\xff\xff"
# Not for listings. The bits are little-endian in a record of big-endian numbers.
_HIDDEN: Final = int.from_bytes((layout.CONN_ONE_PACKET | layout.CONN_COMPANION).to_bytes(2, "little"), "big")
_SYNCED: Final = int.from_bytes(layout.CONN_SYNCED.to_bytes(2, "little"), "big")
_FULL_NAT: Final = int(ForwardingMethod.FULL_NAT)
_MASQUERADE: Final = int(ForwardingMethod.MASQUERADE)

# Number, the members of layout.CONN, tick at which it is over.
_Entry = tuple[int, tuple[bytes, bytes, int, int, int, int, int, bytes, int, int, int, bytes, bytes], int]


def end_of_pool(store: Store) -> int:
    """Every connection has a number from 1 up to, not including, this one."""
    return min(store.array("pool").words[0] + 1, store.room("conns"))


class Ended(NamedTuple):
    """A connection of TCP that was ended on command.

    `source`: whom the server takes for its client, where it answers over the director.
    """

    client: bytes
    client_port: int
    virtual: bytes
    virtual_port: int
    server: bytes
    server_port: int
    source: tuple[bytes, int] | None


def ended(store: Store, choose: Choice) -> Iterator[Ended]:
    """The entries that `choose` wants, whatever their life."""
    for number, conn, _ in _entries(store, choose):
        client, virtual, cport, vport, dport, _, method, _, _, _, _, dest, _ = conn
        if client[:12] == _MAPPED:
            client, virtual = client[12:], virtual[12:]
        source = None
        if method == _FULL_NAT:
            source = _pair(store, number)
        elif method == _MASQUERADE:
            source = client, cport
        yield Ended(client, cport, virtual, vport, _dest_address(store, dest), dport, source)


def _pair(store: Store, number: int) -> tuple[bytes, int]:
    """Local address and port with which a connection of full NAT goes on: the client of its companion."""
    memory, place = store.array("conns").memory, number * layout.CONN_SIZE + layout.CONN_PARTNER
    companion = int.from_bytes(memory[place : place + 4], "little") % store.room("conns")
    client, _, port, *_ = layout.CONN.unpack_from(memory, companion * layout.CONN_SIZE)
    return (client[12:] if client[:12] == _MAPPED else client), port


class Last:
    """What a row does not say of the connection that it stands for: the one that was yielded last."""

    is_synced = False  # another director told of it


def rows(store: Store, choose: Choice | None = None, last: Last | None = None) -> Iterator[ConnectionRow]:
    """The connections that have not expired, templates too, or those of them that `choose` wants.

    One that changes meanwhile is seen before or after. `last` follows the rows.
    """
    yield from _rows(store, running.now(store.directory), _entries(store, choose), last)


def _entries(store: Store, choose: Choice | None) -> Iterator[_Entry]:
    memory, end, size = store.array("conns").memory, end_of_pool(store), layout.CONN_SIZE
    for start in range(1, end, PORTION):
        length = min(PORTION, end - start)
        wanted = choose(start, length) if choose else b""
        if choose and not wanted:
            continue
        portion = memory[start * size : (start + length) * size]
        expiries = memoryview(portion).cast("I")[layout.CONN_EXPIRES >> 2 :: size >> 2].tolist()
        entries = zip(count(start), layout.CONN.iter_unpack(portion), expiries, strict=False)
        yield from compress(entries, wanted) if choose else entries


def _rows(store: Store, now: int, entries: Iterable[_Entry], last: Last | None) -> Iterator[ConnectionRow]:
    pace, states = store.kept(layout.LEDGER_TICKS_PER_SECOND), layout.STATE_NAMES
    dests: dict[bytes, bytes] = {}
    for number, conn, expires in entries:
        client, virtual, cport, vport, dport, protocol, method, _, state, life, bits, dest, control = conn
        left = (expires - now) & 0xFFFFFFFF
        if life != layout.CONN_LIVE or left == 0 or left > 0x7FFFFFFF:  # the past is the upper half
            continue
        address = dests.get(dest)
        if dest == _NOBODY:  # the connection bypasses the destinations
            address = bytes(4 if client[:12] == _MAPPED else 16)
        elif address is None:
            address = dests[dest] = _dest_address(store, dest)
        if client[:12] == _MAPPED:
            client, virtual = client[12:], virtual[12:]
        if last:
            last.is_synced = bool(bits & _SYNCED) and method != _FULL_NAT
        if protocol & layout.PROTOCOL_TEMPLATE:
            yield (
                protocol ^ layout.PROTOCOL_TEMPLATE, client, cport, virtual, vport, address, dport,
                layout.TEMPLATE_STATES[state], left // pace, *_engine(store, number, control),
            )  # fmt: skip
            continue
        if bits & _HIDDEN:
            continue
        yield (
            protocol, client, cport, virtual, vport, address, dport, states[state],
            left // pace, "", b"",
        )  # fmt: skip


def _engine(store: Store, template: int, control: bytes) -> tuple[str, bytes]:
    """Persistence engine of a template and its data, empty without one."""
    found = store.map("calls").lookup(template.to_bytes(4, "little")) if any(control) else None
    if found is None:
        return "", b""
    _, length, text = layout.CALL.unpack(found)
    return "sip", text[:length]


def _dest_address(store: Store, dest: bytes) -> bytes:
    base = int.from_bytes(dest, "little") * layout.DEST_SIZE
    memory = store.dests.memory
    return layout.narrow(memory[base : base + 16], memory[base + 18])
