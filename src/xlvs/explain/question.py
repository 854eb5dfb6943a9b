# SPDX-License-Identifier: Apache-2.0
"""The packet that is asked about, as the user describes it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from xlvs.model.address import Family, family_of, format_address, parse_dotted_quad, parse_ipv6
from xlvs.model.errors import UsageError

TCP, UDP, SCTP, ICMP, ICMPV6 = 6, 17, 132, 1, 58
PROTOCOLS: Final = {"tcp": TCP, "udp": UDP, "sctp": SCTP, "icmp": ICMP}
NAMES: Final = {TCP: "tcp", UDP: "udp", SCTP: "sctp", ICMP: "icmp", ICMPV6: "icmp"}
FLAGS: Final = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32}
CHUNKS: Final = {
    "DATA": 0,
    "INIT": 1,
    "INIT_ACK": 2,
    "SACK": 3,
    "HEARTBEAT": 4,
    "HEARTBEAT_ACK": 5,
    "ABORT": 6,
    "SHUTDOWN": 7,
    "SHUTDOWN_ACK": 8,
    "ERROR": 9,
    "COOKIE_ECHO": 10,
    "COOKIE_ACK": 11,
    "SHUTDOWN_COMPLETE": 14,
}
# Name -> type and code of ICMP, of ICMPv6.
MESSAGES: Final = {
    "echo": ((8, 0), (128, 0)),
    "port-unreachable": ((3, 3), (1, 4)),
    "host-unreachable": ((3, 1), (1, 3)),
    "too-big": ((3, 4), (2, 0)),
    "time-exceeded": ((11, 0), (3, 0)),
}
_PORT_MAX: Final = 65535


class End(NamedTuple):
    """An address (4 or 16 bytes) and a port, 0 where the protocol has none."""

    address: bytes
    port: int = 0

    @property
    def family(self) -> Family:
        """Of the address."""
        return family_of(self.address)

    @property
    def address_text(self) -> str:
        """The address alone."""
        return format_address(self.address)

    def __str__(self) -> str:
        """As it is written: `10.0.0.1:80`, `[2001:db8::1]:80`; without a port the address alone."""
        text = format_address(self.address)
        if not self.port:
            return text
        return f"[{text}]:{self.port}" if len(self.address) == 16 else f"{text}:{self.port}"


@dataclass(frozen=True)
class Question:
    """A packet. `protocol` by its IP number; `flags` TCP's, `chunk` the type of SCTP's first one, `message` of ICMP.

    `quoted`: the packet that an ICMP error is about. `length`: bytes of the IP packet, 0: as long as it must be.
    `interface`: where it comes in, "": where answers to it would leave. `own`: the host itself sends it; None: if its source
    is an address of the host. `mark` is the one that netfilter gives it.
    """

    protocol: int
    source: End
    destination: End
    flags: int = FLAGS["S"]
    chunk: int = CHUNKS["INIT"]
    message: tuple[int, int] = (8, 0)
    quoted: Question | None = None
    data: bytes = b""
    length: int = 0
    ttl: int = 64
    tos: int = 0
    may_split: bool = False
    fragment: bool = False
    mark: int = 0
    interface: str = ""
    own: bool | None = None

    @property
    def family(self) -> Family:
        """Of its addresses."""
        return self.source.family

    @property
    def is_icmp(self) -> bool:
        """Whether it is ICMP of its family."""
        return self.protocol in (ICMP, ICMPV6)

    def __str__(self) -> str:
        """Protocol, ends and what it says, in a line."""
        return f"{NAMES[self.protocol]} {self.source} -> {self.destination}{self._details()}"

    def _details(self) -> str:
        if self.protocol == TCP:
            return f", flags {flag_letters(self.flags)}"
        if self.protocol == SCTP:
            return f", {chunk_name(self.chunk)}"
        if not self.is_icmp:
            return ""
        about = f" about {self.quoted}" if self.quoted else ""
        return f", {message_name(self.message, self.family)}{about}"


def flag_letters(flags: int) -> str:
    """TCP's flags as letters, `-` for none."""
    return "".join(letter for letter, bit in FLAGS.items() if flags & bit) or "-"


def chunk_name(chunk: int) -> str:
    """SCTP's name of a chunk."""
    return next((name for name, number in CHUNKS.items() if number == chunk), f"chunk {chunk}")


def message_name(message: tuple[int, int], family: Family) -> str:
    """What an ICMP message says."""
    side = 0 if family is Family.IPV4 else 1
    name = next((name for name, both in MESSAGES.items() if both[side] == message), None)
    return name or f"ICMP type {message[0]} code {message[1]}"


def parse_end(text: str, *, port: bool) -> End:
    """An end as it is written; `port` says whether it must have one. Raises UsageError."""
    address, separator, number = text.rpartition(":") if port else (text, "", "")
    bare = address.strip("[]")
    packed = parse_ipv6(bare) if ":" in bare else parse_dotted_quad(bare)
    if packed is None or (port and ":" in bare and not address.startswith("[")):
        example = "192.168.20.1:80 or [2001:db8::1]:80" if port else "192.168.20.1 or 2001:db8::1"
        raise UsageError(f"{text!r} is not an address{' with a port' if port else ''} (as in {example})")
    if port and not (
        separator and number.isdecimal() and len(number) <= len(str(_PORT_MAX)) and 1 <= int(number) <= _PORT_MAX
    ):
        raise UsageError(f"{text!r} has no port from 1 to {_PORT_MAX}")
    return End(packed, int(number) if port else 0)


def parse_flags(text: str) -> int:
    """TCP's flags from letters. Raises UsageError."""
    if text == "-":
        return 0
    unknown = [letter for letter in text.upper() if letter not in FLAGS]
    if unknown or not text:
        raise UsageError(f"{text!r} are not TCP flags: letters of {''.join(FLAGS)}, as in S, SA, A, FA, R; - for none")
    return sum({FLAGS[letter] for letter in text.upper()})
