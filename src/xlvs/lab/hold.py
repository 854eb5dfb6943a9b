# SPDX-License-Identifier: Apache-2.0
"""Packets that are held for a while, and may be damaged meanwhile. No I/O and no clock here.

A packet has its struct virtio_net_hdr before it, as a tap device gives it.
"""

from __future__ import annotations

import heapq
import random
from typing import Final

BYTES_MAX: Final = 64 << 20
_FLAGS, _GSO_TYPE = 0, 1  # in virtio_net_hdr
_HEADS: Final = 10 + 14  # virtio_net_hdr, Ethernet


class Hold:
    """Packets on their way, each until `delay_s` and up to `jitter_s` more or less have passed. Times are in seconds.

    With jitter, packets may overtake each other. The same seed makes the same differences.
    """

    def __init__(self, delay_s: float, jitter_s: float, seed: int, bytes_max: int = BYTES_MAX) -> None:
        self._delay_s = delay_s
        self._jitter_s = jitter_s
        self._random = random.Random(seed)
        self._bytes_max = bytes_max
        self._bytes = 0
        self._count = 0
        self._waiting: list[tuple[float, int, bytes]] = []

    def damage(self, frame: bytes) -> bytes:
        """The packet with one bit turned, behind its Ethernet header, so that its receiver notices by a checksum.

        A checksum that was left to a device is neither computed nor looked at within one host: it is declared to be there.
        A large packet's would be made anew where it is cut, so nothing is left of it, as its receiver would have it.
        """
        if frame[_GSO_TYPE]:
            return b""
        place = self._random.randrange(_HEADS, len(frame)) if len(frame) > _HEADS else 0
        changed = bytearray(frame)
        changed[place] ^= 1 << self._random.randrange(8)
        changed[_FLAGS] = 0
        return bytes(changed)

    def is_hit(self, chance: float) -> bool:
        """Whether something of this chance happens, now."""
        return chance > 0 and self._random.random() < chance

    def add(self, frame: bytes, now: float) -> bool:
        """Hold a packet; False when too much is held already, and it is lost."""
        self._count += 1
        jitter = self._random.uniform(-self._jitter_s, self._jitter_s) if self._jitter_s else 0.0
        if self._bytes + len(frame) > self._bytes_max:
            return False
        self._bytes += len(frame)
        heapq.heappush(self._waiting, (now + max(self._delay_s + jitter, 0.0), self._count, frame))
        return True

    def next_due(self) -> float | None:
        """When the next one is to go."""
        return self._waiting[0][0] if self._waiting else None

    def due(self, now: float) -> list[bytes]:
        """Those whose time has come, in their order."""
        frames = []
        while self._waiting and self._waiting[0][0] <= now:
            frames.append(heapq.heappop(self._waiting)[2])
            self._bytes -= len(frames[-1])
        return frames

    def rest(self) -> list[bytes]:
        """All that are held, in their order; nothing is held after."""
        return self.due(float("inf"))
