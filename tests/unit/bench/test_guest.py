# SPDX-License-Identifier: Apache-2.0
"""Frames for the comparison with the kernel's IPVS, and what is made of its figures."""

import struct

import pytest

from bench.guest.contestants import BARE_TC, BARE_XDP, GENERATOR, GENERATOR_TC, IPVS, ROUTER, TC, XDP
from bench.guest.flows import BALANCED, FIRST_PORT, PLAIN, ROUTED, Flow
from bench.guest.result import Samples, sections
from bench.progrun.packets import ones_complement_sum

FLOWS = {flow.name: flow for flow in (*BALANCED, *PLAIN, *ROUTED)}
ANSWERS = FLOWS["TCP answers, NAT"]


def sent(flow: Flow, number: int = 0) -> bytes:
    """A frame as the source makes it."""
    frame, port = bytearray(flow.frame()), FIRST_PORT + number
    struct.pack_into("!H", frame, flow.port_at, port)
    (check,) = struct.unpack_from("!H", frame, flow.check_at)
    total = (~check & 0xFFFF) + port
    struct.pack_into("!H", frame, flow.check_at, ~(total + (total >> 16)) & 0xFFFF)
    return bytes(frame)


@pytest.mark.parametrize("name", FLOWS)
def test_each_frame_is_sound(name: str) -> None:
    """Whatever its port, header and transport sum to nothing."""
    for number in (0, 999):
        frame = sent(FLOWS[name], number)
        pseudo = frame[26:34] + struct.pack("!HH", frame[23], len(frame) - 34)
        assert len(frame) == 64
        assert ones_complement_sum(frame[14:34]) == 0
        assert ones_complement_sum(pseudo + frame[34:]) == 0


def test_answers_come_from_the_server_to_the_clients_port() -> None:
    """Their connections are begun by the client, with a SYN and an ACK."""
    frame = sent(ANSWERS)
    assert struct.unpack_from("!HH", frame, 34) == (ANSWERS.port, FIRST_PORT)
    assert ANSWERS.sender[1] == "s0"
    assert [(each.flags, each.sender[1]) for each in ANSWERS.before()] == [(0x02, "c0"), (0x10, "c0")]


def test_a_frame_that_was_not_translated_has_not_arrived() -> None:
    """What the sink sees is compared with what balancing should have made of it."""
    untouched = sent(FLOWS["UDP, NAT"])
    assert not FLOWS["UDP, NAT"].has_arrived(untouched)
    assert FLOWS["UDP, direct routing"].has_arrived(untouched)


def test_shares_are_of_what_ipvs_costs_beyond_the_plain_way() -> None:
    """«Director» leaves out the source, «added» a router."""
    flow = FLOWS["TCP established, NAT"]
    plain = {GENERATOR: 100, GENERATOR_TC: 200, BARE_TC: 300, BARE_XDP: 150, ROUTER: 500}
    samples: Samples = {(name, each.name): [cost] for name, cost in plain.items() for each in PLAIN}
    samples |= {(name, flow.name): [cost] for name, cost in {IPVS: 1100.0, TC: 800.0, XDP: 350.0}.items()}
    whole, _, shares = sections(samples, [flow])
    cells = {column: figure.median for column, figure in shares.rows[flow.name].items() if figure}
    assert cells == {
        "xlvs tc: director": 0.7,
        "least, tc": 0.2,
        "xlvs tc: added": 0.5,
        "aim, tc": 0.6,
        "xlvs XDP: director": 0.25,
        "least, XDP": 0.05,
        "aim, XDP": 0.3,
    }
    assert list(whole.rows[flow.name]) == [IPVS, TC, XDP]
