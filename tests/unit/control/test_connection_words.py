# SPDX-License-Identifier: Apache-2.0
"""How connections, services and servers are named on a command line."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

import pytest

from xlvs.control import connection_words as words
from xlvs.ipvs import layout
from xlvs.model.address import Family
from xlvs.model.connection_filter import Network
from xlvs.model.service import Protocol, ServiceKey, mark_service_key

if TYPE_CHECKING:
    from collections.abc import Callable

ONE = bytes((10, 0, 0, 1))
ONE6 = bytes.fromhex("20010db8000000000000000000000001")

SERVICES = {
    "tcp:10.0.0.1:80": ServiceKey(Protocol.TCP, Family.IPV4, ONE, 80),
    "udp:[2001:db8::1]:53": ServiceKey(Protocol.UDP, Family.IPV6, ONE6, 53),
    "sctp:10.0.0.1:0": ServiceKey(Protocol.SCTP, Family.IPV4, ONE, 0),
    "fwm:7": mark_service_key(7),
    "fwm6:4294967295": mark_service_key(4294967295, Family.IPV6),
}


@pytest.mark.parametrize("text", SERVICES)
def test_a_service_is_read_and_written(text: str) -> None:
    """Both ways."""
    assert words.service(text) == SERVICES[text]
    assert words.service_text(SERVICES[text]) == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.0.0.1", Network(ONE, 32)),
        ("10.0.0.1:4711", Network(ONE, 32, 4711)),
        ("10.0.0.1/8", Network(ONE, 8)),
        ("0.0.0.0/0", Network(bytes(4), 0)),
        ("2001:db8::1", Network(ONE6, 128)),
        ("[2001:db8::1]:80", Network(ONE6, 128, 80)),
        ("2001:db8::1/32", Network(ONE6, 32)),
    ],
)
def test_a_network_of_clients_is_read(text: str, found: Network) -> None:
    """With a prefix, or with a port."""
    assert words.network(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.0.0.1", words.Server(ONE, None)),
        ("10.0.0.1:0", words.Server(ONE, 0)),
        ("2001:db8::1", words.Server(ONE6, None)),
        ("[2001:db8::1]", words.Server(ONE6, None)),
        ("[2001:db8::1]:80", words.Server(ONE6, 80)),
    ],
)
def test_a_server_is_read(text: str, found: words.Server) -> None:
    """Its port may be left out."""
    assert words.server(text) == found


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("90", 90), ("90s", 90), ("1.5", 1.5), ("5m", 300), ("2h", 7200)]
)
def test_a_time_is_read(text: str, seconds: float) -> None:
    """In seconds unless it says otherwise."""
    assert words.seconds(text) == seconds


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (words.service, "10.0.0.1:80"),
        (words.service, "tcp:10.0.0.1"),
        (words.service, "tcp:2001:db8::1:80:x"),
        (words.service, "tcp"),
        (words.service, "http:10.0.0.1:80"),
        (words.service, "fwm:0"),
        (words.service, "fwm:x"),
        (words.service, "fwm:4294967296"),
        (words.service, ""),
        (words.network, "10.0.0.0/33"),
        (words.network, "10.0.0.0:80/8"),
        (words.network, "10.0.0"),
        (words.network, "10.0.0.0/"),
        (words.network, "10.0.0.0/-1"),
        (words.server, "10.0.0.1:65536"),
        (words.server, "10.0.0.1:"),
        (words.server, "[2001:db8::1]80"),
        (words.server, "[10.0.0.1"),
        (words.server, "a.example"),
        (words.seconds, "soon"),
        (words.seconds, "-1"),
        (words.seconds, "nan"),
        (words.seconds, "inf"),
        (words.seconds, "1d"),
        (words.seconds, ""),
        (words.states, "ESTABLISHD"),
        (words.states, ""),
    ],
)
def test_what_is_wrong_is_refused_with_what_helps(read: Callable[[str], object], text: str) -> None:
    """Each message shows the word."""
    with pytest.raises(ArgumentTypeError) as refused:
        read(text)

    shown = text.upper() if read is words.states else text
    assert any(repr(each) in str(refused.value) for each in (shown, text.partition(":")[2]))


def test_states_are_those_of_the_table() -> None:
    """Each name once, in any case."""
    assert set(words.STATES) == set(layout.STATE_NAMES)
    assert words.states("established, syn_recv") == {"ESTABLISHED", "SYN_RECV"}
