# SPDX-License-Identifier: Apache-2.0
"""What servers say, in any pieces and however wrong: one result at most, never an exception."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlvs.checkers import dns, ping
from xlvs.checkers.datagram import judge_reply
from xlvs.checkers.exchange import Deferred
from xlvs.checkers.http import HttpExchange
from xlvs.checkers.program import read_number
from xlvs.checkers.smtp import SmtpExchange
from xlvs.healthcheck.probe import Endpoint, FileProbe, HttpProbe, ProbeResult, SmtpProbe, UdpProbe, Weight

if TYPE_CHECKING:
    from pathlib import Path

    from xlvs.checkers.exchange import Exchange

END = Endpoint(bytes((192, 0, 2, 1)), 80)
PAGE = b"hello world"
HTTP = HttpProbe(END, "/", "host")
GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n" + PAGE
DIGEST = hashlib.md5(PAGE, usedforsecurity=False).digest()


def feed(exchange: Exchange, data: bytes, cuts: list[int] | None = None) -> ProbeResult:
    """Let an exchange hear bytes, cut at these places, and the end of the connection."""
    places = sorted({0, *(cut for cut in cuts or () if cut < len(data)), len(data)})
    for start, stop in pairwise(places):
        said = exchange.receive(data[start:stop])
        if isinstance(said, ProbeResult | Deferred):
            return result_of(said)
    return result_of(exchange.closed())


def result_of(said: ProbeResult | Deferred) -> ProbeResult:
    """The result, worked out if it has to be."""
    return said.work() if isinstance(said, Deferred) else said


@given(st.lists(st.integers(1, 60)))
def test_pieces_do_not_matter(cuts: list[int]) -> None:
    """Header and body may come in any parts."""
    assert feed(HttpExchange(replace(HTTP, digest=DIGEST, regex="o w")), GOOD, cuts).ok
    assert feed(SmtpExchange(SmtpProbe(END)), b"220-a\r\n220 b\r\n250 c\r\n221 d\r\n", cuts).ok


@pytest.mark.parametrize(
    ("what", "data", "probe", "ok"),
    [
        ("no length: until the end", b"HTTP/1.0 200 OK\r\n\r\nhello world", replace(HTTP, digest=DIGEST), True),
        ("what is behind the length does not count", GOOD + b"more", replace(HTTP, digest=DIGEST), True),
        ("bare line feeds", b"HTTP/1.0 204 No\n\n", HTTP, True),
        ("no reason", b"HTTP/1.1 200\r\n\r\n", HTTP, True),
        ("redirection", b"HTTP/1.1 302 Found\r\n\r\n", HTTP, False),
        (
            "redirection that is wanted",
            b"HTTP/1.1 302 Found\r\n\r\n",
            replace(HTTP, statuses=((200, 200), (300, 302))),
            True,
        ),
        ("no HTTP", b"SSH-2.0-OpenSSH\r\n\r\n", HTTP, False),
        ("a header without an end", b"HTTP/1.1 200 OK\r\nserver: x", HTTP, False),
        ("nothing", b"", HTTP, False),
        ("a header as long as a book", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000, HTTP, False),
    ],
)
def test_answers_of_web_servers(what: str, data: bytes, probe: HttpProbe, ok: bool) -> None:
    """Status, length and header, as servers write them."""
    assert feed(HttpExchange(probe), data).ok is ok, what


@given(st.binary(max_size=300), st.lists(st.integers(1, 300), max_size=5))
def test_no_bytes_break_an_exchange(data: bytes, cuts: list[int]) -> None:
    """Random bytes, after a good beginning too, end in a result."""
    probe = replace(HTTP, digest=DIGEST, regex="x")
    for begin in (b"", b"HTTP/1.1 200 OK\r\n", GOOD[:30]):
        assert isinstance(feed(HttpExchange(probe), begin + data, cuts), ProbeResult)
        assert isinstance(feed(SmtpExchange(SmtpProbe(END)), begin + data, cuts), ProbeResult)
    dns.judge(1, data)
    ping.is_reply(4, 1, data)
    judge_reply(UdpProbe(END, None, require_reply=True, reply=b"abc", mask=b"\xff\x0f\xff"), data)


def test_a_query_is_as_the_standard_has_it() -> None:
    """RFC 1035 4.1: header, labels, type, class."""
    head = bytes.fromhex("1234 0100 0001 0000 0000 0000")
    assert dns.query(0x1234, "www.example.org", 1) == head + b"\x03www\x07example\x03org\0\0\x01\0\x01"
    assert dns.query(0x1234, ".", 6) == head + b"\0\0\x06\0\x01"
    with pytest.raises(ValueError, match="longer than 63"):
        dns.query(1, "a" * 64, 1)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("1234 8180 0001 0000 0000 0000", ""),
        ("1234 8183 0001 0000 0000 0000", "rcode = 3"),
        ("1234 8182 0001 0000 0000 0000", "rcode = 2"),
        ("1235 8180 0001 0000 0000 0000", None),
        ("1234 0100 0001 0000 0000 0000", None),
        ("1234 8180", None),
    ],
)
def test_answers_of_name_servers(answer: str, verdict: str | None) -> None:
    """Our number, a response, no error; somebody else's answer is none."""
    assert dns.judge(0x1234, bytes.fromhex(answer)) == verdict


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5\n", ProbeResult(ok=True, weight=Weight(15))),
        ("-2", ProbeResult(ok=True, weight=Weight(-6))),
        ("", ProbeResult(ok=True, weight=Weight(0))),
        ("words", ProbeResult(ok=True, weight=Weight(0))),
    ],
)
def test_numbers_in_files(tmp_path: Path, text: str, expected: ProbeResult) -> None:
    """Times the weight; what is no number is 0, and so is a missing file."""
    path = tmp_path / "number"
    path.write_text(text)
    assert read_number(FileProbe(str(path), 3)) == expected
    assert read_number(FileProbe(str(tmp_path / "none"), 3)) == ProbeResult(ok=True, weight=Weight(0))


def test_a_very_low_number_means_down(tmp_path: Path) -> None:
    """-2147483648 and below."""
    path = tmp_path / "number"
    path.write_text("-2147483648")
    assert not read_number(FileProbe(str(path))).ok
