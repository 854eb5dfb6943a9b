# SPDX-License-Identifier: Apache-2.0
"""Entries become messages, cut as the kernel cuts them."""

from __future__ import annotations

from struct import Struct
from typing import Final

from xlvs.syncwire.entry import IPV4_SIZE, IPV6_SIZE, former, narrow

HEADER_V1: Final = Struct(">BBHBBH")  # 0, syncid, size, count, 1, 0
HEADER_V0: Final = Struct(">BBH")  # count, syncid, size
MOST_ENTRIES: Final = 255  # what the header's count can say
_ENTRY_V0_SIZE: Final = 24


class Builder:
    """One message at a time. `sealed`: bytes that are kept free at a message's end.

    A message that is full moves to `ready`; `begun` is the time that was given with the first entry of the one that is
    not, None while it is empty.
    """

    def __init__(self, syncid: int, maxlen: int, sealed: int = 0) -> None:
        self.ready: list[bytes] = []
        self.begun: float | None = None
        self._syncid = syncid
        self._maxlen = maxlen
        self._sealed = sealed
        self._version = 1
        self._parts: list[bytes] = []
        self._length = 0
        self._limit = 0
        self._count = 0

    def add(self, wide: bytes, options: bytes, version: int, now: float) -> None:
        """One entry, for a message of this version. IPv6 has no place in version 0 and is left out there."""
        if not version:
            if not wide[0]:
                self._put(former(wide), 0, now)
            return
        body = narrow(wide)
        if options:
            size = len(body) + len(options)
            body = body[:2] + size.to_bytes(2, "big") + body[4:] + options
        self._put(body, 1, now)

    def add_plain(self, records: bytes, stride: int, start: int, now: float) -> None:
        """Many entries without options for version 1: 72 bytes each, every `stride` bytes from `start` on."""
        for at in range(start, len(records), stride):
            if records[at]:
                body, size = records[at : at + IPV6_SIZE], IPV6_SIZE
            else:
                body = (
                    records[at : at + 24]
                    + records[at + 36 : at + 40]
                    + records[at + 52 : at + 56]
                    + records[at + 68 : at + 72]
                )
                size = IPV4_SIZE
            length = self._length
            if 0 < self._count < MOST_ENTRIES and self._version and length + size <= self._limit and not length & 3:
                self._parts.append(body)
                self._length = length + size
                self._count += 1
            else:
                self._put(body, 1, now)

    def flush(self) -> None:
        """What is there is a message, full or not."""
        if not self._count:
            return
        if self._sealed and self._version and self._length & 3:  # the seal begins where a further entry would
            self._parts.append(bytes(-self._length & 3))
            self._length += -self._length & 3
        if self._version:
            header = HEADER_V1.pack(0, self._syncid, self._length + self._sealed, self._count, 1, 0)
        else:
            header = HEADER_V0.pack(self._count, self._syncid, self._length + self._sealed)
        self.ready.append(header + b"".join(self._parts))
        self._parts, self._count, self.begun = [], 0, None

    def take(self) -> list[bytes]:
        """The messages that are ready, for their seals."""
        taken, self.ready = self.ready, []
        return taken

    def _put(self, body: bytes, version: int, now: float) -> None:
        pad = -self._length & 3 if version else 0
        if self._count and (
            version != self._version or self._length + pad + len(body) > self._limit or self._count == MOST_ENTRIES
        ):
            self.flush()
        if not self._count:
            self._begin(len(body), version, now)
            pad = 0
        if pad:
            self._parts.append(bytes(pad))
        self._parts.append(body)
        self._length += pad + len(body)
        self._count += 1

    def _begin(self, first: int, version: int, now: float) -> None:
        """A message always holds its first entry, however short it was to be."""
        header = HEADER_V1.size if version else HEADER_V0.size
        self._version = version
        self._length = header
        self._limit = max(header + first, self._maxlen - self._sealed)
        self.begun = now


def empty(syncid: int, sealed: int) -> bytes:
    """A message of no entries, of which the seal is all: the kernel's daemon takes it for an ordinary one."""
    return HEADER_V1.pack(0, syncid, HEADER_V1.size + sealed, 0, 1, 0)
