# SPDX-License-Identifier: Apache-2.0
"""A thousand random lives: two routers that hear each other are not masters both, and in the end there is one."""

from __future__ import annotations

import heapq
from dataclasses import replace
from itertools import count, pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.unit.vrrp.wire import VIRTUAL, router
from xlvs.vrrp.effects import ClaimAddresses, ReleaseAddresses, SendAdvertisement, State
from xlvs.vrrp.group import SyncGroup
from xlvs.vrrp.packet import Advertisement
from xlvs.vrrp.router import VirtualRouter
from xlvs.vrrp.settings import CENTISECOND_US

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hypothesis.strategies import SearchStrategy

    from xlvs.vrrp.settings import RouterSettings

    Event = Callable[["Net", "Host", int], None]

SECOND = 1_000_000
LAG_US = 3_000
"""The most that a packet is on its way."""
STORM = 200
"""More packets at once than any good reason makes."""
VRIDS = (51, 52)


class Host:
    """A machine with a router for each VRID, as one group where it is told so."""

    def __init__(self, given: Sequence[RouterSettings], *, synced: bool) -> None:
        self.given = list(given)
        self.synced = synced
        self.routers: list[VirtualRouter] = []
        self.joined_at = 0
        self.cut = False

    @property
    def up(self) -> bool:
        """It runs and is on the wire."""
        return bool(self.routers) and not self.cut

    def boot(self, now: int) -> None:
        """A new process."""
        self.routers = [VirtualRouter(each) for each in self.given]
        if self.synced:
            SyncGroup("G", self.routers)
        self.joined_at = now
        for each in self.routers:
            each.start(now)


class Net:
    """Hosts on a wire that takes up to LAG_US for a packet, differently for each."""

    def __init__(self, hosts: Sequence[Host], lags: Sequence[int]) -> None:
        self.hosts = hosts
        self.now = 0
        self._lags = lags
        self._order = count()
        self._flying: list[tuple[int, int, Host, int, Advertisement, bytes]] = []
        self._both_since: dict[tuple[int, int, int], int] = {}
        self.holds: dict[VirtualRouter, bool] = {}

    def settle(self) -> None:
        """Put on the wire what was said, and see who is master."""
        for sender in self.hosts:
            for number, each in enumerate(sender.routers):
                for effect in each.effects():
                    if isinstance(effect, ClaimAddresses | ReleaseAddresses):
                        self.holds[each] = isinstance(effect, ClaimAddresses)
                    if isinstance(effect, SendAdvertisement) and not sender.cut:
                        self._send(sender, number, each.settings, effect.priority)
                assert self.holds.get(each, False) == (each.state is State.MASTER)
        self._judge()

    def _send(self, sender: Host, number: int, own: RouterSettings, priority: int) -> None:
        said = Advertisement(own.version, own.vrid, priority, own.interval_us // CENTISECOND_US, own.addresses)
        for each in self.hosts:
            if each is not sender:
                order = next(self._order)
                lag = self._lags[order % len(self._lags)]
                assert len(self._flying) < STORM, "they quarrel without end"
                heapq.heappush(self._flying, (self.now + lag, order, each, number, said, own.source))

    def _judge(self) -> None:
        """Two masters of one VRID that hear each other agree within an interval and two packets' time."""
        found = {}
        for vrid in range(len(self.hosts[0].given)):
            masters = [
                index for index, each in enumerate(self.hosts) if each.up and each.routers[vrid].state is State.MASTER
            ]
            for pair in pairwise(masters):
                key = (vrid, *pair)
                joined = max(self.hosts[index].joined_at for index in pair)
                found[key] = max(self._both_since.get(key, self.now), joined)
                interval = max(self.hosts[index].routers[vrid].settings.interval_us for index in pair)
                assert self.now - found[key] <= interval + 2 * LAG_US, f"two masters: {masters}"
        self._both_since = found

    def run(self, until: int) -> None:
        """Timers and packets in their order."""
        while True:
            timers = [at for host in self.hosts for each in host.routers if (at := each.next_timer()) is not None]
            due = min([*timers, *(each[0] for each in self._flying[:1])], default=until)
            if due >= until:
                break
            self.now = max(self.now, due)
            while self._flying and self._flying[0][0] <= self.now:
                _, _, host, number, heard, source = heapq.heappop(self._flying)
                if host.up:
                    host.routers[number].receive(heard, source, self.now)
            for host in self.hosts:
                for each in host.routers:
                    each.handle_timer(self.now)
            self.settle()
        self.now = until

    def masters(self) -> list[list[int]]:
        """For each VRID the numbers of the hosts that are master."""
        return [
            [
                index
                for index, each in enumerate(self.hosts)
                if each.routers and each.routers[vrid].state is State.MASTER
            ]
            for vrid in range(len(self.hosts[0].given))
        ]


def cut(_net: Net, host: Host, _value: int) -> None:
    """Its wire is pulled."""
    host.cut = True


def join(net: Net, host: Host, _value: int) -> None:
    """And put back."""
    if host.cut:
        host.cut, host.joined_at = False, net.now


def crash(_net: Net, host: Host, _value: int) -> None:
    """Nothing is said any more."""
    host.routers = []


def stop(net: Net, host: Host, _value: int) -> None:
    """As SIGTERM does."""
    for each in host.routers:
        each.group = None
        each.stop()
    net.settle()
    host.routers = []


def boot(net: Net, host: Host, _value: int) -> None:
    """If it does not run."""
    if not host.routers:
        host.boot(net.now)


def weigh(_net: Net, host: Host, value: int) -> None:
    """What is tracked makes another priority."""
    for each in host.routers:
        each.set_priority(value)


def fail(net: Net, host: Host, value: int) -> None:
    """What is tracked without a weight fails, for one or both routers."""
    for each in host.routers[: 1 + value % 2]:
        each.set_health(net.now, healthy=False)


def heal(net: Net, host: Host, _value: int) -> None:
    """All of it is well again."""
    for each in host.routers:
        each.set_health(net.now, healthy=True)


def lose(net: Net, host: Host, _value: int) -> None:
    """Somebody takes an address off."""
    for each in host.routers[:1]:
        each.lose_addresses(net.now)


def reload(net: Net, host: Host, value: int) -> None:
    """Another priority in the file."""
    host.given = [replace(each, priority=value) for each in host.given]
    for each, again in zip(host.routers, host.given, strict=False):
        each.reconfigure(again, net.now)


EVENTS = (cut, join, crash, stop, boot, weigh, fail, heal, lose, reload)


def configurations(version: int, interval_us: int) -> SearchStrategy[dict[str, Any]]:
    """Settings of one host's routers, but its address."""
    return st.fixed_dictionaries(
        {
            "version": st.just(version),
            "interval_us": st.just(interval_us) if version == 2 else st.sampled_from((interval_us, interval_us * 3)),
            "priority": st.sampled_from((1, 90, 100, 100, 200, 254)),
            "preempt": st.booleans(),
            "preempt_delay_us": st.sampled_from((0, 0, 3 * interval_us)),
            "down_timer_adverts": st.just(3),
            "lower_priority_no_advert": st.booleans(),
            "higher_priority_send_advert": st.booleans(),
        }
    )


@st.composite
def lives(draw: st.DrawFn) -> tuple[Net, list[tuple[int, int, Event, int]]]:
    """Two to four hosts, and what happens to them: (pause in microseconds, host, event, value)."""
    version = draw(st.sampled_from((2, 3)))
    interval_us = SECOND if version == 2 else draw(st.sampled_from((10_000, 200_000)))
    synced = draw(st.booleans())
    hosts = []
    for number in range(1, draw(st.integers(2, 4)) + 1):
        values = draw(configurations(version, interval_us))
        own = [replace(router(number, **values), vrid=vrid, addresses=(VIRTUAL,)) for vrid in VRIDS[: 1 + synced]]
        hosts.append(Host(own, synced=synced))
    lags = draw(st.lists(st.integers(LAG_US // 10, LAG_US), min_size=1, max_size=5))
    pauses = st.integers(0, 5 * interval_us)
    event = st.tuples(pauses, st.integers(0, len(hosts) - 1), st.sampled_from(EVENTS), st.integers(1, 254))
    return Net(hosts, lags), draw(st.lists(event, max_size=12))


@settings(
    max_examples=1000,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # routers that quarrel for ever take too long to shrink
)
@given(lives())
def test_routers_that_hear_each_other_have_one_master(life: tuple[Net, list[tuple[int, int, Event, int]]]) -> None:
    """Cuts, crashes, resignations, other priorities, faults, lost addresses, reloads; in the end all are well."""
    net, events = life
    for host in net.hosts:
        host.boot(net.now)
        net.settle()
    for pause, number, event, value in events:
        net.run(net.now + pause)
        event(net, net.hosts[number], value)
        net.settle()
    if not any(host.routers for host in net.hosts):
        net.hosts[0].boot(net.now)
    for host in net.hosts:
        join(net, host, 0)
        heal(net, host, 0)
        net.settle()
    longest = max(each.interval_us for host in net.hosts for each in host.given)

    net.run(net.now + SECOND * (net.hosts[0].given[0].version == 2) + 14 * longest)

    assert [len(each) for each in net.masters()] == [1] * len(net.masters())
