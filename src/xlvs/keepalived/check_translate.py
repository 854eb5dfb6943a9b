# SPDX-License-Identifier: Apache-2.0
"""From the statements of keepalived.conf to virtual servers with their checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from xlvs.healthcheck.probe import end_text
from xlvs.healthcheck.settings import HealthSettings, RealServerSettings, VirtualServerSettings
from xlvs.keepalived.check_ends import group_keys, virtual_key
from xlvs.keepalived.check_plan import CheckPlan
from xlvs.keepalived.check_probes import CHECKERS, checkers_of
from xlvs.keepalived.statements import Block, parse_address
from xlvs.model.address import Family, family_of
from xlvs.model.destination import (
    PLAIN_TUNNEL,
    TUNNEL_FLAG_CHECKSUM,
    TUNNEL_FLAG_NO_CHECKSUM,
    TUNNEL_FLAG_REMOTE_CHECKSUM,
    Destination,
    DestinationKey,
    ForwardingMethod,
    Tunnel,
    TunnelType,
)
from xlvs.model.service import (
    SCHEDULER_FLAG_1,
    SCHEDULER_FLAG_2,
    SCHEDULER_FLAG_3,
    SCHEDULERS,
    Protocol,
    ServiceKey,
    VirtualService,
)
from xlvs.model.settings import TIMEOUT_LIMIT_S, Timeouts

if TYPE_CHECKING:
    from xlvs.config.problem import Problem
    from xlvs.config.tree import Statement

_METHODS: Final = {
    "NAT": ForwardingMethod.MASQUERADE,
    "DR": ForwardingMethod.DIRECT_ROUTE,
    "TUN": ForwardingMethod.TUNNEL,
}
_METHOD_WORDS: Final = ("lvs_method", "lb_kind", "lbKind")
_SCHEDULER_WORDS: Final = ("lvs_sched", "lb_algo", "lbAlgo")
_TUNNELS: Final = {"ipip": TunnelType.IPIP, "gue": TunnelType.GUE, "gre": TunnelType.GRE}
_CHECKSUMS: Final = {
    "nocsum": TUNNEL_FLAG_NO_CHECKSUM,
    "csum": TUNNEL_FLAG_CHECKSUM,
    "remcsum": TUNNEL_FLAG_REMOTE_CHECKSUM,
}
_SCHEDULER_FLAGS: Final = {
    "flag-1": SCHEDULER_FLAG_1,
    "sh-fallback": SCHEDULER_FLAG_1,
    "mh-fallback": SCHEDULER_FLAG_1,
    "flag-2": SCHEDULER_FLAG_2,
    "sh-port": SCHEDULER_FLAG_2,
    "mh-port": SCHEDULER_FLAG_2,
    "flag-3": SCHEDULER_FLAG_3,
}
PERSISTENCE_S: Final = 360
WEIGHT_MAX: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _Forwarding:
    method: ForwardingMethod
    tunnel: Tunnel = PLAIN_TUNNEL


def translate(statements: list[Statement], problems: list[Problem]) -> CheckPlan:
    """The plan that a configuration makes; what is wrong with it is added to `problems`."""
    top = Block(statements, problems)
    # Several global_defs count as one; its checker settings are the outermost defaults.
    defs = Block([each for block in top.all("global_defs") for each in block.statements], problems)
    groups = {each.words[0]: each for each in top.all("virtual_server_group") if each.words}
    files = {
        each.words[0]: Block(each.statements, problems)
        for each in top.all("track_file", "vrrp_track_file")
        if each.words
    }
    servers: dict[tuple[ServiceKey, ...], VirtualServerSettings] = {}
    for statement in top.all("virtual_server"):
        server = _VirtualServer(statement, top, defs, groups, files).settings()
        if server is None:
            continue
        keys = tuple(service.key for service in server.services)
        if keys in servers:
            top.complain(statement, f"virtual server {server.name} stands here twice: the first counts")
        servers.setdefault(keys, server)
    return CheckPlan(
        HealthSettings(tuple(servers.values()), notify_at_start=defs.has("rs_init_notifies")),
        timeouts=_timeouts(defs),
        flush_at_start=defs.has("lvs_flush"),
        fifos=tuple(word for keyword in ("notify_fifo", "lvs_notify_fifo") if (word := defs.own_text(keyword))),
        script_owner=_pair(defs.words("script_user")),
        flush_at_stop=defs.own("lvs_flush_on_stop", "lvs_flush_onstop") is not None,
    )


def _pair(words: tuple[str, ...]) -> tuple[str, str]:
    """User and group, empty where there is none."""
    return (words[0] if words else "", words[1] if len(words) > 1 else "")


def _timeouts(defs: Block) -> Timeouts | None:
    statement = defs.own("lvs_timeouts")
    if statement is None:
        return None
    values = {"tcp": 0, "tcpfin": 0, "udp": 0}
    for name, word in zip(statement.words[::2], statement.words[1::2], strict=False):
        if name not in values or not word.isdecimal() or int(word) > TIMEOUT_LIMIT_S:
            defs.complain(statement, f"lvs_timeouts: {name} {word} is not tcp, tcpfin or udp with up to 31 days")
        else:
            values[name] = int(word)
    return Timeouts(values["tcp"], values["tcpfin"], values["udp"])


class _VirtualServer:
    """One virtual_server block being read."""

    def __init__(
        self, statement: Statement, top: Block, defs: Block, groups: dict[str, Statement], files: dict[str, Block]
    ) -> None:
        self._statement = statement
        self._block = Block(statement.statements, top.problems, defs)
        self._groups = groups
        self._files = files
        self._forwarding = self._method(_METHOD_WORDS, _Forwarding(ForwardingMethod.MASQUERADE))
        self._protocol = self._read_protocol()

    def settings(self) -> VirtualServerSettings | None:
        """The virtual server; None when it has no place in the tables."""
        block = self._block
        keys, name = self._keys()
        if not keys:
            return None
        servers = self._real_servers(keys)
        if not servers:
            block.complain(self._statement, f"Virtual server {name} has no real servers - ignoring")
            return None
        quorum, hysteresis = self._quorum(servers, name)
        sorry = self._sorry(keys)
        return VirtualServerSettings(
            name,
            tuple(self._service(key) for key in keys),
            tuple(servers),
            quorum,
            hysteresis,
            sorry=sorry[0] if sorry else None,
            sorry_name=sorry[1] if sorry else "",
            sorry_inhibit=block.has("sorry_server_inhibit"),
            omega=block.has("omega"),
            ha_suspend=block.has("ha_suspend") and not keys[0].fwmark,
            slow_start_us=block.seconds_us("slow_start", default=0),
            quorum_up=block.words("quorum_up"),
            quorum_down=block.words("quorum_down"),
            mail=block.flag("smtp_alert_checker", default=block.flag("smtp_alert")),
        )

    def _quorum(self, servers: list[RealServerSettings], name: str) -> tuple[int, int]:
        quorum = self._block.own_number("quorum", default=1, low=1)
        total = sum(server.destination.weight for server in servers)
        if quorum > max(total, 1):
            self._block.complain(
                self._statement, f"quorum {quorum} of {name} is more than all weights: {total} is used"
            )
            quorum = max(total, 1)
        hysteresis = self._block.own_number("hysteresis", default=0)
        if hysteresis >= quorum:
            if hysteresis:
                self._block.complain(self._statement, f"hysteresis of {name} must be less than its quorum")
            hysteresis = quorum - 1
        return quorum, hysteresis

    def _read_protocol(self) -> Protocol:
        word = (self._block.own_text("protocol") or "UDP").upper()
        if word in ("TCP", "UDP", "SCTP"):
            return Protocol[word]
        statement = self._block.own("protocol")
        if statement:
            self._block.complain(statement, f"protocol is TCP, UDP or SCTP, not {word}")
        return Protocol.UDP

    def _keys(self) -> tuple[list[ServiceKey], str]:
        words = self._statement.words
        if words[:1] == ("group",):
            group = self._groups.get(words[1]) if len(words) > 1 else None
            if group is None:
                self._block.complain(self._statement, f"there is no virtual_server_group {' '.join(words[1:2])}")
                return [], ""
            return group_keys(group, self._protocol, self._block), f"[{words[1]}]:0"
        family = Family.IPV6 if self._block.own_text("ip_family") == "inet6" else Family.IPV4
        key = virtual_key(words, self._protocol, family)
        if key is None:
            self._block.complain(self._statement, "virtual_server needs an address, fwmark NUMBER or group NAME")
            return [], ""
        if key.fwmark:
            return [key], f"FWM {key.fwmark}"
        return [key], end_text(key.address, key.port, self._protocol.name.lower())

    def _service(self, key: ServiceKey) -> VirtualService:
        block = self._block
        scheduler = block.find(*_SCHEDULER_WORDS)
        name = scheduler.words[0] if scheduler and scheduler.words else "wlc"
        if scheduler and name not in SCHEDULERS:
            block.complain(scheduler, f"there is no scheduler {name}", "one of " + " ".join(sorted(SCHEDULERS)))
            name = "wlc"
        persistence = self._persistence(key)
        flags = 0
        for word, flag in _SCHEDULER_FLAGS.items():
            flags |= flag if block.has(word) else 0
        return VirtualService(
            key,
            name,
            flags,
            persistence,
            self._netmask(key) if persistence else -1,
            (block.own_text("persistence_engine") or "") if persistence else "",
            one_packet=block.has("ops") and key.protocol in (Protocol.UDP, Protocol.IP),
        )

    def _persistence(self, key: ServiceKey) -> int:
        statement = self._block.own("persistence_timeout")
        if statement is None or not statement.words:
            needed = statement is not None or (not key.port and not key.fwmark)
            return PERSISTENCE_S if needed else 0
        return self._block.own_number("persistence_timeout", default=PERSISTENCE_S, low=1, high=TIMEOUT_LIMIT_S)

    def _netmask(self, key: ServiceKey) -> int:
        word = self._block.own_text("persistence_granularity")
        if word is None:
            return -1
        if key.family is Family.IPV6:
            return self._block.own_number("persistence_granularity", default=128, low=1, high=128)
        mask = parse_address(word)
        return int.from_bytes(mask, "big") if mask and len(mask) == 4 else -1

    def _method(self, keywords: tuple[str, ...], default: _Forwarding, block: Block | None = None) -> _Forwarding:
        block = block or self._block
        statement = block.own(*keywords)
        if statement is None:
            return default
        method = _METHODS.get(statement.words[0] if statement.words else "")
        if method is None:
            block.complain(statement, f"{statement.keyword} is NAT, DR or TUN")
            return default
        if method is not ForwardingMethod.TUNNEL:
            return _Forwarding(method)
        words = list(statement.words[1:])
        tunnel = Tunnel()
        while words:
            word = words.pop(0)
            if word == "type" and words and words[0] in _TUNNELS:
                tunnel = replace(tunnel, type=_TUNNELS[words.pop(0)])
            elif word == "port" and words and words[0].isdecimal() and int(words[0]) < 65536:
                tunnel = replace(tunnel, port=int(words.pop(0)))
            elif word in _CHECKSUMS:
                tunnel = replace(tunnel, flags=_CHECKSUMS[word])
            else:
                block.complain(statement, f"{word} says nothing about a tunnel")
        return _Forwarding(method, tunnel)

    def _end(self, statement: Statement) -> tuple[bytes, int] | None:
        address = parse_address(statement.words[0]) if statement.words else None
        port = statement.words[1] if len(statement.words) > 1 else "0"
        if address is None or not port.isdecimal() or int(port) > 65535:
            self._block.complain(statement, f"{statement.keyword} needs an address and perhaps a port")
            return None
        return address, int(port)

    def _destination(self, end: tuple[bytes, int], keys: list[ServiceKey], forwarding: _Forwarding) -> Destination:
        """Not rewritten, a packet keeps the port of the service."""
        address, port = end
        keeps = forwarding.method is not ForwardingMethod.MASQUERADE
        if keeps or not port:
            port = keys[0].port
        key = DestinationKey(family_of(address), address, port)
        return Destination(key, forwarding.method, tunnel=forwarding.tunnel)

    def _sorry(self, keys: list[ServiceKey]) -> tuple[Destination, str] | None:
        statement = self._block.own("sorry_server")
        end = self._end(statement) if statement else None
        if end is None:
            return None
        forwarding = self._method(("sorry_server_lvs_method",), self._forwarding)
        return self._destination(end, keys, forwarding), end_text(*end, self._protocol_name(keys))

    def _protocol_name(self, keys: list[ServiceKey]) -> str:
        return "tcp" if keys[0].protocol is Protocol.IP else keys[0].protocol.name.lower()

    def _real_servers(self, keys: list[ServiceKey]) -> list[RealServerSettings]:
        found: dict[DestinationKey, RealServerSettings] = {}
        for statement in self._block.all("real_server"):
            server = self._real_server(statement, keys)
            if server is None:
                continue
            if server.destination.key in found:
                self._block.complain(statement, f"real server {server.name} stands here twice: the first counts")
            found.setdefault(server.destination.key, server)
        return list(found.values())

    def _real_server(self, statement: Statement, keys: list[ServiceKey]) -> RealServerSettings | None:
        end = self._end(statement)
        if end is None:
            return None
        block = self._block.inner(statement)
        forwarding = self._method(_METHOD_WORDS, self._forwarding, block)
        destination = replace(
            self._destination(end, keys, forwarding),
            weight=block.number("weight", default=1, high=WEIGHT_MAX),
            upper_threshold=block.own_number("uthreshold", default=0),
            lower_threshold=block.own_number("lthreshold", default=0),
        )
        name = end_text(end[0], end[1] or keys[0].port, self._protocol_name(keys))
        checks = [each for each in block.statements if each.keyword in CHECKERS]
        return RealServerSettings(
            name,
            destination,
            tuple(
                checker
                for each in checks
                for checker in checkers_of(each, block, name, (end[0], end[1] or keys[0].port), self._files)
            ),
            inhibit=block.flag("inhibit_on_failure"),
            notify_up=block.words("notify_up"),
            notify_down=block.words("notify_down"),
            mail=block.flag("smtp_alert", "smtp_alert_checker", default=True),
        )
