# SPDX-License-Identifier: Apache-2.0
"""Announcements that wait, and the sockets they go through."""

from __future__ import annotations

import asyncio
from errno import ENODEV
from typing import TYPE_CHECKING

import pytest

from xlvs.keepalived.routers import announcer
from xlvs.keepalived.routers.links import Link

if TYPE_CHECKING:
    from collections.abc import Callable

LINK = Link("vA", 7, bytes(6), 1500, running=True)
ONE, TWO = bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))


class Socket:
    """Fails once its device is gone."""

    def __init__(self, sent: list[bytes], *, gone: bool) -> None:
        self._sent = sent
        self.gone = gone
        self.closed = False

    def send(self, frame: bytes) -> None:
        """Take a frame."""
        if self.gone:
            raise OSError(ENODEV, "gone")
        self._sent.append(frame[28:32])

    def close(self) -> None:
        """Be closed."""
        self.closed = True


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Socket]]:
    """Makes the sockets that `sender` gives, oldest first; frames go to a list."""

    def make(sent: list[bytes], *gone: bool) -> list[Socket]:
        sockets = [Socket(sent, gone=each) for each in gone]
        left = list(sockets)
        monkeypatch.setattr(announcer, "sender", lambda _: left.pop(0))
        return sockets

    return make


def test_an_interface_that_is_another_one_of_the_same_name_gets_another_socket(
    made: Callable[..., list[Socket]],
) -> None:
    """The frame is not lost; with an interface that is really gone nothing is tried without end."""
    sent: list[bytes] = []
    sockets = made(sent, True, False)

    async def run() -> None:
        announcer.Announcer().announce(LINK, [ONE], 1, 0)

    asyncio.run(run())

    assert sent == [ONE]
    assert [each.closed for each in sockets] == [True, False]
    lost = made(sent, True, True)
    asyncio.run(run())
    assert (sent, [each.closed for each in lost]) == ([ONE], [True, True])


def test_what_waits_for_addresses_that_went_is_not_sent(made: Callable[..., list[Socket]]) -> None:
    """Another router has them now; those of others still are."""
    sent: list[bytes] = []
    made(sent, False)

    async def run() -> None:
        waiting = announcer.Announcer()
        waiting.announce(LINK, [ONE, TWO], 2, 0.01)
        waiting.forget({"vA": [ONE], "vB": [TWO]})
        await asyncio.sleep(0.1)

    asyncio.run(run())

    assert sent == [ONE, TWO, TWO]
