# SPDX-License-Identifier: Apache-2.0
"""What the VRRP process is to do: the configuration in the terms of the routers and of this host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xlvs.keepalived.notices.script_plan import Command, ScriptRules
from xlvs.vrrp.settings import RouterSettings

if TYPE_CHECKING:
    from xlvs.keepalived.monitoring.snmp_plan import SnmpPlan
    from xlvs.keepalived.notices.mail import MailSettings
    from xlvs.keepalived.notices.script_plan import FifoPlan
    from xlvs.model.settings import SyncDaemon


@dataclass(frozen=True, slots=True)
class VirtualAddress:
    """An address of a router. `interface` "": the router's own. `preferred_s` None: what is usual for the family."""

    address: bytes
    prefix: int
    interface: str = ""
    scope: int = 0
    label: str = ""
    broadcast: bytes = b""
    peer: bytes = b""
    peer_prefix: int = 0
    flags: int = 0
    preferred_s: int | None = None
    tracked: bool = True
    """Somebody else taking it off makes the router elect again."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """A thing that a router tracks. What is None is as the thing itself says."""

    name: str
    weight: int | None = None
    reverse: bool | None = None

    def over(self, weight: int, *, reverse: bool) -> tuple[int, bool]:
        """What counts, with what the thing says beneath."""
        return weight if self.weight is None else self.weight, reverse if self.reverse is None else self.reverse


@dataclass(frozen=True, slots=True)
class Notifications:
    """What is run when a router or a group changes."""

    on_master: Command | None = None
    on_backup: Command | None = None
    on_fault: Command | None = None
    on_stop: Command | None = None
    on_deleted: Command | None = None
    tells_deleted: bool = False
    on_any: Command | None = None
    on_lower_priority: Command | None = None
    priority_changes: bool = False
    mail: bool = False


@dataclass(frozen=True, slots=True)
class Tracks:
    """What a router or a group tracks."""

    interfaces: tuple[Tracked, ...] = ()
    scripts: tuple[Tracked, ...] = ()
    files: tuple[Tracked, ...] = ()
    processes: tuple[Tracked, ...] = ()
    sessions: tuple[Tracked, ...] = ()

    def __add__(self, other: Tracks) -> Tracks:
        """Both."""
        return Tracks(
            self.interfaces + other.interfaces,
            self.scripts + other.scripts,
            self.files + other.files,
            self.processes + other.processes,
            self.sessions + other.sessions,
        )


@dataclass(frozen=True, slots=True)
class Instance:
    """A vrrp_instance. `router.source` is empty where the interface's own address is to be taken."""

    router: RouterSettings
    interface: str
    state_words: str = "BACKUP"
    excluded: tuple[VirtualAddress, ...] = ()
    addresses: tuple[VirtualAddress, ...] = ()
    routes: tuple[tuple[str, ...], ...] = ()
    """Words of ip-route(8) after its verb."""
    rules: tuple[tuple[str, ...], ...] = ()
    """Words of ip-rule(8) after its verb."""
    family: int = 4
    unicast_ttl: int = 255
    track_primary: bool = True
    track_source: bool = False
    tracks: Tracks = Tracks()
    implied: frozenset[str] = frozenset()
    """Other interfaces of its addresses and routes, without which it is in FAULT (not those with no_track)."""
    notify: Notifications = Notifications()
    vmac: str | None = None
    """Name of the device that has the router's hardware address and carries its addresses; None: there is none."""
    vmac_address: str = ""
    """Its hardware address in five or six bytes, "" for the usual one."""
    vmac_sends_on_base: bool = False
    extra_vmacs: tuple[tuple[str, str], ...] = ()
    """use_vmac_addr: devices of the same hardware address on other interfaces, each with the interface below it."""
    garp_interval_us: int = 0
    extra_us: int = 0
    """garp_extra_if: how often addresses on other interfaces are announced; 0: not of their own."""
    extra_everywhere: bool = False
    """On any interface, not only where the device has the router's hardware address."""
    strict: bool = False
    accept: bool = True
    """Packets to the addresses are taken; otherwise the firewall drops them."""
    needs_peers: bool = False
    """unicast_fault_no_peer: without a peer it is in FAULT."""
    promote_secondaries: bool = False

    @property
    def name(self) -> str:
        """Of the vrrp_instance."""
        return self.router.name

    @property
    def home(self) -> str:
        """The interface of the virtual addresses."""
        return self.vmac or self.interface

    @property
    def devices(self) -> tuple[tuple[str, str], ...]:
        """All that have its hardware address, each with the interface below it."""
        own = ((self.vmac, self.interface),) if self.vmac else ()
        return own + self.extra_vmacs

    @property
    def speaks_on(self) -> str:
        """The interface of the advertisements."""
        return self.interface if self.vmac_sends_on_base else self.home

    @property
    def all_addresses(self) -> tuple[VirtualAddress, ...]:
        """Those that are advertised and those that are not."""
        return self.addresses + self.excluded


@dataclass(frozen=True, slots=True)
class Group:
    """A vrrp_sync_group."""

    name: str
    members: tuple[str, ...]
    tracks: Tracks = Tracks()
    notify: Notifications = Notifications()
    weighs_members: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """A vrrp_script. Times in microseconds; `timeout_us` 0: the interval."""

    name: str
    command: Command
    interval_us: int = 1_000_000
    timeout_us: int = 0
    weight: int = 0
    reverse: bool = False
    rise: int = 1
    fall: int = 1


@dataclass(frozen=True, slots=True)
class TrackFile:
    """A track_file. `initial`: what to write into it, None to leave it; `overwrite`: even when it is there."""

    name: str
    path: str
    weight: int = 1
    reverse: bool = False
    initial: int | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class TrackProcess:
    """A vrrp_track_process."""

    name: str
    words: tuple[str, ...]
    weight: int = 0
    reverse: bool = False
    quorum: int = 1
    quorum_max: int | None = None
    terminate_delay_us: int = 0
    fork_delay_us: int = 0
    whole_command: bool = False
    match: str = ""


@dataclass(frozen=True, slots=True)
class TrackSession:
    """A bfd_instance as the routers see it: what its state weighs."""

    name: str
    weight: int = 0
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class FirewallSettings:
    """The nftables table of no_accept and strict mode."""

    table: str = "keepalived"
    priority: int = -1
    counters: bool = False


@dataclass(frozen=True, slots=True)
class Delays:
    """How long a link has to be down or up until it counts."""

    down_us: int = 0
    up_us: int = 0


@dataclass(frozen=True, slots=True)
class Pauses:
    """A garp_group: pauses between announcements, None for the usual ones; interfaces with the same `shared` share them."""

    shared: str
    garp_us: int | None = None
    gna_us: int | None = None


@dataclass(frozen=True, slots=True)
class TrackGroup:
    """Instances that are in FAULT while one of the static addresses is not on the host."""

    members: tuple[str, ...]
    addresses: tuple[VirtualAddress, ...]


@dataclass(frozen=True, slots=True)
class Globals:
    """What global_defs says to this process."""

    router_id: str = ""
    fifos: tuple[FifoPlan, ...] = ()
    scripts: ScriptRules = field(default_factory=ScriptRules)
    startup_delay_us: int = 0
    after_boot_us: int = 0
    """vrrp_delay_after_boot: the routers begin no sooner after the start of the host."""
    local_igmp: bool = True
    """Membership reports for groups of the link's own are sent."""
    log_unknown: bool = False
    dynamic_interfaces: bool = False
    na_interval_us: int = 0
    mail: MailSettings | None = None
    states_on_reload: bool = False
    mend: bool = True
    """A virtual address that somebody else takes off is put back; otherwise the routers elect again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything."""

    snmp: SnmpPlan | None = None
    sync: tuple[str, tuple[SyncDaemon, ...]] = ("", ())
    """lvs_sync_daemon: the router whose role it follows, and the daemons of both roles."""
    settings: Globals = Globals()
    instances: tuple[Instance, ...] = ()
    groups: tuple[Group, ...] = ()
    scripts: tuple[Script, ...] = ()
    files: tuple[TrackFile, ...] = ()
    processes: tuple[TrackProcess, ...] = ()
    sessions: tuple[TrackSession, ...] = ()
    static_addresses: tuple[VirtualAddress, ...] = ()
    static_routes: tuple[tuple[str, ...], ...] = ()
    static_rules: tuple[tuple[str, ...], ...] = ()
    track_groups: tuple[TrackGroup, ...] = ()
    firewall: FirewallSettings = FirewallSettings()
    firewall_chosen: bool = False
    delays: dict[str, Delays] = field(default_factory=dict)
    """Of interfaces by name."""
    pauses: dict[str, Pauses] = field(default_factory=dict)
    """Of interfaces by name."""
