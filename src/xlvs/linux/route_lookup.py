# SPDX-License-Identifier: Apache-2.0
"""What the host's routing says of one packet, without a packet (rtnetlink's RTM_GETROUTE, as `ip route get` asks)."""

from __future__ import annotations

import struct
import sys
from errno import EACCES, EHOSTUNREACH, EINVAL, ENETUNREACH, EXDEV
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.linux.netlink import RTM_GETROUTE, Route, attribute, attributes, u32
from xlvs.model.errors import KernelError

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADER: Final = struct.Struct("=BBBBBBBBI")
_DST, _SRC, _IIF, _OIF, _GATEWAY, _MARK, _VIA = 1, 2, 3, 4, 5, 16, 18
_IP_PROTOCOL, _SPORT, _DPORT = 27, 28, 29
_TYPE_LOCAL: Final = 2
_TCP, _UDP = 6, 17
_REFUSALS: Final[Mapping[int, str]] = {
    ENETUNREACH: "no route",
    EHOSTUNREACH: "a route says unreachable, or this host does not forward",
    EACCES: "a route says prohibit",
    EINVAL: "a route says blackhole",
    EXDEV: "its source is not one that may come in there",
}
_TYPES: Final[Mapping[int, str]] = {
    6: "a route says blackhole",
    7: "a route says unreachable",
    8: "a route says prohibit",
}


class Flow(NamedTuple):
    """What routing looks at: packed addresses, protocol, ports (0: none), TOS, netfilter's mark.

    `came_by`: number of the interface of arrival, 0 for what the host itself sends.
    """

    source: bytes
    destination: bytes
    protocol: int = 0
    sport: int = 0
    dport: int = 0
    tos: int = 0
    mark: int = 0
    came_by: int = 0


class Found(NamedTuple):
    """A route: whether it ends on this host, interface (number), gateway (packed, empty: it is on the link).

    `refusal`: why there is none, in words.
    """

    local: bool = False
    ifindex: int = 0
    gateway: bytes = b""
    refusal: str = ""


def find(flow: Flow) -> Found:
    """Ask the kernel. What it refuses is an answer, too."""
    bits = len(flow.destination) * 8
    family = 2 if bits == 32 else 10
    header = _HEADER.pack(family, bits, bits if any(flow.source) else 0, flow.tos, 0, 0, 0, 0, 0)
    asked = attribute(_DST, flow.destination)
    if any(flow.source):
        asked += attribute(_SRC, flow.source)
    asked += _ports(flow)
    for kind, value in ((_IIF, flow.came_by), (_MARK, flow.mark)):
        if value:
            asked += attribute(kind, value.to_bytes(4, sys.byteorder))
    try:
        with Route() as route:
            answer = route.get(RTM_GETROUTE, header + asked)
    except KernelError as error:
        if error.errno not in _REFUSALS:
            raise
        return Found(refusal=_REFUSALS[error.errno])
    return _parse(answer)


def _ports(flow: Flow) -> bytes:
    """For rules by protocol and port; of other protocols the kernel refuses the question."""
    if flow.protocol not in (_TCP, _UDP) or not (flow.sport and flow.dport):
        return b""
    ports = attribute(_SPORT, flow.sport.to_bytes(2, "big")) + attribute(_DPORT, flow.dport.to_bytes(2, "big"))
    return attribute(_IP_PROTOCOL, bytes((flow.protocol,))) + ports


def _parse(answer: bytes) -> Found:
    _, _, _, _, _, _, _, kind, _ = _HEADER.unpack_from(answer)
    found = attributes(answer[_HEADER.size :])
    if kind in _TYPES:
        return Found(refusal=_TYPES[kind])
    gateway = found.get(_GATEWAY) or found.get(_VIA, b"")[2:]
    return Found(kind == _TYPE_LOCAL, u32(found.get(_OIF)), gateway)
