# SPDX-License-Identifier: Apache-2.0
"""What is written is read again, and whatever is read, nothing is raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.syncwire.strategies import ENTRIES, PLAIN_IPV4
from xlvs.syncwire.builder import Builder, empty
from xlvs.syncwire.entry import INACTIVE, Entry, engine_options
from xlvs.syncwire.reader import read

if TYPE_CHECKING:
    from collections.abc import Sequence

LENGTHS = st.integers(1, 2000)


def written(entries: Sequence[Entry], maxlen: int, version: int = 1, syncid: int = 0) -> list[bytes]:
    """The messages that hold these entries."""
    builder = Builder(syncid, maxlen)
    for entry in entries:
        options = engine_options(entry.engine, entry.engine_data) if entry.engine else b""
        builder.add(entry.wide(), options, version, 0.0)
    builder.flush()
    return builder.take()


def heard(messages: Sequence[bytes], syncid: int = 0) -> list[Entry]:
    """The entries in messages that have to be right."""
    found = [read(message, syncid) for message in messages]
    assert None not in found
    return [Entry.of(*each) for message in found if message for each in message.entries]


def without_size(entry: Entry) -> Entry:
    """The entry as its 72 bytes say it: the engine stands beside them."""
    return Entry.of(entry.wide(), entry.engine, entry.engine_data)


@given(st.lists(ENTRIES, max_size=60), LENGTHS, st.integers(0, 255))
def test_version_1_comes_back_whole(entries: list[Entry], maxlen: int, syncid: int) -> None:
    """All fields, in order, whatever the length of messages."""
    assert heard(written(entries, maxlen, syncid=syncid), syncid) == [without_size(each) for each in entries]


@given(st.lists(PLAIN_IPV4, max_size=60), LENGTHS)
def test_version_0_keeps_what_it_has_room_for(entries: list[Entry], maxlen: int) -> None:
    """Mark and timeout are lost, and the upper half of the flags."""
    plain = [each._replace(flags=each.flags & 0xF9FF) for each in entries]  # no sequence numbers, which would follow
    kept = [each._replace(fwmark=0, timeout_s=0, flags=each.flags & 0xFFFF) for each in plain]

    assert heard(written(plain, maxlen, version=0)) == kept


@given(st.lists(ENTRIES, max_size=30), LENGTHS)
def test_many_at_once_are_written_like_one_by_one(entries: list[Entry], maxlen: int) -> None:
    """Records that need no options, from the middle of wider ones."""
    plain = [each._replace(engine=b"", engine_data=b"") for each in entries]
    together = Builder(0, maxlen)
    together.add_plain(b"".join(b"8 bytes." + each.wide() + bytes(8) for each in plain), 88, 8, 0.0)
    together.flush()

    assert together.take() == written(plain, maxlen)


@given(st.lists(ENTRIES, min_size=1, max_size=60), LENGTHS)
def test_messages_are_no_longer_than_asked_unless_one_entry_is(entries: list[Entry], maxlen: int) -> None:
    """A message that is longer has one entry; its header tells its length."""
    for message in written(entries, maxlen):
        assert len(message) <= maxlen or message[4] == 1
        assert int.from_bytes(message[2:4], "big") == len(message)


@given(st.binary(max_size=400), st.integers(0, 255))
def test_hostile_bytes_raise_nothing(data: bytes, syncid: int) -> None:
    """Of any datagram something is made, or nothing."""
    message = read(data, syncid)

    assert message is None or message.end <= len(data)


@given(st.lists(ENTRIES, min_size=1, max_size=5), st.data())
def test_bytes_that_changed_on_the_way_raise_nothing(entries: list[Entry], data: st.DataObject) -> None:
    """Nearly right ones go deeper into the reader."""
    message = bytearray(written(entries, 1472)[0])
    for _ in range(data.draw(st.integers(1, 5))):
        message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(message)))
    for tried in (bytes(message), bytes(message[:cut]), bytes(message[:2]) + cut.to_bytes(2, "big") + message[4:cut]):
        read(tried, 0)


def test_the_layout_is_that_of_the_kernel() -> None:
    """A message that its master sent (scene sync-master-v1)."""
    entry = Entry(
        6, INACTIVE, 7, 1, 80, 8080, 0, 60, bytes((10, 1, 8, 5)), bytes((10, 0, 0, 1)), bytes((10, 2, 1, 100))
    )
    recorded = "0005002c0101000000060024000001000007000100501f90000000000000003c0a0108050a0000010a020164"

    assert [each.hex() for each in written([entry], 1472, syncid=5)] == [recorded]
    assert [each.hex() for each in written([entry], 1472, version=0, syncid=5)] == [
        "0105001c0006000100501f900a0108050a0000010a02016401000007"
    ]


@pytest.mark.parametrize(
    ("mine", "theirs", "taken"), [(0, 9, True), (9, 9, True), (9, 8, False), (9, 0, False)], ids=str
)
def test_the_id_of_the_group_has_to_be_ours(mine: int, theirs: int, *, taken: bool) -> None:
    """Who has none takes all."""
    assert (read(empty(theirs, 0), mine) is not None) is taken


def test_another_version_begins_another_message() -> None:
    """Entries of both versions do not share one."""
    builder = Builder(0, 1472)
    entry = Entry(6, 0, 1, 1, 2, 3, 0, 4, bytes(4), bytes(4), bytes(4)).wide()
    for version in (1, 0, 0, 1):
        builder.add(entry, b"", version, 0.0)
    builder.flush()

    assert [len(each) for each in builder.take()] == [44, 52, 44]


def test_a_message_counts_no_more_than_its_header_can_say() -> None:
    """255, however long it may be."""
    entry = Entry(6, 0, 1, 1, 2, 3, 0, 4, bytes(4), bytes(4), bytes(4))

    assert [message[4] for message in written([entry] * 300, 60000)] == [255, 45]


def test_the_first_entry_s_time_is_the_message_s() -> None:
    """Until it is full or flushed."""
    builder = Builder(0, 1472)
    entry = Entry(6, 0, 1, 1, 2, 3, 0, 4, bytes(4), bytes(4), bytes(4)).wide()
    builder.add(entry, b"", 1, 5.0)
    builder.add(entry, b"", 1, 6.0)
    assert builder.begun == 5.0
    builder.flush()
    assert builder.begun is None
