# SPDX-License-Identifier: Apache-2.0
"""Who answers for an address, read from frames."""

import pytest

from xlvs.linux.arp import arp_answerer, nd_answerer

ADDRESS, OTHER = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
ADDRESS6 = bytes.fromhex("20010db8000000000000000000000001")
WHO, ASKER = bytes.fromhex("0200000000aa"), bytes.fromhex("0200000000bb")


def arp(operation: int, sender: bytes) -> bytes:
    """An ARP frame."""
    head = ASKER + WHO + b"\x08\x06" + bytes.fromhex("0001080006040000")[:-2] + operation.to_bytes(2, "big")
    return head + WHO + sender + ASKER + bytes(4)


def advertisement(kind: int, options: bytes) -> bytes:
    """A neighbour discovery message about ADDRESS6."""
    ip = b"\x60" + bytes(5) + b"\x3a\xff" + bytes(32)
    return ASKER + WHO + b"\x86\xdd" + ip + bytes((kind, 0, 0, 0, 0, 0, 0, 0)) + ADDRESS6 + options


@pytest.mark.parametrize(
    ("frame", "answerer"),
    [(arp(2, ADDRESS), WHO), (arp(1, ADDRESS), None), (arp(2, OTHER), None), (arp(2, ADDRESS)[:30], None), (b"", None)],
)
def test_an_arp_answer_names_its_sender(frame: bytes, answerer: bytes | None) -> None:
    """Requests and answers for others do not count."""
    assert arp_answerer(frame, ADDRESS) == answerer


@pytest.mark.parametrize(
    ("frame", "answerer"),
    [
        (advertisement(136, b"\x02\x01" + ASKER), ASKER),
        (advertisement(136, b""), WHO),
        (advertisement(135, b""), None),
        (advertisement(136, b"")[:60], None),
    ],
)
def test_a_neighbour_advertisement_names_its_target(frame: bytes, answerer: bytes | None) -> None:
    """By its option, else by the frame's source (RFC 4861 4.4)."""
    assert nd_answerer(frame, ADDRESS6) == answerer
