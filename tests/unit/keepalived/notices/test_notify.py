# SPDX-License-Identifier: Apache-2.0
"""What scripts, FIFOs and their readers get."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from xlvs.keepalived.daemon.log import Log
from xlvs.keepalived.notices.fifo import Fifos
from xlvs.keepalived.notices.notify import Notifier
from xlvs.keepalived.notices.script_plan import Command, FifoPlan
from xlvs.keepalived.routers.vrrp_plan import Globals, Notifications

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

QUIET = Log("test", to_syslog=False)
PATIENCE_S = 20.0


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


def program(folder: Path, text: str) -> Command:
    """A shell script; $0 is its path."""
    file = folder / f"program{len(list(folder.iterdir()))}"
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
    file.chmod(0o755)
    return Command((str(file),))


def told(folder: Path) -> list[str]:
    """Lines of the file that scripts write."""
    file = folder / "told"
    return sorted(file.read_text(encoding="ascii").splitlines()) if file.exists() else []


@asynccontextmanager
async def notifier(plan: Globals) -> AsyncIterator[Notifier]:
    """One that is used and ended."""
    made = Notifier(plan, QUIET)
    yield made
    made.close()
    await made.drain()


def test_scripts_get_what_the_originals_get(tmp_path: Path) -> None:
    """The specific one nothing beyond its own arguments, the general one kind, name, state and priority."""
    writes = program(tmp_path, f'echo "$*" >> {tmp_path}/told')
    to = Notifications(
        on_master=Command((*writes.arguments, "master", "a b")),
        on_any=Command((*writes.arguments, "any")),
        on_fault=Command((*writes.arguments, "fault")),
        on_lower_priority=Command((*writes.arguments, "lower")),
        on_deleted=Command((*writes.arguments, "deleted")),
    )

    async def run() -> None:
        async with notifier(Globals()) as notify:
            notify.changed("INSTANCE", "VI_1", "MASTER", 100, to)
            notify.deleted("VI_1", 100, replace(to, tells_deleted=True))
            notify.deleted("VI_2", 100, replace(to, on_deleted=None))
            notify.changed("INSTANCE", "VI_1", "BACKUP", 90, to)
            notify.lower_priority("VI_1", 100, to)
            await until(lambda: len(told(tmp_path)) == 7)

    asyncio.run(run())

    assert told(tmp_path) == [
        "any INSTANCE VI_1 BACKUP 90",
        "any INSTANCE VI_1 DELETED 100",
        "any INSTANCE VI_1 MASTER 100",
        "any INSTANCE VI_2 FAULT 100",
        "deleted",
        "lower",
        "master a b",
    ]


def test_many_scripts_leave_others_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """One is started each time that the event loop comes round; at the end those that wait are started at once."""
    begun: list[Command] = []
    monkeypatch.setattr("xlvs.keepalived.notices.programs.run", begun.append)
    to = Notifications(on_master=Command(("/bin/x",)))

    async def run() -> list[int]:
        seen = []
        async with notifier(Globals()) as notify:
            for _ in range(20):
                notify.changed("INSTANCE", "VI_1", "MASTER", 100, to)
            for _ in range(3):
                seen.append(len(begun))
                await asyncio.sleep(0)
        return [*seen, len(begun)]

    assert asyncio.run(run()) == [0, 1, 2, 20]


def test_one_of_two_processes_starts_the_reader_of_their_pipe(tmp_path: Path) -> None:
    """Two readers would take each other's lines."""
    reader = program(tmp_path, f"echo begun >> {tmp_path}/told; read -r line < $1")
    plan = FifoPlan("notify fifo", str(tmp_path / "fifo"), script=reader)

    async def run() -> None:
        both = Fifos("vrrp", QUIET), Fifos("lvs", QUIET)
        for each in both:
            each.use((plan,))
        both[1].write("line")
        await until(lambda: told(tmp_path) == ["begun"])
        for each in both:
            each.close()
            await each.drain()

    asyncio.run(run())

    assert told(tmp_path) == ["begun"]


def test_a_reader_gets_every_line_to_the_last(tmp_path: Path) -> None:
    """It finds the end of the pipe and ends by itself; the original's loses what was written at the end."""
    fifo = tmp_path / "fifo"
    reader = program(tmp_path, f'while read -r line; do echo "$line" >> {tmp_path}/told; done < $1')

    async def run() -> None:
        async with notifier(Globals(fifos=(FifoPlan("notify fifo", str(fifo), script=reader),))) as notify:
            notify.changed("GROUP", "G", "MASTER", 0, Notifications())
            notify.lower_priority("VI_1", 100, Notifications())
            notify.stopped("INSTANCE", "VI_1", 100, Notifications())
            await until(lambda: len(told(tmp_path)) == 3)
            notify.stopped("GROUP", "G", 0, Notifications())

    asyncio.run(run())

    assert told(tmp_path) == [
        'GROUP "G" MASTER 0',
        'GROUP "G" STOP 0',
        'INSTANCE "VI_1" MASTER_RX_LOWER_PRI 100',
        'INSTANCE "VI_1" STOP 100',
    ]
    assert not fifo.exists()


def test_a_reload_that_leaves_a_fifo_as_it_is_leaves_its_reader(tmp_path: Path) -> None:
    """Another FIFO comes and goes beside it."""
    reader = program(tmp_path, f"echo begun >> {tmp_path}/told; read -r line < $1")
    kept = FifoPlan("notify fifo", str(tmp_path / "kept"), script=reader)
    other = FifoPlan("vrrp_notify fifo", str(tmp_path / "other"))

    async def run() -> None:
        fifos = Fifos("vrrp", QUIET)
        fifos.use((kept, other))
        await until(lambda: told(tmp_path) == ["begun"])
        fifos.use((kept,))
        fifos.write("line")
        assert not (tmp_path / "other").exists()
        fifos.close()
        await fifos.drain()

    asyncio.run(run())

    assert told(tmp_path) == ["begun"]


def test_a_reader_that_does_not_end_is_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while."""
    monkeypatch.setattr("xlvs.keepalived.notices.fifo._READERS_LAST_S", 0.05)
    reader = program(tmp_path, f"trap 'echo ended >> {tmp_path}/told; exit' TERM; echo begun >> {tmp_path}/told\n"
                     "while :; do sleep 0.05; done")  # fmt: skip
    plan = FifoPlan("notify fifo", str(tmp_path / "fifo"), script=reader)

    async def run() -> None:
        fifos = Fifos("vrrp", QUIET)
        fifos.use((plan,))
        await until(lambda: told(tmp_path) == ["begun"])
        fifos.close()
        await fifos.drain()
        await until(lambda: "ended" in told(tmp_path))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("kind", "path", "line"),
    [
        ("vrrp_notify fifo", "missing/fifo", "Unable to create vrrp_notify fifo {}"),
        ("notify fifo", ".", "Unable to open notify fifo {} - errno 21"),
    ],
)
def test_a_fifo_that_cannot_be_is_logged(tmp_path: Path, kind: str, path: str, line: str) -> None:
    """Everything else goes on without it."""
    console = StringIO()

    async def run() -> None:
        fifos = Fifos("vrrp", Log("test", console, to_syslog=False))
        fifos.use((FifoPlan(kind, f"{tmp_path}/{path}"),))
        fifos.write("line")
        fifos.close()

    asyncio.run(run())

    assert line.format(f"{tmp_path}/{path}") in console.getvalue()


def test_a_line_is_written_once_where_two_fifos_have_one_path(tmp_path: Path) -> None:
    """notify_fifo and vrrp_notify_fifo may be the same."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    plan = FifoPlan("notify fifo", str(path))

    async def run() -> bytes:
        fifos = Fifos("vrrp", QUIET)
        fifos.use((plan, replace(plan, kind="vrrp_notify fifo")))
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        fifos.write("line")
        read = os.read(reader, 100)
        os.close(reader)
        fifos.close()
        return read

    assert asyncio.run(run()) == b"line\n"


def test_what_is_no_pipe_is_not_written_to(tmp_path: Path) -> None:
    """Somebody's file in its place stays as it is."""
    path, console = tmp_path / "fifo", StringIO()
    path.write_text("precious")

    async def run() -> None:
        fifos = Fifos("vrrp", Log("test", console, to_syslog=False))
        fifos.use((FifoPlan("notify fifo", str(path)),))
        fifos.write("line")
        fifos.close()

    asyncio.run(run())

    assert path.read_text() == "precious"
    assert f"Unable to open notify fifo {path} - it is no named pipe" in console.getvalue()


def test_a_reader_hears_signals_that_were_held_back_when_the_fifo_was_made(tmp_path: Path) -> None:
    """Parts begin with them held back, and programs inherit that."""
    reader = program(tmp_path, f"grep SigBlk /proc/self/status >> {tmp_path}/told")
    plan = FifoPlan("notify fifo", str(tmp_path / "fifo"), script=reader)

    async def run() -> None:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        fifos = Fifos("vrrp", QUIET)
        fifos.use((plan,))
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        await until(lambda: bool(told(tmp_path)))
        fifos.close()
        await fifos.drain()

    asyncio.run(run())

    assert int(told(tmp_path)[0].split()[1], 16) & 1 << signal.SIGUSR1 - 1 == 0
