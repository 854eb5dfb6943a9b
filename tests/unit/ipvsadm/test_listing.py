# SPDX-License-Identifier: Apache-2.0
"""Formats of listings where traffic shows, which the scenes of the command line cannot bring."""

from __future__ import annotations

import pytest

from tests.contracts.ipvs_tables import destination, packed, service_key, service_key6
from tests.oracle.replay.server import Names
from xlvs.ipvsadm import listing
from xlvs.ipvsadm.connections import list_connections
from xlvs.ipvsadm.names import Namer
from xlvs.ipvsadm.sorting import sort_services
from xlvs.model.connection import ConnectionRow
from xlvs.model.service import VirtualService, mark_service_key
from xlvs.model.statistics import Counters, Rates
from xlvs.model.views import DestinationView, ServiceView

NUMERIC = Namer(None)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "        0"),
        (99_999_999, " 99999999"),
        (100_000_000, "  100000K"),
        (999_999_999, "  999999K"),
        (1_000_426_648, "    1000M"),
        (99_999_999_999, "   99999M"),
        (100_000_000_000, "     100G"),
        (99_999_999_999_999, "   99999G"),
        (100_000_000_000_000, "     100T"),
        (2**64 - 1, " 18446744T"),
    ],
)
def test_large_numbers_are_cut_to_nine_columns(number: int, shown: str) -> None:
    """Cut off, not rounded."""
    assert listing.format_large(number) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(5, "        5"), (120056000, " 120056000"), (1000426648, " 1000426648")]
)
def test_exact_numbers_push_the_columns_apart(number: int, shown: str) -> None:
    """One blank stays between them."""
    assert listing.format_exact(number) == shown


BUSY = ServiceView(
    VirtualService(service_key()),
    Counters(1, 16666, 2000, 1_000_426_648, 120_056_000),
    Rates(100_000_000, 1, 2, 200_000_000, 3),
    [
        DestinationView(
            destination("10.2.1.100"),
            active=7,
            inactive=12,
            persistent=3,
            counters=Counters(1, 16666, 2000, 1_000_426_648, 120_056_000),
            rates=Rates(100_000_000, 1, 2, 200_000_000, 3),
        )
    ],
)


def lines(shown: listing.Format) -> list[str]:
    """A busy service and its destination in a format."""
    return list(listing.list_services([BUSY], shown, NUMERIC))[2:]


def test_counters_are_shortened_unless_exact() -> None:
    """As the kernel's were shown."""
    assert lines(listing.statistics_format(exact=False)) == [
        "TCP  10.0.0.1:80                         1    16666     2000    1000M  120056K",
        "  -> 10.2.1.100:80                       1    16666     2000    1000M  120056K",
    ]
    assert lines(listing.statistics_format(exact=True)) == [
        "TCP  10.0.0.1:80                         1    16666     2000 1000426648 120056000",
        "  -> 10.2.1.100:80                       1    16666     2000 1000426648 120056000",
    ]


def test_packet_rates_of_a_destination_are_never_shortened() -> None:
    """Those of a service are."""
    assert lines(listing.rates_format(exact=False)) == [
        "TCP  10.0.0.1:80                   100000K        1        2  200000K        3",
        "  -> 10.2.1.100:80                100000000        1        2  200000K        3",
    ]


def test_connections_are_counted_in_every_other_format() -> None:
    """Active and inactive, templates where they are asked for."""
    assert lines(listing.PLAIN)[1] == "  -> 10.2.1.100:80                Masq    1      7          12        "
    assert (
        lines(listing.THRESHOLDS)[1] == "  -> 10.2.1.100:80                0          0          7          12        "
    )
    assert lines(listing.PERSISTENT_CONNECTIONS)[1] == (
        "  -> 10.2.1.100:80                1         3           7          12        "
    )


ROWS: list[ConnectionRow] = [
    (6, packed("10.1.8.5"), 2223, packed("10.0.0.99"), 80, packed("10.2.1.2"), 80, "SYN_RECV", 60, "", b""),
    (17, packed("10.1.8.0"), 0, packed("10.0.0.1"), 5060, packed("10.2.2.100"), 5060, "NONE", 6000, "sip", b"call-2@x"),
    (17, packed("2001:db8:8::5"), 2224, packed("2001:db8::1"), 53, packed("10.2.1.100"), 53, "UDP", 300, "", b""),
    (0, packed("10.1.8.5"), 0, packed("0.0.0.7"), 0, packed("10.2.1.100"), 0, "ASSURED", 5, "", b""),
    (132, packed("10.1.8.5"), 9, packed("10.0.0.1"), 2904, packed("10.2.1.100"), 2904, "ESTABLISHED", 900, "", b""),
]


def test_connections_are_listed_by_number() -> None:
    """One line each, whatever it needs."""
    assert list(list_connections(ROWS, NUMERIC)) == [
        "IPVS connection entries",
        "pro expire state       source             virtual            destination",
        "TCP 01:00  SYN_RECV    10.1.8.5:2223      10.0.0.99:80       10.2.1.2:80",
        "UDP 100:00 NONE        10.1.8.0:0         10.0.0.1:5060      10.2.2.100:5060",
        "UDP 05:00  UDP         [2001:db8:8::5]:2224 [2001:db8::1]:53   10.2.1.100:53",
        "IP  00:05  ASSURED     10.1.8.5:0         0.0.0.7:0          10.2.1.100:0",
        "SCTP 15:00  ESTABLISHED 10.1.8.5:9         10.0.0.1:2904      10.2.1.100:2904",
    ]


def test_connections_are_listed_by_name() -> None:
    """Of hosts and of the protocol's services."""
    assert list(list_connections(ROWS[:1], Namer(Names())))[2] == (
        "TCP 01:00  SYN_RECV    10.1.8.5:2223      vip.example:http   rs1.example:http"
    )


def test_persistence_data_has_columns_of_its_own() -> None:
    """Only where there is some."""
    listed = list(list_connections(ROWS[:2], NUMERIC, with_engine=True))
    assert (
        listed[1]
        == "pro expire state       source             virtual            destination        pe name          pe_data"
    )
    assert listed[2].endswith(" 10.2.1.2:80")
    assert listed[3].endswith(" 10.2.2.100:5060  sip                call-2@x")


def test_services_sort_by_signed_differences() -> None:
    """More than half the range apart, the larger comes first."""
    keys = [service_key(80), service_key6(), mark_service_key(1), mark_service_key(0xFFFFFFFF)]
    ordered = sort_services(ServiceView(VirtualService(key)) for key in keys)
    assert [view.service.key for view in ordered] == [keys[3], keys[0], keys[1], keys[2]]


def test_an_ipv6_name_is_never_cut() -> None:
    """The columns behind it move."""
    long = DestinationView(destination("2001:db8:1111:2222:3333:4444:5555:6666", 65535))
    view = ServiceView(VirtualService(service_key6()), destinations=[long])
    assert list(listing.list_services([view], listing.PLAIN, NUMERIC))[3] == (
        "  -> [2001:db8:1111:2222:3333:4444:5555:6666]:65535 Masq    1      0          0         "
    )
