# SPDX-License-Identifier: Apache-2.0
"""SCTP's checksum after a change of ports, and AH and ESP beside a UDP connection: frames through tc and XDP."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.progrun.director import FROM_SERVER, INNER, OUTER, TO_CLIENT, TO_SERVER
from tests.progrun.packets import SCTP, UDP, Packet, end, framed, ipv4_header
from tests.progrun.rules import add

if TYPE_CHECKING:
    from tests.progrun.director import Arrival, Director

INIT = struct.pack("!BBH", 1, 0, 20) + bytes(16)
ESP, AH = 50, 51
ISAKMP = 500
FAMILIES = {
    "IPv4": (end("10.1.8.5:1000"), end("10.0.0.1:2904"), end("10.2.1.100:2905")),
    "IPv6": (end("[2001:db8:8::5]:1000"), end("[2001:db8::1]:2904"), end("[2001:db8:2:1::100]:2905")),
}


@pytest.fixture(scope="module")
def configured(loaded: Director) -> Director:
    """SCTP with another port behind, and UDP port 500."""
    loaded.clear()
    add(loaded.tables, SCTP, "10.0.0.1:2904", "10.2.1.100:2905")
    add(loaded.tables, SCTP, "[2001:db8::1]:2904", "[2001:db8:2:1::100]:2905")
    add(loaded.tables, UDP, "10.0.0.1:500", "10.2.1.100:500")
    return loaded


@dataclass(frozen=True)
class Run:
    """One of the programs, over the rules above."""

    director: Director
    program: str

    def __call__(self, frame: bytes, arrival: Arrival = OUTER) -> tuple[str, bytes]:
        """Verdict, and the frame as it left."""
        outcome = (self.director.xdp if self.program == "xdp" else self.director.tc)(frame, arrival)
        return outcome.verdict, outcome.frame


@pytest.fixture(params=["tc", "xdp"])
def run(request: pytest.FixtureRequest, configured: Director) -> Run:
    """Each program, without connections."""
    configured.end_connections()
    return Run(configured, request.param)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_checksum_holds_at_every_length(run: Run, family: str) -> None:
    """Each bit of the length has its own power in the reckoning: both directions, lengths with few and many bits."""
    client, virtual, real = FAMILIES[family]
    run(Packet(client, virtual, SCTP, data=INIT).frame())
    for length in (0, 1, 3, 4, 5, 15, 16, 63, 64, 127, 256, 500, 511, 1000, 1023, 1024, 1400):
        data = bytes((7 * n + length) & 0xFF for n in range(length))
        ask = Packet(client, virtual, SCTP, data=data)
        assert run(ask.frame()) == ("FORWARD", ask.sent(destination=real, macs=TO_SERVER).frame()), length
        say = Packet(real, client, SCTP, data=data, macs=FROM_SERVER)
        assert run(say.frame(), INNER) == ("REPLY", say.sent(source=virtual, macs=TO_CLIENT).frame()), length


def test_a_wrong_checksum_stays_wrong_by_the_same_bits(run: Run) -> None:
    """What was damaged before the director is not hidden by it."""
    client, virtual, real = FAMILIES["IPv4"]
    ask = Packet(client, virtual, SCTP, data=INIT)
    damaged, place = bytearray(ask.frame()), 14 + 20 + 8
    damaged[place] ^= 0x40
    expected = bytearray(ask.sent(destination=real, macs=TO_SERVER).frame())
    expected[place] ^= 0x40

    assert run(bytes(damaged)) == ("FORWARD", bytes(expected))


def test_a_checksum_that_the_card_is_to_compute_is_left_to_it(run: Run) -> None:
    """The field is empty then; XDP cannot send such a packet on."""
    client, virtual, real = FAMILIES["IPv4"]
    ask = Packet(client, virtual, SCTP, data=INIT, summed=False)
    if run.program == "xdp":
        assert run(ask.frame()) == ("PASS", ask.frame())
    else:
        assert run(ask.frame()) == ("FORWARD", ask.sent(destination=real, macs=TO_SERVER).frame())


def test_only_an_init_begins_a_connection(run: Run) -> None:
    """Neither another chunk nor none."""
    client, virtual, _ = FAMILIES["IPv4"]
    for data in (b"", b"\1\0\0", struct.pack("!BBH", 0, 0, 4), struct.pack("!BBH", 6, 0, 4)):
        frame = Packet(client, virtual, SCTP, data=data).frame()
        assert run(frame) == ("PASS", frame)


@pytest.mark.parametrize("protocol", [ESP, AH])
def test_ipsec_follows_the_connection_of_its_keys(run: Run, protocol: int) -> None:
    """Both ways, whatever is inside; without that connection it is the host's."""
    client, virtual, real = (end(f"{address}:{ISAKMP}") for address in ("10.1.8.5", "10.0.0.1", "10.2.1.100"))
    body = bytes(range(24))
    ask = framed(ipv4_header(client[0], virtual[0], protocol, len(body)) + body)
    assert run(ask) == ("PASS", ask)
    run(Packet(client, virtual, UDP, data=b"keys").frame())
    after = framed(ipv4_header(client[0], real[0], protocol, len(body), ttl=63) + body, TO_SERVER)
    assert run(ask) == ("FORWARD", after)
    say = framed(ipv4_header(real[0], client[0], protocol, len(body)) + body, FROM_SERVER)
    after = framed(ipv4_header(virtual[0], client[0], protocol, len(body), ttl=63) + body, TO_CLIENT)
    assert run(say, INNER) == ("REPLY", after)
