# SPDX-License-Identifier: Apache-2.0
"""What becomes of a packet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.reference.connections import Connection
    from tests.reference.packet import Packet
    from xlvs.model.destination import ForwardingMethod, Tunnel


class Verdict(Enum):
    """The packet path's verdicts, as far as the model can tell them apart."""

    PASS = auto()  # none of ours: the host's own stack goes on with the untouched packet
    FORWARD = auto()  # sent on towards a destination
    REPLY = auto()  # sent back to a client, translated
    ANSWERED = auto()  # turned into an ICMP error for its sender
    DROP_DESTINATION_GONE = auto()  # its destination is deleted
    DROP_NO_DESTINATION = auto()  # there is none, and nobody can be told
    DROP_TABLE_FULL = auto()  # no room for another connection
    DROP_DEFENCE = auto()  # by drop_packet
    DROP_NO_LOCAL_PORT = auto()  # full NAT has nothing to go on with
    DROP_TTL = auto()  # its last hop, and nobody can be told


class Reason(Enum):
    """Which ICMP error an ANSWERED packet got, from the address that it was sent to."""

    NONE = auto()
    NO_DESTINATION = auto()  # port unreachable: ICMP 3/3, ICMPv6 1/4
    TTL_EXCEEDED = auto()  # time exceeded: ICMP 11/0, ICMPv6 3/0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Verdict, the packet's ends as it leaves (as it came, unless FORWARD or REPLY), and its connection after it.

    `state` is the kernel's name of the connection's state and `expires` the tick at which it is gone; None where the
    packet belongs to no connection, or its connection was left alone. Of a packet that is sent on, `method` says how
    and `server` to which address; with the tunnel method that is the outer packet's destination, and `tunnel` its kind. One that
    `tells` bears the client's address, as full NAT tells it.
    """

    verdict: Verdict
    source: bytes
    source_port: int
    destination: bytes
    destination_port: int
    state: str | None = None
    expires: int | None = None
    reason: Reason = Reason.NONE
    method: ForwardingMethod | None = None
    server: bytes | None = None
    tunnel: Tunnel | None = None
    tells: bool = False


def untouched(
    verdict: Verdict, packet: Packet, connection: Connection | None = None, reason: Reason = Reason.NONE
) -> Outcome:
    """The outcome of a packet that leaves as it came, or not at all."""
    return Outcome(
        verdict,
        *packet.source,
        *packet.destination,
        state=connection.state if connection else None,
        expires=connection.expires if connection else None,
        reason=reason,
    )


def translated(connection: Connection) -> Outcome:
    """The outcome of an answer."""
    ends = *connection.virtual, *connection.client
    return Outcome(Verdict.REPLY, *ends, state=connection.state, expires=connection.expires)
