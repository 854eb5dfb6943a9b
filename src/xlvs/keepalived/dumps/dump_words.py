# SPDX-License-Identifier: Apache-2.0
"""How the dumps write times, scripts, addresses, routes and rules."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from xlvs.keepalived.notices.screening import DEFAULT_USER
from xlvs.keepalived.notices.script_security import rights_of
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from xlvs.config.schema.lines import AddressLine
    from xlvs.config.schema.routes import RouteLine, RuleLine
    from xlvs.config.settings.general import GlobalSettings
    from xlvs.config.values import Script, Weight

_ROUTES_OF_KEEPALIVED: Final = 18  # its number in /etc/iproute2/rt_protos
_WITHOUT_GATEWAY: Final = frozenset({"blackhole", "unreachable", "prohibit", "throw"})


def moment(seconds: float) -> str:
    """A time since 1970: as a number and in words, both with microseconds."""
    whole, part = divmod(round(seconds * 1_000_000), 1_000_000)
    words = time.ctime(whole)
    return f"{whole}.{part:06} ({words[:-5]}.{part:06} {words[-4:]})"


def switch(value: object) -> str:
    """True or false."""
    return "true" if value else "false"


def quoted(command: tuple[str, ...]) -> str:
    """A command as it is run: the program's own path, each word in quotes."""
    program = os.path.realpath(command[0]) if "/" in command[0] else command[0]
    return " ".join(f"'{each}'" for each in (program, *command[1:]))


def owner(user: str, group: str, settings: GlobalSettings) -> str:
    """``UID:GID`` of a script; without a user that of script_user, then keepalived_script, then root."""
    usual = settings.script_user
    if not user and usual:
        user, group = usual.name, usual.group
    try:
        rights = rights_of(user or DEFAULT_USER, group)
    except UsageError:
        return "0:0"
    return f"{rights.uid}:{rights.gid}"


def script(given: Script, settings: GlobalSettings, *more: str) -> str:
    """A script and whose rights it has."""
    return f"{quoted((*given.command, *more))}, uid:gid {owner(given.user, given.group, settings)}"


def weight(given: Weight) -> str:
    """A weight of something tracked."""
    return f"{given.value}{' reverse' if given.reverse else ''}"


def address(line: AddressLine, home: str, *, is_set: bool, flags: str = "") -> str:
    """An address. `home`: the interface where it names none."""
    version = line.address.version
    words = [str(line.address) + ("" if line.prefix == line.address.max_prefixlen else f"/{line.prefix}")]
    if line.peer:
        words.append(f"peer {line.peer}")
    if line.broadcast:
        words.append(f"brd {_broadcast(line)}")
    words.append(f"dev {line.device or home}")
    words.append(f"scope {line.scope or 'global'}")
    if line.label:
        words.append(f"label {line.label}")
    if version == 6:
        words += _lifetime(line)
    if not line.track:
        words.append("no_track")
    if is_set:
        words.append("set")
    return " ".join([*words, *([flags] if flags else [])])


def _broadcast(line: AddressLine) -> str:
    from ipaddress import ip_network

    if line.broadcast not in "+-":
        return line.broadcast
    return str(ip_network(str(line), strict=False).broadcast_address)


def _lifetime(line: AddressLine) -> list[str]:
    """An address that stands alone is deprecated, so that the host does not speak from it."""
    if line.preferred_lifetime == 0 or (line.preferred_lifetime is None and line.prefix == line.address.max_prefixlen):
        return ["deprecated"]
    return [f"preferred_lft {'forever' if line.preferred_lifetime is None else line.preferred_lifetime}"]


def route(line: RouteLine) -> str:
    """A route in the original's order of words."""
    alone = line.kind in _WITHOUT_GATEWAY
    words = ["add" if alone else "prepend", *([line.kind] if line.kind != "unicast" else []), line.destination]
    rest = dict(line.options)
    if source := rest.pop("src", ""):
        words.append(f"src {source}")
    if gateway := rest.pop("via", rest.pop("gw", "")):
        words.append(f"via {'inet6' if ':' in gateway else 'inet'} {gateway}")
    if device := rest.pop("dev", rest.pop("oif", "")):
        words.append(f"dev {device}")
    words.append(f"proto {rest.pop('protocol', _ROUTES_OF_KEEPALIVED)}")
    words += [f"{name} {value}" for name, value in rest.items() if name != "to"]
    return " ".join([*words, *(["no_track"] if alone or "no_track" in line.flags else [])])


def rule(line: RuleLine) -> str:
    """A rule in the original's order of words."""
    rest = dict(line.options)
    words = [f"{name} {rest.pop(name)}" for name in ("from", "to", "iif", "oif", "fwmark") if name in rest]
    order = next((rest.pop(name) for name in ("priority", "preference", "order") if name in rest), "16384")
    words += [f"priority {order}", f"tos {rest.pop('tos', '0x0')}", f"protocol {_ROUTES_OF_KEEPALIVED}"]
    table = next((rest.pop(name) for name in ("lookup", "table") if name in rest), "")
    words += [f"lookup {table}"] if table else []
    return " ".join([*words, *(f"{name} {value}" for name, value in rest.items())])
