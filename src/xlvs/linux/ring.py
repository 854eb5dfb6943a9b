# SPDX-License-Identifier: Apache-2.0
"""The reading end of a BPF ring buffer whose records all have one size.

The kernel maps it as one page with the consumer's position, one with the producer's, and the data twice in a row, so
that a stretch that goes round is contiguous too (linux/Documentation/bpf/ringbuf.rst).
"""

import mmap
from typing import Final

from xlvs.linux.bpf_map import Map
from xlvs.linux.libbpf import failure

HEADER_SIZE: Final = 8  # of each record: length and flags in the first 4 bytes


class RingReader:
    """Takes records of `record_size` bytes out of `ring`, which stays the caller's. One reader at a time."""

    def __init__(self, ring: Map, record_size: int) -> None:
        self.fd = ring.fd
        self.stride = (HEADER_SIZE + record_size + 7) & ~7
        self._record = record_size
        page = mmap.PAGESIZE
        self._mask = ring.max_entries - 1
        try:
            self._consumer = mmap.mmap(self.fd, page, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
            self._data = mmap.mmap(self.fd, page + 2 * ring.max_entries, mmap.MAP_SHARED, mmap.PROT_READ, offset=page)
        except OSError as error:
            raise failure("mapping a ring buffer", error.errno or 0) from None
        self._taken = memoryview(self._consumer)[:8].cast("Q")
        self._given = memoryview(self._data)[:8].cast("Q")
        self._headers = memoryview(self._data)[page:].cast("I")
        self._start = page

    def fileno(self) -> int:
        """Readable when the producer has woken the reader."""
        return self.fd

    def read(self, most: int) -> bytes:
        """The oldest records, at most so many, each `stride` bytes of which the first HEADER_SIZE are the kernel's."""
        at = self._taken[0]
        ready = min((self._given[0] - at) // self.stride, most)
        if not ready:
            return b""
        first = at & self._mask
        step = self.stride >> 2
        headers = self._headers[first >> 2 : (first >> 2) + ready * step : step].tolist()
        # One that is being written ends what can be taken.
        if headers.count(self._record) != ready:
            ready = next(place for place, header in enumerate(headers) if header != self._record)
            if not ready:
                return b""
        begin = self._start + first
        taken = self._data[begin : begin + ready * self.stride]
        self._taken[0] = at + ready * self.stride
        return taken

    def close(self) -> None:
        """Unmap it."""
        for view in (self._taken, self._given, self._headers):
            view.release()
        self._consumer.close()
        self._data.close()
