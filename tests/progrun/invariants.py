# SPDX-License-Identifier: Apache-2.0
"""What must hold of the tables whenever no packet is under way."""

from __future__ import annotations

import struct
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from xlvs.ipvs import layout
from xlvs.model.destination import ForwardingMethod

if TYPE_CHECKING:
    from tests.progrun.director import Director

_ACTIVE = {"ESTABLISHED", "SYN_SENT", "SYN_RECV", "SYNACK"}
_LATER_CHOICES = 11
_POOL_FREE = 6  # word of struct pool
_CONN_CONTROL = 13  # word of struct conn
_SLOTS = 15
_WORD, _NUMBER = 0xFFFFFFFF, 0xFFFFFF
_TRIES = 5


class Conn(NamedTuple):
    """A live connection as it lies in memory: addresses of 16 bytes."""

    number: int
    client: bytes
    virtual: bytes
    cport: int
    vport: int
    dport: int
    protocol: int
    method: ForwardingMethod
    expires: int
    state: str
    inactive: bool
    level: int
    spilled: bool
    dest: int
    control: int
    companion: int | None  # number of a full NAT connection's; None: it is one itself


def check(director: Director) -> int:
    """Check everything after a sweep; returns how many connections live.

    What expires while the tables are read may look wrong once, but not again and again.
    """
    for _ in range(_TRIES - 1):
        try:
            return check_once(director)
        except AssertionError:
            continue
    return check_once(director)


def check_once(director: Director) -> int:
    """The same, on tables that change meanwhile if something expires."""
    director.sweep()
    live = live_connections(director)
    check_index(director, live)
    connections = [conn for conn in live if conn.companion is not None]
    check_counts(director, connections)
    check_companions(director, live)
    check_pool(director)
    return len(connections)


def check_empty(director: Director) -> None:
    """After all connections expired nothing is left of them, and every number is free, once."""
    director.end_connections()
    assert check(director) == 0
    assert not any(any(bucket) for bucket in read_buckets(director))
    assert sorted(free_numbers(director)) == list(range(1, director.conn_high() + 1))


def live_connections(director: Director) -> list[Conn]:
    """All that live."""
    array = director.store.array("conns")
    found = []
    for number in range(1, director.conn_high() + 1):
        base = number * layout.CONN_SIZE
        if array.memory[base + 45] != layout.CONN_LIVE:
            continue
        client, virtual, cport, vport, dport, protocol, method, ticks, state, _, bits, dest, control = (
            layout.CONN.unpack_from(array.memory, base)
        )
        place = swapped(bits) >> layout.CONN_PLACE_SHIFT
        found.append(
            Conn(
                number,
                client,
                virtual,
                cport,
                vport,
                dport,
                protocol,
                ForwardingMethod(method),
                int.from_bytes(ticks, "little"),
                layout.STATE_NAMES[state],
                bool(bits >> 8 & 1),  # little-endian in a record of big-endian numbers
                place & layout.PLACE_LEVEL_MASK,
                bool(place & layout.PLACE_SPILLED),
                int.from_bytes(dest, "little"),
                int.from_bytes(control, "little"),
                None if swapped(bits) & layout.CONN_COMPANION else array.words[(base >> 2) + 15],
            )
        )
    return found


def check_companions(director: Director, live: list[Conn]) -> None:
    """Each connection of full NAT has one companion and leads to it; pairs are used once for a destination, and counted."""
    companions = {conn.number: conn for conn in live if conn.companion is None}
    connections = [conn for conn in live if conn.method is ForwardingMethod.FULL_NAT]
    assert sorted(companions) == sorted(conn.companion or 0 for conn in connections)
    for conn in connections:
        other = companions[conn.companion or 0]
        assert other.control == conn.number
        assert (other.dest, other.dport, other.protocol) == (conn.dest, conn.dport, conn.protocol)
    memory = director.store.dests.memory
    pairs = Counter(
        (
            conn.client,
            conn.cport,
            conn.protocol,
            memory[conn.dest * layout.DEST_SIZE : conn.dest * layout.DEST_SIZE + 16],
            conn.dport,
        )
        for conn in companions.values()
    )
    assert not [pair for pair, count in pairs.items() if count > 1]
    used = Counter(director.store.array("conns").words[(number * layout.CONN_SIZE >> 2) + 14] for number in companions)
    addresses = director.store.array("local_addresses")
    for number in range(1, director.store.kept(layout.LEDGER_LOCAL_ADDRESS_HIGH) + 1):
        place = number * layout.LOCAL_ADDRESS_SIZE + layout.LOCAL_ADDRESS_USED >> 2
        assert addresses.words[place] == used[number], number


def check_counts(director: Director, live: list[Conn]) -> None:
    """A destination's counts are its live connections by activity, and activity is that of the state."""
    counted: Counter[tuple[int, bool]] = Counter()
    for conn in live:
        assert conn.inactive == (conn.state not in _ACTIVE), conn
        counted[conn.dest, conn.inactive] += 1
    memory = director.store.dests.memory
    for number in range(1, director.store.setting(layout.SETTINGS_DEST_HIGH) + 1):
        base = number * layout.DEST_SIZE + layout.DEST_COUNTS
        active, inactive, _, _ = layout.COUNTS.unpack_from(memory, base)
        assert (active, inactive) == (counted[number, False], counted[number, True]), number


def check_index(director: Director, live: list[Conn]) -> None:
    """Each connection has one slot by its client's end, or one under each of its whole keys; nothing else stands there.

    These are in buckets that they may use at its level.
    """
    buckets = read_buckets(director)
    seed = int.from_bytes(director.store.ledger.memory[layout.LEDGER_HASH_SEED : layout.LEDGER_HASH_SEED + 8], "little")
    slots = Counter((index, slot) for index, bucket in enumerate(buckets) for slot in bucket[1:] if slot)
    spilled = Counter[int]()
    for conn in live:
        hashed = hash_end(seed, conn)
        first = hashed & (1 << conn.level) - 1
        if not conn.spilled:
            slots[first, slot_of(hashed, conn)] -= 1
            continue
        spilled[first] += 1
        for other, port in whole_keys(director, conn):
            hashed = hash_ends(seed, conn, other, port)
            later, slot = choices(hashed, conn.level), slot_of(hashed, conn)
            taken = next((index for index in later if slots[index, slot]), None)
            assert taken is not None, f"{conn} is missing in the index"
            slots[taken, slot] -= 1
            spilled.update(later[: later.index(taken)])
    assert not any(slots.values()), f"slots of no live connection, or missing: {+slots} {-slots}"
    for index, bucket in enumerate(buckets):
        assert bucket[0] == spilled[index], f"bucket {index} says {bucket[0]} spilled, there are {spilled[index]}"


def whole_keys(director: Director, conn: Conn) -> list[tuple[bytes, int]]:
    """The other ends of a connection: the virtual one and, where answers come by here, the destination.

    Of a companion the destination alone.
    """
    base = conn.dest * layout.DEST_SIZE
    server = director.store.dests.memory[base : base + 16], conn.dport
    if conn.companion is None:
        return [server]
    return [(conn.virtual, conn.vport), *([server] if conn.method is ForwardingMethod.MASQUERADE else [])]


def check_pool(director: Director) -> None:
    """Every number that was ever used lives, rests or is free; none is free twice. The sweeper may be at work."""
    for _ in range(_TRIES):
        before = lives(director)
        free = free_numbers(director)
        assert len(free) == len(set(free)), "a number is free twice"
        after = lives(director)
        if before == after:
            break
    else:
        raise AssertionError("the sweeper never rests")
    idle = [number for number, life in enumerate(after, 1) if not life]
    assert sorted(free) == idle
    assert free_count(director) == len(free)


def lives(director: Director) -> bytes:
    """The life of each number ever used, from 1 on: 0 is free."""
    size = layout.CONN_SIZE
    return director.store.array("conns").memory[size + 45 : (director.conn_high() + 1) * size : size]


def free_numbers(director: Director) -> list[int]:
    """The list of numbers that were given back, in its order."""
    conns = director.store.array("conns").words
    numbers: list[int] = []
    number = director.store.array("pool").words[_POOL_FREE] & _NUMBER
    while number and len(numbers) < director.conn_high():
        numbers.append(number)
        number = conns[number * layout.CONN_SIZE // 4 + _CONN_CONTROL]
    return numbers


def free_count(director: Director) -> int:
    """How many numbers are free, as the head of their list says."""
    words = director.store.array("pool").words
    return (words[_POOL_FREE] >> 24 | words[_POOL_FREE + 1] << 8) & _NUMBER


def read_buckets(director: Director) -> list[tuple[int, ...]]:
    """Each bucket's words: spilled, then its slots."""
    found: list[tuple[int, ...]] = []
    for _, values in director.store.map("buckets").batches():
        found += struct.iter_unpack(f"<{_SLOTS + 1}I", values)
    return found


# The hash of the index, as hash.h has it


def rotate(word: int, bits: int) -> int:
    """Rotate 32 bits to the left."""
    return (word << bits | word >> (32 - bits)) & _WORD


def mix(a: int, b: int, c: int) -> tuple[int, int, int]:
    """The mixing step of lookup3."""
    for bits in (4, 6, 8, 16, 19, 4):
        a = (a - c ^ rotate(c, bits)) & _WORD
        c = c + b & _WORD
        a, b, c = b, c, a
    return a, b, c


def hash_ends(seed: int, conn: Conn, other: bytes, port: int) -> int:
    """64-bit hash of a connection's client end and another end."""
    client, words = struct.unpack("<4I", conn.client), struct.unpack("<4I", other)
    a, b, c = seed & _WORD, seed >> 32, 0xDEADBEEF + conn.protocol & _WORD
    if any(conn.client[:8]) or any(other[:8]):
        for three in (client[:3], words[:3]):
            a, b, c = mix(a + three[0] & _WORD, b + three[1] & _WORD, c + three[2] & _WORD)
    a, b = a + client[3] & _WORD, b + words[3] & _WORD
    return final(a, b, c + (swapped(conn.cport) << 16 | swapped(port)) & _WORD)


def hash_end(seed: int, conn: Conn) -> int:
    """64-bit hash of a connection's client end."""
    client = struct.unpack("<4I", conn.client)
    a, b, c = seed & _WORD, seed >> 32, 0xDEADBEEF + conn.protocol & _WORD
    if any(conn.client[:8]):
        a, b, c = mix(a + client[0] & _WORD, b + client[1] & _WORD, c + client[2] & _WORD)
    return final(a + client[3] & _WORD, b + swapped(conn.cport) & _WORD, c)


def swapped(port: int) -> int:
    """Ports lie in memory in network order and are read as little-endian numbers."""
    return int.from_bytes(port.to_bytes(2, "big"), "little")


def final(a: int, b: int, c: int) -> int:
    """The last step of lookup3."""
    c = ((c ^ b) - rotate(b, 14)) & _WORD
    a = ((a ^ c) - rotate(c, 11)) & _WORD
    b = ((b ^ a) - rotate(a, 25)) & _WORD
    c = ((c ^ b) - rotate(b, 16)) & _WORD
    a = ((a ^ c) - rotate(c, 4)) & _WORD
    b = ((b ^ a) - rotate(a, 14)) & _WORD
    c = ((c ^ b) - rotate(b, 24)) & _WORD
    return int(b << 32 | c)


def slot_of(hashed: int, conn: Conn) -> int:
    """What a slot of a connection holds."""
    return (hashed >> 56 ^ conn.level) << 24 | conn.number


def choices(hashed: int, level: int) -> list[int]:
    """The buckets that a whole key may use at a level, in order."""
    mask = (1 << level) - 1
    index, found = hashed & mask, []
    for _ in range(_LATER_CHOICES):
        found.append(index)
        index = index + ((hashed >> 56) * 0x5BD1E995 | 1) & mask
    return found
