# SPDX-License-Identifier: Apache-2.0
"""Messages become entries, by the rules of the kernel's backup daemon; whatever arrives, nothing is raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.syncwire.builder import HEADER_V0, HEADER_V1
from xlvs.syncwire.entry import (
    ENGINE_DATA_MAX,
    ENGINE_NAME_MAX,
    ENTRY_V0,
    HEAD,
    IPV4_SIZE,
    IPV6_SIZE,
    MAPPED,
    OPTION_ENGINE_DATA,
    OPTION_ENGINE_NAME,
    OPTION_MAY_BE_SKIPPED,
    OPTION_SEQUENCES,
    SEQUENCE_SIZE,
    SEQUENCES,
    SIZE_MASK,
    TYPE_IPV6,
    WIDE,
    is_known,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class Heard(NamedTuple):
    """One entry as it arrived: 72 bytes, the persistence engine and its data."""

    wide: bytes
    engine: bytes = b""
    engine_data: bytes = b""


class Message(NamedTuple):
    """What is in a datagram. `end`: where the entries end, and what else there is begins."""

    version: int
    syncid: int
    entries: list[Heard]
    end: int


_SKIPPED: Final = Heard(b"")


def read(data: bytes, syncid: int) -> Message | None:
    """The message, None when it is none or for another `syncid` (0: all are for us).

    An entry that cannot be right ends it; those before it count. One that asks for what is unknown is left out.
    """
    if len(data) < HEADER_V0.size:
        return None
    _, their_id, size = HEADER_V0.unpack_from(data)
    if size != len(data) or (syncid and their_id != syncid):
        return None
    entries: list[Heard] = []
    if len(data) >= HEADER_V1.size and data[0] == 0 and data[5] == 1 and data[6:8] == b"\0\0":
        return Message(1, their_id, entries, _read_entries(data, entries))
    return Message(0, their_id, entries, _read_former(data, entries))


def _read_entries(data: bytes, entries: list[Heard]) -> int:
    at, length = HEADER_V1.size, len(data)
    for _ in range(data[4]):
        if at + IPV4_SIZE > length:
            break
        kind, protocol, sized, flags, state, *_ = HEAD.unpack_from(data, at)
        size = sized & SIZE_MASK
        if at + size > length or sized > SIZE_MASK:
            break
        if size == IPV4_SIZE and not kind:
            heard = _ipv4(data, at) if is_known(protocol, flags, state) else _SKIPPED
        else:
            found = _read_entry(data, at, size)
            if found is None:
                break
            heard = found if is_known(protocol, flags, state) else _SKIPPED
        if heard.wide:
            entries.append(heard)
        at += size + 3 & ~3
    return min(at, length)


def _ipv4(data: bytes, at: int) -> Heard:
    """A plain one, as most are."""
    return Heard(
        data[at : at + 24]
        + MAPPED
        + data[at + 24 : at + 28]
        + MAPPED
        + data[at + 28 : at + 32]
        + MAPPED
        + data[at + 32 : at + 36]
    )


def _read_entry(data: bytes, at: int, size: int) -> Heard | None:
    """Any one; None where it cannot be right, _SKIPPED where it is left out."""
    kind = data[at]
    if kind & TYPE_IPV6:
        fixed = IPV6_SIZE
    elif kind:
        return None
    else:
        fixed = IPV4_SIZE
    if fixed > size:
        return None
    options: dict[int, bytes] = {}
    for option, value in _options(data[at + fixed : at + size]):
        if value is None or not _option_fits(option, value, options):
            return None
        if option in _OPTIONS:
            options[option] = value
        elif not option & OPTION_MAY_BE_SKIPPED:
            return _SKIPPED
    engine, engine_data = options.get(OPTION_ENGINE_NAME, b""), options.get(OPTION_ENGINE_DATA, b"")
    if engine_data and not engine:
        return _SKIPPED
    wide = data[at : at + IPV6_SIZE] if fixed == IPV6_SIZE else _ipv4(data, at).wide
    return Heard(wide, engine if engine_data else b"", engine_data)


def _options(data: bytes) -> Iterator[tuple[int, bytes | None]]:
    """Type and value of each; a value of None: it does not end."""
    at = 0
    while at < len(data):
        if at + 2 > len(data) or not data[at + 1] or at + 2 + data[at + 1] > len(data):
            yield 0, None
            return
        yield data[at], data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]


_OPTIONS: Final = {
    OPTION_SEQUENCES: (SEQUENCE_SIZE, SEQUENCE_SIZE),
    OPTION_ENGINE_DATA: (1, ENGINE_DATA_MAX),
    OPTION_ENGINE_NAME: (1, ENGINE_NAME_MAX),
}


def _option_fits(option: int, value: bytes, before: dict[int, bytes]) -> bool:
    limits = _OPTIONS.get(option & ~OPTION_MAY_BE_SKIPPED)
    return limits is None or (limits[0] <= len(value) <= limits[1] and option not in before)


def _read_former(data: bytes, entries: list[Heard]) -> int:
    at, length = HEADER_V0.size, len(data)
    for _ in range(data[0]):
        if at + ENTRY_V0.size > length:
            break
        protocol, cport, vport, dport, client, virtual, dest, flags, state = ENTRY_V0.unpack_from(data, at)
        size = ENTRY_V0.size + (SEQUENCE_SIZE if flags & SEQUENCES else 0)
        if at + size > length:
            break
        at += size
        if is_known(protocol, flags, state):
            wide = WIDE.pack(
                0, protocol, IPV4_SIZE, flags, state, cport, vport, dport, 0, 0,
                MAPPED + client, MAPPED + virtual, MAPPED + dest,
            )  # fmt: skip
            entries.append(Heard(wide))
    return at
