# SPDX-License-Identifier: Apache-2.0
"""The program on the way out, and packets that begin or end on the director."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from tests.progrun.director import TC_OK, TC_REDIRECT, TC_SHOT, TO_SERVER, Outcome
from tests.progrun.packets import UDP, Packet, end
from tests.progrun.rules import add
from tests.progrun.runner import Runner
from xlvs.linux.bpf import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.progrun.director import Director

    Leave = Callable[..., Outcome]

CLIENT = end("10.1.8.5:1000")
HERE4, HERE6 = end("10.1.0.1:1000"), end("[2001:db8:1::1]:1000")
LOOPBACK = 1
TO_NOBODY = bytes(12)  # the link-layer addresses of the loopback interface
ENDS = [
    (HERE4, end("10.0.0.1:80"), end("10.2.1.100:80")),
    (HERE6, end("[2001:db8::1]:80"), end("[2001:db8:2:1::100]:80")),
]


@pytest.fixture
def leave(loaded: Director) -> Iterator[Leave]:
    """Run the program on the way out; `came_in` is where a packet that is forwarded came from."""
    loaded.clear()
    add(loaded.tables, UDP, "10.0.0.1:80", "10.2.1.100:80")
    add(loaded.tables, UDP, "[2001:db8::1]:80", "[2001:db8:2:1::100]:80")
    add(loaded.tables, UDP, "10.0.0.1:81", "10.2.0.1:8081")
    with Program.from_pin(f"{loaded.directory}/prog_egress") as program:
        runner = Runner(program)

        def run(packet: Packet, interface: int = LOOPBACK, came_in: int = 0) -> Outcome:
            context = bytearray(192)
            struct.pack_into("<II", context, 36, came_in, interface)
            before = loaded.verdict_counts()
            action, after = runner.run(packet.frame(), bytes(context))
            return Outcome(loaded._verdict_since(before), action, after)

        yield run


@pytest.mark.parametrize(("client", "virtual", "real"), ENDS)
def test_a_request_of_the_host_is_balanced(
    leave: Leave, client: tuple[bytes, int], virtual: tuple[bytes, int], real: tuple[bytes, int]
) -> None:
    """It loses a hop, as in the kernel."""
    packet = Packet(client, virtual, UDP, data=b"question")

    outcome = leave(packet)

    assert (outcome.verdict, outcome.action) == ("FORWARD", TC_REDIRECT)
    assert outcome.frame == packet.sent(destination=real, macs=TO_SERVER).frame()


def test_what_came_in_was_judged_there(leave: Leave, loaded: Director) -> None:
    """One that is forwarded to a virtual address passes untouched, and nothing is counted."""
    packet = Packet(CLIENT, end("10.0.0.1:80"), UDP)

    outcome = leave(packet, loaded.ifindex["inner"], loaded.ifindex["outer"])

    assert outcome == ("PASS", TC_OK, packet.frame())


def test_loopback_addresses_do_not_leave(leave: Leave) -> None:
    """The connection is made and the packet dropped, as in the kernel."""
    outcome = leave(Packet(end("127.0.0.1:1000"), end("10.0.0.1:80"), UDP))

    assert (outcome.verdict, outcome.action) == ("DROP_NO_ROUTE", TC_SHOT)


def test_a_destination_here_gets_the_packet_with_its_hops(leave: Leave, loaded: Director) -> None:
    """The stack goes on with it, even with the last hop; the answer becomes the virtual address's."""
    virtual, here = end("10.0.0.1:81"), end("10.2.0.1:8081")
    packet = Packet(CLIENT, virtual, UDP, data=b"question", ttl=1)

    outcome = loaded.tc(packet.frame())

    assert (outcome.verdict, outcome.action) == ("FORWARD", TC_OK)
    assert outcome.frame == Packet(CLIENT, here, UDP, data=b"question", ttl=1).frame()
    assert loaded.xdp(packet.frame()).verdict == "HAND_UP"
    answer = leave(Packet(here, CLIENT, UDP, data=b"answer"), loaded.ifindex["outer"])
    assert answer.verdict == "REPLY"
    assert answer.frame[14:] == Packet(virtual, CLIENT, UDP, data=b"answer").frame()[14:]


def test_an_answer_for_the_host_enters_by_the_loopback_interface(leave: Leave, loaded: Director) -> None:
    """A stack takes no address of its own from a wire."""
    virtual, real = end("10.0.0.1:80"), end("10.2.1.100:80")
    leave(Packet(HERE4, virtual, UDP))

    outcome = loaded.tc(Packet(real, HERE4, UDP, data=b"answer", ttl=1).frame())

    assert (outcome.verdict, outcome.action) == ("REPLY", TC_REDIRECT)
    assert outcome.frame == Packet(virtual, HERE4, UDP, data=b"answer", ttl=1, macs=TO_NOBODY).frame()


def test_the_last_hop_of_the_host_is_answered_at_home(leave: Leave) -> None:
    """The error stays on the loopback interface, on which the request was."""
    outcome = leave(Packet(HERE4, end("10.0.0.1:80"), UDP, ttl=1))

    assert (outcome.verdict, outcome.action) == ("ANSWERED", TC_OK)
