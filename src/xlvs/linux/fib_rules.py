# SPDX-License-Identifier: Apache-2.0
"""Rules of the routing policy (ip-rule(8)): listed, added, deleted."""

from __future__ import annotations

import struct
import sys
from typing import Final, NamedTuple

from xlvs.linux.netlink import (
    NLM_F_CREATE,
    NLM_F_EXCL,
    RTM_DELRULE,
    RTM_GETRULE,
    RTM_NEWRULE,
    Route,
    attribute,
    attributes,
    text,
    u32,
)

LOCAL_TABLE: Final = 255
TO_TABLE, GOTO = 1, 2  # what a rule does

_HEADER: Final = struct.Struct("=BBBBBBBBI")
_DST, _SRC, _IIF, _GOTO, _PRIORITY, _MARK, _TABLE, _MASK, _PROTOCOL = 1, 2, 3, 4, 6, 10, 15, 16, 21
_IP_PROTOCOL, _PORTS, _PORTS_MASK = 22, 24, 29
_ALL_BITS: Final = b"\xff\xff\xff\xff"
_SUPPRESS: Final = (13, 14)  # told in every rule, all bits set where nothing is suppressed
_PLAIN: Final = {_PRIORITY, _TABLE, _PROTOCOL, *_SUPPRESS}


class FibRule(NamedTuple):
    """One rule, as far as it matters to us.

    `protocol`: who made it (RTPROT_*); `iif`: only what comes in there, `lo` for what the host itself sends; `mark`: 0
    is any; `destination`: packed address with all its bits, b"" is any; `ip_protocol`, `port`: 0 is any; `other`: it
    selects by something that is not described here.
    """

    pref: int
    table: int = 0
    protocol: int = 0
    iif: str = ""
    mark: int = 0
    destination: bytes = b""
    ip_protocol: int = 0
    port: int = 0
    goto: int = 0
    other: bool = False

    @property
    def everything(self) -> bool:
        """Whether it holds for every packet."""
        return not (self.iif or self.mark or self.destination or self.ip_protocol or self.port or self.other)


def rules(route: Route, family: int) -> list[FibRule]:
    """All rules of a family (2 or 10), in the order in which they are asked."""
    header = _HEADER.pack(family, 0, 0, 0, 0, 0, 0, 0, 0)
    return [parse_rule(payload) for payload in route.dump(RTM_GETRULE, header) if payload[0] == family]


def add_rule(route: Route, family: int, rule: FibRule, *, again: bool = False) -> None:
    """Add a rule behind all of its preference; `again`: though there is one like it. KernelError EEXIST."""
    flags = NLM_F_CREATE | (0 if again else NLM_F_EXCL)
    route.change(RTM_NEWRULE, flags, pack_rule(family, rule), "adding a rule of the routing policy")


def delete_rule(route: Route, family: int, rule: FibRule) -> None:
    """Delete the first rule like this one. KernelError ENOENT."""
    route.change(RTM_DELRULE, 0, pack_rule(family, rule), "deleting a rule of the routing policy")


def parse_rule(payload: bytes) -> FibRule:
    """One RTM_NEWRULE message without its netlink header."""
    _, dst_bits, src_bits, tos, table, _, _, action, flags = _HEADER.unpack_from(payload)
    found = attributes(payload[_HEADER.size :])
    ports = found.get(_PORTS, bytes(4))
    destination = found.get(_DST, b"")
    known = _PLAIN | {_IIF, _MARK, _MASK, _GOTO, _DST, _IP_PROTOCOL, _PORTS, _PORTS_MASK}
    strange = (
        bool(src_bits or tos)
        or bool(flags & 2)  # FIB_RULE_INVERT
        or dst_bits not in (0, len(destination) * 8)
        or ports[:2] != ports[2:]
        or found.get(_MASK, _ALL_BITS) not in (_ALL_BITS, bytes(4))
        or bool(found.get(_PORTS_MASK, _ALL_BITS).strip(b"\xff"))
        or any(kind not in known and any(value) for kind, value in found.items())
        or any(found.get(kind, _ALL_BITS) != _ALL_BITS for kind in _SUPPRESS)
        or action not in (TO_TABLE, GOTO)
    )
    return FibRule(
        pref=u32(found.get(_PRIORITY)),
        table=(u32(found.get(_TABLE)) or table) if action == TO_TABLE else 0,
        protocol=(found.get(_PROTOCOL) or b"\0")[0],
        iif=text(found.get(_IIF)),
        mark=u32(found.get(_MARK)),
        destination=destination,
        ip_protocol=(found.get(_IP_PROTOCOL) or b"\0")[0],
        port=int.from_bytes(ports[:2], sys.byteorder),
        goto=u32(found.get(_GOTO)),
        other=strange,
    )


def pack_rule(family: int, rule: FibRule) -> bytes:
    """The payload of a request about one rule; its `other` must be False."""
    action = GOTO if rule.goto else TO_TABLE
    parts = [
        _HEADER.pack(family, len(rule.destination) * 8, 0, 0, rule.table if rule.table < 256 else 0, 0, 0, action, 0),
        attribute(_PRIORITY, _u32(rule.pref)),
        attribute(_PROTOCOL, bytes((rule.protocol,))),
    ]
    if rule.table:
        parts.append(attribute(_TABLE, _u32(rule.table)))
    if rule.iif:
        parts.append(attribute(_IIF, rule.iif.encode() + b"\0"))
    if rule.mark:
        parts.append(attribute(_MARK, _u32(rule.mark)))
    if rule.destination:
        parts.append(attribute(_DST, rule.destination))
    if rule.ip_protocol:
        parts.append(attribute(_IP_PROTOCOL, bytes((rule.ip_protocol,))))
    if rule.port:
        parts.append(attribute(_PORTS, struct.pack("=HH", rule.port, rule.port)))
    if rule.goto:
        parts.append(attribute(_GOTO, _u32(rule.goto)))
    return b"".join(parts)


def _u32(number: int) -> bytes:
    return number.to_bytes(4, sys.byteorder)
