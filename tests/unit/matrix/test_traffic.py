# SPDX-License-Identifier: Apache-2.0
"""The traffic program notices what a balancer may do wrong: here somebody in between loses, changes or swaps bytes."""

from __future__ import annotations

import selectors
import socket
import subprocess
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import pytest

from tests.matrix import program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Harm = Callable[[bytes, int], bytes]  # what becomes of a piece, by its number

BYTES: Final = "100000"  # what the sockets of the one in between can hold
HOME: Final = "127.0.0.1"
PIECE: Final = 8192
ACKNOWLEDGEMENT: Final = 60  # longer pieces have data
TRAFFIC: Final = [("short", "100"), ("bulk", BYTES, "up"), ("bulk", BYTES, "down")]


def compiled(folders: pytest.TempPathFactory, patience_ms: int) -> Path:
    """The program, which waits for so long."""
    try:
        return program.compiled(folders.mktemp("traffic"), f"-DPATIENCE_MS={patience_ms}")
    except program.NoCompiler as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def executable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, with little patience."""
    return compiled(tmp_path_factory, 300)


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with much of it, for what is to arrive however busy the machine is."""
    return compiled(tmp_path_factory, 10_000)


@pytest.fixture(scope="module")
def server(patient: Path) -> Iterator[int]:
    """A server of it; its port."""
    with socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen([patient, "serve", "one", str(port)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield port
        process.kill()


def unharmed(piece: bytes, _number: int) -> bytes:
    """As it came."""
    return piece


def one_bit_flipped(piece: bytes, number: int) -> bytes:
    """In the third piece that is long enough to have one in its data."""
    return piece[:-1] + bytes([piece[-1] ^ 1]) if number == 3 else piece


def one_lost(piece: bytes, number: int) -> bytes:
    """The third piece."""
    return b"" if number == 3 else piece


def two_words_swapped(piece: bytes, number: int) -> bytes:
    """In the third piece."""
    return piece[:-16] + piece[-8:] + piece[-16:-8] if number == 3 else piece


class Relay(threading.Thread):
    """Somebody in between who passes on what comes from either side; `harm` is done to the long pieces."""

    def __init__(self, protocol: str, port: int, harm: Harm) -> None:
        super().__init__()
        self._stream = protocol == "tcp"
        self._target, self._harm, self._number = (HOME, port), harm, 0
        self._selector, self._ending = selectors.DefaultSelector(), threading.Event()
        self._ends: list[socket.socket] = []
        self._far: dict[tuple[str, int], socket.socket] = {}
        self.near = self._end(self._accept if self._stream else self._from_client)
        self.near.bind((HOME, 0))
        if self._stream:
            self.near.listen()

    def run(self) -> None:
        """Pass on until the end."""
        while not self._ending.is_set():
            for key, _ in self._selector.select(0.02):
                with suppress(OSError):
                    key.data()
        self._selector.close()
        for end in self._ends:
            end.close()

    def end(self) -> None:
        """Close all."""
        self._ending.set()
        self.join()

    def _end(self, work: Callable[[], None]) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM if self._stream else socket.SOCK_DGRAM)
        self._watch(made, work)
        return made

    def _watch(self, end: socket.socket, work: Callable[[], None]) -> None:
        self._ends.append(end)
        self._selector.register(end, selectors.EVENT_READ, work)

    def _harmed(self, piece: bytes) -> bytes:
        """What becomes of a piece; acknowledgements stay as they are."""
        self._number += len(piece) > ACKNOWLEDGEMENT
        return self._harm(piece, self._number) if len(piece) > ACKNOWLEDGEMENT else piece

    def _accept(self) -> None:
        client, _ = self.near.accept()
        far = self._end(lambda: self._pass_on(far, client))
        far.connect(self._target)
        self._watch(client, lambda: self._pass_on(client, far))

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        piece = source.recv(PIECE)
        if piece:
            target.sendall(self._harmed(piece))
        else:
            self._selector.unregister(source)
            target.shutdown(socket.SHUT_WR)

    def _from_client(self) -> None:
        piece, client = self.near.recvfrom(PIECE)
        if client not in self._far:
            self._far[client] = self._end(lambda: self._to_client(client))
            self._far[client].connect(self._target)
        if passed := self._harmed(piece):
            self._far[client].send(passed)

    def _to_client(self, client: tuple[str, int]) -> None:
        if passed := self._harmed(self._far[client].recv(PIECE)):
            self.near.sendto(passed, client)


@contextmanager
def between(port: int, protocol: str, harm: Harm) -> Iterator[int]:
    """A relay to the server; its port."""
    relay = Relay(protocol, port, harm)
    relay.start()
    try:
        yield int(relay.near.getsockname()[1])
    finally:
        relay.end()


def carried(executable: Path, protocol: str, port: int, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run the client."""
    command = [str(executable), words[0], protocol, HOME, str(port), *words[1:]]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("words", TRAFFIC, ids="-".join)
def test_what_arrives_whole_is_no_complaint(patient: Path, server: int, protocol: str, words: tuple[str, ...]) -> None:
    """The control: somebody in between who harms nothing."""
    with between(server, protocol, unharmed) as port:
        done = carried(patient, protocol, port, words)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("harm", [one_bit_flipped, one_lost, two_words_swapped])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("words", TRAFFIC, ids="-".join)
def test_harm_is_noticed(executable: Path, server: int, protocol: str, words: tuple[str, ...], harm: Harm) -> None:
    """One bit, one piece, one place of two words: each is an error with words."""
    with between(server, protocol, harm) as port:
        done = carried(executable, protocol, port, words)

    assert done.returncode == 1
    assert done.stderr
