# SPDX-License-Identifier: Apache-2.0
"""Connections of TCP_CHECK: opened, refused, too late, given up; each has one result, its own."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

from xlvs.checkers.connector import Connector
from xlvs.healthcheck.probe import SECOND_US, Endpoint, ProbeResult

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = bytes((127, 0, 0, 1))


def taker(results: list[tuple[int, ProbeResult]], number: int) -> Callable[[ProbeResult], None]:
    """Takes the result of the connection with this number."""
    return lambda result: results.append((number, result))


async def until(results: list[tuple[int, ProbeResult]], count: int) -> None:
    """Wait for so many results."""
    async with asyncio.timeout(20):
        while len(results) < count:
            await asyncio.sleep(0.005)


def free_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_each_connection_has_its_own_result() -> None:
    """Open and refused ones in turn, many at once: none has another's."""

    async def run() -> list[tuple[int, ProbeResult]]:
        results: list[tuple[int, ProbeResult]] = []
        connector = Connector(asyncio.get_running_loop(), lambda: None)
        nobody = free_port()
        with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
            ports = (listener.getsockname()[1], nobody)
            for number in range(200):
                connector.connect(Endpoint(HERE, ports[number % 2]), taker(results, number))
            await until(results, 200)
        assert len(connector) == 0
        return results

    results = asyncio.run(run())
    assert sorted(number for number, _ in results) == list(range(200))
    assert all(result.ok == (number % 2 == 0) for number, result in results)
    assert {result.said for number, result in results if number % 2} == {"failed"}


def test_what_does_not_open_in_time_is_a_timeout() -> None:
    """A full queue answers nobody; each waits as long as it may, whichever began first."""

    async def run() -> list[tuple[int, ProbeResult]]:
        results: list[tuple[int, ProbeResult]] = []
        connector = Connector(asyncio.get_running_loop(), lambda: None)
        with ExitStack() as stack:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
            end = listener.getsockname()
            for _ in range(4):
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(end)
            for number, limit_s in enumerate((0.4, 0.1, 0.2)):
                endpoint = Endpoint(HERE, end[1], timeout_us=int(limit_s * SECOND_US))
                connector.connect(endpoint, taker(results, number))
            await until(results, 3)
        return results

    results = asyncio.run(run())
    assert [number for number, _ in results] == [1, 2, 0]
    assert [result.said for _, result in results] == ["timeout"] * 3


def test_given_up_connections_have_no_result() -> None:
    """Nor do those that come after suffer from it."""

    async def run() -> list[tuple[int, ProbeResult]]:
        results: list[tuple[int, ProbeResult]] = []
        connector = Connector(asyncio.get_running_loop(), lambda: None)
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
            endpoint = Endpoint(HERE, listener.getsockname()[1], timeout_us=SECOND_US // 10)
            for _ in range(20):
                connector.connect(endpoint, taker(results, 0))
            connector.close()
            connector.connect(endpoint, taker(results, 1))
            await until(results, 1)
            await asyncio.sleep(0.15)  # beyond the limit of the others
        return results

    assert [(number, result.ok) for number, result in asyncio.run(run())] == [(1, True)]
