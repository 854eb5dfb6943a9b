# SPDX-License-Identifier: Apache-2.0
"""Servers that mean harm: what they send neither raises, nor takes memory, nor holds up the probes of others."""

from __future__ import annotations

import asyncio
import os
import tracemalloc
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from xlvs.checkers import pcre2
from xlvs.checkers.prober import Prober
from xlvs.healthcheck.probe import SECOND_US, Endpoint, HttpProbe, Probe, ProbeResult, SmtpProbe, TcpProbe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

HERE = bytes((127, 0, 0, 1))
HEAD = b"HTTP/1.1 200 OK\r\n"
LIMIT_S = 0.06
DIGEST = bytes(range(16))
MEMORY_MAX = 8 * 1024 * 1024


async def endless(head: bytes, part: bytes) -> AsyncIterator[bytes]:
    """The same for ever."""
    yield head
    while True:
        yield part


async def drip(head: bytes) -> AsyncIterator[bytes]:
    """A byte from time to time."""
    yield head
    while True:
        await asyncio.sleep(LIMIT_S / 4)
        yield b"x"


async def once(data: bytes) -> AsyncIterator[bytes]:
    """This, then the end."""
    yield data


ANSWERS: dict[str, Callable[[], AsyncIterator[bytes]]] = {
    "a header without end": lambda: endless(HEAD, b"X-More: and more of it\r\n" * 100),
    "one line without end": lambda: endless(b"HTTP/1.1 ", b"2" * 65536),
    "a body without end": lambda: endless(HEAD + b"\r\n", b"a" * 65536),
    "a body of a false length": lambda: once(HEAD + b"Content-Length: 999999999999999999\r\n\r\nshort"),
    "a length that is no number": lambda: once(HEAD + b"Content-Length: -5\r\n\r\nbody"),
    "two lengths": lambda: once(HEAD + b"Content-Length: 1\r\nContent-Length: 999\r\n\r\nbody"),
    "wrong chunks": lambda: once(HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\nx\r\n-1\r\n"),
    "a head in drops": lambda: drip(HEAD),
    "a body in drops": lambda: drip(HEAD + b"\r\n"),
    "no text at all": lambda: once(os.urandom(4096)),
    "random bytes without end": lambda: endless(b"", os.urandom(65536)),
    "a page for a costly regex": lambda: once(HEAD + b"Content-Length: 500000\r\n\r\n" + b"a" * 500_000),
    "a TLS record of garbage": lambda: once(b"\x16\x03\x03\xff\xff" + os.urandom(70000)),
    "a TLS alert": lambda: once(b"\x15\x03\x03\x00\x02\x02\x28"),
    "lines of mail without end": lambda: endless(b"220-hello\r\n", b"220-and more\r\n" * 100),
    "nothing": lambda: once(b""),
}
PROBES: dict[str, Callable[[Endpoint], Probe]] = {
    "digest": lambda end: HttpProbe(end, "/", "host", digest=DIGEST),
    "regex": lambda end: HttpProbe(end, "/", "host", regex="needle"),
    "costly regex": lambda end: HttpProbe(end, "/", "host", regex="(a+)+needle" if pcre2._library() else "needle"),
    "TLS": lambda end: HttpProbe(end, "/", "host", tls=True, digest=DIGEST),
    "SMTP": SmtpProbe,
}


async def serve(stack: AsyncExitStack, answer: Callable[[], AsyncIterator[bytes]]) -> int:
    """A server that sends this; its port."""
    talks: set[asyncio.Task[None]] = set()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            with suppress(OSError):
                async for part in answer():
                    writer.write(part)
                    await writer.drain()
                writer.write_eof()
                await asyncio.sleep(0)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)

    async def close() -> None:
        server.close()
        for each in talks:
            each.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    stack.push_async_callback(close)
    port: int = server.sockets[0].getsockname()[1]
    return port


async def probed(prober: Prober, probe: Probe) -> ProbeResult:
    """One result."""
    future: asyncio.Future[ProbeResult] = asyncio.get_running_loop().create_future()
    prober.run(probe, lambda result: None if future.done() else future.set_result(result))
    return await future


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_hostile_answer_is_a_failure_and_nothing_else(answer: str) -> None:
    """Every kind of probe ends in its time, having failed, while others are answered; memory stays as it was."""

    async def run() -> tuple[list[ProbeResult], list[float], int]:
        loop = asyncio.get_running_loop()
        prober = Prober(loop)
        async with AsyncExitStack() as stack:
            port = await serve(stack, ANSWERS[answer])
            good = await serve(stack, lambda: once(b""))
            limit_us = int(LIMIT_S * SECOND_US)
            end = Endpoint(HERE, port, timeout_us=limit_us)
            hostile = [asyncio.ensure_future(probed(prober, make(end))) for make in PROBES.values()]
            took: list[float] = []
            tracemalloc.start()
            async with asyncio.timeout(20):
                while not all(each.done() for each in hostile):
                    begin = loop.time()
                    assert (await probed(prober, TcpProbe(Endpoint(HERE, good, timeout_us=10 * SECOND_US)))).ok
                    took.append(loop.time() - begin)
                    await asyncio.sleep(0.05)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return [each.result() for each in hostile], took, peak

    results, took, peak = asyncio.run(run())
    assert [result.ok for result in results] == [False] * len(PROBES), results
    assert all(result.said and result.reason for result in results)
    assert peak < MEMORY_MAX
    assert sorted(took)[len(took) // 2] < 0.5
