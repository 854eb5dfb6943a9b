# SPDX-License-Identifier: Apache-2.0
"""Probes on the event loop, against this process itself."""

from __future__ import annotations

import asyncio
import socket

import pytest

from xlvs.checkers.prober import Prober
from xlvs.healthcheck.probe import SECOND_US, Endpoint, HttpProbe, MiscProbe, ProbeResult, SmtpProbe, TcpProbe


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


@pytest.mark.parametrize("name", [".example", "a..example", f"{'a' * 70}.example", "m\udcfcll"])
def test_a_name_that_tls_cannot_send_is_a_failure(name: str) -> None:
    """The probe ends; one without a result would never be made again."""

    async def run(port: int) -> ProbeResult:
        prober = Prober(asyncio.get_running_loop())
        result: asyncio.Future[ProbeResult] = asyncio.get_running_loop().create_future()
        end = Endpoint(bytes((127, 0, 0, 1)), port, timeout_us=60 * SECOND_US)
        prober.run(HttpProbe(end, "/", name, tls=True, sni=name), result.set_result)
        async with asyncio.timeout(10):
            return await result

    with socket.create_server(("127.0.0.1", 0)) as listener:
        result = asyncio.run(run(listener.getsockname()[1]))
    assert not result.ok
    assert result.reason.startswith("TLS with [127.0.0.1]")


@pytest.mark.parametrize(
    "probe",
    [
        SmtpProbe(Endpoint(bytes((127, 0, 0, 1)), 1), "m\udcfcll"),
        TcpProbe(Endpoint(bytes((127, 0, 0, 1)), 1, bind_interface="m\udcfcll")),
        TcpProbe(Endpoint(bytes((127, 0, 0, 1)), 1, fwmark=2**32 - 1)),
    ],
)
def test_what_a_configuration_may_hold_is_a_failure_at_most(probe: SmtpProbe | TcpProbe) -> None:
    """Bytes that are not UTF-8, a mark of 32 bits; nobody listens at this port."""

    async def run() -> ProbeResult:
        result: asyncio.Future[ProbeResult] = asyncio.get_running_loop().create_future()
        Prober(asyncio.get_running_loop()).run(probe, result.set_result)
        async with asyncio.timeout(10):
            return await result

    assert not asyncio.run(run()).ok
