# SPDX-License-Identifier: Apache-2.0
"""The programs of a lab's faults and captures on single packets: which ones they are about, and what is by chance."""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING, Final

import pytest

from xlvs.ipvs.objects import object_path
from xlvs.lab import match
from xlvs.linux.bpf import Object

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

_NEXT, _LOST = -1, 2  # TC_ACT_UNSPEC, TC_ACT_SHOT
_CERTAIN: Final = 1 << 32
_ETHERNET: Final = bytes.fromhex("020000000102020000000101")
_PORTS: Final = struct.pack(">HH", 1234, 80) + bytes(16)
_ALWAYS: Final = struct.pack("=9Q", (1 << 64) - 1, *[0] * 8)


def ipv4(protocol: int, payload: bytes, *, fragment: int = 0, options: bytes = b"") -> bytes:
    """A frame from 10.0.0.1 to 10.1.0.2."""
    size = 20 + len(options)
    head = struct.pack(">BBHHHBBH", 0x40 | size // 4, 0, size + len(payload), 1, fragment, 64, protocol, 0)
    return _ETHERNET + b"\x08\x00" + head + bytes((10, 0, 0, 1, 10, 1, 0, 2)) + options + payload


def ipv6(protocol: int, payload: bytes) -> bytes:
    """A frame from 2001:db8::1 to 2001:db8:1::2."""
    ends = (ipaddress.ip_address(text).packed for text in ("2001:db8::1", "2001:db8:1::2"))
    head = struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64)
    return _ETHERNET + b"\x86\xdd" + head + b"".join(ends) + payload


TCP4: Final = ipv4(6, _PORTS)
TCP6: Final = ipv6(6, _PORTS)
TAGGED: Final = _ETHERNET + b"\x81\0\0\x2a" + TCP4[12:]
ARP: Final = (
    _ETHERNET + b"\x08\x06" + struct.pack(">HHBBH", 1, 0x800, 6, 4, 1) + bytes(6) + b"\n\0\0\1" + bytes(6) + b"\n\1\0\2"
)


def loaded(words: str, *, lose: int = _CERTAIN, seed: int = 0) -> AbstractContextManager[Object]:
    """The fault's programs, which lose what fits."""
    opened = Object.open(object_path("fault"))
    settings = struct.pack("=4Q4I", seed, lose, 0, 0, 1, 0, 0x786C0001, 0)
    opened.set_constants({"settings": settings, "terms": match.pack(match.parse([words]))})
    opened.load()
    opened.map("fault_states").update(bytes(4), _ALWAYS)
    return opened


@pytest.mark.parametrize(
    ("words", "frame", "fits"),
    [
        ("", b"\xff" * 60, True),
        ("tcp", TCP4, True),
        ("tcp", TCP6, True),
        ("udp", TCP4, False),
        ("not udp", TCP4, True),
        ("not tcp", TCP4, False),
        ("ip", TCP4, True),
        ("ip", TCP6, False),
        ("ip6", TCP6, True),
        ("arp", ARP, True),
        ("arp host 10.1.0.2", ARP, True),
        ("proto 6", TCP4, True),
        ("port 80", TCP4, True),
        ("src port 80", TCP4, False),
        ("src port 1234 dst port 80", TCP6, True),
        ("port 80", ipv4(6, _PORTS, options=bytes((1,) * 8)), True),
        ("port 80", ipv4(6, _PORTS, fragment=0x2000), True),
        ("port 80", ipv4(6, _PORTS, fragment=185), False),
        ("tcp", ipv4(6, _PORTS, fragment=185), True),
        ("port 80", ipv4(1, _PORTS), False),
        ("not port 80", ARP, True),
        ("tcp port 80", TAGGED, True),
        ("host 10.0.0.1", TCP4, True),
        ("dst host 10.0.0.1", TCP4, False),
        ("src net 10.0.0.0/15 dst net 10.1.0.0/16", TCP4, True),
        ("src net 10.1.0.0/16", TCP4, False),
        ("net 0.0.0.0/0", TCP6, False),
        ("src net 2001:db8::/48 dst net 2001:db8:1::/48", TCP6, True),
        ("net 2001:db8:2::/47", TCP6, False),
        ("dst host 2001:db8:1::2", TCP6, True),
        ("tcp port 80", ipv6(0, bytes((43, 0)) + bytes(6) + bytes((6, 1)) + bytes(14) + _PORTS), True),
        ("tcp port 80", ipv6(44, bytes((6, 0, 0, 1)) + bytes(4) + _PORTS), True),
        ("tcp", ipv6(44, bytes((6, 0, 0, 8)) + bytes(4) + _PORTS), True),
        ("port 80", ipv6(44, bytes((6, 0, 0, 8)) + bytes(4) + _PORTS), False),
        ("ether host 02:00:00:00:01:01", TCP4, True),
        ("ether src host 02:00:00:00:01:02", TCP4, False),
        ("port 80", ipv4(6, b"\0\0"), False),
    ],
)
def test_a_fault_is_about_what_its_filter_says(words: str, frame: bytes, fits: bool) -> None:
    """And about nothing else."""
    with loaded(words) as opened:
        outcome = opened.program("fault").test_run(frame)

    assert outcome.retval == (_LOST if fits else _NEXT)
    assert outcome.data == frame


def finalized(z: int) -> int:
    """The finalizer of splitmix64."""
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & (1 << 64) - 1
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & (1 << 64) - 1
    return z ^ z >> 31


def expected(seed: int, lose: int) -> Iterator[int]:
    """What becomes of the packets in turn, computed apart."""
    for packet in range(200):
        chance = finalized(seed + (packet * 4 + 1) * 0x9E3779B97F4A7C15 & (1 << 64) - 1) >> 32
        yield _LOST if chance < lose else _NEXT


@pytest.mark.parametrize("seed", [0, 7, 0xFFFFFFFF])
def test_which_packets_are_lost_depends_on_seed_and_number_alone(seed: int) -> None:
    """The n-th that fits; others do not count."""
    lose = _CERTAIN // 5
    with loaded("tcp", lose=lose, seed=seed) as opened:
        program = opened.program("fault")
        outcomes = []
        for _ in range(200):
            outcomes.append(program.test_run(TCP4).retval)
            assert program.test_run(ARP).retval == _NEXT

    assert outcomes == list(expected(seed, lose))
    assert 20 < outcomes.count(_LOST) < 60


def test_a_program_does_nothing_once_its_process_is_gone() -> None:
    """When the time is over that the process puts off."""
    with loaded("") as opened:
        opened.map("fault_states").update(bytes(4), struct.pack("=9Q", 1, *[0] * 8))

        assert opened.program("fault").test_run(TCP4).retval == _NEXT


@pytest.mark.parametrize(("mark", "after"), [(0x786C0001, 0), (0x786C0002, 0x786C0002)])
def test_a_packet_that_was_here_before_passes_and_loses_its_own_mark(mark: int, after: int) -> None:
    """That of another fault stays, for its own program."""
    context = bytearray(192)
    struct.pack_into("=I", context, 8, mark)  # __sk_buff.mark
    with loaded("") as opened:
        outcome = opened.program("fault").test_run(TCP4, context=bytes(context))

    assert outcome.retval == _NEXT
    assert struct.unpack_from("=I", outcome.context, 8) == (after,)


@pytest.mark.parametrize(("words", "mark", "kept"), [("tcp", 0, True), ("udp", 0, False), ("tcp", 0x786C0001, False)])
def test_a_capture_keeps_whole_what_fits_and_was_not_here_before(words: str, mark: int, kept: bool) -> None:
    """The same terms as a fault's."""
    context = bytearray(192)
    struct.pack_into("=I", context, 8, mark)
    with Object.open(object_path("capture")) as opened:
        opened.set_constants({"terms": match.pack(match.parse([words]))})
        opened.load()
        program = opened.program("capture")
        # What is run so begins behind the first Ethernet header, as it never does at a packet socket.
        outcome = program.test_run(bytes(14) + TCP4, context=bytes(context) if mark else b"")

    assert outcome.retval == (-1 if kept else 0)
