# SPDX-License-Identifier: Apache-2.0
"""The digest of a page, as the checks make it."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from hashlib import md5
from typing import TYPE_CHECKING

import pytest

from xlvs.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = b"a page\n"


@contextmanager
def answering(response: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A server for one request; its port, and what it was asked."""
    seen: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            seen.append(connection.recv(4096))
            connection.sendall(response)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], seen
        thread.join(10)


def genhash(port: int, *words: str) -> int:
    """Run the command on this host's server."""
    return main(["genhash", "-s", "127.0.0.1", "-p", str(port), "-u", "/page", *words])


@pytest.mark.parametrize("status", [b"200 OK", b"404 Not Found"])
def test_the_digest_is_that_of_the_body(status: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """The bare number, as the original prints it, whatever the status; the request is that of a check."""
    response = b"HTTP/1.0 %s\r\nContent-Length: %d\r\n\r\n%s and more" % (status, len(PAGE), PAGE)
    with answering(response) as (port, seen):
        assert genhash(port, "-V", "www.example.org") == 0

    assert capsys.readouterr().out == f"{md5(PAGE, usedforsecurity=False).hexdigest()}\n"
    assert seen[0].startswith(b"GET /page HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\n")
    assert b"Host: www.example.org\r\n" in seen[0]


def test_without_a_page_it_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, so that a script does not take the message for a digest."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    assert genhash(port) == 1
    assert f"no page from 127.0.0.1:{port}" in capsys.readouterr().err


def test_a_name_is_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    """As with the original."""
    assert main(["genhash", "-s", "localhost"]) != 0
    assert "localhost is not an address" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"), [("-t", "nan"), ("-t", "inf"), ("-t", "-1"), ("-m", "4294967296"), ("-m", "-1")]
)
def test_a_wrong_number_is_told(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is asked."""
    with pytest.raises(SystemExit):
        genhash(1, f"{option}{value}")
    assert f"{value!r} is not a" in capsys.readouterr().err
