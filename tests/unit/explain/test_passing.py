# SPDX-License-Identifier: Apache-2.0
"""Why a packet is none of the director's, and what comes nearest."""

from __future__ import annotations

import pytest

from tests.unit.explain.made import NOTHING, Tables, destination, parsed, service, work
from xlvs.explain import passing
from xlvs.explain.facts import Met, Step
from xlvs.explain.question import ICMP, SCTP, TCP, UDP
from xlvs.ipvs.work import Parsed
from xlvs.model.address import Family

WEB = service("10.0.0.1:80")
CLIENT, VIRTUAL = "10.1.8.5:1000", "10.0.0.1:80"


def step(tables: Tables, packet: Parsed, *, quote: Parsed = NOTHING, **fields: int) -> Step:
    """A packet that a program left alone."""
    done = work(packet, **fields)._replace(quote=quote)
    return Step("tc", "eth0", "pass", "pass", b"", b"", "", done, Met(), tables.copy())


@pytest.mark.parametrize(
    ("tables", "packet", "reached", "said"),
    [
        (Tables(), parsed(CLIENT, VIRTUAL), 0, "there are no virtual services"),
        (Tables([WEB]), parsed("[2001:db8::5]:1", "[2001:db8::1]:80"), 0, "no virtual service is for IPv6"),
        (Tables([WEB]), NOTHING, 0, "it is no IPv4 or IPv6 packet"),
        (Tables([WEB]), parsed(CLIENT, "10.0.0.9:80"), 0, "neither is it sent to a virtual address"),
        (Tables([WEB], marked=(Family.IPV4,)), parsed(CLIENT, "10.0.0.9:80"), 0, "netfilter has not said its mark"),
        (Tables([WEB], [destination("10.2.1.100:80")]), parsed("10.2.1.100:80", CLIENT), 0, "answers no connection"),
        (Tables([WEB]), parsed(CLIENT, VIRTUAL, tcp_flags=16), 1, "flags A without S"),
        (Tables([WEB]), parsed(CLIENT, VIRTUAL, tcp_flags=4), 1, "an RST begins none"),
        (Tables([WEB]), parsed("10.1.8.5:20", VIRTUAL), 1, "one from port 20"),
        (Tables([WEB]), parsed(CLIENT, VIRTUAL, SCTP, chunk=0), 1, "DATA, not INIT"),
        (Tables([WEB]), parsed(CLIENT, "10.0.0.1:81"), 2, "to no connection and to no service"),
        (Tables([WEB], marked=(Family.IPV4,)), parsed(CLIENT, "10.0.0.1:81"), 2, "says its mark before a service"),
        (Tables([WEB]), parsed(CLIENT, VIRTUAL, ICMP), 0, "no error about a packet"),
    ],
)  # fmt: skip
def test_the_reason_is_the_first_that_holds(tables: Tables, packet: Parsed, reached: int, said: str) -> None:
    """In the order in which the program asks."""
    assert said in passing.reason(step(tables, packet, reached=reached))


def test_an_error_names_the_packet_that_it_is_about() -> None:
    """As it stands there."""
    quote = parsed("10.0.0.1:80", CLIENT)
    assert passing.reason(step(Tables([WEB]), parsed("10.1.8.5:1", VIRTUAL, ICMP), quote=quote)) == (
        "the packet that it is about (10.0.0.1:80 -> 10.1.8.5:1000) belongs to no connection"
    )


def test_the_nearest_services_come_first() -> None:
    """The same address before the same port, a mark's service between; of the other family none."""
    tables = Tables(
        [
            service("10.0.0.2:81"),
            service("10.0.0.1:81", protocol=UDP),
            WEB,
            service("0.0.0.0:1", fwmark=7)._replace(protocol=0, end=service("0.0.0.0:1").end._replace(port=0)),
            service("[2001:db8::1]:81"),
            service("10.0.0.3:82"),
        ]
    )
    assert passing.nearest(step(tables, parsed(CLIENT, "10.0.0.1:81", TCP), reached=2), 0) == [
        "UDP 10.0.0.1:81: another protocol",
        "TCP 10.0.0.1:80: another port",
        "FWM 7: takes packets with mark 7, and it bears none (`--mark` says which netfilter gives it)",
        "TCP 10.0.0.2:81: another address",
    ]


def test_its_own_service_is_told_apart_from_those_that_it_misses() -> None:
    """With services by mark it is looked for on the mark device alone, to which a host that does not forward leads nothing."""
    tables = Tables([WEB, service("0.0.0.0:1", fwmark=7)._replace(protocol=0)])
    told = passing.nearest(step(tables, parsed(CLIENT, VIRTUAL, TCP, mark=7), reached=2), 7)
    assert [each.partition(", ")[0] for each in told] == [
        "TCP 10.0.0.1:80: takes it once netfilter has said its mark",
        "FWM 7: takes it once netfilter has said its mark",
    ]


def test_a_mark_that_it_bears_is_named() -> None:
    """It may be the wrong one."""
    tables = Tables([service("0.0.0.0:1", fwmark=7)._replace(protocol=0)])
    assert passing.nearest(step(tables, parsed(CLIENT, "10.0.0.1:81", mark=9)), 9) == [
        "FWM 7: takes packets with mark 7, and it bears 9"
    ]
