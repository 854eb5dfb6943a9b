# SPDX-License-Identifier: Apache-2.0
"""The authentication header, as the original sends it."""

from __future__ import annotations

import pytest

from xlvs.vrrp.ah import HEADER, AuthenticationHeader, AuthenticationHeaderError

RECORDED = bytes.fromhex(
    "45c0004000010000ff33d0690a4d0001e0000012"
    "700400000a4d000100000001ef0047fe5152d4b4bff9ea61"
    "2133640102016e190a4d00640000000000000000"
)
"""What Keepalived 2.2.7 sent with auth_pass secret."""
IP, AH, ADVERTISEMENT = RECORDED[:20], RECORDED[20:44], RECORDED[44:]


def test_the_originals_header_is_right() -> None:
    """Its advertisement and its sequence number."""
    assert AuthenticationHeader(b"secret").verify(IP, AH + ADVERTISEMENT, 0) == (ADVERTISEMENT, 1)


def test_ours_is_the_same() -> None:
    """Byte for byte."""
    assert AuthenticationHeader(b"secret").seal(IP, IP[12:16], 1, ADVERTISEMENT) == AH


@pytest.mark.parametrize(
    ("secret", "payload", "last"),
    [
        (b"other", AH + ADVERTISEMENT, 0),
        (b"secret", AH + ADVERTISEMENT[:-1] + b"x", 0),
        (b"secret", AH + ADVERTISEMENT, 1),
        (b"secret", AH[: HEADER.size - 1], 0),
        (b"secret", b"\0" + AH[1:] + ADVERTISEMENT, 0),
    ],
    ids=["another secret", "a changed advertisement", "a sequence number again", "cut off", "another protocol"],
)
def test_what_is_not_right_is_refused(secret: bytes, payload: bytes, last: int) -> None:
    """Whatever it is."""
    with pytest.raises(AuthenticationHeaderError):
        AuthenticationHeader(secret).verify(IP, payload, last)
