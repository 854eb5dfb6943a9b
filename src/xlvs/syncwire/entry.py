# SPDX-License-Identifier: Apache-2.0
"""One connection in a message.

The form that is passed around is `wide`: 72 bytes, an IPv6 entry of version 1 as it is on the wire, with IPv4 addresses
mapped (::ffff:a.b.c.d). Connections are told by the hundred thousand: they stay bytes, and `Entry` is for who wants to
look at one. All numbers are big-endian.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

# type, protocol, version and size, flags, state, client, virtual and destination port, mark, seconds; addresses
HEAD: Final = Struct(">BBHIHHHHII")
WIDE: Final = Struct(">BBHIHHHHII16s16s16s")
ENTRY_V0: Final = Struct(">xBHHH4s4s4sHH")
IPV4_SIZE: Final = 36
IPV6_SIZE: Final = 72
SEQUENCE_SIZE: Final = 24
MAPPED: Final = bytes(10) + b"\xff\xff"

TYPE_IPV6: Final = 1
SIZE_MASK: Final = 0xFFF

METHOD: Final = 0x7
SYNCED: Final = 0x20
NO_ANSWERS: Final = 0x80
INACTIVE: Final = 0x100
SEQUENCES: Final = 0x600
NO_CLIENT_PORT: Final = 0x800
TEMPLATE: Final = 0x1000
TAKEN_OVER: Final = METHOD | NO_ANSWERS | INACTIVE | SEQUENCES | NO_CLIENT_PORT | TEMPLATE  # what a backup looks at

OPTION_SEQUENCES: Final = 1
OPTION_ENGINE_DATA: Final = 2
OPTION_ENGINE_NAME: Final = 3
OPTION_MAY_BE_SKIPPED: Final = 0x40
ENGINE_DATA_MAX: Final = 255
ENGINE_NAME_MAX: Final = 16

TCP, UDP, ESP, AH, SCTP = 6, 17, 50, 51, 132
STATES: Final = {TCP: 11, UDP: 1, ESP: 1, AH: 1, SCTP: 14}
TEMPLATE_PROTOCOLS: Final = frozenset((0, *STATES))  # 0: of a firewall mark
TEMPLATE_TIMEOUT_S: Final = 180  # of a template that version 0 tells, which has no room for it


class Entry(NamedTuple):
    """A connection, or (TEMPLATE in the flags) a persistence template. Addresses have 4 or 16 bytes."""

    protocol: int
    flags: int
    state: int
    client_port: int
    virtual_port: int
    destination_port: int
    fwmark: int
    timeout_s: int
    client: bytes
    virtual: bytes
    destination: bytes
    engine: bytes = b""
    engine_data: bytes = b""

    def wide(self) -> bytes:
        """The 72 bytes, without the engine."""
        ipv6 = len(self.client) == 16
        return WIDE.pack(
            ipv6, self.protocol, IPV6_SIZE if ipv6 else IPV4_SIZE, self.flags, self.state, self.client_port,
            self.virtual_port, self.destination_port, self.fwmark, self.timeout_s,
            *map(widen, (self.client, self.virtual, self.destination)),
        )  # fmt: skip

    @classmethod
    def of(cls, wide: bytes, engine: bytes = b"", engine_data: bytes = b"") -> Entry:
        """The entry of 72 bytes."""
        kind, protocol, _, flags, state, cport, vport, dport, fwmark, timeout_s, client, virtual, dest = WIDE.unpack(
            wide
        )
        cut = 0 if kind & TYPE_IPV6 else 12
        ends = client[cut:], virtual[cut:], dest[cut:]
        return cls(protocol, flags, state, cport, vport, dport, fwmark, timeout_s, *ends, engine, engine_data)


def widen(address: bytes) -> bytes:
    """An address in 16 bytes."""
    return MAPPED + address if len(address) == 4 else address


def narrow(wide: bytes) -> bytes:
    """The entry as version 1 has it: 36 bytes for IPv4, 72 for IPv6."""
    return wide if wide[0] else wide[:24] + wide[36:40] + wide[52:56] + wide[68:72]


def former(wide: bytes) -> bytes:
    """The entry as version 0 has it, 24 bytes. It knows no IPv6, no mark and no timeout."""
    _, protocol, _, flags, state, cport, vport, dport, _, _, client, virtual, dest = WIDE.unpack(wide)
    return ENTRY_V0.pack(protocol, cport, vport, dport, client[12:], virtual[12:], dest[12:], flags & 0xFFFF, state)


def engine_options(name: bytes, data: bytes) -> bytes:
    """The options that follow the entry of a template with a persistence engine, in the kernel's order."""
    options = bytes((OPTION_ENGINE_DATA, len(data))) + data
    return options + bytes((OPTION_ENGINE_NAME, len(name))) + name if name else options


def is_known(protocol: int, flags: int, state: int) -> bool:
    """Whether a backup knows the protocol and the state. A template in a state that there is not is in its first one."""
    return protocol in TEMPLATE_PROTOCOLS if flags & TEMPLATE else state < STATES.get(protocol, 0)
