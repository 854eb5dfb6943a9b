# SPDX-License-Identifier: Apache-2.0
"""What a packet does to a connection, whichever its protocol: may it begin one, what is the next state, for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.reference import sctp_states, tcp_states
from xlvs.model.service import Protocol

if TYPE_CHECKING:
    from tests.reference.packet import Packet
    from tests.reference.settings import Settings
    from tests.reference.views import View
    from xlvs.model.settings import Timeouts

UDP_STATE = "UDP"
ACTIVE_FTP_DATA_PORT = 20


def may_begin(packet: Packet, settings: Settings) -> bool:
    """Whether a packet may begin a connection; one from FTP's data port never does."""
    if packet.source[1] == ACTIVE_FTP_DATA_PORT:
        return False
    if packet.protocol is Protocol.SCTP:
        return sctp_states.may_begin(packet.chunks, sloppy=settings.sloppy_sctp != 0)
    if packet.protocol is not Protocol.TCP:
        return True
    return not packet.tcp_flags & tcp_states.RST and bool(packet.tcp_flags & tcp_states.SYN or settings.sloppy_tcp)


def is_first(packet: Packet) -> bool:
    """Whether it is what a client sends first."""
    if packet.protocol is Protocol.SCTP:
        return packet.chunks[:1] == bytes((sctp_states.INIT,)) and len(packet.chunks) >= 4
    return packet.protocol is Protocol.TCP and bool(packet.tcp_flags & tcp_states.SYN)


def is_told(packet: Packet) -> bool:
    """Whether the packet says anything about its connection: SCTP without a chunk does not."""
    return packet.protocol is not Protocol.SCTP or len(packet.chunks) >= 4


def next_state(state: str, packet: Packet, view: View, settings: Settings) -> str:
    """State of a connection after a packet."""
    if packet.protocol is Protocol.TCP:
        return tcp_states.next_state(state, packet.tcp_flags, view, secure=settings.is_secure)
    if packet.protocol is Protocol.SCTP:
        return sctp_states.next_state(state, packet.chunks, view)
    return UDP_STATE


def timeout_s(protocol: Protocol, state: str, configured: Timeouts) -> int:
    """Seconds that a connection lives in a state without packets."""
    if protocol is Protocol.SCTP:
        return sctp_states.timeout_s(state)
    settable = {"ESTABLISHED": configured.tcp_s, "FIN_WAIT": configured.tcp_fin_s, UDP_STATE: configured.udp_s}
    return (settable | tcp_states.FIXED_TIMEOUTS_S)[state]
