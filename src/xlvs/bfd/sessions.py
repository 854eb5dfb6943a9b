# SPDX-License-Identifier: Apache-2.0
"""All sessions of a host: which of them a datagram is for, and whether it may be heard (RFC 5880 6.8.6, RFC 5881 5)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from xlvs.bfd.packet import NotAControlPacket, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlvs.bfd.packet import ControlPacket
    from xlvs.bfd.session import Session
    from xlvs.bfd.settings import SessionSettings


@dataclass(frozen=True, slots=True)
class Datagram:
    """What came to our port. Addresses are packed."""

    source: bytes
    source_port: int
    destination: bytes
    port: int
    ttl: int
    payload: bytes
    interface: str = ""
    """Of a link-local source."""

    @property
    def sender(self) -> str:
        """As it is logged."""
        return f"[{ip_address(self.source)}]:{self.source_port}"


class NotHeard(ValueError):
    """A datagram that changes nothing, and why: lines for the log."""

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


class Sessions:
    """The sessions by the marks that datagrams have."""

    def __init__(self, sessions: Iterable[Session]) -> None:
        self._by_discriminator = {each.discriminator: each for each in sessions}
        self._by_ends = {_ends(each.settings): each for each in self._by_discriminator.values()}

    def accept(self, datagram: Datagram) -> tuple[Session, ControlPacket]:
        """The session that a datagram is for, and what it says. Raises NotHeard."""
        try:
            packet = parse(datagram.payload)
        except NotAControlPacket as flaw:
            raise NotHeard(str(flaw), f"Discarding bogus packet from {datagram.sender}") from None
        if packet.authenticated:
            raise NotHeard(
                f"Discarding packet from {datagram.sender} (auth bit is set, but no authentication  is in use)"
            )
        session = self._find(packet.your_discriminator, datagram)
        if session is None:
            raise NotHeard(
                f"Discarding packet from {datagram.sender} "
                f"(session is not found - your discriminator field is 0x{packet.your_discriminator:08x})"
            )
        least = session.settings.ttl_least
        if datagram.ttl < least:
            name = "ttl" if len(datagram.source) == 4 else "hop_limit"
            raise NotHeard(f"Packet {name}({datagram.ttl}) < {least} - discarding")
        return session, packet

    def _find(self, discriminator: int, datagram: Datagram) -> Session | None:
        """By our discriminator, or by the addresses while the neighbor does not know it; from its address in any case."""
        if discriminator:
            found = self._by_discriminator.get(discriminator)
        else:
            sources = (datagram.destination, b"")
            ways = ((each, datagram.source, datagram.interface) for each in sources)
            found = next((self._by_ends[ends] for ends in ways if ends in self._by_ends), None)
        if found and (*_ends(found.settings)[1:], found.settings.port) == (
            datagram.source,
            datagram.interface,
            datagram.port,
        ):
            return found
        return None


def _ends(settings: SessionSettings) -> tuple[bytes, bytes, str]:
    return settings.source, settings.neighbor, settings.interface
