# SPDX-License-Identifier: Apache-2.0
"""Lines of the blocks that have no keywords: addresses, groups of servers, peers, tracks, delays."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

from xlvs.config.schema.routes import ROUTE_WORDS, RULE_WORDS, route_line, rule_line
from xlvs.config.values import (
    Address,
    Custom,
    Partly,
    Weight,
    WrongValue,
    address,
    first,
    microseconds,
    near,
    number,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

SCOPES: Final = ("global", "site", "link", "host", "nowhere")
_SCOPE: Final = re.compile(r"[0-9]{1,3}")
ADDRESS_FLAGS: Final = ("home", "-nodad", "mngtmpaddr", "noprefixroute", "autojoin")
ADDRESS_OPTIONS: Final = ("brd", "broadcast", "dev", "scope", "label", "peer", "preferred_lft", "track_group")


@dataclass(frozen=True, slots=True)
class AddressLine:
    """A virtual or static address. An empty device: the instance's interface, or default_interface."""

    address: Address
    prefix: int
    device: str = ""
    broadcast: str = ""
    """An address, + or -; empty: none is set."""
    scope: str = ""
    label: str = ""
    peer: str = ""
    flags: tuple[str, ...] = ()
    preferred_lifetime: int | None = None
    """Seconds; None: the usual one."""
    track: bool = True
    track_group: str = ""
    use_vmac: bool = False

    def __str__(self) -> str:
        """Address and prefix."""
        return f"{self.address}/{self.prefix}"


def _address_line(words: Sequence[str]) -> AddressLine:
    word = first(words, "an address")
    text, slash, length = word.partition("/")
    found = address(text)
    problems: list[WrongValue] = []
    prefix: int = found.max_prefixlen
    if slash:
        try:
            prefix = number(length, 0, prefix)
        except WrongValue:
            problems.append(WrongValue(f"{length} is no length of a prefix", word, f"{prefix} is used"))
    line = AddressLine(found, prefix)
    rest = list(words[1:])
    while rest:
        try:
            line = _address_option(line, rest)
        except WrongValue as problem:
            problems.append(problem)
    if slash and line.peer:
        line = replace(line, peer="")
        problems.append(WrongValue("an address with a peer has no length of a prefix", word, f"write {text}"))
    if problems:
        raise Partly(line, problems)
    return line


def _address_option(line: AddressLine, rest: list[str]) -> AddressLine:
    word = rest.pop(0)
    if word in ADDRESS_FLAGS:
        return replace(line, flags=(*line.flags, word))
    if word in {"no_track", "use_vmac"}:
        return replace(line, track=False) if word == "no_track" else replace(line, use_vmac=True)
    if word not in ADDRESS_OPTIONS:
        known = (*ADDRESS_OPTIONS, *ADDRESS_FLAGS, "no_track", "use_vmac")
        remedy = near(word, known) or f"one of {', '.join(known)}"
        raise WrongValue(f"unknown option {word} of an address", word, remedy)
    if not rest:
        raise WrongValue(f"{word} is missing its value", word)
    return _address_value(line, word, rest.pop(0))


def _address_value(line: AddressLine, word: str, value: str) -> AddressLine:
    if word in {"brd", "broadcast"}:
        if not isinstance(line.address, IPv4Address):
            raise WrongValue("an IPv6 address has no broadcast address", word)
        if value not in {"+", "-"}:
            address(value)
        return replace(line, broadcast=value)
    if word == "scope":
        if value not in SCOPES and not (_SCOPE.fullmatch(value) and int(value) < 256):
            raise WrongValue(f"unknown scope {value}", value, ", ".join(SCOPES))
        return replace(line, scope=value)
    if word == "preferred_lft":
        seconds = 2**32 - 1 if value == "forever" else number(value, 0, 2**32 - 1, "s")
        return replace(line, preferred_lifetime=seconds)
    if word == "peer":
        address(value)
        return replace(line, peer=value)
    if word == "dev":
        return replace(line, device=value)
    return replace(line, label=value) if word == "label" else replace(line, track_group=value)


@dataclass(frozen=True, slots=True)
class Member:
    """A line of a virtual_server_group: `count` addresses from one on, or a mark."""

    address: Address | None = None
    count: int = 1
    port: int = 0
    mark: int = 0
    family: str = ""
    """inet or inet6 of a mark, if it is said."""


RANGE_MAX: Final = 65536


def _group_line(words: Sequence[str]) -> Member:
    word = first(words, "an address or fwmark")
    if word == "fwmark":
        family = words[2] if len(words) > 2 else ""
        if family not in {"", "inet", "inet6"}:
            raise WrongValue(f"unknown family {family}", family, "inet or inet6")
        return Member(mark=number(first(words[1:], "a mark"), 1, 2**32 - 1), family=family)
    port = number(words[1], 0, 65535) if len(words) > 1 else 0
    start, dash, end = word.partition("-")
    low, slash, length = start.partition("/")
    found = address(low)
    if slash:
        host_bits = found.max_prefixlen - number(length, 0, found.max_prefixlen)
        base = int(found) >> host_bits << host_bits
        return _members(found, type(found)(base), base + (1 << host_bits) - 1, port, word)
    if not dash:
        return Member(found, 1, port)
    if ":" in end or "." in end:
        last = int(address(end))
    elif found.version == 4:
        last = int(found) - (int(found) & 255) + number(end, 0, 255)
    else:
        last = int(found) - (int(found) & 0xFFFF) + _hexadecimal(end)
    return _members(found, found, last, port, word)


def _hexadecimal(word: str) -> int:
    try:
        return int(word, 16) & 0xFFFF
    except ValueError:
        raise WrongValue(f"{word} is not the end of a range", word) from None


def _members(given: Address, start: Address, last: int, port: int, word: str) -> Member:
    count = last - int(start) + 1
    if not 0 < count <= RANGE_MAX or last >= 1 << given.max_prefixlen:
        raise WrongValue(f"{word} is not a range of 1 to {RANGE_MAX} addresses", word)
    return Member(start, count, port)


@dataclass(frozen=True, slots=True)
class Peer:
    """A unicast peer and the TTLs that its advertisements may have."""

    address: Address
    min_ttl: int = 0
    max_ttl: int = 255


def _peer_line(words: Sequence[str]) -> Peer:
    limits = {"min_ttl": 0, "max_ttl": 255}
    problems: list[WrongValue] = []
    text, length, _ = first(words, "an address").partition("/")
    found = address(text)
    if length:
        problems.append(WrongValue("the length of the prefix is ignored", words[0], f"write {text}", slight=True))
    for at in range(1, len(words), 2):
        if words[at] not in limits or at + 1 == len(words):
            problems.append(
                WrongValue(f"{words[at]} is unknown here or misses its value", words[at], "min_ttl or max_ttl")
            )
            break
        limits[words[at]] = number(words[at + 1], 0, 255)
    peer = Peer(found, limits["min_ttl"], limits["max_ttl"])
    if problems:
        raise Partly(peer, problems)
    return peer


@dataclass(frozen=True, slots=True)
class Track:
    """What is tracked by name; without a weight its own counts."""

    name: str
    weight: Weight | None = None
    directed: bool = False
    """`reverse` or `noreverse` stands there; otherwise that of its own counts for this weight too."""


def _track_line(words: Sequence[str]) -> Track:
    name = first(words, "a name")
    if len(words) == 1:
        return Track(name)
    try:
        return Track(name, _track_weight(words), directed=len(words) > 3)
    except WrongValue as problem:
        raise Partly(Track(name), [problem]) from None


def _track_weight(words: Sequence[str]) -> Weight:
    if words[1] != "weight":
        raise WrongValue(f"unknown option {words[1]}", words[1], "weight NUMBER [reverse]")
    if len(words) < 3:
        raise WrongValue("weight is missing its number", words[1])
    value = number(words[2], -254, 254)
    if len(words) > 3 and words[3] not in {"reverse", "noreverse"}:
        raise WrongValue(f"unknown option {words[3]}", words[3], "reverse or noreverse")
    return Weight(value, "reverse" in words[3:4])


@dataclass(frozen=True, slots=True)
class Delays:
    """For how long an interface has to be down or up until it counts, in microseconds."""

    interface: str
    down_us: int
    up_us: int = 0


def _delays_line(words: Sequence[str]) -> Delays:
    interface = first(words, "an interface")
    down = microseconds(words[1], "0", "255") if len(words) > 1 else 0
    return Delays(interface, down, microseconds(words[2], "0", "255") if len(words) > 2 else 0)


@dataclass(frozen=True, slots=True)
class Linkbeat:
    """An interface whose link is to be polled, and how."""

    interface: str
    method: str = field(default="")


def _linkbeat_line(words: Sequence[str]) -> Linkbeat:
    interface = first(words, "an interface")
    method = words[1] if len(words) > 1 else ""
    if method not in {"", "MII", "ETHTOOL", "IOCTL"}:
        raise WrongValue(f"unknown method {method}", method, "MII, ETHTOOL or IOCTL")
    return Linkbeat(interface, method)


ADDRESS_LINE: Final = Custom(
    "ADDRESS[/LENGTH] [brd ADDRESS|+|-] [dev INTERFACE] [scope SCOPE] [label LABEL] [peer ADDRESS[/LENGTH]] [home] "
    "[-nodad] [mngtmpaddr] [noprefixroute] [autojoin] [preferred_lft SECONDS|forever] [no_track] [track_group GROUP] "
    "[use_vmac]",
    _address_line,
    (*ADDRESS_OPTIONS, *ADDRESS_FLAGS, "no_track", "use_vmac"),
)
GROUP_LINE: Final = Custom(
    "ADDRESS[-END|/LENGTH] [PORT]|fwmark NUMBER [inet|inet6]", _group_line, ("fwmark", "inet", "inet6")
)
PEER_LINE: Final = Custom("ADDRESS [min_ttl NUMBER] [max_ttl NUMBER]", _peer_line, ("min_ttl", "max_ttl"))
TRACK_LINE: Final = Custom("NAME [weight NUMBER [reverse|noreverse]]", _track_line, ("weight", "reverse", "noreverse"))
DELAYS_LINE: Final = Custom("INTERFACE DOWN [UP] (0 to 255 s)", _delays_line)
LINKBEAT_LINE: Final = Custom("INTERFACE [MII|ETHTOOL|IOCTL]", _linkbeat_line, ("MII", "ETHTOOL", "IOCTL"))
ROUTE_LINE: Final = Custom("[TYPE] [to] DESTINATION [OPTION VALUE]...", route_line, ROUTE_WORDS)
RULE_LINE: Final = Custom("SELECTOR VALUE... ACTION", rule_line, RULE_WORDS)
