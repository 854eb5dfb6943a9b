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
from xlvs.vrrp.settings import CENTISECOND_US, SECOND_US

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.vrrp.effects import Effect
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
        self.became_master = 0
        self.released_master = 0
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
        if not healthy:
            self._enter_fault()
        elif self.settings.is_owner and self.settings.wants_master:
            self._enter_master(now)
        else:
            self._enter_backup(now, "Entering BACKUP STATE (init)")

    def receive(self, advertisement: Advertisement, source: bytes, now: int) -> None:
        """An advertisement for this router that passed the checks of reception."""
        if self.state is State.BACKUP:
            self._heard_as_backup(advertisement, source, now)
        elif self.state is State.MASTER:
            self._heard_as_master(advertisement, source, now)

    def handle_timer(self, now: int) -> None:
        """Do what is due."""
        if self._down_at is not None and now >= self._down_at:
            self._note("Receive advertisement timeout", detail=True)
            self._enter_master(now)
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
        if not healthy and self.state in {State.BACKUP, State.MASTER}:
            if self.state is State.MASTER:
                self._do(SendAdvertisement(0))
            self._enter_fault()
        elif healthy and self.state is State.FAULT:
            self._enter_backup(now, "Entering BACKUP STATE")

    def set_priority(self, priority: int) -> None:
        """The weights of what is tracked make another priority. The owner's stays."""
        priority = min(max(priority, 1), 254)
        if self.settings.is_owner or priority == self.priority:
            return
        self._note(f"Changing effective priority from {self.priority} to {priority}")
        self.priority = priority
        self._do(PriorityChanged(priority))

    def stop(self) -> None:
        """End: a master resigns, so that the next one need not wait for its silence."""
        if self.state is State.MASTER:
            self._do(SendAdvertisement(0))
            self._note("sent 0 priority", detail=True)
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

    def _release(self) -> None:
        self._note("removing VIPs.", detail=True)
        self._do(ReleaseAddresses())
        self.released_master += 1

    def _enter_fault(self) -> None:
        if self.state is State.MASTER:
            self._release()
        self.state = State.FAULT
        self._forget_timers()
        self._note("Entering FAULT STATE")
        self._do(StateChanged(State.FAULT))

    def _enter_backup(self, now: int, text: str) -> None:
        if self.state is State.MASTER:
            self._release()
        self._forget_timers()
        self.state = State.BACKUP
        self._note(text)
        self._do(StateChanged(State.BACKUP))
        self._down_at = now + self.master_down_us

    def _enter_master(self, now: int) -> None:
        self._forget_timers()
        self.state = State.MASTER
        self.became_master += 1
        self.master_interval_us = self.settings.interval_us
        self._note("Entering MASTER STATE")
        self._advertise(now)
        self._note("setting VIPs.", detail=True)
        self._do(ClaimAddresses())
        announcements = self.settings.announcements
        self._announce(now, announcements.repeat, announcements.delay_us)
        if announcements.refresh_us:
            self._refresh_at = now + announcements.refresh_us
        self._do(StateChanged(State.MASTER))

    def _advertise(self, now: int) -> None:
        self._do(SendAdvertisement(self.priority))
        self._advertise_at = now + self.settings.interval_us

    def _announce(self, now: int, repeat: int, delay_us: int) -> None:
        self._do(AnnounceAddresses(repeat))
        if delay_us:
            self._announce_at = now + delay_us
            self._announce_repeat = repeat

    def _follow(self, advertisement: Advertisement, now: int) -> None:
        if self.settings.version == 3:
            self.master_interval_us = advertisement.interval_cs * CENTISECOND_US
        self._preempt_from = None
        self._down_at = now + self.master_down_us

    def _heard_as_backup(self, advertisement: Advertisement, source: bytes, now: int) -> None:
        if advertisement.priority == 0:
            self._note("Backup received priority 0 advertisement")
            self._down_at = now + self.skew_us
        elif advertisement.priority >= self.priority or not self.settings.preempt:
            self._follow(advertisement, now)
        elif self._waits_to_preempt(now):
            self._down_at = now + self.master_down_us
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
        theirs, ours = advertisement.priority, self.priority
        if theirs == 0:
            self._advertise(now)
        elif theirs > ours or (theirs == ours and source > self.settings.source):
            self._yield(advertisement, source, now)
        elif theirs < ours or source != self.settings.source:
            self._insist(advertisement, source, now)

    def _yield(self, advertisement: Advertisement, source: bytes, now: int) -> None:
        spoken = f"Master received advert from {address_text(source)}"
        if advertisement.priority > self.priority:
            self._note(f"{spoken} with higher priority {advertisement.priority}, ours {self.priority}")
        else:
            self._note(f"{spoken} with same priority {self.priority} but higher IP address than ours")
        if self.settings.higher_priority_send_advert:
            self._do(SendAdvertisement(self.priority))
        if self.settings.version == 3:
            self.master_interval_us = advertisement.interval_cs * CENTISECOND_US
        self._enter_backup(now, "Entering BACKUP STATE")

    def _insist(self, advertisement: Advertisement, source: bytes, now: int) -> None:
        spoken = f"Received advert from {address_text(source)} with lower priority {advertisement.priority}"
        self._note(f"{spoken}, ours {self.priority}, forcing new election")
        if not self.settings.lower_priority_no_advert:
            self._advertise(now)
        announcements = self.settings.announcements
        self._announce(now, announcements.lower_priority_repeat, announcements.lower_priority_delay_us)
        self._do(LowerPrioritySeen())


def address_text(packed: bytes) -> str:
    """An address as people write it."""
    from ipaddress import ip_address  # pure, and needed for messages only

    return str(ip_address(packed))
