# SPDX-License-Identifier: Apache-2.0
"""Every state with every event: where a router goes and what it does, all of it written down."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest

from tests.unit.vrrp.wire import VIRTUAL, router
from xlvs.vrrp.effects import (
    AnnounceAddresses,
    ClaimAddresses,
    LowerPrioritySeen,
    ReleaseAddresses,
    SendAdvertisement,
    State,
    StateChanged,
)
from xlvs.vrrp.packet import Advertisement
from xlvs.vrrp.router import VirtualRouter

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.vrrp.effects import Effect

SECOND = 1_000_000
NOW = 100 * SECOND
LOWER_ADDRESS, OWN_ADDRESS, HIGHER_ADDRESS = (ip_address(f"10.77.0.{n}").packed for n in (1, 2, 3))


def heard(priority: int, source: bytes = HIGHER_ADDRESS) -> Callable[[VirtualRouter], None]:
    """An advertisement."""
    advertisement = Advertisement(2, 51, priority, 100, (VIRTUAL,))
    return lambda each: each.receive(advertisement, source, NOW)


EVENTS: dict[str, Callable[[VirtualRouter], None]] = {
    "start": lambda each: each.start(NOW),
    "start ill": lambda each: each.start(NOW, healthy=False),
    "priority 0": heard(0),
    "lower": heard(90),
    "equal, lower address": heard(100, LOWER_ADDRESS),
    "equal, own address": heard(100, OWN_ADDRESS),
    "equal, higher address": heard(100),
    "higher": heard(110),
    "timer": lambda each: each.handle_timer(NOW),
    "ill": lambda each: each.set_health(NOW, healthy=False),
    "well": lambda each: each.set_health(NOW, healthy=True),
    "addresses lost": lambda each: each.lose_addresses(NOW),
    "group is master": lambda each: each.join(State.MASTER, NOW),
    "group is backup": lambda each: each.join(State.BACKUP, NOW),
    "group is ill": lambda each: each.join(State.FAULT, NOW),
    "stop": lambda each: each.stop(),
}
START = ("start", "start ill")
"""Events of INIT alone: a router is started once."""
RUNNING = [event for event in EVENTS if event not in START]
INIT, BACKUP, MASTER, FAULT = State.INIT, State.BACKUP, State.MASTER, State.FAULT
ADVERT, RESIGN = SendAdvertisement(100), SendAdvertisement(0)
TAKE = (ADVERT, ClaimAddresses(), AnnounceAddresses(5), StateChanged(MASTER))
INSIST = (ADVERT, AnnounceAddresses(5), LowerPrioritySeen())
TO_BACKUP, TO_FAULT = (StateChanged(BACKUP),), (StateChanged(FAULT),)
YIELD = (ReleaseAddresses(), StateChanged(BACKUP))
COLLAPSE = (RESIGN, ReleaseAddresses(), StateChanged(FAULT))
STAY: tuple[Effect, ...] = ()
TABLE: dict[State, dict[str, tuple[State, tuple[Effect, ...]]]] = {
    INIT: {
        **dict.fromkeys(EVENTS, (INIT, STAY)),
        "start": (BACKUP, TO_BACKUP),
        "start ill": (FAULT, TO_FAULT),
    },
    BACKUP: {
        **dict.fromkeys(RUNNING, (BACKUP, STAY)),
        "timer": (MASTER, TAKE),
        "ill": (FAULT, TO_FAULT),
        "group is master": (MASTER, TAKE),
        "group is ill": (FAULT, TO_FAULT),
        "stop": (INIT, STAY),
    },
    MASTER: {
        **dict.fromkeys(RUNNING, (MASTER, STAY)),
        "priority 0": (MASTER, (ADVERT,)),
        "lower": (MASTER, INSIST),
        "equal, lower address": (MASTER, INSIST),
        "equal, higher address": (BACKUP, YIELD),
        "higher": (BACKUP, YIELD),
        "timer": (MASTER, (ADVERT, AnnounceAddresses(5))),
        "ill": (FAULT, COLLAPSE),
        "addresses lost": (BACKUP, YIELD),
        "group is backup": (BACKUP, YIELD),
        "group is ill": (FAULT, COLLAPSE),
        "stop": (INIT, (RESIGN, ReleaseAddresses())),
    },
    FAULT: {
        **dict.fromkeys(RUNNING, (FAULT, STAY)),
        "well": (BACKUP, TO_BACKUP),
        "stop": (INIT, STAY),
    },
}


def in_state(state: State) -> VirtualRouter:
    """A router that came to a state long ago."""
    made = VirtualRouter(replace(router(2), priority=100))
    if state is not INIT:
        made.start(0, healthy=state is not FAULT)
    if state is MASTER:
        made.handle_timer(4 * SECOND)
    list(made.effects())
    return made


@pytest.mark.parametrize(
    ("state", "event"), [(state, event) for state in State for event in EVENTS if state is INIT or event not in START]
)
def test_an_event_leads_where_the_table_says(state: State, event: str) -> None:
    """And does what it says; the words of the log are left out."""
    each = in_state(state)

    EVENTS[event](each)

    done = tuple(effect for effect in each.effects() if type(effect) in KINDS)
    assert (each.state, done) == TABLE[state][event]


KINDS = {
    AnnounceAddresses,
    ClaimAddresses,
    LowerPrioritySeen,
    ReleaseAddresses,
    SendAdvertisement,
    StateChanged,
}


def test_the_table_is_complete() -> None:
    """All states, all events."""
    assert {state: set(events) for state, events in TABLE.items()} == {
        state: set(EVENTS if state is INIT else RUNNING) for state in State
    }
