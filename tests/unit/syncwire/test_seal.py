# SPDX-License-Identifier: Apache-2.0
"""Seals: made with a key they are known by it, changed or repeated messages are not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.syncwire.strategies import ENTRIES
from xlvs.syncwire import seal as seals
from xlvs.syncwire.builder import Builder, empty
from xlvs.syncwire.entry import Entry, engine_options
from xlvs.syncwire.reader import read
from xlvs.syncwire.seal import Freshness, Kind, Seal, key_of

KEY = key_of(b"a secret\n")
NOW = 1_700_000_000_000_000
SEALS = st.builds(
    Seal,
    st.sampled_from(Kind),
    st.binary(min_size=8, max_size=8),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 63),
)


def sealed(entries: list[Entry], seal: Seal, key: bytes) -> bytes:
    """A message of entries with its seal. Their options have odd lengths, so that the last one may not end on a word."""
    builder = Builder(3, 60000, seals.SIZE)
    for entry in entries:
        builder.add(entry.wide(), engine_options(entry.engine, entry.engine_data) if entry.engine else b"", 1, 0.0)
    builder.flush()
    message = builder.take()[0] if entries else empty(3, seals.SIZE)
    return seals.put(message, seal, key)


@given(st.lists(ENTRIES, max_size=5), SEALS, st.sampled_from((b"", KEY)))
def test_a_sealed_message_is_an_ordinary_one_with_a_seal(entries: list[Entry], seal: Seal, key: bytes) -> None:
    """The kernel's reader, and ours without a key, find the entries; the seal comes back."""
    data = sealed(entries, seal, key)
    message = read(data, 3)

    assert message is not None
    assert len(message.entries) == len(entries)
    assert seals.take(data, message.end, key) == seal
    assert seals.take(data, message.end, b"") == seal


@given(st.lists(ENTRIES, max_size=3), SEALS, st.data())
def test_a_change_of_any_bit_is_seen(entries: list[Entry], seal: Seal, data: st.DataObject) -> None:
    """Of the entries, the header or the seal."""
    whole = bytearray(sealed(entries, seal, KEY))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    message = read(bytes(whole), 0)

    assert message is None or seals.take(bytes(whole), message.end, KEY) is None


def test_another_key_is_not_the_key() -> None:
    """Nor is none."""
    seal = Seal(Kind.CHANGES, b"12345678", NOW)
    for key in (b"", key_of(b"another secret")):
        data = sealed([], seal, key)
        assert seals.take(data, len(data) - seals.SIZE, KEY) is None


@given(st.binary(max_size=200), st.integers(0, 200))
def test_hostile_bytes_are_no_seal(data: bytes, end: int) -> None:
    """Nothing is raised."""
    assert seals.take(data, min(end, len(data)), KEY) is None


def test_blanks_around_a_key_do_not_count() -> None:
    """An editor adds a newline. Nothing but blanks is no key."""
    assert key_of(b" a secret ") == KEY != key_of(b"a  secret")
    assert key_of(b" \n") == b""


def test_a_message_is_taken_once() -> None:
    """A sender's numbers rise, by socket."""
    fresh = Freshness()
    seal = Seal(Kind.CHANGES, b"12345678", NOW)

    assert fresh.admits(seal, now_us=NOW)
    assert not fresh.admits(seal, now_us=NOW)
    assert not fresh.admits(seal._replace(number=NOW - 1), now_us=NOW)
    assert fresh.admits(seal._replace(number=NOW + 1), now_us=NOW)
    assert fresh.admits(seal._replace(port=1), now_us=NOW)


def test_a_message_of_the_past_is_of_nobody_who_is_known() -> None:
    """What was recorded before we began to listen is not taken; a known sender's clock may stand."""
    fresh = Freshness()
    old = Seal(Kind.CHANGES, b"12345678", NOW)
    later = NOW + seals.TOLERANCE_US + 1

    assert not fresh.admits(old, now_us=later)
    assert fresh.admits(old, now_us=NOW)
    assert fresh.admits(old._replace(number=NOW + 1), now_us=later)
