# SPDX-License-Identifier: Apache-2.0
"""Whether a packet is an advertisement for a router: RFC 3768 7.1, RFC 9568 7.1, in the original's order of checks.

    authentication header, length, TTL, version, type and secret of the authentication, interval (version 2), type, number of
    addresses, checksum, multicast or unicast as configured, list of addresses, unicast source and its TTL

A packet that fails one changes nothing but the counter of that check.
"""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING

from xlvs.vrrp.ah import AuthenticationHeader, AuthenticationHeaderError
from xlvs.vrrp.packet import (
    ADVERTISEMENT,
    AUTHENTICATION_BYTES,
    HEADER,
    INTERVAL_MAX_CS,
    TTL,
    Advertisement,
    AuthenticationType,
    Flaw,
    NotAnAdvertisement,
    sum_is_right,
)
from xlvs.vrrp.router import address_text

if TYPE_CHECKING:
    from xlvs.vrrp.settings import RouterSettings
    from xlvs.vrrp.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Datagram:
    """An IP datagram as it came: addresses packed, `payload` from the VRRP (or AH) header on.

    `header`: the whole IPv4 header, which an authentication header covers.
    """

    source: bytes
    destination: bytes
    ttl: int
    payload: bytes
    multicast: bool
    authenticated: bool = False
    """Protocol 51: an authentication header comes first."""
    header: bytes = b""


@dataclass(slots=True)
class Neighbour:
    """What is remembered of earlier advertisements."""

    last_source: bytes = b""
    sequence: int = 0
    """Of the last authentication header that was accepted."""
    old_checksum: bool = False
    """The peer computes version 3 unicast checksums over the multicast group, as before 1.3.6."""


class Reception:
    """The checks of one virtual router."""

    def __init__(self, settings: RouterSettings, statistics: Statistics) -> None:
        self.settings = settings
        self.statistics = statistics
        self.neighbour = Neighbour()

    def accept(self, datagram: Datagram) -> Advertisement:
        """The advertisement in a datagram whose VRID is this router's. Raises NotAnAdvertisement, which is counted."""
        try:
            advertisement = self._check(datagram)
        except NotAnAdvertisement as error:
            if hasattr(self.statistics, error.flaw.value):
                self.statistics.count(error.flaw.value)
            raise
        self.neighbour.last_source = datagram.source
        self.statistics.advert_rcvd += 1
        if not advertisement.priority:
            self.statistics.pri_zero_rcvd += 1
        return advertisement

    def _check(self, datagram: Datagram) -> Advertisement:
        payload, sequence = self._without_header(datagram)
        if len(payload) < HEADER.size:
            raise NotAnAdvertisement(Flaw.LENGTH, f"vrrp packet too short, length {len(payload)}")
        first, vrid, priority, count, fourth, _ = HEADER.unpack_from(payload)
        version = first >> 4
        self._check_size(payload, version, count, len(datagram.source))
        if datagram.multicast and datagram.ttl != TTL:
            raise NotAnAdvertisement(Flaw.TTL, f"invalid TTL/HL. Received {datagram.ttl} and expect {TTL}")
        if version != self.settings.version:
            raise NotAnAdvertisement(
                Flaw.VERSION, f"wrong version. Received {version} and expect {self.settings.version}"
            )
        if version == 2:
            self._check_authentication(fourth >> 8, payload[-AUTHENTICATION_BYTES:])
            self._check_interval(fourth & 0xFF)
        if first & 15 != ADVERTISEMENT:
            raise NotAnAdvertisement(Flaw.TYPE, f"Invalid packet type. {first & 15} and expect {ADVERTISEMENT}")
        addresses = self._addresses(payload, count, len(datagram.source))
        self._check_count(count)
        self._check_sum(datagram, payload, version)
        self._check_cast(datagram)
        self._check_sender(datagram, addresses)
        self.neighbour.sequence = sequence or self.neighbour.sequence
        if version == 3:
            return Advertisement(3, vrid, priority, fourth & INTERVAL_MAX_CS, addresses)
        kind = AuthenticationType(fourth >> 8)
        return Advertisement(2, vrid, priority, (fourth & 0xFF) * 100, addresses, kind, payload[-AUTHENTICATION_BYTES:])

    def _without_header(self, datagram: Datagram) -> tuple[bytes, int]:
        wanted = self.settings.authentication is AuthenticationType.AH
        if not datagram.authenticated:
            if wanted:
                raise NotAnAdvertisement(Flaw.AUTHENTICATION_MISMATCH, "No AH header but auth type is AH")
            return datagram.payload, 0
        if not wanted:
            raise NotAnAdvertisement(Flaw.AUTHENTICATION_MISMATCH, "Received AH header but auth type not AH")
        header = AuthenticationHeader(self.settings.password)
        try:
            return header.verify(datagram.header, datagram.payload, self.neighbour.sequence)
        except AuthenticationHeaderError as error:
            raise NotAnAdvertisement(Flaw.AUTHENTICATION_FAILURE, str(error)) from None

    @staticmethod
    def _check_size(payload: bytes, version: int, count: int, address_bytes: int) -> None:
        expected = HEADER.size + count * address_bytes + (AUTHENTICATION_BYTES if version == 2 else 0)
        if len(payload) != expected:
            how = "short" if len(payload) < expected else "long"
            raise NotAnAdvertisement(Flaw.LENGTH, f"vrrp packet too {how}, length {len(payload)} and expect {expected}")

    def _check_authentication(self, kind: int, secret: bytes) -> None:
        wanted = self.settings.authentication
        if kind not in set(AuthenticationType):
            raise NotAnAdvertisement(Flaw.AUTHENTICATION_UNKNOWN, f"received a {kind} auth, expecting {wanted:d}!")
        if kind != wanted:
            raise NotAnAdvertisement(Flaw.AUTHENTICATION_MISMATCH, f"received a {kind} auth, expecting {wanted:d}!")
        own = self.settings.password[:AUTHENTICATION_BYTES].ljust(AUTHENTICATION_BYTES, b"\0")
        if wanted is AuthenticationType.PASS and not compare_digest(secret, own):
            raise NotAnAdvertisement(Flaw.AUTHENTICATION_FAILURE, "received an invalid passwd!")

    def _check_interval(self, seconds: int) -> None:
        own = self.settings.interval_us // 1_000_000
        if seconds != own:
            raise NotAnAdvertisement(
                Flaw.INTERVAL, f"advertisement interval mismatch mine={own} sec rcv'd={seconds} sec"
            )

    def _check_count(self, count: int) -> None:
        expected = len(self.settings.addresses)
        if count != expected:
            raise NotAnAdvertisement(
                Flaw.ADDRESSES, f"received an unexpected ip number count {count}, expected {expected}!"
            )

    def _check_sum(self, datagram: Datagram, payload: bytes, version: int) -> None:
        source, destination = datagram.source, datagram.destination
        if sum_is_right(payload, version, source, destination):
            return
        if version == 3 and len(source) == 4:
            if self.settings.either_checksum and sum_is_right(payload, 2, source, destination):
                return
            if self._may_be_old() and sum_is_right(payload, 3, source, self.settings.group):
                self.neighbour.old_checksum = True
                return
        raise NotAnAdvertisement(Flaw.CHECKSUM, f"Invalid VRRPv{version} checksum")

    def _may_be_old(self) -> bool:
        return bool(self.settings.unicast_peers) and not self.settings.never_old_checksum

    def _check_cast(self, datagram: Datagram) -> None:
        expected = not self.settings.unicast_peers
        if datagram.multicast != expected:
            names = {True: "multicast", False: "unicast"}
            raise NotAnAdvertisement(
                Flaw.CAST, f"Expected {names[expected]} packet but received {names[datagram.multicast]} packet"
            )

    def _check_sender(self, datagram: Datagram, addresses: tuple[bytes, ...]) -> None:
        """The list of addresses and the unicast source; both are left out for whom they were right before."""
        if self.settings.skip_check_adv_addr and datagram.source == self.neighbour.last_source:
            return
        missing = next((each for each in self.settings.addresses if each not in addresses), None)
        if missing is not None:
            text = f"ip address associated with VRID {self.settings.vrid} not present in MASTER advert: "
            raise NotAnAdvertisement(Flaw.ADDRESSES, text + address_text(missing))
        if not self.settings.check_unicast_source or datagram.multicast:
            return
        peer = next((each for each in self.settings.unicast_peers if each.address == datagram.source), None)
        if peer is None:
            raise NotAnAdvertisement(
                Flaw.PEER, f"unicast source address {address_text(datagram.source)} not a unicast peer"
            )
        if not peer.min_ttl <= datagram.ttl <= peer.max_ttl:
            raise NotAnAdvertisement(Flaw.TTL, f"TTL/HL {datagram.ttl} not in range {peer.min_ttl} - {peer.max_ttl}")

    @staticmethod
    def _addresses(payload: bytes, count: int, size: int) -> tuple[bytes, ...]:
        end = HEADER.size + count * size
        return tuple(payload[at : at + size] for at in range(HEADER.size, end, size))
