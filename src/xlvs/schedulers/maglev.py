# SPDX-License-Identifier: Apache-2.0
"""The look-up table of Maglev hashing (mh), as the kernel fills and reads it on 64-bit machines.

Maglev: Eisenbud et al., NSDI 2016, section 3.4. Each destination has a permutation of the table's entries; in rounds,
each takes its next free entries until none is left. Hashes are SipHash-1-3 (Aumasson and Bernstein) cut to 32 bits.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, NamedTuple

from xlvs.schedulers.source_hash import fold_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TABLE_SIZE = 4093  # a prime, so that every step visits every entry

_FIRST_KEY = 2654435761
_SECOND_KEY = 2654446892
_TURN_BITS = 6  # weights are scaled down to at most this many bits, so that a round stays short
_MASK_32 = 0xFFFFFFFF
_MASK_64 = 0xFFFFFFFFFFFFFFFF


class Member(NamedTuple):
    """A destination as mh sees it: packed address, port, and the last weight that was not 0.

    `last_weight` is 0 for one that was added without weight and never got one: it has no entries.
    """

    address: bytes
    port: int
    last_weight: int


def build(members: Sequence[Member]) -> list[int]:
    """The table: for each of the `TABLE_SIZE` entries the place in `members` of the destination that has it.

    `members` is newest first. Empty if nobody has weight.
    """
    turns = turns_per_round([member.last_weight for member in members])
    if not any(turns):
        return []
    walks = [_entries(member) for member in members]
    table = [-1] * TABLE_SIZE
    left = TABLE_SIZE
    while True:
        for place, count in enumerate(turns):
            for _ in range(count):
                table[next(entry for entry in walks[place] if table[entry] < 0)] = place
                left -= 1
                if left == 0:
                    return table


def turns_per_round(weights: Sequence[int]) -> list[int]:
    """Entries that each destination takes per round: its weight over the common divisor, scaled down if large."""
    step = gcd(*weights)
    if step == 0:
        return [0] * len(weights)
    shift = max(0, (max(weights) // step).bit_length() - _TURN_BITS)
    return [max(1, weight // step >> shift) if weight else 0 for weight in weights]


def entry_of(address: bytes, port: int = 0, offset: int = 0) -> int:
    """Entry of a client's address; `port` is its port with mh-port, else 0; `offset` is what mh-fallback adds."""
    return _hash(_FIRST_KEY, fold_address(address) + port + offset) % TABLE_SIZE


def fallback_entries(address: bytes, port: int = 0) -> Iterator[int]:
    """Entries that mh-fallback tries, in order, once that of the address has no usable destination."""
    first = entry_of(address, port)
    return (entry_of(address, port, (first + step) % TABLE_SIZE) for step in range(TABLE_SIZE))


def _entries(member: Member) -> Iterator[int]:
    """A destination's permutation of the entries, once round."""
    number = fold_address(member.address) + member.port
    offset = _hash(_FIRST_KEY, number) % TABLE_SIZE
    skip = _hash(_SECOND_KEY, number) % (TABLE_SIZE - 1) + 1
    return ((offset + turn * skip) % TABLE_SIZE for turn in range(TABLE_SIZE))


def _hash(key: int, number: int) -> int:
    """SipHash-1-3 of a 32-bit number's four bytes under a key whose halves are equal, low 32 bits."""
    state = [
        key ^ 0x736F6D6570736575,
        key ^ 0x646F72616E646F6D,
        key ^ 0x6C7967656E657261,
        key ^ 0x7465646279746573,
    ]
    # Four bytes are less than a block: they share the last one with the length in its top byte.
    block = 4 << 56 | number & _MASK_32
    state[3] ^= block
    _round(state)
    state[0] ^= block
    state[2] ^= 0xFF
    for _ in range(3):
        _round(state)
    return (state[0] ^ state[1] ^ state[2] ^ state[3]) & _MASK_32


def _round(state: list[int]) -> None:
    first, second, third, fourth = state
    first = first + second & _MASK_64
    second = _rotate(second, 13) ^ first
    first = _rotate(first, 32)
    third = third + fourth & _MASK_64
    fourth = _rotate(fourth, 16) ^ third
    first = first + fourth & _MASK_64
    fourth = _rotate(fourth, 21) ^ first
    third = third + second & _MASK_64
    second = _rotate(second, 17) ^ third
    third = _rotate(third, 32)
    state[:] = first, second, third, fourth


def _rotate(word: int, bits: int) -> int:
    return (word << bits | word >> 64 - bits) & _MASK_64
