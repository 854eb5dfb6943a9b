# SPDX-License-Identifier: Apache-2.0
"""The ends that virtual_server and virtual_server_group name: addresses, ranges, marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlvs.keepalived.statements import parse_address
from xlvs.model.address import Family, family_of
from xlvs.model.service import ServiceKey, mark_service_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.config.tree import Statement
    from xlvs.keepalived.statements import Block
    from xlvs.model.service import Protocol

ADDRESSES_MAX: Final = 65536


def virtual_key(words: Sequence[str], protocol: Protocol, family: Family = Family.IPV4) -> ServiceKey | None:
    """`fwmark N` or `IP [PORT]`; None: neither."""
    if len(words) >= 2 and words[0] == "fwmark":
        mark = int(words[1]) if words[1].isdecimal() else 0
        return mark_service_key(mark, family) if 0 < mark < 1 << 32 else None
    address = parse_address(words[0]) if words else None
    port = _port(words[1:2])
    if address is None or port is None:
        return None
    return ServiceKey(protocol, family_of(address), address, port)


def group_keys(group: Statement, protocol: Protocol, block: Block) -> list[ServiceKey]:
    """The services of a virtual_server_group, each once."""
    found: dict[ServiceKey, None] = {}
    for line in group.lines:
        keys = _line_keys(line.words, protocol)
        if not keys:
            block.complain(group, f"{' '.join(line.words)} is no address, range or mark of a virtual_server_group")
        found.update(dict.fromkeys(keys))
    return list(found)


def _port(words: Sequence[str]) -> int | None:
    if not words:
        return 0
    return int(words[0]) if words[0].isdecimal() and int(words[0]) < 65536 else None


def _line_keys(words: Sequence[str], protocol: Protocol) -> list[ServiceKey]:
    if words[:1] == ("fwmark",):
        key = virtual_key(words, protocol, Family.IPV6 if "inet6" in words[2:] else Family.IPV4)
        return [key] if key else []
    port = _port(words[1:2])
    addresses = _addresses(words[0]) if words and port is not None else []
    return [ServiceKey(protocol, family_of(address), address, port or 0) for address in addresses]


def _addresses(word: str) -> list[bytes]:
    """Those of one word: an address, `FIRST-LAST`, `FIRST-LASTPART`, `ADDRESS/LENGTH`."""
    first, mark, last = word.partition("-")
    if mark:
        return _range(parse_address(first), last)
    first, mark, length = word.partition("/")
    begin = parse_address(first)
    if begin is None:
        return []
    if not mark:
        return [begin]
    bits = len(begin) * 8
    if not length.isdecimal() or not 0 <= bits - int(length) <= 16:
        return []
    base = int.from_bytes(begin, "big") >> (bits - int(length)) << (bits - int(length))
    return [(base + each).to_bytes(len(begin), "big") for each in range(1 << (bits - int(length)))]


def _range(begin: bytes | None, last: str) -> list[bytes]:
    if begin is None:
        return []
    end = parse_address(last)
    if end is None:
        # The last part only: a decimal number in IPv4, a hexadecimal group in IPv6.
        width, base = (1, 10) if len(begin) == 4 else (2, 16)
        try:
            end = begin[:-width] + int(last, base).to_bytes(width, "big")
        except (ValueError, OverflowError):
            return []
    count = int.from_bytes(end, "big") - int.from_bytes(begin, "big") + 1
    if len(end) != len(begin) or not 0 < count <= ADDRESSES_MAX:
        return []
    start = int.from_bytes(begin, "big")
    return [(start + each).to_bytes(len(begin), "big") for each in range(count)]
