# SPDX-License-Identifier: Apache-2.0
"""The Call-ID that the packet path finds in random messages is the reference model's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.progrun.packets import UDP, Packet, end
from tests.progrun.rules import destination, service_key
from tests.reference.call_id import call_id
from xlvs.ipvs import layout
from xlvs.model.service import VirtualService

if TYPE_CHECKING:
    from tests.progrun.director import Director

SERVICE = service_key(end("10.0.0.1:5060"), UDP)
REAL = end("10.2.1.100:5060")
PIECES = [
    b"\r\n", b"\r", b"\n", b" ", b"\t", b":", b"@", b"Call-ID", b"cALL-iD", b"i", b"I", b"Call-ID: ", b"\r\ni:",
    b"a", b"xyz@host", b"-._!%*+`'~()<>\\\"/[]?{}", b"#", b"=", b",", b";", b"\xe9", b"\xd7", b"\x80", b"\0", b"w" * 100,
]  # fmt: skip
messages = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=3)), max_size=40).map(b"".join)


@settings(max_examples=5 * settings().max_examples, deadline=None, suppress_health_check=list(HealthCheck))
@given(message=messages)
@example(message=b"X\r\nCall-ID: " + b"w" * 255 + b"\r\n")
@example(message=b"X\r\nCall-ID: " + b"w" * 256 + b"\r\n")
@example(message=b"X\r\n" + b"Via: x\r\n" * 150 + b"i: late\r\n")
def test_the_call_id_is_the_models(loaded: Director, message: bytes) -> None:
    """A datagram without one is dropped, and one with it makes a template that has it."""
    loaded.clear()
    loaded.tables.add_service(VirtualService(SERVICE, "rr", persistence_timeout_s=100, persistence_engine="sip"))
    loaded.tables.add_destination(SERVICE, destination(REAL))
    expected = call_id(message)

    outcome = loaded.tc(Packet(end("10.1.8.5:1000"), end("10.0.0.1:5060"), UDP, data=message).frame())

    assert outcome.verdict == ("DROP_NO_CALL_ID" if expected is None else "FORWARD")
    found = [layout.CALL.unpack(value)[1:] for _, value in loaded.store.map("calls").items()]
    assert [text[:length] for length, text in found] == ([] if expected is None else [expected])
