# SPDX-License-Identifier: Apache-2.0
"""Connections as they are printed."""

from __future__ import annotations

import json

from xlvs.control import connection_lines as lines

FOUR = (
    6,
    bytes((10, 1, 2, 3)),
    4711,
    bytes((10, 0, 0, 1)),
    80,
    bytes((10, 2, 0, 9)),
    8080,
    "ESTABLISHED",
    899,
    "",
    b"",
)
SIX_BYTES = bytes.fromhex("20010db8000000000000000000000001")
SIX = (17, SIX_BYTES, 53, SIX_BYTES, 53, bytes((10, 2, 0, 9)), 53, "UDP", 3, "", b"")
TEMPLATE = (17, FOUR[1], 0, FOUR[3], 5060, FOUR[5], 5060, "ASSURED", 61, "sip", b'call"\xff')


def test_a_table_is_under_a_title() -> None:
    """IPv4 fits the columns."""
    title, first, second, third = lines.table([FOUR, SIX, TEMPLATE])

    assert title == "pro  client                service               server                state       expires"
    assert first == "tcp  10.1.2.3:4711         10.0.0.1:80           10.2.0.9:8080         ESTABLISHED   14:59"
    assert second == "udp  [2001:db8::1]:53      [2001:db8::1]:53      10.2.0.9:53           UDP            0:03"
    assert third.endswith('ASSURED        1:01 sip call"\\xff')


def test_a_plain_line_has_six_words() -> None:
    """For scripts."""
    assert list(lines.plain([FOUR, SIX])) == [
        "tcp 10.1.2.3:4711 10.0.0.1:80 10.2.0.9:8080 ESTABLISHED 899",
        "udp [2001:db8::1]:53 [2001:db8::1]:53 10.2.0.9:53 UDP 3",
    ]


def test_json_is_one_document_with_a_connection_a_line() -> None:
    """Whatever bytes a Call-ID has."""
    text = "".join(lines.json_lines([FOUR, SIX, TEMPLATE]))
    found = json.loads(text)

    assert len(text.splitlines()) == 5
    assert found[0] == {
        "protocol": "tcp",
        "client": "10.1.2.3",
        "client_port": 4711,
        "virtual": "10.0.0.1",
        "virtual_port": 80,
        "server": "10.2.0.9",
        "server_port": 8080,
        "state": "ESTABLISHED",
        "expires_s": 899,
    }
    assert (found[1]["client"], found[1]["expires_s"]) == ("2001:db8::1", 3)
    assert (found[2]["template"], found[2]["pe"], found[2]["pe_data"]) == (True, "sip", 'call"\\xff')


def test_no_connections_are_an_empty_array() -> None:
    """Not nothing, which no program reads."""
    assert json.loads("".join(lines.json_lines([]))) == []
