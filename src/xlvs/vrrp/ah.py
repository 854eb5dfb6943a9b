# SPDX-License-Identifier: Apache-2.0
"""The IP authentication header (RFC 2402) with HMAC-MD5-96 (RFC 2403), as VRRP version 2 uses it (RFC 2338 5.3.6.3).

The value covers the IPv4 header with the fields that change on the way set to zero, the header itself without its value,
and the advertisement. Keepalived sends the source address as the SPI.
"""

from __future__ import annotations

import hmac
from struct import Struct

PROTOCOL = 51
VRRP = 112
HEADER = Struct("!BBHII12s")
VALUE_BYTES = 12
WORDS = HEADER.size // 4 - 2  # of 32 bits, minus two: RFC 2402 2.2


class AuthenticationHeaderError(ValueError):
    """A header that is not right."""


class AuthenticationHeader:
    """Makes and checks headers with one secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret[:8].ljust(8, b"\0").rstrip(b"\0")

    def seal(self, ip_header: bytes, source: bytes, sequence: int, advertisement: bytes) -> bytes:
        """The header that goes between an IPv4 header and an advertisement."""
        spi = int.from_bytes(source, "big")
        blank = HEADER.pack(VRRP, WORDS, 0, spi, sequence, bytes(VALUE_BYTES))
        value = self._value(ip_header, blank, advertisement)
        return HEADER.pack(VRRP, WORDS, 0, spi, sequence, value)

    def verify(self, ip_header: bytes, payload: bytes, last_sequence: int) -> tuple[bytes, int]:
        """The advertisement after a header, and the header's sequence number. Raises AuthenticationHeaderError."""
        if len(payload) < HEADER.size:
            raise AuthenticationHeaderError("IPSEC-AH : the header is cut off")
        protocol, words, reserved, spi, sequence, value = HEADER.unpack_from(payload)
        if protocol != VRRP or words != WORDS:
            raise AuthenticationHeaderError("IPSEC-AH : this is no header with HMAC-MD5-96 before VRRP")
        blank = HEADER.pack(protocol, words, reserved, spi, sequence, bytes(VALUE_BYTES))
        advertisement = payload[HEADER.size :]
        if not hmac.compare_digest(value, self._value(ip_header, blank, advertisement)):
            raise AuthenticationHeaderError(
                "IPSEC-AH : invalid IPSEC HMAC-MD5 value. Due to fields mutation or bad password !"
            )
        if sequence <= last_sequence:
            text = f"IPSEC-AH : sequence number {sequence} already processed. Packet dropped."
            raise AuthenticationHeaderError(f"{text} Local({last_sequence})")
        return advertisement, sequence

    def _value(self, ip_header: bytes, blank: bytes, advertisement: bytes) -> bytes:
        return hmac.digest(self._secret, immutable(ip_header) + blank + advertisement, "md5")[:VALUE_BYTES]


def immutable(ip_header: bytes) -> bytes:
    """An IPv4 header with type of service, flags, offset and checksum set to zero (RFC 2402 3.3.3.1.1.1).

    The time to live stays, as in the original: it is 255 at both ends.
    """
    header = bytearray(ip_header)
    header[1] = 0
    header[6:8] = bytes(2)
    header[10:12] = bytes(2)
    return bytes(header)
