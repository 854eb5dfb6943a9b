# SPDX-License-Identifier: Apache-2.0
"""A virtual router: RFC 9568 6.4 with Keepalived's additions (preempt delay, no preemption, tracking).

Feed it events, each with the present time in microseconds of a clock that never goes back, and take its effects:

    router.start(now)  router.receive(advertisement, source, now)  router.handle_timer(now)  router.effects()

`next_timer()` says when `handle_timer` is due.

    event              | BACKUP                               | MASTER                              | FAULT
    start              | waits for a master                   | (owner with state MASTER)           | addresses off
    advert, higher     | follows                              | -> BACKUP                           | ignored
    advert, equal      | follows                              | by address: -> BACKUP, or as lower  | ignored
    advert, lower      | ignored (preempt), followed (not)    | advert, announcements               | ignored
    advert, priority 0 | master down after skew time          | advert                              | ignored
    master down        | -> MASTER                            |                                     |
    tracking failed    | -> FAULT                             | resigns, -> FAULT                   |
    tracking mended    |                                      |                                     | -> BACKUP
    stop               | -> INIT                              | resigns, -> INIT                    | -> INIT
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from xlvs.vrrp.settings import CENTISECOND_US, OWNER, SECOND_US
from xlvs.vrrp.statistics import Statistics
from xlvs.vrrp.track import effective

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.vrrp.effects import Effect
    from xlvs.vrrp.group import SyncGroup
    from xlvs.vrrp.packet import Advertisement
    from xlvs.vrrp.settings import RouterSettings

PRIORITY_STEPS = 256


class VirtualRouter:
    """State, timers and pending effects of one virtual router."""

    def __init__(self, settings: RouterSettings) -> None:
        self.settings = settings
        self.state = State.INIT
        self.priority = settings.priority
        """Effective: with the weights of what is tracked."""
        self.master_interval_us = settings.interval_us
        self.master_source = b""
        """Whom a backup follows."""
        self.master_priority = 0
        self.statistics = Statistics()
        self.group: SyncGroup | None = None
        self.healthy = True
        """Nothing without a weight that it tracks has failed."""
        self.wants_master = False
        """It heard no master, and waits for the rest of its group."""
        self._effects: list[Effect] = []
        self._down_at: int | None = None
        self._advertise_at: int | None = None
        self._announce_at: int | None = None
        self._announce_repeat = 0
        self._refresh_at: int | None = None
        self._preempt_from: int | None = None

    # What the shell asks

    def effects(self) -> Iterator[Effect]:
        """Take the pending effects, oldest first."""
        taken, self._effects = self._effects, []
        yield from taken

    def next_timer(self) -> int | None:
        """When `handle_timer` wants to be called, None: not at all."""
        return min(
            (at for at in (self._down_at, self._advertise_at, self._announce_at, self._refresh_at) if at is not None),
            default=None,
        )

    @property
    def skew_us(self) -> int:
        """Version 2 in parts of a second (RFC 3768 6.1), version 3 in parts of the master's interval (RFC 9568 6.1)."""
        unit = SECOND_US if self.settings.version == 2 else self.master_interval_us
        return (PRIORITY_STEPS - self.priority) * unit // PRIORITY_STEPS

    @property
    def master_down_us(self) -> int:
        """Silence after which the master is taken for dead."""
        return self.settings.down_timer_adverts * self.master_interval_us + self.skew_us

    # Events

    def start(self, now: int, *, healthy: bool = True) -> None:
        """Begin. Only the owner with `state MASTER` takes the addresses at once, as the original does."""
        self.healthy = healthy
        if not healthy or (self.group and self.group.faulty):
            self._enter_fault(now, "Entering FAULT STATE (init)")
        elif self.settings.is_owner and self.settings.wants_master:
            self._become_master(now)
        else:
            self._enter_backup(now, "Entering BACKUP STATE (init)")

    def receive(self, advertisement: Advertisement, source: bytes, now: int) -> None:
        """An advertisement for this router that passed the checks of reception."""
        if self.settings.is_owner and self.settings.owner_ignores:
            return
        if self.state is State.BACKUP:
            self._heard_as_backup(advertisement, source, now)
        elif self.state is State.MASTER:
            self._heard_as_master(advertisement, source, now)

    def handle_timer(self, now: int) -> None:
        """Do what is due."""
        if self._down_at is not None and now >= self._down_at:
            self._note("Receive advertisement timeout", detail=True)
            self._become_master(now)
        if self._advertise_at is not None and now >= self._advertise_at:
            self._advertise(now)
        if self._announce_at is not None and now >= self._announce_at:
            self._announce_at = None
            self._do(AnnounceAddresses(self._announce_repeat))
        if self._refresh_at is not None and now >= self._refresh_at:
            self._refresh_at = now + self.settings.announcements.refresh_us
            self._do(AnnounceAddresses(self.settings.announcements.refresh_repeat))

    def set_health(self, now: int, *, healthy: bool) -> None:
        """Something without a weight that is tracked failed, or all of it is well again."""
        self.healthy = healthy
        if not healthy and self.state in {State.BACKUP, State.MASTER}:
            self._enter_fault(now)
        elif healthy and self.state is State.FAULT and not (self.group and self.group.faulty):
            self._enter_backup(now, "Entering BACKUP STATE")

    def set_priority(self, priority: int) -> None:
        """The weights of what is tracked make another priority. The owner's stays."""
        priority = effective(priority, 0)
        if self.settings.is_owner or priority == self.priority:
            return
        self._note(f"Changing effective priority from {self.priority} to {priority}")
        self.priority = priority
        self._do(PriorityChanged(priority))

    def lose_addresses(self, now: int) -> None:
        """Somebody else took a virtual address off this host: let the routers elect again."""
        if self.state is State.MASTER:
            self._enter_backup(now, "Entering BACKUP STATE")

    def reconfigure(self, settings: RouterSettings, now: int) -> None:
        """Other settings for the same router; its state stays."""
        old, self.settings = self.settings, settings
        if settings.priority != old.priority:
            weight = 0 if OWNER in {settings.priority, old.priority} else self.priority - old.priority
            self.priority = settings.priority if settings.is_owner else effective(settings.priority, weight)
        if settings.interval_us != old.interval_us or self.state is State.MASTER:
            self.master_interval_us = settings.interval_us
        if self.state is State.MASTER:
            self._advertise(now)
            if settings.announcements.refresh_us != old.announcements.refresh_us:
                self._begin_refresh(now)
        elif self.state is State.BACKUP and self._down_at is not None:
            self._down_at = min(self._down_at, now + self.master_down_us)

    def announce(self, now: int) -> None:
        """Addresses were added to those of a master."""
        if self.state is State.MASTER:
            self._announce(now, self.settings.announcements.repeat, self.settings.announcements.delay_us)

    def join(self, state: State, now: int) -> None:
        """The sync group is in another state: go there too."""
        if state is self.state or self.state is State.INIT:
            return
        if state is State.MASTER:
            if self.healthy:
                self._enter_master(now)
        elif state is State.FAULT:
            self._enter_fault(now, "")
        elif self.healthy:
            self._enter_backup(now, "Entering BACKUP STATE")

    def insist(self, now: int) -> None:
        """A router of lower priority was heard: tell it and everybody who is master here."""
        if not self.settings.lower_priority_no_advert:
            self._advertise(now)
        announcements = self.settings.announcements
        if announcements.lower_priority_repeat:
            self._announce(now, announcements.lower_priority_repeat, announcements.lower_priority_delay_us)

    def stop(self, *, keeps_addresses: bool = False) -> None:
        """End: a master resigns, so that the next one need not wait for its silence."""
        if self.state is State.MASTER:
            self._resign()
            if not keeps_addresses:
                self._release()
        self.state = State.INIT
        self._forget_timers()

    # Inside

    def _do(self, effect: Effect) -> None:
        self._effects.append(effect)

    def _note(self, text: str, *, detail: bool = False) -> None:
        self._do(Note(f"({self.settings.name}) {text}", detail))

    def _forget_timers(self) -> None:
        self._down_at = self._advertise_at = self._announce_at = self._refresh_at = self._preempt_from = None
        self.wants_master = False

    def _resign(self) -> None:
        if self.state is State.MASTER:
            self.statistics.pri_zero_sent += 1
            self._do(SendAdvertisement(0))
            self._note("sent 0 priority", detail=True)

    def _release(self) -> None:
        self._note("removing VIPs.", detail=True)
        self._do(ReleaseAddresses())
        self.statistics.release_master += 1

    def _enter_fault(self, now: int, text: str = "Entering FAULT STATE") -> None:
        if text:
            self._note(text)
        if self.state is State.MASTER:
            self._resign()
            self._release()
        self.state = State.FAULT
        self._forget_timers()
        self._do(StateChanged(State.FAULT))
        self._tell_group(now)

    def _enter_backup(self, now: int, text: str) -> None:
        self._note(text)
        if self.state is State.MASTER:
            self._release()
        self._forget_timers()
        self.state = State.BACKUP
        self._do(StateChanged(State.BACKUP))
        self._down_at = now + self.master_down_us
        self._tell_group(now)

    def _become_master(self, now: int) -> None:
        """Or wait a little, when the sync group is not ready."""
        if self.group and not self.group.agrees(self):
            self.wants_master = True
            self._down_at = now + self.master_interval_us + self.skew_us
        else:
            self._enter_master(now)

    def _enter_master(self, now: int) -> None:
        self._forget_timers()
        self.state = State.MASTER
        self.statistics.become_master += 1
        self.master_interval_us = self.settings.interval_us
        self.master_source, self.master_priority = self.settings.source, self.priority
        self._note("Entering MASTER STATE")
        self._advertise(now)
        self._note("setting VIPs.", detail=True)
        self._do(ClaimAddresses())
        announcements = self.settings.announcements
        self._announce(now, announcements.repeat, announcements.delay_us)
        self._begin_refresh(now)
        self._do(StateChanged(State.MASTER))
        self._tell_group(now)

    def _tell_group(self, now: int) -> None:
        if self.group:
            self.group.follow(self, now)

    def _advertise(self, now: int) -> None:
        """Late adverts do not shift the ones after them, unless a whole interval was lost."""
        self._do(SendAdvertisement(self.priority))
        due = self._advertise_at
        begin = due if due is not None and now - self.settings.interval_us < due <= now else now
        self._advertise_at = begin + self.settings.interval_us

    def _announce(self, now: int, repeat: int, delay_us: int) -> None:
        self._do(AnnounceAddresses(repeat))
        if delay_us:
            self._announce_at = now + delay_us
            self._announce_repeat = repeat

    def _begin_refresh(self, now: int) -> None:
        refresh_us = self.settings.announcements.refresh_us
        self._refresh_at = now + refresh_us if refresh_us else None

    def _follow(self, advertisement: Advertisement, source: bytes, now: int) -> None:
        self._adopt_interval(advertisement)
        self.master_source, self.master_priority = source, advertisement.priority
        self.wants_master = False
        if advertisement.priority >= self.priority:
            self._preempt_from = None
        self._down_at = now + self.master_down_us

    def _adopt_interval(self, advertisement: Advertisement) -> None:
        """Version 3 backups wait as long as their master's interval says (RFC 9568 6.1), unless it says no time at all."""
        interval_us = advertisement.interval_cs * CENTISECOND_US
        if self.settings.version != 3 or interval_us in {0, self.master_interval_us}:
            return
        before, after = self.master_interval_us // 1000, interval_us // 1000
        self._note(f"advertisement interval updated from {before}ms to {after}ms by master", detail=True)
        self.master_interval_us = interval_us

    def _heard_as_backup(self, advertisement: Advertisement, source: bytes, now: int) -> None:
        if advertisement.priority == 0:
            self._note("Backup received priority 0 advertisement")
            self._down_at = now + self.skew_us
        elif advertisement.priority >= self.priority or not self.settings.preempt or self._waits_to_preempt(now):
            self._follow(advertisement, source, now)
        else:
            spoken = f"received lower priority ({advertisement.priority}) advert from {address_text(source)}"
            self._note(f"{spoken} - discarding")

    def _waits_to_preempt(self, now: int) -> bool:
        """The delay begins with the first lower advertisement; the master-down timer runs out after it."""
        if not self.settings.preempt_delay_us:
            return False
        if self._preempt_from is None:
            self._preempt_from = now + self.settings.preempt_delay_us
            self._note(f"start preempt delay ({self.settings.preempt_delay_us / SECOND_US:.6f})")
        return now < self._preempt_from

    def _heard_as_master(self, advertisement: Advertisement, source: bytes, now: int) -> None:
        theirs = advertisement.priority
        if theirs == OWNER == self.priority:
            self._note(
                "CONFIGURATION ERROR: local instance and a remote instance are both configured as address owner, "
                "please fix - reducing local priority"
            )
            self.priority = OWNER - 1
        ours = self.priority
        if theirs == 0:
            self._note("Master received priority 0 message")
            self._advertise(now)
        elif theirs == ours and source == self.settings.source:
            self._note("WARNING - equal priority advert received from remote host with our IP address.")
        elif theirs > ours or (theirs == ours and source > self.settings.source):
            self._yield(advertisement, source, now)
        else:
            self._repel(advertisement, source, now)

    def _yield(self, advertisement: Advertisement, source: bytes, now: int) -> None:
        spoken = f"Master received advert from {address_text(source)}"
        if advertisement.priority > self.priority:
            self._note(f"{spoken} with higher priority {advertisement.priority}, ours {self.priority}")
        else:
            self._note(f"{spoken} with same priority {self.priority} but higher IP address than ours")
        if self.settings.higher_priority_send_advert:
            self._do(SendAdvertisement(self.priority))
        self._adopt_interval(advertisement)
        self.master_source, self.master_priority = source, advertisement.priority
        self._enter_backup(now, "Entering BACKUP STATE")

    def _repel(self, advertisement: Advertisement, source: bytes, now: int) -> None:
        spoken = f"Received advert from {address_text(source)} with lower priority {advertisement.priority}"
        forcing = "" if self.settings.lower_priority_no_advert else ", forcing new election"
        self._note(f"{spoken}, ours {self.priority}{forcing}")
        for each in self.group.members if self.group else (self,):
            if each.state is State.MASTER:
                each.insist(now)
        self._do(LowerPrioritySeen())


def address_text(packed: bytes) -> str:
    """An address as people write it."""
    from ipaddress import ip_address  # pure, and needed for messages only

    return str(ip_address(packed))
