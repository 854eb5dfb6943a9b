# SPDX-License-Identifier: Apache-2.0
"""Control packets: the bytes of RFC 5880 4.1, and what is refused by 6.8.6."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlvs.bfd.packet import ControlPacket, NotAControlPacket, State, build, diagnostic_text, parse

# What Keepalived 2.2.7 sends for "Up, Poll, 3 x 50 ms, my discriminator 0xec48096a, yours 0x1234".
UP: ControlPacket = ControlPacket(State.UP, 0xEC48096A, 0x1234, 3, 50_000, 50_000, poll=True)
BYTES = bytes.fromhex("20e00318ec48096a000012340000c3500000c35000000000")


def changed(**places: int) -> bytes:
    """The packet with other bytes; names are `b` and the offset."""
    data = bytearray(BYTES)
    for name, value in places.items():
        data[int(name[1:])] = value
    return bytes(data)


def test_packet_has_the_bytes_of_the_standard() -> None:
    """Version, diagnostic, state, flags, multiplier, length, discriminators, intervals."""
    assert build(UP) == BYTES
    assert parse(BYTES) == UP


NO_DISCRIMINATOR = {f"b{at}": 0 for at in range(4, 8)}
NOT_YOURS = {f"b{at}": 0 for at in range(8, 12)}

REFUSED = [
    (BYTES[:23], "Packet is too small: 23 bytes"),
    (b"", "Packet is too small: 0 bytes"),
    (changed(b0=0x00), "Packet is of unsupported version: 0"),
    (changed(b0=0x40), "Packet is of unsupported version: 2"),
    (changed(b3=23), "Packet size mismatch: length field: 23 bytes, buffer size: 24 bytes"),
    (changed(b3=25), "Packet size mismatch: length field: 25 bytes, buffer size: 24 bytes"),
    (changed(b2=0), "Packet 'detection multiplier' field is zero"),
    (changed(b1=0xC1), "Packet has 'multipoint' flag"),
    (changed(**NO_DISCRIMINATOR), "Packet 'my discriminator' field is zero"),
    (changed(**NOT_YOURS), "Packet 'your discriminator' field is zero and 'state' field is not Down or AdminDown"),
    (
        changed(b1=0x80, **NOT_YOURS),
        "Packet 'your discriminator' field is zero and 'state' field is not Down or AdminDown",
    ),
    (changed(b1=0xF0), "Packet has both poll and final  flags set"),
]


@pytest.mark.parametrize(("data", "flaw"), REFUSED)
def test_flawed_packet_is_refused_in_the_words_of_the_original(data: bytes, flaw: str) -> None:
    """One flaw each."""
    with pytest.raises(NotAControlPacket) as refusal:
        parse(data)
    assert str(refusal.value) == flaw


@pytest.mark.parametrize("state", [State.DOWN, State.ADMIN_DOWN])
def test_neighbor_that_knows_us_not_may_only_be_down(state: State) -> None:
    """Down and AdminDown go without our discriminator."""
    assert parse(changed(b1=state << 6, **NOT_YOURS)).your_discriminator == 0


def test_padding_after_the_packet_is_not_looked_at() -> None:
    """RFC 9764."""
    assert parse(BYTES + bytes(1000)) == UP


def test_unknown_diagnostic_is_a_number() -> None:
    """RFC 5880 keeps 9 to 31 for later."""
    assert parse(changed(b0=0x20 | 31)).diagnostic == 31
    assert diagnostic_text(31) == "Diagnostic 31"
    assert diagnostic_text(1) == "Control Detection Time Expired"


@given(
    st.builds(
        ControlPacket,
        state=st.sampled_from(State),
        my_discriminator=st.integers(1, 0xFFFFFFFF),
        your_discriminator=st.integers(1, 0xFFFFFFFF),
        multiplier=st.integers(1, 255),
        desired_min_tx_us=st.integers(0, 0xFFFFFFFF),
        required_min_rx_us=st.integers(0, 0xFFFFFFFF),
        diagnostic=st.integers(0, 31),
        poll=st.booleans(),
        demand=st.booleans(),
    )
)
def test_what_is_built_is_read_back(packet: ControlPacket) -> None:
    """Any packet."""
    assert parse(build(packet)) == packet
