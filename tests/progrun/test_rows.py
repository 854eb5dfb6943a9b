# SPDX-License-Identifier: Apache-2.0
"""What becomes of one packet after some others: each row through tc, and through XDP.

The frame that must leave is made from scratch, checksums included, so every byte is compared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from tests.progrun.director import (
    FROM_SERVER,
    INNER,
    OUTER,
    TC_OK,
    TC_REDIRECT,
    TC_SHOT,
    TO_CLIENT,
    TO_SERVER,
    XDP_DROP,
    XDP_PASS,
    XDP_REDIRECT,
    Arrival,
)
from tests.progrun.icmp import about, answer, retouched
from tests.progrun.packets import (
    FRAGMENT_HEADER,
    INBOUND_MACS,
    MORE_FRAGMENTS,
    TCP,
    UDP,
    End,
    Packet,
    end,
    framed,
    icmp_message,
    is_sound,
)
from tests.progrun.rules import add
from tests.reference.tcp_states import ACK, FIN, RST, SYN
from xlvs.model.service import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.progrun.director import Director
    from xlvs.ipvs.pinned import PinnedTables

CLIENT, CLIENT6 = end("10.1.8.5:1000"), end("[2001:db8:8::5]:1000")
VIRTUAL, VIRTUAL6 = end("10.0.0.1:80"), end("[2001:db8::1]:80")
REAL, REAL6 = end("10.2.1.100:80"), end("[2001:db8:2:1::100]:80")

FORWARDED = ("FORWARD", "REPLY", "FORWARD_ICMP", "REPLY_ICMP", "ANSWERED", "UNREACHABLE")
UNTOUCHED = ("PASS", "HAND_UP", "STACK")


def rules(tables: PinnedTables) -> None:
    """By port: 80 as it is, 81 mapped, 82 over a narrow link, 83 without a neighbour, 84 without a route, 85 nobody."""
    for protocol in (TCP, UDP):
        add(tables, protocol, "10.0.0.1:80", "10.2.1.100:80")
        add(tables, protocol, "10.0.0.1:81", "10.2.1.100:8081")
        add(tables, protocol, "10.0.0.1:82", "10.2.200.100:82")
        add(tables, protocol, "10.0.0.1:83", "10.2.201.100:83")
        add(tables, protocol, "10.0.0.1:84", "10.2.202.100:84")
        add(tables, protocol, "10.0.0.1:85")
        add(tables, protocol, "[2001:db8::1]:80", "[2001:db8:2:1::100]:80")
        add(tables, protocol, "[2001:db8::1]:81", "[2001:db8:2:1::100]:8081")
        add(tables, protocol, "[2001:db8::1]:82", "[2001:db8:2:200::100]:82")
        add(tables, protocol, "[2001:db8::1]:84", "[2001:db8:2:202::100]:84")
        add(tables, protocol, "[2001:db8::1]:85")


@dataclass(frozen=True)
class Row:
    """`before` are packets that tc gets first. `after` None: the frame leaves as it came. `xdp` "": the same as tc."""

    what: str
    frame: bytes
    verdict: str
    after: bytes | None = None
    before: tuple[tuple[bytes, Arrival], ...] = ()
    arrival: Arrival = OUTER
    xdp: str = ""
    xdp_after: bytes | None = None
    xdp_only: bool = False  # the kernel does not let tc have so short a frame

    def expected(self, *, xdp: bool) -> tuple[str, bytes]:
        """Verdict and frame."""
        if not xdp or not self.xdp:
            after = self.after
            return self.verdict, self.frame if after is None else after
        return self.xdp, self.frame if self.xdp_after is None else self.xdp_after


def port(of: tuple[bytes, int], number: int) -> tuple[bytes, int]:
    """The same address with another port."""
    return of[0], number


def request(packet: Packet, real: tuple[bytes, int], *, macs: bytes = TO_SERVER) -> bytes:
    """The frame of a client's packet as the destination gets it."""
    return packet.sent(destination=real, macs=macs).frame()


def stranger_rows() -> Iterator[Row]:
    """Frames that a switch floods, as it has not learned whose they are. A card keeps them from XDP."""
    another, router = (bytes.fromhex(mac) + INBOUND_MACS[6:] for mac in ("0200000000ee", "00005e000133"))
    for client, virtual, real, name in ((CLIENT, VIRTUAL, REAL, "IPv4"), (CLIENT6, VIRTUAL6, REAL6, "IPv6")):
        ask = Packet(client, virtual, TCP, data=b"question")
        sent = request(ask, real)
        flooded = replace(ask, macs=another).frame()
        yield Row(f"{name} for another host", flooded, "PASS", xdp="FORWARD", xdp_after=sent)
        yield Row(
            f"{name} for another host, known connection",
            flooded,
            "PASS",
            before=((ask.frame(), OUTER),),
            xdp="FORWARD",
            xdp_after=sent,
        )
        yield Row(f"{name} for a virtual router", replace(ask, macs=router).frame(), "FORWARD", sent)


def reply_rows() -> Iterator[Row]:
    """Both directions, both families, both protocols, with and without port mapping."""
    for client, virtual, real, name in ((CLIENT, VIRTUAL, REAL, "IPv4"), (CLIENT6, VIRTUAL6, REAL6, "IPv6")):
        for protocol in (TCP, UDP):
            for mapped in (False, True):
                vip = port(virtual, 81) if mapped else virtual
                rip = port(real, 8081) if mapped else real
                what = f"{name} {protocol.name}{' with port mapping' if mapped else ''}"
                ask = Packet(client, vip, protocol, data=b"question")
                yield Row(f"{what}, request", ask.frame(), "FORWARD", request(ask, rip))
                say = Packet(rip, client, protocol, SYN | ACK, data=b"answer!", macs=FROM_SERVER, tos=0x28)
                after = say.sent(source=vip, macs=TO_CLIENT).frame()
                yield Row(f"{what}, reply", say.frame(), "REPLY", after, ((ask.frame(), OUTER),), INNER)
                yield Row(f"{what}, an answer to nobody", say.frame(), "PASS", arrival=INNER)


def life_rows() -> Iterator[Row]:
    """TTL, and what the host's own stack must answer."""
    for client, virtual, real, name in ((CLIENT, VIRTUAL, REAL, "IPv4"), (CLIENT6, VIRTUAL6, REAL6, "IPv6")):
        ask = Packet(client, virtual)
        opened = ((ask.frame(), OUTER),)
        two, one, zero = (replace(ask, flags=ACK, ttl=ttl) for ttl in (2, 1, 0))
        yield Row(f"{name}, TTL 2", two.frame(), "FORWARD", request(two, real), opened)
        kind = (11, 0) if name == "IPv4" else (3, 0)
        for last in (one, zero):
            yield Row(f"{name}, TTL {last.ttl}", last.frame(), "ANSWERED", answer(last, kind), opened, xdp="HAND_UP")
        say = Packet(real, client, TCP, SYN | ACK, ttl=1, macs=FROM_SERVER)
        yield Row(f"{name}, reply with TTL 1", say.frame(), "STACK", None, opened, INNER, xdp="HAND_UP")
        say = replace(say, ttl=2)
        after = say.sent(source=virtual, macs=TO_CLIENT).frame()
        yield Row(f"{name}, reply with TTL 2", say.frame(), "REPLY", after, opened, INNER)


def shape_rows() -> Iterator[Row]:
    """Options, extension headers, missing checksums, padding."""
    options = Packet(CLIENT, VIRTUAL, options=b"\x94\x04\0\0" * 2, data=b"x")
    yield Row("IP options", options.frame(), "FORWARD", request(options, REAL))
    all_options = Packet(CLIENT, VIRTUAL, UDP, options=b"\x01" * 40, data=b"x")
    yield Row("forty bytes of IP options", all_options.frame(), "FORWARD", request(all_options, REAL))
    pad = (0, b"\0\x01\x04\0\0\0\0")
    wide = (60, b"\x01\x01\x0c" + bytes(12))
    for chain in ((pad,), (pad, wide), (wide, pad, wide), (wide,) * 5):
        packet = Packet(CLIENT6, VIRTUAL6, UDP, extensions=chain, data=b"x")
        yield Row(f"IPv6, {len(chain)} extension headers", packet.frame(), "FORWARD", request(packet, REAL6))
    packet = Packet(CLIENT6, VIRTUAL6, extensions=(wide,) * 7)
    yield Row("IPv6, more extension headers than are followed", packet.frame(), "PASS")
    bare = Packet(CLIENT, VIRTUAL, UDP, summed=False, data=b"no checksum!")
    filled = replace(bare, summed=True)
    yield Row(
        "UDP without a checksum gets one at tc",
        bare.frame(),
        "FORWARD",
        request(filled, REAL),
        xdp="FORWARD",
        xdp_after=request(bare, REAL),
    )
    padded = Packet(CLIENT, VIRTUAL, UDP, data=b"")
    yield Row("Ethernet padding", padded.frame() + bytes(18), "FORWARD", request(padded, REAL) + bytes(18))
    # 0xffff stands for a sum of zero: the destination's address makes it one or lets it be none.
    for value in range(0, 0x10000, 0x1111):
        packet = Packet(CLIENT, VIRTUAL, UDP, data=value.to_bytes(2, "big"))
        yield Row(f"UDP data {value:04x}", packet.frame(), "FORWARD", request(packet, REAL))
    yield from (zero_sum_row(family) for family in (4, 6))


def zero_sum_row(family: int) -> Row:
    """A datagram whose checksum becomes zero by the translation: it is written as ffff."""
    ends = (CLIENT, VIRTUAL, REAL) if family == 4 else (CLIENT6, VIRTUAL6, REAL6)
    for value in range(0x10000):
        packet = Packet(ends[0], ends[1], UDP, data=value.to_bytes(2, "big"))
        after = packet.sent(destination=ends[2], macs=TO_SERVER)
        if after.transport()[6:8] == b"\xff\xff":
            return Row(f"IPv{family}, a UDP checksum that becomes zero", packet.frame(), "FORWARD", after.frame())
    raise AssertionError


def way_rows() -> Iterator[Row]:
    """Links that are too narrow, neighbours and routes that are missing."""
    for client, virtual, name in ((CLIENT, VIRTUAL, "IPv4"), (CLIENT6, VIRTUAL6, "IPv6")):
        ipv4 = name == "IPv4"
        narrow = end("10.2.200.100:82") if ipv4 else end("[2001:db8:2:200::100]:82")
        mtu = 1000 if ipv4 else 1280
        headers = 40 if ipv4 else 60
        fits = Packet(client, port(virtual, 82), data=bytes(mtu - headers))
        yield Row(f"{name}, as long as the link takes", fits.frame(), "FORWARD", request(fits, narrow))
        long = replace(fits, data=bytes(mtu - headers + 1))
        kind, rest = ((3, 4), mtu) if ipv4 else ((2, 0), mtu)
        quote = replace(long, ttl=63)
        yield Row(
            f"{name}, one byte too long",
            long.frame(),
            "ANSWERED",
            answer(quote, kind, rest=rest, to=long),
            xdp="HAND_UP",
        )
        lost = Packet(client, port(virtual, 84))
        kind = (3, 1) if ipv4 else (1, 3)
        yield Row(f"{name}, no route", lost.frame(), "UNREACHABLE", answer(lost, kind), xdp="HAND_UP")
        refused = Packet(client, port(virtual, 85), data=b"anybody?")
        kind = (3, 3) if ipv4 else (1, 4)
        yield Row(f"{name}, no destination", refused.frame(), "ANSWERED", answer(refused, kind), xdp="HAND_UP")
        for length in (500, 1400):
            refused = Packet(client, port(virtual, 85), UDP, data=bytes(range(250)) * (length // 250))
            what = f"{name}, no destination for {len(refused.data)} bytes"
            yield Row(what, refused.frame(), "ANSWERED", answer(refused, kind), xdp="HAND_UP")
    strange = Packet(CLIENT, port(VIRTUAL, 83))
    after = request(strange, end("10.2.201.100:83"), macs=strange.macs)
    yield Row("IPv4, no neighbour yet", strange.frame(), "FORWARD", after, xdp="HAND_UP")


def segment_rows() -> Iterator[Row]:
    """Several segments in one packet (GSO): the longest that will leave counts, not the whole."""
    whole = Packet(CLIENT, VIRTUAL, data=bytes(3000), flags=ACK | SYN)
    three = Arrival("outer", 1400, 3)
    yield Row("three segments", whole.frame(), "FORWARD", request(whole, REAL), arrival=three, xdp="HAND_UP")
    narrow = replace(whole, destination=port(VIRTUAL, 82))
    after = request(narrow, end("10.2.200.100:82"))
    fitting = Arrival("outer", 960, 4)
    yield Row("segments that fit", narrow.frame(), "FORWARD", after, arrival=fitting, xdp="HAND_UP")
    quote = replace(narrow, ttl=63)
    after = answer(quote, (3, 4), rest=1000, to=narrow)
    arrival = Arrival("outer", 961, 4)
    yield Row("segments one byte too long", narrow.frame(), "ANSWERED", after, arrival=arrival, xdp="HAND_UP")
    last = replace(whole, ttl=1)
    after = answer(last, (11, 0))
    yield Row("segments, TTL 1", last.frame(), "ANSWERED", after, arrival=three, xdp="HAND_UP")


def fragment_rows() -> Iterator[Row]:
    """Each is held, and the last one too: they go on as fresh arrivals. XDP leaves all of them to tc."""
    whole = Packet(CLIENT, VIRTUAL, UDP, data=bytes(range(200)), bits=0)
    first = replace(whole, bits=MORE_FRAGMENTS, cut=(0, 96))
    later = replace(whole, bits=12, cut=(96, 112))
    opened = ((first.frame(), OUTER),)
    yield Row("first fragment", first.frame(), "HELD", xdp="HAND_UP")
    yield Row("first fragment twice", first.frame(), "HELD", None, opened, xdp="HAND_UP")
    yield Row("later fragment", later.frame(), "HELD", None, opened, xdp="HAND_UP")
    yield Row("later fragment without the first", later.frame(), "HELD", xdp="HAND_UP")
    overlap = replace(whole, bits=11, cut=(88, 120))
    yield Row("fragment over another", overlap.frame(), "DROP_FRAGMENTS", None, opened, xdp="HAND_UP")
    odd = replace(whole, bits=MORE_FRAGMENTS, cut=(0, 95))
    yield Row("fragment of no multiple of eight", odd.frame(), "DROP_MALFORMED", xdp="HAND_UP")
    elsewhere = replace(later, destination=CLIENT)
    yield Row("fragment for nobody here", elsewhere.frame(), "PASS")
    say = Packet(REAL, CLIENT, UDP, data=bytes(range(200)), bits=0, macs=FROM_SERVER)
    back = replace(say, bits=12, cut=(96, 112))
    yield Row("later fragment back", back.frame(), "HELD", None, (), INNER, xdp="HAND_UP")
    head = (FRAGMENT_HEADER, b"\0" + (1).to_bytes(2, "big") + bytes(4))
    first6 = Packet(CLIENT6, VIRTUAL6, UDP, data=bytes(range(200)), extensions=(head,), cut=(0, 96))
    yield Row("IPv6, first fragment", first6.frame(), "HELD", xdp="HAND_UP")
    tail = (FRAGMENT_HEADER, b"\0" + (96).to_bytes(2, "big") + bytes(4))
    later6 = replace(first6, extensions=(tail,), cut=(96, 112))
    opened6 = ((first6.frame(), OUTER),)
    yield Row("IPv6, later fragment", later6.frame(), "HELD", None, opened6, xdp="HAND_UP")
    alone = (FRAGMENT_HEADER, bytes(3) + bytes(4))
    atomic = Packet(CLIENT6, VIRTUAL6, UDP, data=b"x", extensions=(alone,))
    yield Row("IPv6, a fragment that is the whole", atomic.frame(), "FORWARD", request(atomic, REAL6))


def icmp_rows() -> Iterator[Row]:
    """Errors about requests (from behind) and about answers (from the client's side)."""
    kinds4 = [(3, 1), (3, 3), (3, 4), (4, 0), (11, 0), (11, 1)]
    kinds6 = [(1, 0), (1, 4), (2, 0), (3, 0), (4, 1), (100, 0)]
    sides = (
        (CLIENT, VIRTUAL, REAL, end("10.2.1.1:0"), end("10.1.5.5:0"), kinds4, "IPv4"),
        (CLIENT6, VIRTUAL6, REAL6, end("[2001:db8:2:1::1]:0"), end("[2001:db8:5::5]:0"), kinds6, "IPv6"),
    )
    for client, virtual, real, inner_router, outer_router, kinds, name in sides:
        vip, rip = port(virtual, 81), port(real, 8081)
        for protocol in (TCP, UDP):
            yield from error_rows(protocol, (client, vip, rip), (inner_router, outer_router), kinds, name)
        yield from odd_error_rows((client, vip, rip), (inner_router, outer_router), kinds[0], name)
        echo = icmp_message(client[0], virtual[0], (8, 0) if name == "IPv4" else (128, 0), b"ping", rest=1)
        yield Row(f"{name}, echo request", framed(echo), "PASS", xdp="HAND_UP")


def error_rows(
    protocol: int, ends: tuple[End, End, End], routers: tuple[End, End], kinds: list[tuple[int, int]], name: str
) -> Iterator[Row]:
    """Every kind of error, about both directions of a connection; quotes whole, and with 8 bytes of layer 4."""
    client, vip, rip = ends
    ask = Packet(client, vip, protocol, data=b"question")
    opened = ((ask.frame(), OUTER),)
    went = ask.sent(destination=rip, macs=b"").ip()
    came = Packet(vip, client, protocol, ACK, data=b"answer").ip()
    for kind in kinds:
        what = f"{name} {Protocol(protocol).name}, ICMP {kind[0]}/{kind[1]}"
        for quote, size in ((went, "whole"), (went[: len(went) - len(ask.transport()) + 8], "8 bytes")):
            error = framed(about(routers[0], client, kind, quote), FROM_SERVER)
            after = framed(about(vip, client, kind, retouched(quote, destination=vip), ttl=63), TO_CLIENT)
            what_of = f"{what} about a request, {size}"
            yield Row(what_of, error, "REPLY_ICMP", after, opened, INNER, xdp="HAND_UP")
        error = framed(about(routers[1], vip, kind, came))
        after = framed(about(routers[1], rip, kind, retouched(came, source=rip), ttl=63), TO_SERVER)
        yield Row(f"{what} about an answer", error, "FORWARD_ICMP", after, opened, xdp="HAND_UP")


def odd_error_rows(
    ends: tuple[End, End, End], routers: tuple[End, End], kind: tuple[int, int], name: str
) -> Iterator[Row]:
    """Errors that are none of ours, cut, or at the end of their way."""
    client, vip, rip = ends
    ask = Packet(client, vip, data=b"question")
    opened = ((ask.frame(), OUTER),)
    went = ask.sent(destination=rip, macs=b"").ip()
    came = Packet(vip, client, flags=ACK, data=b"answer").ip()
    stranger = Packet(client, port(vip, 99)).ip()
    error = framed(about(routers[0], client, kind, stranger), FROM_SERVER)
    yield Row(f"{name}, ICMP about nothing of ours", error, "PASS", arrival=INNER, xdp="HAND_UP")
    headers = len(went) - len(ask.transport())
    error = framed(about(routers[0], client, kind, went[: headers + 2]), FROM_SERVER)
    yield Row(f"{name}, ICMP with a cut quote", error, "PASS", None, opened, INNER, xdp="HAND_UP")
    short = framed(about(routers[0], client, kind, went[: headers + 2]), FROM_SERVER) + went[headers + 2 :]
    yield Row(f"{name}, ICMP with a quote that goes on in padding", short, "PASS", None, opened, INNER, xdp="HAND_UP")
    for last in (1, 0):
        error = framed(about(routers[0], client, kind, went, ttl=last), FROM_SERVER)
        yield Row(f"{name}, ICMP about a request, TTL {last}", error, "STACK", None, opened, INNER, xdp="HAND_UP")
        error = framed(about(routers[1], vip, kind, came, ttl=last))
        yield Row(f"{name}, ICMP about an answer, TTL {last}", error, "DROP_TTL", None, opened, xdp="HAND_UP")


def foreign_rows() -> Iterator[Row]:
    """Packets that are none of ours, and those that are nobody's."""
    good = Packet(CLIENT, VIRTUAL).frame()
    yield Row("another port", Packet(CLIENT, port(VIRTUAL, 99)).frame(), "PASS")
    yield Row("another address", Packet(CLIENT, end("10.0.0.9:80")).frame(), "PASS")
    yield Row("ACK of no connection", Packet(CLIENT, VIRTUAL, flags=ACK).frame(), "PASS")
    yield Row("RST of no connection", Packet(CLIENT, VIRTUAL, flags=RST).frame(), "PASS")
    yield Row("FIN of no connection", Packet(CLIENT, VIRTUAL, flags=FIN).frame(), "PASS")
    yield Row("SYN and RST", Packet(CLIENT, VIRTUAL, flags=SYN | RST).frame(), "PASS")
    yield Row("from FTP's data port", Packet(port(CLIENT, 20), VIRTUAL).frame(), "PASS")
    yield Row("another protocol", Packet(CLIENT, VIRTUAL, protocol=132, data=bytes(20)).frame(), "PASS")
    yield Row("ARP", good[:12] + b"\x08\x06" + good[14:], "PASS")
    yield Row("a VLAN tag inside the frame", good[:12] + b"\x81\0\0\x05" + good[12:], "PASS")
    yield Row("IPv6 in a frame that says IPv4", good[:12] + b"\x08\0" + Packet(CLIENT6, VIRTUAL6).ip(), "PASS")
    yield Row("IPv4 in a frame that says IPv6", good[:12] + b"\x86\xdd" + good[14:], "PASS")
    for ihl in (0, 4, 15):
        yield Row(f"ihl {ihl}", good[:14] + bytes((0x40 | ihl,)) + good[15:], "PASS")
    yield Row("a total length shorter than the header", good[:16] + b"\0\x13" + good[18:], "PASS")
    yield Row("a total length longer than the frame", good[:16] + b"\0\xff" + good[18:], "PASS")
    for length in (14, 20, 33, 34, 41, 53):
        yield Row(f"cut after {length} bytes", good[:length], "PASS", xdp_only=length < 34)
    good6 = Packet(CLIENT6, VIRTUAL6).frame()
    for length in (40, 53, 54, 73):
        yield Row(f"IPv6, cut after {length} bytes", good6[:length], "PASS", xdp_only=length < 54)
    padded = Packet(CLIENT, VIRTUAL, UDP, data=b"x" * 20).frame()
    yield Row("a total length that ends in the ports", padded[:16] + b"\0\x16" + padded[18:], "PASS")
    padded = Packet(CLIENT6, VIRTUAL6, UDP, data=b"x" * 20).frame()
    yield Row("a payload length that ends in the ports", padded[:18] + b"\0\x02" + padded[20:], "PASS")
    yield Row("a payload length longer than the frame", good6[:18] + b"\0\xff" + good6[20:], "PASS")
    mapped = bytes(10) + b"\xff\xff"
    for what, source, virtual in (
        ("source", mapped + CLIENT[0], VIRTUAL6[0]),
        ("destination", CLIENT6[0], mapped + VIRTUAL[0]),
        ("both", mapped + CLIENT[0], mapped + VIRTUAL[0]),
    ):
        packet = Packet((source, 1000), (virtual, 80))
        yield Row(f"IPv6 with IPv4 mapped, {what}", packet.frame(), "PASS")


ROWS = [
    row
    for rows in (
        reply_rows,
        life_rows,
        shape_rows,
        way_rows,
        segment_rows,
        fragment_rows,
        icmp_rows,
        foreign_rows,
        stranger_rows,
    )
    for row in rows()
]


@pytest.fixture(scope="module")
def configured(loaded: Director) -> Director:
    """The module's director with the rules of the rows."""
    loaded.clear()
    rules(loaded.tables)
    return loaded


@pytest.mark.parametrize(
    ("row", "program"),
    [
        pytest.param(row, program, id=f"{row.what}-{program}")
        for row in ROWS
        for program in ("tc", "xdp")
        if program == "xdp" or not row.xdp_only
    ],
)
def test_row(configured: Director, row: Row, program: str) -> None:
    """The verdict, what the program returns, and every byte of the frame."""
    configured.end_connections()
    for frame, arrival in row.before:
        configured.tc(frame, arrival)
    xdp = program == "xdp"
    verdict, frame = row.expected(xdp=xdp)
    outcome = (configured.xdp if xdp else configured.tc)(row.frame, row.arrival)
    assert outcome.verdict == verdict
    assert outcome.frame.hex() == frame.hex()
    assert outcome.action == action_of(verdict, xdp=xdp)


def action_of(verdict: str, *, xdp: bool) -> int:
    """What a program returns for a verdict."""
    if verdict in UNTOUCHED:
        return XDP_PASS if xdp else TC_OK
    if verdict in FORWARDED:
        return XDP_REDIRECT if xdp else TC_REDIRECT
    return XDP_DROP if xdp else TC_SHOT


def test_what_must_leave_is_sound() -> None:
    """The rows themselves hold: every frame that must leave has right checksums, by a reckoning of its own."""
    for row in ROWS:
        if row.after is not None and "fragment" not in row.what:
            assert is_sound(row.after), row.what
