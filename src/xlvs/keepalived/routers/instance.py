# SPDX-License-Identifier: Apache-2.0
"""One virtual router on this host: what its core asks for is done here."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from xlvs.keepalived.notices.notify import WORDS
from xlvs.keepalived.routers import virtual_addresses, virtual_routes
from xlvs.keepalived.routers.mending import Mender
from xlvs.keepalived.routers.vrrp_socket import AdvertSocket, Channel, channel_protocol
from xlvs.linux.device import set_switch
from xlvs.model.errors import KernelError
from xlvs.vrrp.ah import HEADER as AH
from xlvs.vrrp.ah import AuthenticationHeader
from xlvs.vrrp.effects import (
    AnnounceAddresses,
    ClaimAddresses,
    LowerPrioritySeen,
    Note,
    PriorityChanged,
    ReleaseAddresses,
    SendAdvertisement,
    State,
    StateChanged,
)
from xlvs.vrrp.packet import Advertisement, AuthenticationType, NotAnAdvertisement, build
from xlvs.vrrp.reception import Reception
from xlvs.vrrp.router import VirtualRouter
from xlvs.vrrp.settings import CENTISECOND_US, SECOND_US

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.notices.notify import Notifier
    from xlvs.keepalived.routers.announcer import Announcer
    from xlvs.keepalived.routers.links import Link, Links
    from xlvs.keepalived.routers.vmac import Vmacs
    from xlvs.keepalived.routers.vrrp_plan import Instance, VirtualAddress
    from xlvs.linux.netlink import Route
    from xlvs.vrrp.effects import Effect
    from xlvs.vrrp.reception import Datagram
    from xlvs.vrrp.settings import RouterSettings


class Host(Protocol):
    """What the routers of a process share."""

    links: Links
    route: Route
    announcer: Announcer
    notifier: Notifier
    log: Log
    vmacs: Vmacs

    def open(self, channel: Channel) -> AdvertSocket:
        """The socket of a channel. Raises OSError."""

    def settle(self, router: RunningRouter) -> None:
        """Let everybody whom an event may have touched do what is pending."""


def now_us() -> int:
    """The clock of the routers."""
    return time.monotonic_ns() // 1000


class RunningRouter:
    """A vrrp_instance with its socket, its timer and its addresses."""

    def __init__(self, plan: Instance, host: Host) -> None:
        self.plan = plan
        self.host = host
        settings = self._settings()
        self.router = VirtualRouter(settings)
        self.reception = Reception(settings, self.router.statistics)
        self.changed_at = time.time()
        self.channel: Channel | None = None
        self._socket: AdvertSocket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: int | None = None
        self._packets: dict[int, bytes] = {}
        self._sequence = 0
        self.mender = Mender(self._put_back)
        self._in_vain: list[str] = []  # what the last attempt to put addresses back met with
        self._extra: asyncio.TimerHandle | None = None

    @property
    def name(self) -> str:
        """Of the vrrp_instance."""
        return self.plan.name

    @property
    def link(self) -> Link | None:
        """The interface that the router stands on, None while there is none."""
        return self.host.links.by_name.get(self.plan.interface)

    @property
    def _voice(self) -> Link | None:
        return self.host.links.by_name.get(self.plan.speaks_on)

    @property
    def socket_number(self) -> int:
        """Of its descriptor, -1 without one."""
        return self._socket.fileno() if self._socket else -1

    @property
    def own_faults(self) -> int:
        """What keeps it in FAULT apart from what is tracked: its link and its source address."""
        link = self.link
        down = self.plan.track_primary and not (link and link.running)
        others = [self.host.links.by_name.get(name) for name in self.plan.implied]
        away = any(not each or not each.running for each in others)
        return int(down or not self._has_source or not link or self._lacks_peers or away)

    @property
    def _has_source(self) -> bool:
        """Whether there is an address to speak from; with track_src_ip one that is configured has to be there too."""
        source, link = self.router.settings.source, self.link
        if not self.plan.track_source or not self.plan.router.source:
            return bool(source)
        return bool(link and source in (link.ipv4 if len(source) == 4 else link.ipv6))

    @property
    def _lacks_peers(self) -> bool:
        return self.plan.needs_peers and not self.router.settings.unicast_peers

    # Beginning and end

    def prepare(self) -> None:
        """Open the socket if it can be, and take left-over addresses, routes and rules off."""
        self._make_device()
        self._connect()
        left_over = [each for each in self.plan.all_addresses if self.has(each)]
        virtual_routes.release(self.plan.routes, self.plan.rules)
        self._report(virtual_addresses.release(self.host.route, self.host.links, self.plan.home, left_over))
        self.host.log.write(f"({self.name}) removing VIPs.", detail=True)

    def _make_device(self) -> None:
        try:
            for each in self.host.vmacs.make(self.plan):
                self.host.log.write(f"({self.name}): Success creating VMAC interface {each}")
        except KernelError as error:
            self.host.log.write(f"({self.name}) {error.message}")

    def disconnect(self) -> None:
        """No timer and no socket any more."""
        for timer in (self._timer, self._extra):
            if timer:
                timer.cancel()
        self.mender.cancel()
        self._timer = self._timer_at = self._extra = None
        self._socket = self.channel = None
        self.host.vmacs.remove(self.plan)

    def refresh(self) -> bool:
        """The interface changed: another source address, another number. Whether it lacked devices of its own."""
        there = self.host.links.by_name
        lacking = any(name not in there and base in there for name, base in self.plan.devices)
        if lacking:
            self._make_device()
        settings = self._settings()
        if settings != self.router.settings:
            self._use(settings)
        voice = self._voice
        if voice is None or self.channel is None or self.channel.ifindex != voice.ifindex:
            self._connect()
        return lacking

    def reconfigure(self, plan: Instance) -> None:
        """Another plan for the same router; what stays the same is not touched."""
        before, self.plan = self.plan, plan
        self._make_device()
        old, new = before.all_addresses, plan.all_addresses
        self._use(self._settings())
        if self.router.state is State.MASTER:
            moved = before.home != plan.home
            gone = [each for each in old if moved or each not in new]
            come = [each for each in new if moved or each not in old]
            self.host.announcer.forget(virtual_addresses.by_interface(before.home, gone))
            self._report(virtual_addresses.release(self.host.route, self.host.links, before.home, gone))
            self._report(virtual_addresses.claim(self.host.route, self.host.links, plan.home, come))
            virtual_routes.release(*_without(before, plan))
            self._report(virtual_routes.claim(*_without(plan, before)))
            if before.devices != plan.devices:
                self.host.vmacs.remove(replace(before, vmac=None, extra_vmacs=_only(before.devices, plan.devices)))
            if come:
                self.router.announce(now_us())
            self._end_extra()
            self._begin_extra()
        self._connect()

    def _use(self, settings: RouterSettings) -> None:
        self._packets.clear()
        self.reception.settings = settings
        self.router.reconfigure(settings, now_us())

    def _settings(self) -> RouterSettings:
        """With the source address of the interface where none is configured."""
        router = self.plan.router
        if router.source:
            return router
        link = self.link
        own = frozenset(each.address for each in self.plan.all_addresses)
        return replace(router, source=link.source(self.plan.family, own) if link else b"")

    def _connect(self) -> None:
        settings, link = self.router.settings, self._voice
        self._socket = self.channel = None
        if link is None:
            return
        protocol = channel_protocol(authenticated=settings.authentication is AuthenticationType.AH)
        group = b"" if settings.unicast_peers else settings.group
        self.channel = Channel(link.name, link.ifindex, self.plan.family, protocol, group)
        try:
            self._socket = self.host.open(self.channel)
        except OSError as error:
            self.channel = None
            self.host.log.write(f"({self.name}) cannot open a socket on {link.name}: {error.strerror}")

    def has(self, address: VirtualAddress) -> bool:
        """Whether the host has an address of the router where it belongs."""
        return virtual_addresses.has(self.host.links, address.interface or self.plan.home, address.address)

    # Addresses that others take off

    def missing(self) -> list[VirtualAddress]:
        """The tracked addresses that the host should have as long as this router is master, and has not."""
        return [each for each in self.plan.all_addresses if each.tracked and not self.has(each)]

    def _put_back(self) -> None:
        missing = self.missing()
        if self.router.state is not State.MASTER:
            return
        if not missing:
            self._report(virtual_routes.claim(self.plan.routes, self.plan.rules))
            return
        errors = virtual_addresses.claim(self.host.route, self.host.links, self.plan.home, missing)
        news, self._in_vain = [each for each in errors if each not in self._in_vain], errors
        self._report(news + virtual_routes.claim(self.plan.routes, self.plan.rules))
        shown = virtual_addresses.text(missing[0].address)
        if errors:
            self.mender.wake()  # a device that somebody deleted comes back
        if len(errors) >= len(missing):
            return
        if not errors:
            self.host.log.write(f"({self.name}) put back {shown if len(missing) == 1 else f'{len(missing)} addresses'}")
        self.router.announce(now_us())
        self.host.settle(self)

    # Events

    def hear(self, datagram: Datagram) -> None:
        """A datagram with this router's VRID."""
        try:
            advertisement = self.reception.accept(datagram)
        except NotAnAdvertisement as error:
            self.host.log.write(f"({self.name}) {error}")
            return
        self.router.receive(advertisement, datagram.source, now_us())
        self.host.settle(self)

    def settle(self) -> None:
        """Do what is pending and set the timer anew."""
        for effect in self.router.effects():
            self._perform(effect)
        self._arm()

    def _arm(self) -> None:
        at = self.router.next_timer()
        if at == self._timer_at:
            return
        if self._timer:
            self._timer.cancel()
        self._timer_at = at
        self._timer = asyncio.get_running_loop().call_at(at / SECOND_US, self._ring) if at is not None else None

    def _ring(self) -> None:
        self._timer = self._timer_at = None
        self.router.handle_timer(max(now_us(), self.router.next_timer() or 0))
        self.host.settle(self)

    # Effects

    def _perform(self, effect: Effect) -> None:
        match effect:
            case SendAdvertisement(priority):
                self._send(priority)
            case Note(text, detail):
                self.host.log.write(text, detail=detail)
            case ClaimAddresses():
                self._claim()
                self._begin_extra()
            case ReleaseAddresses():
                self._end_extra()
                self._release()
            case AnnounceAddresses(repeat):
                self._announce(repeat)
            case StateChanged(state):
                self.changed_at = time.time()
                self.host.notifier.changed("INSTANCE", self.name, WORDS[state], self.router.priority, self.plan.notify)
            case LowerPrioritySeen():
                self.host.notifier.lower_priority(self.name, self.router.priority, self.plan.notify)
            case PriorityChanged(priority):
                self.host.notifier.priority(self.name, self.router.state, priority, self.plan.notify)

    def _claim(self) -> None:
        if self.plan.promote_secondaries:
            set_switch(f"ipv4/conf/{self.plan.home}/promote_secondaries", 1)
        self._report(virtual_addresses.claim(self.host.route, self.host.links, *self._addresses()))
        self._report(virtual_routes.claim(self.plan.routes, self.plan.rules))

    def _release(self) -> None:
        """Addresses last: the kernel takes routes of theirs along."""
        virtual_routes.release(self.plan.routes, self.plan.rules)
        self.host.announcer.forget(virtual_addresses.by_interface(*self._addresses()))
        self._report(virtual_addresses.release(self.host.route, self.host.links, *self._addresses()))

    def _addresses(self) -> tuple[str, Sequence[VirtualAddress]]:
        return self.plan.home, self.plan.all_addresses

    def _report(self, errors: Sequence[str]) -> None:
        for each in errors:
            self.host.log.write(f"({self.name}) {each}")

    def _announce(self, repeat: int) -> None:
        for name, addresses in virtual_addresses.by_interface(*self._addresses()).items():
            link = self.host.links.by_name.get(name)
            if link is None:
                continue
            kind = "gratuitous ARPs" if len(addresses[0]) == 4 else "unsolicited NAs"
            if self.host.log.detailed:
                for each in addresses:
                    shown = virtual_addresses.text(each)
                    self.host.log.write(f"({self.name}) Sending/queueing {kind} on {name} for {shown}")
            self.host.announcer.announce(link, addresses, repeat, self.plan.garp_interval_us / SECOND_US)

    def _announce_extra(self) -> None:
        """garp_extra_if: again and again where the addresses are not on the router's own interface."""
        made = {name for name, _ in self.plan.extra_vmacs}
        for name, addresses in virtual_addresses.by_interface(*self._addresses()).items():
            link = self.host.links.by_name.get(name)
            if link and name != self.plan.home and (name in made or self.plan.extra_everywhere):
                self.host.announcer.announce(link, addresses, 1, self.plan.garp_interval_us / SECOND_US)
        self._extra = asyncio.get_running_loop().call_later(self.plan.extra_us / SECOND_US, self._announce_extra)

    def _begin_extra(self) -> None:
        if self.plan.extra_us:
            delay_s = self.plan.extra_us / SECOND_US
            self._extra = asyncio.get_running_loop().call_later(delay_s, self._announce_extra)

    def _end_extra(self) -> None:
        if self._extra:
            self._extra.cancel()
            self._extra = None

    def _send(self, priority: int) -> None:
        settings = self.router.settings
        if self._socket is None or not settings.source:
            return
        self.router.statistics.advert_sent += 1
        for destination in [each.address for each in settings.unicast_peers] or [settings.group]:
            try:
                self._send_to(self._socket, destination, priority)
            except OSError as error:
                if priority:
                    shown = virtual_addresses.text(destination)
                    self.host.log.write(f"({self.name}) Cant send advert to {shown} ({error.strerror})")

    def _send_to(self, wire: AdvertSocket, destination: bytes, priority: int) -> None:
        settings = self.router.settings
        packet = self._packet(destination, priority)
        ttl = self.plan.unicast_ttl if settings.unicast_peers else 255
        if self.plan.family == 6:
            wire.send_ipv6(packet, settings.source, destination, None if settings.unicast_peers else ttl)
            return
        if settings.authentication is AuthenticationType.AH:
            self._sequence += 1
            header = wire.ipv4_header(settings.source, destination, len(packet) + AH.size, ttl)
            seal = AuthenticationHeader(settings.password).seal(header, settings.source, self._sequence, packet)
            packet = seal + packet
        else:
            header = wire.ipv4_header(settings.source, destination, len(packet), ttl)
        wire.send_ipv4(header, packet, destination)

    def _packet(self, destination: bytes, priority: int) -> bytes:
        """The same bytes each time for a group, so they are made once."""
        settings = self.router.settings
        known = None if settings.unicast_peers else self._packets.get(priority)
        if known:
            return known
        is_old = bool(settings.unicast_peers) and (settings.old_checksum or self.reception.neighbour.old_checksum)
        summed_for = settings.group if is_old else destination
        packet = build(
            Advertisement(
                settings.version,
                settings.vrid,
                priority,
                settings.interval_us // CENTISECOND_US,
                settings.addresses,
                settings.authentication,
                settings.password if settings.authentication is AuthenticationType.PASS else b"",
            ),
            settings.source,
            summed_for,
            pseudo_header=settings.pseudo_header,
        )
        self._packets[priority] = packet
        return packet


def _only(devices: Iterable[tuple[str, str]], other: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(each for each in devices if each not in other)


def _without(plan: Instance, other: Instance) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Routes and rules of a plan that another one has not."""
    return (
        [each for each in plan.routes if each not in other.routes],
        [each for each in plan.rules if each not in other.rules],
    )
