# SPDX-License-Identifier: Apache-2.0
"""The real server's end of a tunnel in plain Python: what becomes of one packet that is no fragment.

From the documents: RFC 2003 and 2473 (IP in IP), RFC 2784 (GRE), draft-ietf-intarea-gue, RFC 6040 (ECN).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

IPIP, SIX, GRE, UDP, OPTIONS, FRAGMENT = 4, 41, 47, 17, 60, 44
GUE_REMOTE: Final = 1 << 31
CE: Final = 3
_HEADERS: Final = 256  # what the program looks at


class Judged(NamedTuple):
    """`outcome` is a name of `xlvs.realserver.decap.OUTCOMES`, "" for no tunnel packet; `frame` as it goes on."""

    outcome: str
    frame: bytes


class _Stop(Exception):
    """The packet's way ends with an outcome."""


@dataclass(frozen=True, slots=True)
class End:
    """What the program was told: all types are on."""

    own: frozenset[bytes]
    vips: frozenset[bytes]
    gue_port: int

    def judge(self, frame: bytes) -> Judged:
        """Take the outer headers off, or leave the frame alone."""
        try:
            return Judged("done", frame[:12] + self._inner(frame[14:], int.from_bytes(frame[12:14], "big")))
        except _Stop as stop:
            return Judged(str(stop), frame)

    def _inner(self, ip: bytes, kind: int) -> bytes:
        outer = _outer_ipv4(ip) if kind == 0x0800 else _outer_ipv6(ip) if kind == 0x86DD else None
        if outer is None or outer.protocol not in (IPIP, SIX, GRE, UDP):
            raise _Stop("")
        if outer.destination not in self.own:
            raise _Stop("" if outer.protocol == UDP else "not_own")
        if outer.end > len(ip):
            raise _Stop("")
        start, inner_kind, summed, remote, end = self._between(ip, outer)
        ecn = self._check(ip[:end], start, inner_kind)
        if kind == 0x0800 and not _holds(ip[: outer.start]):
            raise _Stop("drop_checksum")
        if summed is not None and not _holds(summed):
            raise _Stop("drop_checksum")
        whole = _told(ip[start:], inner_kind, outer.ecn, ecn)
        if remote:
            first, place = remote
            value = ~_sum(whole[first : end - start]) & 0xFFFF
            whole = whole[:place] + value.to_bytes(2, "big") + whole[place + 2 :]
        return inner_kind.to_bytes(2, "big") + whole

    def _between(self, ip: bytes, outer: _Outer) -> tuple[int, int, bytes | None, tuple[int, int] | None, int]:
        """Where the inner packet begins, its kind, what a checksum covers, the remote checksum, where it all ends."""
        start, end = outer.start, outer.end
        if outer.protocol == GRE:
            if not _there(ip, start, 4) or int.from_bytes(ip[start : start + 2], "big") & 0x7FFF:
                raise _Stop("")
            summed = ip[start:end] if ip[start] & 0x80 else None
            return (
                start + (4 if summed is None else 8),
                int.from_bytes(ip[start + 2 : start + 4], "big"),
                summed,
                None,
                end,
            )
        if outer.protocol == UDP:
            return self._gue(ip, outer)
        return start, 0x0800 if outer.protocol == IPIP else 0x86DD, None, None, end

    def _gue(self, ip: bytes, outer: _Outer) -> tuple[int, int, bytes | None, tuple[int, int] | None, int]:
        start = outer.start
        if not _there(ip, start, 12) or int.from_bytes(ip[start + 2 : start + 4], "big") != self.gue_port:
            raise _Stop("")
        length = int.from_bytes(ip[start + 4 : start + 6], "big")
        if start + length > outer.end or length < 12:
            raise _Stop("drop_malformed")
        end = start + length
        summed = None
        if any(ip[start + 6 : start + 8]):
            summed = outer.pseudo + UDP.to_bytes(2, "big") + length.to_bytes(2, "big") + ip[start:end]
        head = ip[start + 8 :]
        if head[0] & 0xC0 == 0x40:
            return start + 8, 0x0800 if head[0] >> 4 == 4 else 0x86DD, summed, None, end
        flags = int.from_bytes(head[2:4], "big")
        if head[0] & 0xE0 or flags & ~1:
            raise _Stop("drop_malformed")
        size = 4 + (head[0] & 0x1F) * 4
        remote = _remote(ip, start + 12, start + 8 + size, end) if flags else None
        return start + 8 + size, {IPIP: 0x0800, SIX: 0x86DD}.get(head[1], 0), summed, remote, end

    def _check(self, ip: bytes, start: int, kind: int) -> int:
        """The inner ECN field, when the inner packet is one for us."""
        if kind == 0x0800:
            if not _there(ip, start, 20) or ip[start] >> 4 != 4 or ip[start] & 15 < 5:
                raise _Stop("drop_malformed")
            destination, length = ip[start + 16 : start + 20], int.from_bytes(ip[start + 2 : start + 4], "big")
        elif kind == 0x86DD:
            if not _there(ip, start, 40) or ip[start] >> 4 != 6:
                raise _Stop("drop_malformed")
            destination, length = ip[start + 24 : start + 40], 40 + int.from_bytes(ip[start + 4 : start + 6], "big")
        else:
            raise _Stop("not_vip")
        if destination not in self.vips:
            raise _Stop("not_vip")
        if start + length > len(ip):
            raise _Stop("drop_malformed")
        return ip[start + 1] & 3 if kind == 0x0800 else ip[start + 1] >> 4 & 3


class _Outer(NamedTuple):
    protocol: int
    destination: bytes
    start: int
    end: int
    ecn: int
    pseudo: bytes


def _outer_ipv4(ip: bytes) -> _Outer | None:
    if len(ip) < 20 or ip[0] >> 4 != 4 or ip[0] & 15 < 5:
        return None
    end = int.from_bytes(ip[2:4], "big")
    return _Outer(ip[9], ip[16:20], (ip[0] & 15) * 4, end, ip[1] & 3, ip[12:20])


def _outer_ipv6(ip: bytes) -> _Outer | None:
    if len(ip) < 40 or ip[0] >> 4 != 6:
        return None
    protocol, start, end = ip[6], 40, 40 + int.from_bytes(ip[4:6], "big")
    if protocol == OPTIONS:
        if len(ip) < 48:
            return None
        protocol, start = ip[40], 40 + (ip[41] + 1) * 8
        if start + 14 >= _HEADERS:
            return None
    return _Outer(protocol, ip[24:40], start, end, ip[1] >> 4 & 3, ip[8:40])


def _remote(ip: bytes, options: int, start: int, end: int) -> tuple[int, int] | None:
    """GUE's remote checksum: from where in the inner packet it counts, and where it stands."""
    if start < options + 4 or not _there(ip, options, 8):
        raise _Stop("drop_malformed")
    private = int.from_bytes(ip[options : options + 4], "big")
    if not private:
        return None
    first, place = (int.from_bytes(ip[options + at : options + at + 2], "big") for at in (4, 6))
    if private != GUE_REMOTE or start < options + 8 or place < first or start + place + 2 > end or (first | place) & 1:
        raise _Stop("drop_malformed")
    return first, place


def _told(inner: bytes, kind: int, outer_ecn: int, ecn: int) -> bytes:
    """RFC 6040, figure 4."""
    if outer_ecn == CE and ecn == 0:
        raise _Stop("drop_ecn")
    after = CE if outer_ecn == CE else 1 if (outer_ecn, ecn) == (1, 2) else ecn
    if after == ecn:
        return inner
    if kind == 0x86DD:
        return inner[:1] + bytes((inner[1] & ~0x30 | after << 4,)) + inner[2:]
    changed = inner[:1] + bytes((inner[1] & ~3 | after,)) + inner[2:]
    value = _updated(int.from_bytes(inner[10:12], "big"), inner[:2], changed[:2])
    return changed[:10] + value.to_bytes(2, "big") + changed[12:]


def _updated(check: int, old: bytes, new: bytes) -> int:
    """RFC 1624, equation 3."""
    total = (~check & 0xFFFF) + (~int.from_bytes(old, "big") & 0xFFFF) + int.from_bytes(new, "big")
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _sum(data: bytes) -> int:
    """The one's complement sum (RFC 1071)."""
    total = int.from_bytes(data + bytes(len(data) % 2), "big")
    return total % 0xFFFF or (0xFFFF if total else 0)


def _holds(data: bytes) -> bool:
    return _sum(data) == 0xFFFF


def _there(ip: bytes, start: int, size: int) -> bool:
    """Whether a header is in the packet, and in the part of it that the program looks at."""
    return start + size <= min(len(ip), _HEADERS - 14)
