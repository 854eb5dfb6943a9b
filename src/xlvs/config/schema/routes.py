# SPDX-License-Identifier: Apache-2.0
"""Lines of static_routes, virtual_routes, static_rules and virtual_rules: the words of ip-route(8) and ip-rule(8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xlvs.config.values import Missing, Partly, WrongValue, address, first, number

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUTE_TYPES: Final = (
    *("unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit", "throw", "nat"),
    "xresolve",
)
ROUTE_FLAGS: Final = ("onlink", "fastopen_no_cookie", "no_track", "inet", "inet6", "add", "append", "prepend")
ROUTE_NAMES: Final = {
    "gw": "via",
    "oif": "dev",
    "preference": "metric",
    "priority": "metric",
    "dsfield": "tos",
}
ROUTE_OPTIONS: Final = (
    *("to", "via", "or", "dev", "src", "scope", "table", "metric", "tos", "protocol", "mtu", "advmss", "rtt", "rttvar"),
    *("reordering", "window", "cwnd", "ssthresh", "realms", "rto_min", "hoplimit", "initcwnd", "initrwnd", "features"),
    *("quickack", "congctl", "pref", "expires", "ttl-propagate", "vrf", "track_group"),
)
LOCKABLE: Final = ("mtu", "advmss", "rtt", "rttvar", "reordering", "window", "cwnd", "ssthresh", "rto_min", "congctl")
NUMBERS: Final = (
    "metric",
    "mtu",
    "advmss",
    "reordering",
    "window",
    "cwnd",
    "ssthresh",
    "hoplimit",
    "initcwnd",
    "initrwnd",
)
ROUTE_WORDS: Final = (*ROUTE_TYPES, *ROUTE_FLAGS, *ROUTE_NAMES, *ROUTE_OPTIONS, "encap", "nexthop")

RULE_FLAGS: Final = ("nop", "l3mdev", "inet", "inet6", "no_track", "not")
RULE_NAMES: Final = {
    "dev": "iif",
    "dsfield": "tos",
    "lookup": "table",
    "priority": "preference",
    "order": "preference",
    "sup_pl": "suppress_prefixlength",
    "sup_group": "suppress_ifgroup",
}
RULE_OPTIONS: Final = (
    *("from", "to", "iif", "oif", "fwmark", "tos", "table", "preference", "realms", "goto", "type"),
    *("suppress_prefixlength", "suppress_ifgroup", "protocol", "ipproto", "sport", "dport", "uidrange", "tunnel-id"),
    "track_group",
)
RULE_ACTIONS: Final = ("blackhole", "unreachable", "prohibit")
RULE_WORDS: Final = (*RULE_FLAGS, *RULE_NAMES, *RULE_OPTIONS, *RULE_ACTIONS)
TABLE_MAX: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class RouteLine:
    """A route. What ip-route(8) has no field for here stands in `options`, by its word there."""

    destination: str
    """An address with or without /LENGTH, or `default`."""
    kind: str = "unicast"
    options: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()
    encap: tuple[str, ...] = ()
    nexthops: tuple[tuple[str, ...], ...] = ()
    """The words after each `nexthop`."""

    def option(self, name: str) -> str:
        """The value of an option; empty when it is not given."""
        return dict(self.options).get(name, "")


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A policy rule: its selectors and its action by the words of ip-rule(8)."""

    options: tuple[tuple[str, str], ...]
    flags: tuple[str, ...] = ()

    def option(self, name: str) -> str:
        """The value of an option; empty when it is not given."""
        return dict(self.options).get(name, "")


def network(word: str) -> str:
    """A destination or a selector: `default`, `any`, `all`, or an address with or without a length."""
    if word in {"default", "any", "all"}:
        return word
    text, slash, length = word.partition("/")
    try:
        found = address(text)
        if slash:
            number(length, 0, found.max_prefixlen)
    except WrongValue:
        raise WrongValue(f"{word} is not a network", word, "ADDRESS[/LENGTH], or default") from None
    return word


class _Reader:
    """Takes words from the front of a line."""

    def __init__(self, words: Sequence[str]) -> None:
        self.rest = list(words)
        self.problems: list[WrongValue] = []
        self.options: dict[str, str] = {}
        self.flags: list[str] = []

    def value(self, word: str) -> str:
        """The word after `word`; the original stops reading when there is none."""
        if not self.rest:
            raise Missing(f"{word} is missing its value", word)
        return self.rest.pop(0)


def route_line(words: Sequence[str]) -> RouteLine:
    """A route from its words. Raises WrongValue, Partly when only some option is wrong."""
    reader = _Reader(words)
    first(words, "a destination")
    kind = reader.rest.pop(0) if reader.rest[0] in ROUTE_TYPES else "unicast"
    destination = ""
    encap: tuple[str, ...] = ()
    nexthops: tuple[tuple[str, ...], ...] = ()
    while reader.rest:
        word = reader.rest.pop(0)
        if word == "nexthop":
            nexthops = _nexthops(reader.rest)
            break
        if word == "encap":
            encap, reader.rest = _encap(reader.rest)
        elif _known(word, ROUTE_FLAGS, ROUTE_NAMES, ROUTE_OPTIONS):
            destination = _route_option(reader, word) or destination
        elif not destination:
            destination = network(word)
        else:
            reader.problems.append(WrongValue(f"unknown option {word} of a route", word, "see ip-route(8)"))
    if not destination:
        raise WrongValue("a route needs a destination", words[0])
    line = RouteLine(destination, kind, tuple(reader.options.items()), tuple(reader.flags), encap, nexthops)
    if reader.problems:
        raise Partly(line, reader.problems)
    return line


def _known(word: str, *lists: Sequence[str] | dict[str, str]) -> bool:
    return any(word in each for each in lists)


def _route_option(reader: _Reader, word: str) -> str:
    """Take an option; the destination when it was `to`."""
    if word in ROUTE_FLAGS:
        reader.flags.append(word)
        return ""
    if word in {"gw", "or"}:
        better = "via" if word == "gw" else "nexthop via"
        reader.problems.append(WrongValue(f"{word} is out of date", word, f"write {better}"))
    name = ROUTE_NAMES.get(word, word)
    if name in LOCKABLE and reader.rest[:1] == ["lock"]:
        reader.rest.pop(0)
        reader.flags.append(f"{name} lock")
    value = reader.value(word)
    if word == "to":
        return network(value)
    if name in {"via", "or", "src"}:
        if value in {"inet", "inet6"}:
            value = reader.value(value)
        address(value)
    elif name in NUMBERS:
        number(value, 0, TABLE_MAX)
    reader.options[name] = value
    return ""


ENCAP_WORDS: Final = ("id", "dst", "src", "tos", "tc", "ttl", "hoplimit", "as", "to")


def _encap(rest: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """The words of an encapsulation, and those after it."""
    if not rest:
        raise Missing("encap is missing its kind", "encap")
    taken, rest = [rest[0]], rest[1:]
    if taken[0] in {"mpls", "ila"} and rest:
        taken, rest = [*taken, rest[0]], rest[1:]
    while len(rest) > 1 and (rest[0] in ENCAP_WORDS or rest[0] == "flags"):
        taken, rest = [*taken, *rest[:2]], rest[2:]
    return tuple(taken), rest


def _nexthops(rest: list[str]) -> tuple[tuple[str, ...], ...]:
    found: list[tuple[str, ...]] = []
    hop: list[str] = []
    for word in [*rest, "nexthop"]:
        if word != "nexthop":
            hop.append(word)
            continue
        if not hop:
            raise Missing("nexthop is missing its words", "nexthop")
        found.append(tuple(hop))
        hop = []
    return tuple(found)


def _rule_numbers(options: dict[str, str]) -> None:
    if "preference" in options:
        number(options["preference"], 0, TABLE_MAX)
    for part in options.get("fwmark", "0").split("/", 1):
        try:
            wrong = not 0 <= int(part, 0) <= TABLE_MAX
        except ValueError:
            wrong = True
        if wrong:
            raise WrongValue(f"{part} is not a mark", options["fwmark"], "NUMBER[/MASK]")


def rule_line(words: Sequence[str]) -> RuleLine:
    """A rule from its words. Raises WrongValue."""
    reader = _Reader(words)
    first(words, "a selector")
    while reader.rest:
        word = reader.rest.pop(0)
        if word in RULE_FLAGS:
            reader.flags.append(word)
        elif word in RULE_ACTIONS:
            reader.options["type"] = word
        elif _known(word, RULE_NAMES, RULE_OPTIONS):
            name = RULE_NAMES.get(word, word)
            value = reader.value(word)
            reader.options[name] = network(value) if name in {"from", "to"} else value
        else:
            raise WrongValue(f"unknown option {word} of a rule", word, "see ip-rule(8)")
    _rule_numbers(reader.options)
    return RuleLine(tuple(reader.options.items()), tuple(reader.flags))
