# SPDX-License-Identifier: Apache-2.0
"""Packets with random damage: the program and the model in plain Python come to the same, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.progrun import decaps, tunnels
from tests.progrun.decaps import DIRECTOR, DIRECTOR6, DROPPED, NEXT, OWN, OWN6, PASSED, REQUEST, REQUEST6, Decap
from tests.progrun.packets import TCP, checksum
from tests.reference.decap import End

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL: Final = End(
    frozenset((OWN, OWN6)), frozenset((REQUEST.destination[0], REQUEST6.destination[0])), tunnels.GUE_PORT
)
ENDS: Final = ((DIRECTOR, OWN), (DIRECTOR6, OWN6))
KINDS: Final = (*tunnels.forms(ENDS[0], REQUEST.ip()), "remote")


@pytest.fixture(scope="module")
def decap() -> Iterator[Decap]:
    """One for all packets."""
    with decaps.loaded() as made:
        yield made


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """A tunnel packet of any kind, in which up to three bytes behind the Ethernet header are others."""
    ends = draw(st.sampled_from(ENDS))
    inner = replace(draw(st.sampled_from((REQUEST, REQUEST6))), tos=draw(st.integers(0, 255)))
    kind = draw(st.sampled_from(KINDS))
    if kind == "remote":
        left = tunnels.left_to_receiver(inner.ip(), TCP, 16)
        start = len(left) - len(inner.transport())
        frame = tunnels.gue(*ends, left, summed=True, head=tunnels.remote_checksum_head(left, start, start + 16))
    else:
        frame = tunnels.forms(ends, inner.ip())[kind]
    damaged = bytearray(frame)
    for place in draw(st.lists(st.integers(14, len(frame) - 1), max_size=3)):
        damaged[place] = draw(st.one_of(st.integers(0, 255), st.sampled_from((damaged[place] ^ 1, damaged[place] ^ 3))))
    if draw(st.booleans()):
        mend(damaged)
    return bytes(damaged)


def mend(frame: bytearray) -> None:
    """Make the outer IPv4 header's checksum hold, so that other damage is found."""
    if frame[12:14] == b"\x08\x00":
        size = (frame[14] & 15) * 4
        frame[24:26] = bytes(2)
        frame[24:26] = checksum(bytes(frame[14 : 14 + size])).to_bytes(2, "big")


def is_fragment(frame: bytes) -> bool:
    """Which the model does not know."""
    if frame[12:14] == b"\x08\x00":
        return bool(int.from_bytes(frame[20:22], "big") & 0x3FFF)
    return frame[20] == tunnels.FRAGMENT


@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=frames())
def test_program_and_model_agree(decap: Decap, frame: bytes) -> None:
    """On what is done, on what is counted, and on every byte of what goes on."""
    assume(not is_fragment(frame))
    outcome, expected = MODEL.judge(frame)

    code, after, counted = decap.run(frame)

    assert counted == ({outcome: 1} if outcome else {})
    if outcome == "done":
        assert (code, after) == (PASSED, expected)
    elif outcome.startswith("drop_"):
        assert code == DROPPED
    else:
        assert (code, after) == (NEXT, frame)
