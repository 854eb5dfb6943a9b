# SPDX-License-Identifier: Apache-2.0
"""The shell around the verdicts: tables that refuse, tables that others change, plans that come and go."""

from __future__ import annotations

import asyncio
import socket
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.unit.healthcheck.world import server, tcp, virtual_server
from xlvs.healthcheck.probe import SECOND_US, Endpoint, TcpProbe
from xlvs.healthcheck.settings import HealthSettings, RealServerSettings
from xlvs.ipvs.desired import configured
from xlvs.ipvs.memory import MemoryTables
from xlvs.keepalived.checks.check_plan import CheckPlan
from xlvs.keepalived.checks.checking import Checking
from xlvs.model.errors import NotSupported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.model.service import VirtualService


REFUSED = "The tables cannot be put right: everything is not available"


class Refusing(MemoryTables):
    """Tables that can be told to refuse everything."""

    refuses = False

    @contextmanager
    def batch(self) -> Iterator[None]:
        """As told."""
        if self.refuses:
            raise NotSupported("everything", "the test says so")
        yield

    def add_service(self, service: VirtualService) -> None:
        """As told."""
        if self.refuses:
            raise NotSupported("everything", "the test says so")
        super().add_service(service)


def here(port: int) -> RealServerSettings:
    """A real server that is this process, probed every 50 ms."""
    checker = tcp(1, interval_us=SECOND_US // 20, retry=0)
    return server(1, replace(checker, probes=(TcpProbe(Endpoint(bytes((127, 0, 0, 1)), port)),)))


def weights(tables: MemoryTables) -> list[int]:
    """Of all destinations."""
    return [each.weight for service in configured(tables) for each in service.destinations]


async def until(tables: MemoryTables, expected: list[int]) -> None:
    """Wait until the table is so."""
    async with asyncio.timeout(10):
        while weights(tables) != expected:
            await asyncio.sleep(0.01)


def test_refused_changes_do_not_end_the_checks() -> None:
    """While the tables refuse, the checks go on; what was refused is made good."""

    async def run() -> list[str]:
        tables, lines = Refusing(), list[str]()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            plan = CheckPlan(HealthSettings((virtual_server(here(port)),)))
            checking = Checking(plan, tables, lines.append, lambda _: None, tuple)
            checking.start()
            assert weights(tables) == [1]
            tables.flush()
            tables.refuses = True
            async with asyncio.timeout(10):
                while not any(REFUSED in line for line in lines):
                    await asyncio.sleep(0.01)
        tables.refuses = False
        await until(tables, [])
        with socket.create_server(("127.0.0.1", port)):
            await until(tables, [1])
            checking.stop()
        assert configured(tables) == []
        return lines

    lines = asyncio.run(run())
    assert any(line.startswith(REFUSED) for line in lines)


def test_a_probe_that_cannot_be_made_is_a_failure_and_stops_no_other() -> None:
    """Both go on being checked. A port that is none stands for whatever raises."""

    async def run() -> None:
        tables, lines = MemoryTables(), list[str]()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            good = replace(here(listener.getsockname()[1]), destination=server(2).destination)
            plan = CheckPlan(HealthSettings((virtual_server(here(70000), good),)))
            checking = Checking(plan, tables, lines.append, lambda _: None, tuple)
            checking.start()
            await until(tables, [1])
            async with asyncio.timeout(10):
                while sum("cannot be made" in line for line in lines) < 3:
                    await asyncio.sleep(0.01)
        await until(tables, [])
        checking.stop()

    asyncio.run(run())


def test_a_plan_that_is_refused_leaves_the_old_one() -> None:
    """The reload raises; checks and tables are those of before."""

    async def run() -> None:
        tables = Refusing()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            plan = CheckPlan(HealthSettings((virtual_server(here(port)),)))
            checking = Checking(plan, tables, lambda _: None, lambda _: None, tuple)
            checking.start()
            tables.refuses = True
            try:
                checking.reload(CheckPlan(HealthSettings((virtual_server(here(port), port=81),))))
            except NotSupported:
                tables.refuses = False
            assert not tables.refuses
            assert checking.plan == plan
        await until(tables, [])
        checking.stop()

    asyncio.run(run())


def test_mending_can_be_turned_off() -> None:
    """What somebody else deletes stays deleted as long as no verdict changes."""

    async def run() -> list[list[int]]:
        tables, seen = MemoryTables(), list[list[int]]()
        for mend in (True, False):
            plan = CheckPlan(HealthSettings((virtual_server(server(1)),)), mend=mend)
            checking = Checking(plan, tables, lambda _: None, lambda _: None, tuple)
            checking.start()
            tables.flush()
            checking._look_after()
            seen.append(weights(tables))
            checking.stop()
        return seen

    assert asyncio.run(run()) == [[1], []]
