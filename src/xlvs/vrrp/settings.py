# SPDX-License-Identifier: Apache-2.0
"""What a virtual router is told by its configuration. Times are in microseconds."""

from __future__ import annotations

from dataclasses import dataclass

OWNER = 255
SECOND_US = 1_000_000
CENTISECOND_US = 10_000


@dataclass(frozen=True, slots=True)
class Announcements:
    """How often the addresses are announced: garp_master_* and garp_lower_prio_* of keepalived.conf."""

    repeat: int = 5
    delay_us: int = 5 * SECOND_US
    """Before the second set; 0: there is none."""
    refresh_us: int = 0
    """0: no refresh."""
    refresh_repeat: int = 1
    lower_priority_repeat: int = 5
    lower_priority_delay_us: int = 5 * SECOND_US


@dataclass(frozen=True, slots=True)
class RouterSettings:
    """A virtual router. Addresses are packed, 4 or 16 bytes; `source` decides between equal priorities."""

    name: str
    vrid: int
    source: bytes
    addresses: tuple[bytes, ...] = ()
    version: int = 2
    priority: int = 100
    interval_us: int = SECOND_US
    wants_master: bool = False
    """`state MASTER`: matters with priority 255 only."""
    preempt: bool = True
    preempt_delay_us: int = 0
    down_timer_adverts: int = 3
    password: bytes | None = None
    """Version 2, auth_type PASS."""
    lower_priority_no_advert: bool = False
    higher_priority_send_advert: bool = False
    skip_check_adv_addr: bool = False
    unicast_peers: tuple[bytes, ...] = ()
    check_unicast_source: bool = False
    announcements: Announcements = Announcements()

    @property
    def is_owner(self) -> bool:
        """The router owns the addresses (RFC 9568 6.1): its priority is 255 and tracking does not change it."""
        return self.priority == OWNER
