# SPDX-License-Identifier: Apache-2.0
"""What a probe asks, as values: two services that ask the same of a real server have equal probes, and share one.

Addresses are packed (4 or 16 bytes), times in microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from xlvs.model.address import format_address

if TYPE_CHECKING:
    from xlvs.model.rights import Rights

SECOND_US = 1_000_000
REPLY_LENGTH_MAX = 255
DEFAULT_HELO = "smtpchecker.keepalived.org"
FILE_DOWN = -(2**31)
"""A tracked number as low as this means that the server is down."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a probe over the network goes, where it comes from and how long it may take."""

    address: bytes
    port: int
    bind_address: bytes = b""
    """Empty: the kernel's choice."""
    bind_port: int = 0
    bind_interface: str = ""
    fwmark: int = 0
    timeout_us: int = 5 * SECOND_US


@dataclass(frozen=True, slots=True)
class TcpProbe:
    """A connection that opens."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class TlsIdentity:
    """Paths of what a probe shows a server that asks for a certificate; a key may stand in the certificate's file."""

    certificate: str = ""
    key: str = ""
    password: str = ""
    authorities: str = ""


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """A page with the right status, digest and text. `host` is the Host header, `sni` the name that TLS sends."""

    endpoint: Endpoint
    path: str
    host: str
    version: str = "1.0"
    """1.0, 1.0C (with Connection: close) or 1.1."""
    tls: bool = False
    sni: str = ""
    statuses: tuple[tuple[int, int], ...] = ((200, 299),)
    """First and last of each range."""
    digest: bytes = b""
    """MD5 of the body, 16 bytes; empty: any body."""
    regex: str = ""
    regex_flags: frozenset[str] = frozenset()
    """The lower-case names of PCRE2's options."""
    regex_must_not_match: bool = False
    regex_from: int = 0
    regex_to: int | None = None
    """The match begins at one of these offsets into the body."""
    identity: TlsIdentity | None = None
    takes_leave: bool = False
    """TLS ends with a close_notify, where the original just closes the connection."""


@dataclass(frozen=True, slots=True)
class SmtpProbe:
    """A mail server that greets and answers HELO."""

    endpoint: Endpoint
    helo: str = DEFAULT_HELO


@dataclass(frozen=True, slots=True)
class DnsProbe:
    """An answer without error to a query; `type` is the number of the record type."""

    endpoint: Endpoint
    name: str = "."
    type: int = 6


@dataclass(frozen=True, slots=True)
class UdpProbe:
    """A datagram that is not refused, and is answered if `require_reply`.

    `reply` is compared up to the shorter length under `mask`, a set bit being one that must agree.
    """

    endpoint: Endpoint
    payload: bytes | None = None
    """None: some random bytes."""
    require_reply: bool = False
    reply: bytes = b""
    mask: bytes = b""
    shortest: int = 0
    longest: int = REPLY_LENGTH_MAX


@dataclass(frozen=True, slots=True)
class PingProbe:
    """An echo reply."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class MiscProbe:
    """A program that ends with status 0; with `dynamic` 2 to 255 are good too, and set the weight to status - 2."""

    command: tuple[str, ...]
    timeout_us: int
    dynamic: bool = False
    user: str = ""
    group: str = ""
    run_as: Rights | None = None


@dataclass(frozen=True, slots=True)
class FileProbe:
    """A number in a file: `weight` times it is added to the server's weight."""

    path: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class BfdProbe:
    """A BFD session that is up. Nothing is sent for it here: its state is told."""

    name: str


Probe = TcpProbe | HttpProbe | SmtpProbe | DnsProbe | UdpProbe | PingProbe | MiscProbe | FileProbe | BfdProbe


class Kind(Enum):
    """Kinds of checkers. The value is how log lines call them."""

    TCP = "TCP_CHECK"
    HTTP = "HTTP_CHECK"
    SMTP = "SMTP_CHECK"
    DNS = "DNS_CHECK"
    UDP = "UDP_CHECK"
    PING = "PING_CHECK"
    MISC = "MISC_CHECK"
    FILE = "FILE_CHECK"
    BFD = "BFD_CHECK"


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """How a probe ended.

    `reason` is in our words, for people; `said` in the original's, of which `xlvs.healthcheck.words` makes a line of
    the log. `weight` is for MISC and FILE.
    """

    ok: bool
    reason: str = ""
    weight: Weight | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a probe says about the weight: absolute, it takes the place of the configured one; otherwise it is added."""

    value: int
    absolute: bool = False


def end_text(address: bytes, port: int, protocol: str) -> str:
    """One end as log lines, FIFO lines and mails name it: [192.0.2.1]:tcp:80."""
    return f"[{format_address(address)}]:{protocol}:{port}"
