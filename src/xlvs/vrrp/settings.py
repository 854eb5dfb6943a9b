# SPDX-License-Identifier: Apache-2.0
"""What a virtual router is told by its configuration. Times are in microseconds."""

from __future__ import annotations

from dataclasses import dataclass

from xlvs.vrrp.packet import AuthenticationType

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
class Peer:
    """A router that is spoken to by unicast; its address is packed. A time to live outside of the range is refused."""

    address: bytes
    min_ttl: int = 0
    max_ttl: int = 255


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
    authentication: AuthenticationType = AuthenticationType.NONE
    password: bytes = b""
    """Version 2: up to 8 bytes."""
    lower_priority_no_advert: bool = False
    higher_priority_send_advert: bool = False
    skip_check_adv_addr: bool = False
    unicast_peers: tuple[Peer, ...] = ()
    check_unicast_source: bool = False
    announcements: Announcements = Announcements()
    group: bytes = bytes((224, 0, 0, 18))
    """Where advertisements go without unicast peers."""
    pseudo_header: bool = True
    """Of the checksum of version 3 over IPv4; RFC 9568 leaves it out."""
    either_checksum: bool = False
    """Take version 3 checksums over IPv4 without a pseudo-header too; the original refuses them."""
    old_checksum: bool = False
    """old_unicast_checksum: version 3 unicast sums are over the group, as before 1.3.6."""
    never_old_checksum: bool = False
    """old_unicast_checksum never."""
    owner_ignores: bool = False
    """owner_ignore_adverts: an owner does not listen (RFC 9568 6.4.3)."""

    @property
    def is_owner(self) -> bool:
        """The router owns the addresses (RFC 9568 6.1): its priority is 255 and tracking does not change it."""
        return self.priority == OWNER
