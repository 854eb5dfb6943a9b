# SPDX-License-Identifier: Apache-2.0
"""The sessions of a process on real sockets: two of them that have each other as their neighbor, over the loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest

from xlvs.bfd.packet import ControlPacket, State, build
from xlvs.bfd.settings import SessionSettings
from xlvs.keepalived.daemon.log import Log
from xlvs.keepalived.dumps import bfd_dump
from xlvs.keepalived.sessions import bfd_state
from xlvs.keepalived.sessions.bfd_events import EventPipe, EventWriter
from xlvs.keepalived.sessions.bfd_process import BfdProcess
from xlvs.keepalived.sessions.bfd_translate import BfdPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

MS = 1000
PATIENCE_S = 20.0
ENDS = {4: ("127.0.0.1", "127.0.0.2"), 6: ("::1", "::1")}


@dataclass
class Lines(Log):
    """Keeps them."""

    name: str = "test"
    to_syslog: bool = False
    lines: list[str] = field(default_factory=list)

    def write(self, text: str, *, detail: bool = False) -> None:  # noqa: ARG002 - the shape that is called
        """One more."""
        self.lines.append(text)


def free_port(family: int = 4) -> int:
    """Nobody has it at the moment."""
    with socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as found:
        found.bind(("", 0))
        port: int = found.getsockname()[1]
        return port


def plans(port: int) -> tuple[BfdPlan, BfdPlan]:
    """Each is the other's neighbor; slow enough for a busy machine."""
    one, other = (ip_address(each).packed for each in ENDS[4])
    usual: dict[str, Any] = {"min_rx_us": 100 * MS, "min_tx_us": 20 * MS, "multiplier": 10, "port": port}
    return (
        BfdPlan(SessionSettings("one", other, one, **usual)),
        BfdPlan(SessionSettings("other", one, other, **usual)),
    )


class Host:
    """A process with its log and what it tells."""

    def __init__(self, *given: BfdPlan) -> None:
        self.log = Lines()
        self.pipe = EventPipe(*os.pipe())
        self.process = BfdProcess(given, self.log, EventWriter(self.pipe.write), None)

    def run(self, story: Callable[[], Coroutine[None, None, None]]) -> None:
        """Tell a story on an event loop; the process ends with it."""

        async def whole() -> None:
            self.process.start()
            try:
                await story()
            finally:
                self.process.stop()

        asyncio.run(whole())

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """It has to come true."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while not condition():
            assert asyncio.get_running_loop().time() < deadline, f"{what}: {self.log.lines}"
            await asyncio.sleep(0.005)

    def up(self) -> set[str]:
        """Sessions that are."""
        return {name for name, each in self.process.running.items() if each.session.up}

    def told(self) -> list[str]:
        """Names and states, without those told again."""
        lines = [line.rsplit(" ", 1)[0] for line in os.read(self.pipe.read, 65536).decode().splitlines()]
        kept: dict[str, list[str]] = {}
        for line in lines:
            name, word = line.split()
            if not kept.setdefault(name, []) or kept[name][-1] != word:
                kept[name].append(word)
        return [f"{name} {' '.join(words)}" for name, words in kept.items()]


@pytest.fixture
def host() -> Iterator[Callable[..., Host]]:
    """Makes hosts, and closes their pipes in the end."""
    made: list[Host] = []

    def make(*given: BfdPlan) -> Host:
        made.append(Host(*given))
        return made[-1]

    yield make
    for each in (end for one in made for end in one.pipe):
        os.close(each)


def test_sessions_come_up_and_silence_takes_them_down(host: Callable[..., Host]) -> None:
    """And those that track them are told."""
    pair = plans(free_port())
    seen = host(*pair)

    async def story() -> None:
        await seen.until(lambda: seen.up() == {"one", "other"}, "both up")
        seen.process.reload(pair[:1])
        await seen.until(lambda: not seen.up(), "one alone is down")

    seen.run(story)
    assert seen.told() == ["one Down Up Down", "other Down Up"]
    assert any("Control Detection Time Expired" in line for line in seen.log.lines)


def test_reload_keeps_sessions_up(host: Callable[..., Host]) -> None:
    """Those that stay as they are, and those with other intervals."""
    pair = plans(free_port())
    seen = host(*pair)

    async def story() -> None:
        await seen.until(lambda: seen.up() == {"one", "other"}, "both up")
        before = dict(seen.process.running)
        faster = replace(pair[1], settings=replace(pair[1].settings, min_tx_us=10 * MS))
        seen.process.reload((pair[0], faster))
        await seen.until(lambda: not before["other"].session.polling, "the neighbor knows")
        assert seen.process.running == before
        assert before["other"].session.settings.min_tx_us == 10 * MS

    seen.run(story)
    assert seen.told() == ["one Down Up", "other Down Up"]


def test_reload_with_another_neighbor_is_another_session(host: Callable[..., Host]) -> None:
    """It begins down."""
    pair = plans(free_port())
    seen = host(*pair)

    async def story() -> None:
        await seen.until(lambda: seen.up() == {"one", "other"}, "both up")
        elsewhere = replace(pair[0], settings=replace(pair[0].settings, neighbor=ip_address("127.0.0.3").packed))
        seen.process.reload((elsewhere, pair[1]))
        await seen.until(lambda: not seen.up(), "both down")

    seen.run(story)
    assert seen.told()[0] == "one Down Up Down"


def test_source_address_that_comes_later_is_waited_for(
    host: Callable[..., Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said once, tried again."""
    monkeypatch.setattr("xlvs.keepalived.sessions.bfd_process.REOPEN_S", 0.01)
    absent = ip_address("192.0.2.77").packed
    one = plans(free_port())[0]
    seen = host(replace(one, settings=replace(one.settings, source=absent)))

    async def story() -> None:
        running = seen.process.running["one"]
        await seen.until(lambda: bool(seen.log.lines), "a line about it")
        await asyncio.sleep(0.05)
        running.plan = one  # as if the address had come
        await seen.until(lambda: running.session.next_timer() is not None, "the first packet")

    seen.run(story)
    said = [line for line in seen.log.lines if line.startswith("(one)")]
    assert said == ["(one) bind() error (Cannot assign requested address)"]


def test_pause_of_this_process_is_no_silence_of_the_neighbor(host: Callable[..., Host]) -> None:
    """What waits to be read counts before the time that has passed."""
    one = plans(free_port())[0]
    seen = host(replace(one, settings=replace(one.settings, min_rx_us=10 * MS)))
    neighbor = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    neighbor.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
    neighbor.bind((ENDS[4][1], 0))

    def say(state: State, to: int) -> None:
        said = ControlPacket(state, 9, to, 20, 10 * MS, 10 * MS)
        neighbor.sendto(build(said), (ENDS[4][0], one.settings.port))

    async def story() -> None:
        session = seen.process.running["one"].session
        say(State.DOWN, 0)
        await seen.until(lambda: session.state is State.INIT, "heard")
        say(State.UP, session.discriminator)
        await seen.until(lambda: session.up, "up")
        time.sleep(2 * session.detection_us / 1e6)  # the pause
        say(State.UP, session.discriminator)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert session.up
        await seen.until(lambda: not session.up, "silence")

    with neighbor:
        seen.run(story)
    assert seen.told() == ["one Down Up Down"]


def test_port_that_another_program_has_is_waited_for(
    host: Callable[..., Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said once, tried again."""
    monkeypatch.setattr("xlvs.keepalived.sessions.bfd_process.REFRESH_S", 0.01)
    pair = plans(free_port())
    seen = host(*pair)
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind(("", pair[0].settings.port))

    async def story() -> None:
        await asyncio.sleep(0.05)
        other.close()
        await seen.until(lambda: seen.up() == {"one", "other"}, "both up")

    seen.run(story)
    assert seen.log.lines[0] == "bind() error (Address already in use)"
    assert len([line for line in seen.log.lines if "Unable to open listening socket" in line]) == 1


def test_strangers_fill_no_log(host: Callable[..., Host]) -> None:
    """Some lines a second, whatever is sent."""
    pair = plans(free_port())
    seen = host(*pair)

    async def story() -> None:
        await seen.until(lambda: seen.up() == {"one", "other"}, "both up")
        seen.log.lines.clear()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for _ in range(500):
                stranger.sendto(b"nonsense", ("127.0.0.1", pair[0].settings.port))
        await seen.until(lambda: bool(seen.log.lines), "lines about it")
        await asyncio.sleep(0.05)
        assert seen.up() == {"one", "other"}

    seen.run(story)
    assert "Packet is too small: 8 bytes" in seen.log.lines
    assert len(seen.log.lines) <= 200


def test_dump_and_state_show_the_session(host: Callable[..., Host]) -> None:
    """keepalived_bfd.data in the original's layout, and JSON for `status`."""
    pair = plans(free_port())
    seen = host(*pair)
    dumped: list[str] = []
    states: list[object] = []

    async def story() -> None:
        dumped.extend(bfd_dump.data(seen.process.running["one"]))
        await seen.until(lambda: seen.up() == {"one", "other"}, "both up")
        await seen.until(lambda: not seen.process.running["one"].session.polling, "agreed")
        dumped.extend(bfd_dump.data(seen.process.running["one"]))
        states.append(bfd_state.state(seen.process)["sessions"][0])  # type: ignore[index]  # JSON

    seen.run(story)
    before, after = dumped[: len(dumped) // 2], dumped[len(dumped) // 2 :]
    assert before[:4] == [
        " BFD Instance = one",
        "   Neighbor IP = 127.0.0.2",
        "   Source IP = 127.0.0.1",
        "   Required min RX interval = 100000 us",
    ]
    assert {"   local state = Down", "   last_seen = [never]", "   remote min rx intv = 0 us"} <= set(before)
    assert {"   local state = Up", "   remote state = Up", "   !poll, !final"} <= set(after)
    assert {"   local tx intv = 100000 us", "   local detection time = 1000000 us"} <= set(after)
    (state,) = states
    assert isinstance(state, dict)
    assert (state["name"], state["neighbor"], state["up"], state["detection_ms"]) == ("one", "127.0.0.2", True, 1000)


def test_source_ports_are_those_of_the_standard() -> None:
    """49152 and above, with TTL 255 (RFC 5881)."""
    from xlvs.keepalived.sessions.bfd_socket import Ear, Voice

    for family, there in ((4, "127.0.0.1"), (6, "::1")):
        with contextlib.ExitStack() as ends:
            ear = ends.enter_context(contextlib.closing(Ear(family, free_port(family))))
            to = SessionSettings("a", ip_address(there).packed, port=ear.port)
            voice = ends.enter_context(contextlib.closing(Voice(to)))
            voice.send(b"hello")
            (heard,) = ear.datagrams()
            assert heard.source_port >= 49152
            assert (heard.ttl, heard.payload, heard.destination) == (255, b"hello", ip_address(there).packed)
