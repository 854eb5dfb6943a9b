# SPDX-License-Identifier: Apache-2.0
"""From the statements of keepalived.conf to a plan for the VRRP process."""

from __future__ import annotations

import socket
from dataclasses import replace
from ipaddress import ip_address, ip_interface
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from xlvs.config.expand import Expander
from xlvs.config.line import Line, Origin, without_comment
from xlvs.config.tree import Form, Grammar, Statement, parse
from xlvs.config.words import command_words
from xlvs.keepalived.check_grammar import GRAMMAR as CHECKS
from xlvs.keepalived.vrrp_plan import (
    Command,
    Globals,
    Group,
    Instance,
    Notifications,
    Plan,
    Script,
    Tracked,
    TrackFile,
    TrackProcess,
    Tracks,
    VirtualAddress,
)
from xlvs.model.errors import UsageError
from xlvs.vrrp.packet import AuthenticationType
from xlvs.vrrp.settings import SECOND_US, Announcements, Peer, RouterSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LISTS: Final = (
    "virtual_ipaddress",
    "virtual_ipaddress_excluded",
    "unicast_peer",
    "group",
    "static_ipaddress",
    "notification_email",
    "virtual_routes",
    "virtual_rules",
    "track_interface",
    "track_script",
    "track_process",
    "virtual_server_group",
)
_BLOCKS: Final = (
    "global_defs",
    "vrrp_instance",
    "vrrp_sync_group",
    "vrrp_script",
    "vrrp_track_process",
    "authentication",
    "virtual_server",
)
_TRACKS: Final = ("track_interface", "track_script", "track_file", "track_process")
_NOTIFY: Final = {
    "notify_master": "on_master",
    "notify_backup": "on_backup",
    "notify_fault": "on_fault",
    "notify_stop": "on_stop",
    "notify_deleted": "on_deleted",
    "notify": "on_any",
    "notify_master_rx_lower_pri": "on_lower_priority",
}
_SCOPES: Final = {"global": 0, "nowhere": 255, "host": 254, "link": 253, "site": 200}


class _Forms(dict[str, Form]):
    """Any word that is not listed has values on its line."""

    def get(self, key: str, default: Form | None = None) -> Form:  # type: ignore[override]
        """The form of a keyword."""
        del default
        return super().get(key) or Form.VALUES


class _Grammar:
    """Knows what has braces."""

    def __init__(self, *, top: bool = True) -> None:
        self.forms = _Forms(
            dict.fromkeys(_LISTS, Form.LIST)
            | dict.fromkeys(_BLOCKS, Form.BLOCK)
            | dict.fromkeys((*_NOTIFY, "script", "notify_fifo_script", "vrrp_notify_fifo_script"), Form.COMMAND)
            | dict.fromkeys(("track_file", "vrrp_track_file"), Form.BLOCK if top else Form.LIST)
        )

    def inner(self, keyword: str) -> Grammar:
        """Virtual servers are read elsewhere; otherwise the same, but that track_file is a list in there."""
        return CHECKS.inner(keyword) if keyword == "virtual_server" else _Grammar(top=False)


def read(path: Path, identity: str) -> Plan:
    """The plan in a file. Raises UsageError."""
    expander = Expander(identity, {})
    lines: list[Line] = []
    try:
        text_of_file = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    for number, text in enumerate(text_of_file.splitlines(), 1):
        lines.extend(expander.feed(without_comment(text), Origin(str(path), number, text)))
    statements, problems = parse(lines, _Grammar())
    if problems:
        raise UsageError("\n".join(each.report() for each in problems))
    return plan(statements)


def plan(statements: list[Statement]) -> Plan:
    """The plan in statements."""
    defaults = _Values([inner for each in statements if each.keyword == "global_defs" for inner in each.statements])

    def all_of(keyword: str) -> Iterator[Statement]:
        return (each for each in statements if each.keyword == keyword)

    return Plan(
        settings=_globals(defaults),
        instances=tuple(_instance(each, defaults) for each in all_of("vrrp_instance")),
        groups=tuple(_group(each) for each in all_of("vrrp_sync_group")),
        scripts=tuple(_script(each) for each in all_of("vrrp_script")),
        files=tuple(_track_file(each) for name in ("track_file", "vrrp_track_file") for each in all_of(name)),
        processes=tuple(_track_process(each) for each in all_of("vrrp_track_process")),
        static_addresses=tuple(_address(line.words) for each in all_of("static_ipaddress") for line in each.lines),
    )


class _Values:
    """What keywords of a block say; the last one of a keyword holds."""

    def __init__(self, statements: list[Statement]) -> None:
        self._of = {each.keyword: each for each in statements}
        self._all = statements

    def __contains__(self, keyword: str) -> bool:
        return keyword in self._of

    def words(self, keyword: str) -> tuple[str, ...]:
        """Those after a keyword."""
        return self._of[keyword].words if keyword in self._of else ()

    def word(self, keyword: str, default: str = "") -> str:
        """The first one after it."""
        return next(iter(self.words(keyword)), default)

    def number(self, keyword: str, default: int) -> int:
        """As a number."""
        return int(self.word(keyword, str(default)))

    def us(self, keyword: str, default: float) -> int:
        """Seconds, in microseconds."""
        return round(float(self.word(keyword, str(default))) * SECOND_US)

    def switch(self, keyword: str, *, default: bool = False) -> bool:
        """A word alone or with on or off."""
        if keyword not in self._of:
            return default
        return self.word(keyword, "on") in {"on", "true", "yes"}

    def lines(self, keyword: str) -> list[tuple[str, ...]]:
        """Of every list of that name."""
        return [line.words for each in self._all if each.keyword == keyword for line in each.lines]

    def block(self, keyword: str) -> _Values:
        """What is in the braces of a keyword."""
        return _Values(self._of[keyword].statements if keyword in self._of else [])

    def command(self, keyword: str) -> Command | None:
        """A program with its user."""
        words = self.words(keyword)
        if not words:
            return None
        program, *owner = words
        user, group = (*owner, "", "")[:2]
        return Command(tuple(command_words(program)[0]), user, group)


def _globals(values: _Values) -> Globals:
    user, group = (*values.words("script_user"), "", "")[:2]
    return Globals(
        router_id=values.word("router_id", socket.gethostname()),
        fifo=values.word("notify_fifo"),
        fifo_script=values.command("notify_fifo_script"),
        vrrp_fifo=values.word("vrrp_notify_fifo"),
        vrrp_fifo_script=values.command("vrrp_notify_fifo_script"),
        script_user=user,
        script_group=group,
        script_security="enable_script_security" in values,
        startup_delay_us=values.us("vrrp_startup_delay", 0),
        log_unknown="log_unknown_vrids" in values,
        dynamic_interfaces="dynamic_interfaces" in values,
        na_interval_us=values.us("vrrp_gna_interval", 0),
    )


def _announcements(values: _Values, defaults: _Values) -> Announcements:
    def number(keyword: str, default: int) -> int:
        return values.number(keyword, defaults.number(f"vrrp_{keyword}", default))

    repeat = max(number("garp_master_repeat", 5), 1)
    delay = number("garp_master_delay", 5)
    if defaults.switch("vrrp_min_garp"):
        repeat, delay = 1, 0
    return Announcements(
        repeat=repeat,
        delay_us=delay * SECOND_US,
        refresh_us=number("garp_master_refresh", 0) * SECOND_US,
        refresh_repeat=max(number("garp_master_refresh_repeat", 1), 1),
        lower_priority_repeat=number("garp_lower_prio_repeat", repeat),
        lower_priority_delay_us=number("garp_lower_prio_delay", delay) * SECOND_US,
    )


def _instance(statement: Statement, defaults: _Values) -> Instance:
    values = _Values(statement.statements)
    addresses = tuple(_address(words) for words in values.lines("virtual_ipaddress"))
    family = 6 if addresses and len(addresses[0].address) == 16 else 4
    version = 3 if family == 6 else values.number("version", defaults.number("vrrp_version", 2))
    is_master = values.word("state") == "MASTER"
    priority = values.number("priority", 255 if is_master else 100)
    secret = values.block("authentication") if version == 2 else _Values([])
    peers = tuple(_peer(words) for words in values.lines("unicast_peer"))
    default_group = "vrrp_mcast_group4" if family == 4 else "vrrp_mcast_group6"
    group = values.word("mcast_dst_ip", defaults.word(default_group, "224.0.0.18" if family == 4 else "ff02::12"))
    source = values.word("unicast_src_ip", values.word("mcast_src_ip"))
    limits_ttl = any(each.min_ttl or each.max_ttl < 255 for each in peers)
    settings = RouterSettings(
        name=statement.words[0],
        vrid=values.number("virtual_router_id", 0),
        source=ip_address(source).packed if source else b"",
        addresses=tuple(each.address for each in addresses),
        version=version,
        priority=priority,
        interval_us=values.us("advert_int", 1),
        wants_master=is_master,
        preempt="nopreempt" not in values,
        preempt_delay_us=values.us("preempt_delay", 0),
        down_timer_adverts=values.number("down_timer_adverts", defaults.number("vrrp_down_timer_adverts", 3)),
        authentication=AuthenticationType[secret.word("auth_type", "NONE")],
        password=secret.word("auth_pass").encode()[:8],
        lower_priority_no_advert=_either(values, defaults, "lower_prio_no_advert"),
        higher_priority_send_advert=_either(values, defaults, "higher_prio_send_advert"),
        skip_check_adv_addr=_either(values, defaults, "skip_check_adv_addr"),
        unicast_peers=peers,
        check_unicast_source=limits_ttl or _either(values, defaults, "check_unicast_src"),
        announcements=_announcements(values, defaults),
        group=ip_address(group).packed,
        never_old_checksum=values.word("old_unicast_checksum") == "never",
    )
    return Instance(
        router=settings,
        interface=values.word("interface", defaults.word("default_interface", "eth0")),
        state_words=values.word("state", "BACKUP"),
        addresses=addresses,
        excluded=tuple(_address(words) for words in values.lines("virtual_ipaddress_excluded")),
        family=family,
        unicast_ttl=values.number("unicast_ttl", 255),
        track_primary="dont_track_primary" not in values,
        track_source="track_src_ip" in values,
        tracks=_tracks(values),
        notify=_notifications(values, defaults),
        vmac=values.word("use_vmac") if "use_vmac" in values else None,
        vmac_sends_on_base="vmac_xmit_base" in values,
        garp_interval_us=defaults.us("vrrp_garp_interval", 0),
        promote_secondaries="promote_secondaries" in values,
    )


def _either(values: _Values, defaults: _Values, keyword: str) -> bool:
    return values.switch(keyword, default=defaults.switch(f"vrrp_{keyword}"))


def _peer(words: tuple[str, ...]) -> Peer:
    options = dict(zip(words[1::2], words[2::2], strict=False))
    return Peer(ip_address(words[0]).packed, int(options.get("min_ttl", 0)), int(options.get("max_ttl", 255)))


def _address(words: tuple[str, ...]) -> VirtualAddress:
    head, *rest = words
    host = ip_interface(head)
    flags = {"home": 0x10, "-nodad": 0, "mngtmpaddr": 0x100, "noprefixroute": 0x200, "autojoin": 0x400}
    found = VirtualAddress(host.ip.packed, host.network.prefixlen, tracked="no_track" not in rest)
    found = replace(found, flags=sum(flags.get(word, 0) for word in rest))
    for key, value in pairwise(rest):
        if key == "dev":
            found = replace(found, interface=value)
        elif key == "label":
            found = replace(found, label=value)
        elif key == "scope":
            found = replace(found, scope=_SCOPES[value] if value in _SCOPES else int(value))
        elif key in {"brd", "broadcast"}:
            packed = host.network.broadcast_address.packed if value in "+-" else ip_address(value).packed
            found = replace(found, broadcast=packed)
        elif key == "peer":
            peer = ip_interface(value)
            found = replace(found, peer=peer.ip.packed, peer_prefix=peer.network.prefixlen)
    return found


def _tracked(words: tuple[str, ...]) -> Tracked:
    weight = int(words[words.index("weight") + 1]) if "weight" in words else None
    return Tracked(words[0], weight, "reverse" in words)


def _tracks(values: _Values) -> Tracks:
    interfaces, scripts, files, processes = (
        tuple(_tracked(words) for words in values.lines(keyword)) for keyword in _TRACKS
    )
    return Tracks(interfaces, scripts, files, processes)


def _notifications(values: _Values, defaults: _Values) -> Notifications:
    commands = {place: values.command(keyword) for keyword, place in _NOTIFY.items()}
    return Notifications(
        **commands,
        tells_deleted="notify_deleted" in values,
        priority_changes=_either(values, defaults, "notify_priority_changes"),
        mail=values.switch("smtp_alert"),
    )


def _group(statement: Statement) -> Group:
    values = _Values(statement.statements)
    members = tuple(word for words in values.lines("group") for word in words)
    return Group(
        statement.words[0],
        members,
        _tracks(values),
        _notifications(values, _Values([])),
        "sync_group_tracking_weight" in values,
    )


def _script(statement: Statement) -> Script:
    values = _Values(statement.statements)
    user, group = (*values.words("user"), "", "")[:2]
    words = values.words("script")
    command = tuple(words) if len(words) > 1 else tuple(command_words(words[0])[0])
    return Script(
        statement.words[0],
        Command(command, user, group),
        values.us("interval", 1),
        values.us("timeout", 0),
        values.number("weight", 0),
        "reverse" in values.words("weight"),
        values.number("rise", 1),
        values.number("fall", 1),
        "init_fail" in values,
    )


def _track_file(statement: Statement) -> TrackFile:
    values = _Values(statement.statements)
    initial = None
    if "init_file" in values:
        initial = int(next((word for word in values.words("init_file") if word.lstrip("-").isdigit()), "0"))
    return TrackFile(
        statement.words[0],
        values.word("file"),
        values.number("weight", 1),
        "reverse" in values.words("weight"),
        initial,
        "overwrite" in values.words("init_file"),
    )


def _track_process(statement: Statement) -> TrackProcess:
    values = _Values(statement.statements)
    delay = values.us("delay", 0)
    return TrackProcess(
        statement.words[0],
        values.words("process"),
        values.number("weight", 0),
        "reverse" in values.words("weight"),
        values.number("quorum", 1),
        values.number("quorum_max", 0) if "quorum_max" in values else None,
        values.us("terminate_delay", delay / SECOND_US),
        values.us("fork_delay", delay / SECOND_US),
        "full_command" in values,
        values.word("param_match"),
    )
