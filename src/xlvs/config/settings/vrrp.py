# SPDX-License-Identifier: Apache-2.0
"""VRRP blocks as values, with what they inherit from global_defs filled in. Each field is called as its keyword, which the schema explains; times are in microseconds unless the keyword counts whole seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xlvs.config.schema.lines import AddressLine, Peer, Track
from xlvs.config.schema.routes import RouteLine, RuleLine
from xlvs.config.schema.special import ExtraInterfaces, InitFile, User, Vmac
from xlvs.config.values import Address, Script, Weight

NO_WEIGHT: Final = Weight()
ONE: Final = Weight(1)


@dataclass(frozen=True, slots=True)
class Authentication:
    """What proves that an advertisement comes from a member of the group; version 2 only."""

    auth_type: str = "PASS"
    auth_pass: str = ""


@dataclass(frozen=True, slots=True)
class Instance:
    """A virtual router. `accept` is what accept, no_accept and strict mode leave of it."""

    name: str
    state: str = "BACKUP"
    interface: str = ""
    virtual_router_id: int = 0
    priority: int = 100
    advert_int: int = 1_000_000
    virtual_ipaddress: tuple[AddressLine, ...] = ()
    virtual_ipaddress_excluded: tuple[AddressLine, ...] = ()
    no_virtual_ipaddress: bool = False
    virtual_routes: tuple[RouteLine, ...] = ()
    virtual_rules: tuple[RuleLine, ...] = ()
    promote_secondaries: bool = False
    nopreempt: bool = False
    preempt_delay: int = 0
    authentication: Authentication | None = None
    track_script: tuple[Track, ...] = ()
    track_interface: tuple[Track, ...] = ()
    track_process: tuple[Track, ...] = ()
    track_file: tuple[Track, ...] = ()
    track_bfd: tuple[Track, ...] = ()
    dont_track_primary: bool = False
    track_src_ip: bool = False
    unicast_peer: tuple[Peer, ...] = ()
    unicast_src_ip: Address | None = None
    mcast_dst_ip: Address | None = None
    unicast_ttl: int | None = None
    unicast_fault_no_peer: bool = False
    old_unicast_checksum: str = ""
    check_unicast_src: bool = False
    v3_checksum_as_v2: bool = False
    version: int = 2
    use_vmac: Vmac | None = None
    use_vmac_addr: bool = False
    vmac_xmit_base: bool = False
    vrf: str = ""
    accept: bool = True
    strict_mode: bool = False
    skip_check_adv_addr: bool = False
    garp_master_delay: int = 5
    garp_master_repeat: int = 5
    garp_master_refresh: int = 0
    garp_master_refresh_repeat: int = 1
    garp_lower_prio_delay: int = 5
    garp_lower_prio_repeat: int = 5
    garp_extra_if: ExtraInterfaces | None = None
    down_timer_adverts: int = 3
    lower_prio_no_advert: bool = False
    higher_prio_send_advert: bool = False
    owner_ignore_adverts: bool = False
    timer_expired_backup: int | None = None
    notify_master: Script | None = None
    notify_backup: Script | None = None
    notify_fault: Script | None = None
    notify_stop: Script | None = None
    notify_deleted: Script | None = None
    notify: Script | None = None
    notify_master_rx_lower_pri: Script | None = None
    notify_priority_changes: bool = False
    smtp_alert: bool = False
    lvs_sync_daemon_interface: str = ""


@dataclass(frozen=True, slots=True)
class SyncGroup:
    """Instances that change their state together."""

    name: str
    group: tuple[str, ...] = ()
    notify_master: Script | None = None
    notify_backup: Script | None = None
    notify_fault: Script | None = None
    notify_stop: Script | None = None
    notify: Script | None = None
    smtp_alert: bool = False
    track_interface: tuple[Track, ...] = ()
    track_script: tuple[Track, ...] = ()
    track_file: tuple[Track, ...] = ()
    track_process: tuple[Track, ...] = ()
    track_bfd: tuple[Track, ...] = ()
    notify_priority_changes: bool = False
    sync_group_tracking_weight: bool = False


@dataclass(frozen=True, slots=True)
class TrackScript:
    """A program that runs again and again, and whose exit status counts."""

    name: str
    script: Script
    interval: int = 1_000_000
    timeout: int = 0
    weight: Weight = NO_WEIGHT
    fall: int = 1
    rise: int = 1
    user: User | None = None
    init_fail: bool = False


@dataclass(frozen=True, slots=True)
class TrackProcess:
    """Processes that have to run, or must not."""

    name: str
    process: tuple[str, ...]
    param_match: str = ""
    weight: Weight = NO_WEIGHT
    quorum: int = 1
    quorum_max: int | None = None
    terminate_delay: int = 0
    fork_delay: int = 0
    full_command: bool = False


@dataclass(frozen=True, slots=True)
class TrackFile:
    """A file with a number in it."""

    name: str
    file: str
    weight: Weight = ONE
    init_file: InitFile | None = None


@dataclass(frozen=True, slots=True)
class TrackGroup:
    """Instances that fail when an address, route or rule of the group is lost."""

    name: str
    group: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GarpGroup:
    """Interfaces that share a limit of announcements."""

    garp_interval: int | None = None
    gna_interval: int | None = None
    interfaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BfdSession:
    """A BFD session. `vrrp` and `checker` say who gets its events."""

    name: str
    neighbor_ip: Address
    source_ip: Address | None = None
    min_rx: int = 10_000
    min_tx: int = 10_000
    idle_tx: int = 1_000_000
    multiplier: int = 5
    passive: bool = False
    ttl: int | None = None
    max_hops: int = 0
    multihop: bool = False
    weight: Weight = NO_WEIGHT
    vrrp: bool = True
    checker: bool = True
