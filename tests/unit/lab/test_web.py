# SPDX-License-Identifier: Apache-2.0
"""The lab's web server and client understand HTTP, and each other."""

import re

import pytest

from xlvs.lab.client import get, parse_response, whole_length
from xlvs.lab.errors import LabError
from xlvs.lab.server import answer, log_line

PAGE = b"192.168.10.133\n"
PAGES = {b"": PAGE, b"/other": b"another\n"}


@pytest.mark.parametrize(
    ("request_head", "keeps"),
    [
        (b"GET / HTTP/1.1\r\nHost: x", True),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\nconnection:  CLOSE ", False),
        (b"GET /any/path HTTP/1.0", False),
    ],
)
def test_every_get_is_answered_with_the_page(request_head: bytes, *, keeps: bool) -> None:
    """HTTP/1.1 keeps the connection unless told otherwise (RFC 9112, 9.3)."""
    response, kept = answer(request_head, PAGES)

    assert parse_response(response) == PAGE.decode()
    assert kept == keeps


def test_a_path_may_have_a_page_of_its_own() -> None:
    """For checks that compare what they get."""
    response, _ = answer(b"GET /other HTTP/1.1\r\nHost: x", PAGES)

    assert parse_response(response) == "another\n"


def test_head_is_answered_without_the_page_but_with_its_length() -> None:
    """As RFC 9110 has it."""
    response, _ = answer(b"HEAD / HTTP/1.1", PAGES)

    assert b"Content-Length: 15\r\n" in response
    assert response.endswith(b"\r\n\r\n")


def test_other_methods_are_refused() -> None:
    """There is nothing to post to."""
    response, _ = answer(b"POST / HTTP/1.1", PAGES)

    with pytest.raises(ValueError, match="405 Method Not Allowed"):
        parse_response(response)


@pytest.mark.parametrize(
    ("response", "complaint"),
    [
        (b"", "not HTTP"),
        (b"SSH-2.0-OpenSSH\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "4 bytes came of 9"),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "503 Service Unavailable"),
    ],
)
def test_what_is_no_page_is_an_error(response: bytes, complaint: str) -> None:
    """A test must not take half an answer for a whole one."""
    with pytest.raises(ValueError, match=complaint):
        parse_response(response)


@pytest.mark.parametrize(
    ("client", "head", "line"),
    [
        ("192.168.20.1", b"GET / HTTP/1.1\r\nHost: x", '192.168.20.1 - - [01/Jan/1970:00:00:00 +0000] "GET / HTTP/1.1" 200 15'),
        ("::ffff:10.0.0.1", b"GET / HTTP/1.1", '10.0.0.1 - - [01/Jan/1970:00:00:00 +0000] "GET / HTTP/1.1" 200 15'),
        ("2001:db8::1", b"HEAD /x HTTP/1.0", '2001:db8::1 - - [01/Jan/1970:00:00:00 +0000] "HEAD /x HTTP/1.0" 200 0'),
        ("a", b"PUT / HTTP/1.1", 'a - - [01/Jan/1970:00:00:00 +0000] "PUT / HTTP/1.1" 405 0'),
        ("a", b'GET /"\x1b\n HTTP/1.1', 'a - - [01/Jan/1970:00:00:00 +0000] "GET /\\x22\\x1b\\n HTTP/1.1" 200 15'),
    ],
)  # fmt: skip
def test_the_log_says_who_asked_for_what(client: str, head: bytes, line: str) -> None:
    """In the form of other web servers; an IPv4 client is shown as such, and nobody breaks out of the line."""
    response, _ = answer(head, PAGES)

    assert log_line(client, head, response, 0.0) == line + "\n"


@pytest.mark.parametrize(
    ("received", "length"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Le", None),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", 43),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200", 38),
    ],
)
def test_a_response_knows_its_length_when_its_head_is_there(received: bytes, length: int | None) -> None:
    """What follows on the same connection belongs to the next."""
    assert whole_length(received) == length


def test_a_response_that_does_not_say_its_length_cannot_be_told_from_the_next() -> None:
    """On a connection that goes on."""
    with pytest.raises(ValueError, match="does not say how long"):
        whole_length(b"HTTP/1.1 200 OK\r\n\r\nhello")


@pytest.mark.parametrize("url", ["http://[::1", "ftp://x/", "http://", "127.0.0.1:99999"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    """Before anybody is asked."""
    with pytest.raises(LabError, match=re.escape(url)):
        get(url)
