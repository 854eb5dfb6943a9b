# SPDX-License-Identifier: Apache-2.0
"""The texts of /proc/net/ip_vs*, against lines that the kernel printed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.ipvs_tables import destination, packed, service_key, service_key6
from xlvs.ipvs import proc_views
from xlvs.model.address import Family
from xlvs.model.connection import Connection
from xlvs.model.destination import ForwardingMethod
from xlvs.model.service import Protocol, ServiceKey, VirtualService, mark_service_key
from xlvs.model.statistics import NO_COUNTERS, NO_RATES, Counters, Totals
from xlvs.model.views import DestinationView, ServiceView


def lines_of(service: VirtualService, *destinations: DestinationView) -> list[str]:
    """The lines of one service, without titles."""
    return proc_views.ip_vs([ServiceView(service, destinations=list(destinations))], 4096).splitlines()[3:]


def test_titles_stand_alone_when_nothing_is_configured() -> None:
    """Three lines."""
    assert proc_views.ip_vs([], 4096) == (
        "IP Virtual Server version 1.2.1 (size=4096)\n"
        "Prot LocalAddress:Port Scheduler Flags\n"
        "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
    )


@pytest.mark.parametrize(
    ("service", "line"),
    [
        (VirtualService(service_key(), "rr"), "TCP  0A000001:0050 rr  "),
        (VirtualService(service_key(2904, Protocol.SCTP)), "SCTP  0A000001:0B58 wlc  "),
        (VirtualService(service_key(53, Protocol.UDP), "rr", one_packet=True), "UDP  0A000001:0035 rr ops  "),
        (
            VirtualService(service_key(), "rr", persistence_timeout_s=60, netmask=0xFFFFFF00),
            "TCP  0A000001:0050 rr  persistent 6000 FFFFFF00",
        ),
        (VirtualService(mark_service_key(12), "rr"), "FWM  0000000C rr "),
        (VirtualService(mark_service_key(4294967295), "rr", one_packet=True), "FWM  FFFFFFFF rr ops "),
        (
            VirtualService(service_key6(), "rr", persistence_timeout_s=60, netmask=64),
            "TCP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0050 rr persistent 6000 40000000",
        ),
        (
            VirtualService(service_key6(), "rr", one_packet=True),
            "TCP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0050 rr ",
        ),
        (VirtualService(service_key(), ""), "TCP  0A000001:0050 none  "),
    ],
)
def test_a_services_line(service: VirtualService, line: str) -> None:
    """As the kernel has it, blanks at the end included."""
    assert lines_of(service) == [line]


def test_destinations_follow_in_table_order() -> None:
    """Both families, with their connections."""
    views = [
        DestinationView(destination("10.2.1.2", forwarding=ForwardingMethod.TUNNEL), active=3, inactive=4),
        DestinationView(destination("2001:db8:2:1::2", 8080)),
    ]
    assert lines_of(VirtualService(service_key6()), *views)[1:] == [
        "  -> 0A020102:0050      Tunnel  1      3          4         ",
        "  -> [2001:0db8:0002:0001:0000:0000:0000:0002]:1F90      Masq    1      0          0         ",
    ]


def connection(**settings: object) -> Connection:
    """A TCP connection that is opening."""
    fields: dict[str, Any] = {
        "protocol": Protocol.TCP,
        "family": Family.IPV4,
        "client_address": packed("10.1.8.5"),
        "client_port": 2223,
        "virtual_address": packed("10.0.0.1"),
        "virtual_port": 80,
        "destination_family": Family.IPV4,
        "destination_address": packed("10.2.1.100"),
        "destination_port": 80,
        "state": "SYN_RECV",
        "expires_s": 60,
    }
    return Connection(**{**fields, **settings})


def test_connections_are_shown_in_hexadecimal() -> None:
    """Ends, state, seconds; persistence data where there is some."""
    sip = connection(
        protocol=Protocol.UDP, client_port=0, state="NONE", expires_s=100, pe_name="sip", pe_data=b"call-1@x"
    )
    assert proc_views.ip_vs_conn([connection(), sip]).splitlines() == [
        "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData",
        "TCP 0A010805 08AF 0A000001 0050 0A020164 0050 SYN_RECV         60",
        "UDP 0A010805 0000 0A000001 0050 0A020164 0050 NONE            100 sip call-1@x",
    ]


def test_ipv6_connections_are_shown_in_full() -> None:
    """A tunnel may lead to the other family."""
    mixed = connection(
        protocol=Protocol.UDP,
        family=Family.IPV6,
        client_address=packed("2001:db8:8::5"),
        virtual_address=packed("2001:db8::1"),
        state="UDP",
        expires_s=300,
    )
    ends = "2001:0db8:0008:0000:0000:0000:0000:0005 08AF 2001:0db8:0000:0000:0000:0000:0000:0001 0050 0A020164 0050"
    assert proc_views.ip_vs_conn([mixed]).splitlines()[1] == f"UDP {ends} UDP             300"


def test_the_sync_view_tells_where_an_entry_came_from() -> None:
    """Local or received."""
    assert proc_views.ip_vs_conn_sync([connection(), connection(origin="SYNC")]).splitlines() == [
        "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires",
        "TCP 0A010805 08AF 0A000001 0050 0A020164 0050 SYN_RECV    LOCAL       60",
        "TCP 0A010805 08AF 0A000001 0050 0A020164 0050 SYN_RECV    SYNC        60",
    ]


SEEN = Counters(1, 0x14, 3, 0x5050, 0x630)


def test_sums_are_hexadecimal() -> None:
    """With a blank line before the rates."""
    assert proc_views.ip_vs_stats(Totals(SEEN, NO_RATES, (SEEN,))) == (
        "   Total Incoming Outgoing         Incoming         Outgoing\n"
        "   Conns  Packets  Packets            Bytes            Bytes\n"
        "       1       14        3             5050              630\n"
        "\n"
        " Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n"
        "       0        0        0                0                0\n"
    )


def test_each_cpu_that_counted_has_a_line() -> None:
    """Then the sums, which may have been zeroed since."""
    assert proc_views.ip_vs_stats_percpu(Totals(NO_COUNTERS, NO_RATES, (NO_COUNTERS, NO_COUNTERS, SEEN))) == (
        "       Total Incoming Outgoing         Incoming         Outgoing\n"
        "CPU    Conns  Packets  Packets            Bytes            Bytes\n"
        "  0        0        0        0                0                0\n"
        "  2        1       14        3             5050              630\n"
        "  ~        0        0        0                0                0\n"
        "\n"
        "     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n"
        "           0        0        0                0                0\n"
    )


def test_there_are_no_application_helpers() -> None:
    """Only the title."""
    assert proc_views.ip_vs_app() == "prot port    usecnt name\n"


def test_a_persistence_template_of_a_mark_is_of_protocol_ip() -> None:
    """Its virtual address is the mark."""
    template = connection(protocol=Protocol.IP, client_port=0, virtual_address=packed("0.0.0.7"), virtual_port=0)
    assert proc_views.ip_vs_conn([template]).splitlines()[1].startswith("IP  0A010805 0000 00000007 0000 ")


def test_the_key_of_a_mark_service_has_no_address() -> None:
    """It is found by its mark and family alone."""
    assert mark_service_key(7) == ServiceKey(Protocol.IP, Family.IPV4, bytes(4), 0, 7)
