# SPDX-License-Identifier: Apache-2.0
"""Services that ask the same of a real server share one probe: counted at the real server."""

from __future__ import annotations

import asyncio

from tests.unit.keepalived.checks.test_check_translate import read
from xlvs.healthcheck.health import Health
from xlvs.ipvs.memory import MemoryTables
from xlvs.keepalived.checks.checking import Checking

LOOP_S = 0.05
WANTED = 20


def virtual_server(port: int, real_port: int, check: str = "TCP_CHECK {\n connect_timeout 5\n }") -> str:
    """One of several services, each with the same real server."""
    return f"""
        virtual_server 10.0.0.1 {port} {{
            delay_loop {LOOP_S}
            warmup 0
            lb_algo rr
            lb_kind NAT
            protocol TCP
            real_server 127.0.0.1 {real_port} {{
                {check}
            }}
        }}
    """


async def connections(*checks: str) -> tuple[int, float]:
    """Connections that the real server of as many services counts, and how many delay loops passed meanwhile."""
    taken = 0
    enough = asyncio.Event()

    async def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        taken += 1
        if taken >= WANTED:
            enough.set()
        writer.close()

    server = await asyncio.start_server(count, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    text = "".join(virtual_server(80 + number, port, check) for number, check in enumerate(checks))
    checking = Checking(read(text), MemoryTables(), lambda _: None, lambda _: None, lambda: ())
    begin = asyncio.get_running_loop().time()
    checking.start()
    async with asyncio.timeout(60):
        await enough.wait()
    loops = (asyncio.get_running_loop().time() - begin) / LOOP_S
    checking.stop()
    server.close()
    await server.wait_closed()
    return taken, loops


def test_three_services_with_the_same_check_make_one_connection_a_loop() -> None:
    """The original makes three."""
    same = "TCP_CHECK {\n connect_timeout 5\n }"
    taken, loops = asyncio.run(connections(same, same, same))
    assert taken <= loops + 1


def test_services_that_ask_differently_have_probes_of_their_own() -> None:
    """Another limit of time is another question."""
    text = "".join(virtual_server(80 + n, 8080, f"TCP_CHECK {{\n connect_timeout {n + 1}\n }}") for n in range(3))
    assert len(Health(read(text).health).checkers) == 3
