# SPDX-License-Identifier: Apache-2.0
"""Whether what a program did with a frame is allowed, whatever the frame was."""

from __future__ import annotations

from typing import NamedTuple

from tests.fuzz.sctp import SCTP, error_of
from tests.progrun.director import TC_OK, TC_REDIRECT, TC_SHOT, XDP_DROP, XDP_PASS, XDP_REDIRECT, XDP_TX
from tests.progrun.packets import ICMP, ICMPV6, TCP, UDP, is_sound, pseudo_header

TC_ACTIONS = frozenset((TC_OK, TC_SHOT, TC_REDIRECT))
XDP_ACTIONS = frozenset((XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT))
_SENT = {True: frozenset((XDP_TX, XDP_REDIRECT)), False: frozenset((TC_REDIRECT,))}
_ETHERNET = 14
_IPSEC = (50, 51)
DIRECT = 83  # the port of services that forward packets as they are


class Shape(NamedTuple):
    """Where the layer-4 header begins and the IP packet ends in the frame; `part` 0 whole, 1 first, 2 later fragment."""

    ipv4: bool
    protocol: int
    layer4: int
    stop: int
    part: int


def judge(frame: bytes, action: int, after: bytes, *, xdp: bool) -> str:
    """What happened in a word; AssertionError when it must not."""
    assert action in (XDP_ACTIONS if xdp else TC_ACTIONS), f"returned {action}"
    if action == (XDP_PASS if xdp else TC_OK):
        assert after == frame, "passed on, but changed"
        return "passed"
    if action not in _SENT[xdp]:
        return "dropped"
    shape = shape_of(frame)
    if is_answer(frame, after):
        assert not xdp, "answered in XDP"
        judge_answer(frame, after)
        return "answered"
    judge_translation(frame, after, shape, xdp=xdp)
    return "sent"


def shape_of(frame: bytes) -> Shape:
    """Read a frame that the programs sent on, so that its headers must be there."""
    if frame[12:14] == b"\x08\x00":
        assert frame[14] >> 4 == 4
        bits = int.from_bytes(frame[20:22], "big")
        part = 2 if bits & 0x1FFF else 1 if bits & 0x2000 else 0
        stop = _ETHERNET + int.from_bytes(frame[16:18], "big")
        return Shape(True, frame[23], _ETHERNET + (frame[14] & 15) * 4, stop, part)
    assert frame[12:14] == b"\x86\xdd"
    assert frame[14] >> 4 == 6
    protocol, place, part = frame[20], 54, 0
    while protocol in (0, 43, 44, 51, 60):
        following = frame[place]
        if protocol == 44:
            bits = int.from_bytes(frame[place + 2 : place + 4], "big")
            part = part if not bits & 0xFFF9 else 2 if bits & 0xFFF8 else 1
            place += 8
        else:
            place += (frame[place + 1] + 2) * 4 if protocol == 51 else (frame[place + 1] + 1) * 8
        protocol = following
        if part == 2:
            break
    return Shape(False, protocol, place, 54 + int.from_bytes(frame[18:20], "big"), part)


def is_answer(frame: bytes, after: bytes) -> bool:
    """Whether a frame is the director's own ICMP error about another: back to its sender, quoting it."""
    if frame[12:14] != after[12:14]:
        return False
    if after[14] >> 4 == 4:
        return after[23] == ICMP and after[30:34] == frame[26:30] and after[26:30] == frame[30:34] and after[15] == 0xC0
    return after[20] == ICMPV6 and after[38:54] == frame[22:38] and after[22:38] == frame[38:54] and after[21] == 64


def judge_answer(frame: bytes, after: bytes) -> None:
    """The error is sound, and quotes what came; one about the MTU quotes it with one hop less to live."""
    assert is_sound(after), "an ICMP error with a wrong checksum"
    head = 28 if after[14] >> 4 == 4 else 48
    room = (576 if head == 28 else 1280) - head
    quote = after[_ETHERNET + head :]
    assert len(quote) == min(room, shape_of(frame).stop - _ETHERNET), "a quote of another length"
    original = bytearray(frame[_ETHERNET : _ETHERNET + len(quote)])
    if after[_ETHERNET + head - 8 : _ETHERNET + head - 6] in (b"\x03\x04", b"\x02\x00"):
        place = 8 if head == 28 else 7
        original[place] -= 1
        if head == 28:
            assert congruent(bytes(original[:20]), frame[14:34], difference=0x100), "TTL in the quote"
            original[10:12] = quote[10:12]
    assert quote == original, "a quote of something else"


def has_outer_end_already(frame: bytes, after: bytes, shape: Shape) -> bool:
    """An error from the virtual address itself, or to the destination's: the quote's new end is the outer one that stays."""
    size, first = (4, 12) if shape.ipv4 else (16, 8)
    outer, quote = _ETHERNET + first, shape.layer4 + 8 + first
    source, target = (after[quote + side * size : quote + (side + 1) * size] for side in (0, 1))
    source_changed = source != frame[quote : quote + size]
    target_changed = target != frame[quote + size : quote + 2 * size]
    if target_changed and not source_changed:
        return frame[outer : outer + size] == after[outer : outer + size] == target
    return (
        source_changed
        and not target_changed
        and frame[outer + size : outer + 2 * size] == after[outer + size : outer + 2 * size] == source
    )


def judge_translation(frame: bytes, after: bytes, shape: Shape, *, xdp: bool) -> None:
    """The way, one hop less, one end; checksums as right or wrong as before; nothing else."""
    assert len(after) == len(frame), "another length"
    ttl = 22 if shape.ipv4 else 21
    hops = 0 if is_delivered(after) else 1
    assert after[ttl] == frame[ttl] - hops >= hops, "TTL"
    size, first = (4, 26) if shape.ipv4 else (16, 22)
    changed = [after[place : place + size] != frame[place : place + size] for place in (first, first + size)]
    icmp = shape.protocol == (ICMP if shape.ipv4 else ICMPV6)
    if not any(changed) and may_be_direct(frame, shape, icmp=icmp):
        same = {*range(12), ttl, *((24, 25) if shape.ipv4 else ())}
        assert not shape.ipv4 or congruent(frame[14 : shape.layer4], after[14 : shape.layer4]), "IP checksum"
        assert differences(frame, after) <= same or icmp, "forwarded as it is, but changed"
        if differences(frame, after) <= same:
            return
    assert sum(changed) == 1 or (icmp and has_outer_end_already(frame, after, shape)), "both ends, or none"
    free = {*range(12), ttl, *range(first, first + 2 * size)}
    if shape.ipv4:
        free.update((24, 25))
        assert congruent(frame[14 : shape.layer4], after[14 : shape.layer4]), "IP checksum"
    if icmp:
        free.update(judge_quote(frame, after, shape))
    elif shape.part != 2 and shape.protocol not in _IPSEC:
        port = shape.layer4 + (2 if changed[1] else 0)
        free.update((port, port + 1))
        free.update(judge_sum(frame, after, shape, xdp=xdp))
    assert differences(frame, after) <= free, f"changed at {sorted(differences(frame, after) - free)}"


def is_delivered(after: bytes) -> bool:
    """Whether it went to the director itself, by the loopback interface, whose hardware addresses are zero."""
    return after[:12] == bytes(12)


def differences(frame: bytes, after: bytes) -> set[int]:
    """The places that are not the same."""
    return {place for place, (old, new) in enumerate(zip(frame, after, strict=True)) if old != new}


def may_be_direct(frame: bytes, shape: Shape, *, icmp: bool) -> bool:
    """Whether a packet may belong to a service that forwards as it is: an error may, and what shows no port."""
    port = int.from_bytes(frame[shape.layer4 + 2 : shape.layer4 + 4], "big")
    return icmp or shape.part == 2 or port == DIRECT


def judge_sum(frame: bytes, after: bytes, shape: Shape, *, xdp: bool) -> set[int]:
    """The layer-4 checksum: the sum over it and what it covers is as before. Returns where it stands."""
    if shape.protocol == SCTP:
        return judge_crc(frame, after, shape)
    place = shape.layer4 + (16 if shape.protocol == TCP else 6)
    if shape.protocol == UDP and frame[place : place + 2] == bytes(2):
        told = int.from_bytes(frame[shape.layer4 + 4 : shape.layer4 + 6], "big")
        if xdp or shape.part:
            assert after[place : place + 2] == bytes(2), "a checksum from nowhere"
        elif told == shape.stop - shape.layer4:
            assert not total(after, shape) % 0xFFFF, "the checksum that was filled in"
    else:
        assert (total(frame, shape) - total(after, shape)) % 0xFFFF == 0, "layer-4 checksum"
        assert shape.protocol != UDP or after[place : place + 2] != bytes(2), "a UDP checksum became none"
    return {place, place + 1}


def judge_crc(frame: bytes, after: bytes, shape: Shape) -> set[int]:
    """SCTP's checksum: that of a whole packet is as right or wrong as before, an empty one stays empty."""
    place = shape.layer4 + 8
    if frame[place : place + 4] == bytes(4):
        assert after[place : place + 4] == bytes(4), "a checksum from nowhere"
    elif not shape.part:
        before, now = (error_of(each[shape.layer4 : shape.stop]) for each in (frame, after))
        assert before == now, "SCTP checksum"
    return set(range(place, place + 4))


def total(frame: bytes, shape: Shape) -> int:
    """The number whose remainder by 65535 is the sum of pseudo-header and layer-4 bytes."""
    ends = (frame[26:30], frame[30:34]) if shape.ipv4 else (frame[22:38], frame[38:54])
    data = pseudo_header(*ends, shape.protocol, shape.stop - shape.layer4) + frame[shape.layer4 : shape.stop]
    return int.from_bytes(data + bytes(len(data) % 2), "big")


def judge_quote(frame: bytes, after: bytes, shape: Shape) -> set[int]:
    """An ICMP error that was translated: its checksum, the quote's header. Returns what may differ."""
    start, stop = shape.layer4, shape.stop
    if shape.ipv4:
        assert congruent(frame[start:stop], after[start:stop]), "ICMP checksum"
    else:
        assert (total(frame, shape) - total(after, shape)) % 0xFFFF == 0, "ICMPv6 checksum"
    quote = start + 8
    free = {start + 2, start + 3}
    if shape.ipv4:
        inner = quote + (frame[quote] & 15) * 4
        assert congruent(frame[quote:inner], after[quote:inner]), "checksum of the quoted header"
        return free | {quote + 10, quote + 11, *range(quote + 12, quote + 20), *range(inner, inner + 4)}
    return free | {*range(quote + 8, quote + 40), *range(quote + 40, quote + 44)}


def congruent(one: bytes, other: bytes, *, difference: int = 0) -> bool:
    """Whether two stretches have the same Internet checksum."""
    numbers = (int.from_bytes(each + bytes(len(each) % 2), "big") for each in (one, other))
    return (next(numbers) - next(numbers) + difference) % 0xFFFF == 0
