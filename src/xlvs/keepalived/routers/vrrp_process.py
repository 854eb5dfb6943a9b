# SPDX-License-Identifier: Apache-2.0
"""The VRRP process: routers, tracking and signals on one event loop."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xlvs.keepalived.checks.sync_daemon import SyncDaemons
from xlvs.keepalived.dumps import dump
from xlvs.keepalived.monitoring.snmp_vrrp import RouterAgent
from xlvs.keepalived.notices.notify import WORDS, Notifier
from xlvs.keepalived.notices.screening import screened_plan
from xlvs.keepalived.routers import firewall, virtual_routes, vrrp_state
from xlvs.keepalived.routers.announcer import Announcer
from xlvs.keepalived.routers.instance import RunningRouter, now_us
from xlvs.keepalived.routers.link_delays import LinkDelays
from xlvs.keepalived.routers.links import Links
from xlvs.keepalived.routers.process_tracking import WatchedProcesses
from xlvs.keepalived.routers.room import fitted, room
from xlvs.keepalived.routers.session_tracking import TrackedSessions
from xlvs.keepalived.routers.static_parts import StaticParts
from xlvs.keepalived.routers.tracking import RunningScript, Tracker, WatchedFile
from xlvs.keepalived.routers.virtual_addresses import text as address_text
from xlvs.keepalived.routers.vmac import Vmacs
from xlvs.keepalived.routers.vrrp_plan import Tracks
from xlvs.keepalived.routers.vrrp_socket import AUTHENTICATED, AdvertSocket, Channel
from xlvs.keepalived.routers.vrrp_translate import plan as translate
from xlvs.keepalived.sessions.bfd_events import read_events
from xlvs.linux import watch
from xlvs.linux.device import set_switch
from xlvs.linux.netlink import Route
from xlvs.linux.route_watch import RouteWatch
from xlvs.linux.threads import Errands
from xlvs.vrrp.ah import HEADER as AH
from xlvs.vrrp.effects import Note, State, StateChanged
from xlvs.vrrp.group import SyncGroup
from xlvs.vrrp.settings import SECOND_US
from xlvs.vrrp.track import Sum, effective

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.ipvs.interface import IpvsTables
    from xlvs.keepalived.daemon.line import Line
    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.routers.vrrp_plan import Group, Instance
    from xlvs.vrrp.effects import Effect


def _tables() -> IpvsTables:
    from xlvs.ipvs.pinned import open_tables  # for the few who synchronise

    return open_tables()


SIGNAL_JSON = signal.SIGRTMIN + 2
SIGNAL_CLEAR = signal.SIGRTMAX - 1


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for: addresses that stay at the end, lines for those that come and go, a dump first."""

    keeps_addresses: bool = False
    tells_addresses: bool = False
    shows_configuration: bool = False


NO_WISHES: Final = Wishes()
_SYNC_END_S: Final = 2.0


class VrrpProcess:
    """All routers of a configuration. `sessions`: a descriptor that tells of BFD sessions."""

    def __init__(
        self, config: KeepalivedConfig, log: Log, wishes: Wishes = NO_WISHES, *, sessions: int | None = None
    ) -> None:
        self.config = config
        self.plan = plan = screened_plan(translate(config), log)
        self.log = log
        self.links = Links()
        self.route = Route()
        self.announcer = Announcer()
        self.vmacs = Vmacs(self.route, self.links)
        self._firewall = firewall.Firewall()
        self._route_watch: RouteWatch | None = None
        self._delays = LinkDelays(self.links, log, self._tracked_changed)
        self.notifier = Notifier(plan.settings, log)
        self._static = StaticParts(self.route, self.links, log, self._tracked_changed)
        self.routers: dict[str, RunningRouter] = {}
        self.groups: dict[str, SyncGroup] = {}
        self._group_plans: dict[str, Group] = {}
        self._wishes = wishes
        self._sockets: dict[Channel, AdvertSocket] = {}
        self._by_vrid: dict[tuple[Channel, int], RunningRouter] = {}
        self._started = False
        self._snmp = RouterAgent(self, log)
        self._errands = Errands()
        self._sync = SyncDaemons(_tables, log, self._errands)
        self.notifier.watchers += [self._snmp.changed, self._sync.changed]
        self._sessions_up: dict[str, bool] = {}
        self._sessions_known: set[str] = set()
        self._sessions_from = sessions
        self._ended = asyncio.Event()
        self.tracker = self._make_tracker()

    async def run(self, line: Line) -> None:
        """Until it is told to stop, or the first process ends."""
        loop = asyncio.get_running_loop()
        for number, handler in (
            (signal.SIGTERM, self._ended.set),
            (signal.SIGINT, self._ended.set),
            (signal.SIGUSR1, lambda: self._answer("data", dump.write_data)),
            (signal.SIGUSR2, lambda: self._answer("stats", dump.write_statistics)),
            (SIGNAL_CLEAR, lambda: self._answer("stats", dump.write_and_clear_statistics)),
            (SIGNAL_JSON, lambda: self._answer("as json", dump.write_json)),
        ):
            loop.add_signal_handler(number, handler)
        loop.add_reader(self.links, self._links_changed)
        line.listen(self.reload, lambda: vrrp_state.state(self), self._ended.set)
        if self._sessions_from is not None:
            read_events(loop, self._sessions_from, self._sessions_up, self._session_changed, self.log, now_us)
        self._snmp.use(self.plan.snmp)
        self._sync.use(*self.plan.sync)
        self._start()
        self._show()
        line.ready()
        gc.freeze()  # a collection that walks everything made at the start delays timers
        await self._ended.wait()
        self._stop()
        self._snmp.close()
        self._sync.close()
        self._errands.finish(_SYNC_END_S)
        await self.notifier.drain()

    def _show(self) -> None:
        """What -a and -d ask for at the start."""
        if self._wishes.tells_addresses:
            for link in self.links.by_name.values():
                for address in (*link.ipv4, *link.ipv6):
                    self._tell_address(address, link.name, "added to")
        for each in dump.data_lines(self) if self._wishes.shows_configuration else ():
            self.log.write(each)

    def _own_addresses(self) -> set[bytes]:
        return {each.address for router in self.routers.values() for each in router.plan.all_addresses}

    def _tell_address(self, address: bytes, interface: str, what: str) -> None:
        self.log.write(f"Netlink reflector reports IP {address_text(address)} {what} {interface}")

    def _answer(self, what: str, write: Callable[[VrrpProcess], None]) -> None:
        """A signal that asks for a file; that it cannot be written is no reason to end."""
        self.log.write(f"Printing VRRP {what} for process({os.getpid()}) on signal")
        try:
            write(self)
        except OSError as error:
            self.log.write(f"Can't open dump file {error.filename} ({error.errno}: {error.strerror})")

    # What the routers use

    def open(self, channel: Channel) -> AdvertSocket:
        """The socket of a channel, which its routers share."""
        found = self._sockets.get(channel)
        if found is None:
            found = self._sockets[channel] = AdvertSocket(channel)
            asyncio.get_running_loop().add_reader(found, self._hear, found)
        return found

    def settle(self, router: RunningRouter) -> None:
        """Do what an event left pending, at all whom it may have touched."""
        group = router.router.group
        if group is None:
            router.settle()
            return
        effects = list(group.effects())
        notes = [effect for effect in effects if isinstance(effect, Note)]
        if not notes:  # its first state is told before those of its members
            self._tell_group(group, effects)
        router.settle()
        for note in notes:
            self.log.write(note.text, detail=note.detail)
        for each in group.members:
            self.routers[each.settings.name].settle()
        if notes:
            self._tell_group(group, effects)

    def _tell_group(self, group: SyncGroup, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, StateChanged):
                self.notifier.changed("GROUP", group.name, WORDS[effect.state], 0, self._group_plans[group.name].notify)

    # Beginning

    def _start(self) -> None:
        if not self.plan.settings.local_igmp:
            set_switch("ipv4/igmp_link_local_mcast_reports", 0)
        self._static.use(self.plan)
        self._watch_routes()
        self._delays.use(self.plan.delays)
        self.announcer.use(self.plan.pauses)
        for each in self.plan.instances:
            self.routers[each.name] = RunningRouter(self._fitted(each), self)
        for router in self.routers.values():
            router.prepare()
        self._index()
        self._close_gates()
        self._make_groups()
        self.tracker.start()
        settings = self.plan.settings
        up_us = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
        delay_us = max(settings.startup_delay_us, settings.after_boot_us - up_us)
        if delay_us > 0:
            self.log.write(f"Delaying startup for {delay_us / SECOND_US:g} seconds")
            asyncio.get_running_loop().call_later(delay_us / SECOND_US, self._begin)
        else:
            self._begin()

    def _begin(self) -> None:
        """Start the routers, but not one that waits for the first result of a script."""
        self._started = True
        for router in self.routers.values():
            self._consider(router)

    def _fitted(self, plan: Instance) -> Instance:
        """With as many addresses as an advertisement holds."""
        link = self.links.by_name.get(plan.interface)
        if link is None:
            return plan
        found = fitted(plan, link.mtu)
        if found is not plan:
            most = f"maximum/space available in packet (max {room(plan, link.mtu)} addresses)"
            count = len(plan.addresses)
            self.log.write(f"({plan.name}) Number of VIPs ({count}) exceeds {most} - excess moved to eVIPs")
        return found

    def _close_gates(self) -> None:
        """Have the rules of nftables that the routers want."""
        told = firewall.wanted((router.plan for router in self.routers.values()), self.links)
        if told != firewall.Wanted() and not (self.plan.firewall_chosen or self._firewall.has_rules):
            self.log.write("use_vmac or no_accept/strict specified, but no firewall configured - using nftables")
        error = self._firewall.set(self.plan.firewall, told)
        if error:
            self.log.write(error)

    def _index(self) -> None:
        self._by_vrid = {
            (router.channel, router.plan.router.vrid): router
            for router in self.routers.values()
            if router.channel is not None
        }
        used = {channel for channel, _ in self._by_vrid}
        for channel in [each for each in self._sockets if each not in used]:
            wire = self._sockets.pop(channel)
            asyncio.get_running_loop().remove_reader(wire)
            wire.close()

    def _make_groups(self) -> None:
        for router in self.routers.values():
            router.router.group = None
        self._group_plans = {each.name: each for each in self.plan.groups}
        old, self.groups = self.groups, {}
        for plan in self.plan.groups:
            members = [self.routers[name].router for name in plan.members if name in self.routers]
            self.groups[plan.name] = group = SyncGroup(plan.name, members)
            if plan.name in old:
                group.state = old[plan.name].state

    def _gather(self) -> None:
        for group in self.groups.values():
            group.gather(now_us())
            for each in group.members[:1]:
                self.settle(self.routers[each.settings.name])

    def _make_tracker(self) -> Tracker:
        tracks = [each.tracks for each in self.plan.instances] + [each.tracks for each in self.plan.groups]
        used = {each.name for track in tracks for each in track.scripts}
        scripts = {
            each.name: RunningScript(each, self.log, self._tracked_changed)
            for each in self.plan.scripts
            if each.name in used
        }
        for each in self.plan.scripts:
            if each.name not in used:
                self.log.write(f"Warning - script {each.name} is not used")
        files = {each.name: WatchedFile(each) for each in self.plan.files}
        for error in [each.error for each in files.values() if each.error]:
            self.log.write(error)
        processes = {each.name: WatchedProcesses(each) for each in self.plan.processes}
        sessions = TrackedSessions(self.plan.sessions, self._sessions_up)
        return Tracker(self.links, scripts, files, processes, sessions, self._tracked_changed)

    # Events

    def _hear(self, wire: AdvertSocket) -> None:
        offset = AH.size if wire.channel.protocol == AUTHENTICATED else 0
        for datagram in wire.datagrams():
            if len(datagram.payload) < offset + 2:
                continue
            router = self._by_vrid.get((wire.channel, datagram.payload[offset + 1]))
            if router is not None:
                router.hear(datagram)
            elif self.plan.settings.log_unknown:
                self.log.write(f"Unknown VRID({datagram.payload[offset + 1]}) on interface {wire.channel.interface}")

    def _links_changed(self) -> None:
        before = {name: link.running for name, link in self.links.by_name.items()}
        lost: set[bytes] = set()
        came = False
        for change in self.links.changes():
            if isinstance(change, watch.LinkChange):
                came |= change.interface.name not in before
            elif isinstance(change, watch.AddressChange):
                lost.add(change.address.address) if change.gone else lost.discard(change.address.address)
                link = self.links.by_index(change.address.ifindex)
                if link and self._wishes.tells_addresses and change.address.address not in self._own_addresses():
                    self._tell_address(change.address.address, link.name, "removed from" if change.gone else "added to")
        self._tell_links(before)
        if lost or came:
            self._static.look()
        if any(link.running and not before.get(name, True) for name, link in self.links.by_name.items()):
            self._routes_lost(None)
        self._delays.look()
        with_new_devices = [router for router in self.routers.values() if router.refresh()]
        if with_new_devices:
            self._close_gates()
        self._index()
        self._tracked_changed()
        if lost:
            self._addresses_lost(lost)

    def _tell_links(self, before: Mapping[str, bool]) -> None:
        for name, link in self.links.by_name.items():
            if name in before and link.running != before[name]:
                self.log.write(f"Netlink reports {name} {'up' if link.running else 'down'}")
        for name in before.keys() - self.links.by_name.keys():
            self.log.write(f"Interface {name} deleted")

    def _watch_routes(self) -> None:
        """Hear of routes only where there are some of ours: others may change thousands."""
        if self._route_watch is None and (self.plan.static_routes or any(each.routes for each in self.plan.instances)):
            self._route_watch = RouteWatch(virtual_routes.PROTOCOL)
            asyncio.get_running_loop().add_reader(self._route_watch, self._routes_changed)

    def _routes_changed(self) -> None:
        if self._route_watch:
            self._routes_lost(self._route_watch.deleted())

    def _routes_lost(self, destinations: set[str] | None) -> None:
        """Routes to these went; None: any may have gone, as the kernel tells of none that goes with its link."""
        if destinations is not None and not destinations:
            return
        self._static.routes_lost(destinations)
        for router in self.routers.values():
            own = {virtual_routes.destination(each) for each in router.plan.routes}
            if router.router.state is not State.MASTER or not (own if destinations is None else own & destinations):
                continue
            if self.plan.settings.mend or destinations is None:
                router.mender.wake()
            else:
                router.router.lose_addresses(now_us())
                self.settle(router)

    def _addresses_lost(self, lost: set[bytes]) -> None:
        for router in self.routers.values():
            if router.router.state is not State.MASTER:
                continue
            gone = [each.address for each in router.missing() if each.address in lost]
            if not gone:
                continue
            more = f" and {len(gone) - 1} more were" if len(gone) > 1 else " was"
            self.log.write(f"({router.name}) address {address_text(gone[0])}{more} removed by others")
            if self.plan.settings.mend:
                router.mender.wake()
            else:
                router.router.lose_addresses(now_us())
            self.settle(router)

    def _session_changed(self, name: str, *, up: bool) -> None:
        """A BFD session: all who track it. That it begins down is no news."""
        begins = name not in self._sessions_known
        self._sessions_known.add(name)
        if begins and not up:
            return
        for router in self.routers.values():
            if name in {each.name for each in self._tracks(router).sessions} and name in self.tracker.sessions.plans:
                word = "UP" if up else "DOWN"
                self.log.write(f"VRRP_Instance({router.name}) Tracked BFD instance {name} is {word}")
                self._consider(router)

    def _tracks(self, router: RunningRouter) -> Tracks:
        """What a router tracks, and its group."""
        group = self._group_plans.get(router.router.group.name) if router.router.group else None
        return router.plan.tracks + (group.tracks if group else Tracks())

    def _tracked_changed(self) -> None:
        for router in self.routers.values():
            self._consider(router)

    def _consider(self, router: RunningRouter) -> None:
        """Take what is tracked into account: health and priority, and whether it can start at all."""
        if not self._started:
            return
        core = router.router
        group = self._group_plans.get(core.group.name) if core.group else None
        tracks = self._tracks(router)
        own = self.tracker.sum(router.plan.tracks)
        if group and not group.weighs_members:
            own = Sum(own.faults)
        found = own + self.tracker.sum(group.tracks if group else Tracks())
        healthy = not found.faults and not router.own_faults and not self._lacks_static(router)
        if not core.settings.is_owner:
            core.set_priority(effective(core.settings.priority, found.weight))
        if core.state is State.INIT:
            if not healthy or not self.tracker.waits(tracks):
                core.start(now_us(), healthy=healthy)
        elif healthy != core.healthy or core.state is State.FAULT:
            core.set_health(now_us(), healthy=healthy)
        self.settle(router)

    def _lacks_static(self, router: RunningRouter) -> bool:
        """Whether an address of one of its track_groups is not on the host."""
        groups = [each for each in self.plan.track_groups if router.name in each.members]
        return any(self._static.lacks(each.addresses) for each in groups)

    # Reload and end

    def reload(self, config: KeepalivedConfig) -> None:
        """Another configuration by difference: what stays keeps its state."""
        self.log.write("Reloading")
        self._routes_changed()
        self.config = config
        self.plan = plan = screened_plan(translate(config), self.log)
        states = {name: script.up for name, script in self.tracker.scripts.items()}
        self.tracker.stop()
        self.tracker = self._make_tracker()
        for name, script in self.tracker.scripts.items():
            script.up = states.get(name, script.up)
        self.notifier.use(plan.settings)
        self._static.use(plan)
        self._snmp.use(plan.snmp)
        self._sync.use(*plan.sync)
        self._watch_routes()
        self._delays.use(plan.delays)
        self.announcer.use(plan.pauses)
        self._reload_routers()
        if self._route_watch:
            self._route_watch.deleted()  # those that were taken off here are not lost
        self._index()
        self._close_gates()
        self._make_groups()
        self.tracker.start()
        self._tracked_changed()
        self._gather()
        if plan.settings.states_on_reload:
            for router in self.routers.values():
                self.notifier.repeat("INSTANCE", router.name, WORDS[router.router.state], router.router.priority)
            for group in self.groups.values():
                self.notifier.repeat("GROUP", group.name, WORDS[group.state], 0)
        self.log.write("Reload complete")

    def _reload_routers(self) -> None:
        wanted = {each.name: self._fitted(each) for each in self.plan.instances}
        for name in [each for each in self.routers if each not in wanted]:
            router = self.routers.pop(name)
            router.router.group = None
            router.router.stop()
            router.settle()
            router.disconnect()
            self.notifier.deleted(name, router.router.priority, router.plan.notify)
        for name, plan in wanted.items():
            known = self.routers.get(name)
            if known is None:
                self.routers[name] = RunningRouter(plan, self)
                self.routers[name].prepare()
            elif known.plan != plan:
                known.reconfigure(plan)

    def _stop(self) -> None:
        self.log.write("Stopping")
        self.tracker.stop()
        for router in self.routers.values():
            router.router.group = None
            router.router.stop(keeps_addresses=self._wishes.keeps_addresses)
            router.settle()
            router.disconnect()
        for router in self.routers.values():
            self.notifier.stopped("INSTANCE", router.name, router.router.priority, router.plan.notify)
        for plan in self.plan.groups:
            self.notifier.stopped("GROUP", plan.name, 0, plan.notify)
        if self._wishes.keeps_addresses:
            self._static.close()
        else:
            self._static.release()
            self._firewall.set(self.plan.firewall, firewall.Wanted())
        self.notifier.close()
        self.announcer.close()
        loop = asyncio.get_running_loop()
        for wire in self._sockets.values():
            loop.remove_reader(wire)
            wire.close()
        if self._route_watch:
            loop.remove_reader(self._route_watch)
            self._route_watch.close()
        loop.remove_reader(self.links)
        self.links.close()
