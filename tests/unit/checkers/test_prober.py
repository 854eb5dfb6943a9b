# SPDX-License-Identifier: Apache-2.0
"""Probes on the event loop, against this process itself."""

from __future__ import annotations

import asyncio
import socket

from xlvs.checkers.prober import Prober
from xlvs.healthcheck.probe import SECOND_US, Endpoint, MiscProbe, ProbeResult, TcpProbe


def test_probes_beyond_the_limit_wait_for_their_turn() -> None:
    """With room for two, twenty probes succeed all the same, and two at most are under way."""

    async def run() -> tuple[list[ProbeResult], int]:
        prober = Prober(asyncio.get_running_loop(), most=2)
        results: list[ProbeResult] = []
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
            probe = TcpProbe(Endpoint(bytes((127, 0, 0, 1)), listener.getsockname()[1]))
            for _ in range(20):
                prober.run(probe, results.append)
            largest = 0
            async with asyncio.timeout(10):
                while len(results) < 20:
                    largest = max(largest, prober.busy)
                    await asyncio.sleep(0)
        return results, largest

    results, largest = asyncio.run(run())
    assert all(result.ok for result in results)
    assert largest == 2


def test_given_up_probes_have_no_result() -> None:
    """cancel_all ends programs and sockets; nobody is called afterwards."""

    async def run() -> list[ProbeResult]:
        prober = Prober(asyncio.get_running_loop())
        results: list[ProbeResult] = []
        prober.run(MiscProbe(("sleep", "60"), 90 * SECOND_US), results.append)
        prober.run(TcpProbe(Endpoint(bytes((127, 0, 0, 1)), 9, timeout_us=SECOND_US)), lambda _: None)
        prober.cancel_all()
        await asyncio.sleep(0.05)
        return results

    assert asyncio.run(run()) == []
