# SPDX-License-Identifier: Apache-2.0
"""The options of ipvsadm 1.31: how each is spelled and what it does to the request.

An option that does nothing but be there has no action: its bit in the request says it all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xlvs.ipvsadm.labels import BIT_OF, Command
from xlvs.ipvsadm.popt import NO_ARGUMENT, OPTIONAL_ARGUMENT, REQUIRED_ARGUMENT, Option, OptionTable
from xlvs.ipvsadm.values import read_ipv6_prefix, read_multicast_group, read_number
from xlvs.model.address import Family
from xlvs.model.destination import (
    TUNNEL_FLAG_CHECKSUM,
    TUNNEL_FLAG_NO_CHECKSUM,
    TUNNEL_FLAG_REMOTE_CHECKSUM,
    ForwardingMethod,
    TunnelType,
)
from xlvs.model.errors import UsageError
from xlvs.model.service import DEFAULT_PERSISTENCE_TIMEOUT_S, DEFAULT_SCHEDULER, NETMASK_IPV6_HOST, Protocol
from xlvs.model.settings import TIMEOUT_LIMIT_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.ipvsadm.request import Request

    Action = Callable[[Request, str], None]

_INT_MAX = (1 << 31) - 1
_MARK_MAX = (1 << 32) - 1
_TUNNEL_TYPES = {kind.name.lower(): kind for kind in TunnelType}


class Meaning(NamedTuple):
    """What an option stands for: a command, or a label (if it counts as given) with an action (if it has one)."""

    command: Command | None = None
    label: str = ""
    bit: int = 0
    action: Action | None = None


def _service(protocol: Protocol) -> Action:
    def action(request: Request, text: str) -> None:
        endpoint = request.reader.read_endpoint(text, protocol)
        if endpoint is None:
            raise UsageError("illegal virtual server address[:port] specified")
        request.protocol = protocol
        request.family, request.address, port = endpoint
        request.port = port or 0
        if request.family is Family.IPV6:
            request.netmask = NETMASK_IPV6_HOST

    return action


def _fwmark(request: Request, text: str) -> None:
    mark = read_number(text, 1, _MARK_MAX)
    if mark is None:
        raise UsageError(f"invalid fwmark value `{text}' specified")
    request.protocol, request.fwmark = Protocol.TCP, mark


def _ipv6(request: Request, _text: str) -> None:
    if not request.fwmark:
        # The original ends this message with two newlines.
        raise UsageError("-6 used before -f\n")
    request.family, request.netmask = Family.IPV6, NETMASK_IPV6_HOST


def _set(attribute: str, value: object) -> Action:
    def action(request: Request, _text: str) -> None:
        setattr(request, attribute, value)

    return action


def _text(attribute: str) -> Action:
    def action(request: Request, text: str) -> None:
        setattr(request, attribute, text)

    return action


def _scheduler(request: Request, text: str) -> None:
    request.scheduler = text or DEFAULT_SCHEDULER


def _persistent(request: Request, text: str) -> None:
    timeout = read_number(text, 1, TIMEOUT_LIMIT_S)
    if timeout is None:
        raise UsageError(f"invalid timeout value `{text}' specified")
    request.persistence_timeout_s = timeout


def _netmask(request: Request, text: str) -> None:
    if request.family is Family.IPV6:
        prefix = read_ipv6_prefix(text)
        if prefix is None:
            raise UsageError("illegal ipv6 netmask specified")
        request.netmask = prefix
        return
    mask = request.reader.read_ipv4_host(text)
    if mask is None:
        raise UsageError("illegal virtual server persistent mask specified")
    request.netmask = int.from_bytes(mask, "big")


def _real_server(request: Request, text: str) -> None:
    endpoint = request.reader.read_endpoint(text, request.protocol)
    if endpoint is None:
        raise UsageError("illegal real server address[:port] specified")
    request.server_family, request.server_address, port = endpoint
    request.server_port = request.port if port is None else port


def _number(attribute: str, lowest: int, highest: int, complaint: str) -> Action:
    def action(request: Request, text: str) -> None:
        number = read_number(text, lowest, highest)
        if number is None:
            raise UsageError(complaint)
        setattr(request, attribute, number)

    return action


def _tunnel_type(request: Request, text: str) -> None:
    kind = _TUNNEL_TYPES.get(text)
    if kind is None:
        raise UsageError("illegal tunnel type specified")
    request.tunnel_type = kind


def _role(complaint: str) -> Action:
    def action(request: Request, text: str) -> None:
        if text not in ("master", "backup"):
            raise UsageError(complaint)
        request.role = "master" if text == "master" else "backup"

    return action


def _group(request: Request, text: str) -> None:
    group = read_multicast_group(text)
    if group is None:
        raise UsageError(f"invalid {'IPv6' if ':' in text else 'IPv4'} mcast-group `{text}'")
    request.group = group


def _command(long: str, short: str, command: Command, action: Action | None = None) -> Option[Meaning]:
    return Option(long, short, REQUIRED_ARGUMENT if action else NO_ARGUMENT, Meaning(command, action=action))


def _flag(long: str, short: str = "", label: str = "", action: Action | None = None) -> Option[Meaning]:
    return Option(long, short, NO_ARGUMENT, _meaning(label or long, action))


def _value(long: str, short: str, label: str, action: Action) -> Option[Meaning]:
    return Option(long, short, REQUIRED_ARGUMENT, _meaning(label or long, action))


def _meaning(label: str, action: Action | None) -> Meaning:
    return Meaning(None, label, BIT_OF.get(label, 0), action)


_COMMANDS = (
    _command("add-service", "A", Command.ADD_SERVICE),
    _command("edit-service", "E", Command.EDIT_SERVICE),
    _command("delete-service", "D", Command.DELETE_SERVICE),
    _command("clear", "C", Command.FLUSH),
    _command("list", "L", Command.LIST),
    _command("list", "l", Command.LIST),
    _command("zero", "Z", Command.ZERO),
    _command("add-server", "a", Command.ADD_SERVER),
    _command("edit-server", "e", Command.EDIT_SERVER),
    _command("delete-server", "d", Command.DELETE_SERVER),
    _command("set", "", Command.SET),
    _command("start-daemon", "", Command.START_DAEMON, _role("illegal start-daemon parameter specified")),
    _command("stop-daemon", "", Command.STOP_DAEMON, _role("illegal start_daemon specified")),
    _command("restore", "R", Command.RESTORE),
    _command("save", "S", Command.SAVE),
    _command("help", "h", Command.HELP),
    _command("version", "v", Command.VERSION),
)

_SERVICE_OPTIONS = (
    _value("tcp-service", "t", "service-address", _service(Protocol.TCP)),
    _value("udp-service", "u", "service-address", _service(Protocol.UDP)),
    _value("sctp-service", "", "service-address", _service(Protocol.SCTP)),
    _value("fwmark-service", "f", "service-address", _fwmark),
    _flag("ipv6", "6", action=_ipv6),
    _value("scheduler", "s", "", _scheduler),
    Option(
        "persistent", "p", OPTIONAL_ARGUMENT, _meaning("persistent", _persistent), str(DEFAULT_PERSISTENCE_TIMEOUT_S)
    ),
    _value("netmask", "M", "", _netmask),
    _flag("ops", "o", action=_set("one_packet", value=True)),
    _value("pe", "", "", _text("persistence_engine")),
    # Read at the end of the line: the scheduler may come later.
    _value("sched-flags", "b", "", _text("scheduler_flag_names")),
)

_SERVER_OPTIONS = (
    _value("real-server", "r", "", _real_server),
    _flag("masquerading", "m", "forwarding-method", _set("forwarding", ForwardingMethod.MASQUERADE)),
    _flag("ipip", "i", "forwarding-method", _set("forwarding", ForwardingMethod.TUNNEL)),
    _flag("gatewaying", "g", "forwarding-method", _set("forwarding", ForwardingMethod.DIRECT_ROUTE)),
    # Not one of the original's: `-b`, by which others call it, are the scheduler flags.
    _flag("fullnat", "", "forwarding-method", _set("forwarding", ForwardingMethod.FULL_NAT)),
    _value("weight", "w", "", _number("weight", 0, _INT_MAX, "illegal weight specified")),
    _value("u-threshold", "x", "", _number("upper_threshold", 0, _INT_MAX, "illegal u_threshold specified")),
    _value("l-threshold", "y", "", _number("lower_threshold", 0, _INT_MAX, "illegal l_threshold specified")),
    _value("tun-type", "", "", _tunnel_type),
    _value("tun-port", "", "", _number("tunnel_port", 1, 65535, "illegal tunnel port specified")),
    _flag("tun-nocsum", action=_set("tunnel_flags", TUNNEL_FLAG_NO_CHECKSUM)),
    _flag("tun-csum", action=_set("tunnel_flags", TUNNEL_FLAG_CHECKSUM)),
    _flag("tun-remcsum", action=_set("tunnel_flags", TUNNEL_FLAG_REMOTE_CHECKSUM)),
)

_LIST_OPTIONS = (
    _flag("numeric", "n"),
    _flag("connection", "c"),
    _flag("timeout"),
    _flag("daemon"),
    _flag("stats"),
    _flag("rate"),
    _flag("thresholds"),
    _flag("persistent-conn"),
    _flag("tun-info"),
    _flag("nosort"),
    _flag("sort"),
    _flag("exact", "X"),
)

_DAEMON_OPTIONS = (
    _value("mcast-interface", "", "", _text("interface")),
    _value("mcast-group", "", "", _group),
    _value("mcast-port", "", "", _number("multicast_port", 1, 65535, "illegal mcast-port specified")),
    _value("mcast-ttl", "", "", _number("multicast_ttl", 1, 255, "illegal mcast-ttl specified")),
    _value("syncid", "", "", _number("syncid", 0, 255, "illegal syncid specified")),
    _value("sync-maxlen", "", "", _number("sync_maxlen", 1, 65507, "illegal sync-maxlen specified")),
)

OPTIONS: OptionTable[Meaning] = OptionTable(
    (*_COMMANDS, *_SERVICE_OPTIONS, *_SERVER_OPTIONS, *_LIST_OPTIONS, *_DAEMON_OPTIONS)
)
