# SPDX-License-Identifier: Apache-2.0
"""Virtual routers and sync groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from xlvs.config.build.collect import Given, Problems, collect
from xlvs.config.build.general import only
from xlvs.config.build.static import static_lines
from xlvs.config.build.strict import hold_to_the_rfc
from xlvs.config.build.tracks import named
from xlvs.config.problem import Severity
from xlvs.config.schema.blocks import GRAMMARS
from xlvs.config.settings.vrrp import Authentication, Instance, SyncGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.config.line import Origin
    from xlvs.config.schema.lines import AddressLine, Track
    from xlvs.config.settings.general import GlobalSettings

SECOND_US: Final = 1_000_000
V3_INTERVAL_MAX_US: Final = 40_950_000
PASSWORD_MAX: Final = 8
OWNER: Final = 255
ADVERTISED_MAX: Final = 255
UNICAST: Final = frozenset(("unicast_peer", "unicast_src_ip", "check_unicast_src", "old_unicast_checksum"))
WHAT: Final = {
    "track_script": "vrrp_script",
    "track_process": "vrrp_track_process",
    "track_file": "track_file",
    "track_bfd": "bfd_instance",
}


@dataclass(frozen=True, slots=True)
class Tracked:
    """Names of what may be tracked, by the keyword that tracks it."""

    names: dict[str, frozenset[str]]


def inherited(settings: GlobalSettings) -> dict[str, Any]:
    """What an instance has that says nothing of its own."""
    smtp = settings.smtp_alert_vrrp if settings.smtp_alert_vrrp is not None else settings.smtp_alert
    repeat = 1 if settings.vrrp_min_garp else max(settings.vrrp_garp_master_repeat, 1)
    delay = 0 if settings.vrrp_min_garp else settings.vrrp_garp_master_delay
    lower = (settings.vrrp_garp_lower_prio_repeat, settings.vrrp_garp_lower_prio_delay)
    return {
        "interface": settings.default_interface,
        "version": settings.vrrp_version,
        "strict_mode": settings.vrrp_strict,
        "check_unicast_src": settings.vrrp_check_unicast_src,
        "skip_check_adv_addr": settings.vrrp_skip_check_adv_addr,
        "v3_checksum_as_v2": settings.v3_checksum_as_v2,
        "garp_master_repeat": repeat,
        "garp_master_delay": delay,
        "garp_master_refresh": settings.vrrp_garp_master_refresh,
        "garp_master_refresh_repeat": max(settings.vrrp_garp_master_refresh_repeat, 1),
        "garp_lower_prio_repeat": repeat if lower[0] is None else lower[0],
        "garp_lower_prio_delay": delay if lower[1] is None else lower[1],
        "garp_extra_if": settings.vrrp_garp_extra_if,
        "down_timer_adverts": settings.vrrp_down_timer_adverts,
        "lower_prio_no_advert": settings.vrrp_lower_prio_no_advert,
        "higher_prio_send_advert": settings.vrrp_higher_prio_send_advert,
        "owner_ignore_adverts": settings.vrrp_owner_ignore_adverts,
        "notify_priority_changes": settings.vrrp_notify_priority_changes,
        "smtp_alert": bool(smtp),
    }


def instances(top: Given, settings: GlobalSettings, tracked: Tracked, problems: Problems) -> Iterator[Instance]:
    """vrrp_instance, each checked by itself and against those before it."""
    routers: dict[tuple[str, int, int], str] = {}
    for name, given, statement in named("vrrp_instance", top, problems):
        instance = _Builder(name, given, statement.origin, settings, tracked, problems).instance()
        if instance is None:
            continue
        family = instance.virtual_ipaddress[0].address.version if instance.virtual_ipaddress else 4
        key = (instance.interface, family, instance.virtual_router_id)
        if key in routers and instance.interface:
            text = f"{routers[key]} and {name} both have the ID {key[2]} with IPv{family} on {key[0]}"
            where = given.where.get("virtual_router_id", statement.origin)
            problems.say(text, where, str(key[2]), "give one of them another virtual_router_id")
            continue
        routers[key] = name
        yield instance


class _Builder:
    """Makes one instance."""

    def __init__(
        self, name: str, given: Given, origin: Origin, settings: GlobalSettings, tracked: Tracked, problems: Problems
    ) -> None:
        self._name = name
        self._given = given
        self._origin = origin
        self._tracked = tracked
        self._problems = problems
        self._values = {**inherited(settings), **given.values}

    def _say(self, message: str, field: str = "", remedy: str = "", severity: Severity = Severity.ERROR) -> None:
        where = self._given.where.get(field, self._origin)
        word = field if field in self._given.where else self._name
        self._problems.say(f"{self._name}: {message}", where, word, remedy, severity)

    def instance(self) -> Instance | None:
        """The instance; None when it cannot run."""
        self._addresses()
        self._priority()
        self._version()
        if self._values["strict_mode"]:
            hold_to_the_rfc(self._given, self._values, self._say)
        else:
            self._authentication()
        self._preemption()
        self._announcements()
        self._unicast()
        static_lines(self._given, self._problems)
        tracks(self._name, self._given, self._values, self._tracked, self._problems)
        self._owner()
        values = only(Instance, self._values)
        values["accept"] = self._accepts()
        if not values.get("virtual_router_id"):
            if not any(each == "virtual_router_id" for each in self._given.where):
                self._say("virtual_router_id is missing", remedy="virtual_router_id NUMBER, 1 to 255")
            return None
        if values.get("strict_mode") and not values["virtual_ipaddress"]:
            return None
        if not values.get("interface") and not values.get("unicast_peer"):
            self._say("interface is missing", remedy="interface NAME, or default_interface in global_defs")
            return None
        return Instance(self._name, **values)

    def _addresses(self) -> None:
        lines: list[tuple[AddressLine, Origin]] = self._given.lines.get("virtual_ipaddress", [])
        kept: list[AddressLine] = []
        for line, origin in lines:
            if kept and line.address.version != kept[0].address.version:
                text = f"{self._name}: {line.address} is not of the family of the first address"
                remedy = "put it into virtual_ipaddress_excluded"
                self._problems.say(text, origin, str(line.address), remedy)
            elif line in kept:
                text = f"{self._name}: {line.address} stands twice"
                self._problems.say(text, origin, str(line.address), severity=Severity.NOTICE)
            else:
                kept.append(line)
        self._values["virtual_ipaddress"] = tuple(kept)
        if not kept and not self._given.has("no_virtual_ipaddress"):
            remedy = "virtual_ipaddress { ADDRESS }, or no_virtual_ipaddress"
            self._say("there is no virtual address; one at least makes sense", remedy=remedy)
        if len(kept) > ADVERTISED_MAX:
            text = f"an advertisement holds {ADVERTISED_MAX} addresses; those after them are not advertised"
            self._say(text, "virtual_ipaddress", "put the others into virtual_ipaddress_excluded")
        if kept and kept[0].address.version == 6:
            self._values["version"] = 3
            if not kept[0].address.is_link_local:
                severity = Severity.ERROR if self._values["strict_mode"] else Severity.NOTICE
                self._say("the first IPv6 address should be link-local", "virtual_ipaddress", severity=severity)
        if self._given.has("native_ipv6") and kept and kept[0].address.version == 4:
            self._say("native_ipv6 does not go with IPv4 addresses", "native_ipv6")

    def _priority(self) -> None:
        if not self._given.has("priority"):
            self._values["priority"] = OWNER if self._values.get("state") == "MASTER" else 100
        if self._values["priority"] == OWNER and not self._given.has("state"):
            self._values["state"] = "MASTER"

    def _owner(self) -> None:
        """An owner's priority does not change; what has no weight puts it into FAULT all the same."""
        sessions: tuple[Track, ...] = self._values["track_bfd"]
        weighted = [each.name for each in sessions if each.weight and each.weight.value]
        if weighted and self._values["priority"] == OWNER:
            self._say(f"{weighted[0]} has a weight, but priority 255 does not change; it is ignored", "track_bfd")
            self._values["track_bfd"] = tuple(each for each in sessions if each.name not in weighted)

    def _version(self) -> None:
        interval = self._values.get("advert_int", SECOND_US)
        if self._values["version"] == 2 and interval % SECOND_US:
            rounded = max((interval + SECOND_US // 2) // SECOND_US, 1) * SECOND_US
            remedy = "version 3 can do with parts of a second"
            self._say(f"version 2 counts whole seconds: {rounded // SECOND_US} s are taken", "advert_int", remedy)
            self._values["advert_int"] = rounded
        if self._values["version"] == 3:
            rounded = min(max((interval + 5_000) // 10_000 * 10_000, 10_000), V3_INTERVAL_MAX_US)
            if rounded != interval:
                self._say(f"version 3 takes 0.01 to 40.95 s: {rounded / SECOND_US} s are taken", "advert_int")
            self._values["advert_int"] = rounded

    def _authentication(self) -> None:
        for block in self._given.inner("auth_hmac"):
            inside = Problems()
            collect(block.statements, GRAMMARS["auth_hmac"], inside)
            # The block itself says already that it has no effect.
            self._problems.found += [each for each in inside.found if each.severity is not Severity.NOTICE]
        blocks = self._given.inner("authentication")
        if not blocks:
            return
        given = Given()
        for block in blocks:
            collect(block.statements, GRAMMARS["authentication"], self._problems, given)
        origin = blocks[-1].origin
        password = given.get("auth_pass", "")
        if len(password) > PASSWORD_MAX:
            text = f"{self._name}: auth_pass is longer than {PASSWORD_MAX} characters; those after them do not count"
            self._problems.say(text, given.where["auth_pass"], password[PASSWORD_MAX:], f"auth_pass {password[:8]}")
        if not given.has("auth_type"):
            return
        if not password:
            self._problems.say(
                f"{self._name}: authentication has no auth_pass", origin, "authentication", "auth_pass TEXT"
            )
        elif self._values["version"] == 3:
            text = f"{self._name}: version 3 has no authentication; the block is ignored"
            self._problems.say(text, origin, "authentication", "remove it")
        else:
            kind = given.values["auth_type"]
            self._values["authentication"] = Authentication(kind, password[:PASSWORD_MAX])
            if kind == "AH" and self._values.get("state") == "MASTER" and self._values["priority"] != OWNER:
                self._say("state MASTER does not go with auth_type AH; BACKUP is taken", "state")
                self._values["state"] = "BACKUP"

    def _preemption(self) -> None:
        owner = self._values["priority"] == OWNER
        if self._values.get("nopreempt") and (owner or self._values.get("state") == "MASTER"):
            self._say(
                "nopreempt does not go with state MASTER or priority 255; it is ignored", "nopreempt", "state BACKUP"
            )
            self._values["nopreempt"] = False
        if not self._values.get("preempt_delay"):
            return
        if self._values.get("nopreempt"):
            self._say("preempt_delay does not go with nopreempt; it is ignored", "preempt_delay")
            self._values["preempt_delay"] = 0
        elif owner or self._values.get("state") == "MASTER":
            self._say("preempt_delay does not go with state MASTER; it is ignored", "preempt_delay", "state BACKUP")
            self._values["preempt_delay"] = 0

    def _announcements(self) -> None:
        values = self._values
        for field in ("garp_master_repeat", "garp_master_refresh_repeat"):
            if values[field] < 1:
                self._say(f"{field} must be 1 at least: 1 is taken", field)
                values[field] = 1
        if values["lower_prio_no_advert"] is None:
            values["lower_prio_no_advert"] = values["strict_mode"]
        if values["owner_ignore_adverts"] is None:
            values["owner_ignore_adverts"] = values["strict_mode"]

    def _accepts(self) -> bool:
        values, owner = self._values, self._values["priority"] == OWNER
        if self._given.has("no_accept") or not values["strict_mode"]:
            return owner or not self._given.has("no_accept")
        return owner or (self._given.has("accept") and values["version"] == 3)

    def _peers(self) -> None:
        """Those of the other family go; so does a VRF beside an interface."""
        first = self._values["virtual_ipaddress"][:1]
        for peer, origin in self._given.lines.get("unicast_peer", []):
            if first and peer.address.version != first[0].address.version:
                text = f"{self._name}: {peer.address} is not of the family of the virtual addresses; it is ignored"
                self._problems.say(text, origin, str(peer.address), "remove it")
                others = tuple(each for each in self._values["unicast_peer"] if each != peer)
                self._values["unicast_peer"] = others
        if self._given.has("vrf") and self._given.has("interface"):
            self._say("vrf does not go with interface; it is ignored", "vrf", "remove one of them")
            self._values.pop("vrf", None)

    def _unicast(self) -> None:
        self._peers()
        peers = self._values.get("unicast_peer", ())
        unicast = sorted(UNICAST & self._given.written)
        if unicast and not peers and not self._given.has("unicast_fault_no_peer"):
            remedy = "unicast_peer { ADDRESS }"
            self._say(f"{unicast[0]} without peers: advertisements go to the multicast group", unicast[0], remedy)
        source = self._values.get("unicast_src_ip")
        first = self._values["virtual_ipaddress"][:1]
        if source and first and source.version != first[0].address.version:
            self._say(f"{source} is not of the family of the virtual addresses", "unicast_src_ip")
            del self._values["unicast_src_ip"]
        if self._given.has("vmac_xmit_base") and not self._given.has("use_vmac"):
            self._say("vmac_xmit_base needs use_vmac", "vmac_xmit_base", "use_vmac")
        if self._given.has("unicast_ttl") and not peers:
            self._say("unicast_ttl needs unicast peers", "unicast_ttl", "unicast_peer { ADDRESS }")
            del self._values["unicast_ttl"]
        if any(peer.min_ttl or peer.max_ttl != 255 for peer in peers):
            self._values["check_unicast_src"] = True
        if peers and self._given.has("use_vmac") and not self._given.has("vmac_xmit_base"):
            self._say("unicast with use_vmac needs vmac_xmit_base; it is turned on", "use_vmac", "vmac_xmit_base")
            self._values["vmac_xmit_base"] = True
        if self._given.has("lvs_sync_daemon_interface"):
            remedy = "lvs_sync_daemon in global_defs"
            self._say("lvs_sync_daemon_interface is out of date", "lvs_sync_daemon_interface", remedy)


def tracks(name: str, given: Given, values: dict[str, Any], tracked: Tracked, problems: Problems) -> None:
    """Leave out what is tracked by a name that nothing has."""
    for field, what in WHAT.items():
        kept: list[Track] = []
        for track, origin in given.lines.get(field, []):
            if track.name in tracked.names[field]:
                _keep(name, field, track, origin, kept, problems)
            else:
                text = f"{name}: there is no {what} {track.name}"
                problems.say(text, origin, track.name, f"{what} {track.name} {{ ... }}")
        values[field] = tuple(kept)
    kept = []
    for track, origin in given.lines.get("track_interface", []):
        if track.name == values.get("interface") and not given.has("dont_track_primary"):
            problems.say(f"{name}: {track.name} is tracked anyway, as its interface", origin, track.name)
        else:
            _keep(name, "track_interface", track, origin, kept, problems)
    values["track_interface"] = tuple(kept)


def _keep(name: str, field: str, track: Track, origin: Origin, kept: list[Track], problems: Problems) -> None:
    """Once each."""
    if any(track.name == each.name for each in kept):
        problems.say(f"{name}: {track.name} stands twice in {field}", origin, track.name, "remove one of them")
    else:
        kept.append(track)


def sync_groups(
    top: Given, known: frozenset[str], settings: GlobalSettings, tracked: Tracked, problems: Problems
) -> Iterator[SyncGroup]:
    """vrrp_sync_group, with the members that there are."""
    taken: dict[str, str] = {}
    defaults = inherited(settings)
    for name, given, statement in named("vrrp_sync_group", top, problems):
        values = {"smtp_alert": defaults["smtp_alert"], "notify_priority_changes": defaults["notify_priority_changes"]}
        values |= given.values
        tracks(name, given, values, tracked, problems)
        members: list[str] = []
        for member, origin in [(each, origin) for words, origin in given.lines.get("group", []) for each in words]:
            if member not in known:
                problems.say(f"{name}: there is no vrrp_instance {member}", origin, member, "remove it from the group")
            elif taken.setdefault(member, name) != name:
                problems.say(f"{name}: {member} is in {taken[member]} already", origin, member)
            else:
                members.append(member)
        if not members:
            problems.say(f"{name} has no members; it is ignored", statement.origin, name, "group { INSTANCE... }")
            continue
        if len(members) == 1:
            problems.say(f"{name} has one member only", statement.origin, name, "a group needs two at least")
        yield replace(SyncGroup(name, **only(SyncGroup, values)), group=tuple(members))
