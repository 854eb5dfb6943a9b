# SPDX-License-Identifier: Apache-2.0
"""The program of a real server's end of a tunnel, told of two virtual addresses and two of its own."""

from __future__ import annotations

import struct
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from tests.progrun import tunnels
from tests.progrun.packets import TCP, Packet, end
from tests.progrun.runner import Runner
from xlvs.ipvs.objects import object_path
from xlvs.linux.bpf import Object
from xlvs.realserver.decap import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.linux.bpf import Map

PASSED, NEXT, DROPPED = 0, 0xFFFFFFFF, 2
INNER_MTU: Final = 1460
DIRECTOR, OWN, OTHER = (ip_address(f"192.0.2.{host}").packed for host in (1, 2, 3))
DIRECTOR6, OWN6 = (ip_address(f"2001:db8:2::{host}").packed for host in (1, 2))
REQUEST: Final = Packet(end("198.51.100.7:40001"), end("203.0.113.1:80"), TCP, data=b"GET / HTTP/1.1")
REQUEST6: Final = Packet(end("[2001:db8:7::7]:40001"), end("[2001:db8::1]:80"), TCP, data=b"odd length")


class Decap:
    """The program with its tables, for packets one by one."""

    def __init__(self, loaded: Object) -> None:
        self._runner = Runner(loaded.program("decap"))
        self._answer = Runner(loaded.program("answer"))
        self._counts: Map = loaded.map("decap_counts")
        self._counted = self._read()

    def run(self, frame: bytes) -> tuple[int, bytes, dict[str, int]]:
        """Return value, the frame as it was left, and what was counted for it."""
        code, after = self._runner.run(frame, b"")
        before, self._counted = self._counted, self._read()
        return code & 0xFFFFFFFF, after, {name: 1 for name in OUTCOMES if self._counted[name] != before[name]}

    def answer(self, frame: bytes) -> bytes:
        """A packet of the host on its way out."""
        code, after = self._answer.run(frame, b"")
        assert code & 0xFFFFFFFF == NEXT
        return after

    def _read(self) -> dict[str, int]:
        values = [self._counts.lookup_cpus(number.to_bytes(4, "little")) or [] for number in range(len(OUTCOMES))]
        return {
            name: sum(int.from_bytes(each, "little") for each in value)
            for name, value in zip(OUTCOMES, values, strict=True)
        }


@contextmanager
def loaded() -> Iterator[Decap]:
    """All types are on, two virtual addresses and two own ones are known."""
    with Object.open(object_path("decap")) as made:
        made.load()
        settings = struct.pack("=I2sH", 7, tunnels.GUE_PORT.to_bytes(2, "big"), INNER_MTU)
        made.map("decap_settings").update(bytes(4), settings)
        for name, addresses in (
            ("decap_vips", (REQUEST.destination[0], REQUEST6.destination[0])),
            ("decap_own", (OWN, OWN6)),
        ):
            for address in addresses:
                made.map(name).update(mapped(address), bytes(4))
        yield Decap(made)


def mapped(address: bytes) -> bytes:
    """An address in the form of the tables."""
    return bytes(10) + b"\xff\xff" + address if len(address) == 4 else address
